"""Weights files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from linear import LinearSession
from safetensors.numpy import save_file

from nndsl.diagnostics import NndslError
from nndsl.training import checkpoint


def trained() -> LinearSession:
    session = LinearSession()
    session.params["w"][:] = [[1.5], [-2.25]]
    session.states["seen"][:] = 7
    session.slots["w/m"][:] = 3
    session.step = 12
    return session


def written(path: Path, training: bool = False) -> Path:
    checkpoint.write(path, checkpoint.encode(trained(), "Linear", {"hidden": 64}, training))
    return path


def refusal(path: Path, training: bool = False) -> str:
    with pytest.raises(NndslError) as caught:
        checkpoint.load(LinearSession(), path, training)
    return str(caught.value)


@pytest.mark.parametrize("name", ["params", "states"])
def test_arrays_come_back(tmp_path: Path, name: str) -> None:
    session = LinearSession()
    checkpoint.load(session, written(tmp_path / "w"))
    for key, array in getattr(trained(), name).items():
        assert np.array_equal(getattr(session, name)[key], array)


def test_arrays_are_filled_in_place(tmp_path: Path) -> None:
    session = LinearSession()
    live = session.params["w"]
    checkpoint.load(session, written(tmp_path / "w"))
    assert live[0, 0] == 1.5


def test_slots_come_back_for_training(tmp_path: Path) -> None:
    session = LinearSession()
    checkpoint.load(session, written(tmp_path / "w", training=True), training=True)
    assert session.slots["w/m"][0, 0] == 3


def test_the_step_comes_back_for_training(tmp_path: Path) -> None:
    session = LinearSession()
    checkpoint.load(session, written(tmp_path / "w", training=True), training=True)
    assert session.step == 12


def test_weights_can_be_read_from_a_training_checkpoint(tmp_path: Path) -> None:
    session = LinearSession()
    checkpoint.load(session, written(tmp_path / "w", training=True))
    assert (session.params["w"][0, 0], session.step) == (1.5, 0)


def test_training_cannot_resume_from_weights_alone(tmp_path: Path) -> None:
    assert "no state of the optimizer" in refusal(written(tmp_path / "w"), training=True)


def test_the_file_tells_its_model_and_consts(tmp_path: Path) -> None:
    assert checkpoint.read(written(tmp_path / "w")).origin == "model Linear(hidden=64)"


def test_the_file_has_the_version(tmp_path: Path) -> None:
    assert checkpoint.read(written(tmp_path / "w")).metadata["version"]


@pytest.mark.parametrize(
    ("arrays", "told"),
    [
        ({"params/w": np.zeros((3, 1), np.float32)}, "`w` is f32[3, 1] in the file and f32[2, 1] in the model"),
        ({"params/w": np.zeros((2, 1), np.float64)}, "`w` is f64[2, 1] in the file"),
        ({"params/w": np.full((2, 1), np.nan, np.float32)}, "`w` holds 2 numbers in the file that are NaN"),
        ({"params/w": np.array([[1], [np.inf]], np.float32)}, "`w` holds 1 numbers"),
        ({}, "`w` (f32[2, 1]) is not in the file"),
        ({"params/w": np.zeros((2, 1), np.float32), "params/v": np.zeros(1, np.float32)}, "`v` is in the file and not"),
    ],
)
def test_what_does_not_fit_is_told(tmp_path: Path, arrays: dict[str, Any], told: str) -> None:
    save_file({"states/seen": np.zeros(1, np.float32), **arrays}, tmp_path / "w")
    assert told in refusal(tmp_path / "w")


def test_nothing_is_loaded_where_something_does_not_fit(tmp_path: Path) -> None:
    save_file({"params/w": np.ones((2, 1), np.float32)}, tmp_path / "w")
    session = LinearSession()
    with pytest.raises(NndslError):
        checkpoint.load(session, tmp_path / "w")
    assert not session.params["w"].any()


def _huge_header() -> bytes:
    header = json.dumps({"params/w": {"dtype": "F32", "shape": [2, 1], "data_offsets": [0, 1 << 50]}}).encode()
    return len(header).to_bytes(8, "little") + header


@pytest.mark.parametrize(
    "content",
    [b"", b"\0" * 8, b"hello, world", b"\xff" * 64, b"PK\x03\x04" + b"\0" * 40, _huge_header(),
     (10).to_bytes(8, "little") + b"{not json}", (2).to_bytes(8, "little") + b"[]"],
)  # fmt: skip
def test_other_content_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "w").write_bytes(content)
    assert "NN607" in refusal(tmp_path / "w") or "NN608" in refusal(tmp_path / "w")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_truncated_file_is_refused(tmp_path: Path, share: float) -> None:
    content = written(tmp_path / "w").read_bytes()
    (tmp_path / "w").write_bytes(content[: int(len(content) * share)])
    assert "NN607" in refusal(tmp_path / "w")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert "NN607" in refusal(tmp_path / "w")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert "NN607" in refusal(tmp_path)


def test_a_place_that_cannot_be_written_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(NndslError, match="NN612"):
        checkpoint.write(tmp_path / "no" / "w", b"")


def test_the_learning_rate_comes_back_for_training(tmp_path: Path) -> None:
    session = trained()
    session.learning_rate = 0.025
    checkpoint.write(tmp_path / "w", checkpoint.encode(session, "Linear", {}, training=True))
    fresh = LinearSession()
    checkpoint.load(fresh, tmp_path / "w", training=True)
    assert fresh.learning_rate == 0.025


def test_the_same_state_gives_the_same_bytes(tmp_path: Path) -> None:
    once = written(tmp_path / "a", training=True).read_bytes()
    assert {written(tmp_path / "b", training=True).read_bytes() for _ in range(5)} == {once}


@pytest.mark.parametrize("entry", ["", "{", "[1]", '{"step": "9"}', '{"step": -1}', '{"consts": 3, "model": "M"}'])
def test_odd_metadata_is_no_fault(tmp_path: Path, entry: str) -> None:
    arrays = {"params/w": np.ones((2, 1), np.float32), "states/seen": np.zeros(1, np.float32)}
    save_file(arrays, tmp_path / "w", {"nndsl": entry})
    session = LinearSession()
    checkpoint.load(session, tmp_path / "w")
    assert session.params["w"].all()
