"""An axis brought to another size: the nearest element, or a mix of the two nearest, at the middle of each new place.

Place i of m looks at (i + 0.5) * n / m - 0.5 of an axis of n elements: the corners of the first and the last element
stay where they are, as in Keras and in PyTorch without `align_corners`. Beyond the middle of the outermost elements
these are repeated. No smoothing takes place where an axis becomes smaller.

Both ops are linear, and each is the other's gradient.
"""

from __future__ import annotations

from typing import Any

from nndsl.ir.dims import product
from nndsl.ir.graph import Attrs, Node
from nndsl.ir.types import FLOATS, Shape, TensorType
from nndsl.lazy import np
from nndsl.ops import build as b
from nndsl.ops.op import REQUIRED, Op, Ready, ShapeFault, Types, case

MODES = ("nearest", "bilinear")


def _type(types: Types, attrs: Attrs) -> TensorType:
    (t,), axis = types, attrs["axis"]
    if t.dtype not in FLOATS:
        raise ShapeFault(f"needs floats, this is {t}", (0,), "cast it: `cast(x, f32)`", "dtype")
    return TensorType(t.dtype, tuple(attrs["size"] if k == axis else s for k, s in enumerate(t.shape)))


def _between(small: int, large: int, mode: str) -> tuple[Any, Any, Any]:
    """For each new place the two old elements it lies between, and the weight of the second."""
    place = np.arange(large)
    if mode == "nearest":
        # In whole numbers, so that rounding does not decide where a place lies right between two elements.
        left = (2 * place + 1) * small // (2 * large)
        return left, left, np.zeros(large)
    middle = np.maximum((place + 0.5) * (small / large) - 0.5, 0.0)
    left = np.minimum(middle.astype(int), small - 1)
    return left, np.minimum(left + 1, small - 1), middle - left


def _weights(weight: Any, x: Any, axis: int) -> tuple[Any, Any]:
    """The weights of both elements, to multiply with x."""
    shaped = weight.reshape(*[1] * axis, -1, *[1] * (x.ndim - axis - 1))
    return (1 - shaped).astype(x.dtype), shaped.astype(x.dtype)


def _resize(x: Any, axis: int, size: int, mode: str) -> Any:
    left, right, weight = _between(x.shape[axis], size, mode)
    first, second = _weights(weight, x, axis)
    return np.ascontiguousarray(first * x.take(left, axis) + second * x.take(right, axis))


def _resize_grad(g: Any, axis: int, size: int, mode: str) -> Any:
    left, right, weight = _between(size, g.shape[axis], mode)
    out = np.zeros((*g.shape[:axis], size, *g.shape[axis + 1 :]), g.dtype)
    rows = np.moveaxis(out, axis, 0)
    for places, part in zip((left, right), _weights(weight, g, axis), strict=True):
        np.add.at(rows, places, np.moveaxis(part * g, axis, 0))
    return out


def _other(name: str) -> Any:
    def grad(n: Node, g: Node) -> tuple[Node]:
        axis = n.attrs["axis"]
        return (b.apply(name, g, axis=axis, size=n.inputs[0].shape[axis], mode=n.attrs["mode"]),)

    return grad


def _shapes(n: Node) -> tuple[Shape, ...]:
    """What lies before the axis, the axis, and what lies behind it."""
    axis = n.attrs["axis"]
    return tuple((product(s[:axis]), s[axis], product(s[axis + 1 :])) for s in (n.inputs[0].shape, n.shape))


def _numbers(n: Node) -> list[str]:
    return [str(n.attrs["mode"] == "nearest")]


CASES = (
    case(("batch", 4, 3), axis=1, size=8, mode="bilinear"), case((2, 5, 9), axis=1, size=3, mode="bilinear"),
    case((2, 1, 3), axis=1, size=4, mode="bilinear"), case(("batch", 3, 5), axis=2, size=11, mode="nearest"),
)  # fmt: skip
OPTIONS = {"axis": REQUIRED, "size": REQUIRED, "mode": "bilinear"}
FAMILY: tuple[Op, ...] = (
    Op("resize_axis", ("x",), "An axis brought to another size by looking between its elements.", _type, _resize,
       Ready("resize_axis", _shapes, _numbers), _other("resize_axis_grad"), options=OPTIONS, hidden=True, cases=CASES),
    Op("resize_axis_grad", ("g",), "The gradient of resize_axis.", _type, _resize_grad,
       Ready("resize_axis_grad", _shapes, _numbers), _other("resize_axis"), options=OPTIONS, hidden=True, cases=CASES),
)  # fmt: skip
