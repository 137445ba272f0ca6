"""RNN, GRU and LSTM: a scan for each direction, over what the inputs give in all steps at once.

ONNX has X [time, batch, features] (with `layout` 1 the batch first), and for each direction W [gates * n, features],
R [gates * n, n] and B [2 * gates * n].
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from nndsl.ir.dims import Size
from nndsl.ir.graph import Body, Node
from nndsl.ir.types import TensorType
from nndsl.onnx.reading import elementwise as e
from nndsl.onnx.reading.call import Call, Convert, Value, cut, joined
from nndsl.ops import build as b
from nndsl.ops.scan import make_scan, part

Function = Callable[[Node], Node]
GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
DEFAULTS = {"RNN": ["Tanh"], "GRU": ["Sigmoid", "Tanh"], "LSTM": ["Sigmoid", "Tanh", "Tanh"]}


def function(c: Call, name: str, alpha: float | None, beta: float | None) -> Function:
    """An activation by its name in ONNX."""

    def of(default: float) -> float:
        return default if alpha is None else alpha

    def and_of(default: float) -> float:
        return default if beta is None else beta

    match name.lower():
        case "sigmoid":
            return e.sigmoid
        case "tanh" | "softplus":
            return lambda x: b.apply(name.lower(), x)
        case "relu":
            return e.relu
        case "leakyrelu":
            return lambda x: e.leaky(x, of(0.01))
        case "elu":
            return lambda x: e.elu(x, of(1.0))
        case "hardsigmoid":
            return lambda x: e.hard_sigmoid(x, of(0.2), and_of(0.5))
        case "softsign":
            return e.softsign
        case "thresholdedrelu":
            return lambda x: e.thresholded(x, of(1.0))
        case "affine":
            return lambda x: b.add(b.mul(x, of(1.0)), and_of(0.0))
        case "scaledtanh":
            return lambda x: b.mul(b.apply("tanh", b.mul(x, and_of(1.0))), of(1.0))
    raise c.refused(f"there is no activation {name}")


@dataclass(frozen=True)
class Weights:
    """What one direction knows, turned so that rows are multiplied from the left."""

    kernel: Node
    recurrent: Node
    bias: Node | None
    recurrent_bias: Node | None
    peepholes: list[Node] | None
    functions: list[Function]


Step = Callable[[Node, Sequence[Node], Weights], list[Node]]
"""The new carries from what the inputs gave, the carries and the weights."""


def gate(x: Node, k: int, n: int) -> Node:
    """One of the gates that stand side by side."""
    return cut(x, 1, k * n, n)


def rnn_step(c: Call, n: int) -> Step:
    def step(x: Node, carried: Sequence[Node], w: Weights) -> list[Node]:
        return [w.functions[0](b.add(x, b.matmul(carried[0], w.recurrent)))]

    return step


def gru_step(c: Call, n: int) -> Step:
    """Gates z, r, h. With `linear_before_reset` r scales the product of h, else h itself."""

    def step(x: Node, carried: Sequence[Node], w: Weights) -> list[Node]:
        (h,) = carried
        f, g = w.functions[:2]
        if c.attr("linear_before_reset", 0):
            seen = b.matmul(h, w.recurrent)
            seen = seen if w.recurrent_bias is None else b.add(seen, w.recurrent_bias)
            z, r = (f(b.add(gate(x, k, n), gate(seen, k, n))) for k in range(2))
            new = g(b.add(gate(x, 2, n), b.mul(r, gate(seen, 2, n))))
        else:
            seen = b.matmul(h, cut(w.recurrent, 1, 0, 2 * n))
            z, r = (f(b.add(gate(x, k, n), gate(seen, k, n))) for k in range(2))
            new = g(b.add(gate(x, 2, n), b.matmul(b.mul(r, h), cut(w.recurrent, 1, 2 * n, n))))
        return [b.add(b.mul(b.sub(1, z), new), b.mul(z, h))]

    return step


def lstm_step(c: Call, n: int) -> Step:
    """Gates i, o, f, c."""

    def step(x: Node, carried: Sequence[Node], w: Weights) -> list[Node]:
        h, cell = carried
        f, g, out = w.functions[:3]
        sums = b.add(x, b.matmul(h, w.recurrent))

        def looked(k: int, at: Node) -> Node:
            value = gate(sums, k, n)
            return value if w.peepholes is None else b.add(value, b.mul(w.peepholes[k], at))

        i, forget = f(looked(0, cell)), f(looked(2, cell))
        forget = b.sub(1, i) if c.attr("input_forget", 0) else forget
        new = b.add(b.mul(forget, cell), b.mul(i, g(gate(sums, 3, n))))
        return [b.mul(f(looked(1, new)), out(new)), new]

    return step


STEPS = {"RNN": rnn_step, "GRU": gru_step, "LSTM": lstm_step}


def recurrent(kind: str) -> Convert:
    def convert(c: Call) -> tuple[Value, ...]:
        x = c.x()
        if c.attr("layout", 0):
            x = b.transpose(x, (1, 0, 2))
        n = c.attr("hidden_size") or int(str(c.x(2).shape[-1]))
        ways = {"forward": [False], "reverse": [True], "bidirectional": [False, True]}[c.attr("direction", "forward")]
        carries = 2 if kind == "LSTM" else 1
        found = [one_way(c, kind, x, d, n, backwards, carries) for d, backwards in enumerate(ways)]
        all_steps = joined([b.reshape(steps, (steps.shape[0], 1, *steps.shape[1:])) for _, steps in found], 1)
        last = [joined([b.reshape(h[k], (1, *h[k].shape)) for h, _ in found], 0) for k in range(carries)]
        if c.attr("layout", 0):
            all_steps = b.transpose(all_steps, (2, 0, 1, 3))
            last = [b.transpose(h, (1, 0, 2)) for h in last]
        return all_steps, *last

    return convert


def of_direction(value: Node, d: int) -> Node:
    return b.reshape(cut(value, 0, d, 1), value.shape[1:])


def weights_of(c: Call, kind: str, d: int, n: int, count: int) -> Weights:
    """What direction d knows. Biases of both sides are one, but where a reset gate comes between."""
    gates = GATES[kind]
    kernel, back = (b.transpose(of_direction(c.x(k), d), (1, 0)) for k in (1, 2))
    bias = of_direction(c.x(3), d) if c.has(3) else None
    own = b.reshape(cut(bias, 0, 0, gates * n), (1, gates * n)) if bias is not None else None
    other = b.reshape(cut(bias, 0, gates * n, gates * n), (1, gates * n)) if bias is not None else None
    apart = kind == "GRU" and c.attr("linear_before_reset", 0)
    if own is not None and other is not None and not apart:
        own, other = b.add(own, other), None
    peepholes = None
    if kind == "LSTM" and c.has(7):
        p = of_direction(c.x(7), d)
        i, o, f = (b.reshape(cut(p, 0, k * n, n), (1, n)) for k in range(3))
        peepholes = [i, o, f]
    names = c.attr("activations") or DEFAULTS[kind] * count
    each = len(DEFAULTS[kind])
    alphas, betas = list(c.attr("activation_alpha") or []), list(c.attr("activation_beta") or [])
    functions = []
    for k, name in enumerate(names):  # those that take none have no number in the lists
        takes = name.lower() in ("leakyrelu", "elu", "hardsigmoid", "thresholdedrelu", "affine", "scaledtanh")
        both = name.lower() in ("hardsigmoid", "affine", "scaledtanh")
        alpha = alphas.pop(0) if takes and alphas else None
        beta = betas.pop(0) if both and betas else None
        if d * each <= k < (d + 1) * each:
            functions.append(function(c, name, alpha, beta))
    return Weights(kernel, back, own, other, peepholes, functions)


def limited(c: Call, functions: list[Function]) -> list[Function]:
    """With `clip`, what goes into an activation is bounded."""
    limit = c.attr("clip", 0.0)
    if not limit:
        return functions

    def bounded(f: Function) -> Function:
        return lambda x: f(b.maximum(b.minimum(x, limit), -limit))

    return [bounded(f) for f in functions]


def one_way(c: Call, kind: str, x: Node, d: int, n: int, backwards: bool, carries: int) -> tuple[list[Node], Node]:
    """The last carries of one direction and h of all steps, [time, batch, n]."""
    time, batch = x.shape[:2]
    count = 2 if c.attr("direction", "forward") == "bidirectional" else 1
    w = weights_of(c, kind, d, n, count)
    w = Weights(w.kernel, w.recurrent, w.bias, w.recurrent_bias, w.peepholes, limited(c, w.functions))
    given = b.matmul(x, w.kernel)
    given = given if w.bias is None else b.add(given, w.bias)
    first = []
    for k in range(carries):
        if c.has(5 + k):
            start = c.x(5 + k)
            start = b.transpose(start, (1, 0, 2)) if c.attr("layout", 0) else start
            first.append(of_direction(start, d))
        else:
            first.append(b.full(0, (batch, n), x.dtype))
    return scanned(STEPS[kind](c, n), given, first, w, _steps_there(c, time, batch), backwards)


def _steps_there(c: Call, time: Size, batch: Size) -> Node | None:
    """Which steps each row has, [time, batch]; None where all have all."""
    if not c.has(4):
        return None
    steps = b.reshape(b.apply("arange", n=time, dtype="i32"), (time, 1))
    return b.less(steps, b.reshape(b.cast(c.x(4), "i32"), (1, batch)))


def scanned(step: Step, given: Node, first: list[Node], w: Weights, there: Node | None,
            backwards: bool) -> tuple[list[Node], Node]:  # fmt: skip
    """The scan. A step that a row does not have changes nothing and gives 0."""

    def leaf(name: str, dtype: str, shape: tuple[Size, ...]) -> Node:
        return Node("input", (), {"name": name}, TensorType(dtype, shape), name=name)

    carried = [leaf(f"carry_{k}", h.dtype, h.shape) for k, h in enumerate(first)]
    items = [leaf("x_t", given.dtype, given.shape[1:])]
    sequences = [given]
    if there is not None:
        items.append(leaf("there", "bool", there.shape[1:]))
        sequences.append(there)
    outside = [v for v in (w.recurrent, w.recurrent_bias, *(w.peepholes or [])) if v is not None]
    free = [leaf(f"free_{k}", v.dtype, v.shape) for k, v in enumerate(outside)]
    inner = dict(zip(outside, free, strict=True))
    bound = Weights(w.kernel, inner[w.recurrent], w.bias, inner[w.recurrent_bias] if w.recurrent_bias else None,
                    [inner[p] for p in w.peepholes] if w.peepholes else None, w.functions)  # fmt: skip
    new = step(items[0], carried, bound)
    shown = new[0]
    if there is not None:
        mask = b.reshape(items[1], (*items[1].shape, 1))
        new = [b.where(mask, now, before) for now, before in zip(new, carried, strict=True)]
        shown = b.where(mask, shown, b.full(0, shown.shape, shown.dtype))
    body = Body(tuple(carried), tuple(items), tuple(free), tuple(new), (shown,))
    scan = make_scan(first, sequences, outside, body, given.shape[0], backwards)
    return [part(scan, k) for k in range(len(first))], part(scan, len(first))


FAMILY: dict[str, Convert] = {kind: recurrent(kind) for kind in GATES}

__all__ = ["FAMILY", "np"]
