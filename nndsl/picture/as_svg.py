"""A picture as SVG: text that any browser, editor and notebook shows, and that `resvg` turns into a PNG.

Colours are attributes, and classes (`b-layer`, `ink`, …) stand beside them, so that a page may give others.
"""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from nndsl.picture.boxes import Picture
from nndsl.picture.fonts import MONO, SANS, cut, width
from nndsl.picture.layout import Curve, Label, Layout, Spot, layout
from nndsl.picture.sizes import PAD, TYPE_SIZE, Line

INK, FAINT, FLOW, PAPER = "#1c2430", "#56606e", "#8793a3", "#ffffff"
COLORS = {
    "input": ("#e4f4ea", "#3f9163"),
    "target": ("#fdf4d8", "#b58a1b"),
    "param": ("#fbf7ec", "#b3a06a"),
    "state": ("#fbf7ec", "#b3a06a"),
    "layer": ("#e6eefb", "#4676bd"),
    "fn": ("#f1f3f6", "#8592a3"),
    "scan": ("#f2e9f8", "#8657ab"),
    "op": ("#ffffff", "#9aa6b4"),
    "output": ("#e4f4ea", "#3f9163"),
    "loss": ("#fde9e1", "#c4602f"),
    "metric": ("#e3f3f6", "#3a8796"),
    "in": ("#ffffff", "#b4bdc8"),
    "out": ("#ffffff", "#b4bdc8"),
}
HEAD = 52.0


def svg_text(picture: Picture, depth: int = 0) -> str:
    """The whole picture with its title; boxes down to `depth` are open."""
    placed = layout(picture.level, depth)
    head = [Line(picture.name, 19, True, "ink"), Line(picture.about, 12)]
    wide = max(placed.width, min(560.0, max(line.width for line in head) + 40))
    height = placed.height + HEAD
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_n(wide)}" height="{_n(height)}" '
        f'viewBox="0 0 {_n(wide)} {_n(height)}" font-family="{SANS}">',
        f"<title>{_safe(picture.name)}</title>",
        f'<rect class="paper" width="{_n(wide)}" height="{_n(height)}" fill="{PAPER}"/>',
    ]
    room = wide - 36
    out.append(_text(18, 28, cut(head[0].text, room, 19, True), INK, 19, "ink", weight=True))
    if picture.about:
        out.append(_text(18, 46, cut(head[1].text, room, 12), FAINT, 12, "faint"))
    left = (wide - placed.width) / 2
    out += [f'<g transform="translate({_n(left)} {_n(HEAD)})">', *drawn(placed), "</g>", "</svg>", ""]
    return "\n".join(out)


def drawn(placed: Layout) -> list[str]:
    """The elements of a layout: flows below boxes, types above both."""
    out = [_curve(one) for one in placed.curves]
    out += [line for spot in placed.spots for line in _spot(spot)]
    out += [_label(one) for one in placed.labels]
    return out


def _spot(spot: Spot) -> list[str]:
    box = spot.box
    fill, stroke = COLORS[box.kind]
    small = box.kind in ("in", "out", "op", "param", "state")
    radius = min(spot.height / 2, 11) if box.kind in ("in", "out", "op") else 4 if small else 6
    dash = ' stroke-dasharray="4 3"' if box.kind in ("in", "out") else ""
    hole = "" if spot.inner is None else ' fill-opacity="0.45"'
    opens = f' data-opens="{box.id}"' if box.inside is not None else ""
    out = [f'<g class="b b-{box.kind}" id="{box.id}"{opens}>']
    note = "\n".join(filter(None, [box.title, box.note, *box.facts]))
    out.append(f"<title>{_safe(note)}</title>")
    if box.use:  # the sheet behind it says that there is another box with the same weights
        out.append(_rect(spot.x + 4, spot.y + 4, spot, radius, PAPER, stroke, ""))
    out.append(_rect(spot.x, spot.y, spot, radius, fill, stroke, dash + hole))
    y = spot.y + (4.5 if small else 7.5) - 0.5
    middle = spot.x + spot.width / 2
    for line in spot.lines:
        y += line.height
        color = INK if line.tone == "ink" else FAINT
        base = y - line.size * 0.34
        if spot.inner is None:
            out.append(_text(middle, base, line.text, color, line.size, line.tone, line.bold, "middle"))
        else:
            out.append(_text(spot.x + PAD, base, line.text, color, line.size, line.tone, line.bold))
    if spot.inner is not None:
        out += drawn(spot.inner)
    return [*out, "</g>"]


def _rect(x: float, y: float, spot: Spot, radius: float, fill: str, stroke: str, more: str) -> str:
    return (
        f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(spot.width)}" height="{_n(spot.height)}" rx="{_n(radius)}" '
        f'fill="{fill}" stroke="{stroke}" stroke-width="1.2"{more}/>'
    )


def _curve(one: Curve) -> str:
    path = "".join(command + " ".join(_n(p) for p in points) for command, points in one.steps)
    arrow = ""
    if one.arrow:
        x, y = one.steps[-1][1][-2:]
        arrow = f'<path class="tip" d="M{_n(x)} {_n(y)}l-3.6 -7h7.2z" fill="{FLOW}"/>'
    line = f'<path class="flow" data-value="{one.value}" d="{path}" fill="none" stroke="{FLOW}" stroke-width="1.3"/>'
    return line + arrow


def _label(one: Label) -> str:
    text = f'<text class="type" x="{_n(one.x)}" y="{_n(one.y)}" fill="{FAINT}" font-size="{TYPE_SIZE:g}" '
    return f"{text}font-family={quoteattr(MONO)}>{_safe(one.text)}</text>"


def _text(
    x: float, y: float, text: str, color: str, size: float, tone: str, weight: bool = False, anchor: str = "start"
) -> str:
    bold = ' font-weight="bold"' if weight else ""
    side = f' text-anchor="{anchor}"' if anchor != "start" else ""
    place = f'class="{tone}" x="{_n(x)}" y="{_n(y)}" fill="{color}" font-size="{size:g}"'
    return f"<text {place}{bold}{side}>{_safe(text)}</text>"


def _safe(text: str) -> str:
    return escape("".join(c if c.isprintable() or c == "\n" else " " for c in text))


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


__all__ = ["drawn", "svg_text", "width"]
