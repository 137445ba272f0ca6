"""What `nndsl check` knows of sources and callbacks is what they take."""

from __future__ import annotations

import inspect

import pytest

from nndsl.check import feeding
from nndsl.check.sections import CALLBACKS, SOURCES
from nndsl.data import images, text
from nndsl.data.bundled import BUNDLED, PARTS
from nndsl.diagnostics import Source
from nndsl.driver import problems_of
from nndsl.training.callbacks import NAMED

MODEL = """\
model M() {
  input  features: f32[batch, 4]
  target label: index<3>[batch]
  logits = features |> Dense(3)
  output p = softmax(logits)
  loss   sparse_categorical_crossentropy(label, logits)
  metric accuracy(label, p)
}
"""


def codes(line: str) -> list[str]:
    return [problem.code for problem in problems_of(Source("m.nn", f"{MODEL}train M {{ {line} }}\n"))]


def test_the_arguments_of_callbacks() -> None:
    assert set(feeding.ARGUMENTS) == set(CALLBACKS) == set(NAMED)
    for name, kind in NAMED.items():
        assert set(feeding.ARGUMENTS[name]) == set(inspect.signature(kind).parameters), name


def test_the_columns_and_parts_of_bundled_sets() -> None:
    folders = {"images": images.COLUMNS, "text": text.COLUMNS}
    assert {one.name: tuple(one.columns) for one in BUNDLED} | folders == feeding.COLUMNS
    assert feeding.PARTS == PARTS
    assert {*feeding.COLUMNS, *feeding.OPTIONS, "ragged", "windows"} == set(SOURCES)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('data = iris("train")', []),
        ('data = iris("train", features="features", label="label")', []),
        ('data = digits("train")', ["NN520"]),  # it has images, and no features
        ('data = iris("training")', ["NN106"]),
        ('data = npz("a.npz", features="x", label="y")', []),
        ('data = npz("a.npz", feature="x", label="y")', ["NN521"]),
        ('data = npz("a.npz", features="x")', ["NN520"]),
        ('data = npz("a.npz")', ["NN104"]),
        ('data = csv("a.csv", features=["a", "b", "c", "d"], label="y", header=false)', []),
        ('validation = npz("a.npz", features="x")', ["NN520"]),
        ("callbacks = [EarlyStopping(patience=3)]", []),
        ("callbacks = [EarlyStopping(patients=3)]", ["NN103"]),
        ('callbacks = [EarlyStopping(monitor="val_accuracy")]', []),
        ('callbacks = [EarlyStopping(monitor="accurracy")]', ["NN605"]),
        ('callbacks = [ReduceLROnPlateau(monitor="learning_rate")]', []),
    ],
)
def test_what_is_told_before_training(line: str, told: list[str]) -> None:
    assert codes(line) == told


def test_inputs_without_rows_are_told_where_they_are_trained() -> None:
    fixed = MODEL.replace("f32[batch, 4]", "f32[8, 4]").replace("index<3>[batch]", "index<3>[8]")
    assert problems_of(Source("m.nn", fixed)) == ()
    assert [p.code for p in problems_of(Source("m.nn", fixed + "train M { epochs = 2 }\n"))] == ["NN536", "NN536"]
