"""A picture as one HTML file without anything outside of it: click a box, and its inside opens beside the picture.

The insides are drawn here, each once, and wait in `<template>` elements; the script in page/ only shows them. Without
scripts the outermost level is still there.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from xml.sax.saxutils import escape, quoteattr

from nndsl.picture.as_svg import drawn
from nndsl.picture.boxes import STUBS, Box, Level, Picture
from nndsl.picture.fonts import SANS
from nndsl.picture.layout import layout


def html_text(picture: Picture) -> str:
    """The whole page."""
    page = files("nndsl.picture").joinpath("page")
    parts = {
        "title": escape(picture.name),
        "about": escape(picture.about),
        "doc": escape(" ".join(picture.doc.split()), {'"': "&quot;"}),
        "css": page.joinpath("page.css").read_text("utf-8"),
        "script": page.joinpath("page.js").read_text("utf-8"),
        "picture": _svg(picture.level),
        "insides": "\n".join(_templates(picture.level, [])),
    }
    text = page.joinpath("page.html").read_text("utf-8")
    # Split once, so that nothing in a part is taken for a place of another part.
    pieces = text.split("{{")
    return pieces[0] + "".join(parts[name] + rest for name, rest in (piece.split("}}", 1) for piece in pieces[1:]))


def _svg(level: Level) -> str:
    placed = layout(level)
    wide, high = f"{placed.width:.0f}", f"{placed.height:.0f}"
    size = f'width="{wide}" height="{high}" viewBox="0 0 {wide} {high}"'
    return "\n".join([f'<svg {size} font-family="{SANS}" role="group">', *drawn(placed), "</svg>"])


def _templates(level: Level, above: list[str]) -> Iterator[str]:
    """What is shown of each box when it is clicked: what it is, and its inside."""
    for box in level.boxes:
        if box.kind in STUBS:
            continue
        inside = _svg(box.inside) if box.inside is not None else ""
        yield (
            f'<template id="t-{box.id}" data-title={quoteattr(box.title)} data-above="{" ".join(above)}">'
            f"{_about(box)}{inside}</template>"
        )
        if box.inside is not None:
            yield from _templates(box.inside, [*above, box.id])


def _about(box: Box) -> str:
    """The facts of a box as a list."""
    lines = [box.label if box.label != box.title else "", *box.facts, *box.note.split("\n")]
    items = "".join(f"<li>{escape(line)}</li>" for line in lines if line)
    return f'<ul class="facts">{items}</ul>' if items else ""
