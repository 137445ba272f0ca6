"""A linear model in plain NumPy that stands where a compiled session would: p = x @ w, mean squared error, SGD."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from nndsl.data.columns import DataSet, Dense
from nndsl.data.ports import Port
from nndsl.training.feed import Feed
from nndsl.training.trainable import Array

PORTS = (Port("x", "input", "f32", ("batch", 2)), Port("y", "target", "f32", ("batch", 1)))


class LinearSession:
    """Params `w`, state `seen`, slot `w/m`; metric `mae`."""

    engine = "numpy"
    threads = 1
    metric_names = ("mae",)
    loss_names: tuple[str, ...] = ()

    def __init__(self, learning_rate: float = 0.1) -> None:
        self.params = {"w": np.zeros((2, 1), np.float32)}
        self.states = {"seen": np.zeros((1,), np.float32)}
        self.slots = {"w/m": np.zeros((2, 1), np.float32)}
        self.step = 0
        self.learning_rate = learning_rate
        self.batches: list[Array] = []
        self.prepared: tuple[str, ...] = ()
        self._errors: list[Array] = []

    def prepare(self, *programs: str) -> None:
        self.prepared = programs

    def train_step(self, batch: Mapping[str, Array]) -> dict[str, float]:
        self.batches.append(batch["x"].copy())
        losses = self.evaluate_step(batch)
        _, gradient = self.value_and_grad(batch)
        self.slots["w/m"] += gradient["w"]
        self.params["w"] -= np.float32(self.learning_rate) * gradient["w"]
        self.states["seen"] += len(batch["x"])
        self.step += 1
        return losses

    def evaluate_step(self, batch: Mapping[str, Array]) -> dict[str, float]:
        error = batch["x"] @ self.params["w"] - batch["y"]
        self._errors.append(np.abs(error))
        return {"loss": float(np.mean(error**2))}

    def value_and_grad(self, batch: Mapping[str, Array]) -> tuple[float, dict[str, Array]]:
        error = batch["x"] @ self.params["w"] - batch["y"]
        return float(np.mean(error**2)), {"w": 2 * batch["x"].T @ error / len(error)}

    def predict(self, batch: Mapping[str, Array]) -> dict[str, Array]:
        return {"p": batch["x"] @ self.params["w"]}

    def reset_metrics(self) -> None:
        self._errors = []

    def metric_results(self) -> dict[str, float]:
        return {"mae": float(np.mean(np.concatenate(self._errors)))} if self._errors else {"mae": 0.0}


@dataclass
class Holder:
    """The part of a Model that callbacks use, over a session."""

    session: LinearSession = field(default_factory=LinearSession)
    name: str = "Linear"
    stop_training: bool = False
    saved: list[tuple[str, bool]] = field(default_factory=list)

    @property
    def learning_rate(self) -> float:
        return self.session.learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self.session.learning_rate = value

    def get_weights(self) -> dict[str, Array]:
        return {"w": self.session.params["w"].copy()}

    def set_weights(self, weights: Mapping[str, Array]) -> None:
        self.session.params["w"][:] = weights["w"]

    def save(self, path: str, training: bool = False) -> None:
        self.saved.append((path, training))


def rows(count: int, seed: int = 0) -> tuple[Array, Array]:
    """x (count, 2) and y = x @ [1, -2]."""
    x = np.random.default_rng(seed).normal(size=(count, 2)).astype(np.float32)
    return x, x @ np.array([[1.0], [-2.0]], np.float32)


def feed(count: int = 10, seed: int = 0) -> Feed:
    x, y = rows(count, seed)
    return Feed(DataSet({"x": Dense(x), "y": Dense(y)}), PORTS)
