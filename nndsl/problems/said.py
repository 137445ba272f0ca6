"""The common form of a Problem whose facts are its sentences."""

from __future__ import annotations

from dataclasses import dataclass

from nndsl.diagnostics import Label, Problem


@dataclass(frozen=True)
class Said(Problem):
    """A Problem with its words filled in where it is found. Subclasses add no fields, so they need no decorator.

    `message` heads it (the class title where empty), `note` stands below the place, `related` are the other
    places, `cure` is the help line.
    """

    note: str = ""
    related: tuple[Label, ...] = ()
    cure: str | None = None
    message: str = ""

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
