"""Ops that read or write at places given by data, or make arrays from indices."""

from __future__ import annotations

from typing import Any

from nndsl.ir.dims import product
from nndsl.ir.graph import Attrs, Node
from nndsl.ir.loops import Cast, Expr, Num, Select, equal
from nndsl.ir.types import FLOATS, NUMPY_NAMES, Kind, TensorType
from nndsl.lazy import np
from nndsl.ops import build as b
from nndsl.ops.op import REQUIRED, Arg, Indexed, Op, Ready, ShapeFault, Types, case
from nndsl.ops.shape import Index, Read
from nndsl.ops.steps import added, looked_up


def _needs_index(t: TensorType, position: int, count: object) -> None:
    """The safety of kernels without bounds checks rests here: only checked indices of few enough values pass."""
    if t.kind is None or t.kind.name != "index":
        raise ShapeFault(
            f"needs indices, this is {t}", (position,), f"declare the data as `index<{count}>[…]`", "index"
        )
    if t.kind.count != count:
        fits = isinstance(t.kind.count, int) and isinstance(count, int) and t.kind.count <= count
        if not fits:
            raise ShapeFault(f"indices reach {t.kind.count} values, there is room for {count}", (position,),
                             code="index_range")  # fmt: skip


def _one_hot_type(types: Types, attrs: Attrs) -> TensorType:
    (t,) = types
    _needs_index(t, 0, attrs["n"])
    return TensorType(attrs["dtype"], (*t.shape, attrs["n"]), Kind("onehot"))


def _one_hot_reference(x: Any, n: int, dtype: str) -> Any:
    return (np.asarray(x)[..., None] == np.arange(n)).astype(NUMPY_NAMES[dtype])


def _one_hot_expr(n: Node, index: Index, read: Read) -> Expr:
    return Select(equal(read(0, index[:-1]), Cast(index[-1], "i32")), Num(1.0, n.dtype), Num(0.0, n.dtype))


def _multi_hot_type(types: Types, attrs: Attrs) -> TensorType:
    (t,) = types
    _needs_index(t, 0, attrs["n"])
    if t.rank < 1:
        raise ShapeFault("needs at least one axis of words", (0,), code="rank")
    return TensorType(attrs["dtype"], (*t.shape[:-1], attrs["n"]), Kind("binary"))


def _multi_hot_reference(x: Any, n: int, padding: int | None, dtype: str) -> Any:
    rows = np.asarray(x).reshape(-1, x.shape[-1])
    out = np.zeros((len(rows), n), NUMPY_NAMES[dtype])
    out[np.arange(len(rows))[:, None], rows] = 1
    if padding is not None:
        out[:, padding] = 0
    return out.reshape(*x.shape[:-1], n)


def _multi_hot_shapes(n: Node) -> tuple[Any, ...]:
    words = n.inputs[0].shape
    rows = product(words[:-1])
    return (rows, words[-1]), (rows, n.shape[-1])


def _scatter_shapes(n: Node) -> tuple[Any, ...]:
    places = product(n.inputs[0].shape)
    width = product(n.shape[1:])
    return (places,), (places, width), (n.shape[0], width)


def _take_type(types: Types, attrs: Attrs) -> TensorType:
    table, places = types
    if table.rank < 1:
        raise ShapeFault("needs a table with at least one axis", (0,), code="rank")
    _needs_index(places, 1, table.shape[0])
    return TensorType(table.dtype, (*places.shape, *table.shape[1:]), table.kind)


def _take_expr(n: Node, index: Index, read: Read) -> Expr:
    rank = n.inputs[1].type.rank
    return read(0, (Cast(read(1, index[:rank]), "int"), *index[rank:]))


def _scatter_type(types: Types, attrs: Attrs) -> TensorType:
    places, values = types
    _needs_index(places, 0, attrs["n"])
    return TensorType(values.dtype, (attrs["n"], *values.shape[places.rank :]))


def _scatter_reference(places: Any, values: Any, n: int) -> Any:
    out = np.zeros((n, *values.shape[places.ndim :]), values.dtype)
    np.add.at(out, places.reshape(-1), values.reshape(places.size, *values.shape[places.ndim :]))
    return out


def _arange_expr(n: Node, index: Index, read: Read) -> Expr:
    return Cast(index[0], n.dtype)


def _rank_type(types: Types, attrs: Attrs) -> TensorType:
    if types[0].rank != 1 or types[0].dtype not in FLOATS:
        raise ShapeFault(f"needs one axis of floats, this is {types[0]}", (0,), "reshape(x, [-1])", "rank")
    return TensorType("f64", types[0].shape)


def _rank_reference(x: Any) -> Any:
    _, place, counts = np.unique(x, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return ((last - counts + 1 + last) / 2)[place].astype(np.float64)


FAMILY: tuple[Op, ...] = (
    Op("one_hot", ("x",), "A last axis of n with 1 at the index, else 0.", _one_hot_type, _one_hot_reference,
       Indexed(_one_hot_expr), steps=added, options={"n": REQUIRED, "dtype": "f32"},
       cases=(case(Arg(("batch",), "index", 0, 5), n=5, dtype="f32", smooth=False),
              case(Arg((2, 3), "index", 0, 4), n=4, dtype="f64", smooth=False))),
    Op("multi_hot", ("x",), "A row of n for each text: 1 at each of its words. Index `padding` (0) stands for no word.",
       _multi_hot_type, _multi_hot_reference, Ready("multi_hot", _multi_hot_shapes, lambda n: (-1 if n.attrs["padding"] is None else n.attrs["padding"],)),
       options={"n": REQUIRED, "padding": 0, "dtype": "f32"},
       cases=(case(Arg(("batch", 7), "index", 0, 20), n=20, padding=0, dtype="f32", smooth=False),
              case(Arg((2, 3, 4), "index", 0, 9), n=9, padding=None, dtype="f64", smooth=False))),
    Op("take", ("table", "indices"), "Rows of a table: the result's leading axes are those of the indices.", _take_type,
       lambda table, places: table[places], Indexed(_take_expr),
       lambda n, g: (b.apply("scatter_add", n.inputs[1], g, n=n.inputs[0].shape[0]), None),
       steps=looked_up, cases=(case((5, 3), Arg(("batch", 4), "index", 0, 5)), case((6,), Arg((3,), "index", 0, 6)))),
    Op("scatter_add", ("indices", "values"), "A table of n rows, each the sum of the values sent to it.", _scatter_type,
       _scatter_reference, Ready("scatter_add", _scatter_shapes), lambda n, g: (None, b.apply("take", g, n.inputs[0])),
       options={"n": REQUIRED},
       cases=(case(Arg((9,), "index", 0, 4), (9, 3), n=4), case(Arg(("batch", 2), "index", 0, 5), ("batch", 2, 6), n=5))),
    Op("arange", (), "0, 1, … n - 1.", lambda t, a: TensorType(a["dtype"], (a["n"],)),
       lambda n, dtype: np.arange(n).astype(NUMPY_NAMES[dtype]), Indexed(_arange_expr),
       options={"n": REQUIRED, "dtype": "i32"}, cases=(case(n=6, dtype="i32", smooth=False), case(n=6, dtype="f32", smooth=False))),
    Op("rankdata", ("x",), "The place of each element in sorted order, from 1; ties share their mean place.", _rank_type,
       _rank_reference, Ready("rankdata", lambda n: (n.shape, n.shape)), cases=(case((9,), smooth=False), case(("batch",), smooth=False))),
)  # fmt: skip
