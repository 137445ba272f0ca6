"""Callbacks that end training or lower the learning rate: semantics of Keras 3."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable

from nndsl.diagnostics import NndslError
from nndsl.problems.training import WrongCallbackArgument
from nndsl.training.callback import Callback
from nndsl.training.monitor import (
    MonitorCallback,
    is_number,
    require,
    require_bool,
    require_count,
    require_number,
)
from nndsl.training.trainable import Array, Logs
from nndsl.training.warn import remark


class EarlyStopping(MonitorCallback):
    """Stop when `monitor` has not improved for `patience` epochs, as Keras' EarlyStopping.

    `restore_best_weights` puts back params and states of the best epoch. Raises NndslError (NN604) on
    arguments that cannot be.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        require_count(self, "patience", patience)
        require_count(self, "start_from_epoch", start_from_epoch)
        require_bool(self, "restore_best_weights", restore_best_weights)
        if baseline is not None:
            require_number(self, "baseline", baseline)
        self.patience, self.verbose, self.baseline = patience, verbose, baseline
        self.restore_best_weights, self.start_from_epoch = restore_best_weights, start_from_epoch
        self.wait = self.stopped_epoch = self.best_epoch = 0
        self.best_weights: dict[str, Array] | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        super().on_train_begin(logs)
        self.wait = self.stopped_epoch = self.best_epoch = 0
        self.best, self.best_weights = None, None

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        current = self.current(logs)
        if current is None or epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self.best_weights is None:
            self._remember(epoch)
        self.wait += 1
        if self.improves(current, self.best):
            self.best, self.best_epoch = current, epoch
            if self.restore_best_weights:
                self._remember(epoch)
            if self.baseline is None or self.improves(current, self.baseline):
                self.wait = 0
            return
        if self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.stopped_epoch > 0 and self.verbose:
            remark(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.best_weights is not None:
            if self.verbose:
                remark(f"Restoring model weights from the end of the best epoch: {self.best_epoch + 1}.")
            self.model.set_weights(self.best_weights)

    def _remember(self, epoch: int) -> None:
        self.best_weights, self.best_epoch = self.model.get_weights(), epoch


class ReduceLROnPlateau(MonitorCallback):
    """Multiply the learning rate by `factor` when `monitor` has not improved for `patience` epochs, as in
    Keras.

    Puts `learning_rate` into the logs. Raises NndslError (NN604) on arguments that cannot be.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        require(self, "factor", factor, is_number(factor) and 0 <= factor < 1, "at least 0 and below 1")
        require_count(self, "patience", patience)
        require_count(self, "cooldown", cooldown)
        require_number(self, "min_lr", min_lr, least=0)
        self.factor, self.patience, self.verbose = factor, patience, verbose
        self.cooldown, self.min_lr = cooldown, min_lr
        self.wait = self.cooldown_counter = 0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        super().on_train_begin(logs)
        # Set to what it is: where a schedule drives the rate, this says so now and not hours later.
        self.model.learning_rate = self.model.learning_rate
        self.wait = self.cooldown_counter = 0
        self.best = None

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if logs is not None:
            logs["learning_rate"] = self.model.learning_rate
        current = self.current({k: v for k, v in (logs or {}).items() if k != "learning_rate"})
        if current is None:
            return
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.wait = 0
        if self.improves(current, self.best):
            self.best, self.wait = current, 0
        elif self.cooldown_counter <= 0:
            self.wait += 1
            if self.wait >= self.patience:
                self._reduce(epoch)

    def _reduce(self, epoch: int) -> None:
        old = self.model.learning_rate
        if old > self.min_lr:
            new = max(old * self.factor, self.min_lr)
            self.model.learning_rate = new
            if self.verbose:
                remark(f"Epoch {epoch + 1}: ReduceLROnPlateau reducing learning rate to {new:g}.")
            self.cooldown_counter, self.wait = self.cooldown, 0


class TerminateOnNaN(Callback):
    """Stop at the first batch after which the loss is NaN or infinite."""

    batch_metrics = False

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is not None and not math.isfinite(loss):
            remark(f"Batch {batch}: Invalid loss, terminating training")
            self.model.stop_training = True


class LearningRateScheduler(Callback):
    """Before each epoch, set the learning rate to `schedule(epoch, learning_rate)` or `schedule(epoch)`.

    Raises NndslError (NN604) where the function gives no number.
    """

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        super().__init__()
        require(self, "schedule", schedule, callable(schedule), "a function of epoch and learning rate")
        self.schedule, self.verbose = schedule, verbose
        self._takes_rate = _takes_two(schedule)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        rate = self.schedule(epoch, self.model.learning_rate) if self._takes_rate else self.schedule(epoch)
        try:
            self.model.learning_rate = float(rate)
        except (TypeError, ValueError):
            reason = f"schedule gave {rate!r} for epoch {epoch}, not a number"
            raise NndslError(WrongCallbackArgument(None, "LearningRateScheduler", reason)) from None
        if self.verbose:
            remark(f"Epoch {epoch + 1}: LearningRateScheduler setting learning rate to {float(rate):g}.")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if logs is not None:
            logs["learning_rate"] = self.model.learning_rate


def _takes_two(function: Callable[..., float]) -> bool:
    """Whether a schedule can be called with epoch and rate."""
    try:
        inspect.signature(function).bind(0, 0.0)
    except TypeError:
        return False
    except ValueError:  # a builtin without a signature
        return True
    return True
