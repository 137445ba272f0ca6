"""The callback that writes logs for TensorBoard, by the package tensorboardX (extra `tensorboard`)."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from nndsl.diagnostics import NndslError
from nndsl.problems.extras import ExtraMissing
from nndsl.problems.weights import CannotWrite
from nndsl.training.callback import Callback
from nndsl.training.monitor import require
from nndsl.training.trainable import Logs


class TensorBoard(Callback):
    """Write losses, metrics and the learning rate for TensorBoard, as Keras' TensorBoard: runs `train` and
    `validation` below `log_dir`, curves `epoch_loss`, `epoch_accuracy`, … over epochs.

    `update_freq` "batch" or a number of batches adds `batch_loss`, … over steps. `histogram_freq` is the number of
    epochs between histograms of all params, 0 for none. Raises NndslError (NN604) on arguments that cannot be, (NN616)
    without tensorboardX, (NN612) where the folder cannot be written.
    """

    def __init__(
        self, log_dir: str | os.PathLike[str] = "logs", histogram_freq: int = 0, update_freq: str | int = "epoch"
    ) -> None:
        super().__init__()
        require(self, "log_dir", log_dir, isinstance(log_dir, str | os.PathLike), "a path")
        require(self, "histogram_freq", histogram_freq, _count(histogram_freq, 0), "a number of epochs from 0 on")
        good = update_freq in ("epoch", "batch") or _count(update_freq, 1)
        require(self, "update_freq", update_freq, good, '"epoch", "batch" or a number of batches')
        self.log_dir = Path(log_dir)
        self.histogram_freq = histogram_freq
        self.update_freq = 1 if update_freq == "batch" else update_freq
        self._writers: dict[str, Any] = {}
        self._steps = 0
        try:
            from tensorboardX import SummaryWriter
        except ImportError:
            raise NndslError(ExtraMissing(None, "TensorBoard", "tensorboardX", "tensorboard")) from None
        self._make: Callable[[str], Any] = SummaryWriter

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._writer("train")

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._steps += 1
        if isinstance(self.update_freq, int) and self._steps % self.update_freq == 0:
            for name, value in (logs or {}).items():
                self._writer("train").add_scalar(f"batch_{name}", value, self._steps)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        for name, value in (logs or {}).items():
            part = "validation" if name.startswith("val_") else "train"
            self._writer(part).add_scalar(f"epoch_{name.removeprefix('val_')}", value, epoch)
        if "learning_rate" not in (logs or {}):
            self._writer("train").add_scalar("epoch_learning_rate", self.model.learning_rate, epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            for name, array in self.model.get_weights().items():
                if array.dtype.kind == "f" and np.isfinite(array).all():
                    self._writer("train").add_histogram(name.replace(".", "/"), array, epoch)
        # What is written here is seen by a TensorBoard that is open, and stays after Ctrl-C.
        for writer in self._writers.values():
            writer.flush()

    def on_train_end(self, logs: Logs | None = None) -> None:
        for writer in self._writers.values():
            writer.close()
        self._writers = {}

    def _writer(self, part: str) -> Any:
        """The log of a part of the data, begun when first asked for."""
        if part not in self._writers:
            place = self.log_dir / part
            try:
                self._writers[part] = self._make(str(place))
            except OSError as fault:
                raise NndslError(CannotWrite(None, str(place), (fault.strerror or str(fault)).lower())) from None
        return self._writers[part]


def _count(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least
