"""What a `weights` section says: how each param of a model is made of the arrays of a file that others wrote."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from nndsl.diagnostics import Span


@dataclass(frozen=True)
class Stored:
    """`"fc1.weight"`: an array of the file."""

    key: str
    span: Span


@dataclass(frozen=True)
class Turned:
    """`"w".T`, `"w".permute(2, 3, 1, 0)`: the axes in another order, reversed where none is given."""

    of: Arrays
    axes: tuple[int, ...] | None
    span: Span


@dataclass(frozen=True)
class Reshaped:
    """`"w".reshape(3, 3, -1)`: another shape, in the order of the numbers."""

    of: Arrays
    shape: tuple[int, ...]
    span: Span


@dataclass(frozen=True)
class Cut:
    """`"w"[64:128]`: some rows of the first axis, columns of the second and so on."""

    of: Arrays
    places: tuple[slice | int, ...]
    span: Span


@dataclass(frozen=True)
class Joined:
    """`concat("a", "b", axis=0)`, and with an axis of its own `stack("a", "b")`."""

    parts: tuple[Arrays, ...]
    axis: int
    stacked: bool
    span: Span


@dataclass(frozen=True)
class Computed:
    """`"a" + "b"`, `2 * "a"`: arithmetic, element by element."""

    sign: str
    left: Arrays | float
    right: Arrays | float
    span: Span


Arrays: TypeAlias = Stored | Turned | Reshaped | Cut | Joined | Computed


@dataclass(frozen=True)
class Mapped:
    """One line: a param or state, and what it is made of."""

    name: str
    span: Span
    value: Arrays
