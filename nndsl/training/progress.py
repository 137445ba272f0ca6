"""What a person sees while training runs: a bar on a terminal, else a line an epoch."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from typing import IO, Any

from nndsl.training.trainable import Logs

SECONDS_BETWEEN = 0.1
# An update may take a fraction of the time at most, however slow a metric or a terminal is.
COST = 20


class Display:
    """Shows nothing: `verbose=0`, and the base of the others."""

    verbose = 0

    @contextlib.contextmanager
    def training(self, epochs: int, initial: int, steps: int, rows: int) -> Iterator[None]:
        """Around the whole training."""
        yield

    def due(self) -> bool:
        """Whether batch_end should be called now."""
        return False

    def epoch_begin(self, epoch: int) -> None:
        """Before an epoch, counted from 0."""

    def batch_end(self, steps: int, samples: int, logs: Logs) -> None:
        """After a step, when it was due."""

    def epoch_end(self, epoch: int, logs: Logs, rate: float, seconds: float) -> None:
        """After an epoch and its validation; `rate` is training samples a second."""


class Lines(Display):
    """A line an epoch: `verbose=2`, and `verbose=1` where there is no terminal."""

    verbose = 2

    def __init__(self, stream: IO[str] | None) -> None:
        self.stream = stream
        self.epochs = 0

    @contextlib.contextmanager
    def training(self, epochs: int, initial: int, steps: int, rows: int) -> Iterator[None]:
        self.epochs = epochs
        yield

    def epoch_end(self, epoch: int, logs: Logs, rate: float, seconds: float) -> None:
        width = len(str(self.epochs))
        head = f"epoch {epoch + 1:>{width}}/{self.epochs}"
        self.write(f"{head}  {values_text(logs)}  {rate_text(rate)}  {seconds_text(seconds)}")

    def write(self, line: str) -> None:
        """Print a line; a closed stream is no reason to lose a training."""
        if self.stream is not None:
            print(line, file=self.stream, flush=True)


class Bar(Lines):
    """A bar that moves, and a line for each epoch that is done: `verbose=1` on a terminal."""

    verbose = 1

    def __init__(self, stream: IO[str]) -> None:
        super().__init__(stream)
        self._next = 0.0
        self._seen: float | None = None
        self._progress: Any = None
        self._task: Any = None

    @contextlib.contextmanager
    def training(self, epochs: int, initial: int, steps: int, rows: int) -> Iterator[None]:
        from rich.console import Console
        from rich.progress import Progress, TextColumn
        from rich.table import Column

        self.epochs, self.initial, self.steps, self.rows = epochs, initial, steps, rows
        self._begun = time.perf_counter()
        console = Console(file=self.stream, highlight=False)
        # One column of our own making: rich would give a narrow terminal three letters of bar.
        column = TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis"))
        # No thread of rich's own: updates come from the loop, which has the numbers.
        self._progress = Progress(column, console=console, auto_refresh=False, transient=True)
        with self._progress:
            self._task = self._progress.add_task("compiling ...", total=None)
            self._progress.refresh()
            yield

    def due(self) -> bool:
        return time.perf_counter() >= self._next

    def epoch_begin(self, epoch: int) -> None:
        self._epoch, self._epoch_begun = epoch, time.perf_counter()
        if epoch == self.initial:
            self._begun = self._epoch_begun
        self._next = self._epoch_begun + SECONDS_BETWEEN

    def batch_end(self, steps: int, samples: int, logs: Logs) -> None:
        now = time.perf_counter()
        done = self._epoch - self.initial + samples / self.rows
        left = (now - self._begun) / done * (self.epochs - self.initial - done)
        rate = samples / max(now - self._epoch_begun, 1e-9)
        width = len(str(self.epochs))
        head = f"epoch {self._epoch + 1:>{width}}/{self.epochs} {bar_text(steps / self.steps)} {steps}/{self.steps}"
        text = f"{head}  {seconds_text(left)} left  {rate_text(rate)}  {values_text(logs)}"
        self._progress.update(self._task, description=text)
        self._progress.refresh()
        after = time.perf_counter()
        self._next = after + max(SECONDS_BETWEEN, COST * (after - now))

    def write(self, line: str) -> None:
        from rich.text import Text

        self._progress.console.print(Text(line), soft_wrap=True)


def make_display(verbose: int, stream: IO[str] | None) -> Display:
    """The display for `verbose` 0, 1 or 2 on a stream (None: it is closed)."""
    if verbose == 0 or stream is None:
        return Display()
    if verbose == 1 and "IPython" in sys.modules:
        from nndsl.training.live import Live, in_notebook

        if in_notebook():
            return Live()
    if verbose == 1 and stream.isatty() and os.environ.get("TERM") != "dumb":
        return Bar(stream)
    return Lines(stream)


def bar_text(share: float) -> str:
    """Ten characters, so many of them full."""
    full = min(10, int(share * 10))
    return "━" * full + "─" * (10 - full)


def values_text(logs: Logs) -> str:
    """`loss 0.2310  accuracy 0.9214`."""
    return "  ".join(f"{name} {number_text(value)}" for name, value in logs.items())


def number_text(value: float) -> str:
    """Four digits after the point, or as many as a small or large number needs."""
    return f"{value:.4f}" if value == 0 or 1e-3 <= abs(value) < 1e5 else f"{value:.4g}"


def rate_text(rate: float) -> str:
    """`12,345 samples/s`."""
    return f"{rate:,.0f} samples/s"


def seconds_text(seconds: float) -> str:
    """`0.4s`, `12s`, `3:05`, `2:03:05`."""
    if seconds < 10:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes}:{rest:02d}"
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def default_stream() -> IO[str] | None:
    """Where `fit` shows progress: standard output, as Keras does."""
    return sys.stdout
