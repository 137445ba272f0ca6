"""`nndsl profile`: kernels, lines, and the picture."""

from __future__ import annotations

import json
import xml.etree.ElementTree as tree
from pathlib import Path

import pytest
from command import run

TEXT = """
model Line(width: int = 8) {
  input  x: f32[batch, time, 4]
  target y: f32[batch]
  h = x |> LSTM(width) |> Dense(1)
  output p = h[:, 0]
  loss mse(y, p)
}
train Line { batch_size = 6 }
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    folder = tmp_path_factory.mktemp("profile")
    (folder / "line.nn").write_text(TEXT)
    done = run("profile", str(folder / "line.nn"), "--size", "time=5", "--runs", "2", "--threads", "2", "--format",
               "json", "--svg", str(folder / "p.svg"))  # fmt: skip
    assert done.exit_code == 0, done.output
    result: dict[str, object] = json.loads(done.stdout)
    return result | {"svg": (folder / "p.svg").read_text()}


def test_the_kernels_times_add_up_to_the_run(found: dict[str, object]) -> None:
    assert sum(k["seconds"] for k in found["kernels"]) == pytest.approx(found["seconds"])  # type: ignore[attr-defined]


def test_the_lines_times_add_up_to_the_run(found: dict[str, object]) -> None:
    assert sum(n["seconds"] for n in found["lines"]) == pytest.approx(found["seconds"])  # type: ignore[attr-defined]


def test_kernels_of_a_scan_are_called_once_a_step(found: dict[str, object]) -> None:
    assert {k["calls"] for k in found["kernels"]} == {1, 5}  # type: ignore[attr-defined]


def test_all_multiply_adds_of_the_program_are_counted(found: dict[str, object]) -> None:
    # Of the LSTM: inputs and states forward, both weights' gradients, the states' gradients. What a step computed is
    # kept, not computed again on the way back. Of Dense: forward and both gradients.
    steps = 6 * 5 * 32 * (4 + 8 + 4 + 8 + 8)
    assert sum(k["multiply_adds"] for k in found["kernels"]) == steps + 3 * 6 * 8  # type: ignore[attr-defined]


def test_sizes_are_as_asked(found: dict[str, object]) -> None:
    assert found["sizes"] == {"batch": 6, "time": 5}


def test_the_picture_names_lines_and_kernels(found: dict[str, object]) -> None:
    titles = [node.text for node in tree.fromstring(str(found["svg"])).iter("{http://www.w3.org/2000/svg}title")]
    assert any("LSTM(width)" in str(t) for t in titles)
    assert any("multiply-adds" in str(t) for t in titles)


def test_a_size_that_the_model_lacks_is_refused(tmp_path: Path) -> None:
    (tmp_path / "line.nn").write_text(TEXT)
    done = run("profile", str(tmp_path / "line.nn"), "--size", "height=3")
    assert (done.exit_code, "batch, time" in done.stderr) == (2, True)
