"""Run folders."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from linear import LinearSession

from nndsl.diagnostics import NndslError
from nndsl.training import checkpoint, run_folder
from nndsl.training.callback import History
from nndsl.training.run_folder import RunFolder, RunRecorder


def record(path: Path, values: list[dict[str, float]]) -> RunRecorder:
    """A run whose param `w` holds the number of the epoch."""
    session = LinearSession()
    folder = RunFolder.free(path)
    folder.begin("model M {}", {"model": "M"})
    recorder, history = RunRecorder(folder, session, "M", {}), History()
    for epoch, logs in enumerate(values):
        session.params["w"][:] = epoch + 1
        recorder.on_epoch_end(epoch, logs)
        history.on_epoch_end(epoch, logs)
    recorder.finish(history)
    return recorder


def epoch_in(path: Path) -> float:
    return float(checkpoint.read(path).arrays["params/w"][0, 0])


@pytest.mark.parametrize(
    ("values", "best"),
    [
        ([{"loss": 3.0}, {"loss": 1.0}, {"loss": 2.0}], 2),
        ([{"loss": 3.0, "val_loss": 1.0}, {"loss": 1.0, "val_loss": 2.0}], 1),
        ([{"loss": math.nan}, {"loss": 1.0}, {"loss": math.nan}], 2),
        ([{"loss": 1.0}, {"loss": 1.0}], 1),
    ],
)
def test_best_holds_the_epoch_with_the_lowest_loss(
    tmp_path: Path, values: list[dict[str, float]], best: int
) -> None:
    record(tmp_path / "r", values)
    assert epoch_in(tmp_path / "r" / "best.safetensors") == best


def test_last_holds_the_last_epoch(tmp_path: Path) -> None:
    record(tmp_path / "r", [{"loss": 1.0}, {"loss": 2.0}])
    assert epoch_in(tmp_path / "r" / "last.safetensors") == 2


def test_last_can_be_resumed_from(tmp_path: Path) -> None:
    record(tmp_path / "r", [{"loss": 1.0}])
    assert checkpoint.read(tmp_path / "r" / "last.safetensors").step == 0


def test_without_a_finite_loss_there_are_no_best_weights(tmp_path: Path) -> None:
    record(tmp_path / "r", [{"loss": math.nan}])
    with pytest.raises(NndslError, match="NN613"):
        RunFolder(tmp_path / "r").weights()


def test_history_is_on_the_disk_after_each_epoch(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "r")
    folder.begin("", {})
    RunRecorder(folder, LinearSession(), "M", {}).on_epoch_end(0, {"loss": 0.5})
    assert (tmp_path / "r" / "history.csv").read_text() == "epoch,loss\n1,0.5\n"


def test_weights_are_written_as_training_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_folder, "SECONDS_BETWEEN_WRITES", -1.0)
    folder = RunFolder(tmp_path / "r")
    folder.begin("", {})
    RunRecorder(folder, LinearSession(), "M", {}).on_epoch_end(0, {"loss": 0.5})
    assert (tmp_path / "r" / "last.safetensors").exists()


def test_a_folder_with_files_is_taken(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(NndslError, match="NN611"):
        RunFolder.free(tmp_path)


def test_a_file_is_no_folder_to_be_had(tmp_path: Path) -> None:
    (tmp_path / "r").touch()
    with pytest.raises(NndslError, match="NN611"):
        RunFolder.free(tmp_path / "r")


def test_a_folder_that_cannot_be_made_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NndslError, match="NN612"):
        RunFolder(tmp_path / "file" / "r").begin("", {})


def test_the_message_names_the_runs_there_are(tmp_path: Path) -> None:
    RunFolder(tmp_path / "a").begin("", {})
    with pytest.raises(NndslError, match=r"there are `.*a`"):
        RunFolder(tmp_path).settings()


def test_a_dated_name_that_is_taken_gets_a_number(tmp_path: Path) -> None:
    first = RunFolder.dated(tmp_path, "m", now=0.0)
    first.begin("", {})
    assert RunFolder.dated(tmp_path, "m", now=0.0).path.name == first.path.name + "-2"
