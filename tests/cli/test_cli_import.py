"""The command with a file that imports, and with a data section."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from command import FAST, LINE, run

import nndsl
from nndsl.syntax.load import load_source

BLOCKS = "layer Twice(units: int)(x: f32[..., n]) { return x |> Dense(units, activation=relu) |> part }\n"
PARTS = "fn part(x: f32[...]) { return x / 2 }\n"
SECTIONS, TRAIN = LINE.split("train Line")
MAIN = 'import "lib/blocks.nn" as blocks\n' + LINE.replace("Dense(hidden)", "blocks.Twice(hidden)")


@pytest.fixture
def project(folder: Path) -> Path:
    """line.nn imports lib/blocks.nn, which imports lib/parts.nn."""
    (folder / "lib").mkdir()
    (folder / "lib" / "blocks.nn").write_text('import "parts.nn"\n' + BLOCKS)
    (folder / "lib" / "parts.nn").write_text(PARTS)
    (folder / "line.nn").write_text(MAIN)
    return folder


def train(*arguments: str) -> int:
    return run("train", "line.nn", "--run", "r", "--seed", "1", *FAST, *arguments).exit_code


def test_a_run_keeps_what_the_file_imports(project: Path) -> None:
    assert train() == 0
    kept = {str(path.relative_to(project / "r")) for path in (project / "r").rglob("*.nn")}
    assert kept == {"model.nn", "lib/blocks.nn", "lib/parts.nn"}


def test_a_run_can_be_evaluated_when_the_project_is_gone(project: Path) -> None:
    train()
    for path in ("line.nn", "lib/blocks.nn", "lib/parts.nn"):
        (project / path).unlink()
    arguments = ("r/model.nn", "--run", "r", "--data", "line.npz", "--format", "json")
    assert set(json.loads(run("evaluate", *arguments, *FAST).stdout)) == {"loss", "mae"}


def test_a_link_stays_a_link_in_the_run(project: Path) -> None:
    (project / "link.nn").symlink_to("lib/blocks.nn")
    (project / "line.nn").write_text(MAIN.replace("lib/blocks.nn", "link.nn"))
    train()
    assert load_source(project / "r" / "link.nn").text == (project / "lib" / "blocks.nn").read_text()
    assert run("check", "r/model.nn").exit_code == 0


def test_a_source_that_imports_model_nn_keeps_its_own_name(project: Path) -> None:
    (project / "model.nn").write_text(PARTS)
    (project / "line.nn").write_text('import "model.nn"\n' + LINE.replace("Dense(hidden)", "part"))
    train()
    assert (project / "r" / "model.nn").read_text() == PARTS
    assert json.loads((project / "r" / "settings.json").read_text())["source"] == "line.nn"
    assert run("check", "r/line.nn").exit_code == 0


def test_a_fault_that_two_files_import_is_told_once(project: Path) -> None:
    (project / "lib" / "parts.nn").write_text(PARTS.replace("x / 2", "y / 2"))
    (project / "other.nn").write_text('import "lib/parts.nn"\n')
    result = run("check", "line.nn", "other.nn", "lib/parts.nn")
    assert (result.exit_code, result.stdout.count("error[")) == (1, 1)


def test_load_imports_from_the_folder_of_the_file(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    assert nndsl.load(project / "line.nn", engine="numpy").predict(np.ones((3, 2), np.float32)).shape == (3, 1)


def test_compile_imports_from_the_working_folder(project: Path) -> None:
    assert nndsl.compile(MAIN, engine="numpy").predict(np.ones((3, 2), np.float32)).shape == (3, 1)


def test_evaluate_needs_a_data_section_and_no_train_section(folder: Path) -> None:
    train()
    (folder / "line.nn").write_text(SECTIONS + 'data Line { test = npz("line.npz", x="x", y="y") }\n')
    result = run("evaluate", "line.nn", "--run", "r", *FAST, "--format", "json")
    assert set(json.loads(result.stdout)) == {"loss", "mae"}


def test_fit_takes_the_data_section(folder: Path) -> None:
    (folder / "line.nn").write_text(
        SECTIONS + 'data Line {\n  train = npz("line.npz", x="x", y="y")\n  validation = 0.25\n}\n'
    )
    history = nndsl.load("line.nn", engine="numpy", seed=1).fit(epochs=2, verbose=0)
    assert set(history.history) == {"loss", "mae", "val_loss", "val_mae"}
