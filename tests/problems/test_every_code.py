"""Every code of the catalogue has a case: a file under tests/cases with a program, arrays or commands that provoke it,
and the whole message that is expected."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from casefile import CASES, case_paths, check_case, load_case

from docs import examples
from nndsl.problems import catalogue

HEADLINE = re.compile(r"^(?:error|warning)\[(NN\d{3})\]", re.MULTILINE)
MESSAGE = re.compile(r"^(?:error|warning)\[NN\d{3}\]: .*(?:\n(?: .*|\d+ \|.*))*", re.MULTILINE)
ROOM = re.compile(r"[\d.]+ [GM]iB is the most")
"""How much memory is free: another number each time."""


def test_every_code_has_a_case() -> None:
    told = {
        code
        for path in CASES.rglob("*.case")
        for code in HEADLINE.findall(load_case(path).get("expected", ""))
    }
    assert set(catalogue()) - told == set()


def test_no_case_has_a_code_that_there_is_not() -> None:
    for path in CASES.rglob("*.case"):
        assert set(HEADLINE.findall(load_case(path).get("expected", ""))) <= set(catalogue()), path


@pytest.mark.parametrize("path", case_paths("run"), ids=lambda path: path.stem)
def test_message_of_what_only_a_run_shows(path: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    case = load_case(path)
    context = getattr(examples, case.get("context", "str").strip(), str)
    said = examples.carried_out(case["input"], context, tmp_path).replace(str(tmp_path), "FOLDER")
    messages = ROOM.sub("… is the most", "\n\n".join(MESSAGE.findall(said)))
    assert messages, said
    check_case(path, messages, request)
