"""`nndsl check --format json|sarif|github`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from command import run

from nndsl.cli.reports import github, sarif
from nndsl.diagnostics import Source, Span
from nndsl.driver import problems_of
from nndsl.problems.names import UnknownName

BAD = """\
model M {
  input x: f32[batch, 4]
  a = x |> Dnese(128)
  b = x |> Dense(3)
  c = x |> Dense(64)
  output p = b + c
}
"""


@pytest.fixture
def bad(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("m n.nn").write_text(BAD)
    return "m n.nn"


def log(name: str) -> Any:
    return json.loads(run("check", name, "--format", "sarif").stdout)["runs"][0]


def test_json_has_fixes(bad: str) -> None:
    first = json.loads(run("check", bad, "--format", "json").stdout)[0]
    assert set(first) == {"code", "severity", "message", "label", "place", "related", "help", "fixes"}
    assert first["fixes"][0]["edits"][0]["text"] == "Dense"


def test_sarif_names_its_version(bad: str) -> None:
    assert json.loads(run("check", bad, "--format", "sarif").stdout)["version"] == "2.1.0"


def test_sarif_results_point_at_their_rules(bad: str) -> None:
    found = log(bad)
    rules = found["tool"]["driver"]["rules"]
    assert [rules[r["ruleIndex"]]["id"] for r in found["results"]] == [r["ruleId"] for r in found["results"]]
    assert {r["ruleId"] for r in found["results"]} == {"NN101", "NN201"}


def test_sarif_rules_hold_the_pages(bad: str) -> None:
    assert "Cure:" in log(bad)["tool"]["driver"]["rules"][0]["help"]["text"]


def test_sarif_regions_are_those_of_the_text(bad: str) -> None:
    place = log(bad)["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "m%20n.nn"
    assert place["region"] == {"startLine": 3, "startColumn": 12, "endLine": 3, "endColumn": 17}


def test_sarif_has_related_places(bad: str) -> None:
    assert len(log(bad)["results"][1]["relatedLocations"]) == 2


def test_sarif_has_fixes(bad: str) -> None:
    (fix,) = log(bad)["results"][0]["fixes"]
    assert fix["artifactChanges"][0]["replacements"][0]["insertedContent"]["text"] == "Dense"


def test_sarif_of_no_problems_has_empty_results(tmp_path: Path) -> None:
    (tmp_path / "m.nn").write_text(BAD.replace("Dnese(128)", "Dense(3)").replace("64", "3").replace("= b", "= a + b"))
    assert log(str(tmp_path / "m.nn"))["results"] == []


def test_a_missing_file_has_a_result_without_a_place() -> None:
    assert log("nowhere.nn")["results"][0]["locations"] == []


def test_absolute_paths_are_uris() -> None:
    log_: Any = sarif([UnknownName(Span(Source("/a b/m.nn", "x"), 0, 1))])
    place = log_["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "file:///a%20b/m.nn"


def test_github_prints_a_command_a_problem(bad: str) -> None:
    lines = run("check", bad, "--format", "github").stdout.splitlines()
    assert lines[0].startswith("::error file=m n.nn,line=3,col=12,endColumn=17,title=NN101::`Dnese` is not known")
    assert len(lines) == 2


def test_github_escapes() -> None:
    problem = UnknownName(Span(Source("a,b:c%.nn", "x"), 0, 1), message="50%\n: , end")
    assert github([problem]) == (
        "::error file=a%2Cb%3Ac%25.nn,line=1,col=1,endColumn=2,title=NN101::50%25%0A: , end"
    )


def test_github_gives_no_columns_over_several_lines() -> None:
    problem = UnknownName(Span(Source("m.nn", "ab\ncd"), 1, 4))
    assert github([problem]).startswith("::error file=m.nn,line=1,endLine=2,title=NN101::")


def test_warnings_are_warnings() -> None:
    found = problems_of(Source("m.nn", "model M { input x: f32[batch]\n output p = 2 * x\n y = x }\n"))
    assert github(found).startswith("::warning ")


def test_formats_keep_the_exit_code(bad: str) -> None:
    assert {run("check", bad, "--format", f).exit_code for f in ("text", "json", "sarif", "github")} == {1}
