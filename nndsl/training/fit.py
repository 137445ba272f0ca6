"""The training loop: batches through a session, callbacks around them."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

from nndsl.problems.training import LossNotFinite
from nndsl.training.callback import Callback, CallbackList, History
from nndsl.training.feed import Feed
from nndsl.training.progress import Display
from nndsl.training.trainable import CallbackModel, Logs, Trainable
from nndsl.training.warn import warn


@dataclass(frozen=True)
class FitSettings:
    """How long and in which order to train. Epochs count from `initial_epoch` up to `epochs`."""

    epochs: int = 1
    batch_size: int = 32
    shuffle: bool = True
    seed: int = 0
    initial_epoch: int = 0


class _Mean:
    """Means of losses over batches, weighted by their sizes; the place of the first loss that is no
    number."""

    def __init__(self) -> None:
        self.sums: Logs = {}
        self.samples = 0
        self.bad: tuple[int, float] | None = None

    def add(self, losses: Logs, size: int, batch: int) -> None:
        for name, value in losses.items():
            self.sums[name] = self.sums.get(name, 0.0) + value * size
        self.samples += size
        if self.bad is None and not math.isfinite(losses.get("loss", 0.0)):
            self.bad = (batch, losses["loss"])

    def logs(self) -> Logs:
        return {name: total / self.samples for name, total in self.sums.items()}


def fit(
    session: Trainable,
    model: CallbackModel,
    feed: Feed,
    validation: Feed | None,
    settings: FitSettings,
    callbacks: Sequence[Callback],
    display: Display,
    history: History,
) -> History:
    """Train `session` on `feed`, validate after each epoch, and return `history`, filled.

    The loss of an epoch is the mean of the batch losses weighted by their sizes. Ctrl-C passes through as
    KeyboardInterrupt between two steps and leaves session, model and history as they then are.
    """
    steps = feed.steps(settings.batch_size)
    params = {"epochs": settings.epochs, "steps": steps, "verbose": display.verbose, "losses": session.loss_names}
    # History comes last, as in Keras, so that it keeps what other callbacks put into the logs.
    hooks = CallbackList([*callbacks, history], model, params)
    model.stop_training = False
    session.prepare("train", *(["evaluate"] if validation is not None else []))
    warned = False
    logs: Logs = {}
    with display.training(settings.epochs, settings.initial_epoch, steps, feed.rows):
        hooks.whole("on_train_begin")
        for epoch in range(settings.initial_epoch, settings.epochs):
            display.epoch_begin(epoch)
            hooks.epoch("on_epoch_begin", epoch)
            started = time.perf_counter()
            mean = _epoch(session, model, feed, settings, hooks, display)
            seconds = time.perf_counter() - started
            logs = mean.logs() | session.metric_results()
            if validation is not None:
                measured = evaluate(session, validation, settings.batch_size, hooks)
                logs |= {f"val_{name}": value for name, value in measured.items()}
            display.epoch_end(epoch, logs, mean.samples / max(seconds, 1e-9), time.perf_counter() - started)
            if mean.bad is not None and not warned:
                warned = True
                warn(LossNotFinite(None, epoch + 1, mean.bad[0] + 1, str(mean.bad[1])))
            hooks.epoch("on_epoch_end", epoch, logs)
            if model.stop_training:
                break
        hooks.whole("on_train_end", logs)
    return history


def _epoch(
    session: Trainable,
    model: CallbackModel,
    feed: Feed,
    settings: FitSettings,
    hooks: CallbackList,
    display: Display,
) -> _Mean:
    """All training steps of one epoch, or those up to `stop_training`."""
    session.reset_metrics()
    mean = _Mean()
    size = settings.batch_size
    # The step count names the order: it goes on over several fits and comes back with a checkpoint.
    begins, ends = hooks.wants("on_train_batch_begin"), hooks.wants("on_train_batch_end")
    with feed.epoch(size, settings.seed, session.step, settings.shuffle) as batches:
        for number, (rows, batch) in enumerate(batches):
            if begins:
                hooks.batch("on_train_batch_begin", number, {})
            mean.add(session.train_step(batch), rows, number)
            if display.due():
                display.batch_end(number + 1, mean.samples, mean.logs() | session.metric_results())
            if ends:
                metrics = session.metric_results() if hooks.wants_metrics else {}
                hooks.batch("on_train_batch_end", number, mean.logs() | metrics)
                if model.stop_training:
                    break
    return mean


def evaluate(session: Trainable, feed: Feed, batch_size: int, hooks: CallbackList | None = None) -> Logs:
    """Losses and metrics of a data set in inference mode; metrics are exact over the whole set."""
    session.reset_metrics()
    mean = _Mean()
    if hooks:
        hooks.whole("on_test_begin")
    with feed.in_order(batch_size) as batches:
        for number, (rows, batch) in enumerate(batches):
            if hooks:
                hooks.batch("on_test_batch_begin", number, {})
            mean.add(session.evaluate_step(batch), rows, number)
            if hooks and hooks.wants("on_test_batch_end"):
                hooks.batch("on_test_batch_end", number, mean.logs())
    logs = mean.logs() | session.metric_results()
    if hooks:
        hooks.whole("on_test_end", logs)
    return logs
