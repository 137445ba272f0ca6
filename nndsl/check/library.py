"""The standard library: `.nn` files that ship in the package, indexed by name."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from nndsl.diagnostics import Source

FOLDER = Path(__file__).parent.parent / "library"
PREFIX = "library/"


@cache
def index() -> dict[str, tuple[Source, int, int]]:
    """Name of every library definition to its source and range of characters."""
    from nndsl.syntax.parse import index_definitions

    found: dict[str, tuple[Source, int, int]] = {}
    for path in sorted(FOLDER.glob("*.nn")):
        source = Source(PREFIX + path.name, path.read_text(encoding="utf-8"))
        for name, (start, end) in index_definitions(source).items():
            found[name] = (source, start, end)
    return found
