"""Problems that only the data's sizes or a running model show."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nndsl.diagnostics import Problem


@dataclass(frozen=True)
class SizeRelation(Problem):
    """An index or slice of the model lies outside an axis whose size came with the data.

        input x: f32[batch, time]
        output h = x[:, 99]
        >>> model.predict(np.zeros((5, 80)))

    Feed longer data, or index in a way that fits every length.

        input x: f32[batch, time]
        output h = x[:, -1]
        >>> model.predict(np.zeros((5, 80)))
    """

    code = "NN540"
    title = "the data is too small for an index of the model"

    rest: str
    sizes: tuple[tuple[str, int], ...]

    @property
    def label(self) -> str:
        given = ", ".join(f"{name} = {size}" for name, size in self.sizes if name in self.rest)
        plain = re.fullmatch(r"(\w+) - (\d+)", self.rest)
        needed = f"{plain[1]} to be at least {plain[2]}" if plain else f"{self.rest} to be at least 0"
        return f"this needs {needed}, the data has {given}"

    @property
    def help(self) -> str:
        return "feed arrays that are long enough, or change the index"


@dataclass(frozen=True)
class SizeDivides(Problem):
    """A size that came with the data is divided by a number that does not go into it.

        input x: f32[batch, time]
        output h = x[:, : time / 2]
        >>> model.predict(np.zeros((5, 7)))

    Feed arrays whose sizes divide, or round in the model.

        input x: f32[batch, time]
        output h = x[:, : floor(time / 2)]
        >>> model.predict(np.zeros((5, 7)))
    """

    code = "NN541"
    title = "a size of the data does not divide evenly"

    size: str
    divisor: str
    sizes: tuple[tuple[str, int], ...]

    @property
    def label(self) -> str:
        given = ", ".join(f"{name} = {size}" for name, size in self.sizes)
        return f"this needs {self.size} to be divisible by {self.divisor}, the data has {given}"

    @property
    def help(self) -> str:
        whole = self.size if self.size.isidentifier() else f"({self.size})"
        return f"feed arrays whose sizes divide, or round: `floor({whole} / {self.divisor})`"


@dataclass(frozen=True)
class SizesRefused(Problem):
    """An `assert` of the model speaks of sizes that come with the data, and does not hold for this data.

        input x: f32[batch, time]
        assert time >= 3, "the window needs 3 steps"
        output h = x[:, :3]
        >>> model.predict(np.zeros((5, 2)))

    Feed arrays of which it is true.

        input x: f32[batch, time]
        assert time >= 3, "the window needs 3 steps"
        output h = x[:, :3]
        >>> model.predict(np.zeros((5, 3)))
    """

    code = "NN542"
    title = "an assertion does not hold for this data"

    text: str
    sizes: tuple[tuple[str, int], ...]

    @property
    def headline(self) -> str:
        return f"{self.title}: {self.text}"

    @property
    def label(self) -> str:
        return f"the data has {', '.join(f'{name} = {size}' for name, size in self.sizes)}"


@dataclass(frozen=True)
class FixedLearningRate(Problem):
    """The learning rate was to be set, but a schedule computes it in every step, or the optimizer has none.

        optimizer = Adam(learning_rate=CosineDecay(0.001, 1000))
        >>> model.learning_rate = 0.01

    Give the optimizer a number as its learning rate, or drop what sets it (`ReduceLROnPlateau` does, too).

        optimizer = Adam(learning_rate=0.001)
        >>> model.learning_rate = 0.01
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


FAMILY: tuple[type[Problem], ...] = (SizeRelation, SizeDivides, SizesRefused, FixedLearningRate)
