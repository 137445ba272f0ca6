"""Golden messages for programs with a mistake: what is said, where, and what to do about it."""

from __future__ import annotations

from pathlib import Path

import pytest
from casefile import case_paths, check_case, load_case

from nndsl.diagnostics import Source, render_all
from nndsl.driver import problems_of


@pytest.mark.parametrize("path", case_paths("check"), ids=lambda path: path.stem)
def test_message(path: Path, request: pytest.FixtureRequest) -> None:
    problems = problems_of(Source("m.nn", load_case(path)["input"]))
    assert problems
    check_case(path, render_all(problems), request)


def test_twelve_errors_in_one_run() -> None:
    (path,) = [p for p in case_paths("check") if p.stem == "several_errors_twelve"]
    problems = problems_of(Source("m.nn", load_case(path)["input"]))
    lines = [p.span.line for p in problems if p.span is not None]
    assert len({p.code for p in problems}) >= 10
    assert len(problems) >= 12
    assert lines == sorted(lines)


def test_a_code_is_found_by_its_hundred() -> None:
    from nndsl.problems import catalogue, find

    assert {code: find(code) for code in catalogue()} == catalogue()
    assert find("NN777") is None
