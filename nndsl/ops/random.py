"""Random arrays: each element is a function of a key and its place, whatever the number of threads.

The key is the scalar leaf `key`, new in every step; `stream` tells apart the draws of one step.
"""

from __future__ import annotations

from typing import Any

from nndsl.ir.graph import Attrs, Node
from nndsl.ir.loops import Apply, Expr, Num
from nndsl.ir.types import NUMPY_NAMES, TensorType
from nndsl.lazy import np
from nndsl.ops import draws
from nndsl.ops.op import REQUIRED, HostOnly, Indexed, Op, Types, case
from nndsl.ops.shape import Index, Read, size_expr


def _type(types: Types, attrs: Attrs) -> TensorType:
    return TensorType(attrs["dtype"], tuple(attrs["shape"]))


def _draw(name: str) -> Any:
    def reference(key: Any, shape: Any, dtype: str, stream: int) -> Any:
        return getattr(draws, name)(int(key), stream, shape, NUMPY_NAMES[dtype])

    return reference


def linear_index(n: Node, index: Index) -> Expr:
    """The place of an element in row-major order."""
    place: Expr = Num(0, "int")
    for i, size in zip(index, n.shape, strict=True):
        place = place * size_expr(size) + i
    return place


def _expr(name: str) -> Any:
    def expr(n: Node, index: Index, read: Read) -> Expr:
        place = linear_index(n, index)
        return Apply(f"{name}_{n.dtype}", (read(0, ()), Num(n.attrs["stream"], "int"), place), n.dtype)

    return expr


def _orthogonal(x: Any) -> Any:
    """The orthogonal factor of QR with the signs of R's diagonal, so that it is uniformly distributed."""
    tall = x if x.shape[0] >= x.shape[1] else x.T
    q, r = np.linalg.qr(np.asarray(tall, np.float64))
    q = q * np.sign(np.diag(r))
    return np.ascontiguousarray(q if x.shape[0] >= x.shape[1] else q.T).astype(x.dtype)


OPTIONS = {"shape": REQUIRED, "dtype": "f32", "stream": 0}


def draw(name: str, doc: str) -> Op:
    """The record of one distribution."""
    cases = (
        case(shape=(3, 50), dtype="f32", stream=1, smooth=False),
        case(shape=(70,), dtype="f64", stream=2, smooth=False),
    )
    return Op(
        f"random_{name}",
        ("key",),
        doc,
        _type,
        _draw(name),
        Indexed(_expr(name)),
        options=OPTIONS,
        hidden=True,
        cases=cases,
    )


FAMILY: tuple[Op, ...] = (
    draw("uniform", "Uniform numbers in [0, 1)."),
    draw("normal", "Numbers of mean 0 and deviation 1."),
    draw("truncated_normal", "Normal numbers, drawn again where they lie beyond two deviations."),
    Op("orthogonal_factor", ("x",), "The orthogonal factor of a matrix, for initial values.",
       lambda t, a: t[0].without_kind(), _orthogonal, HostOnly(), hidden=True),
)  # fmt: skip
