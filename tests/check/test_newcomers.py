"""What people write who come from Keras, PyTorch or plain Python: what they are told, in full, and once."""

from __future__ import annotations

from pathlib import Path

import pytest
from casefile import case_paths, check_case, load_case

from nndsl.diagnostics import Problem, Source, render_all
from nndsl.driver import problems_of

PATHS = case_paths("newcomer")
SEVERAL = {
    "torch_sequential": 4,  # four names that there are not
    "dense_in_features": 2,  # two arguments that there are not
    "keras_py_whole": 2,  # two lines of imports, before a file that is Python
    "torch_py_whole": 3,  # two lines of imports and a class
}
"""Cases with more than one mistake, and how many."""


def told(path: Path) -> tuple[Problem, ...]:
    return problems_of(Source("m.nn", load_case(path)["input"]))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_message(path: Path, request: pytest.FixtureRequest) -> None:
    check_case(path, render_all(told(path)), request)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_one_mistake_is_told_once_and_with_a_cure(path: Path) -> None:
    problems = told(path)
    errors = [problem for problem in problems if problem.severity == "error"]
    assert len(errors) == SEVERAL.get(path.stem, 1) or (not errors and len(problems) == 1), render_all(problems)
    assert [problem.code for problem in errors or problems if not problem.help and not problem.label] == []
