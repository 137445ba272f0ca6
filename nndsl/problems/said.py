"""The common form of a Problem whose facts are its sentences."""

from __future__ import annotations

from dataclasses import dataclass

from nndsl.diagnostics import Edit, Fix, Guess, Label, Problem, Span


@dataclass(frozen=True)
class Said(Problem):
    """A Problem with its words filled in where it is found. Subclasses add no fields, so they need no decorator.

    `message` heads it (the class title where empty), `note` stands below the place, `related` are the other
    places, `cure` is the help line, `mends` are the fixes besides the one that a "did you mean" stands for.
    """

    note: str = ""
    related: tuple[Label, ...] = ()
    cure: str | None = None
    message: str = ""
    mends: tuple[Fix, ...] = ()

    @property
    def headline(self) -> str:
        return self.message or self.title

    @property
    def label(self) -> str:
        return self.note

    @property
    def labels(self) -> tuple[Label, ...]:
        return self.related

    @property
    def help(self) -> str | None:
        return self.cure

    @property
    def fixes(self) -> tuple[Fix, ...]:
        cure, span = self.cure, self.span
        if isinstance(cure, Guess) and span is not None and span.text.startswith(cure.written):
            place = Span(span.source, span.start, span.start + len(cure.written))
            return (*self.mends, Fix(f"write `{cure.meant}`", (Edit(place, cure.meant),), cure.sure))
        return self.mends
