"""What a model's inputs and targets ask of the arrays that are fed to them."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from nndsl.diagnostics import Span

NUMPY_DTYPES: dict[str, np.dtype[Any]] = {
    "f32": np.dtype(np.float32),
    "f64": np.dtype(np.float64),
    "i32": np.dtype(np.int32),
    "i64": np.dtype(np.int64),
    "bool": np.dtype(np.bool_),
}


@dataclass(frozen=True)
class Port:
    """One `input` or `target` of a model.

    `dims` holds sizes, and names or expressions (as text) for sizes that the data fixes. `kind` is None, "index",
    "onehot", "binary", "prob" or "logits"; `count` is the n of `index<n>`. `span` is the declaration.
    """

    name: str
    role: str
    dtype: str
    dims: tuple[int | str, ...]
    kind: str | None = None
    count: int | None = None
    span: Span | None = None
    doc: str = ""

    @property
    def numpy_dtype(self) -> np.dtype[Any]:
        """The dtype that kernels take."""
        return NUMPY_DTYPES[self.dtype]

    @property
    def declared(self) -> str:
        """The type as the `.nn` file writes it: `index<46>[batch]`."""
        word = self.kind or self.dtype
        if self.count is not None and self.kind == "index":
            word = f"{word}<{self.count}>"
        return f"{word}[{', '.join(str(dim) for dim in self.dims)}]"

    @property
    def letter(self) -> str:
        """What help lines call the array: `x` for an input, `y` for a target."""
        return "x" if self.role == "input" else "y"


_OPERATORS: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.floordiv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}


def evaluate_dim(text: str, sizes: Mapping[str, int]) -> int | None:
    """The value of a dim such as `2 * n + 1`, or None where a name in it has no size yet."""

    def value(node: ast.expr) -> int | None:
        match node:
            case ast.Constant(value=int(number)):
                return number
            case ast.Name(id=name):
                return sizes.get(name)
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                number_ = value(inner)
                return None if number_ is None else -number_
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                a, b = value(left), value(right)
                if a is None or b is None or (b == 0 and not isinstance(op, ast.Add | ast.Sub | ast.Mult)):
                    return None
                return _OPERATORS[type(op)](a, b)
        return None

    try:
        return value(ast.parse(text, mode="eval").body)
    except (SyntaxError, ValueError):
        return None
