"""Cures that need knowledge of the library: which loss takes the kind at hand, what was left out of a pipe."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from nndsl.check.library import index, is_library
from nndsl.check.values import Function
from nndsl.diagnostics import Edit, Fix, Span
from nndsl.ir.dims import Dim, Size
from nndsl.ir.graph import Node

if TYPE_CHECKING:
    from nndsl.check.binding import Given

SPARSE = "sparse_categorical_crossentropy"
DENSE = "categorical_crossentropy"
BINARY = "binary_crossentropy"
BY_TARGET = {"index": SPARSE, "onehot": DENSE, "binary": BINARY}


LOSSES = ("mse", "mae", "mape", "msle", "huber", "log_cosh", "mean_squared_error", "mean_absolute_error")
RECURRENT = ("LSTM(", "GRU(", "SimpleRNN(")


def kind_cure(function: str, wanted: str, found: str, op: str = "") -> str | None:
    """What to write when `function` wants values of kind `wanted` and gets `found`, made by the op."""
    if function in BY_TARGET.values() and BY_TARGET.get(found, function) != function:
        return f"for {found} targets use `{BY_TARGET[found]}`"
    match wanted, found:
        case "onehot", "index":
            return "turn the indices into rows with `one_hot(y, n)`"
        case "index", "onehot":
            return "turn the rows into indices with `argmax(y)`"
        case "index", _:
            return "declare the data as `index<n>[…]`"
        case "logits", "prob":
            return "pass the value before softmax or sigmoid"
        case "prob", "logits":
            return "apply `softmax` or `sigmoid` first"
        case "binary", "index":
            return "declare labels of two classes as `binary[…]`; of several, compare with one: `label == 1`"
        case (("f32" | "f64"), "index") if op == "argmax":
            return "pass the values that `argmax` is taken of"
        case (("f32" | "f64"), "index") if function in LOSSES:
            return f"for class numbers use `{SPARSE}`; a number that is an amount is declared `f32[…]`"
        case (("f32" | "f64"), "index"):
            return (
                "indices are names, not amounts: use `one_hot(x, n)`, `multi_hot(x, n)`, or count with `cast(x, f32)`"
            )
    return None


def rank_cure(wanted: int, shape: tuple[Size, ...], node: Node) -> str | None:
    """What to write for a value with another number of axes than a signature has."""
    if wanted == 3 and len(shape) == 2 and node.span is not None and node.span.text.startswith(RECURRENT):
        return "give the layer before it `return_sequences=true`, so that it gives every step"
    if len(shape) > wanted and wanted == 2:
        return "put `|> Flatten()` before it to make one axis of all but the first"
    if len(shape) == wanted + 1 and shape[-1] == 1:
        return "drop the last axis: `x[:, 0]`" if wanted == 1 else "drop the last axis: `x[..., 0]`"
    missing = wanted - len(shape)
    if missing > 1 and wanted > 3:
        return f"`|> Reshape([{', '.join(['…'] * (wanted - 1))}])` lays the values of a row out in {wanted - 1} axes"
    return f"add {'an axis' if missing == 1 else 'axes'}: `x[...{', none' * missing}]`" if missing > 0 else None


def size_cure(wanted: Size, found: Size, node: Node) -> str | None:
    """What to write where a size of a value is `found` and another place made it `wanted`."""
    if isinstance(wanted, int) and isinstance(found, int):
        layer = units_of(node) if node.shape and node.shape[-1] == found else None
        if layer is not None:
            return f"give the {layer} {wanted} units, or make the other size {found}"
        return f"change one of the two sizes: {wanted} or {found}"
    return apart_cure([(wanted, found)])


def apart_cure(apart: Sequence[tuple[Size, Size]]) -> str | None:
    """What to write where pairs of sizes are names of sizes that the data brings."""
    if not all(isinstance(size, Dim) and size.name for pair in apart for size in pair):
        return None
    pairs = " and ".join(f"`{p}` and `{q}`" for p, q in dict.fromkeys(apart))
    return f"{pairs} can differ in the data: where they never do, give the inputs one name for them"


def units_of(node: Node) -> str | None:
    """The layer with units that a value comes from, by its name; activations are part of it."""
    while node.op in ("softmax", "sigmoid", "log_softmax") and not _of_layer(node):
        node = node.inputs[0]
    made = _of_layer(node)
    return made[1] if made is not None else None


def _of_layer(node: Node) -> re.Match[str] | None:
    return re.match(r"(Dense|EinsumDense|LSTM|GRU|SimpleRNN)\(", node.span.text) if node.span is not None else None


def row_cure(first: tuple[Size, ...], row: tuple[Size, ...], whole: bool) -> str | None:
    """What to write where the leading axes of two arguments are unlike; `whole` where they are all the axes."""
    if len(first) + 1 == len(row) and row[-1] == 1:
        return "drop the last axis of this one: `x[..., 0]`"
    if len(row) + 1 == len(first) and first[-1] == 1:
        return "drop the last axis of the other one: `x[..., 0]`"
    if len(row) > len(first) and row[: len(first)] == first:
        if whole and len(row) == len(first) + 1:
            return f"this one has {row[-1]} values where the other has one: end with `Dense(1)`, and take `x[..., 0]`"
        return "this one has more axes: put `|> Flatten()` before the last layer, or take one step, `x[:, -1]`"
    named = apart_cure([(p, q) for p, q in zip(first, row, strict=False) if p != q])
    if len(row) == len(first) and named is not None:
        return named
    if len(row) == len(first) and row[:-1] == first[:-1] and isinstance(first[-1], int) and isinstance(row[-1], int):
        return f"end with `Dense({first[-1]})`, or declare {row[-1]} values in the other one"
    if first and isinstance(first[0], Dim) and (not row or row[0] != first[0]):
        return f"each row of `{first[0]}` needs a value of its own: sum or average over other axes than the first"
    return None


def call_cure(function: Function, given: Sequence[Given], builds: bool) -> str | None:
    """What to write where the arguments of a call do not fit, in three cases that the signature does not explain.
    `builds` where it is the call that builds a layer, not the one that applies it."""
    if not given and function.role in ("init", "fn", "loss", "metric", "schedule"):
        return f"to pass the {ROLES.get(function.role, function.role)} itself, write `{function.name}` without brackets"
    layer = function.role == "layer" and function.takes_config
    if not layer or not builds:
        return None
    if any(isinstance(g.value, Node) and g.name is None for g in given):
        rest = ", ".join(g.span.text for g in given if not isinstance(g.value, Node))
        first = next(g.span.text for g in given if isinstance(g.value, Node))
        return f"what flows in stands before a pipe: `{first} |> {function.name}({rest})`"
    flowing = {p.name for p in function.definition.inputs or ()}
    named = next((g for g in given if g.name in flowing), None)
    if named is not None:
        built = ", ".join(g.span.text for g in given if g.name not in flowing)
        apart = f"`part = {function.name}({built})`, then `part(…, {named.span.text})`"
        return f"it is given where the layer is applied: {apart}"
    if function.definition.inputs is None:
        return f"what flows in stands in a second list: `layer {function.name}()(x: f32[...]) {{ … }}`"
    return None


ROLES = {"init": "initializer", "fn": "function"}


def named_loss(text: str) -> str | None:
    """For a loss or metric that is named in quotes, as in Keras."""
    if text in index() and not index()[text].private:
        return f"a loss or metric is called with what it compares: `{text}(target, output)`"
    return None


def other_loss(function: str, found: str, call: Span | None) -> tuple[Fix, ...]:
    """The call of a cross-entropy with the name of the one that takes targets of kind `found`.

    Safe between one-hot and integer targets, which say the same; `binary` ones go with another output too.
    """
    right = BY_TARGET.get(found, function)
    if function not in BY_TARGET.values() or right == function or call is None or is_library(call):
        return ()
    if not call.text.startswith(function):
        return ()
    name = Span(call.source, call.start, call.start + len(function))
    return (Fix(f"write `{right}`", (Edit(name, right),), safe=BINARY not in (function, right)),)


def without_softmax(name: str, call: Span) -> tuple[Fix, ...]:
    """The outer softmax taken away: of `softmax(x)` the brackets stay where they may matter."""
    if name != "softmax" or is_library(call):
        return ()
    text, whole = call.text, call.source.text
    if text in ("softmax", "softmax()"):
        before = whole[: call.start].rstrip()
        if not before.endswith("|>"):
            return ()
        place = Span(call.source, len(before[:-2].rstrip()), call.end)
        return (Fix("remove this softmax", (Edit(place, ""),), safe=True),)
    if not text.startswith("softmax(") or not text.endswith(")") or _several(text[8:-1]):
        return ()
    behind = whole[call.end :].lstrip(" \t")[:1]
    alone = whole[: call.start].rstrip()[-1:] in "=(,[" and behind in ("", "\n", ")", ",", "]")
    kept = text[8:-1].strip() if alone else text[7:]
    return (Fix("remove this softmax", (Edit(call, kept),), safe=True),)


def _several(arguments: str) -> bool:
    """Whether there is more than one argument, or none; strings do not occur in what softmax takes."""
    depth = 0
    for c in arguments:
        depth += (c in "([") - (c in ")]")
        if depth <= 0 and c in ",#\n=":
            return True
    return not arguments.strip()
