"""`nndsl test`: the `test` sections of files."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import StrEnum
from itertools import starmap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nndsl.cli.options import ModelName, Set, parse_sets
from nndsl.cli.output import FINDINGS, WRONG_USE, colored, data, data_json, problem_text, say, say_problems, stop
from nndsl.diagnostics import NndslError, Problem, render

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from nndsl.ir.facts import NamedTest
    from nndsl.testing import Result

Outcome = tuple[str, "Result"]
Broken = tuple[str, Sequence[Problem]]
"""A file whose tests cannot be run, and what is wrong with it."""


class TestFormat(StrEnum):
    """How results are printed."""

    text = "text"
    json = "json"
    junit = "junit"


def test(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="The .nn files.", show_default=False)],
    keyword: Annotated[
        str | None, typer.Option("-k", metavar="NAME", help="Only tests with this text in their names.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, metavar="N", help="Seed of params and made-up rows.")] = 0,
    set_: Set = [],  # noqa: B006 (typer copies it)
    model: ModelName = None,
    format: Annotated[TestFormat, typer.Option("--format", help="How to print.")] = TestFormat.text,
) -> None:
    """Run the tests of .nn files: every `expect` line of their `test` sections.

    Exit code 0 where all pass, 1 where one fails or a file has errors, 2 where there are no tests.
    """
    consts = parse_sets(set_)
    outcomes: list[Outcome] = []
    broken: list[Broken] = []
    for path in files:
        try:
            tests = chosen(path, consts, model, keyword)
        except NndslError as error:
            say_problems(error.problems)
            broken.append((str(path), error.problems))
            continue
        outcomes += run_file(path, tests, seed, format is TestFormat.text)
    match format:
        case TestFormat.text:
            show_failures(outcomes)
        case TestFormat.json:
            data_json([*starmap(broken_data, broken), *starmap(as_data, outcomes)])
        case TestFormat.junit:
            data(as_junit(outcomes, broken))
    failed = sum(not result.passed for _, result in outcomes)
    if failed or broken:
        say(counted(outcomes, failed, len(broken)))
        raise stop(FINDINGS)
    if not outcomes:
        wanted = f' with "{keyword}" in their names' if keyword else ""
        say(f'no tests{wanted} in {_count(len(files), "file")}; a test is a section `test "name" {{ expect … }}`')
        raise stop(WRONG_USE)
    say(counted(outcomes, failed, 0))


def chosen(path: Path, consts: dict[str, object], model: str | None, keyword: str | None) -> list[NamedTest]:
    """The tests of a file to run. Raises NndslError where the file has errors."""
    from nndsl import driver
    from nndsl.syntax.load import load_source

    tests, _ = driver.tests_of(load_source(path), consts or None, model)
    return [test for test in tests if keyword is None or keyword.lower() in test.name.lower()]


def run_file(path: Path, tests: Sequence[NamedTest], seed: int, show: bool) -> list[Outcome]:
    """All tests of a file, a line for each as it ends."""
    if not tests:
        return []
    from nndsl.testing import run_tests

    if show:
        data(f"{path}")
    outcomes: list[Outcome] = []
    for result in run_tests(tests, seed):
        outcomes.append((str(path), result))
        if show:
            word, shade = ("pass", "32") if result.passed else ("FAIL", "31")
            shown = f"\x1b[{shade}m{word}\x1b[0m" if colored(sys.stdout) else word
            data(f"  {shown}  {_plain(result.test.name)}")
    return outcomes


def show_failures(outcomes: Sequence[Outcome]) -> None:
    """Every failure in full, below the name of its test."""
    for file, result in outcomes:
        if not result.passed:
            data(f"\n--- {_plain(result.test.name)} ({file})\n")
            data("\n\n".join(problem_text(problem, colored(sys.stdout)) for problem in result.failures))


def counted(outcomes: Sequence[Outcome], failed: int, broken: int) -> str:
    """`1 failed, 3 passed, 1 file with errors in 0.52 s`"""
    passed = len(outcomes) - failed
    parts = [f"{failed} failed"] if failed else []
    parts += [f"{passed} passed"] if passed else []
    parts += [f"{_count(broken, 'file')} with errors"] if broken else []
    return f"{', '.join(parts)} in {sum(result.seconds for _, result in outcomes):.2f} s"


def as_data(file: str, result: Result) -> dict[str, object]:
    """One test for programs to read."""
    return {
        "file": file,
        "line": result.test.span.line,
        "test": result.test.name,
        "passed": result.passed,
        "seconds": round(result.seconds, 3),
        "failures": [problem.facts for problem in result.failures],
    }


def broken_data(file: str, problems: Sequence[Problem]) -> dict[str, object]:
    """A file none of whose tests could be run, for programs to read: as a test without a name that failed."""
    errors = [problem.facts for problem in problems if problem.severity == "error"]
    return {"file": file, "line": None, "test": None, "passed": False, "seconds": 0.0, "failures": errors}


def as_junit(outcomes: Sequence[Outcome], broken: Sequence[Broken] = ()) -> str:
    """The XML that build servers read: a suite for each file, with one case in error for a file that has errors."""
    from xml.etree import ElementTree

    files = list(dict.fromkeys(file for file, _ in outcomes))
    root = ElementTree.Element("testsuites", name="nndsl")
    for file, problems in broken:
        suite = ElementTree.SubElement(
            root, "testsuite", name=_plain(file), tests="1", failures="0", errors="1", time="0.000"
        )
        case = ElementTree.SubElement(suite, "testcase", classname=_plain(file), name="check", file=_plain(file))
        for problem in problems:
            if problem.severity == "error":
                _junit_entry(case, "error", problem)
    for file in files:
        results = [result for name, result in outcomes if name == file]
        failed = sum(not result.passed for result in results)
        seconds = sum(result.seconds for result in results)
        suite = ElementTree.SubElement(
            root, "testsuite", name=_plain(file), tests=str(len(results)), failures=str(failed), time=f"{seconds:.3f}"
        )
        for result in results:
            name, line, took = _plain(result.test.name), str(result.test.span.line), f"{result.seconds:.3f}"
            case = ElementTree.SubElement(
                suite, "testcase", classname=_plain(file), name=name, file=_plain(file), line=line, time=took
            )
            for problem in result.failures:
                _junit_entry(case, "failure", problem)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode")


def _junit_entry(case: Element, word: str, problem: Problem) -> None:
    from xml.etree import ElementTree

    entry = ElementTree.SubElement(case, word, type=problem.code, message=_plain(problem.headline))
    entry.text = "\n".join(map(_plain, render(problem).split("\n")))


def _plain(text: str) -> str:
    """Without control characters: a terminal would obey them, and XML has no way to write them."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
