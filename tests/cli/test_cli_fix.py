"""`nndsl check --fix`: what is mended, what is left alone, and what the files look like afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest
from casefile import case_paths, check_case, load_case
from command import run

from nndsl.diagnostics import Edit, Fix, Problem, Source, Span
from nndsl.driver import problems_of
from nndsl.editor.mending import mend
from nndsl.problems.names import UnknownName

BAD = """\
model M {
  input x: float32[batch, 4]
  unused = x + 1
  output p = x |> Dnese(3)
}
"""


@pytest.mark.parametrize("path", case_paths("fix"), ids=lambda path: path.stem)
def test_mended_text(path: Path, request: pytest.FixtureRequest) -> None:
    text, done = mend(Source("m.nn", load_case(path)["input"]), problems_of)
    told = "\n".join(f"# line {one.line}: {one.title} [{one.code}]" for one in done)
    check_case(path, f"{text}{told}", request)


@pytest.mark.parametrize("path", case_paths("fix"), ids=lambda path: path.stem)
def test_a_mended_text_stays_as_it_is(path: Path) -> None:
    text, _ = mend(Source("m.nn", load_case(path)["input"]), problems_of)
    assert mend(Source("m.nn", text), problems_of) == (text, ())


@pytest.mark.parametrize("stage", ["check", "syntax"])
def test_no_mended_text_has_more_errors(stage: str) -> None:
    for path in case_paths(stage):
        source = Source("m.nn", load_case(path)["input"])
        text, _ = mend(source, problems_of, unsafe=True)
        assert errors(text) <= errors(source.text), path.stem


def errors(text: str) -> int:
    return sum(problem.severity == "error" for problem in problems_of(Source("m.nn", text)))


def test_a_fix_that_harms_is_not_kept() -> None:
    def check(source: Source) -> list[Problem]:
        place = Span(source, 0, 1)
        harm = (Fix("harm", (Edit(place, "bb"),), safe=True),)
        return [UnknownName(place, mends=harm) for _ in source.text]

    assert mend(Source("m.nn", "a"), check)[0] == "a"


def test_fixes_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("m.nn").write_text(BAD)
    assert run("check", "--fix", "m.nn").exit_code == 0
    assert Path("m.nn").read_text() == BAD.replace("float32", "f32").replace("Dnese", "Dense")


def test_fixes_are_told_on_standard_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("m.nn").write_text(BAD)
    told = run("check", "--fix", "m.nn").stderr.splitlines()
    assert told[:2] == ["m.nn:2: write `f32` [NN122]", "m.nn:4: write `Dense` [NN101]"]


def test_unsafe_fixes_are_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("m.nn").write_text(BAD)
    run("check", "--fix", "--unsafe", "m.nn")
    assert "unused" not in Path("m.nn").read_text()


def test_diff_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("m.nn").write_text(BAD)
    printed = run("check", "--diff", "m.nn")
    assert (Path("m.nn").read_text(), printed.exit_code) == (BAD, 1)
    assert "+  input x: f32[batch, 4]\n" in printed.stdout


def test_newlines_and_mark_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    content = b"\xef\xbb\xbf" + BAD.replace("\n", "\r\n").encode()
    Path("m.nn").write_bytes(content)
    run("check", "--fix", "m.nn")
    assert Path("m.nn").read_bytes() == content.replace(b"float32", b"f32").replace(b"Dnese", b"Dense")


def test_a_good_file_is_not_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("m.nn").write_text("model M { input x: f32[batch, 4]\n  output p = x |> Dense(3) }\n")
    before = Path("m.nn").stat().st_ino
    run("check", "--fix", "m.nn")
    assert Path("m.nn").stat().st_ino == before


@pytest.mark.parametrize("arguments", [("--unsafe",), ("--diff", "--format", "json")])
def test_options_that_do_not_go_together(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    (tmp_path / "m.nn").write_text(BAD)
    assert run("check", str(tmp_path / "m.nn"), *arguments).exit_code == 2
