"""The sets of scikit-learn: fixed parts, fixed names."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from nndsl.data.bundled import BUNDLED, from_files, split_parts
from nndsl.data.context import SourceContext
from nndsl.data.sources import SOURCES
from nndsl.diagnostics import NndslError
from nndsl.problems import data

CONTEXT = SourceContext(Path())
needs_sklearn = pytest.mark.skipif(
    importlib.util.find_spec("sklearn") is None, reason="scikit-learn, which holds the data sets, is not installed"
)


def code(function: str, *args, **named) -> str:
    with pytest.raises(NndslError) as error:
        SOURCES[function](CONTEXT, None, *args, **named)
    return error.value.problems[0].code


@needs_sklearn
@pytest.mark.parametrize("bundled", BUNDLED, ids=lambda b: b.name)
def test_train_and_test_are_the_whole_once(bundled):
    parts = {part: bundled(CONTEXT, None, part) for part in ("train", "test", "all")}
    target = list(bundled.columns)[-1]
    both = np.concatenate([parts["train"][target].array, parts["test"][target].array])
    assert both.tolist() == parts["all"][target].array.tolist()
    assert abs(parts["test"].rows / parts["all"].rows - 0.2) < 0.02
    assert bundled(CONTEXT, None).rows == parts["train"].rows


@needs_sklearn
def test_digits_have_the_documented_names_shapes_and_values():
    digits = SOURCES["digits"](CONTEXT, None, part="all")
    assert digits.describe() == "image: u8 array of shape (1797, 8, 8)\nlabel: u8 array of shape (1797,)"
    assert digits["image"].array.max() == 16


@needs_sklearn
def test_each_image_keeps_its_label():
    from sklearn.datasets import load_digits

    known = load_digits()
    of = {image.astype(np.uint8).tobytes(): label for image, label in zip(known.images, known.target, strict=True)}
    digits = SOURCES["digits"](CONTEXT, None, "test")
    images, labels = digits["image"].array, digits["label"].array
    assert [of[image.tobytes()] for image in images] == labels.tolist()


@needs_sklearn
def test_keywords_map_inputs_to_columns():
    assert list(SOURCES["digits"](CONTEXT, None, pixels="image", digit="label")) == ["pixels", "digit"]
    assert list(SOURCES["iris"](CONTEXT, None, x="features")) == ["x"]


@needs_sklearn
def test_diabetes_offers_features_and_target():
    assert list(SOURCES["diabetes"](CONTEXT, None)) == ["features", "target"]


@needs_sklearn
def test_small_whole_numbers_are_kept_small_and_fractions_as_they_are():
    wine = SOURCES["wine"](CONTEXT, None)
    assert wine["features"].array.dtype == np.float64
    assert wine["label"].array.dtype == np.uint8


def test_every_class_falls_apart_in_the_same_shares():
    labels = np.repeat([0, 1], [50, 10])
    parts = split_parts(labels, 60)
    assert np.bincount(labels[parts["test"]]).tolist() == [10, 2]
    assert sorted(parts["all"].tolist()) == list(range(60))


def test_the_parts_never_change():
    assert split_parts(None, 10)["test"].tolist() == TEST_ROWS_OF_10


def test_without_sklearn_the_problem_is_nn506(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(NndslError) as error:
        SOURCES["digits"](CONTEXT, None)
    (problem,) = error.value.problems
    assert problem.code == "NN506"
    assert problem.help == 'install it: pip install "nndsl[datasets]"'


def test_wrong_arguments():
    assert code("digits", part="training") == "NN505"
    assert code("digits", "train", "test") == "NN505"
    assert code("digits", part=3) == "NN505"
    assert code("digits", image=3) == "NN505"
    assert code("digits", image="pixels") == "NN502"


def test_every_data_problem_has_a_code_of_its_own_and_a_page():
    codes = [problem.code for problem in data.FAMILY]
    assert len(set(codes)) == len(codes)
    assert all(code.startswith("NN5") for code in codes)
    assert all(len((problem.__doc__ or "").splitlines()) > 3 for problem in data.FAMILY)


TEST_ROWS_OF_10 = [8, 2]


@pytest.mark.parametrize("name", ["digits", "iris", "wine", "breast_cancer", "diabetes"])
def test_files_hold_what_the_loader_gives(name: str) -> None:
    loaders = pytest.importorskip("sklearn.datasets", reason="compares with scikit-learn's own loaders")
    found, expected = from_files(name), getattr(loaders, f"load_{name}")()
    assert found is not None
    for key, value in found.items():
        np.testing.assert_allclose(value, expected[key], rtol=1e-12, atol=1e-12)
