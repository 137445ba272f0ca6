"""What is computed for every place of some outer axes: for each head of each row of a batch, say.

One worker takes a place from beginning to end, so what is made on the way lies in memory of its own, once for each
worker and not for each place. What a place is given and what it leaves are matrices inside of larger arrays, found
by a `Window`: nothing is copied apart first.
"""

from __future__ import annotations

from dataclasses import dataclass

from nndsl.ir.dims import Size, product
from nndsl.ir.graph import Node
from nndsl.ir.types import Shape, TensorType


@dataclass(frozen=True)
class Window:
    """Where the matrix of a place lies in an array, in elements: `start + place * steps`, its rows `pitch` apart."""

    start: Size
    steps: tuple[Size, ...]
    pitch: Size


@dataclass(frozen=True, eq=False, repr=False)
class Each:
    """The work at one place, as a graph over leaves of its own.

    `items` are what a place is given, each a window of one of the node's inputs; `results` are what it leaves, each a
    window (`writes`) of one of the arrays that come out, whose types are `types`.

    With `rounds`, the last outer axis is one of parts of the rows, which the same worker takes in order: results that
    sum over all rows (the op `added_up`) grow from round to round.
    """

    outer: Shape
    items: tuple[Node, ...]
    given: tuple[int, ...]
    reads: tuple[Window, ...]
    results: tuple[Node, ...]
    made: tuple[int, ...]
    writes: tuple[Window, ...]
    types: tuple[TensorType, ...]
    rounds: int = 1

    @property
    def leaves(self) -> tuple[Node, ...]:
        """As of the body of a scan."""
        return self.items

    @property
    def count(self) -> Size:
        """The number of places."""
        return product(self.outer)

    @property
    def windows(self) -> dict[Node, Window]:
        """Of all that lies in arrays outside."""
        return dict(zip((*self.items, *self.results), (*self.reads, *self.writes), strict=True))
