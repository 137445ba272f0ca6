"""`nndsl compile`: programs in the cache ahead of their first use."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command import run

TEXT = """
model Line {
  input  x: f32[batch, 4]
  target y: f32[batch, 1]
  output p = x |> Dense(1)
  loss mse(y, p)
}
train Line { optimizer = SGD(learning_rate=0.5) }
"""


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("NNDSL_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "line.nn").write_text(TEXT)
    return str(tmp_path / "line.nn")


def test_all_programs_are_compiled_into_the_cache(line: str, tmp_path: Path) -> None:
    found = json.loads(run("compile", line, "--format", "json").stdout)
    assert [p["program"] for p in found["programs"]] == ["train", "evaluate", "predict"]
    assert len(list((tmp_path / "cache" / "kernels").glob("*.o"))) >= 3


def test_only_what_is_asked_for(line: str) -> None:
    found = json.loads(run("compile", line, "--program", "predict", "--format", "json").stdout)
    assert [p["program"] for p in found["programs"]] == ["predict"]


def test_a_model_without_a_loss_has_predict_only(tmp_path: Path) -> None:
    (tmp_path / "bare.nn").write_text(TEXT.replace("  loss mse(y, p)\n", "").replace("train Line", "# train Line"))
    found = json.loads(run("compile", str(tmp_path / "bare.nn"), "--format", "json").stdout)
    assert [p["program"] for p in found["programs"]] == ["predict"]
