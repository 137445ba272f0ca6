"""Semantic tokens: what the names of a file are, which its text alone does not tell."""

from __future__ import annotations

from dataclasses import dataclass

from nndsl.editor.analysis import Analysis
from nndsl.editor.names import Symbol

TYPES = ("class", "function", "parameter", "variable", "property", "namespace", "typeParameter", "method")
MODIFIERS = ("declaration", "defaultLibrary", "readonly")
OF_SORT = {
    "model": "class", "layer": "class", "optimizer": "class", "schedule": "class", "fn": "function",
    "loss": "function", "metric": "function", "init": "function", "builtin": "function", "parameter": "parameter",
    "module": "namespace", "dim": "typeParameter", "param": "property", "state": "property", "data": "namespace",
}  # fmt: skip


@dataclass(frozen=True)
class Color:
    """A place and what stands there, with a set of modifiers."""

    start: int
    end: int
    type: str
    modifiers: tuple[str, ...]


def colors(analysis: Analysis) -> list[Color]:
    """All names in source order."""
    found = []
    for one in analysis.names.occurrences:
        if one.span.text.startswith('"'):
            continue  # the name of a test
        found.append(
            Color(one.span.start, one.span.end, OF_SORT.get(one.symbol.sort, "variable"), _more(one.symbol, one.binds))
        )
    return found


def _more(symbol: Symbol, binds: bool) -> tuple[str, ...]:
    library = not symbol.own and (symbol.home is None or symbol.home.source.name.startswith("library/"))
    return (*(("declaration",) if binds else ()), *(("defaultLibrary",) if library else ()),
            *(("readonly",) if symbol.sort in ("input", "target", "parameter") else ()))  # fmt: skip
