"""Sums and products along an axis so far, and the recurrence that their gradients are made of."""

from __future__ import annotations

from typing import Any

from nndsl.ir.dims import Size, product
from nndsl.ir.graph import Attrs, Node
from nndsl.ir.types import FLOATS, TensorType
from nndsl.lazy import np
from nndsl.ops import build as b
from nndsl.ops.op import REQUIRED, Arg, Case, Op, Ready, ShapeFault, Types, case


def _type(types: Types, attrs: Attrs) -> TensorType:
    (t,) = types
    if not 0 <= attrs["axis"] < t.rank:
        raise ShapeFault(f"has no axis {attrs['axis']}, this is {t}", (0,), code="axis")
    return TensorType("i32" if t.dtype == "bool" else t.dtype, t.shape)


def _recurrence_type(types: Types, attrs: Attrs) -> TensorType:
    factor, t = types
    for i, other in enumerate(types):
        if other.dtype not in FLOATS or (other.dtype, other.shape) != (t.dtype, t.shape):
            raise ShapeFault(f"needs two alike arrays of floats: {factor} and {t}", (i,), code="dtype")
    return _type((t,), attrs)


def around(shape: tuple[Size, ...], axis: int) -> tuple[Size, Size, Size]:
    """A shape as (all axes before, this one, all behind)."""
    return product(shape[:axis]), shape[axis], product(shape[axis + 1 :])


def _shapes(n: Node) -> tuple[Any, ...]:
    return (around(n.shape, n.attrs["axis"]),) * (len(n.inputs) + 1)


def _directions(n: Node) -> tuple[int, ...]:
    return int(n.attrs["reverse"]), int(n.attrs["exclusive"])


def shifted(x: Node, axis: int, by: int) -> Node:
    """Each element at the place `by` (1 or -1) further along an axis; zero comes in."""
    n, rank = x.shape[axis], x.type.rank
    start = tuple(1 if k == axis and by < 0 else 0 for k in range(rank))
    size = tuple(n - 1 if k == axis else s for k, s in enumerate(x.shape))
    if size[axis] == 0:
        return b.zeros_like(x)
    part = b.apply("slice", x, start=start, size=size, step=(1,) * rank)
    low, high = ((1, 0) if by > 0 else (0, 1))
    widths = [tuple(w if k == axis else 0 for k in range(rank)) for w in (low, high)]
    return b.apply("pad", part, low=widths[0], high=widths[1], interior=(0,) * rank, value=0.0)


def _sum_grad(n: Node, g: Node) -> tuple[Node]:
    """Each element counts in all sums from its own on: a sum in the other direction."""
    return (b.apply("cumsum", g, **{**n.attrs, "reverse": not n.attrs["reverse"]}),)


def _product_grad(n: Node, g: Node) -> tuple[Node]:
    """What stands before an element, times r = g + (next element) * (next r); zeros among the factors do no harm.

    An exclusive product does not have the element itself, so that the sum starts at the next place.
    """
    (x,), axis, reverse = n.inputs, n.attrs["axis"], n.attrs["reverse"]
    step = 1 if reverse else -1
    before = b.apply("cumprod", x, axis=axis, reverse=reverse, exclusive=True)
    arriving = shifted(g, axis, step) if n.attrs["exclusive"] else g
    rest = b.apply("linear_recurrence", shifted(x, axis, step), arriving, axis=axis, reverse=not reverse)
    return (b.mul(before, rest),)


def _recurrence_grads(n: Node, g: Node) -> tuple[Node, Node]:
    factor, axis, reverse = n.inputs[0], n.attrs["axis"], n.attrs["reverse"]
    step = -1 if reverse else 1
    flow = b.apply("linear_recurrence", shifted(factor, axis, -step), g, axis=axis, reverse=not reverse)
    return b.mul(flow, shifted(n, axis, step)), flow


def _cumulated(name: str) -> Any:
    def reference(x: Any, axis: int, reverse: bool, exclusive: bool) -> Any:
        turned = np.flip(x, axis) if reverse else x
        dtype = np.int32 if x.dtype == np.bool_ else x.dtype
        out = getattr(np, name)(turned, axis=axis, dtype=dtype)
        if exclusive:
            first = np.full_like(out.take([0], axis=axis), 0 if name == "cumsum" else 1)
            out = np.concatenate([first, out.take(range(x.shape[axis] - 1), axis=axis)], axis=axis)
        return np.ascontiguousarray(np.flip(out, axis) if reverse else out)

    return reference


def _recurrence(factor: Any, x: Any, axis: int, reverse: bool) -> Any:
    factor, x = np.moveaxis(factor, axis, 0), np.moveaxis(x, axis, 0)
    out, last = np.empty_like(x), np.zeros_like(x[0])
    for k in reversed(range(len(x))) if reverse else range(len(x)):
        out[k] = last = factor[k] * last + x[k]
    return np.ascontiguousarray(np.moveaxis(out, 0, axis))


def _cases(low: float) -> tuple[Case, ...]:
    return (
        case((7,), least=low, axis=0, reverse=False, exclusive=False),
        case(("batch", 5), least=low, axis=0, reverse=True, exclusive=False),
        case(("batch", 6), least=low, axis=1, reverse=False, exclusive=True),
        case((2, 4, 3), least=low, axis=1, reverse=True, exclusive=True),
        case((3, 1), least=low, axis=1, reverse=False, exclusive=True),
        case(Arg((3, 5), "bool"), axis=1, reverse=False, exclusive=False, smooth=False),
    )


DIRECTIONS = {"axis": REQUIRED, "reverse": False, "exclusive": False}

FAMILY: tuple[Op, ...] = (
    Op("cumsum", ("x",),
       "The sum of all elements so far along an axis; without the element itself with `exclusive`, from the end with `reverse`.",
       _type, _cumulated("cumsum"), Ready("cumulative_sum", _shapes, _directions), _sum_grad, options=DIRECTIONS,
       cases=_cases(-2)),
    Op("cumprod", ("x",),
       "The product of all elements so far along an axis; without the element itself with `exclusive`, from the end with `reverse`.",
       _type, _cumulated("cumprod"), Ready("cumulative_product", _shapes, _directions), _product_grad,
       options=DIRECTIONS, cases=_cases(-1.5)),
    Op("linear_recurrence", ("factor", "x"), "h = factor * h + x from step to step of an axis, beginning with 0.",
       _recurrence_type, _recurrence, Ready("linear_recurrence", _shapes, lambda n: (int(n.attrs["reverse"]),)),
       _recurrence_grads, options={"axis": REQUIRED, "reverse": False}, hidden=True,
       cases=(case((2, 4, 3), (2, 4, 3), axis=1, reverse=False), case(("batch", 5), ("batch", 5), axis=0, reverse=True),
              case((6,), (6,), axis=0, reverse=False))),
)  # fmt: skip
