"""A picture as text for Graphviz: open boxes are clusters, types stand on the edges."""

from __future__ import annotations

from nndsl.picture.as_svg import COLORS
from nndsl.picture.boxes import STUBS, Box, Level, Picture

HEAD = (
    "  rankdir=TB; labelloc=t; nodesep=0.35; ranksep=0.45;",
    '  node [shape=box, style="rounded,filled", fontname="Helvetica", fontsize=11];',
    '  edge [fontname="Courier", fontsize=9, color="#8793a3", arrowsize=0.7];',
)


def dot_text(picture: Picture, depth: int = 0) -> str:
    """The whole picture; boxes down to `depth` are open."""
    title = _quoted([picture.name, picture.about] if picture.about else [picture.name])
    lines = [f"digraph {_quoted([picture.name])} {{", *HEAD, f'  label={title}; fontname="Helvetica";']
    return "\n".join([*lines, *_level(picture.level, depth, 1), "}", ""])


def _level(level: Level, depth: int, indent: int) -> list[str]:
    pad = "  " * indent
    out: list[str] = []
    for box in level.boxes:
        fill, stroke = COLORS[box.kind]
        if depth > 0 and box.inside is not None:
            out.append(f"{pad}subgraph cluster_{box.id} {{")
            out.append(f'{pad}  label={_quoted(texts(box))}; style="rounded,filled"; '
                       f'fillcolor="{fill}"; color="{stroke}"; fontsize=11;')  # fmt: skip
            out += [*_level(box.inside, depth - 1, indent + 1), f"{pad}}}"]
        else:
            shape = ", shape=plaintext, style=solid" if box.kind in STUBS else ""
            out.append(f'{pad}{box.id} [label={_quoted(texts(box))}, fillcolor="{fill}", color="{stroke}"{shape}];')
    boxes = {box.id: box for box in level.boxes}
    for flow in level.flows:
        source = door(boxes[flow.source], "out", flow.value, depth)
        target = door(boxes[flow.target], "in", flow.value, depth)
        out.append(f"{pad}{source} -> {target} [label={_quoted([flow.type])}];")
    return out


def door(box: Box, kind: str, value: int, depth: int) -> str:
    """Where a flow meets a box: at the stub of its value if the box is open."""
    if depth > 0 and box.inside is not None:
        for one in box.inside.boxes:
            if one.kind == kind and one.value == value:
                return one.id
        return door(box.inside.boxes[-1 if kind == "out" else 0], kind, value, depth - 1)
    return box.id


def texts(box: Box) -> list[str]:
    """The lines of a box."""
    return [text for text in (box.title, box.label if box.label != box.title else "", *box.facts) if text]


def _quoted(lines: list[str]) -> str:
    return '"' + "\\n".join(line.replace("\\", "\\\\").replace('"', '\\"') for line in lines) + '"'
