"""Ops as the language writes them, with brackets where they are needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from nndsl.ir.dims import Dim, Size, written
from nndsl.ir.graph import Node

PIPE, OR, AND, NOT, COMPARE, SUM, PRODUCT, MINUS, POWER, ATOM = range(10)
"""From loosest to tightest, as in the language."""


@dataclass(frozen=True)
class Text:
    """An expression, and how tightly it holds together."""

    text: str
    level: int

    def within(self, level: int) -> str:
        """As part of something that binds this tightly."""
        return self.text if self.level >= level else f"({self.text})"


class Values(Protocol):
    """Who knows the text of other nodes."""

    def of(self, node: Node) -> Text: ...


def value_text(value: Any) -> str:
    """A number, text, list or size."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return f'"{value}"' if type(value) is str else str(value)
        case Dim():
            return written(value)
        case list() | tuple():
            return f"[{', '.join(map(value_text, value))}]"
        case float() | np.floating():
            return number_text(float(value))
    return str(value)


def number_text(number: float) -> str:
    """As short as it can be in f32."""
    if np.isinf(number):
        return "-1e39" if number < 0 else "1e39"
    short = float(str(np.float32(number)))
    return repr(short if np.float32(short) == np.float32(number) else number)


def sizes(values: tuple[Size, ...]) -> str:
    return f"[{', '.join(written(v) if isinstance(v, Dim) else str(v) for v in values)}]"


BINARY = {
    "add": ("+", SUM), "subtract": ("-", SUM), "multiply": ("*", PRODUCT), "divide": ("/", PRODUCT),
    "mod": ("%", PRODUCT), "less": ("<", COMPARE), "less_equal": ("<=", COMPARE), "equal": ("==", COMPARE),
    "logical_and": ("and", AND), "logical_or": ("or", OR), "power": ("**", POWER),
}  # fmt: skip
SAME = {
    "abs", "exp", "log", "log1p", "expm1", "sqrt", "tanh", "erf", "erfinv", "sin", "cos", "tan", "arcsin", "arccos",
    "arctan", "sinh", "cosh", "arcsinh", "arccosh", "arctanh", "floor", "ceil", "round", "sigmoid", "softplus", "sign",
    "isfinite", "isnan", "isinf", "exp2", "log2", "log10",
}  # fmt: skip


def expression(node: Node, values: Values) -> Text | None:
    """An op over the texts of its inputs; None for one that the language has no word for."""
    op, inputs, attrs = node.op, node.inputs, node.attrs
    if op in BINARY:
        return _binary(node, values)
    if op in SAME:
        return function(values, op, inputs[0])
    if op in FUNCTIONS:
        return FUNCTIONS[op](node, values)
    match op:
        case "const":
            number = attrs["value"]
            text = value_text(number)
            return Text(text, MINUS if text.startswith("-") else ATOM)
        case "dim":
            size = written(attrs["size"])
            return Text(size, ATOM if size.isidentifier() else SUM)
        case "negative":
            return Text(f"-{values.of(inputs[0]).within(POWER)}", MINUS)
        case "logical_not":
            return Text(f"not {values.of(inputs[0]).within(COMPARE)}", NOT)
    return None


def _binary(node: Node, values: Values) -> Text:
    sign, level = BINARY[node.op]
    a, c = (values.of(x) for x in node.inputs)
    # Comparisons do not chain, and a power takes brackets on its left.
    left = level + 1 if node.op in ("less", "less_equal", "equal", "power") else level
    return Text(f"{a.within(left)} {sign} {c.within(level + 1)}", level)


def function(values: Values, name: str, x: Node, *options: str) -> Text:
    """`f(x, …)`, or `… |> f(…)` behind a pipe."""
    inner = values.of(x)
    if inner.level == PIPE:
        return Text(f"{inner.text} |> {name}({', '.join(options)})" if options else f"{inner.text} |> {name}", PIPE)
    return Text(f"{name}({', '.join([inner.text, *options])})", ATOM)


def several(values: Values, name: str, *inputs: Node, options: tuple[str, ...] = ()) -> Text:
    """A function of several values."""
    return Text(f"{name}({', '.join([*(values.of(x).text for x in inputs), *options])})", ATOM)


def _axes(node: Node) -> str:
    axes = node.attrs["axes"]
    return f"axis={axes[0] if len(axes) == 1 else list(axes)}"


def reduction(name: str) -> Callable[[Node, Values], Text]:
    def text(node: Node, values: Values) -> Text:
        (x,) = node.inputs
        whole = len(node.attrs["axes"]) == x.type.rank and name not in ("argmax", "argmin")
        return function(values, name, x, *([] if whole else [_axes(node)]))

    return text


def reshape(node: Node, values: Values) -> Text:
    (x,) = node.inputs
    kind = node.type.kind
    if x.shape == node.shape:  # said to be of another kind
        if kind is not None and kind.name == "index":
            return function(values, "as_index", x, value_text(kind.count))
        return values.of(x)
    flat = node.type.rank == 2 and x.type.rank > 2 and x.shape[0] == node.shape[0] and isinstance(x.shape[0], Dim)
    if flat:
        inner = values.of(x)
        return Text(f"{inner.within(PIPE)} |> Flatten()", PIPE)
    return function(values, "reshape", x, sizes(node.shape))


def transpose(node: Node, values: Values) -> Text:
    return function(values, "transpose", node.inputs[0], value_text(list(node.attrs["axes"])))


def broadcast(node: Node, values: Values) -> Text:
    return function(values, "broadcast_to", node.inputs[0], sizes(node.shape))


def slice_(node: Node, values: Values) -> Text:
    """As an index; axes at the end that stay are left out."""
    (x,) = node.inputs
    parts: list[str] = []
    for n, start, size, step in zip(x.shape, *(node.attrs[k] for k in ("start", "size", "step")), strict=True):
        if step == 1 and size == n:
            parts.append(":")
        elif step == -1 and size == n:
            parts.append("::-1")
        else:
            stop = start + (size - 1) * step + (1 if step > 0 else -1)
            end = "" if stop == n or (step < 0 and stop == -1) else value_text(stop)
            parts.append(f"{'' if start == 0 else value_text(start)}:{end}{'' if step == 1 else f':{step}'}")
    while parts and parts[-1] == ":":
        parts.pop()
    inner = values.of(x)
    return Text(f"{inner.within(ATOM)}[{', '.join(parts)}]", ATOM) if parts else inner


def pad(node: Node, values: Values) -> Text | None:
    if any(node.attrs["interior"]):
        return None
    widths = [[low, high] for low, high in zip(node.attrs["low"], node.attrs["high"], strict=True)]
    value = node.attrs["value"]
    return function(
        values, "pad", node.inputs[0], value_text(widths), *([f"value={value_text(value)}"] if value else [])
    )


def concat(node: Node, values: Values) -> Text:
    return several(values, "concat", *node.inputs, options=(f"axis={node.attrs['axis']}",))


def matmul(node: Node, values: Values) -> Text:
    texts = []
    for side, (x, turn) in enumerate(zip(node.inputs, ("ta", "tb"), strict=True)):
        text = values.of(x)
        if node.attrs.get(turn):
            text = Text(f"swapaxes({text.text}, -1, -2)", ATOM)
        texts.append(text.within(PRODUCT + side))
    return Text(" @ ".join(texts), PRODUCT)


def along(name: str, *options: str) -> Callable[[Node, Values], Text]:
    """A function of several values, with attributes of the same names."""

    def text(node: Node, values: Values) -> Text:
        last = (
            len(node.inputs) == 1 and node.attrs.get("axis") == node.type.rank - 1 and name not in ("cumsum", "cumprod")
        )
        given = [f"{key}={value_text(node.attrs[key])}" for key in options
                 if node.attrs[key] is not False and not (key == "axis" and last)]  # fmt: skip
        if len(node.inputs) == 1:
            return function(values, name, node.inputs[0], *given)
        return several(values, name, *node.inputs, options=tuple(given))

    return text


def call(node: Node, values: Values) -> Text:
    given = [f"{key}={value_text(v)}" for key, v in node.attrs["options"]]
    return function(values, node.attrs["name"], node.inputs[0], *given)


def cast(node: Node, values: Values) -> Text:
    return function(values, "cast", node.inputs[0], node.dtype)


def arange(node: Node, values: Values) -> Text:
    return Text(f"arange({value_text(node.attrs['n'])}, dtype={node.dtype})", ATOM)


def one_hot(node: Node, values: Values) -> Text:
    return function(values, "one_hot", node.inputs[0], value_text(node.attrs["n"]))


def _pairs(low: Any, high: Any) -> str:
    return value_text([[a, z] for a, z in zip(low, high, strict=True)])


def conv(node: Node, values: Values) -> Text:
    attrs = node.attrs
    options = (f"strides={value_text(list(attrs['strides']))}", f"padding={_pairs(attrs['low'], attrs['high'])}",
               f"dilation={value_text(list(attrs['dilation']))}", f"groups={attrs['groups']}")  # fmt: skip
    return several(values, "conv", *node.inputs, options=options)


def conv_transpose(node: Node, values: Values) -> Text | None:
    """With the padding that cuts the result to its size."""
    attrs, (y, kernel) = node.attrs, node.inputs
    rank = len(attrs["strides"])
    spans = [(int(str(kernel.shape[k])) - 1) * attrs["dilation"][k] + 1 for k in range(rank)]
    natural = [(y.shape[k + 1] - 1) * attrs["strides"][k] + spans[k] for k in range(rank)]
    high, more = [], []
    for k in range(rank):
        left = natural[k] - attrs["low"][k] - attrs["size"][k]
        high.append(left if not isinstance(left, int) or left > 0 else 0)
        more.append(-left if isinstance(left, int) and left < 0 else 0)
    options = [f"strides={value_text(list(attrs['strides']))}", f"padding={_pairs(attrs['low'], high)}",
               f"dilation={value_text(list(attrs['dilation']))}", f"groups={attrs['groups']}"]  # fmt: skip
    if any(more):
        options.append(f"output_padding={value_text(more)}")
    return several(values, "conv_transpose", y, kernel, options=tuple(options))


def pool(name: str) -> Callable[[Node, Values], Text | None]:
    def text(node: Node, values: Values) -> Text | None:
        attrs, x = node.attrs, node.inputs[0]
        if 0 in attrs["window"]:
            return None
        each = zip(node.shape[1:-1], attrs["strides"], attrs["window"], attrs["low"], x.shape[1:-1], strict=True)
        high = [max(0, h) if isinstance(h := (o - 1) * s + w - low - n, int) else 0 for o, s, w, low, n in each]
        options = [value_text(list(attrs["window"])), f"strides={value_text(list(attrs['strides']))}"]
        options += [f"padding={_pairs(attrs['low'], high)}"] if any((*attrs["low"], *high)) else []
        if name == "max_pool" or attrs["divide"] == "real":
            return function(values, name, x, *options)
        found = function(values, name, x, *options, *(["count_padding=true"] if len(options) > 2 else []))
        times = int(np.prod(attrs["window"])) if attrs["divide"] == "none" else 1
        return found if times == 1 else Text(f"{found.within(PRODUCT)} * {times}", PRODUCT)

    return text


def einsum(node: Node, values: Values) -> Text:
    texts = ", ".join(values.of(x).within(OR) for x in node.inputs)
    return Text(f'einsum("{node.attrs["spec"]}", {texts})', ATOM)


def resize_axis(node: Node, values: Values) -> Text | None:
    (x,) = node.inputs
    if not 0 < node.attrs["axis"] < x.type.rank - 1:
        return None
    return function(values, "resize", x, sizes(node.shape[1:-1]), f'interpolation="{node.attrs["mode"]}"')


FUNCTIONS: dict[str, Callable[[Node, Values], Text | None]] = {
    **{name: reduction(name) for name in ("sum", "prod", "max", "min", "argmax", "argmin")},
    "reshape": reshape,
    "transpose": transpose,
    "broadcast_to": broadcast,
    "slice": slice_,
    "pad": pad,
    "concat": concat,
    "matmul": matmul,
    "einsum": einsum,
    "call": call,
    "helper": call,
    "cast": cast,
    "arange": arange,
    "one_hot": one_hot,
    "conv": conv,
    "conv_input_grad": conv_transpose,
    "max_pool": pool("max_pool"),
    "pool_sum": pool("average_pool"),
    "resize_axis": resize_axis,
    "where": along("where"),
    "maximum": along("maximum"),
    "minimum": along("minimum"),
    "arctan2": along("arctan2"),
    "floor_divide": along("floor_divide"),
    "take": along("take"),
    "take_along_axis": along("take_along_axis", "axis"),
    "softmax": along("softmax", "axis"),
    "log_softmax": along("log_softmax", "axis"),
    "sort": along("sort", "axis", "descending"),
    "argsort": along("argsort", "axis", "descending"),
    "cumsum": along("cumsum", "axis", "reverse", "exclusive"),
    "cumprod": along("cumprod", "axis", "reverse", "exclusive"),
    "scatter_add": along("scatter_add", "n"),
}
