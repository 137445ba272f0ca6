"""The work of a chain at one place: its nodes without the outer axes, over matrices inside of arrays."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from nndsl.ir.each import Each, Window
from nndsl.ir.graph import NUMBERS, Node, topological
from nndsl.ir.types import Shape, TensorType
from nndsl.ops import build as b
from nndsl.passes.chain import Chain, Rows
from nndsl.passes.windows import Strided, contiguous, source, window


class Place:
    """What a place computes, over leaves of its own; `arrays` are the old nodes that it reads, `outs` what it makes."""

    def __init__(self, chain: Chain, stored: Collection[Node]) -> None:
        self.chain, self.stored = chain, stored
        self.arrays: dict[Node, int] = {}
        self.items: dict[tuple[Node, Window, Shape], Node] = {}
        self.outs = list(dict.fromkeys(s.home for s in chain.results.values()))
        self.values: dict[Node, Node] = {}
        self.outer, self.rounds = chain.outer, 1
        if chain.part:
            rows = next(n.shape[chain.lead] for n, kind in chain.rows.items() if kind is Rows.PART)
            assert isinstance(rows, int)
            self.rounds = rows // chain.part
            self.outer = (*chain.outer, self.rounds)
        for node in topological(chain.results, chain.own):
            self.values[node] = self.at_place(node)

    def made(self) -> Each:
        results = self.chain.results
        keys = list(self.items)
        return Each(
            self.outer,
            tuple(self.items.values()),
            tuple(self.arrays[home] for home, _, _ in keys),
            tuple(read for _, read, _ in keys),
            tuple(self.result(n) for n in results),
            tuple(self.outs.index(s.home) for s in results.values()),
            tuple(w for n, s in results.items() if (w := self.window(s, n.shape, self.kind(n))) is not None),
            tuple(n.type for n in self.outs),
            self.rounds,
        )

    def kind(self, node: Node) -> Rows:
        return self.chain.rows.get(node, Rows.ALL)

    def result(self, node: Node) -> Node:
        """What a place leaves."""
        value = self.values[node]
        if self.kind(node) is not Rows.SUM:
            return value
        with b.at(node.span):
            return b.apply("added_up", value)

    def window(self, found: Strided, shape: Shape, kind: Rows) -> Window | None:
        """As `windows.window`, with a step from part to part of the rows."""
        lead = self.chain.lead
        made = window(found, shape, lead)
        if made is None or self.rounds == 1:
            return made
        moves = kind is Rows.PART and len(shape) > lead and shape[lead] != 1
        return replace(made, steps=(*made.steps, made.pitch * self.chain.part if moves else 0))

    def at_place(self, node: Node) -> Node:
        """A node without the outer axes."""
        lead, attrs = self.chain.lead, dict(node.attrs)
        if "axes" in attrs:
            attrs["axes"] = tuple(axis - lead for axis in attrs["axes"])
        if node.op == "reshape":
            attrs["shape"] = self.cut(node.shape[lead:], self.kind(node))
        with b.at(node.span):
            made = b.apply(node.op, *(self.read(i, node, place) for place, i in enumerate(node.inputs)), **attrs)
        return replace(made, name=node.name)

    def cut(self, shape: Shape, kind: Rows) -> Shape:
        """The shape at a place of what has so many rows."""
        return (self.chain.part, *shape[1:]) if kind is Rows.PART and shape and shape[0] != 1 else shape

    def part_of(self, node: Node, place: int) -> Rows:
        """What `node` reads of a value outside."""
        if node.op == "matmul" and not node.attrs.get("ta") and place == 1:
            return Rows.ALL
        return Rows.PART if self.kind(node) is Rows.SUM else self.kind(node)

    def read(self, child: Node, node: Node, place: int) -> Node:
        """What `node` reads at a place."""
        if child in self.values:
            return self.values[child]
        number = child
        while number.op == "broadcast_to":
            number = number.inputs[0]
        if number.op in NUMBERS and node.op != "matmul":
            return number
        lead = self.chain.lead
        missing = node.type.rank - child.type.rank
        shape = child.shape[max(0, lead - missing) :]
        kind = self.part_of(node, place) if missing <= lead else Rows.ALL
        found = source(child, self.is_array)
        read = self.window(self.from_outer(found, child, missing), (*self.chain.outer, *shape), kind)
        if read is None:
            found = Strided(child, 0, contiguous(child.shape))
            read = self.window(self.from_outer(found, child, missing), (*self.chain.outer, *shape), kind)
        assert read is not None
        shape = self.cut(shape, kind)
        self.arrays.setdefault(found.home, len(self.arrays))
        name = child.name or found.home.name
        leaf = Node("input", (), {"name": name or child.op}, TensorType(child.dtype, shape), child.span, name)
        return self.items.setdefault((found.home, read, shape), leaf)

    def from_outer(self, found: Strided, child: Node, missing: int) -> Strided:
        """With a stride for each outer axis: none where the child is the same at all its places."""
        lead = self.chain.lead
        own = [0 if n == 1 else s for n, s in zip(child.shape, found.strides, strict=True)]
        inner = found.strides[max(0, lead - missing) :]
        outer = ([0] * missing + own)[:lead]
        return replace(found, strides=(*outer, *inner))

    def is_array(self, node: Node) -> bool:
        return node in self.stored or bool(node.inputs and node.inputs[0].op in NUMBERS)
