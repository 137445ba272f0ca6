"""A Problem whose sentences are fixed text with its facts put in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from nndsl.diagnostics import Fix, Problem


@dataclass(frozen=True)
class Saying(Problem):
    """A Problem made of two templates: `says` goes below the place, `cure` on the help line.

    `{name}` in a template is the field `name`; a brace itself is written twice.
    """

    says: ClassVar[str] = ""
    cure: ClassVar[str] = ""

    @property
    def label(self) -> str:
        return self.says.format_map(vars(self))

    @property
    def help(self) -> str | None:
        return self.cure.format_map(vars(self)) or None

    @property
    def fixes(self) -> tuple[Fix, ...]:
        from nndsl.problems.mending import fixes_of  # only those who mend ask for it

        return fixes_of(self)
