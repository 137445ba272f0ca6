"""`NNClassifier` and `NNRegressor` keep what scikit-learn expects of estimators, and work in its pipelines."""

from __future__ import annotations

import pickle
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")
from sklearn.datasets import load_digits, load_iris
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from nndsl.diagnostics import NndslError
from nndsl.sklearn import NNClassifier, NNRegressor

DIGITS = """
model Digits(width: int = 24) {
  input  image: f32[batch, 8, 8]
  target label: index<10>[batch]
  logits = image / 16 |> Flatten() |> Dense(width, activation=relu) |> Dense(10)
  output p = softmax(logits)
  loss   sparse_categorical_crossentropy(label, logits)
}
train Digits {
  optimizer = Adam(learning_rate=0.01)
  epochs = 5
}
"""


@pytest.mark.parametrize("estimator", [NNClassifier(engine="numpy"), NNRegressor(engine="numpy")], ids=["c", "r"])
def test_the_checks_of_scikit_learn_pass(estimator: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the checks provoke some
        found = check_estimator(estimator, on_fail=None, on_skip=None)
    assert [(check["check_name"], check["exception"]) for check in found if check["status"] == "failed"] == []
    assert len([check for check in found if check["status"] == "passed"]) >= 50


def test_a_file_is_a_step_of_a_pipeline_that_a_grid_is_searched_for(tmp_path: Path) -> None:
    (tmp_path / "iris.nn").write_text(
        """
        model Iris(features: int = 4, hidden: int = 4) {
          input x: f32[batch, features]
          target label: onehot[batch, 3]
          logits = x |> Dense(hidden, activation=tanh) |> Dense(3)
          output p = softmax(logits)
          loss categorical_crossentropy(label, logits)
        }
        """
    )
    X, y = load_iris(return_X_y=True)
    network = NNClassifier(tmp_path / "iris.nn", epochs=30, learning_rate=0.02, random_state=0, engine="numpy")
    search = GridSearchCV(make_pipeline(StandardScaler(), network), {"nnclassifier__hidden": [1, 8]}, cv=2)
    search.fit(X, y)
    assert search.best_params_ == {"nnclassifier__hidden": 8}
    assert search.best_score_ > 0.9


def test_rows_fill_the_shape_of_the_input(tmp_path: Path) -> None:
    X, y = load_digits(return_X_y=True)
    network = NNClassifier(DIGITS, consts={"width": 16}, random_state=1, engine="numpy").fit(X[:500], y[:500])
    assert network.score(X[500:1000], y[500:1000]) > 0.8
    assert network.model_.checked.model.name == "Digits"
    again = pickle.loads(pickle.dumps(network))
    np.testing.assert_array_equal(again.predict_proba(X[:20]), network.predict_proba(X[:20]))


def test_two_classes_may_be_one_probability() -> None:
    text = """
    model Two(features: int = 3) {
      input x: f32[batch, features]
      target label: binary[batch]
      z = x |> Dense(1)
      output p = sigmoid(z[:, 0])
      loss binary_crossentropy(label, p)
    }
    """
    X = np.random.default_rng(0).normal(size=(200, 3))
    y = np.where(X[:, 0] > 0, "yes", "no")
    network = NNClassifier(text, epochs=40, learning_rate=0.05, random_state=0, engine="numpy").fit(X, y)
    assert network.score(X, y) > 0.9
    np.testing.assert_allclose(network.predict_proba(X).sum(axis=1), 1)


def test_training_goes_on_with_partial_fit() -> None:
    X = np.random.default_rng(0).normal(size=(100, 2))
    y = X[:, 0] - X[:, 1]
    network = NNRegressor(random_state=0, engine="numpy")
    for _ in range(30):
        network.partial_fit(X, y)
    assert len(network.loss_curve_) == 30
    assert network.loss_curve_[-1] < network.loss_curve_[0] / 10
    with pytest.raises(ValueError, match="did not name"):
        NNClassifier(engine="numpy").partial_fit(X[:4], [0, 1, 0, 1]).partial_fit(X[:4], [0, 1, 2, 1])


def test_both_engines_learn_the_same() -> None:
    X, y = load_iris(return_X_y=True)
    chances = [
        NNClassifier(epochs=5, random_state=0, engine=engine, threads=1).fit(X, y).predict_proba(X)
        for engine in ("numba", "numpy")
    ]
    np.testing.assert_allclose(*chances, atol=1e-4)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("model M() { input x: f32[batch, 3]\n output y = x }", "one target"),
        ("model M() { input a: f32[batch, 1]\n input b: f32[batch, 2]\n target y: f32[batch, 1]\n"
         " output p = a + b |> Dense(1)\n loss mse(y, p) }", "one input"),
        ("model M() { input x: f32[batch, 3]\n target y: f32[batch, 1]\n output p = x |> Dense(1)\n loss mse(y, p) }",
         "index<classes>"),
    ],
)  # fmt: skip
def test_models_that_are_no_classifiers_are_told(text: str, said: str) -> None:
    with pytest.raises(NndslError, match=said):
        NNClassifier(text, engine="numpy").fit(np.ones((4, 3)), [0, 1, 0, 1])
