"""nndsl as a contestant."""

from __future__ import annotations

import numpy as np
from workloads import Workload

import nndsl


class Contestant:
    """A workload's `.nn` file and a batch."""

    def __init__(self, workload: Workload, x: np.ndarray, y: np.ndarray, threads: int) -> None:
        self.model = nndsl.load(workload.path, seed=0, threads=threads, **workload.consts)
        self.batch = {"x": x, "y": y}
        self.one = x[:1].copy()

    def step(self) -> float:
        """One optimizer step; the loss before it."""
        return self.model.session.train_step(self.batch)["loss"]

    def predict(self) -> object:
        """The outputs for one row, as a user calls it."""
        return self.model.predict(self.one)
