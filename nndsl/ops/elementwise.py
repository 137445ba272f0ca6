"""Ops on the elements at one place: arithmetic, functions of one number, choices."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from nndsl.ir.graph import Attrs, Node
from nndsl.ir.loops import Apply, Cast, Expr, Not, Num, Select, equal
from nndsl.ir.types import FLOATS, NUMPY_NAMES, Kind, TensorType, promote
from nndsl.lazy import np
from nndsl.ops import build as b
from nndsl.ops.op import Arg, Op, Pointwise, ShapeFault, Types, case


def broadcast(types: Types) -> tuple[Any, ...]:
    """The common shape of the inputs or a ShapeFault."""
    shape = b.broadcast_shapes(*(t.shape for t in types))
    if shape is None:
        raise ShapeFault("these shapes do not agree", blame=tuple(range(len(types))), code="broadcast")
    return shape


def numeric(types: Types, attrs: Attrs) -> TensorType:
    """Numbers of one dtype after promotion; bool counts as i32."""
    dtype = promote(*(t.dtype for t in types))
    return TensorType("i32" if dtype == "bool" else dtype, broadcast(types))


def floating(types: Types, attrs: Attrs) -> TensorType:
    """Floats only."""
    for i, t in enumerate(types):
        if t.dtype not in FLOATS:
            raise ShapeFault(f"needs floats, this is {t}", (i,), "cast it: `cast(x, f32)`", "dtype")
    return TensorType(promote(*(t.dtype for t in types)), broadcast(types))


def truth(types: Types, attrs: Attrs) -> TensorType:
    """Any numbers in, bool out."""
    return TensorType("bool", broadcast(types))


def logical(types: Types, attrs: Attrs) -> TensorType:
    for i, t in enumerate(types):
        if t.dtype != "bool":
            raise ShapeFault(f"needs bool, this is {t}", (i,), "compare it with something first: `x > 0`", "dtype")
    return TensorType("bool", broadcast(types))


def quotient(types: Types, attrs: Attrs) -> TensorType:
    """True division: integers give f32."""
    dtype = promote(*(t.dtype for t in types))
    return TensorType(dtype if dtype in FLOATS else "f32", broadcast(types))


def call(function: str) -> Callable[[Expr], Expr]:
    """A scalar function whose name in the runtime ends in the dtype: `exp_f32`."""
    return lambda x: Apply(f"{function}_{x.dtype}", (x,), x.dtype)


def plain(function: str) -> Callable[[Expr], Expr]:
    """A scalar function of one name for all dtypes."""
    return lambda x: Apply(function, (x,), x.dtype)


def unary(name: str, doc: str, reference: Callable[..., Any], expr: Callable[..., Expr], grad: Any,
          infer: Any = floating, low: float = -2.0, high: float = 2.0, smooth: bool = True) -> Op:  # fmt: skip
    """The record of a function of one number; `grad(n, g)` gives the one gradient."""
    cases = (
        case((2, 3), least=low, most=high, smooth=smooth),
        case(("batch", 17), least=low, most=high, smooth=smooth),
    )
    wrapped = (lambda n, g: (grad(n, g),)) if grad else None
    return Op(name, ("x",), doc, infer, reference, Pointwise(expr), wrapped, cases=cases)


def _erf(x: Any) -> Any:
    from nndsl.ops.special import erf

    return erf(x)


def _erfinv(x: Any) -> Any:
    from nndsl.ops.special import erfinv

    return erfinv(x)


def _probability(types: Types, attrs: Attrs) -> TensorType:
    return replace(floating(types, attrs), kind=Kind("prob"))


def _sigmoid(x: Any) -> Any:
    e = np.exp(-np.abs(x))
    return (np.where(x >= 0, 1, e) / (1 + e)).astype(x.dtype)


UNARY = (
    unary("negative", "-x", lambda x: -x, lambda x: -x, lambda n, g: b.neg(g), numeric),
    unary("abs", "The absolute value; its gradient at 0 is 0.", lambda x: np.abs(x), plain("abs"),
          lambda n, g: b.mul(g, b.apply("sign", n.inputs[0])), numeric, 0.1, 2),
    unary("sign", "-1, 0 or 1.", lambda x: np.sign(x), plain("sign"), None, numeric, smooth=False),
    unary("exp", "e to the x.", lambda x: np.exp(x), call("exp"), lambda n, g: b.mul(g, n)),
    unary("log", "The natural logarithm.", lambda x: np.log(x), call("log"), lambda n, g: b.div(g, n.inputs[0]),
          low=0.1),
    unary("log1p", "log(1 + x), exact near 0.", lambda x: np.log1p(x), call("log1p"),
          lambda n, g: b.div(g, b.add(n.inputs[0], 1.0)), low=-0.9),
    unary("expm1", "exp(x) - 1, exact near 0.", lambda x: np.expm1(x), call("expm1"),
          lambda n, g: b.mul(g, b.add(n, 1.0))),
    unary("sqrt", "The square root.", lambda x: np.sqrt(x), plain("sqrt"), lambda n, g: b.div(g, b.mul(n, 2.0)),
          low=0.1),
    unary("tanh", "The hyperbolic tangent.", lambda x: np.tanh(x), call("tanh"),
          lambda n, g: b.mul(g, b.sub(1.0, b.mul(n, n)))),
    unary("erf", "The error function.", _erf, call("erf"),
          lambda n, g: b.mul(g, b.mul(b.exp(b.neg(b.mul(n.inputs[0], n.inputs[0]))), 2 / math.sqrt(math.pi)))),
    unary("erfinv", "The number whose error function is x.", _erfinv, call("erfinv"),
          lambda n, g: b.mul(g, b.mul(b.exp(b.mul(n, n)), math.sqrt(math.pi) / 2)), low=-0.9, high=0.9),
    unary("sin", "The sine of radians.", lambda x: np.sin(x), plain("sin"),
          lambda n, g: b.mul(g, b.apply("cos", n.inputs[0]))),
    unary("cos", "The cosine of radians.", lambda x: np.cos(x), plain("cos"),
          lambda n, g: b.neg(b.mul(g, b.apply("sin", n.inputs[0])))),
    unary("floor", "The greatest whole number not above x.", lambda x: np.floor(x), plain("floor"), None, smooth=False),
    unary("ceil", "The least whole number not below x.", lambda x: np.ceil(x), plain("ceil"), None, smooth=False),
    unary("round", "The nearest whole number, halves to even.", lambda x: np.rint(x), plain("rint"), None, smooth=False),
    unary("sigmoid", "1 / (1 + exp(-x)), without overflow.", _sigmoid, call("sigmoid"),
          lambda n, g: b.mul(g, b.mul(n, b.sub(1.0, n))), _probability, low=-6, high=6),
    unary("softplus", "log(1 + exp(x)), without overflow.", lambda x: np.logaddexp(x, np.zeros((), x.dtype)), call("softplus"),
          lambda n, g: b.mul(g, b.apply("sigmoid", n.inputs[0])), low=-6, high=6),
    Op("stop_gradient", ("x",), "x, through which no gradient flows.", lambda t, a: t[0].without_kind(), lambda x: x,
       Pointwise(lambda x: x), lambda n, g: (None,), keeps_kind=True, cases=(case((2, 3), smooth=False),)),
    Op("logical_not", ("x",), "True where x is false.", logical, lambda x: np.logical_not(x), Pointwise(lambda x: Not(x)),
       cases=(case(Arg((2, 3), "bool"), smooth=False),)),
    Op("isfinite", ("x",), "False where x is NaN or infinite.", truth, lambda x: np.isfinite(x),
       Pointwise(lambda x: Apply(f"is_finite_{x.dtype}", (x,), "bool") if x.dtype in FLOATS else equal(x, x)),
       cases=(case((2, 3), smooth=False), case(Arg((3,), "i32"), smooth=False))),
    Op("isnan", ("x",), "True where x is NaN.", truth, lambda x: np.isnan(x),
       Pointwise(lambda x: Apply(f"is_nan_{x.dtype}", (x,), "bool") if x.dtype in FLOATS else Not(equal(x, x))),
       cases=(case((2, 3), smooth=False), case(Arg((3,), "i32"), smooth=False))),
    Op("isinf", ("x",), "True where x is infinite.", truth, lambda x: np.isinf(x),
       Pointwise(lambda x: Apply(f"is_infinite_{x.dtype}", (x,), "bool") if x.dtype in FLOATS else Not(equal(x, x))),
       cases=(case((2, 3), smooth=False), case(Arg((3,), "i32"), smooth=False))),
)  # fmt: skip


def binary(name: str, doc: str, reference: Callable[..., Any], expr: Callable[..., Expr], grad: Any,
           infer: Any = numeric, low: float = -2.0, high: float = 2.0, smooth: bool = True) -> Op:  # fmt: skip
    """The record of a function of two numbers. `grad(n, g)` gives two gradients in the shape of the result."""

    def gradients(n: Node, g: Node) -> tuple[Node | None, ...]:
        return tuple(
            None if d is None else b.unbroadcast(d, x.shape) for d, x in zip(grad(n, g), n.inputs, strict=True)
        )

    def in_dtype(n_expr: Callable[..., Expr]) -> Callable[..., Expr]:
        return lambda x, y: n_expr(x, y)

    shapes: tuple[tuple[tuple[int | str, ...], tuple[int | str, ...]], ...]
    shapes = (((2, 3), (2, 3)), (("batch", 5), (5,)), (("batch", 5), ("batch", 1)), (("batch", 3, 5), (3, 1)))
    cases = tuple(case(*pair, least=low, most=high, smooth=smooth) for pair in shapes)
    return Op(
        name, ("x", "y"), doc, infer, reference, Pointwise(in_dtype(expr)), gradients if grad else None, cases=cases
    )


def _power_grads(n: Node, g: Node) -> tuple[Node | None, Node | None]:
    x, y = n.inputs
    of_x = b.mul(g, b.mul(y, b.power(x, b.sub(y, 1.0))))
    if y.op == "const":
        return of_x, None
    return of_x, b.mul(g, b.mul(n, b.log(b.where(b.less(0.0, x), x, 1.0))))


def _mod_grads(n: Node, g: Node) -> tuple[Node, Node]:
    """The rest is x - y * floor(x / y), and the floor stays as it is."""
    x, y = n.inputs
    return g, b.neg(b.mul(g, b.apply("floor", b.div(x, y))))


def _pick(test: Callable[[Node, Node], Node]) -> Callable[[Node, Node], tuple[Node, Node]]:
    """Gradients of maximum and minimum: to the winner; on a tie to the second (so relu'(0) is 0).

    Against a const the test reads the result, which is kept anyway, and not the input: max(x, c) > c where x > c.
    """

    def grads(n: Node, g: Node) -> tuple[Node, Node]:
        x, y = n.inputs
        wins = test(n if y.op == "const" else x, y)
        return b.where(wins, g, 0.0), b.where(wins, 0.0, g)

    return grads


def relation(name: str, sign: str, expr: Callable[..., Expr], reference: Callable[..., Any]) -> Op:
    """The record of a comparison."""
    return binary(name, f"x {sign} y", reference, expr, None, truth, smooth=False)


BINARY = (
    binary("add", "x + y", lambda x, y: x + y, lambda x, y: x + y, lambda n, g: (g, g)),
    binary("subtract", "x - y", lambda x, y: x - y, lambda x, y: x - y, lambda n, g: (g, b.neg(g))),
    binary("multiply", "x * y", lambda x, y: x * y, lambda x, y: x * y,
           lambda n, g: (b.mul(g, n.inputs[1]), b.mul(g, n.inputs[0]))),
    binary("divide", "x / y", lambda x, y: x / y, lambda x, y: x / y,
           lambda n, g: (b.div(g, n.inputs[1]), b.neg(b.div(b.mul(g, n), n.inputs[1]))), quotient, 0.5, 2),
    binary("power", "x ** y", lambda x, y: x**y, lambda x, y: Apply("power", (x, y), x.dtype), _power_grads, low=0.3, high=2),
    binary("maximum", "The greater of two; NaN wins.", lambda x, y: np.maximum(x, y),
           lambda x, y: Apply("maximum", (x, y), x.dtype), _pick(lambda x, y: b.less(y, x))),
    binary("minimum", "The lesser of two; NaN wins.", lambda x, y: np.minimum(x, y),
           lambda x, y: Apply("minimum", (x, y), x.dtype), _pick(lambda x, y: b.less(x, y))),
    binary("mod", "The rest of a division, with the sign of y.", lambda x, y: np.mod(x, y),
           lambda x, y: Apply("floor_mod", (x, y), x.dtype), _mod_grads, numeric, 0.5, 2),
    binary("floor_divide", "The quotient, rounded down.", lambda x, y: np.floor_divide(x, y),
           lambda x, y: Apply("floor_divide", (x, y), x.dtype), None, numeric, 0.5, 2, smooth=False),
    relation("less", "<", lambda x, y: x < y, lambda x, y: np.less(x, y)),
    relation("less_equal", "<=", lambda x, y: x <= y, lambda x, y: np.less_equal(x, y)),
    relation("equal", "==", lambda x, y: equal(x, y), lambda x, y: np.equal(x, y)),
    Op("logical_and", ("x", "y"), "True where both are.", logical, lambda x, y: np.logical_and(x, y),
       Pointwise(lambda x, y: Select(x, y, Num(False, "bool"))),
       cases=(case(Arg((2, 3), "bool"), Arg((2, 3), "bool"), smooth=False),)),
    Op("logical_or", ("x", "y"), "True where either is.", logical, lambda x, y: np.logical_or(x, y),
       Pointwise(lambda x, y: Select(x, Num(True, "bool"), y)),
       cases=(case(Arg((2, 3), "bool"), Arg((2, 3), "bool"), smooth=False),)),
)  # fmt: skip


def _where_type(types: Types, attrs: Attrs) -> TensorType:
    if types[0].dtype != "bool":
        raise ShapeFault(f"the condition must be bool, this is {types[0]}", (0,), "compare it: `x > 0`", "dtype")
    return TensorType(promote(types[1].dtype, types[2].dtype), broadcast(types))


def _where_grads(n: Node, g: Node) -> tuple[Node | None, ...]:
    condition, x, y = n.inputs
    return (
        None,
        b.unbroadcast(b.where(condition, g, 0.0), x.shape),
        b.unbroadcast(b.where(condition, 0.0, g), y.shape),
    )


def _cast_type(types: Types, attrs: Attrs) -> TensorType:
    return TensorType(attrs["dtype"], types[0].shape)


CHOICES = (
    Op("where", ("condition", "x", "y"), "x where the condition holds, else y.", _where_type,
       lambda c, x, y: np.where(c, x, y), Pointwise(lambda c, x, y: Apply("choose", (c, x, y), x.dtype)), _where_grads,
       cases=(case(Arg((2, 3), "bool"), (2, 3), (2, 3)), case(Arg(("batch", 1), "bool"), ("batch", 5), (5,)))),
    Op("cast", ("x",), "x as another dtype: `cast(x, f32)`.", _cast_type,
       lambda x, dtype: x.astype(NUMPY_NAMES[dtype]), Pointwise(lambda x: x),
       lambda n, g: (b.cast(g, n.inputs[0].dtype) if n.inputs[0].dtype in FLOATS and n.dtype in FLOATS else None,),
       hidden=True,
       cases=(case(Arg((2, 3), "i32", 0, 9), smooth=False, dtype="f32"), case(Arg((2, 3), "bool"), smooth=False, dtype="f32"),
              case((2, 3), smooth=False, dtype="i32"), case(("batch", 3), dtype="f64"))),
)  # fmt: skip

FAMILY: tuple[Op, ...] = (*UNARY, *BINARY, *CHOICES)

__all__ = ["FAMILY", "Cast", "broadcast", "floating", "numeric"]
