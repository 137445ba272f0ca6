"""Metrics over a set in three batches, the last one ragged: Keras' where it is exact, else scikit-learn's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from golden import cases, compiled, declared, f32, golden

TEXT = """
model Judge {{
  input z: f32[batch, {columns}]
  target y: {y_type}
  p = {prediction}
  output out = p
  loss total = mean(z) * 0
  metric m = {metric}
}}
"""


def judged(metric: str, y_type: str, y: Any, prediction: str, z: Any, batch_size: int) -> float:
    """The metric over a set, as `evaluate` reports it."""
    z = f32(z)
    model = compiled(TEXT.format(columns=z.shape[1], y_type=y_type, prediction=prediction, metric=metric))
    found: float = model.evaluate({"z": z}, {"y": declared(y, y_type)}, batch_size=batch_size)["m"]
    return found


@cases("metrics")
def test_the_value_over_three_batches(case: dict[str, Any]) -> None:
    size = golden("metrics")["batch_size"]
    found = judged(case["metric"], case["y_type"], case["y"], case["prediction"], case["z"], size)
    assert found == pytest.approx(case["value"], rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("metric", ["accuracy", "precision", "recall", "f1", "auc", "rmse", "r2"])
def test_the_value_does_not_depend_on_the_batches(metric: str) -> None:
    draw = np.random.default_rng(9)
    y, z = (draw.random((23, 1)) < 0.4).astype(np.float32), draw.normal(size=(23, 1))
    found = {size: judged(f"{metric}(y, p)", "binary[batch, 1]", y, "sigmoid(z)", z, size) for size in (1, 7, 23)}
    assert found[1] == pytest.approx(found[23], rel=1e-12)
    assert found[7] == pytest.approx(found[23], rel=1e-12)


@pytest.mark.parametrize(("metric", "value"), [("precision", 0.0), ("recall", 0.0), ("f1", 0.0), ("auc", 0.0)])
def test_sets_without_positives_give_a_number(metric: str, value: float) -> None:
    assert judged(f"{metric}(y, p)", "binary[batch, 1]", np.zeros((4, 1)), "z", [[-1], [-2], [-3], [-1]], 2) == value


def test_r2_of_targets_all_alike_is_0() -> None:
    assert judged("r2(y, p)", "f32[batch, 1]", np.ones((4, 1)), "z", [[1], [2], [3], [1]], 2) == 0


def test_ties_count_as_among_the_first_k() -> None:
    assert judged("top_k_accuracy(y, p, k=2)", "index<4>[batch]", [3, 0], "z", [[1, 1, 1, 1], [0, 1, 2, 3]], 2) == 0.5
