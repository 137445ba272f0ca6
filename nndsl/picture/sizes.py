"""What is written into boxes and how large that makes them."""

from __future__ import annotations

from dataclasses import dataclass

from nndsl.picture.boxes import ENDS, Box
from nndsl.picture.fonts import cut, width, wrapped

WIDEST = 330.0  # of a text in a box
PAD = 12.0
TYPE_SIZE = 11.0


@dataclass(frozen=True)
class Line:
    """One line of text: its size, whether it is bold, and its tone: `ink` or `faint`."""

    text: str
    size: float
    bold: bool = False
    tone: str = "faint"

    @property
    def width(self) -> float:
        return width(self.text, self.size, self.bold)

    @property
    def height(self) -> float:
        return round(self.size * 1.36, 1)


def lines_of(box: Box) -> list[Line]:
    """The lines in a box, from the top."""
    match box.kind:
        case "in" | "out":
            return [Line(cut(box.title, WIDEST, 11), 11)]
        case "op" | "param" | "state":
            lines = [Line(cut(box.title, WIDEST, 12.5, True), 12.5, True, "ink")]
            label = box.label if box.label != box.title else ""
            return lines + [Line(cut(label, WIDEST, 11), 11)] * bool(label) + _facts(box)
    lines = [Line(cut(box.title, WIDEST, 13.5, True), 13.5, True, "ink")]
    if box.kind in ("input", "target", *ENDS):
        return [*lines, Line(box.label, 11), *_facts(box)]
    return lines + [Line(text, 11.5, tone="ink") for text in wrapped(box.label, WIDEST, 11.5, 2) if text] + _facts(box)


def _facts(box: Box) -> list[Line]:
    return [Line(cut(fact, WIDEST, 11), 11) for fact in box.facts]


def size_of(lines: list[Line], kind: str) -> tuple[float, float]:
    """Width and height of a closed box."""
    small = kind in ("in", "out", "op", "param", "state")
    wide = max((line.width for line in lines), default=0) + 2 * PAD
    high = sum(line.height for line in lines) + (9 if small else 15)
    return max(wide, 44.0 if small else 84.0), high
