"""Functions of the elements at one place."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce

import numpy as np

from nndsl.ir.graph import Node, const
from nndsl.ir.types import FLOATS
from nndsl.onnx.reading.call import Call, Convert, Value
from nndsl.onnx.reading.file import DTYPES, WIDENED, type_name
from nndsl.ops import build as b

UNARY = {
    "Abs": "abs", "Neg": "negative", "Sign": "sign", "Exp": "exp", "Log": "log", "Sqrt": "sqrt", "Tanh": "tanh",
    "Erf": "erf", "Sin": "sin", "Cos": "cos", "Tan": "tan", "Asin": "arcsin", "Acos": "arccos", "Atan": "arctan",
    "Sinh": "sinh", "Cosh": "cosh", "Asinh": "arcsinh", "Acosh": "arccosh", "Atanh": "arctanh", "Floor": "floor",
    "Ceil": "ceil", "Round": "round", "Sigmoid": "sigmoid", "Softplus": "softplus", "Not": "logical_not",
    "IsNaN": "isnan",
}  # fmt: skip
BINARY = {
    "Add": "add", "Sub": "subtract", "Mul": "multiply", "Less": "less", "LessOrEqual": "less_equal", "Equal": "equal",
    "And": "logical_and", "Or": "logical_or",
}  # fmt: skip


def plain(value: Node) -> Node:
    """The value without a kind: in ONNX numbers are numbers."""
    return b.as_type(value, value.type.without_kind()) if value.type.kind is not None else value


def unary(name: str) -> Convert:
    return lambda c: plain(b.apply(name, c.x()))


def binary(name: str) -> Convert:
    def convert(c: Call) -> Node:
        if c.version < 7 and "axis" in c.attrs:
            raise c.refused("before opset 7 it broadcast along an axis that it named")
        return b.apply(name, c.x(0), c.x(1))

    return convert


def function(build: Callable[[Call, Node], Node]) -> Convert:
    """A formula over one value."""
    return lambda c: build(c, c.x())


def several(combine: Callable[[Node, Node], Node]) -> Convert:
    """Any number of values, two at a time."""
    return lambda c: reduce(combine, c.all())


def mean(c: Call) -> Node:
    values = c.all()
    return b.div(reduce(b.add, values), float(len(values)))


def divide(c: Call) -> Node:
    """Whole numbers are cut off towards 0."""
    x, y = c.x(0), c.x(1)
    if x.dtype in FLOATS:
        return b.div(x, y)
    size = b.apply("floor_divide", b.apply("abs", x), b.apply("abs", y))
    return b.mul(size, b.mul(b.apply("sign", x), b.apply("sign", y)))


def power(c: Call) -> Node:
    x, y = c.x(0), c.x(1)
    if x.dtype in FLOATS:
        return b.power(x, b.cast(y, x.dtype))
    return b.cast(b.apply("round", b.power(b.cast(x, "f64"), b.cast(y, "f64"))), x.dtype)


def mod(c: Call) -> Node:
    x, y = c.x(0), c.x(1)
    if not c.attr("fmod", 0):
        return b.apply("mod", x, y)
    rest = b.apply("mod", b.apply("abs", x), b.apply("abs", y))  # with the sign of x
    return b.mul(rest, b.apply("sign", x))


def xor(c: Call) -> Node:
    x, y = c.x(0), c.x(1)
    return b.where(x, b.cast(b.apply("logical_not", y), "i32"), b.cast(y, "i32"))


def _xor(c: Call) -> Node:
    return b.cast(xor(c), "bool")


def cast(c: Call) -> Value:
    """To a type of ours; from a float to a whole number what is behind the point is cut off."""
    number = c.attr("to")
    dtype = DTYPES.get(number)
    if dtype is None:
        raise c.refused(f"there is no type {type_name(number)} here")
    if isinstance(c.args[0], np.ndarray) and c.args[0].dtype == object and dtype in ("i32", "i64"):
        return c.args[0]
    return as_dtype(c.x(), dtype)


def as_dtype(x: Node, dtype: str) -> Node:
    if dtype == "bool" and x.dtype != "bool":
        return b.apply("logical_not", b.equal(x, 0))
    if x.dtype in FLOATS and dtype in ("i32", "i64"):
        x = b.mul(b.apply("sign", x), b.apply("floor", b.apply("abs", x)))
    return b.cast(x, dtype)


def clip(c: Call) -> Node:
    """Low first, so that a high bound below it wins."""
    x = c.x()
    for position, attribute, bound in ((1, "min", b.maximum), (2, "max", b.minimum)):
        if c.has(position):
            x = bound(x, b.cast(c.x(position), x.dtype))
        elif attribute in c.attrs:
            x = bound(x, c.attrs[attribute])
    return x


def is_inf(c: Call) -> Node:
    x = c.x()
    hit = b.apply("isinf", x)
    if not c.attr("detect_negative", 1):
        hit = b.apply("logical_and", hit, b.less(0, x))
    if not c.attr("detect_positive", 1):
        hit = b.apply("logical_and", hit, b.less(x, 0))
    return hit


# --- activations -----------------------------------------------------------------------------------------


def relu(x: Node) -> Node:
    return b.maximum(x, 0)


def sigmoid(x: Node) -> Node:
    return plain(b.apply("sigmoid", x))


def leaky(x: Node, alpha: float) -> Node:
    return b.where(b.less(x, 0), b.mul(x, alpha), x)


def elu(x: Node, alpha: float) -> Node:
    return b.where(b.less(x, 0), b.mul(b.apply("expm1", b.minimum(x, 0)), alpha), x)


def selu(c: Call, x: Node) -> Node:
    return b.mul(elu(x, c.attr("alpha", 1.67326319217681884765625)), c.attr("gamma", 1.05070102214813232421875))


def celu(c: Call, x: Node) -> Node:
    alpha = c.attr("alpha", 1.0)
    return b.add(relu(x), b.minimum(b.mul(b.apply("expm1", b.div(b.minimum(x, 0), alpha)), alpha), 0))


def gelu(c: Call, x: Node) -> Node:
    if c.attr("approximate", "none") == "tanh":
        inner = b.mul(b.add(x, b.mul(b.mul(b.mul(x, x), x), 0.044715)), math.sqrt(2 / math.pi))
        return b.mul(b.mul(x, 0.5), b.add(b.apply("tanh", inner), 1))
    return b.mul(b.mul(x, 0.5), b.add(b.apply("erf", b.mul(x, math.sqrt(0.5))), 1))


def hard_sigmoid(x: Node, alpha: float, beta: float) -> Node:
    return b.maximum(b.minimum(b.add(b.mul(x, alpha), beta), 1), 0)


def softsign(x: Node) -> Node:
    return b.div(x, b.add(b.apply("abs", x), 1))


def mish(c: Call, x: Node) -> Node:
    return b.mul(x, b.apply("tanh", b.apply("softplus", x)))


def swish(c: Call, x: Node) -> Node:
    alpha = c.attr("alpha", 1.0)
    return b.mul(x, sigmoid(x if alpha == 1 else b.mul(x, alpha)))


def thresholded(x: Node, alpha: float) -> Node:
    return b.where(b.less(alpha, x), x, 0)


def shrink(c: Call, x: Node) -> Node:
    lambd, bias = c.attr("lambd", 0.5), c.attr("bias", 0.0)
    low = b.where(b.less(x, -lambd), b.add(x, bias), b.full(0, x.shape, x.dtype))
    return b.where(b.less(lambd, x), b.sub(x, bias), low)


def prelu(c: Call) -> Node:
    x = c.x()
    return b.where(b.less(x, 0), b.mul(x, c.x(1)), x)


def swiglu(c: Call) -> Node:
    """The gate, activated, times the value."""
    return b.mul(swish(c, c.x(0)), c.x(1))


def dropout(c: Call) -> tuple[Value, ...]:
    """Nothing in inference; what it drew in training is the runtime's own."""
    x = c.x()
    if c.has(2) and bool(c.known(2).reshape(-1)[0]) and c.number(1, "ratio", 0.5) > 0:
        raise c.refused("it draws random numbers of the runtime's own in training")
    return x, b.broadcast_to(const(True, "bool"), x.shape)


FAMILY: dict[str, Convert] = {
    **{name: unary(ours) for name, ours in UNARY.items()},
    **{name: binary(ours) for name, ours in BINARY.items()},
    "Greater": lambda c: b.less(c.x(1), c.x(0)),
    "GreaterOrEqual": lambda c: b.less_equal(c.x(1), c.x(0)),
    "Xor": _xor,
    "Div": divide,
    "Pow": power,
    "Mod": mod,
    "Sum": several(b.add),
    "Max": several(b.maximum),
    "Min": several(b.minimum),
    "Mean": mean,
    "Where": lambda c: b.where(c.x(0), c.x(1), c.x(2)),
    "Cast": cast,
    "CastLike": lambda c: as_dtype(c.x(), c.x(1).dtype),
    "Identity": lambda c: c.args[0],
    "Reciprocal": function(lambda c, x: b.div(1, x)),
    "Clip": clip,
    "IsInf": is_inf,
    "Relu": function(lambda c, x: relu(x)),
    "LeakyRelu": function(lambda c, x: leaky(x, c.attr("alpha", 0.01))),
    "Elu": function(lambda c, x: elu(x, c.attr("alpha", 1.0))),
    "Selu": function(selu),
    "Celu": function(celu),
    "Gelu": function(gelu),
    "HardSigmoid": function(lambda c, x: hard_sigmoid(x, c.attr("alpha", 0.2), c.attr("beta", 0.5))),
    "HardSwish": function(lambda c, x: b.mul(x, hard_sigmoid(x, 1 / 6, 0.5))),
    "Mish": function(mish),
    "Softsign": function(lambda c, x: softsign(x)),
    "Swish": function(swish),
    "ThresholdedRelu": function(lambda c, x: thresholded(x, c.attr("alpha", 1.0))),
    "Shrink": function(shrink),
    "PRelu": prelu,
    "SwiGLU": swiglu,
    "Dropout": dropout,
}

__all__ = ["FAMILY", "WIDENED", "as_dtype", "plain"]
