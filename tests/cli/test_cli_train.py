"""`train`, `evaluate` and `predict`, on the NumPy engine."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command import FAST, LINE, run, train

import nndsl
from nndsl.cli.options import parse_value


def test_train_leaves_the_run_folder(folder: Path) -> None:
    train()
    names = {"model.nn", "settings.json", "history.csv", "best.safetensors", "last.safetensors", "curves.svg"}
    assert {path.name for path in (folder / "r").iterdir()} == names


def test_train_prints_the_test_metrics_on_standard_output(folder: Path) -> None:
    assert set(json.loads(train("--format", "json").stdout)) == {"loss", "mae"}


def test_train_shows_progress_on_standard_error(folder: Path) -> None:
    assert "epoch 3/3" in train().stderr


def test_quiet_shows_no_progress(folder: Path) -> None:
    assert "epoch" not in train("--quiet").stderr.replace("weights of epoch", "")


def test_history_has_a_line_an_epoch(folder: Path) -> None:
    train()
    with (folder / "r" / "history.csv").open() as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["1", "2", "3"]


def test_the_source_is_kept(folder: Path) -> None:
    train()
    assert (folder / "r" / "model.nn").read_text() == LINE


def test_settings_hold_what_was_resolved(folder: Path) -> None:
    train("--set", "hidden=5", "--set", "train.epochs=2")
    kept = json.loads((folder / "r" / "settings.json").read_text())
    assert (kept["consts"]["hidden"], kept["train"]["epochs"], kept["seed"]) == (5, 2, 1)


def test_a_run_without_a_seed_keeps_the_one_it_drew(folder: Path) -> None:
    run("train", "line.nn", "--run", "r", *FAST)
    assert isinstance(json.loads((folder / "r" / "settings.json").read_text())["seed"], int)


def test_two_runs_with_one_seed_give_the_same_bytes(folder: Path) -> None:
    train()
    run("train", "line.nn", "--run", "r2", "--seed", "1", *FAST)
    assert (folder / "r" / "last.safetensors").read_bytes() == (folder / "r2" / "last.safetensors").read_bytes()


def test_a_second_run_into_the_folder_is_refused(folder: Path) -> None:
    train()
    before = (folder / "r" / "history.csv").read_text()
    assert (train().exit_code, (folder / "r" / "history.csv").read_text()) == (2, before)


def test_an_empty_folder_may_be_used(folder: Path) -> None:
    (folder / "r").mkdir()
    assert train().exit_code == 0


def test_without_run_the_folder_has_the_name_of_the_model(folder: Path) -> None:
    run("train", "line.nn", *FAST)
    (made,) = (folder / "runs").iterdir()
    assert made.name.startswith("line-")


def test_two_runs_in_one_second_get_two_folders(folder: Path) -> None:
    run("train", "line.nn", *FAST)
    run("train", "line.nn", *FAST)
    assert len(list((folder / "runs").iterdir())) == 2


def test_data_that_is_not_there_leaves_no_folder(folder: Path) -> None:
    (folder / "line.npz").unlink()
    assert (train().exit_code, (folder / "r").exists()) == (1, False)


def test_data_can_be_given(folder: Path) -> None:
    (folder / "line.npz").rename(folder / "other.npz")
    assert train("--data", "other.npz").exit_code == 0


def test_an_unknown_const_is_a_finding(folder: Path) -> None:
    assert "did you mean `hidden`?" in train("--set", "hiden=3").stderr


@pytest.mark.parametrize("text", ["hidden", "=3", "a b=3", "train.=3"])
def test_what_is_no_name_and_value_is_wrong_use(folder: Path, text: str) -> None:
    assert train("--set", text).exit_code == 2


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3), ("-3", -3), ("1_000", 1000), ("0.5", 0.5), ("1e-3", 1e-3), ("true", True), ("false", False),
        ("none", None), ("relu", "relu"), ('"3"', "3"), ("'3'", "3"), ("[64, 32]", [64, 32]), ("", ""), ("[1,", "[1,"),
        ("(3, 4)", [3, 4]), ("blocks.swish", "blocks.swish"),
    ],
)  # fmt: skip
def test_values_are_read_as_in_a_file(text: str, value: object) -> None:
    assert parse_value(text) == value
    assert type(parse_value(text)) is type(value)


def test_callbacks_write_into_the_run_folder(folder: Path) -> None:
    (folder / "line.nn").write_text(LINE.replace("epochs ", 'callbacks = [CSVLogger("log.csv")]\n  epochs '))
    train()
    assert (folder / "r" / "log.csv").exists()


def test_the_best_weights_are_those_of_the_best_epoch(folder: Path) -> None:
    tested = json.loads(train("--format", "json", "--set", "train.epochs=20").stdout)
    with (folder / "r" / "history.csv").open() as file:
        best = min(float(row["val_loss"]) for row in csv.DictReader(file))
    assert tested["loss"] == pytest.approx(best, rel=1e-5)


def test_an_interrupt_leaves_a_whole_folder_and_exits_130(folder: Path) -> None:
    command = [sys.executable, "-m", "nndsl", "train", "line.nn", "--run", "r", "--set", "train.epochs=99999", *FAST]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        next(line for line in running.stderr if "    2/" in line)
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=60)
    left = {path.name for path in (folder / "r").iterdir()}
    assert (running.returncode, {"last.safetensors", "curves.svg", "history.csv"} <= left) == (130, True)


# --- evaluate, predict ---------------------------------------------------------------------------------------


def test_evaluate_gives_what_train_printed(folder: Path) -> None:
    assert train().stdout == run("evaluate", "line.nn", "--run", "r", *FAST).stdout


def test_evaluate_builds_the_model_as_the_run_did(folder: Path) -> None:
    train("--set", "hidden=7")
    assert run("evaluate", "line.nn", "--run", "r", *FAST).exit_code == 0


def test_evaluate_takes_a_weights_file(folder: Path) -> None:
    train()
    assert run("evaluate", "line.nn", "--weights", "r/last.safetensors", *FAST).exit_code == 0


@pytest.mark.parametrize("arguments", [(), ("--run", "r", "--weights", "w")])
def test_evaluate_needs_one_of_run_and_weights(folder: Path, arguments: tuple[str, ...]) -> None:
    assert run("evaluate", "line.nn", *arguments).exit_code == 2


def test_what_is_no_run_folder_is_wrong_use(folder: Path) -> None:
    assert run("evaluate", "line.nn", "--run", "nope").exit_code == 2


@pytest.mark.parametrize("content", ["{", "[]", "\0", '{"set": 3}'])
def test_damaged_settings_are_told(folder: Path, content: str) -> None:
    (folder / "r").mkdir()
    (folder / "r" / "settings.json").write_text(content)
    assert "NN613" in run("evaluate", "line.nn", "--run", "r").stderr


def expected(folder: Path) -> Any:
    model = nndsl.load("line.nn", engine="numpy")
    model.load_weights("r/best.safetensors")
    return model.predict(np.load("line.npz")["x"])


def test_predict_prints_a_csv_line_a_row(folder: Path) -> None:
    train()
    lines = run("predict", "line.nn", "--run", "r", *FAST).stdout.splitlines()
    assert np.allclose([float(line) for line in lines[1:]], expected(folder)[:, 0], rtol=1e-6)


def test_predict_prints_json(folder: Path) -> None:
    train()
    printed = json.loads(run("predict", "line.nn", "--run", "r", "--format", "json", *FAST).stdout)
    assert np.allclose(printed["p"], expected(folder))


@pytest.mark.parametrize("name", ["in.npz", "in.npy", "in.csv", "one.npz"])
def test_predict_reads_inputs(folder: Path, name: str) -> None:
    train()
    x = np.load("line.npz")["x"]
    np.savez("in.npz", x=x)
    np.savez("one.npz", anything=x)
    np.save("in.npy", x)
    np.savetxt("in.csv", x, delimiter=",", header="a,b", comments="", fmt="%.9g")
    run("predict", "line.nn", "--run", "r", "--data", name, "-o", "out.npz", *FAST)
    assert np.allclose(np.load("out.npz")["p"], expected(folder), rtol=1e-5)


@pytest.mark.parametrize("name", ["nothing.npz", "line.nn", "broken.npz", "broken.npy", "empty.csv"])
def test_inputs_that_cannot_be_read_are_findings(folder: Path, name: str) -> None:
    train()
    for broken in ("broken.npz", "broken.npy"):
        (folder / broken).write_bytes(b"PK\x03\x04 no")
    (folder / "empty.csv").write_text("")
    assert run("predict", "line.nn", "--run", "r", "--data", name, *FAST).exit_code == 1


def test_predict_writes_csv(folder: Path) -> None:
    train()
    run("predict", "line.nn", "--run", "r", "-o", "out.csv", *FAST)
    assert (folder / "out.csv").read_text().splitlines()[0] == "p.0"


def test_predict_into_another_format_is_wrong_use(folder: Path) -> None:
    assert run("predict", "line.nn", "--run", "r", "-o", "out.xls").exit_code == 2


def test_curves_are_watched_in_a_page_of_the_run_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda address: opened.append(address) or True)
    train("--plot")
    assert opened == [(folder / "r" / "curves.html").as_uri()]
    assert 'src="curves.svg"' in (folder / "r" / "curves.html").read_text()


def test_curves_are_drawn_as_training_goes_on(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from nndsl.training import run_folder

    drawn: list[int] = []
    whole = run_folder.curves_svg
    monkeypatch.setattr(run_folder, "SECONDS_BETWEEN_CURVES", 0.0)
    monkeypatch.setattr(run_folder, "COST", 0)
    monkeypatch.setattr(run_folder, "curves_svg", lambda *given: drawn.append(len(given[1])) or whole(*given))
    train()
    assert drawn == [1, 2, 3, 3]


def test_logs_for_tensorboard_are_written(folder: Path) -> None:
    pytest.importorskip("tensorboardX")
    train("--tensorboard", "logs")
    assert {path.name for path in (folder / "logs").iterdir()} == {"train", "validation"}


def test_without_tensorboard_x_nothing_is_begun(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    done = train("--tensorboard", "logs")
    assert done.exit_code == 1
    assert 'pip install "nndsl[tensorboard]"' in done.stderr
    assert not (folder / "r").exists()
