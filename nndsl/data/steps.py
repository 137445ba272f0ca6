"""What a `data` section does to an input on its way to the model: `image = image |> rescale(1 / 255) |> normalize()`.

A step takes a batch [rows, …] and gives one. Steps that draw are for training alone: what they draw depends on the
seed, the epoch and the number of the row, and on nothing else, so neither on batches nor on threads.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from nndsl.data.columns import Array
from nndsl.data.rotation import rotated
from nndsl.ir.experiment import StepCall
from nndsl.ir.steps import bound

Shape = tuple[int, ...]


class Misfit(Exception):
    """A step cannot take arrays of this shape; the text says why."""


@dataclass(frozen=True)
class Draw:
    """Random numbers for the rows of a batch: `seed` and `epoch` name the pass, `rows` are numbers of rows."""

    seed: int
    epoch: int
    rows: Array

    def uniform(self, place: int) -> Array:
        """A number from 0 to below 1 for each row; `place` tells the draws of one row apart."""
        with np.errstate(over="ignore"):
            key = _mixed(np.uint64(self.seed & _ALL) ^ _mixed(np.uint64(self.epoch & _ALL) + np.uint64(place << 40)))
            bits = _mixed(self.rows.astype(np.uint64) ^ key)
        numbers: Array = (bits >> np.uint64(11)).astype(np.float64) / 2.0**53
        return numbers


_ALL = (1 << 64) - 1


def _mixed(words: Any) -> Any:
    """The finalizer of SplitMix64: every bit of the result depends on every bit of a word."""
    words = words + np.uint64(0x9E3779B97F4A7C15)
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))


class Step(Protocol):
    """One step. `place` is its number in the chain, `draw` is None outside of training."""

    def shape(self, given: Shape) -> Shape:
        """The shape of what `apply` gives. Raises Misfit."""

    def apply(self, batch: Array, draw: Draw | None, place: int, learned: Mapping[str, Array]) -> Array:
        """The batch after the step, in float."""


@dataclass(frozen=True)
class Rescale:
    """`rescale(scale, offset=0)`: scale * x + offset."""

    scale: float
    offset: float = 0.0

    def shape(self, given: Shape) -> Shape:
        return given

    def apply(self, batch: Array, draw: Draw | None, place: int, learned: Mapping[str, Array]) -> Array:
        kind = batch.dtype.type
        out: Array = batch * kind(self.scale)
        if self.offset:
            out += kind(self.offset)
        return out


@dataclass(frozen=True)
class Normalize:
    """`normalize(axis=-1)`: less the mean and over the standard deviation of the training part.

    One of each for every element of `axis`, or with `axis=none` for the whole input. What is the same in every row
    becomes 0.
    """

    axis: int | None = -1

    def shape(self, given: Shape) -> Shape:
        if self.axis is not None and not -len(given) < self.axis < len(given):
            raise Misfit(f"it has no axis {self.axis}")
        if self.axis == 0 and len(given) > 1:
            raise Misfit("axis 0 are its rows")
        return given

    def apply(self, batch: Array, draw: Draw | None, place: int, learned: Mapping[str, Array]) -> Array:
        mean, deviation = (self._spread(learned[name], batch) for name in ("mean", "deviation"))
        out = batch - mean
        out /= deviation
        return out

    def _spread(self, values: Array, batch: Array) -> Array:
        shape = [1] * batch.ndim
        if values.ndim and self.axis is not None:
            shape[self.axis] = len(values)
        return values.reshape(shape).astype(batch.dtype)

    def over(self, rank: int) -> tuple[int, ...]:
        """The axes that a mean is taken over."""
        kept = None if self.axis is None or rank == 1 else self.axis % rank
        return tuple(axis for axis in range(rank) if axis != kept)


@dataclass(frozen=True)
class Fill:
    """`fill("mean")`: the mean of the training part where a value is missing, one for each column; or a number."""

    value: float | None = None

    def shape(self, given: Shape) -> Shape:
        return given

    def apply(self, batch: Array, draw: Draw | None, place: int, learned: Mapping[str, Array]) -> Array:
        value = learned["fill"] if self.value is None else np.asarray(self.value)
        return np.where(np.isnan(batch), value.astype(batch.dtype), batch)


@dataclass(frozen=True)
class RandomFlip:
    """`random_flip("horizontal")`: left to right, one image in two; "vertical" top to bottom; "both" each by itself."""

    mode: str = "horizontal"

    def shape(self, given: Shape) -> Shape:
        _height_and_width(given)
        return given

    def apply(self, batch: Array, draw: Draw | None, place: int, learned: Mapping[str, Array]) -> Array:
        if draw is None:
            return batch
        out = batch
        for axis, name in ((2, "horizontal"), (1, "vertical")):
            if self.mode in (name, "both"):
                chosen = draw.uniform(2 * place + axis) < 0.5
                chosen = chosen.reshape(-1, *[1] * (batch.ndim - 1))
                out = np.where(chosen, np.flip(out, axis), out)
        return out


@dataclass(frozen=True)
class Crop:
    """`crop(height, width)`: the middle of each image."""

    height: int
    width: int

    def shape(self, given: Shape) -> Shape:
        height, width = _height_and_width(given)
        if height < self.height or width < self.width:
            raise Misfit(f"its images are {height} x {width}, and {self.height} x {self.width} are to be cut out")
        return (given[0], self.height, self.width, *given[3:])

    def apply(self, batch: Array, draw: Draw | None, place: int, learned: Mapping[str, Array]) -> Array:
        top, left = (batch.shape[1] - self.height) // 2, (batch.shape[2] - self.width) // 2
        return batch[:, top : top + self.height, left : left + self.width]


@dataclass(frozen=True)
class RandomCrop:
    """`random_crop(height, width, padding=0)`: a part anywhere in each image, outside of training its middle.

    Before it, `padding` zeros are put around the image.
    """

    height: int
    width: int
    padding: int = 0

    def shape(self, given: Shape) -> Shape:
        height, width = _height_and_width(given)
        around = 2 * self.padding
        return Crop(self.height, self.width).shape((given[0], height + around, width + around, *given[3:]))

    def apply(self, batch: Array, draw: Draw | None, place: int, learned: Mapping[str, Array]) -> Array:
        if self.padding:
            around = (self.padding, self.padding)
            batch = np.pad(batch, [(0, 0), around, around, *[(0, 0)] * (batch.ndim - 3)])
        if draw is None:
            return Crop(self.height, self.width).apply(batch, None, place, learned)
        out = np.empty((len(batch), self.height, self.width, *batch.shape[3:]), dtype=batch.dtype)
        tops = (draw.uniform(2 * place) * (batch.shape[1] - self.height + 1)).astype(np.int64)
        lefts = (draw.uniform(2 * place + 1) * (batch.shape[2] - self.width + 1)).astype(np.int64)
        for row, (top, left) in enumerate(zip(tops.tolist(), lefts.tolist(), strict=True)):
            out[row] = batch[row, top : top + self.height, left : left + self.width]
        return out


@dataclass(frozen=True)
class RandomRotation:
    """`random_rotation(degrees)`: by up to so much to either side, about the middle, bilinear; outside are zeros."""

    degrees: float

    def shape(self, given: Shape) -> Shape:
        _height_and_width(given)
        return given

    def apply(self, batch: Array, draw: Draw | None, place: int, learned: Mapping[str, Array]) -> Array:
        if draw is None:
            return batch
        angles = np.deg2rad((2 * draw.uniform(2 * place) - 1) * self.degrees)
        return rotated(batch, angles)


def _height_and_width(shape: Shape) -> tuple[int, int]:
    if len(shape) not in (3, 4):
        raise Misfit("images have the sizes [batch, height, width] or [batch, height, width, channels]")
    return shape[1], shape[2]


_CLASSES: Mapping[str, Callable[..., Step]] = {
    "rescale": Rescale,
    "normalize": Normalize,
    "fill": lambda value: Fill(None if value == "mean" else value),
    "random_flip": RandomFlip,
    "crop": Crop,
    "random_crop": RandomCrop,
    "random_rotation": RandomRotation,
}


def name_of(step: Step) -> str:
    """What a step is called in a data section: `random_flip`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(step).__name__).lower()


def chains_of(steps: Mapping[str, Sequence[StepCall]]) -> dict[str, tuple[Step, ...]]:
    """The steps of a data section, by input, ready to be done."""
    return {
        name: tuple(_CLASSES[call.name](**bound(call.name, call.args, call.kwargs)) for call in calls)
        for name, calls in steps.items()
    }
