"""What a `train` section says, and the update rule of its optimizer, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from nndsl.diagnostics import Span
from nndsl.ir.graph import Node, ParamSpec, Update


@dataclass(frozen=True)
class SourceCall:
    """`npz("reuters.npz", words="x_train")`: where arrays come from, not yet read."""

    name: str
    args: tuple[object, ...]
    kwargs: Mapping[str, object]
    span: Span


@dataclass(frozen=True)
class CallbackCall:
    """`EarlyStopping(patience=3)` in a train section."""

    name: str
    args: tuple[object, ...]
    kwargs: Mapping[str, object]
    span: Span


@dataclass(frozen=True, eq=False, repr=False)
class UpdateRule:
    """How one param moves: a graph over the leaves `gradient` (an input) and the slots.

    `gradient` stands for the gradient of the loss; `updates` give the param and its slots their new values.
    """

    param: ParamSpec
    gradient: Node
    updates: tuple[Update, ...]
    slots: tuple[ParamSpec, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Optimizer:
    """The optimizer with one rule per param.

    `learning_rate` is the number the runtime supplies as the scalar `learning_rate`, or None where a schedule computes
    it from `step`. With `global_clipnorm`, all gradients are scaled so that their joint norm is at most that.
    """

    name: str
    rules: tuple[UpdateRule, ...]
    learning_rate: float | None
    schedule: Node | None = None
    global_clipnorm: float | None = None


@dataclass(frozen=True, eq=False, repr=False)
class TrainSpec:
    """A `train` section, resolved."""

    model: str
    span: Span | None
    optimizer: Optimizer
    epochs: int = 1
    batch_size: int = 32
    shuffle: bool = True
    seed: int | None = None
    validation_split: float = 0.0
    data: SourceCall | None = None
    validation: SourceCall | None = None
    test: SourceCall | None = None
    callbacks: tuple[CallbackCall, ...] = ()
