"""Problems that only the data's sizes or a running model show."""

from __future__ import annotations

from dataclasses import dataclass

from nndsl.diagnostics import Problem


@dataclass(frozen=True)
class SizeRelation(Problem):
    """An index or slice of the model lies outside an axis whose size came with the data.

    Example: `x[:, 0:100]` where `x` is declared `f32[batch, time]`, and the arrays have 80 steps.

    Cure: feed longer data, or index in a way that fits every length (`x[:, -1]`).
    """

    code = "NN540"
    title = "the data is too small for an index of the model"

    rest: str
    sizes: tuple[tuple[str, int], ...]

    @property
    def label(self) -> str:
        given = ", ".join(f"{name} = {size}" for name, size in self.sizes)
        return f"this needs {self.rest} to be at least 0, the data has {given}"

    @property
    def help(self) -> str:
        return "feed arrays that are long enough, or change the index"


@dataclass(frozen=True)
class FixedLearningRate(Problem):
    """The learning rate was to be set, but a schedule computes it in every step, or the optimizer has none.

    Example: `ReduceLROnPlateau` beside `Adam(learning_rate=CosineDecay(0.001, 1000))`.

    Cure: give the optimizer a number as its learning rate, or drop what sets it.
    """

    code = "NN615"
    title = "the learning rate cannot be set"

    optimizer: str
    scheduled: bool

    @property
    def headline(self) -> str:
        why = "a schedule computes it" if self.scheduled else "it has none"
        return f"the learning rate of {self.optimizer} cannot be set: {why}"

    @property
    def help(self) -> str | None:
        return "give the optimizer a number as learning rate" if self.scheduled else None


FAMILY: tuple[type[Problem], ...] = (SizeRelation, FixedLearningRate)
