"""What the `test` sections of a file expect, as data: what is decided while checking, and what has to be run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from nndsl.diagnostics import Problem, Span
from nndsl.ir.experiment import TrainSpec
from nndsl.ir.graph import Model, Node, ParamSpec


@dataclass(frozen=True)
class Holds:
    """`expect shape(h) == [batch, 64]`: decided already. `found` is what stands left, `expected` what stands right."""

    span: Span
    holds: bool
    found: str
    expected: str
    op: str = ""


@dataclass(frozen=True, eq=False, repr=False)
class Close:
    """`expect close(value, expected)`: computed from constants and the first values of `params`.

    A number as `expected` is held against every element.
    """

    span: Span
    value: Node
    expected: Node | float
    tolerance: float
    params: tuple[ParamSpec, ...] = ()


@dataclass(frozen=True, eq=False, repr=False)
class Gradients:
    """`expect gradients`: the gradient of each param against finite differences."""

    span: Span
    model: Model
    tolerance: float


@dataclass(frozen=True, eq=False, repr=False)
class Overfits:
    """`expect overfits(8)`: so many made-up rows can be learnt by heart in at most `steps` steps."""

    span: Span
    model: Model
    train: TrainSpec
    rows: int
    steps: int


@dataclass(frozen=True, eq=False, repr=False)
class Refused:
    """`expect error NN201 { … }`: decided already. `found` is all that the checker says about the block."""

    span: Span
    code: str
    found: tuple[Problem, ...]


Expectation: TypeAlias = Holds | Close | Gradients | Overfits | Refused


@dataclass(frozen=True, eq=False, repr=False)
class NamedTest:
    """One `test` section. `span` is its name."""

    name: str
    span: Span
    expectations: tuple[Expectation, ...]
