"""Cures that need knowledge of the library: which loss takes the kind at hand."""

from __future__ import annotations

SPARSE = "sparse_categorical_crossentropy"
DENSE = "categorical_crossentropy"
BINARY = "binary_crossentropy"


def kind_cure(function: str, wanted: str, found: str) -> str | None:
    """What to write when `function` wants values of kind `wanted` and gets `found`."""
    by_target = {"index": SPARSE, "onehot": DENSE, "binary": BINARY}
    if function in by_target.values() and by_target.get(found, function) != function:
        return f"for {found} targets use `{by_target[found]}`"
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
