"""Losses and their gradients equal Keras', from probabilities and from logits as large as 50."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from golden import cases, compiled, declared, f32

# `x` is an identity matrix, so z is the param itself.
TEXT = """
model Measure {{
  input x: f32[batch, {rows}]
  {role} y: {y_type}
  param w: f32[{rows}, {columns}] = zeros
  z = x @ w
  p = {prediction}
  {line}
}}
"""


def measure(y_type: str, y: Any, prediction: str, z: Any, role: str, line: str) -> tuple[Any, dict[str, Any]]:
    """A model that has `z` as its param, and the data to feed it."""
    z = f32(z)
    rows, columns = z.shape
    text = TEXT.format(rows=rows, columns=columns, y_type=y_type, prediction=prediction, role=role, line=line)
    model = compiled(text)
    model.params["w"] = z
    return model, {"x": np.eye(rows, dtype=np.float32), "y": declared(y, y_type)}


def values(loss: str, y_type: str, y: Any, prediction: str, z: Any) -> np.ndarray:
    model, data = measure(y_type, y, prediction, z, "input", f"output value = {loss}")
    return np.asarray(model.predict(data))


def gradient(loss: str, y_type: str, y: Any, prediction: str, z: Any) -> tuple[float, np.ndarray]:
    model, data = measure(y_type, y, prediction, z, "target", f"loss {loss}")
    total, gradients = model.value_and_grad(data)
    return total, gradients["w"]


@cases("losses")
def test_values_per_sample_are_those_of_keras(case: dict[str, Any]) -> None:
    found = values(case["loss"], case["y_type"], case["y"], case["prediction"], case["z"])
    np.testing.assert_allclose(found, case["value"], rtol=1e-5, atol=2e-6)


@cases("losses")
def test_the_mean_and_its_gradient_are_those_of_keras(case: dict[str, Any]) -> None:
    total, found = gradient(case["loss"], case["y_type"], case["y"], case["prediction"], case["z"])
    assert total == pytest.approx(np.mean(case["value"]), rel=1e-5, abs=2e-6)
    np.testing.assert_allclose(found, case["gradient"], rtol=2e-5, atol=2e-6)


def test_values_of_one_axis_stay_one_per_sample() -> None:
    y, z = f32([1.0, 2.0, 4.0]), f32([[1.5], [2.0], [3.0]])
    np.testing.assert_allclose(values("mse(y, p)", "f32[batch]", y, "z[:, 0]", z), [0.25, 0, 1])
    assert gradient("mse(y, p)", "f32[batch]", y, "z[:, 0]", z)[0] == pytest.approx(1.25 / 3)


def test_sure_logits_keep_exact_small_losses() -> None:
    found = values("binary_crossentropy(y, p)", "binary[batch, 1]", [[1], [0]], "sigmoid(z)", [[30], [-30]])
    np.testing.assert_allclose(found, [9.357623e-14] * 2, rtol=1e-4)


def test_huge_logits_give_finite_losses_and_gradients() -> None:
    z = [[1e4, -1e4, 0], [-1e4, 1e4, 3e4]]
    for loss, y_type, y in (("sparse_categorical_crossentropy", "index<3>[batch]", [1, 0]),
                            ("categorical_crossentropy", "onehot[batch, 3]", [[0, 1, 0], [1, 0, 0]]),
                            ("binary_crossentropy", "binary[batch, 3]", [[0, 1, 0], [1, 0, 1]])):  # fmt: skip
        total, found = gradient(f"{loss}(y, p)", y_type, y, "z", z)
        assert np.isfinite(total), loss
        assert np.isfinite(found).all(), loss


def test_cosine_similarity_of_zeros_has_a_finite_gradient() -> None:
    total, found = gradient("cosine_similarity(y, p)", "f32[batch, 2]", [[0, 0], [1, 0]], "z", [[1, 2], [0, 0]])
    assert total == 0
    assert np.isfinite(found).all()


def test_long_sequences_of_classes_give_a_loss_per_place() -> None:
    z = np.random.default_rng(3).normal(size=(2, 12))
    found = values("sparse_categorical_crossentropy(y, p)", "index<3>[batch, 4]", [[0, 1, 2, 0], [2, 2, 1, 0]],
                   "reshape(z, [batch, 4, 3])", z)  # fmt: skip
    logits = z.reshape(2, 4, 3)
    log_p = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    wanted = -np.take_along_axis(log_p, np.array([[0, 1, 2, 0], [2, 2, 1, 0]])[..., None], -1)[..., 0]
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
