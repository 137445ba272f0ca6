"""Ops that move elements without changing them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nndsl.ir.dims import Size, product, written
from nndsl.ir.graph import Attrs, Node
from nndsl.ir.loops import Binary, Expr, Num, Select, Var, equal
from nndsl.ir.types import TensorType, shape_text
from nndsl.lazy import np
from nndsl.ops import build as b
from nndsl.ops.op import Indexed, Op, ShapeFault, Types, View, case
from nndsl.ops.steps import aligned, behind, reshaped, sliced, surrounded, transposed

Index = tuple[Expr, ...]
Read = Callable[[int, Index], Expr]


def size_expr(size: Size) -> Expr:
    """A dim as an index expression: a number, or the text of its formula."""
    return Num(size, "int") if isinstance(size, int) else Var(size.name or f"({size})", "int")


def both(a: Expr, c: Expr) -> Expr:
    """`a and c`."""
    return Binary("and", a, c, "bool")


# --- reshape ---------------------------------------------------------------------------------------------


def _reshape_type(types: Types, attrs: Attrs) -> TensorType:
    (t,), shape = types, attrs["shape"]
    if product(t.shape) != product(shape):
        has, wants = written(product(t.shape)), written(product(shape))
        raise ShapeFault(f"{t} has {has} elements and does not fit [{shape_text(shape)}], which has {wants}", (0,),
                         code="reshape")  # fmt: skip
    return TensorType(t.dtype, tuple(shape), t.kind)


def _transpose_type(types: Types, attrs: Attrs) -> TensorType:
    (t,), axes = types, attrs["axes"]
    if sorted(axes) != list(range(t.rank)):
        raise ShapeFault(
            f"the axes {list(axes)} are not an order of the {t.rank} axes of {t}",
            (0,),
            f"name each axis once: {', '.join(map(str, range(t.rank)))} in the order that you want",
            code="axis",
        )
    return TensorType(t.dtype, tuple(t.shape[a] for a in axes), t.kind)


def _inverse(axes: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(axes.index(i) for i in range(len(axes)))


def _broadcast_type(types: Types, attrs: Attrs) -> TensorType:
    (t,), shape = types, tuple(attrs["shape"])
    if t.rank > len(shape) or b.broadcast_shapes(t.shape, shape) != shape:
        raise ShapeFault(f"{t} cannot be repeated to [{shape_text(shape)}]", (0,), code="broadcast")
    return TensorType(t.dtype, shape, t.kind)


def source_index(node_shape: tuple[Size, ...], index: Index) -> Index:
    """Where a broadcast reads: the last axes, at 0 along those of size 1."""
    tail = index[len(index) - len(node_shape) :]
    return tuple(Num(0, "int") if s == 1 else i for s, i in zip(node_shape, tail, strict=True))


# --- slice and pad: each is the other's gradient ----------------------------------------------------------


def _slice_type(types: Types, attrs: Attrs) -> TensorType:
    """`start` and `size` per axis are within range (the caller resolved them); `step` is a nonzero int."""
    return TensorType(types[0].dtype, tuple(attrs["size"]), types[0].kind)


def _slice_reference(x: Any, start: Any, size: Any, step: Any) -> Any:
    places = [s + p * np.arange(n) for s, n, p in zip(start, size, step, strict=True)]
    return np.ascontiguousarray(x[np.ix_(*places)])


def _slice_grad(n: Node, g: Node) -> tuple[Node]:
    """Put back where it was read from; a negative step first turns the gradient round."""
    x, start, size, step = n.inputs[0], n.attrs["start"], n.attrs["size"], n.attrs["step"]
    if any(p < 0 for p in step):
        turned = tuple(s - 1 if p < 0 else 0 for s, p in zip(size, step, strict=True))
        g = b.apply("slice", g, start=turned, size=size, step=tuple(-1 if p < 0 else 1 for p in step))
        start = tuple(s + (m - 1) * p if p < 0 else s for s, m, p in zip(start, size, step, strict=True))
    interior = tuple(abs(p) - 1 for p in step)
    high = tuple(
        full - s - ((m - 1) * (k + 1) + 1) for full, s, m, k in zip(x.shape, start, size, interior, strict=True)
    )
    return (b.apply("pad", g, low=tuple(start), high=high, interior=interior, value=0.0),)


def _pad_type(types: Types, attrs: Attrs) -> TensorType:
    (t,) = types
    parts = zip(t.shape, attrs["low"], attrs["high"], attrs["interior"], strict=True)
    return TensorType(t.dtype, tuple(lo + hi + s + (s - 1) * k if k else lo + hi + s for s, lo, hi, k in parts))


def _pad_reference(x: Any, low: Any, high: Any, interior: Any, value: Any) -> Any:
    spread = tuple(s + (s - 1) * k for s, k in zip(x.shape, interior, strict=True))
    shape = tuple(lo + s + hi for lo, s, hi in zip(low, spread, high, strict=True))
    out = np.full(shape, value, x.dtype)
    out[tuple(slice(lo, lo + s, k + 1) for lo, s, k in zip(low, spread, interior, strict=True))] = x
    return out


def _pad_expr(n: Node, index: Index, read: Read) -> Expr:
    inside: Expr | None = None
    places: list[Expr] = []
    for i, s, lo, k in zip(index, n.inputs[0].shape, n.attrs["low"], n.attrs["interior"], strict=True):
        at = i - size_expr(lo)
        full = size_expr(s + (s - 1) * k if k else s)
        tests = [at >= 0, at < full] + ([equal(at % (k + 1), 0)] if k else [])
        if n.shape[len(places)] == s and not k:
            tests = []
        for test in tests:
            inside = test if inside is None else both(inside, test)
        places.append(at // (k + 1))
    value = read(0, tuple(places))
    return value if inside is None else Select(inside, value, Num(n.attrs["value"], n.dtype))


def _pad_grad(n: Node, g: Node) -> tuple[Node]:
    step = tuple(k + 1 for k in n.attrs["interior"])
    return (b.apply("slice", g, start=n.attrs["low"], size=n.inputs[0].shape, step=step),)


# --- concat ------------------------------------------------------------------------------------------------


def _concat_type(types: Types, attrs: Attrs) -> TensorType:
    first, axis = types[0], attrs["axis"]
    if not 0 <= axis < first.rank:
        raise ShapeFault(f"has no axis {axis}, this is {first}", (0,), code="axis")
    total: Size = 0
    for i, t in enumerate(types):
        if t.dtype != first.dtype:
            raise ShapeFault(f"needs one dtype, {first} and {t} differ", (0, i), code="dtype")
        if t.rank != first.rank or any(
            p != q for k, (p, q) in enumerate(zip(t.shape, first.shape, strict=True)) if k != axis
        ):
            raise ShapeFault(f"needs equal sizes on all axes but {axis}: {first} and {t}", (0, i), code="concat")
        total = total + t.shape[axis]
    shape = tuple(total if k == axis else s for k, s in enumerate(first.shape))
    kind = (
        first.kind if all(t.kind == first.kind for t in types) and first.kind and first.kind.name == "index" else None
    )
    return TensorType(first.dtype, shape, kind)


def _concat_expr(n: Node, index: Index, read: Read) -> Expr:
    axis = n.attrs["axis"]
    offsets: list[Size] = [0]
    for part in n.inputs[:-1]:
        offsets.append(offsets[-1] + part.shape[axis])

    def of(k: int) -> Expr:
        place = tuple(i - size_expr(offsets[k]) if j == axis else i for j, i in enumerate(index))
        value = read(k, place)
        if k == len(n.inputs) - 1:
            return value
        return Select(index[axis] < size_expr(offsets[k + 1]), value, of(k + 1))

    return of(0)


def _concat_grad(n: Node, g: Node) -> tuple[Node, ...]:
    axis, parts = n.attrs["axis"], []
    offset: Size = 0
    for x in n.inputs:
        start = tuple(offset if k == axis else 0 for k in range(x.type.rank))
        parts.append(b.apply("slice", g, start=start, size=x.shape, step=(1,) * x.type.rank))
        offset = offset + x.shape[axis]
    return tuple(parts)


FAMILY: tuple[Op, ...] = (
    Op("reshape", ("x",), "The same elements under another shape; one size may be -1.", _reshape_type,
       lambda x, shape: np.reshape(x, shape), View(), lambda n, g: (b.reshape(g, n.inputs[0].shape),), hidden=True,
       keeps_kind=True, steps=reshaped, cases=(case((2, 6), shape=(3, 4)), case((2, 3, 2), shape=(12,)), case((1, 5), shape=(5,)))),
    Op("transpose", ("x",), "The axes in another order (reversed when none is given).", _transpose_type,
       lambda x, axes: np.ascontiguousarray(np.transpose(x, axes)),
       Indexed(lambda n, i, read: read(0, tuple(i[n.attrs["axes"].index(k)] for k in range(len(i))))),
       lambda n, g: (b.transpose(g, _inverse(n.attrs["axes"])),), hidden=True, keeps_kind=True, steps=transposed,
       cases=(case((2, 3), axes=(1, 0)), case(("batch", 3, 4), axes=(2, 0, 1)), case((2, 3, 4, 5), axes=(0, 2, 1, 3)))),
    Op("broadcast_to", ("x",), "Repeated along axes of size 1 and new leading axes.", _broadcast_type,
       lambda x, shape: np.ascontiguousarray(np.broadcast_to(x, shape)),
       Indexed(lambda n, i, read: read(0, source_index(n.inputs[0].shape, i))),
       lambda n, g: (b.unbroadcast(g, n.inputs[0].shape),), hidden=True, keeps_kind=True, steps=aligned,
       cases=(case((3,), shape=(2, 3)), case((2, 1, 4), shape=(2, 3, 4)), case((), shape=(2, 2)))),
    Op("slice", ("x",), "A box of elements with steps: what `x[a:b:c]` becomes.", _slice_type, _slice_reference,
       Indexed(lambda n, i, read: read(0, tuple(
           e * p + size_expr(s) for e, s, p in zip(i, n.attrs["start"], n.attrs["step"], strict=True)))),
       _slice_grad, hidden=True, keeps_kind=True, steps=sliced,
       cases=(case((5, 6), start=(1, 0), size=(3, 6), step=(1, 1)), case((5, 6), start=(0, 5), size=(5, 3), step=(1, -2)),
              case((7, 3), start=(1, 2), size=(3, 1), step=(2, 1)))),
    Op("pad", ("x",), "Surrounded by a constant, and with `interior` constants between neighbours.", _pad_type, _pad_reference,
       Indexed(_pad_expr), _pad_grad, hidden=True, steps=surrounded,
       cases=(case((2, 3), low=(1, 0), high=(0, 2), interior=(0, 0), value=0.0),
              case((3, 2), low=(0, 1), high=(2, 0), interior=(1, 2), value=1.5))),
    Op("concat", ("x",), "Joined along an axis.", _concat_type, lambda *x, axis: np.concatenate(x, axis=axis),
       Indexed(_concat_expr), _concat_grad, variadic=True, hidden=True, steps=behind,
       cases=(case((2, 3), (2, 4), axis=1), case((1, 3), (2, 3), (3, 3), axis=0), case(("batch", 2), ("batch", 5), axis=1))),
)  # fmt: skip
