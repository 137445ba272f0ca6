"""The plan: which nodes are computed together, in what order, and where results lie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from nndsl.ir.dims import Dim, Size, evaluate, product
from nndsl.ir.each import Window
from nndsl.ir.graph import Graph, Node
from nndsl.ir.refusals import Refusal
from nndsl.ir.types import BYTES, Shape

ALIGN = 64
LOOPS = ("scan", "each")
"""The forms of regions that have a body."""
WORKERS = "workers"
"""The symbol of how many workers run a program."""


def home_of(node: Node, views: Mapping[Node, Node]) -> Node:
    """What a node is a view of, through any number of views; itself where it is none."""
    while node in views:
        node = views[node]
    return node


@dataclass(eq=False)
class Region:
    """Nodes that one kernel computes.

    `form` is "rows" (all but the last axis of `space` are looped over, a row at a time), "columns" (reductions over the
    first axis or the middle one, then elementwise work on their results), "total" (a reduction to one number), "ready"
    (a hand-written kernel), "scan" (the regions of `body` once a step), or "each" (those at every place). `nodes` are
    in the order they were added, inputs first.
    """

    form: str
    space: Shape
    nodes: list[Node] = field(default_factory=list)
    assigns: list[tuple[Node, Node]] = field(default_factory=list)
    name: str = ""
    body: list[Region] = field(default_factory=list)
    spares: dict[Node, Node] = field(default_factory=dict)
    """For each carry's next value, a second place: a step reads the one and writes the other."""
    refused: dict[Node, Refusal] = field(default_factory=dict)
    """What was to be computed here too, and why it is not."""
    again: set[Node] = field(default_factory=set)
    """What is computed here although it belongs to another region, which then need not store it."""

    def kernels(self) -> Iterator[Region]:
        """The regions that are kernels: itself, or those of its body."""
        if self.form not in LOOPS:
            yield self
        for region in self.body:
            yield from region.kernels()


@dataclass(frozen=True, eq=False)
class Buffer:
    """Memory for one node's value between kernels, live from region `first` to region `last`; with `own`, as much for
    each worker."""

    node: Node
    name: str
    first: int
    last: int
    own: bool = False

    @property
    def count(self) -> Size:
        """The number of elements."""
        return product(self.node.shape) * (Dim.symbol(WORKERS) if self.own else 1)

    def bytes(self, sizes: Mapping[str, int]) -> int:
        """Bytes it takes, rounded up to whole cache lines."""
        size = BYTES[self.node.dtype]
        for extent in self.node.shape:  # their product as a formula would take far longer than its value
            size *= extent if isinstance(extent, int) else evaluate(extent, sizes)
        return (size + ALIGN - 1) // ALIGN * ALIGN * (sizes[WORKERS] if self.own else 1)


@dataclass(eq=False)
class Block:
    """A stretch of the arena that several buffers use one after the other."""

    buffers: list[Buffer]

    def bytes(self, sizes: Mapping[str, int]) -> int:
        """Bytes of the largest of them."""
        return max(buffer.bytes(sizes) for buffer in self.buffers)


@dataclass(frozen=True, eq=False)
class Plan:
    """A graph cut into regions with their buffers.

    `arrays` are the leaves that come from outside, `scalars` the names of runtime numbers, `sizes` the symbolic dims;
    the generated program reads all of them from its table. `views` maps nodes that are only another shape of something
    to that something.
    """

    graph: Graph
    regions: tuple[Region, ...]
    buffers: Mapping[Node, Buffer]
    blocks: tuple[Block, ...]
    arrays: tuple[Node, ...]
    scalars: tuple[str, ...]
    sizes: tuple[str, ...]
    views: Mapping[Node, Node]
    names: Mapping[Node, str]
    passing: frozenset[Node] = frozenset()
    """Products that only their own kernel reads: a few rows of their buffers are enough for each worker."""
    windows: Mapping[Node, Window] = field(default_factory=dict)
    """What lies inside of arrays, at a place of its own for each round of an "each"."""

    def home(self, node: Node) -> Node:
        """The array leaf or stored node whose memory holds `node`."""
        return home_of(node, self.views)
