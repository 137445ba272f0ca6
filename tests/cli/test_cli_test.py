"""`nndsl test`: what it prints, in which form, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from command import LINE, run

TESTS = """
test "shapes" { expect shape(p) == [batch, 1] }
test "counts" { expect parameters == 10 }
"""
FAILED = """\
m.nn
  pass  shapes
  FAIL  counts

--- counts (m.nn)
error[NN620]: this expectation does not hold
  --> m.nn:19:24
   |
19 | test "counts" { expect parameters == 10 }
   |                        ^^^^^^^^^^^^^^^^ the left side is 9, expected was 10
"""


@pytest.fixture
def tested(folder: Path) -> Path:
    (folder / "m.nn").write_text(LINE + TESTS)
    return folder


def test_failures_are_printed_in_full(tested: Path) -> None:
    assert run("test", "m.nn").stdout == FAILED


def test_it_counts_on_standard_error(tested: Path) -> None:
    assert run("test", "m.nn").stderr.startswith("1 failed, 1 passed in ")


def test_a_failure_exits_1(tested: Path) -> None:
    assert run("test", "m.nn").exit_code == 1


def test_passing_exits_0(tested: Path) -> None:
    assert run("test", "m.nn", "-k", "shape").exit_code == 0


def test_consts_can_be_set(tested: Path) -> None:
    assert run("test", "m.nn", "-k", "counts", "--set", "hidden=3").exit_code == 1
    assert "the left side is 13" in run("test", "m.nn", "--set", "hidden=3").stdout


def test_no_tests_exits_2(folder: Path) -> None:
    assert run("test", "line.nn").exit_code == 2


def test_no_test_of_that_name_exits_2(tested: Path) -> None:
    assert run("test", "m.nn", "-k", "nothing").exit_code == 2


def test_a_broken_file_stops_no_other(tested: Path) -> None:
    result = run("test", "bad.nn", "m.nn", "-k", "shapes")
    assert "pass  shapes" in result.stdout
    assert "1 passed, 1 file with errors" in result.stderr
    assert result.exit_code == 1


def test_json_holds_the_facts(tested: Path) -> None:
    passed, failed = json.loads(run("test", "m.nn", "--format", "json").stdout)
    assert (passed["test"], passed["passed"], passed["failures"]) == ("shapes", True, [])
    assert (failed["line"], failed["failures"][0]["found"], failed["failures"][0]["expected"]) == (19, "9", "10")


def test_junit_counts_failures(tested: Path) -> None:
    (suite,) = ElementTree.fromstring(run("test", "m.nn", "--format", "junit").stdout)
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    (failure,) = suite.iter("failure")
    assert failure.get("type") == "NN620"


def test_json_has_a_file_with_errors(folder: Path) -> None:
    (folder / "bad.nn").write_text('model M() { output y = z }\ntest "a" { expect true }\n')
    result = run("test", "bad.nn", "--format", "json")
    (entry,) = json.loads(result.stdout)
    assert (entry["file"], entry["test"], entry["passed"]) == ("bad.nn", None, False)
    assert [failure["code"] for failure in entry["failures"]] == ["NN101"]
    assert result.exit_code == 1


def test_junit_has_a_file_with_errors(folder: Path) -> None:
    (folder / "bad.nn").write_text('model M() { output y = z }\ntest "a" { expect true }\n')
    (suite,) = ElementTree.fromstring(run("test", "bad.nn", "--format", "junit").stdout)
    assert (suite.get("tests"), suite.get("errors")) == ("1", "1")
    assert [error.get("type") for error in suite.iter("error")] == ["NN101"]


def test_junit_is_xml_whatever_a_test_is_called(folder: Path) -> None:
    (folder / "m.nn").write_text(LINE + 'test "a \\u0000 <&\\"" { expect parameters == 1 }')
    assert ElementTree.fromstring(run("test", "m.nn", "--format", "junit").stdout)[0].get("failures") == "1"
