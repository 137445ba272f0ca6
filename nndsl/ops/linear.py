"""The matrix product."""

from __future__ import annotations

from typing import Any

from nndsl.costs import PARTS, part_length
from nndsl.ir.graph import Attrs, Node
from nndsl.ir.types import FLOATS, TensorType
from nndsl.lazy import np
from nndsl.ops import build as b
from nndsl.ops.op import Contract, Op, Parts, ShapeFault, Types, case
from nndsl.ops.steps import multiplied


def _matmul_type(types: Types, attrs: Attrs) -> TensorType:
    x, y = types
    for i, t in enumerate(types):
        if t.dtype not in FLOATS or t.dtype != x.dtype:
            raise ShapeFault(f"needs two sides of one float dtype: {x} and {y}", (i,), "cast one side", "dtype")
        if t.rank < 2:
            raise ShapeFault(f"needs at least two axes, this is {t}", (i,), "add an axis: `x[:, none]`", "rank")
    (rows, depth), (depth2, columns) = x.shape[-2:], y.shape[-2:]
    if attrs.get("ta"):
        rows, depth = depth, rows
    if attrs.get("tb"):
        depth2, columns = columns, depth2
    if depth != depth2 or x.shape[:-2] != y.shape[:-2]:
        raise ShapeFault(f"the inner sizes of `@` differ: {depth} and {depth2}", (0, 1), code="inner")
    return TensorType(x.dtype, (*x.shape[:-2], rows, columns))


def _reference(x: Any, y: Any, ta: bool = False, tb: bool = False) -> Any:
    x = np.swapaxes(x, -1, -2) if ta else x
    y = np.swapaxes(y, -1, -2) if tb else y
    return np.ascontiguousarray(np.matmul(x, y))


def _grad(n: Node, g: Node) -> tuple[Node, Node]:
    x, y = n.inputs
    ta, tb = bool(n.attrs.get("ta")), bool(n.attrs.get("tb"))
    of_x = product_of(y, g, tb, True) if ta else product_of(g, y, False, not tb)
    of_y = product_of(g, x, True, ta) if tb else product_of(x, g, not ta, False)
    return of_x, of_y


def product_of(x: Node, y: Node, ta: bool, tb: bool) -> Node:
    """`x @ y` with either side transposed."""
    return b.apply("matmul", x, y, ta=ta, tb=tb)


def _parts_type(types: Types, attrs: Attrs) -> TensorType:
    x, y = types
    if x.rank != 2 or y.rank != 2 or x.shape[0] != y.shape[0] or x.dtype != y.dtype or x.dtype not in FLOATS:
        raise ShapeFault(f"needs two matrices of as many rows: {x} and {y}", (0, 1), code="inner")
    return TensorType(x.dtype, (PARTS, x.shape[1], y.shape[1]))


def _parts_reference(x: Any, y: Any) -> Any:
    length = max(1, part_length(x.shape[0], 2))
    return np.stack([x[k * length : (k + 1) * length].T @ y[k * length : (k + 1) * length] for k in range(PARTS)])


FAMILY: tuple[Op, ...] = (
    Op("matmul", ("x", "y"), "The matrix product `x @ y` over the last two axes.", _matmul_type, _reference, Contract(), _grad,
       hidden=True, steps=multiplied,
       cases=(case((3, 4), (4, 5)), case(("batch", 7), (7, 20)), case((4, 3), (4, 5), ta=True), case((3, 4), (5, 4), tb=True),
              case((4, 3), (5, 4), ta=True, tb=True), case(("batch", 3, 4), ("batch", 4, 2)),
              case((2, 3, 4), (2, 5, 4), tb=True), case((2, 4, 3), (2, 4, 5), ta=True), case((17, 33), (33, 70)))),
    Op("product_parts", ("x", "y"), "The product `transpose(x) @ y` of each part of the rows by itself.", _parts_type,
       _parts_reference, Parts(), hidden=True,
       cases=(case(("batch", 5), ("batch", 20)), case((300, 9), (300, 50)), case((40, 17), (40, 3)))),
)  # fmt: skip
