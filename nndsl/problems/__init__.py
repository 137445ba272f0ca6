"""The catalogue of everything said about what users write and feed, a file a family.

A class is a code; codes never change their meaning. NN0xx syntax, NN1xx names, NN2xx shapes and dtypes, NN3xx
value kinds, NN4xx lints, NN5xx data, NN6xx training and files, NN7xx other formats, NN9xx limits. Families are imported
when needed: a file without errors needs few of them.
"""

from __future__ import annotations

from importlib import import_module

from nndsl.diagnostics import Problem

HUNDREDS = {
    "NN0": ("syntax",),
    "NN1": ("names", "sections", "imports"),
    "NN2": ("shapes",),
    "NN3": ("kinds",),
    "NN4": ("lints", "suspicions"),
    "NN5": ("data", "tables", "folders", "preparing", "binding", "running"),
    "NN6": ("training", "running", "facts", "generation", "extras"),
    "NN7": ("onnx", "keras", "mapping"),
    "NN9": ("limits", "building"),
}

FAMILIES = tuple(dict.fromkeys(name for families in HUNDREDS.values() for name in families))


def every() -> tuple[type[Problem], ...]:
    """All Problem classes, by family."""
    return tuple(problem for name in FAMILIES for problem in import_module(f"nndsl.problems.{name}").FAMILY)


def catalogue() -> dict[str, type[Problem]]:
    """Every Problem class by its code."""
    return {problem.code: problem for problem in every()}


def find(code: str) -> type[Problem] | None:
    """The class of a code, or None. Imports the families of its hundred only."""
    for name in HUNDREDS.get(code[:3], ()):
        for problem in import_module(f"nndsl.problems.{name}").FAMILY:
            if problem.code == code:
                return problem  # type: ignore[no-any-return]
    return None
