"""Angles, hyperbolic functions, and exponentials and logarithms of other bases than e.

Most are formulas over other ops, in forms that keep the digits of small arguments and do not overflow early; their
gradients are written out, since those are simpler than what would come of the formulas.
"""

from __future__ import annotations

import math
from typing import Any

from nndsl.ir.graph import Node
from nndsl.ir.loops import Apply
from nndsl.lazy import np
from nndsl.ops import build as b
from nndsl.ops.elementwise import binary, call, floating, plain, unary
from nndsl.ops.op import Expand, Op, case


def formula(name: str, doc: str, reference: Any, build: Any, grad: Any, low: float = -2.0, high: float = 2.0) -> Op:
    """A function of one number that is a formula: `build(x)` over other ops, `grad(n, g)` its gradient."""
    cases = (case((2, 3), least=low, most=high), case(("batch", 17), least=low, most=high))
    return Op(name, ("x",), doc, floating, reference, Expand(lambda n: build(n.inputs[0])), lambda n, g: (grad(n, g),),
              cases=cases)  # fmt: skip


def _root(x: Node) -> Node:
    return b.apply("sqrt", x)


def _by_circle(x: Node) -> Node:
    """sqrt(1 - x * x), exact near 1."""
    return _root(b.mul(b.sub(1.0, x), b.add(x, 1.0)))


def _sinh(x: Node) -> Node:
    """With t = exp(|x| / 2) - 1: sinh |x| = t * (t + 2) / 2 * (1 + 1 / (t + 1) ** 2), which overflows when sinh does."""
    t = b.apply("expm1", b.mul(b.apply("abs", x), 0.5))
    up = b.add(t, 1.0)
    size = b.mul(b.mul(b.mul(t, 0.5), b.add(t, 2.0)), b.add(b.div(1.0, b.mul(up, up)), 1.0))
    return b.mul(b.apply("sign", x), size)


def _cosh(x: Node) -> Node:
    """With e = exp(|x| / 2): e * e / 2 + 1 / (2 * e * e)."""
    e = b.exp(b.mul(b.apply("abs", x), 0.5))
    return b.add(b.mul(b.mul(e, 0.5), e), b.div(b.div(0.5, e), e))


def _arcsinh(x: Node) -> Node:
    """log(|x| + root) as log1p of what is above 1: |x| + |x| * |x| / (1 + root), with root = sqrt(x * x + 1).

    The root is taken of at most 2, so that nothing overflows.
    """
    size = b.apply("abs", x)
    large, ratio = b.maximum(size, 1.0), b.div(b.minimum(size, 1.0), b.maximum(size, 1.0))
    root = b.mul(large, _root(b.add(b.mul(ratio, ratio), 1.0)))
    return b.mul(b.apply("sign", x), b.apply("log1p", b.add(size, b.mul(size, b.div(size, b.add(root, 1.0))))))


def _arccosh(x: Node) -> Node:
    above = b.sub(x, 1.0)
    return b.apply("log1p", b.add(above, b.mul(_root(above), _root(b.add(x, 1.0)))))


def _arctan2_grads(n: Node, g: Node) -> tuple[Node, Node]:
    y, x = n.inputs
    over = b.div(g, b.add(b.mul(x, x), b.mul(y, y)))
    return b.mul(over, x), b.neg(b.mul(over, y))


FAMILY: tuple[Op, ...] = (
    formula("tan", "The tangent of radians.", lambda x: np.tan(x),
            lambda x: b.div(b.apply("sin", x), b.apply("cos", x)),
            lambda n, g: b.mul(g, b.add(b.mul(n, n), 1.0)), -1.4, 1.4),
    formula("arcsin", "The angle in radians whose sine is x.", lambda x: np.arcsin(x),
            lambda x: b.apply("arctan2", x, _by_circle(x)), lambda n, g: b.div(g, _by_circle(n.inputs[0])), -0.9, 0.9),
    formula("arccos", "The angle in radians whose cosine is x.", lambda x: np.arccos(x),
            lambda x: b.mul(b.apply("arctan2", _root(b.sub(1.0, x)), _root(b.add(x, 1.0))), 2.0),
            lambda n, g: b.neg(b.div(g, _by_circle(n.inputs[0]))), -0.9, 0.9),
    unary("arctan", "The angle in radians whose tangent is x.", lambda x: np.arctan(x), call("arctan"),
          lambda n, g: b.div(g, b.add(b.mul(n.inputs[0], n.inputs[0]), 1.0)), low=-6, high=6),
    binary("arctan2", "The angle in radians of the point (y, x), from -pi to pi.", lambda x, y: np.arctan2(x, y),
           lambda x, y: Apply(f"arctan2_{x.dtype}", (x, y), x.dtype), _arctan2_grads, floating, 0.2, 2),
    formula("sinh", "The hyperbolic sine.", lambda x: np.sinh(x), _sinh,
            lambda n, g: b.mul(g, b.apply("cosh", n.inputs[0]))),
    formula("cosh", "The hyperbolic cosine.", lambda x: np.cosh(x), _cosh,
            lambda n, g: b.mul(g, b.apply("sinh", n.inputs[0]))),
    formula("arcsinh", "The number whose hyperbolic sine is x.", lambda x: np.arcsinh(x), _arcsinh,
            lambda n, g: b.div(g, _root(b.add(b.mul(n.inputs[0], n.inputs[0]), 1.0))), -6, 6),
    formula("arccosh", "The number from 0 on whose hyperbolic cosine is x.", lambda x: np.arccosh(x), _arccosh,
            lambda n, g: b.div(g, b.mul(_root(b.sub(n.inputs[0], 1.0)), _root(b.add(n.inputs[0], 1.0)))), 1.1, 6),
    formula("arctanh", "The number whose hyperbolic tangent is x.", lambda x: np.arctanh(x),
            lambda x: b.mul(b.apply("log1p", b.div(b.mul(x, 2.0), b.sub(1.0, x))), 0.5),
            lambda n, g: b.div(g, b.mul(b.sub(1.0, n.inputs[0]), b.add(n.inputs[0], 1.0))), -0.9, 0.9),
    unary("exp2", "2 to the x.", lambda x: np.exp2(x), call("exp2"), lambda n, g: b.mul(g, b.mul(n, math.log(2)))),
    unary("log2", "The logarithm to base 2.", lambda x: np.log2(x), plain("log2"),
          lambda n, g: b.div(g, b.mul(n.inputs[0], math.log(2))), low=0.1),
    unary("log10", "The logarithm to base 10.", lambda x: np.log10(x), plain("log10"),
          lambda n, g: b.div(g, b.mul(n.inputs[0], math.log(10))), low=0.1),
)  # fmt: skip
