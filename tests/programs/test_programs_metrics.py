"""Metrics are exact over a set, however it is cut into batches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn import metrics as reference

import nndsl

HEAD = """
model M() {
  input  s: f32[batch]
  input  q: prob[batch, 4]
  input  v: f32[batch, 2]
  target truth: binary[batch]
  target label: index<4>[batch]
  target w: f32[batch, 2]
  param scale: f32[] = ones
  p = sigmoid(s * scale)
  output p_out = p
  loss   mse(w, v * scale)
"""
METRICS = """
  metric accuracy(truth, p)
  metric precision(truth, p)
  metric recall(truth, p)
  metric f1(truth, p)
  metric auc(truth, p)
  metric class_accuracy = accuracy(label, q)
  metric top = top_k_accuracy(label, q, k=2)
  metric mae(w, v)
  metric mse_metric = mse(w, v)
  metric rmse(w, v)
  metric r2(w, v)
"""
TAIL = """}
train M { optimizer = SGD(learning_rate=0.0) }
"""
ONE_OF_EACH_FORM = """
  metric accuracy(truth, p)
  metric f1(truth, p)
  metric auc(truth, p)
"""


def data(rows: int) -> dict[str, Any]:
    numbers = np.random.default_rng(rows)
    q = numbers.dirichlet(np.ones(4), rows).astype("f4")
    return {
        "s": np.round(numbers.normal(size=rows), 1).astype("f4"),
        "q": q,
        "v": numbers.normal(size=(rows, 2)).astype("f4"),
        "truth": numbers.integers(0, 2, rows).astype("f4"),
        "label": numbers.integers(0, 4, rows).astype("i4"),
        "w": numbers.normal(size=(rows, 2)).astype("f4"),
    }


def expected(given: dict[str, Any]) -> dict[str, float]:
    truth, label, said = given["truth"], given["label"], given["s"] > 0
    found = 1 / (1 + np.exp(-given["s"].astype("f8")))
    return {
        "accuracy": reference.accuracy_score(truth, said),
        "precision": reference.precision_score(truth, said),
        "recall": reference.recall_score(truth, said),
        "f1": reference.f1_score(truth, said),
        "auc": reference.roc_auc_score(truth, found),
        "class_accuracy": reference.accuracy_score(label, given["q"].argmax(1)),
        "top": reference.top_k_accuracy_score(label, given["q"], k=2, labels=range(4)),
        "mae": reference.mean_absolute_error(given["w"], given["v"]),
        "mse_metric": reference.mean_squared_error(given["w"], given["v"]),
        "rmse": np.sqrt(reference.mean_squared_error(given["w"], given["v"])),
        "r2": reference.r2_score(given["w"], given["v"]),
    }


@pytest.mark.parametrize("engine", ["numba", "numpy"])
def test_metrics_are_those_of_the_whole_set(engine: str) -> None:
    model = nndsl.compile(HEAD + METRICS + TAIL, engine=engine, seed=0)
    assert {m.form for m in model.checked.model.inference.metrics} == {"mean", "state", "whole"}
    given = data(103)
    for size in (103, 32, 10):
        found = model.evaluate(given, batch_size=size)
        for name, value in expected(given).items():
            assert found[name] == pytest.approx(value, abs=1e-6), (name, size)
        assert found["loss"] == pytest.approx(expected(given)["mse_metric"], abs=1e-6)


@pytest.mark.parametrize("engine", ["numba", "numpy"])
def test_metrics_of_an_epoch_are_those_of_the_whole_set(engine: str) -> None:
    """Training with a rate of 0 moves nothing, so the history must say what evaluating says."""
    model = nndsl.compile(HEAD + ONE_OF_EACH_FORM + TAIL, engine=engine, seed=0)
    given = data(53)
    history = model.fit(given, epochs=2, batch_size=16, verbose=0).history
    assert history.keys() == {"loss", "accuracy", "f1", "auc"}
    for name, value in expected(given).items():
        if name not in history:
            continue
        assert history[name] == pytest.approx([value, value], abs=1e-6), name
