"""The standard library: `.nn` files that ship in the package, indexed by name."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from nndsl.diagnostics import Source, Span
from nndsl.syntax.parse import index_definitions

FOLDER = Path(__file__).parent.parent / "library"
PREFIX = "library/"


class LibrarySource(Source):
    """A file of the library: what goes wrong in it is blamed on the place that used it."""


@dataclass(frozen=True)
class Entry:
    """Where a definition of the library stands, its role, and whether only the library may use it."""

    source: Source
    start: int
    end: int
    role: str
    private: bool


@cache
def index() -> dict[str, Entry]:
    """Every definition of the library by name; none is parsed yet."""
    found: dict[str, Entry] = {}
    for path in sorted(FOLDER.glob("*.nn")):
        source = LibrarySource(PREFIX + path.name, path.read_text(encoding="utf-8"), path)
        for name, (start, end) in index_definitions(source).items():
            lines = source.text[start:end].split("\n")
            head = next(line for line in lines if not line.startswith("#"))
            private, role = head.startswith("private"), head.removeprefix("private ").split(" ", 1)[0]
            found[name] = Entry(source, start, end, role, private)
    return found


def is_library(span: Span) -> bool:
    """Whether a place lies in the library, where no user can change anything."""
    return isinstance(span.source, LibrarySource)
