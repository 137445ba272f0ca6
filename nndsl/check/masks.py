"""Masks that ride on values: which steps of a sequence are there, and which only fill it up.

`with_mask(x, mask)` makes a node that says so; nothing else is stored. `mask_of(x)` looks for such nodes behind x:
each op's record tells whether it leaves steps where they are. What is compiled has none of this.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nndsl.diagnostics import Span
from nndsl.ir.dims import Size, product
from nndsl.ir.graph import Metric, Node, ParamSpec, Update, const
from nndsl.ops import build as b
from nndsl.ops.table import OPS


@dataclass(frozen=True, eq=False)
class Mark:
    """A mask, and how many leading axes of a value hold its steps."""

    mask: Node
    lead: int

    @property
    def count(self) -> Size:
        """The number of steps."""
        return product(self.mask.shape)


class Marks:
    """The marks of the values of one elaboration, each looked for once."""

    def __init__(self) -> None:
        self.found: dict[Node, Mark | None] = {}
        self.any = False

    def of(self, value: Node) -> Mark | None:
        """The mark of a value; iterative, since a graph may be deeper than Python's stack."""
        waiting = [value]
        while waiting:
            node = waiting[-1]
            before = [i for i in node.inputs if i not in self.found] if node not in self.found else []
            if before:
                waiting += before
                continue
            waiting.pop()
            if node not in self.found:
                self.found[node] = self._made(node)
        return self.found[value]

    def mask(self, value: Node) -> Node | None:
        """The mask of a value in the shape of its leading axes, or None."""
        mark = self.of(value) if self.any else None
        if mark is None:
            return None
        held: Size = 1
        for axes, size in enumerate(value.shape, 1):
            held = held * size
            if held == mark.count:
                return b.reshape(mark.mask, value.shape[:axes])
        return None

    def _made(self, node: Node) -> Mark | None:
        if node.op == "masked":
            return Mark(node.inputs[1], node.inputs[1].type.rank) if len(node.inputs) == 2 else None
        if node.is_leaf or not any(self.found[i] for i in node.inputs):
            return None
        arrived: list[Mark] = []
        for k, child in enumerate(node.inputs):
            mark = self.found[child]
            if mark is not None:
                lead = OPS[node.op].steps_after(node, k, mark.lead, mark.count)
                if lead is not None:
                    arrived.append(Mark(mark.mask, lead))
        return _together(arrived)


def _together(marks: Sequence[Mark]) -> Mark | None:
    """Of values with different masks a step is there that is there in any."""
    if not marks or any(m.count != marks[0].count for m in marks):
        return None
    masks = list(dict.fromkeys(m.mask for m in marks))
    whole = masks[0]
    for other in masks[1:]:
        whole = b.apply("logical_or", whole, b.reshape(other, whole.shape))
    return Mark(whole, max(m.lead for m in marks))


def with_mask(value: Node, mask: Node | None) -> Node:
    """The value with a mask, or without any. Raises ShapeFault where it does not fit."""
    return b.apply("masked", value, *(() if mask is None else (mask,)))


def masked_mean(value: Node, mask: Node) -> Node:
    """The mean over the steps that are there; 0 where there is none."""
    total, count = _total(value, mask)
    return b.div(total, b.maximum(count, 1.0))


def masked_metric(name: str, value: Node, mask: Node, span: Span) -> Metric:
    """The mean over the steps that are there in a whole data set: sums that go on from batch to batch."""
    zero = const(0.0, "f64")
    states = [
        ParamSpec(f"{name}/{what}", Node("state", (), {"name": f"{name}/{what}"}, zero.type, span), zero, span)
        for what in ("total", "count")
    ]
    sums = [b.add(s.leaf, b.cast(part, "f64")) for s, part in zip(states, _total(value, mask), strict=True)]
    updates = tuple(Update(s.leaf, new) for s, new in zip(states, sums, strict=True))
    mean = b.div(sums[0], b.maximum(sums[1], 1.0))
    return Metric(name, "state", mean, span, states=tuple(states), updates=updates)


def _total(value: Node, mask: Node) -> tuple[Node, Node]:
    """The sum of the elements of steps that are there, and their number."""
    there = b.reshape(mask, (*mask.shape, *(1,) * (value.type.rank - mask.type.rank)))
    count = b.mul(b.cast(b.sum_(mask), value.dtype), b.count(value, range(mask.type.rank, value.type.rank)))
    return b.sum_(b.where(there, value, 0.0)), count
