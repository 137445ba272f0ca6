"""What the training loop and the callbacks stand on: a compiled model that can take steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypeAlias

import numpy as np

from nndsl.data.learned import Learned

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
Batch: TypeAlias = Mapping[str, Array]
Logs: TypeAlias = dict[str, float]


class Trainable(Protocol):
    """The part of a Session that training uses. Arrays are live: a step changes them in place."""

    params: dict[str, Array]
    states: dict[str, Array]
    slots: dict[str, Array]
    step: int

    @property
    def metric_names(self) -> tuple[str, ...]: ...
    @property
    def loss_names(self) -> tuple[str, ...]: ...
    @property
    def learning_rate(self) -> float: ...
    @learning_rate.setter
    def learning_rate(self, value: float) -> None: ...

    def prepare(self, *programs: str) -> None:
        """Compile ahead: "train", "evaluate", "predict"."""

    def train_step(self, batch: Batch) -> dict[str, float]:
        """One optimizer step; the losses of the batch."""

    def evaluate_step(self, batch: Batch) -> dict[str, float]:
        """The losses of a batch, nothing changed."""

    def reset_metrics(self) -> None:
        """Forget what metrics have seen."""

    def metric_results(self) -> dict[str, float]:
        """Metrics of everything since the reset."""


class CallbackModel(Protocol):
    """The part of a Model that callbacks use (`callback.model`)."""

    stop_training: bool

    @property
    def name(self) -> str: ...
    @property
    def learning_rate(self) -> float: ...
    @learning_rate.setter
    def learning_rate(self, value: float) -> None: ...

    @property
    def learned(self) -> Learned: ...

    def get_weights(self) -> dict[str, Array]:
        """Copies of params and states by name."""

    def set_weights(self, weights: Mapping[str, Array]) -> None:
        """Put back what get_weights gave."""

    def save(self, path: str, training: bool = False) -> None:
        """Write weights, with the optimizer's state when `training`."""


def reported_names(losses: tuple[str, ...], metrics: tuple[str, ...], validated: bool) -> tuple[str, ...]:
    """The keys that the logs of an epoch will have, in their order."""
    own = ("loss", *(losses if len(losses) > 1 else ()), *metrics)
    return own + tuple(f"val_{name}" for name in own) if validated else own
