"""Which nodes of ONNX are layers of the library, and with which weights.

A recogniser gives nodes of op `layer`, which the text has as `x |> Dense(64)`, or of op `call`, a function of the
library; or None, and then the node goes the common way. Images are turned to have their channels last before a layer,
and back behind it; `layout` takes out what that leaves.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from nndsl.ir.dims import Size
from nndsl.ir.graph import Node
from nndsl.ir.types import TensorType
from nndsl.onnx.importing.images import conv, global_pool, pool
from nndsl.onnx.importing.made import Array, Option, Results, call, fixed, layer, short
from nndsl.onnx.reading.call import MALFORMED, Call
from nndsl.onnx.reading.windows import to_channels_first, to_channels_last
from nndsl.ops import build as b
from nndsl.ops.op import ShapeFault

# --- dense -----------------------------------------------------------------------------------------------


def gemm(c: Call) -> Results:
    kernel, bias = fixed(c, 1), fixed(c, 2)
    plain = not c.attr("transA", 0) and c.attr("alpha", 1.0) == 1 and c.attr("beta", 1.0) == 1
    if kernel is None or not plain or (c.has(2) and bias is None):
        return None
    kernel = kernel.T if c.attr("transB", 0) else kernel
    units = kernel.shape[1]
    if bias is not None and bias.size != units:
        return None
    return (dense(c.x(), kernel, None if bias is None else bias.reshape(units)),)


def dense(x: Node, kernel: Array, bias: Array | None) -> Node:
    if x.shape[-1] != kernel.shape[0]:
        raise ShapeFault(f"{x.type} is multiplied with a matrix of {kernel.shape[0]} rows")
    params = {"kernel": kernel} if bias is None else {"kernel": kernel, "bias": bias}
    options: list[Option] = [("", kernel.shape[1]), *([("use_bias", False)] if bias is None else [])]
    return layer("Dense", x, (*x.shape[:-1], kernel.shape[1]), options, params)


def matmul(c: Call) -> Results:
    kernel = fixed(c, 1)
    if kernel is None or kernel.ndim != 2 or not isinstance(c.args[0], Node) or c.x().type.rank < 2:
        return None
    return (dense(c.x(), kernel, None),)


def add(c: Call) -> Results:
    """A bias behind a product that nobody else reads."""
    for position in (0, 1):
        x, bias = c.args[position], fixed(c, 1 - position)
        if (
            isinstance(x, Node) and x.op == "layer" and x.attrs["kind"] == "Dense" and "bias" not in x.attrs["params"]
            and bias is not None and bias.ndim == 1 and bias.shape[0] == x.attrs["params"]["kernel"].shape[1]
            and x.attrs.get("alone", True)
        ):  # fmt: skip
            return (dense(x.inputs[0], x.attrs["params"]["kernel"], bias),)
    return None


# --- normalization ---------------------------------------------------------------------------------------


def batch_norm(c: Call) -> Results:
    weights = [fixed(c, k) for k in range(1, 5)]
    x = c.x()
    if (
        any(w is None for w in weights)
        or c.attr("training_mode", 0)
        or x.type.rank < 2
        or len([r for r in c.results if r]) > 1
    ):
        return None
    gamma, beta, mean, variance = weights
    options: list[Option] = [("epsilon", short(c.attr("epsilon", 1e-5)))]
    if x.type.rank == 2:
        image = x
    else:
        image = to_channels_last(x)
    found = layer("BatchNormalization", image, image.shape, options, {"gamma": gamma, "beta": beta},
                  {"moving_mean": mean, "moving_variance": variance})  # fmt: skip
    return (found if x.type.rank == 2 else to_channels_first(found),)


def layer_norm(c: Call) -> Results:
    scale, shift = fixed(c, 1), fixed(c, 2)
    x = c.x()
    last = c.axis(x.type.rank, -1) == x.type.rank - 1
    if scale is None or (c.has(2) and shift is None) or not last or c.wants(1) or c.wants(2) or scale.ndim != 1:
        return None
    options: list[Option] = [("epsilon", short(c.attr("epsilon", 1e-5)))]
    options += [("center", False)] if shift is None else []
    params = {"gamma": scale} if shift is None else {"gamma": scale, "beta": shift}
    return (layer("LayerNormalization", x, x.shape, options, params),)


# --- sequences -------------------------------------------------------------------------------------------


def gather(c: Call) -> Results:
    """A table looked up at indices that are an input is an embedding."""
    table = fixed(c, 0)
    places = c.args[1]
    if table is None or table.ndim != 2 or c.attr("axis", 0) != 0 or not isinstance(places, Node):
        return None
    if places.op != "input" or places.type.kind is None or places.type.kind.count != table.shape[0]:
        return None
    options: list[Option] = [("", table.shape[0]), ("", table.shape[1])]
    return (layer("Embedding", places, (*places.shape, table.shape[1]), options, {"embeddings": table}),)


GATES = {"RNN": (0,), "GRU": (0, 1, 2), "LSTM": (0, 2, 3, 1)}
"""In which order the library has the gates of ONNX."""
KINDS = {"RNN": "SimpleRNN", "GRU": "GRU", "LSTM": "LSTM"}
ACTIVATIONS = {"RNN": ["tanh"], "GRU": ["sigmoid", "tanh"], "LSTM": ["sigmoid", "tanh", "tanh"]}


def recurrent(c: Call) -> Results:
    """Each direction a layer of its own; what stands there in reverse comes out in the order it was made."""
    kernels, backs, biases = (fixed(c, k) for k in (1, 2, 3))
    plain = not c.attr("clip", 0.0) and not c.attr("input_forget", 0) and not any(c.has(k) for k in (4, 5, 6, 7))
    if kernels is None or backs is None or (c.has(3) and biases is None) or not plain:
        return None
    names = [name.lower() for name in c.attr("activations") or []]
    directions = kernels.shape[0]
    if names and names != ACTIVATIONS[c.op] * directions:
        return None
    x = c.x() if c.attr("layout", 0) else b.transpose(c.x(), (1, 0, 2))
    units, (batch, time, _) = backs.shape[-1], x.shape
    found = []
    for d in range(directions):
        backwards = c.attr("direction", "forward") == "reverse" or d == 1
        found.append(_one_way(c, x, kernels[d], backs[d], None if biases is None else biases[d], backwards))
    steps = [b.reshape(b.transpose(y, (1, 0, 2)), (time, 1, batch, units)) for y, *_ in found]
    last = [[b.reshape(h, (1, batch, units)) for h in hs] for _, *hs in found]

    def joined(parts: list[Node], axis: int) -> Node:
        return parts[0] if len(parts) == 1 else b.apply("concat", *parts, axis=axis)

    results = [joined(steps, 1), *(joined([hs[k] for hs in last], 0) for k in range(len(last[0])))]
    if c.attr("layout", 0):
        results = [b.transpose(results[0], (2, 0, 1, 3)), *(b.transpose(h, (1, 0, 2)) for h in results[1:])]
    return tuple(results)


def _one_way(c: Call, x: Node, kernel: Array, back: Array, bias: Array | None, backwards: bool) -> list[Node]:
    """h of all steps [batch, time, units], and the last states, as far as they are read."""
    units, (batch, time, _) = back.shape[-1], x.shape

    def turned(matrix: Array) -> Array:
        parts = matrix.reshape(len(GATES[c.op]), units, -1)[list(GATES[c.op])]
        return np.ascontiguousarray(parts.reshape(-1, matrix.shape[-1]).T)

    params = {"kernel": turned(kernel), "recurrent_kernel": turned(back)}
    options: list[Option] = [("", units)]
    after = c.op == "GRU" and bool(c.attr("linear_before_reset", 0))
    if c.op == "GRU" and not after:
        options.append(("reset_after", False))
    if bias is None:
        options.append(("use_bias", False))
    else:
        both = np.stack([turned(part.reshape(-1, 1))[0] for part in bias.reshape(2, -1)])
        params["bias"] = both if after else both.sum(0)
    states = 2 if c.op == "LSTM" else 1
    all_steps, ends = c.wants(0), any(c.wants(k) for k in range(1, states + 1))
    options += [("return_sequences", True)] if all_steps else []
    options += [("return_state", True)] if (ends and all_steps) or c.wants(2) else []
    options += [("go_backwards", True)] if backwards else []
    several = ("return_state", True) in options
    sequence, state = (batch, time, units), (batch, units)
    made = layer(KINDS[c.op], x, sequence if all_steps else state, options, params, None, 1 + states if several else 1)
    if not several:
        h = made if not all_steps else None
        y = made if all_steps else b.full(0, sequence, "f32")
        return [_in_time(y, backwards) if all_steps else y, *[h if h is not None else b.full(0, state, "f32")] * states]
    parts = [Node("layer_part", (made,), {"index": k}, TensorType("f32", shape)) for k, shape in
             enumerate([made.shape, *[state] * states])]  # fmt: skip
    y = _in_time(parts[0], backwards) if all_steps else b.full(0, sequence, "f32")
    return [y, *parts[1:]]


def _in_time(y: Node, backwards: bool) -> Node:
    if not backwards:
        return y
    start: tuple[Size, ...] = (0, y.shape[1] - 1, 0)
    return b.apply("slice", y, start=start, size=y.shape, step=(1, -1, 1))


# --- activations and others ------------------------------------------------------------------------------


def named(name: str) -> Callable[[Call], Results]:
    return lambda c: (call(name, c.x()),)


def relu(c: Call) -> Results:
    return (call("relu", c.x()),) if c.x().dtype == "f32" else None


def leaky(c: Call) -> Results:
    return (call("leaky_relu", c.x(), ("negative_slope", short(c.attr("alpha", 0.01)))),)


def elu(c: Call) -> Results:
    alpha = short(c.attr("alpha", 1.0))
    return (call("elu", c.x(), *([("alpha", alpha)] if alpha != 1 else [])),)


def gelu(c: Call) -> Results:
    return (call("gelu", c.x(), *([("approximate", True)] if c.attr("approximate", "none") == "tanh" else [])),)


def clip(c: Call) -> Results:
    low, high = (c.number(k, name, default) if c.has(k) or name in c.attrs else default
                 for k, name, default in ((1, "min", -np.inf), (2, "max", np.inf)))  # fmt: skip
    if c.x().dtype == "f32" and (low, high) == (0, 6):
        return (call("relu6", c.x()),)
    return None


def hard_sigmoid(c: Call) -> Results:
    plain = abs(c.attr("alpha", 0.2) - 1 / 6) < 1e-6 and c.attr("beta", 0.5) == 0.5
    return (call("hard_sigmoid", c.x()),) if plain else None


def swish(c: Call) -> Results:
    return (call("silu", c.x()),) if c.attr("alpha", 1.0) == 1 else None


def reshape(c: Call) -> Results:
    """A batch of one that was written down as a number is any batch."""
    x = c.x()
    if not c.has(1) or (isinstance(c.args[1], np.ndarray) and c.args[1].dtype == object) or not x.shape:
        return None
    asked = [int(n) for n in c.known(1).reshape(-1)]
    rest = tuple(size for size in x.shape[1:] if isinstance(size, int))
    if isinstance(x.shape[0], int) or len(rest) < len(x.shape) - 1 or asked[:1] != [1] or c.attr("allowzero", 0):
        return None
    total = int(np.prod(rest))
    kept = [x.shape[k] if n == 0 and k < x.type.rank else n for k, n in enumerate(asked)][1:]
    sizes = [size for size in kept if isinstance(size, int)]
    if -1 in sizes:
        sizes[sizes.index(-1)] = total // -int(np.prod(sizes))
    return (b.reshape(x, (x.shape[0], *sizes)),) if int(np.prod(sizes)) == total else None


LOCAL_RESPONSE = """\
## x divided by a power of what the squares of the `size` channels around it add up to: local response normalization.
fn local_response(x: f32[batch, height, width, channels], size: int, alpha: float, beta: float,
                  bias: float) {
  before = floor((size - 1) / 2)
  squares = reshape(square(x), [batch, height * width, channels, 1])
  means = average_pool(squares, [1, size], strides=1, padding=[[0, 0], [before, size - 1 - before]],
                       count_padding=true)
  return x / (bias + alpha * reshape(means, shape(x))) ** beta
}
"""


def local_response(c: Call) -> Results:
    x = c.x()
    if x.type.rank != 4:
        return None
    options = [
        (name, short(c.attr(name, default))) for name, default in (("alpha", 1e-4), ("beta", 0.75), ("bias", 1.0))
    ]
    image = to_channels_last(x)
    attrs = {"name": "local_response", "options": [("size", c.attr("size")), *options], "definition": LOCAL_RESPONSE}
    return (to_channels_first(Node("helper", (image,), attrs, image.type)),)


LAYERS: dict[str, Callable[[Call], Results]] = {
    "LRN": local_response,
    "Reshape": reshape,
    "Gemm": gemm,
    "MatMul": matmul,
    "Add": add,
    "Conv": conv,
    "MaxPool": pool("Max"),
    "AveragePool": pool("Average"),
    "GlobalAveragePool": global_pool("Average"),
    "GlobalMaxPool": global_pool("Max"),
    "BatchNormalization": batch_norm,
    "LayerNormalization": layer_norm,
    "Gather": gather,
    "RNN": recurrent,
    "GRU": recurrent,
    "LSTM": recurrent,
    "Relu": relu,
    "LeakyRelu": leaky,
    "Elu": elu,
    "Gelu": gelu,
    "Clip": clip,
    "HardSigmoid": hard_sigmoid,
    "Swish": swish,
    "HardSwish": named("hard_silu"),
    "Mish": named("mish"),
    "Softsign": named("softsign"),
}


def recognised(c: Call) -> Results:
    """The results of a node that is a layer or a function of the library."""
    if c.op not in LAYERS or not any(isinstance(value, Node) for value in c.args):
        return None
    try:
        return LAYERS[c.op](c)
    except ShapeFault as fault:
        raise c.refused(fault.message) from None
    except MALFORMED:
        return None  # the common way says what is wrong
