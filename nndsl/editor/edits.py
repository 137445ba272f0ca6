"""Where a text was changed, and where its other places are now."""

from __future__ import annotations

from dataclasses import dataclass

from nndsl.diagnostics import Source, Span


@dataclass(frozen=True)
class Change:
    """`start:old_end` of one text became `start:new_end` of another; all else is the same."""

    old: Source
    new: Source
    start: int
    old_end: int
    new_end: int

    @property
    def shift(self) -> int:
        """How much further on what follows stands now."""
        return self.new_end - self.old_end

    def forward(self, span: Span) -> Span | None:
        """Where a place of either text is in the new one; None where it was changed."""
        if span.source is not self.old:
            return span
        if span.end <= self.start:
            return Span(self.new, span.start, span.end)
        if span.start >= self.old_end:
            return Span(self.new, span.start + self.shift, span.end + self.shift)
        return None

    def back(self, offset: int) -> int:
        """Where an offset of the new text was in the old one, about where it was changed."""
        if offset <= self.start:
            return offset
        return offset - self.shift if offset >= self.new_end else min(offset, self.old_end)

    def touches(self, offset: int) -> bool:
        """Whether an offset of the new text is among what was changed."""
        return self.start < offset < self.new_end


def change_between(old: Source, new: Source) -> Change:
    """The one stretch in which two texts differ, as short as can be."""
    a, b = old.text, new.text
    shorter = min(len(a), len(b))
    start = _common(a, b, shorter)
    end = _common_end(a, b, shorter - start)
    return Change(old, new, start, len(a) - end, len(b) - end)


def _common(a: str, b: str, most: int) -> int:
    """How many characters two texts begin with alike. Halving: comparing slices is fast."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _common_end(a: str, b: str, most: int) -> int:
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if a[len(a) - middle : len(a) - low] == b[len(b) - middle : len(b) - low]:
            low = middle
        else:
            high = middle - 1
    return low
