"""A body for every place of some outer axes (see `ir.each`): what chains of batched products become before planning.

An `each` node has the arrays that its places read as inputs and the attribute `body`; its results are `each_part`
nodes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nndsl.ir.each import Each
from nndsl.ir.graph import Attrs, Node
from nndsl.ir.types import TensorType
from nndsl.ops import build as b
from nndsl.ops.op import REQUIRED, Grows, Loop, LoopPart, Op, ShapeFault, Types


def _each_type(types: Types, attrs: Attrs) -> TensorType:
    """The type of the node itself says nothing: its parts are typed."""
    body: Each = attrs["body"]
    for leaf, number in zip(body.items, body.given, strict=True):
        if leaf.dtype != types[number].dtype:
            raise ShapeFault(f"a place that takes {leaf.type} got {types[number]}", (number,))
    return TensorType("f32", ())


def make_each(inputs: Sequence[Node], body: Each) -> Node:
    """An each node over arrays."""
    return b.apply("each", *inputs, body=body)


def part(each: Node, index: int) -> Node:
    """One array that comes out."""
    body: Each = each.attrs["body"]
    return b.apply("each_part", each, index=index, type=body.types[index])


def _host(*args: Any, **attrs: Any) -> Any:
    raise NotImplementedError("made for kernels alone")


FAMILY: tuple[Op, ...] = (
    Op("each", ("x",), "A body for every place of some outer axes.", _each_type, _host, Loop(),
       options={"body": REQUIRED}, variadic=True, hidden=True),
    Op("added_up", ("x",), "The sum of x over the rounds of a place.", lambda t, a: t[0], _host, Grows(lambda x: x),
       hidden=True),
    Op("each_part", ("each",), "One array that an each leaves.", lambda t, a: a["type"], _host, LoopPart(), hidden=True),
)  # fmt: skip
