"""Warnings and remarks while training runs: where they go."""

from __future__ import annotations

import sys

from nndsl.diagnostics import Problem, render


def warn(problem: Problem) -> None:
    """Print a Problem of severity warning to stderr; training goes on."""
    remark(render(problem))


def remark(text: str) -> None:
    """Print a line for the person who waits; stderr may be closed."""
    if sys.stderr is not None:
        print(text, file=sys.stderr, flush=True)
