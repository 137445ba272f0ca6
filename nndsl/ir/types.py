"""Types of values: dtype, shape and value kind."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

from nndsl.ir.dims import Size, written

DTYPES = ("f32", "f64", "i32", "i64", "bool")
BYTES = {"f32": 4, "f64": 8, "i32": 4, "i64": 8, "bool": 1}
NUMPY_NAMES = {"f32": "float32", "f64": "float64", "i32": "int32", "i64": "int64", "bool": "bool"}
FLOATS = ("f32", "f64")
_RANK = {"bool": 0, "i32": 1, "i64": 2, "f32": 3, "f64": 4}

Shape: TypeAlias = tuple[Size, ...]


@dataclass(frozen=True)
class Kind:
    """What the numbers mean: `logits`, `prob`, `onehot`, `binary`, or `index` with the `count` of classes."""

    name: str
    count: Size | None = None

    def __str__(self) -> str:
        return f"{self.name}<{self.count}>" if self.count is not None else self.name


KINDS = ("logits", "prob", "onehot", "binary", "index")


@dataclass(frozen=True)
class TensorType:
    """`f32[batch, 64]`, `index<46>[batch]`, `prob[batch, 46]`."""

    dtype: str
    shape: Shape
    kind: Kind | None = None

    @property
    def rank(self) -> int:
        return len(self.shape)

    def with_shape(self, shape: Shape) -> TensorType:
        return replace(self, shape=shape)

    def without_kind(self) -> TensorType:
        return replace(self, kind=None)

    def __str__(self) -> str:
        word = str(self.kind) if self.kind else self.dtype
        return f"{word}[{shape_text(self.shape)}]"


def shape_text(shape: Shape) -> str:
    """`batch, 64`."""
    return ", ".join(written(size) for size in shape)


def promote(*dtypes: str) -> str:
    """The dtype of an operation over several: the widest; integers beside f32 give f32."""
    return max(dtypes, key=_RANK.__getitem__)


def scalar(dtype: str) -> TensorType:
    """The type of a single number."""
    return TensorType(dtype, ())
