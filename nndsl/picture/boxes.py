"""What a picture of a model shows, before anything is placed: boxes, what flows between them, and boxes in boxes.

A `Level` is a graph of boxes. A box that can be opened has a level of its own inside, where stubs (`in` and `out`)
stand for what flows in and out. A `Flow` runs from box to box and carries a value; flows of one value have one number,
by which stubs are found as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

STUBS = ("in", "out")
ENDS = ("output", "loss", "metric")


@dataclass(frozen=True)
class Box:
    """One thing in the picture.

    `kind` is `input`, `target`, `param`, `state`, `layer`, `fn`, `scan`, `op`, `output`, `loss`, `metric`, or a stub:
    `in` or `out`. `title` is its name, `label` what it is where the name does not say it, `facts` are short lines
    about it (parameters, multiply-adds), `note` is what is seen when pointing at it. `params` counts the numbers that
    are trained and that it is the first to use; `use` is "2 of 3" for the second application of a shared layer.
    """

    id: str
    kind: str
    title: str
    label: str = ""
    facts: tuple[str, ...] = ()
    note: str = ""
    params: int = 0
    use: str = ""
    line: int | None = None
    value: int | None = None
    inside: Level | None = None


@dataclass(frozen=True)
class Flow:
    """A value on its way from a box to a box: `type` as the source writes it."""

    source: str
    target: str
    value: int
    type: str


@dataclass(frozen=True)
class Level:
    """Boxes and flows side by side; every flow runs from an earlier box to a later one."""

    boxes: tuple[Box, ...]
    flows: tuple[Flow, ...]

    def walk(self) -> Iterator[Box]:
        """All boxes, those inside others behind them."""
        for box in self.boxes:
            yield box
            if box.inside is not None:
                yield from box.inside.walk()


@dataclass(frozen=True)
class Picture:
    """A whole model: its name, a line about it, and the outermost level."""

    name: str
    doc: str
    about: str
    level: Level

    def _repr_svg_(self) -> str:
        """What a notebook shows."""
        from nndsl.picture.as_svg import svg_text  # which draws these boxes

        return svg_text(self, 0)
