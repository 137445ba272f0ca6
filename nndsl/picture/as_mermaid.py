"""A picture as a Mermaid flowchart, which code hosts and note books draw where Markdown holds it."""

from __future__ import annotations

from nndsl.picture.as_dot import door, texts
from nndsl.picture.as_svg import COLORS
from nndsl.picture.boxes import Level, Picture

CODES = {"&": "#amp;", "<": "#lt;", ">": "#gt;", '"': "#quot;", "#": "#35;", "|": "#124;", "`": "#96;"}


def mermaid_text(picture: Picture, depth: int = 0) -> str:
    """The whole picture; boxes down to `depth` are open."""
    kinds = sorted({box.kind for box in picture.level.walk()})
    classes = [f"  classDef {kind}_ fill:{fill},stroke:{stroke},color:#1c2430"
               for kind in kinds for fill, stroke in [COLORS[kind]]]  # fmt: skip
    title = picture.name if not picture.about else f"{picture.name}: {picture.about}"
    head = ["---", f"title: {_yaml(title)}", "---", "flowchart TD"]
    return "\n".join([*head, *_level(picture.level, depth, 1), *classes, ""])


def _level(level: Level, depth: int, indent: int) -> list[str]:
    pad = "  " * indent
    out: list[str] = []
    for box in level.boxes:
        first, *rest = map(_safe, texts(box))
        label = "<br/>".join([f"<b>{first}</b>", *rest])
        if depth > 0 and box.inside is not None:
            out += [f'{pad}subgraph {box.id}["{label}"]', *_level(box.inside, depth - 1, indent + 1), f"{pad}end"]
        else:
            shape = '(["{}"])' if box.kind in ("op", "in", "out") else '["{}"]'
            out.append(f"{pad}{box.id}{shape.format(label)}:::{box.kind}_")
    boxes = {box.id: box for box in level.boxes}
    for flow in level.flows:
        source = door(boxes[flow.source], "out", flow.value, depth)
        target = door(boxes[flow.target], "in", flow.value, depth)
        out.append(f'{pad}{source} -->|"{_safe(flow.type)}"| {target}')
    return out


def _safe(text: str) -> str:
    return "".join(CODES.get(c, c) for c in text)


def _yaml(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
