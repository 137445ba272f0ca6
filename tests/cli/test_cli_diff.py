"""`nndsl diff`: what changes from one model to another."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from command import LINE, run


@pytest.fixture
def files(folder: Path) -> Path:
    wide = LINE.replace("hidden: int = 2", "hidden: int = 5").replace("Dense(hidden)", "Dense(hidden) |> Dropout(0.1)")
    (folder / "wide.nn").write_text(wide)
    (folder / "named.nn").write_text(LINE.replace("Line", "Other").replace("## Two", "## 2"))
    return folder


def difference(old: str, new: str) -> Any:
    return json.loads(run("diff", old, new, "--format", "json").stdout)


EXPECTED = """\
layers
  ~ Dense_1    Dense: f32[batch, 2]  =>  Dense: f32[batch, 5]
  + Dropout_1  Dropout: f32[batch, 5]

params
  ~ Dense_1.kernel  f32[2, 2]  =>  f32[2, 5]
  ~ Dense_1.bias    f32[2]  =>  f32[5]
  ~ Dense_2.kernel  f32[2, 1]  =>  f32[5, 1]

trained params: 9  =>  21
multiply-adds: 6 * batch  =>  15 * batch
weights: those of one do not load into the other (3 of another shape)
"""


def test_what_changes_is_printed(files: Path) -> None:
    assert run("diff", "line.nn", "wide.nn").stdout == EXPECTED


def test_a_difference_exits_1(files: Path) -> None:
    assert run("diff", "line.nn", "wide.nn").exit_code == 1


def test_names_and_comments_make_no_difference(files: Path) -> None:
    printed = run("diff", "line.nn", "named.nn")
    assert (printed.exit_code, printed.stdout) == (0, "no difference\n")


def test_a_file_with_errors_exits_2(files: Path) -> None:
    assert run("diff", "line.nn", "bad.nn").exit_code == 2


def test_a_missing_file_exits_2(files: Path) -> None:
    assert run("diff", "line.nn", "none.nn").exit_code == 2


def test_json_says_what_changes(files: Path) -> None:
    found = difference("line.nn", "wide.nn")
    assert found["layers"]["added"] == [{"name": "Dropout_1", "is": "Dropout: f32[batch, 5]"}]
    assert (found["multiply_adds"], found["weights_load"]) == (["6 * batch", "15 * batch"], False)


def test_backwards_added_is_removed(files: Path) -> None:
    there, back = difference("line.nn", "wide.nn"), difference("wide.nn", "line.nn")
    assert there["layers"]["added"] == back["layers"]["removed"]


def test_layers_without_weights_leave_weights_alone(files: Path) -> None:
    (files / "drop.nn").write_text(LINE.replace("Dense(hidden)", "Dropout(0.1) |> Dense(hidden)"))
    found = difference("line.nn", "drop.nn")
    assert (found["same"], found["weights_load"]) == (False, True)
