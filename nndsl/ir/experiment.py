"""What a `train` section says, and the update rule of its optimizer, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from nndsl.diagnostics import Span
from nndsl.ir.graph import Node, ParamSpec, Update
from nndsl.ir.rewrite import substitute


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


@dataclass(frozen=True)
class StepCall:
    """`normalize()` in a line of a data section: what is done to an input on its way to the model."""

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

    def of(self, param: ParamSpec, mark: str = "") -> UpdateRule:
        """The rule for another param of the same type: the graph over its leaves, with slots of its own.

        `mark` is put behind the names of the slots where the param has some from an earlier turn.
        """
        if param is self.param and not mark:
            return self
        gradient = gradient_of(param, self.gradient.span)
        leaves = {self.param.leaf: param.leaf, self.gradient: gradient}
        slots: list[ParamSpec] = []
        for slot in self.slots:
            name = param.name + slot.name.removeprefix(self.param.name) + mark
            leaves[slot.leaf] = replace(slot.leaf, attrs={"name": name}, name=name)
            slots.append(replace(slot, name=name, leaf=leaves[slot.leaf]))
        new = substitute([u.value for u in self.updates], leaves)
        updates = tuple(Update(leaves[u.target], new[u.value]) for u in self.updates)
        return UpdateRule(param, gradient, updates, tuple(slots))


def gradient_of(param: ParamSpec, span: Span | None) -> Node:
    """The leaf that stands for the gradient of a param in its rule."""
    return Node("input", (), {"name": "gradient"}, param.type.without_kind(), span, f"{param.name}.gradient")


@dataclass(frozen=True, eq=False, repr=False)
class Turn:
    """What one optimizer of a step does: it moves its params by the gradient of its losses.

    `drafts` has for each param it trains the rule of a param of the same type. `losses` are the names of the terms that
    it makes small, all of them where there are none; penalties are added to those. With `global_clipnorm`, all its
    gradients are scaled so that their joint norm is at most that. `mark` keeps its slots apart from those of a turn
    before it.
    """

    name: str
    drafts: tuple[tuple[ParamSpec, UpdateRule], ...]
    learning_rate: float | None
    schedule: Node | None = None
    global_clipnorm: float | None = None
    losses: tuple[str, ...] = ()
    mark: str = ""

    @cached_property
    def rules(self) -> tuple[UpdateRule, ...]:
        """One rule per param; made when a program needs them, since to check a file takes none."""
        return tuple(draft.of(param, self.mark) for param, draft in self.drafts)


@dataclass(frozen=True, eq=False, repr=False)
class Optimizer:
    """What moves the params in a step: mostly one turn, or several, each of which sees what those before it made."""

    turns: tuple[Turn, ...]

    @property
    def name(self) -> str:
        """The names of the optimizers, as messages and settings say them."""
        return " and ".join(turn.name for turn in self.turns)

    @property
    def rules(self) -> tuple[UpdateRule, ...]:
        """The rules of all turns."""
        return tuple(rule for turn in self.turns for rule in turn.rules)

    @property
    def learning_rate(self) -> float | None:
        """The number the runtime supplies as the scalar `learning_rate`, to which those of later turns are in a fixed
        proportion; None where schedules compute all rates from `step`."""
        return next((turn.learning_rate for turn in self.turns if turn.learning_rate is not None), None)

    @property
    def schedule(self) -> Node | None:
        """The first schedule, where no learning rate is a number."""
        if self.learning_rate is not None:
            return None
        return next((turn.schedule for turn in self.turns if turn.schedule is not None), None)


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
    steps: Mapping[str, tuple[StepCall, ...]] = field(default_factory=dict)
