"""Functions of `keras.ops` in functional models, `a + b` among them, as expressions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from nndsl.keras.arguments import Unsaid, number, numbers, truth, whole
from nndsl.keras.network import UNSAID, Layer, Network, Tensor

BINARY = {
    "Add": "+", "Subtract": "-", "Multiply": "*", "Divide": "/", "TrueDivide": "/", "Power": "**", "Matmul": "@",
    "Equal": "==", "NotEqual": "!=", "Greater": ">", "GreaterEqual": ">=", "Less": "<", "LessEqual": "<=",
    "LogicalAnd": "and", "LogicalOr": "or",
}  # fmt: skip
OF_TWO = {"Maximum": "maximum", "Minimum": "minimum"}
OF_ONE = {
    "Absolute": "abs", "Abs": "abs", "Exp": "exp", "Log": "log", "Sqrt": "sqrt", "Square": "square", "Sin": "sin",
    "Cos": "cos", "Tanh": "tanh", "Sigmoid": "sigmoid", "Relu": "relu", "Relu6": "relu6", "Softplus": "softplus",
    "Softsign": "softsign", "Silu": "silu", "Selu": "selu", "HardSigmoid": "hard_sigmoid", "HardSilu": "hard_silu",
    "LogSigmoid": "log_sigmoid", "Mish": "mish", "Expm1": "expm1", "Log1p": "log1p", "Rsqrt": "rsqrt", "Sign": "sign",
}  # fmt: skip
REDUCTIONS = {"Mean": "mean", "Sum": "sum", "Max": "max", "Min": "min", "Prod": "prod", "Var": "var", "Any": "any",
              "All": "all"}  # fmt: skip

ALSO_LAYERS = ("Add", "Subtract", "Multiply", "Maximum", "Minimum")
NO_LAYERS = frozenset({
    *BINARY, *OF_TWO, *OF_ONE, *REDUCTIONS, "Negative", "Gelu", "LeakyRelu", "Elu", "GetItem", "Stack", "Transpose",
    "ExpandDims", "Squeeze", "LogSoftmax",
}.difference(ALSO_LAYERS))  # fmt: skip


def recognized(network: Network) -> Network:
    """The model with its operations marked as such, which HDF5 files do not do: layers get what they join in a list."""

    def marked(layer: Layer) -> Layer:
        layer = replace(layer, inner=None if layer.inner is None else recognized(layer.inner))
        several = layer.kind in ALSO_LAYERS and any(len(call.args) > 1 for call in layer.calls)
        unsaid = layer.module == UNSAID and (layer.kind in NO_LAYERS or several)
        return replace(layer, module="keras.ops") if unsaid else layer

    return replace(network, layers=tuple(map(marked, network.layers)))


Atom = Callable[[Tensor], str]


def expression(layer: Layer, args: Sequence[object], kwargs: Mapping[str, object], atom: Atom) -> str:
    """The text of a call; `atom` gives that of a tensor. Raises Unsaid."""
    if given := [key for key, value in kwargs.items() if value is not None]:
        raise Unsaid(f"it is called with `{given[0]}`")
    kind, config = layer.kind, layer.config

    def operand(value: object) -> str:
        return atom(value) if isinstance(value, Tensor) else f"({number(value)})" if _negative(value) else number(value)

    def axes() -> str:
        axis = config.get("axis")
        last = "" if axis is None else f", axis={numbers(axis)}"
        return last + (", keepdims=true" if config.get("keepdims") is True else "")

    match kind, list(args):
        case _, [a, b] if kind in BINARY:
            return f"({operand(a)} {BINARY[kind]} {operand(b)})"
        case _, [a, b] if kind in OF_TWO:
            return f"{OF_TWO[kind]}({operand(a)}, {operand(b)})"
        case "Negative", [Tensor() as x]:
            return f"(-{atom(x)})"
        case _, [Tensor() as x] if kind in OF_ONE:
            return f"{OF_ONE[kind]}({atom(x)})"
        case _, [Tensor() as x] if kind in REDUCTIONS:
            return f"{REDUCTIONS[kind]}({atom(x)}{axes()})"
        case "Gelu", [Tensor() as x]:
            rough = truth(config.get("approximate", True)) == "true"
            return f"gelu({atom(x)}{', approximate=true' if rough else ''})"
        case "LeakyRelu", [Tensor() as x]:
            return f"leaky_relu({atom(x)}, {number(config.get('negative_slope', 0.2))})"
        case "Elu", [Tensor() as x]:
            return f"elu({atom(x)}, {number(config.get('alpha', 1.0))})"
        case "Softmax" | "LogSoftmax", [Tensor() as x]:
            name = "softmax" if kind == "Softmax" else "log_softmax"
            return f"{name}({atom(x)}, axis={whole(config.get('axis', -1))})"
        case "Concatenate", [list(parts)] if parts and all(isinstance(part, Tensor) for part in parts):
            joined = ", ".join(atom(part) for part in parts if isinstance(part, Tensor))
            return f"concat({joined}, axis={whole(config.get('axis', 0))})"
        case "Stack", [list(parts)] if parts and all(isinstance(part, Tensor) for part in parts):
            joined = ", ".join(atom(part) for part in parts if isinstance(part, Tensor))
            return f"stack([{joined}], axis={whole(config.get('axis', 0))})"
        case "Reshape", [Tensor() as x]:
            sizes = config.get("newshape")
            if not isinstance(sizes, list) or not sizes or sizes[0] not in (-1, None) or -1 in sizes[1:]:
                raise Unsaid("the new shape does not leave the samples apart")
            return f"({atom(x)} |> Reshape({numbers(sizes[1:])}))"
        case "Transpose", [Tensor() as x]:
            order = config.get("axes")
            return f"transpose({atom(x)}{'' if order is None else f', {numbers(order)}'})"
        case "ExpandDims", [Tensor() as x]:
            return f"expand_dims({atom(x)}, {whole(config.get('axis'))})"
        case "Squeeze", [Tensor() as x]:
            return f"squeeze({atom(x)}, {numbers(config.get('axis'))})"
        case "GetItem", [Tensor() as x, index]:
            places = index if isinstance(index, list) else [index]
            return f"{atom(x)}[{', '.join(_place(each) for each in places)}]"
    raise Unsaid("nndsl does not read this operation" if len(kind) < 40 else "nndsl does not read it")


def _place(value: object) -> str:
    """One part of an index."""
    match value:
        case None:
            return "none"
        case {"class_name": "__ellipsis__"}:
            return "..."
        case {"class_name": "__slice__", "config": dict(config)}:
            ends = ["" if config.get(key) is None else whole(config[key]) for key in ("start", "stop")]
            step = config.get("step")
            return ":".join(ends) + ("" if step is None else f":{whole(step)}")
    return whole(value)


def _negative(value: object) -> bool:
    return isinstance(value, int | float) and value < 0
