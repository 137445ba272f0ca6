"""The folder that tests of the command run in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from command import LINE


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    x = np.random.default_rng(0).normal(size=(40, 2)).astype(np.float32)
    np.savez(tmp_path / "line.npz", x=x, y=x @ np.array([[1.0], [-2.0]], np.float32))
    (tmp_path / "line.nn").write_text(LINE)
    (tmp_path / "bad.nn").write_text(LINE.replace("Dense(1)", "Dence(1)"))
    monkeypatch.chdir(tmp_path)
    return tmp_path
