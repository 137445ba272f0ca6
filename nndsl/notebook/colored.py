"""A Problem in colours, as lines for a terminal or a notebook."""

from __future__ import annotations

import re
from collections.abc import Sequence

from nndsl.diagnostics import Problem, render

RED, YELLOW, BLUE, VIOLET, GREEN, END = "\x1b[1;31m", "\x1b[1;33m", "\x1b[34m", "\x1b[35m", "\x1b[32m", "\x1b[0m"
_REMARK = re.compile(r"^( *\| *)(\^+|-+)(.*)$")
_SOURCE = re.compile(r"^( *\d+ \|)(.*)$")


def problem_lines(problems: Sequence[Problem]) -> list[str]:
    """All messages, a blank line between them."""
    out: list[str] = []
    for problem in problems:
        out += ([""] if out else []) + [
            _colored(line, i, problem) for i, line in enumerate(render(problem).split("\n"))
        ]
    return out


def _colored(line: str, number: int, problem: Problem) -> str:
    shade = RED if problem.severity == "error" else YELLOW
    if number == 0:
        head, _, rest = line.partition(": ")
        return f"{shade}{head}{END}: {rest}"
    if (remark := _REMARK.match(line)) is not None:
        color = shade if remark[2].startswith("^") else VIOLET
        return f"{BLUE}{remark[1]}{END}{color}{remark[2]}{remark[3]}{END}"
    if (source := _SOURCE.match(line)) is not None:
        return f"{BLUE}{source[1]}{END}{source[2]}"
    if line.lstrip().startswith("= help"):
        return f"{GREEN}{line}{END}"
    return f"{BLUE}{line}{END}"
