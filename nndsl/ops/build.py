"""Making nodes: the notation in which gradients, composites and passes are written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import Any

from nndsl.diagnostics import Span
from nndsl.ir.dims import Size, product
from nndsl.ir.graph import Node, const, dim_value
from nndsl.ir.types import Shape, TensorType, promote

_span: ContextVar[Span | None] = ContextVar("span", default=None)


@contextmanager
def at(span: Span | None) -> Iterator[None]:
    """Nodes made inside come from `span`."""
    token = _span.set(span)
    try:
        yield
    finally:
        _span.reset(token)


def apply(name: str, *inputs: Node, **attrs: Any) -> Node:
    """A node of op `name`. Raises ShapeFault where the inputs do not fit."""
    from nndsl.ops.table import OPS

    op = OPS[name]
    return Node(name, inputs, attrs, op.infer([n.type for n in inputs], attrs), _span.get())


def lift(value: Node | float | int | bool, like: Node) -> Node:
    """A number as a const of the dtype of `like`."""
    return value if isinstance(value, Node) else const(value, like.dtype)


def _pair(name: str, a: Node | float, b: Node | float) -> Node:
    if isinstance(a, Node):
        return apply(name, a, lift(b, a))
    assert isinstance(b, Node)
    return apply(name, lift(a, b), b)


def add(a: Node | float, b: Node | float) -> Node:
    return _pair("add", a, b)


def sub(a: Node | float, b: Node | float) -> Node:
    return _pair("subtract", a, b)


def mul(a: Node | float, b: Node | float) -> Node:
    return _pair("multiply", a, b)


def div(a: Node | float, b: Node | float) -> Node:
    return _pair("divide", a, b)


def power(a: Node | float, b: Node | float) -> Node:
    return _pair("power", a, b)


def neg(a: Node) -> Node:
    return apply("negative", a)


def exp(a: Node) -> Node:
    return apply("exp", a)


def log(a: Node) -> Node:
    return apply("log", a)


def maximum(a: Node | float, b: Node | float) -> Node:
    return _pair("maximum", a, b)


def minimum(a: Node | float, b: Node | float) -> Node:
    return _pair("minimum", a, b)


def less(a: Node | float, b: Node | float) -> Node:
    return _pair("less", a, b)


def less_equal(a: Node | float, b: Node | float) -> Node:
    return _pair("less_equal", a, b)


def equal(a: Node | float, b: Node | float) -> Node:
    return _pair("equal", a, b)


def where(condition: Node, a: Node | float, b: Node | float) -> Node:
    if isinstance(a, Node):
        return apply("where", condition, a, lift(b, a))
    assert isinstance(b, Node)
    return apply("where", condition, lift(a, b), b)


def cast(a: Node, dtype: str) -> Node:
    """`a` as another dtype; itself where it has that dtype."""
    return a if a.dtype == dtype else apply("cast", a, dtype=dtype)


def stop_gradient(a: Node) -> Node:
    return apply("stop_gradient", a)


def reshape(a: Node, shape: Shape) -> Node:
    """`a` under another shape; itself where it has that shape."""
    return a if a.shape == tuple(shape) else apply("reshape", a, shape=tuple(shape))


def as_type(a: Node, wanted: TensorType) -> Node:
    """The same values said to be of a kind: `wanted` has the dtype and shape of `a`."""
    return a if a.type == wanted else replace(apply("reshape", a, shape=a.shape), type=wanted)


def transpose(a: Node, axes: Sequence[int]) -> Node:
    return a if tuple(axes) == tuple(range(a.type.rank)) else apply("transpose", a, axes=tuple(axes))


def swap_last(a: Node) -> Node:
    """The last two axes exchanged."""
    rank = a.type.rank
    return transpose(a, (*range(rank - 2), rank - 1, rank - 2))


def broadcast_to(a: Node, shape: Shape) -> Node:
    return a if a.shape == tuple(shape) else apply("broadcast_to", a, shape=tuple(shape))


def reduce(name: str, a: Node, axes: Sequence[int] | None = None, keepdims: bool = False) -> Node:
    """`sum`, `max`, `min` over `axes` (all when None)."""
    rank = a.type.rank
    chosen = tuple(range(rank)) if axes is None else tuple(sorted(axis % rank for axis in axes))
    if not chosen:
        return a
    out = apply(name, a, axes=chosen)
    return reshape(out, tuple(1 if i in chosen else s for i, s in enumerate(a.shape))) if keepdims else out


def sum_(a: Node, axes: Sequence[int] | None = None, keepdims: bool = False) -> Node:
    return reduce("sum", a, axes, keepdims)


def count(a: Node, axes: Sequence[int] | None = None) -> Node:
    """How many elements a reduction over `axes` takes together, as a number of the dtype of `a`."""
    chosen = range(a.type.rank) if axes is None else axes
    return dim_value(product(tuple(a.shape[i] for i in chosen)), a.dtype)


def mean(a: Node, axes: Sequence[int] | None = None, keepdims: bool = False) -> Node:
    return div(sum_(a, axes, keepdims), count(a, axes))


def full(value: float | int | bool, shape: Shape, dtype: str) -> Node:
    return broadcast_to(const(value, dtype), shape)


def zeros_like(a: Node) -> Node:
    return full(0, a.shape, a.dtype)


def matmul(a: Node, b: Node) -> Node:
    """`a @ b` as NumPy has it for ranks of 2 and more, in the two forms that kernels know.

    A matrix on the right takes all leading dims of `a` as rows; otherwise both sides are brought to the same
    leading dims.
    """
    dtype = promote(a.dtype, b.dtype)
    a, b = cast(a, dtype), cast(b, dtype)
    if b.type.rank == 2:
        if a.type.rank == 2:
            return apply("matmul", a, b)
        rows = product(a.shape[:-1])
        flat = apply("matmul", reshape(a, (rows, a.shape[-1])), b)
        return reshape(flat, (*a.shape[:-1], b.shape[-1]))
    lead = broadcast_shapes(a.shape[:-2], b.shape[:-2])
    assert lead is not None
    return apply("matmul", broadcast_to(a, (*lead, *a.shape[-2:])), broadcast_to(b, (*lead, *b.shape[-2:])))


def broadcast_shapes(*shapes: Shape) -> Shape | None:
    """The common shape by NumPy's rule, or None. A symbolic size goes with itself and with 1."""
    out: list[Size] = []
    for position in range(max(map(len, shapes))):
        sizes = {s[len(s) - 1 - position] for s in shapes if position < len(s)} - {1}
        if len(sizes) > 1:
            return None
        out.append(sizes.pop() if sizes else 1)
    return tuple(reversed(out))


def unbroadcast(g: Node, shape: Shape) -> Node:
    """The gradient of a broadcast input: `g` summed over the axes along which it was repeated."""
    extra = g.type.rank - len(shape)
    axes = [i for i in range(g.type.rank) if i < extra or (shape[i - extra] == 1 and g.shape[i] != 1)]
    return reshape(sum_(g, axes), shape)
