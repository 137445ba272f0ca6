"""`nndsl generate`: what it prints, where the text comes from, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command import run
from typer.testing import CliRunner

import nndsl
from nndsl.cli.app import app

MODEL = """
model Letters(count: int = 128) {
  input text: index<count>[batch, time]
  x = text |> Embedding(count, 8) |> GRU(8, return_sequences=true)
  output next = softmax(x |> Dense(count))
}
"""
FAST = ("--engine", "numpy")


@pytest.fixture
def letters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("letters.nn").write_text(MODEL)
    nndsl.load("letters.nn", engine="numpy", seed=1).save("w.safetensors")
    nndsl.load("letters.nn", engine="numpy", seed=1, count=5).save("five.safetensors")
    return tmp_path


def test_the_prompt_and_what_follows_are_printed(letters: Path) -> None:
    arguments = ("generate", "letters.nn", "--weights", "w.safetensors", "-p", "abc", "-n", "6", "--seed", "1", *FAST)
    first = run(*arguments)
    assert first.exit_code == 0
    assert first.stdout.startswith("abc")
    assert run(*arguments).stdout == first.stdout
    told = json.loads(run(*arguments, "--format", "json").stdout)
    assert told["prompt"] + told["added"] + "\n" == first.stdout


def test_the_prompt_can_come_from_standard_input(letters: Path) -> None:
    arguments = ("generate", "letters.nn", "--weights", "w.safetensors", "-n", "2", "--temperature", "0", *FAST)
    assert CliRunner().invoke(app, [*arguments], input="xyz\n").stdout.startswith("xyz")


def test_numbers_go_where_no_text_can(letters: Path) -> None:
    arguments = ("generate", "letters.nn", "--weights", "five.safetensors", "--set", "count=5", "-n", "3", *FAST)
    assert len(run(*arguments, "-p", "1 2 3").stdout.split()) == 6
    assert "NN631" in run(*arguments, "-p", "abc").stderr
    Path("words.json").write_text('["a", "b", "c", "d", "e"]')
    assert run(*arguments, "-p", "abc", "--vocabulary", "words.json").stdout.startswith("abc")
    Path("words.txt").write_text("the\ncat\nsat\non\nmat\n")
    assert run(*arguments, "-p", "the cat", "--vocabulary", "words.txt").stdout.startswith("the cat ")


@pytest.mark.parametrize(
    ("more", "code", "says"),
    [
        (("-p", "naïve"), 1, "NN632"),
        (("-p", ""), 1, "NN633"),
        (("-p", "a", "--top-p", "2"), 2, "NN600"),
        (("-p", "a", "--vocabulary", "none.json"), 2, "cannot be read"),
    ],
)
def test_what_cannot_be_done_is_told(letters: Path, more: tuple[str, ...], code: int, says: str) -> None:
    result = run("generate", "letters.nn", "--weights", "w.safetensors", *more, *FAST)
    assert result.exit_code == code
    assert says in result.stderr


def test_the_program_that_goes_on_can_be_read(letters: Path) -> None:
    text = run("emit", "letters.nn", "--program", "generate", "--stage", "graph").stdout
    assert "output memory.GRU_1.kept_h" in text
