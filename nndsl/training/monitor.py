"""Callbacks that watch one value: which way is better, and what to say when there is no such value."""

from __future__ import annotations

import math
import re
from typing import Literal

from nndsl.diagnostics import NndslError
from nndsl.problems.training import MonitorDirection, UnknownMonitor, WrongCallbackArgument
from nndsl.training.callback import Callback
from nndsl.training.trainable import Logs
from nndsl.training.warn import warn

Mode = Literal["auto", "min", "max"]
MORE_IS_BETTER = frozenset({"acc", "accuracy", "auc", "f1", "precision", "r2", "recall", "top"})
LESS_IS_BETTER = frozenset({"crossentropy", "divergence", "entropy", "error", "hinge", "huber", "loss",
"mae", "mape",
                            "mse", "msle", "perplexity", "poisson", "rmse"})  # fmt: skip


def direction(name: str) -> Mode:
    """"max" or "min" for a value of that name, "auto" where the name does not tell."""
    words = set(re.split(r"[_.\W\d]+", name.lower())) | {name.lower().removeprefix("val_")}
    if words & LESS_IS_BETTER:
        return "min"
    return "max" if words & MORE_IS_BETTER else "auto"


class MonitorCallback(Callback):
    """Base of callbacks with `monitor`, `mode` and `min_delta`; knows what an improvement is.

    Raises NndslError (NN604) for a mode other than auto, min, max, and (NN606) at the start of training
    where `auto` cannot be told from the name.
    """

    def __init__(
        self, monitor: str, mode: str, min_delta: float = 0.0, initial_value_threshold: float | None = None
    ) -> None:
        super().__init__()
        require(self, "monitor", monitor, isinstance(monitor, str), "a name such as \"val_loss\"")
        require(self, "mode", mode, mode in ("auto", "min", "max"), '"auto", "min" or "max"')
        require_number(self, "min_delta", min_delta)
        self.monitor = monitor
        self.mode = mode
        self.min_delta = abs(min_delta)
        self.best = initial_value_threshold
        self._warned = False

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.less_is_better()

    def less_is_better(self) -> bool:
        """The direction of `monitor`. Raises NndslError (NN606) where it is not known."""
        mode = direction(self.monitor) if self.mode == "auto" else self.mode
        if mode == "auto":
            losses = self.params.get("losses", ())
            if self.monitor.removeprefix("val_") not in losses:
                raise NndslError(MonitorDirection(None, type(self).__name__, self.monitor))
        return mode != "max"

    def current(self, logs: Logs | None) -> float | None:
        """The watched value, or None (warned of once) where the logs have none."""
        value = (logs or {}).get(self.monitor)
        if value is None and not self._warned:
            self._warned = True
            warn(UnknownMonitor(None, type(self).__name__, self.monitor, tuple(logs or {})))
        return value

    def improves(self, value: float, reference: float | None) -> bool:
        """Whether `value` beats `reference` by more than min_delta; NaN never does."""
        if self.less_is_better():
            return value + self.min_delta < (math.inf if reference is None else reference)
        return value - self.min_delta > (-math.inf if reference is None else reference)


def require(callback: Callback, name: str, value: object, good: bool, expected: str) -> None:
    """Raise NndslError (NN604) unless `good`."""
    if not good:
        reason = f"{name} is {value!r}, it has to be {expected}"
        raise NndslError(WrongCallbackArgument(None, type(callback).__name__, reason))


def is_number(value: object) -> bool:
    """Whether it is a finite int or float and no bool."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def require_number(callback: Callback, name: str, value: object, least: float = -math.inf) -> None:
    """Raise NndslError (NN604) unless `value` is a number of at least `least`."""
    what = "a number" if least == -math.inf else f"a number from {least:g} on"
    require(callback, name, value, is_number(value) and float(value) >= least, what)  # type: ignore[arg-type]


def require_count(callback: Callback, name: str, value: object, least: int = 0) -> None:
    """Raise NndslError (NN604) unless `value` is a whole number of at least `least`."""
    good = isinstance(value, int) and not isinstance(value, bool) and value >= least
    require(callback, name, value, good, f"a whole number from {least} on")


def require_bool(callback: Callback, name: str, value: object) -> None:
    """Raise NndslError (NN604) unless `value` is true or false."""
    require(callback, name, value, isinstance(value, bool), "true or false")
