"""What a notebook shows while training runs: a line that moves, and curves that grow with each epoch."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from html import escape
from typing import Any

from nndsl.training.curves import curves_svg
from nndsl.training.progress import Display, bar_text, rate_text, seconds_text, values_text
from nndsl.training.trainable import Logs

SECONDS_BETWEEN = 0.25
SECONDS_BETWEEN_CURVES = 0.5


def in_notebook() -> bool:
    """Whether this runs in the kernel of a notebook."""
    module = sys.modules.get("IPython")
    shell = module.get_ipython() if module is not None else None
    return getattr(shell, "kernel", None) is not None


class Live(Display):
    """Curves and a line below them, in one output that is drawn anew."""

    verbose = 1

    def __init__(self) -> None:
        self.history: dict[str, list[float]] = {}
        self.epochs_done: list[int] = []
        self.line = "compiling …"
        self.curves = ""
        self._handle: Any = None
        self._next = self._next_curves = 0.0

    @contextlib.contextmanager
    def training(self, epochs: int, initial: int, steps: int, rows: int) -> Iterator[None]:
        from IPython.display import HTML, display

        self.epochs, self.initial, self.steps, self.rows = epochs, initial, steps, rows
        self._begun = time.perf_counter()
        self._handle = display(HTML(self.text()), display_id=True)
        try:
            yield
        finally:
            self._draw()
            self._show()

    def due(self) -> bool:
        return time.perf_counter() >= self._next

    def epoch_begin(self, epoch: int) -> None:
        self._epoch, self._epoch_begun = epoch, time.perf_counter()

    def batch_end(self, steps: int, samples: int, logs: Logs) -> None:
        rate = samples / max(time.perf_counter() - self._epoch_begun, 1e-9)
        head = f"epoch {self._epoch + 1}/{self.epochs} {bar_text(steps / self.steps)} {steps}/{self.steps}"
        self.line = f"{head}  {rate_text(rate)}  {values_text(logs)}"
        self._show()

    def epoch_end(self, epoch: int, logs: Logs, rate: float, seconds: float) -> None:
        self.epochs_done.append(epoch)
        for name, value in logs.items():
            self.history.setdefault(name, []).append(value)
        spent = seconds_text(time.perf_counter() - self._begun)
        self.line = f"epoch {epoch + 1}/{self.epochs}  {values_text(logs)}  {rate_text(rate)}  {spent}"
        if time.perf_counter() >= self._next_curves:
            self._draw()
            self._show()

    def text(self) -> str:
        """What is shown, as HTML."""
        return f'{self.curves}<pre style="margin:0">{escape(self.line)}</pre>'

    def _draw(self) -> None:
        if self.epochs_done:
            self.curves = curves_svg("training", self.epochs_done, self.history)
        self._next_curves = time.perf_counter() + SECONDS_BETWEEN_CURVES

    def _show(self) -> None:
        from IPython.display import HTML

        if self._handle is not None:
            self._handle.update(HTML(self.text()))
        self._next = time.perf_counter() + SECONDS_BETWEEN
