"""What `nndsl check` does, free of the parser of options, which takes longer than the check."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from nndsl.cli.output import FINDINGS, Format, colored, data, data_json, problem_text, say, stop
from nndsl.diagnostics import NndslError, Problem


def check_files(
    files: Sequence[str | Path],
    consts: Mapping[str, object] | None = None,
    model: str | None = None,
    format: str = Format.text,
    quiet: bool = False,
) -> None:
    """Print all problems of the files, unless `quiet`, and a count on standard error.

    Exit code 1 where there are errors.
    """
    found: list[Problem] = []
    for path in files:
        told = {_key(problem) for problem in found}  # what is wrong with a file that two import is said once
        found += [problem for problem in problems_of(Path(path), consts, model) if _key(problem) not in told]
    if quiet:
        pass
    elif format == "json":
        data_json([problem.facts for problem in found])
    elif format in ("sarif", "github"):
        from nndsl.cli import reports

        if format == "sarif":
            data_json(reports.sarif(found))
        else:
            data(reports.github(found))
    elif found:
        data("\n\n".join(problem_text(problem, colored(sys.stdout)) for problem in found))
    errors = sum(problem.severity == "error" for problem in found)
    warnings = len(found) - errors
    counted = [_count(errors, "error")] if errors else []
    counted += [_count(warnings, "warning")] if warnings else []
    if errors:
        say(f"{', '.join(counted)} in {_count(len(files), 'file')}")
        raise stop(FINDINGS)
    say(f"ok: {', '.join([_count(len(files), 'file'), *counted])}")


def problems_of(path: Path, consts: Mapping[str, object] | None, model: str | None) -> tuple[Problem, ...]:
    """Errors and warnings of one file, in source order."""
    from nndsl import driver
    from nndsl.syntax.load import load_source

    try:
        return driver.problems_of(load_source(path), consts or None, model)
    except NndslError as error:
        return error.problems


def _key(problem: Problem) -> tuple[object, ...]:
    place = (problem.span.source.name, problem.span.start) if problem.span else None
    return problem.code, place, problem.headline, problem.label


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
