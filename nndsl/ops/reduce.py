"""Reductions over axes. `axes` is a sorted tuple; keeping dims is a reshape on top."""

from __future__ import annotations

from typing import Any

from nndsl.costs import PARTS, part_length
from nndsl.ir.dims import product
from nndsl.ir.graph import Attrs, Node
from nndsl.ir.types import Kind, TensorType
from nndsl.lazy import np
from nndsl.ops import build as b
from nndsl.ops.op import Arg, Columns, Op, Reduce, ShapeFault, Types, case
from nndsl.ops.steps import behind


def reduced(types: Types, attrs: Attrs) -> TensorType:
    """The shape without the reduced axes."""
    (t,) = types
    for axis in attrs["axes"]:
        if not 0 <= axis < t.rank:
            raise ShapeFault(f"has no axis {axis}, this is {t}", (0,), code="axis")
    dtype = "i32" if t.dtype == "bool" else t.dtype
    return TensorType(dtype, tuple(s for i, s in enumerate(t.shape) if i not in attrs["axes"]))


def _index_type(types: Types, attrs: Attrs) -> TensorType:
    out = reduced(types, attrs)
    (axis,) = attrs["axes"]
    return TensorType("i32", out.shape, Kind("index", types[0].shape[axis]))


def spread(n: Node, value: Node) -> Node:
    """`value` (in the reduced shape) repeated over the axes that `n` reduces."""
    shape = n.inputs[0].shape
    kept = tuple(1 if i in n.attrs["axes"] else s for i, s in enumerate(shape))
    return b.broadcast_to(b.reshape(value, kept), shape)


def _extreme_grad(n: Node, g: Node) -> tuple[Node]:
    """Shared evenly among the elements that tie, as in NumPy-like frameworks."""
    hit = b.cast(b.equal(n.inputs[0], spread(n, n)), g.dtype)
    return (b.mul(spread(n, b.div(g, b.sum_(hit, n.attrs["axes"]))), hit),)


def _product_grad(n: Node, g: Node) -> tuple[Node]:
    """For each element the product of all others: of those before it, times those behind it. Zeros do no harm."""
    (x,), axes = n.inputs, n.attrs["axes"]
    kept = [i for i in range(x.type.rank) if i not in axes]
    order = (*kept, *axes)
    lines = b.transpose(x, order)
    flat = b.reshape(lines, (*(x.shape[i] for i in kept), product(tuple(x.shape[i] for i in axes))))
    others = [b.apply("cumprod", flat, axis=len(kept), reverse=r, exclusive=True) for r in (False, True)]
    found = b.reshape(b.mul(*others), lines.shape)
    return (b.mul(spread(n, g), b.transpose(found, tuple(order.index(i) for i in range(x.type.rank)))),)


# --- sums in parts -------------------------------------------------------------------------------------------


def _parts_type(types: Types, attrs: Attrs) -> TensorType:
    (t,) = types
    if t.rank < 2:
        raise ShapeFault(f"has no leading axes, this is {t}", (0,), code="axis")
    return TensorType("i32" if t.dtype == "bool" else t.dtype, (PARTS, t.shape[-1]))


def _column_sums(x: Any) -> Any:
    length = max(1, part_length(x.shape[0], x.ndim))
    parts = [x[k * length : (k + 1) * length] for k in range(PARTS)]
    return np.stack([np.sum(p, axis=tuple(range(x.ndim - 1)), dtype=_total_dtype(x)) for p in parts])


CASES = (
    case((3, 4), axes=(1,)), case((3, 4), axes=(0,)), case((3, 4), axes=(0, 1)), case(("batch", 70), axes=(0,)),
    case(("batch", 70), axes=(1,)), case((2, 3, 4, 5), axes=(1, 2)), case((2, 3, 4, 5), axes=(0, 3)),
    case(("batch", 3, 5), axes=(0, 1)), case((7,), axes=(0,)),
)  # fmt: skip
ARG_CASES = (case((3, 4), axes=(1,), smooth=False), case(("batch", 33), axes=(1,), smooth=False),
             case((3, 4), axes=(0,), smooth=False), case((2, 3, 4), axes=(1,), smooth=False))  # fmt: skip

FAMILY: tuple[Op, ...] = (
    Op("sum", ("x",), "The sum over axes.", reduced, lambda x, axes: np.sum(x, axis=axes, dtype=_total_dtype(x)),
       Reduce("add"), lambda n, g: (spread(n, g) if g.dtype == n.inputs[0].dtype else None,), hidden=True, steps=behind,
       cases=(*CASES, case(Arg((3, 4), "bool"), axes=(1,), smooth=False))),
    Op("column_sums", ("x",), "The sums over all axes but the last, of each part of the first axis by itself.", _parts_type,
       _column_sums, Columns(), hidden=True,
       cases=(case(("batch", 5)), case(("batch", 2, 3)), case((70, 3)), case((3, 2, 2, 4)))),
    Op("prod", ("x",), "The product over axes.", reduced, lambda x, axes: np.prod(x, axis=axes, dtype=_total_dtype(x)),
       Reduce("mul"), _product_grad, hidden=True, steps=behind,
       cases=(*CASES[:4], *CASES[5:7], case(Arg((3, 4), "bool"), axes=(1,), smooth=False))),
    Op("max", ("x",), "The greatest over axes.", reduced, lambda x, axes: np.max(x, axis=axes), Reduce("max"),
       _extreme_grad, hidden=True, steps=behind, cases=CASES),
    Op("min", ("x",), "The least over axes.", reduced, lambda x, axes: np.min(x, axis=axes), Reduce("min"),
       _extreme_grad, hidden=True, steps=behind, cases=CASES),
    Op("argmax", ("x",), "The index of the first greatest along an axis.", _index_type,
       lambda x, axes: np.argmax(x, axis=axes[0]).astype(np.int32), Reduce("argmax"), hidden=True, steps=behind, cases=ARG_CASES),
    Op("argmin", ("x",), "The index of the first least along an axis.", _index_type,
       lambda x, axes: np.argmin(x, axis=axes[0]).astype(np.int32), Reduce("argmin"), hidden=True, steps=behind, cases=ARG_CASES),
)  # fmt: skip


def _total_dtype(x: object) -> object:
    dtype = x.dtype  # type: ignore[attr-defined]
    return np.int32 if dtype == np.bool_ else dtype
