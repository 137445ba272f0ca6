"""An open file: its text as it is now, and what is known of it.

A text that is checked fast is checked whole at each change. A long one is checked whole when the writing pauses
(`analyse` in the background, then `accept`); until then `quick` checks again what a change touches, and all other
places are where the change has moved them.
"""

from __future__ import annotations

import time
from pathlib import Path

from nndsl.check.notes import Notes
from nndsl.diagnostics import NndslError, Problem, Source, Span
from nndsl.editor.analysis import Analysis, analyse
from nndsl.editor.edits import Change, change_between
from nndsl.editor.quick import Quick, check_change
from nndsl.syntax.load import source_from_bytes

FAST = 0.07
"""Seconds of work that a check may be to be made at each change."""


class Document:
    """One open file."""

    def __init__(self, name: str, path: Path | None, text: str) -> None:
        self.name, self.path = name, path
        self.source = Source(name, "", path)
        self.refused: tuple[Problem, ...] = ()
        self.analysis: Analysis | None = None
        self.change: Change | None = None
        self.quick: Quick | None = None
        self.seconds = 0.0
        self.read(text)

    def read(self, text: str) -> None:
        """Take another text. Nothing is checked yet."""
        try:
            self.source = source_from_bytes(text.encode("utf-8", "surrogatepass"), self.name, self.path)
            self.refused = ()
        except NndslError as error:  # too long, or no text
            self.source, self.refused = Source(self.name, "", self.path), error.problems
        self.quick = None
        self.change = change_between(self.analysis.source, self.source) if self.analysis is not None else None

    @property
    def fresh(self) -> bool:
        """Whether the analysis is that of this text."""
        return self.analysis is not None and self.analysis.source is self.source

    def check(self) -> bool:
        """Check what can be checked at once; whether that is all."""
        if self.analysis is None or self.seconds <= FAST or self.refused:
            self.accept(*timed(self.source))
            return True
        self.quick = check_change(self.analysis, self.change) if self.change is not None else None
        return False

    def accept(self, analysis: Analysis, seconds: float) -> bool:
        """Take over a whole check, unless the text has changed meanwhile."""
        if analysis.source is not self.source:
            return False
        self.analysis, self.seconds, self.change, self.quick = analysis, seconds, None, None
        return True

    @property
    def problems(self) -> list[Problem]:
        """What is wrong with the text, as far as it is known now."""
        if self.analysis is None or self.refused:
            return list(self.refused)
        if self.quick is not None:
            return list(self.quick.problems)
        return list(self.analysis.problems)

    def place(self, span: Span) -> Span | None:
        """Where a place is in the text as it is now; None where that is changed."""
        return self.change.forward(span) if self.change is not None else span

    def offset(self, offset: int) -> int:
        """An offset of the text as one of the analysed text."""
        return self.change.back(offset) if self.change is not None else offset

    def changed_at(self, offset: int) -> bool:
        """Whether what stands at an offset is not analysed yet."""
        return self.change is not None and self.change.touches(offset)


def timed(source: Source, notes: Notes | None = None) -> tuple[Analysis, float]:
    """A whole check with all that features ask for, and how many seconds of this thread it took."""
    begun = time.thread_time()
    analysis = analyse(source, notes)
    analysis.names.at(0)
    return analysis, time.thread_time() - begun


WARM = """model Warm() {
  input x: f32[batch, 4]
  target y: f32[batch, 2]
  output p = x |> Dense(4, activation=relu) |> Dense(2)
  loss mse(y, p)
}
"""


def warm_up() -> None:
    """Have all read that a first check reads beside its text, so that the first file is not told to be slow."""
    timed(Source("warm.nn", WARM))
