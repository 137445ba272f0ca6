"""Order: the places of elements in sorted order, and elements at places of their own along an axis.

Everything sorts by places: `sorted_places` and `top_places` work along the last axis, and values are taken from where
they say, which is also what the gradient flows through. Sorts are stable. NaN counts as the greatest.
"""

from __future__ import annotations

from typing import Any

from nndsl.costs import LARGEST_LIST
from nndsl.ir.dims import product
from nndsl.ir.graph import Attrs, Node
from nndsl.ir.loops import Cast, Expr
from nndsl.ir.types import Kind, TensorType
from nndsl.lazy import np
from nndsl.ops import build as b
from nndsl.ops.cumulative import around
from nndsl.ops.op import REQUIRED, Arg, Expand, Indexed, Op, Ready, ShapeFault, Types, case
from nndsl.ops.shape import Index, Read


def _axis_type(types: Types, attrs: Attrs) -> TensorType:
    (t,) = types
    if not 0 <= attrs["axis"] < t.rank:
        raise ShapeFault(f"has no axis {attrs['axis']}, this is {t}", (0,), code="axis")
    return t


# --- sorting ---------------------------------------------------------------------------------------------


def _argsort_type(types: Types, attrs: Attrs) -> TensorType:
    t = _axis_type(types, attrs)
    return TensorType("i32", t.shape, Kind("index", t.shape[attrs["axis"]]))


def _argsort(x: Any, axis: int, descending: bool) -> Any:
    if not descending:
        return np.argsort(x, axis=axis, kind="stable").astype(np.int32)
    turned = np.argsort(np.flip(x, axis), axis=axis, kind="stable")
    return np.ascontiguousarray(np.flip(x.shape[axis] - 1 - turned, axis)).astype(np.int32)


def _sort(x: Any, axis: int, descending: bool) -> Any:
    return np.take_along_axis(x, _argsort(x, axis, descending), axis)


def expand_argsort(n: Node) -> Node:
    """The axis brought to the end, sorted there, and brought back."""
    (x,), axis = n.inputs, n.attrs["axis"]
    rank, x = x.type.rank, b.cast(x, "i32") if x.dtype == "bool" else x
    order = (*(k for k in range(rank) if k != axis), axis)
    places = b.apply("sorted_places", b.transpose(x, order), descending=n.attrs["descending"])
    size = (*places.shape[:-1], x.shape[axis])
    found = b.apply("slice", places, start=(0,) * rank, size=size, step=(1,) * rank)
    return b.as_type(b.transpose(found, tuple(order.index(k) for k in range(rank))), n.type)


def expand_sort(n: Node) -> Node:
    """The elements at the places of argsort."""
    axis = n.attrs["axis"]
    return b.apply("take_along_axis", n.inputs[0], b.apply("argsort", n.inputs[0], **n.attrs), axis=axis)


def _places_type(types: Types, attrs: Attrs) -> TensorType:
    (t,) = types
    return TensorType("i32", (*t.shape[:-1], 2 * t.shape[-1]))


def _places(x: Any, descending: bool) -> Any:
    places = _argsort(x, x.ndim - 1, descending)
    return np.concatenate([places, np.zeros_like(places)], axis=-1)


def _top_type(types: Types, attrs: Attrs) -> TensorType:
    (t,), k = types, attrs["k"]
    if t.rank < 1:
        raise ShapeFault("needs at least one axis", (0,), code="rank")
    n = t.shape[-1]
    if k < 1 or (isinstance(n, int) and k > n):
        raise ShapeFault(f"cannot give {k} of {n} elements", (0,), "take at least 1 and at most all of them")
    return TensorType("i32", (*t.shape[:-1], k), Kind("index", n))


def top_places(x: Node, k: int) -> Node:
    """The places of the k greatest along the last axis, the greatest first."""
    x = b.cast(x, "i32") if x.dtype == "bool" else x
    if k <= LARGEST_LIST:
        return b.apply("top_places", x, k=k)
    wanted = _top_type((x.type,), {"k": k})
    places = b.apply("argsort", x, axis=x.type.rank - 1, descending=True)
    rank = x.type.rank
    return b.as_type(b.apply("slice", places, start=(0,) * rank, size=wanted.shape, step=(1,) * rank), wanted)


def _rows(n: Node) -> tuple[Any, ...]:
    x = n.inputs[0].shape
    rows = product(x[:-1])
    return (rows, x[-1]), (rows, n.shape[-1])


# --- elements at places of their own ----------------------------------------------------------------------


def _along(x: TensorType, places: TensorType, count: Any, axis: int, position: int) -> None:
    if places.kind is None or places.kind.name != "index":
        raise ShapeFault(f"needs indices, this is {places}", (position,), f"say what they are: `as_index(i, {count})`",
                         "index")  # fmt: skip
    known = places.kind.count
    if known != count and not (isinstance(known, int) and isinstance(count, int) and known <= count):
        raise ShapeFault(f"indices reach {known} values, there is room for {count}", (position,), code="index_range")
    if x.rank != places.rank or any(
        p != q for k, (p, q) in enumerate(zip(x.shape, places.shape, strict=True)) if k != axis
    ):
        raise ShapeFault(f"needs equal sizes on all axes but {axis}: {x} and {places}", (0, 1))


def _take_type(types: Types, attrs: Attrs) -> TensorType:
    x, places = types
    _axis_type((x,), attrs)
    _along(x, places, x.shape[attrs["axis"]], attrs["axis"], 1)
    return TensorType(x.dtype, places.shape, None if x.kind and x.kind.name == "onehot" else x.kind)


def _take_expr(n: Node, index: Index, read: Read) -> Expr:
    axis = n.attrs["axis"]
    return read(0, (*index[:axis], Cast(read(1, index), "int"), *index[axis + 1 :]))


def _scatter_type(types: Types, attrs: Attrs) -> TensorType:
    places, values = types
    axis, n = attrs["axis"], attrs["n"]
    if places.shape != values.shape:
        raise ShapeFault(f"needs a place for each value: {places} and {values}", (0, 1))
    _along(values, places, n, axis, 0)
    return TensorType(values.dtype, tuple(n if k == axis else s for k, s in enumerate(values.shape)))


def _scatter(places: Any, values: Any, n: int, axis: int) -> Any:
    out = np.zeros((*values.shape[:axis], n, *values.shape[axis + 1 :]), values.dtype)
    where = list(np.indices(places.shape))
    where[axis] = places
    np.add.at(out, tuple(where), values)
    return out


def _scatter_shapes(n: Node) -> tuple[Any, ...]:
    axis, given = n.attrs["axis"], n.inputs[0].shape
    return around(given, axis), around(given, axis), around(n.shape, axis)


SORT_CASES = (
    case((7,), axis=0, descending=False), case(("batch", 37), axis=1, descending=True),
    case((5, 3), axis=0, descending=False), case((2, 20, 3), axis=1, descending=True),
    case(Arg((3, 130), "i32", 0, 9), axis=1, descending=False, smooth=False),
    case(Arg((3, 18), "i32", 0, 4), axis=1, descending=True, smooth=False),
)  # fmt: skip
SORTED = {"axis": REQUIRED, "descending": False}

FAMILY: tuple[Op, ...] = (
    Op("argsort", ("x",), "The places of the elements in sorted order along an axis; equal ones keep their order, NaN is the greatest.",
       _argsort_type, _argsort, Expand(expand_argsort, smooth=False), options=SORTED, cases=SORT_CASES),
    Op("sort", ("x",), "The elements in order along an axis, NaN at the end; with `descending` the other way round.",
       _axis_type, _sort, Expand(expand_sort), options=SORTED, cases=SORT_CASES),
    Op("sorted_places", ("x",), "argsort along the last axis; behind the places stands what it worked with, zeroed.",
       _places_type, _places,
       Ready("sort_places", _rows, lambda n: (int(n.attrs["descending"]),)),
       options={"descending": False}, hidden=True,
       cases=(case(("batch", 8), descending=False, smooth=False), case((2, 3, 17), descending=True, smooth=False),
              case((1, 1), descending=False, smooth=False), case((2, 300), descending=True, smooth=False))),
    Op("top_places", ("x",), "The places of the k greatest elements along the last axis, the greatest first.",
       _top_type, lambda x, k: _argsort(x, x.ndim - 1, True)[..., :k], Ready("top_places", _rows),
       options={"k": REQUIRED}, hidden=True,
       cases=(case(("batch", 9), k=3, smooth=False), case((40,), k=40, smooth=False),
              case(Arg((2, 3, 30), "i32", 0, 5), k=7, smooth=False))),
    Op("take_along_axis", ("x", "indices"), "The elements along an axis that indices name, other ones at each place of the other axes.",
       _take_type, lambda x, places, axis: np.take_along_axis(x, places, axis), Indexed(_take_expr),
       lambda n, g: (b.apply("scatter_along_axis", n.inputs[1], g, axis=n.attrs["axis"], n=n.inputs[0].shape[n.attrs["axis"]]),
                     None),
       options={"axis": REQUIRED},
       cases=(case(("batch", 6), Arg(("batch", 4), "index", 0, 6), axis=1), case((5, 3), Arg((2, 3), "index", 0, 5), axis=0),
              case((2, 4, 3), Arg((2, 6, 3), "index", 0, 4), axis=1))),
    Op("scatter_along_axis", ("indices", "values"), "Values added up at their places along an axis of n.", _scatter_type,
       _scatter, Ready("scatter_along", _scatter_shapes),
       lambda n, g: (None, b.apply("take_along_axis", g, n.inputs[0], axis=n.attrs["axis"])),
       options={"axis": REQUIRED, "n": REQUIRED}, hidden=True,
       cases=(case(Arg(("batch", 6), "index", 0, 4), ("batch", 6), axis=1, n=4),
              case(Arg((5, 3), "index", 0, 2), (5, 3), axis=0, n=2))),
)  # fmt: skip
