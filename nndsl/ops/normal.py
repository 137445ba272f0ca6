"""softmax and log_softmax: ops of their own for their gradients and kinds, expanded before lowering."""

from __future__ import annotations

from nndsl.ir.graph import Attrs, Node
from nndsl.ir.types import FLOATS, Kind, TensorType
from nndsl.lazy import np
from nndsl.ops import build as b
from nndsl.ops.op import Expand, Op, ShapeFault, Types, case
from nndsl.ops.steps import behind


def _type(kind: Kind | None) -> object:
    def infer(types: Types, attrs: Attrs) -> TensorType:
        (t,) = types
        if t.dtype not in FLOATS:
            raise ShapeFault(f"needs floats, this is {t}", (0,), "cast it: `cast(x, f32)`", "dtype")
        if not 0 <= attrs["axis"] < t.rank:
            raise ShapeFault(f"has no axis {attrs['axis']}, this is {t}", (0,), code="axis")
        return TensorType(t.dtype, t.shape, kind)

    return infer


def _shifted(x: Node, axis: int) -> Node:
    return b.sub(x, b.stop_gradient(b.reduce("max", x, (axis,), keepdims=True)))


def expand_softmax(n: Node) -> Node:
    """exp(x - max) / sum: never overflows."""
    e = b.exp(_shifted(n.inputs[0], n.attrs["axis"]))
    return b.div(e, b.sum_(e, (n.attrs["axis"],), keepdims=True))


def expand_log_softmax(n: Node) -> Node:
    """(x - max) - log(sum(exp(x - max))): never the logarithm of a rounded probability."""
    shifted = _shifted(n.inputs[0], n.attrs["axis"])
    return b.sub(shifted, b.log(b.sum_(b.exp(shifted), (n.attrs["axis"],), keepdims=True)))


def _softmax_grad(n: Node, g: Node) -> tuple[Node]:
    weighted = b.mul(g, n)
    return (b.sub(weighted, b.mul(n, b.sum_(weighted, (n.attrs["axis"],), keepdims=True))),)


def _log_softmax_grad(n: Node, g: Node) -> tuple[Node]:
    p = b.apply("softmax", n.inputs[0], axis=n.attrs["axis"])
    return (b.sub(g, b.mul(p, b.sum_(g, (n.attrs["axis"],), keepdims=True))),)


def _softmax(x: object, axis: int) -> object:
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


def _log_softmax(x: object, axis: int) -> object:
    shifted = x - np.max(x, axis=axis, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))


CASES = (
    case((3, 5), axis=1),
    case(("batch", 46), axis=1),
    case((2, 3, 4), axis=1),
    case((4, 10), axis=1, least=-80, most=80, smooth=False),
)

FAMILY: tuple[Op, ...] = (
    Op("softmax", ("x",), "Probabilities from logits along an axis.", _type(Kind("prob")), _softmax,  # type: ignore[arg-type]
       Expand(expand_softmax), _softmax_grad, hidden=True, steps=behind, cases=CASES),
    Op("log_softmax", ("x",), "The logarithm of softmax, computed stably.", _type(None), _log_softmax,  # type: ignore[arg-type]
       Expand(expand_log_softmax), _log_softmax_grad, hidden=True, steps=behind, cases=CASES),
)  # fmt: skip
