"""The callback TensorBoard: what its logs hold, read back from the files."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nndsl
from nndsl.diagnostics import NndslError

LINE = """
model Line() {
  input  x: f32[batch, 2]
  target y: f32[batch, 1]
  output p = x |> Dense(1)
  loss   mse(y, p)
  metric mae(y, p)
}
"""


def logged(folder: Path) -> Iterator[tuple[str, int, Any]]:
    """Tag, step and value of each summary; files are records of length, check, event, check."""
    event = pytest.importorskip("tensorboardX.proto.event_pb2")
    for file in sorted(folder.glob("events.*")):
        content = file.read_bytes()
        while content:
            length = int.from_bytes(content[:8], "little")
            found = event.Event.FromString(content[12 : 12 + length])
            for value in found.summary.value:
                yield value.tag, found.step, value.simple_value if value.HasField("simple_value") else value.histo
            content = content[16 + length :]


def fit(callback: Any, epochs: int = 2) -> nndsl.History:
    x = np.arange(40, dtype=np.float32).reshape(20, 2) / 40
    model = nndsl.compile(LINE, engine="numpy", seed=0)
    return model.fit(x, x[:, :1], epochs=epochs, batch_size=8, validation_split=0.2, verbose=0, callbacks=[callback])


def test_values_of_epochs_go_to_runs_of_train_and_validation(tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX")
    history = fit(nndsl.TensorBoard(tmp_path)).history
    for part, prefix in (("train", ""), ("validation", "val_")):
        found = {(tag, step): value for tag, step, value in logged(tmp_path / part)}
        for name in ("loss", "mae"):
            values = [found[f"epoch_{name}", epoch] for epoch in range(2)]
            assert values == pytest.approx(history[prefix + name])
    rates = [value for tag, _, value in logged(tmp_path / "train") if tag == "epoch_learning_rate"]
    assert rates == pytest.approx([0.001, 0.001])


def test_values_of_batches_are_written_as_often_as_asked(tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX")
    fit(nndsl.TensorBoard(tmp_path / "all", update_freq="batch"))
    fit(nndsl.TensorBoard(tmp_path / "some", update_freq=2))
    fit(nndsl.TensorBoard(tmp_path / "none"))
    steps = {
        name: [step for tag, step, _ in logged(tmp_path / name / "train") if tag == "batch_loss"]
        for name in ("all", "some", "none")
    }
    assert steps == {"all": [1, 2, 3, 4], "some": [2, 4], "none": []}


def test_histograms_of_params(tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX")
    fit(nndsl.TensorBoard(tmp_path, histogram_freq=2), epochs=3)
    found = [(tag, step) for tag, step, value in logged(tmp_path / "train") if "Dense_1" in tag and value.num == 2]
    assert found == [("Dense_1/kernel", 0), ("Dense_1/kernel", 2)]


def test_without_its_package_is_told_before_anything_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(NndslError, match=r"nndsl\[tensorboard\]"):
        nndsl.TensorBoard(tmp_path / "logs")
    assert not (tmp_path / "logs").exists()


@pytest.mark.parametrize("wrong", [{"histogram_freq": -1}, {"update_freq": "step"}, {"update_freq": 0}, {"log_dir": 3}])
def test_wrong_arguments_are_told(wrong: dict[str, Any]) -> None:
    with pytest.raises(NndslError, match="NN604"):
        nndsl.TensorBoard(**wrong)
