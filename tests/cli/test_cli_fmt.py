"""`nndsl fmt`: what it writes, prints and ends with."""

from __future__ import annotations

from pathlib import Path

import pytest
from command import process, run

LOOSE = "fn f(x){return x}\n"
NEAT = "fn f(x) { return x }\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "loose.nn").write_text(LOOSE)
    (tmp_path / "neat.nn").write_text(NEAT)
    (tmp_path / "bad.nn").write_text("fn f(x) {\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_files_are_rewritten(here: Path) -> None:
    assert run("fmt", "loose.nn", "neat.nn").exit_code == 0
    assert (here / "loose.nn").read_text() == NEAT


def test_a_file_in_the_style_is_not_touched(here: Path) -> None:
    before = (here / "neat.nn").stat()
    run("fmt", "neat.nn")
    after = (here / "neat.nn").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_newlines_and_the_mark_in_front_count_as_changes(here: Path) -> None:
    (here / "loose.nn").write_bytes(b"\xef\xbb\xbf" + NEAT.replace("\n", "\r\n").encode())
    assert run("fmt", "--check", "loose.nn").exit_code == 1
    run("fmt", "loose.nn")
    assert (here / "loose.nn").read_bytes() == NEAT.encode()


def test_a_link_and_the_rights_of_a_file_stay(here: Path) -> None:
    (here / "loose.nn").chmod(0o600)
    (here / "link.nn").symlink_to("loose.nn")
    run("fmt", "link.nn")
    assert (here / "link.nn").is_symlink()
    assert (here / "loose.nn").read_text() == NEAT
    assert (here / "loose.nn").stat().st_mode & 0o777 == 0o600


def test_check_lists_what_would_change_and_writes_nothing(here: Path) -> None:
    result = run("fmt", "--check", "loose.nn", "neat.nn")
    assert (result.exit_code, result.stdout) == (1, "loose.nn\n")
    assert (here / "loose.nn").read_text() == LOOSE


def test_check_of_files_in_the_style_exits_0(here: Path) -> None:
    assert run("fmt", "--check", "neat.nn").exit_code == 0


def test_diff_prints_the_changes_and_writes_nothing(here: Path) -> None:
    result = run("fmt", "--diff", "loose.nn", "neat.nn")
    assert result.exit_code == 0
    assert result.stdout == f"--- loose.nn\n+++ loose.nn (formatted)\n@@ -1 +1 @@\n-{LOOSE}+{NEAT}"
    assert (here / "loose.nn").read_text() == LOOSE


def test_diff_with_check_exits_1(here: Path) -> None:
    assert run("fmt", "--diff", "--check", "loose.nn").exit_code == 1


def test_a_file_with_errors_is_left_alone_and_the_others_are_not(here: Path) -> None:
    result = run("fmt", "bad.nn", "missing.nn", "loose.nn")
    assert result.exit_code == 1
    assert "error[NN002]" in result.stderr
    assert "error[NN080]" in result.stderr
    assert (here / "bad.nn").read_text() == "fn f(x) {\n"
    assert (here / "loose.nn").read_text() == NEAT


def test_standard_input_goes_to_standard_output(here: Path) -> None:
    result = process("fmt", "-", input=LOOSE)
    assert (result.returncode, result.stdout, result.stderr) == (0, NEAT, "")


def test_standard_input_stands_alone(here: Path) -> None:
    assert run("fmt", "-", "neat.nn").exit_code == 2
