"""Cures that need knowledge of the library: which loss takes the kind at hand."""

from __future__ import annotations

from nndsl.check.library import is_library
from nndsl.diagnostics import Edit, Fix, Span

SPARSE = "sparse_categorical_crossentropy"
DENSE = "categorical_crossentropy"
BINARY = "binary_crossentropy"
BY_TARGET = {"index": SPARSE, "onehot": DENSE, "binary": BINARY}


def kind_cure(function: str, wanted: str, found: str) -> str | None:
    """What to write when `function` wants values of kind `wanted` and gets `found`."""
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
        case (("f32" | "f64"), "index"):
            return (
                "indices are names, not amounts: use `one_hot(x, n)`, `multi_hot(x, n)`, or count with `cast(x, f32)`"
            )
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
