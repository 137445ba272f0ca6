"""`nndsl import`: a file of another framework becomes a `.nn` file with weights beside it."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from command import run

sys.path.insert(0, str(Path(__file__).parent.parent / "importing"))
from keras_archives import fed, unpacked

pytest.importorskip("h5py")


def test_an_imported_network_predicts_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    unpacked("networks", "imdb.keras", tmp_path)
    done = run("import", "imdb.keras")
    assert (done.exit_code, done.stdout.split()) == (0, ["imdb.nn", "imdb.safetensors"])
    inputs, outputs = fed("networks", "imdb.keras")
    np.savez("rows.npz", x=inputs[0])
    predicted = run("predict", "imdb.nn", "--weights", "imdb.safetensors", "--data", "rows.npz", "--engine", "numpy")
    values = [float(line) for line in predicted.stdout.splitlines()[1:]]
    np.testing.assert_allclose(values, outputs[0][:, 0], rtol=1e-5, atol=1e-5)


def test_files_that_are_there_are_kept_unless_forced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    unpacked("core", "dense.keras", tmp_path)
    (tmp_path / "mine.safetensors").write_text("mine")
    assert "NN614" in run("import", "dense.keras", "-o", "mine.nn").stderr
    assert (tmp_path / "mine.safetensors").read_text() == "mine"
    assert run("import", "dense.keras", "-o", "mine.nn", "--force").exit_code == 0


@pytest.mark.parametrize("arguments", [("net.txt",), ("net.keras", "-o", "net.txt")])
def test_other_endings_are_wrong_use(arguments: tuple[str, ...]) -> None:
    assert run("import", *arguments).exit_code == 2


def test_a_missing_file_is_told() -> None:
    done = run("import", "nowhere.keras")
    assert done.exit_code == 1
    assert "no such file" in done.stderr
