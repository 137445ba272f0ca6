"""Callbacks that write files: weights and a table of the history."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from nndsl.diagnostics import NndslError
from nndsl.problems.training import WrongCallbackArgument
from nndsl.problems.weights import CannotWrite
from nndsl.training.callback import Callback
from nndsl.training.monitor import MonitorCallback, require, require_bool
from nndsl.training.trainable import Logs
from nndsl.training.warn import remark


class ModelCheckpoint(MonitorCallback):
    """Save weights during training, as Keras' ModelCheckpoint; files are safetensors.

    `filepath` may hold `{epoch:02d}`, `{batch}` and any value of the logs, such as `{val_loss:.2f}`.
    `save_freq` is "epoch" or a number of batches. Unless `save_weights_only`, the optimizer's state is
    saved too. Raises NndslError (NN604) on arguments that cannot be, (NN612) where the file cannot be
    written.
    """

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: str | int = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        super().__init__(monitor, mode, initial_value_threshold=initial_value_threshold)
        require(self, "filepath", filepath, isinstance(filepath, str | os.PathLike), "a path")
        counts = isinstance(save_freq, int) and not isinstance(save_freq, bool) and save_freq >= 1
        require(self, "save_freq", save_freq, save_freq == "epoch" or counts, '"epoch" or a number of batches')
        require_bool(self, "save_best_only", save_best_only)
        require_bool(self, "save_weights_only", save_weights_only)
        self.filepath, self.verbose = os.fspath(filepath), verbose
        self.save_best_only, self.save_weights_only = save_best_only, save_weights_only
        self.save_freq = save_freq
        self._epoch = self._batches = 0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        if self.save_best_only:
            self.less_is_better()

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        if isinstance(self.save_freq, int):
            self._batches += 1
            if self._batches >= self.save_freq:
                self._batches = 0
                self._save(self._epoch, batch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self.save_freq == "epoch":
            self._save(epoch, None, logs)

    def _save(self, epoch: int, batch: int | None, logs: Logs | None) -> None:
        path = self._path(epoch, batch, logs or {})
        if self.save_best_only:
            current = self.current(logs)
            if current is None or not self.improves(current, self.best):
                return
            if self.verbose:
                before = "none" if self.best is None else f"{self.best:.5f}"
                remark(f"Epoch {epoch + 1}: {self.monitor} improved from {before} to {current:.5f}, saving to {path}")
            self.best = current
        elif self.verbose:
            remark(f"Epoch {epoch + 1}: saving model to {path}")
        try:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        except OSError as fault:
            raise NndslError(CannotWrite(None, path, fault.strerror or str(fault))) from None
        self.model.save(path, training=not self.save_weights_only)

    def _path(self, epoch: int, batch: int | None, logs: Logs) -> str:
        names: dict[str, Any] = {**logs, "epoch": epoch + 1}
        if batch is not None:
            names["batch"] = batch + 1
        try:
            return self.filepath.format(**names)
        except (KeyError, IndexError, ValueError, AttributeError) as fault:
            reason = f"filepath {self.filepath!r} cannot be filled in ({type(fault).__name__}: {fault})"
            there = ", ".join(f"{{{name}}}" for name in names)
            raise NndslError(WrongCallbackArgument(None, "ModelCheckpoint", reason, f"there are {there}")) from None


class CSVLogger(Callback):
    """Write a line an epoch to a CSV file: epoch (from 0) and all values, sorted by name, as Keras'
    CSVLogger.

    Raises NndslError (NN604) on arguments that cannot be, (NN612) where the file cannot be written.
    """

    def __init__(self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False) -> None:
        super().__init__()
        require(self, "filename", filename, isinstance(filename, str | os.PathLike), "a path")
        good = isinstance(separator, str) and len(separator) == 1 and separator not in '\r\n"'
        require(self, "separator", separator, good, "one character")
        require_bool(self, "append", append)
        self.filename, self.separator, self.append = os.fspath(filename), separator, append
        self.keys: list[str] | None = None
        self._header = True

    def on_train_begin(self, logs: Logs | None = None) -> None:
        path, self.keys = Path(self.filename), None
        try:
            self._header = not (self.append and path.exists() and path.stat().st_size > 0)
            path.open("a" if self.append else "w", encoding="utf-8").close()
        except OSError as fault:
            raise self._cannot(fault) from None

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        logs = logs or {}
        if self.keys is None:
            self.keys = sorted(logs)
        if self._header:
            self._header = False
            self._row(["epoch", *self.keys])
        self._row([epoch, *(logs.get(key, "NA") for key in self.keys)])

    def _row(self, cells: Iterable[object]) -> None:
        # Opened for each line: an interrupted training leaves no open file and a whole table.
        try:
            with open(self.filename, "a", encoding="utf-8", newline="") as file:
                csv.writer(file, delimiter=self.separator, lineterminator="\n").writerow(cells)
        except OSError as fault:
            raise self._cannot(fault) from None

    def _cannot(self, fault: OSError) -> NndslError:
        return NndslError(CannotWrite(None, self.filename, fault.strerror or str(fault)))
