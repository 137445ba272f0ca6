"""The command, verb by verb, on the NumPy engine; processes are started only where the process itself is tested."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

import nndsl
from nndsl.cli.app import app
from nndsl.cli.options import parse_value
from nndsl.diagnostics import catalogue

LINE = """\
## Two numbers in, one out.
model Line(hidden: int = 2) {
  input  x: f32[batch, 2]
  target y: f32[batch, 1]
  output p = x |> Dense(hidden) |> Dense(1)
  loss   mse(y, p)
  metric mae(y, p)
}
train Line {
  optimizer  = Adam(learning_rate=0.05)
  epochs     = 3
  batch_size = 8
  data       = npz("line.npz", x="x", y="y")
  validation = npz("line.npz", x="x", y="y")
  test       = npz("line.npz", x="x", y="y")
}
"""
FAST = ("--engine", "numpy")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    x = np.random.default_rng(0).normal(size=(40, 2)).astype(np.float32)
    np.savez(tmp_path / "line.npz", x=x, y=x @ np.array([[1.0], [-2.0]], np.float32))
    (tmp_path / "line.nn").write_text(LINE)
    (tmp_path / "bad.nn").write_text(LINE.replace("Dense(1)", "Dence(1)"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def train(*arguments: str) -> Result:
    return run("train", "line.nn", "--run", "r", "--seed", "1", *FAST, *arguments)


def process(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "nndsl", *arguments], capture_output=True, text=True, **options)


# --- check ---------------------------------------------------------------------------------------------------


def test_check_of_a_good_file_exits_0(folder: Path) -> None:
    assert run("check", "line.nn").exit_code == 0


def test_check_prints_problems_on_standard_output(folder: Path) -> None:
    assert "did you mean `Dense`?" in run("check", "bad.nn").stdout


def test_check_with_problems_exits_1(folder: Path) -> None:
    assert run("check", "line.nn", "bad.nn").exit_code == 1


def test_check_counts_on_standard_error(folder: Path) -> None:
    assert run("check", "line.nn", "bad.nn").stderr == "1 error in 2 files\n"


def test_check_prints_json(folder: Path) -> None:
    (found,) = json.loads(run("check", "bad.nn", "--format", "json").stdout)
    assert found["place"]["line"] == 5


def test_check_takes_consts(folder: Path) -> None:
    assert run("check", "line.nn", "--set", "hidden=many").exit_code == 1


def test_check_of_a_missing_file_is_a_finding(folder: Path) -> None:
    assert "line.nn" in run("check", "lime.nn").stdout


HEAVY = {"numpy", "numba", "rich", "safetensors", "sklearn", "typer", "pydantic"}
LOADED = """
import sys
from nndsl.cli.main import run
try: run(sys.argv[1:])
finally: print(*sys.modules, file=sys.stderr)
"""


def loaded(*arguments: str) -> set[str]:
    done = subprocess.run([sys.executable, "-c", LOADED, *arguments], capture_output=True, text=True)
    return set(done.stderr.split())


def test_check_loads_nothing_heavy(folder: Path) -> None:
    assert loaded("check", "line.nn") & (HEAVY | {"nndsl.model", "nndsl.data"}) == set()


@pytest.mark.parametrize("arguments", [("explain", "NN601"), ("--help",), ("summary", "line.nn"), ("check", "line.nn")])
def test_light_verbs_do_not_load_numba(folder: Path, arguments: tuple[str, ...]) -> None:
    assert "numba" not in loaded(*arguments)


def test_check_without_options_prints_what_check_with_options_prints(folder: Path) -> None:
    assert process("check", "bad.nn").stdout == run("check", "bad.nn", "--format", "text").stdout


# --- explain -------------------------------------------------------------------------------------------------


def test_explain_prints_the_page() -> None:
    assert "no `loss` line" in run("explain", "NN601").stdout


@pytest.mark.parametrize("code", ["nn601", "601", "error[NN601]"])
def test_explain_reads_codes_as_people_paste_them(code: str) -> None:
    assert run("explain", code).stdout == run("explain", "NN601").stdout


def test_explain_of_an_unknown_code_exits_2() -> None:
    assert run("explain", "NN099").exit_code == 2


def test_explain_lists_all_codes() -> None:
    assert {line.split()[0] for line in run("explain").stdout.splitlines()} == set(catalogue())


# --- train ---------------------------------------------------------------------------------------------------


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


# --- the rest ------------------------------------------------------------------------------------------------


def test_summary_prints_json(folder: Path) -> None:
    assert json.loads(run("summary", "line.nn", "--format", "json").stdout)["trained"] == 9


def test_summary_of_a_bad_file_exits_1(folder: Path) -> None:
    assert run("summary", "bad.nn").exit_code == 1


@pytest.mark.parametrize("stage", ["ast", "graph", "gradient", "optimized"])
def test_emit_prints_a_stage(folder: Path, stage: str) -> None:
    assert "Dense" in run("emit", "line.nn", "--stage", stage).stdout or stage != "ast"
    assert run("emit", "line.nn", "--stage", stage).exit_code == 0


def test_gradcheck_has_a_line_a_param(folder: Path) -> None:
    assert len(run("gradcheck", "line.nn").stdout.splitlines()) == 4


def test_gradcheck_fails_above_the_tolerance(folder: Path) -> None:
    assert run("gradcheck", "line.nn", "--tolerance", "0").exit_code == 1


def test_new_writes_a_file_that_checks(folder: Path) -> None:
    run("new", "my-digits")
    assert run("check", "my-digits.nn").exit_code == 0


def test_what_new_writes_trains(folder: Path) -> None:
    run("new", "digits")
    assert run("train", "digits.nn", *FAST, "--set", "train.epochs=1", "--quiet").exit_code == 0


def test_new_overwrites_nothing(folder: Path) -> None:
    assert (run("new", "line").exit_code, (folder / "line.nn").read_text()) == (2, LINE)


@pytest.mark.parametrize("name", ["...", "", "a\0b", "!"])
def test_new_refuses_what_is_no_name(folder: Path, name: str) -> None:
    assert run("new", name).exit_code == 2


@pytest.mark.parametrize("name", ["2d", "class", "größe-7", "a.b"])
def test_new_makes_a_model_name_of_any_name(folder: Path, name: str) -> None:
    run("new", name)
    assert run("check", f"{name}.nn").exit_code == 0


def test_doctor_tells_the_version() -> None:
    assert nndsl.__version__ in run("doctor").stdout


def test_version_prints_the_version() -> None:
    assert run("--version").stdout == f"nndsl {nndsl.__version__}\n"


def test_an_unknown_verb_is_wrong_use() -> None:
    assert run("trian", "line.nn").exit_code == 2


def test_an_unknown_option_is_wrong_use(folder: Path) -> None:
    assert run("check", "line.nn", "--fast").exit_code == 2


def test_a_fault_of_ours_is_owned_up_to(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nndsl.driver.check_source", lambda *_: 1 / 0)
    result = run("summary", "line.nn")
    assert (result.exit_code, "Traceback" in result.stderr, "report" in result.stderr) == (70, False, True)


def test_a_fault_of_ours_has_its_traceback_when_asked_for(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nndsl.driver.check_source", lambda *_: 1 / 0)
    monkeypatch.setenv("NNDSL_DEBUG", "1")
    assert "Traceback" in run("summary", "line.nn").stderr


def test_a_closed_pipe_is_quiet() -> None:
    command = [sys.executable, "-m", "nndsl", "explain"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as p:
        assert p.stdout is not None
        assert p.stderr is not None
        p.stdout.close()
        assert p.stderr.read() == b""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_is_told() -> None:
    command = [sys.executable, "-m", "nndsl", "explain"]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, "Traceback" in done.stderr, "no space" in done.stderr) == (1, False, True)


def test_output_that_is_no_terminal_has_no_color(folder: Path) -> None:
    assert "\x1b" not in process("check", "bad.nn").stdout


@pytest.mark.parametrize("stream", [1, 2])
def test_a_closed_stream_is_no_fault(folder: Path, stream: int) -> None:
    done = subprocess.run(f'"{sys.executable}" -m nndsl check line.nn {stream}>&-', shell=True, capture_output=True)
    assert done.returncode == 0
