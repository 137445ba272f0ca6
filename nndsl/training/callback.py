"""The base of callbacks, and the list that calls them all. Hooks, names and arguments are those of Keras."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from nndsl.training.trainable import CallbackModel, Logs


class Callback:
    """Watches training. Override the hooks you need; `self.model` and `self.params` are there during fit.

    `params` holds "epochs", "steps" and "verbose"; `logs` holds loss and metrics by name. Epochs and
    batches count from 0. Setting `self.model.stop_training = True` ends training after the current batch.
    """

    batch_metrics: ClassVar[bool] = True
    """Whether the logs of batches have to hold the metrics so far; False saves their cost."""

    def __init__(self) -> None:
        self.params: dict[str, Any] = {}
        self._model: CallbackModel | None = None

    @property
    def model(self) -> CallbackModel:
        """The model in training."""
        if self._model is None:
            raise RuntimeError(f"{type(self).__name__} has a model only during fit")
        return self._model

    def set_params(self, params: dict[str, Any]) -> None:
        """Called by fit before anything else."""
        self.params = params

    def set_model(self, model: CallbackModel) -> None:
        """Called by fit before training begins."""
        self._model = model

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Before the first epoch."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """After the last epoch."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Before an epoch."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """After an epoch and its validation; `logs` has the `val_` values too."""

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Old name of on_train_batch_begin."""

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Old name of on_train_batch_end."""

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before a training step."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After a training step; `logs` has the mean loss of the epoch so far."""
        self.on_batch_end(batch, logs)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Before evaluation or validation."""

    def on_test_end(self, logs: Logs | None = None) -> None:
        """After evaluation or validation."""

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before a batch of evaluation."""

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After a batch of evaluation."""

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Before predict."""

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """After predict."""

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before a batch of predict."""

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After a batch of predict."""


_BATCH_HOOKS = ("on_train_batch_begin", "on_train_batch_end", "on_test_batch_begin", "on_test_batch_end",
                "on_predict_batch_begin", "on_predict_batch_end")  # fmt: skip


def _overrides(callback: Callback, hook: str) -> bool:
    """Whether a callback does anything at a hook, so that a step of 50 µs pays for no empty calls."""
    own = {hook, "on_batch" + hook.removeprefix("on_train_batch")} if "train_batch" in hook else {hook}
    return any(getattr(type(callback), name) is not getattr(Callback, name) or name in vars(callback) for name in own)


class CallbackList:
    """Calls every hook of every callback, in order; batch hooks only where one is written."""

    def __init__(self, callbacks: Iterable[Callback], model: CallbackModel, params: dict[str, Any]) -> None:
        self.callbacks = list(callbacks)
        for callback in self.callbacks:
            callback.set_params(params)
            callback.set_model(model)
        self._batch: dict[str, list[Callable[[int, Logs | None], None]]] = {
            hook: [getattr(c, hook) for c in self.callbacks if _overrides(c, hook)] for hook in _BATCH_HOOKS
        }

        ends = [c for c in self.callbacks if _overrides(c, "on_train_batch_end")]
        self.wants_metrics = any(c.batch_metrics for c in ends)

    def wants(self, hook: str) -> bool:
        """Whether any callback does something at this batch hook."""
        return bool(self._batch[hook])

    def whole(self, hook: str, logs: Logs | None = None) -> None:
        """Call a hook that takes logs alone: on_train_begin, on_test_end, …"""
        for callback in self.callbacks:
            getattr(callback, hook)(logs)

    def epoch(self, hook: str, epoch: int, logs: Logs | None = None) -> None:
        """Call on_epoch_begin or on_epoch_end."""
        for callback in self.callbacks:
            getattr(callback, hook)(epoch, logs)

    def batch(self, hook: str, batch: int, logs: Logs | None = None) -> None:
        """Call one of the batch hooks."""
        for call in self._batch[hook]:
            call(batch, logs)


class LambdaCallback(Callback):
    """A callback made of functions: `LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch))`."""

    def __init__(
        self,
        on_epoch_begin: Callable[[int, Logs | None], Any] | None = None,
        on_epoch_end: Callable[[int, Logs | None], Any] | None = None,
        on_train_begin: Callable[[Logs | None], Any] | None = None,
        on_train_end: Callable[[Logs | None], Any] | None = None,
        on_train_batch_begin: Callable[[int, Logs | None], Any] | None = None,
        on_train_batch_end: Callable[[int, Logs | None], Any] | None = None,
        **other_hooks: Callable[..., Any],
    ) -> None:
        super().__init__()
        given = {
            "on_epoch_begin": on_epoch_begin, "on_epoch_end": on_epoch_end, "on_train_begin": on_train_begin,
            "on_train_end": on_train_end, "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end, **other_hooks,
        }  # fmt: skip
        for hook, function in given.items():
            if function is not None:
                setattr(self, hook, function)


class History(Callback):
    """What fit returns: `history` maps each name to its values, one an epoch; `epoch` lists the epochs
    (from 0)."""

    def __init__(self) -> None:
        super().__init__()
        self.history: dict[str, list[float]] = {}
        self.epoch: list[int] = []

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.epoch = []

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)

    def __repr__(self) -> str:
        return f"<History of {len(self.epoch)} epochs: {', '.join(self.history)}>"
