"""Activations and their derivatives equal Keras', from -30 to 30 and at 0."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from golden import cases, compiled, f32, golden

# `x` is an identity matrix, so z is the param itself and its gradient that of the activation.
TEXT = """
model Curve {
  input x: f32[batch, %d]
  param w: f32[%d, 1] = zeros
  output y = x @ w |> %s
  loss total = sum(y)
}
"""


def curve(stage: str, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values and derivatives at points."""
    n = len(points)
    model: Any = compiled(TEXT % (n, n, stage))
    model.params["w"] = f32(points)[:, None]
    eye = np.eye(n, dtype=np.float32)
    _, gradients = model.value_and_grad({"x": eye})
    return np.asarray(model.predict(eye))[:, 0], gradients["w"][:, 0]


@cases("activations")
def test_values_are_those_of_keras(case: dict[str, Any]) -> None:
    found, _ = curve(case["stage"], f32(golden("activations")["x"]))
    np.testing.assert_allclose(found, case["value"], rtol=1e-5, atol=1e-6)


@cases("activations")
def test_derivatives_are_those_of_keras(case: dict[str, Any]) -> None:
    _, found = curve(case["stage"], f32(golden("activations")["x"]))
    np.testing.assert_allclose(found, case["gradient"], rtol=1e-5, atol=1e-6)


STAGES = [c["stage"] for c in golden("activations")["cases"] if c["stage"] != "exponential"]


@pytest.mark.parametrize("stage", STAGES)
def test_huge_numbers_give_finite_values_and_derivatives(stage: str) -> None:
    for values in curve(stage, f32([-1e6, -500, 500, 1e6])):
        assert np.isfinite(values).all(), values


def test_the_layer_forms_apply_the_functions() -> None:
    points = f32([-2, -0.5, 0, 0.5, 2, 8])
    forms = {
        "ReLU()": "relu",
        "ReLU(max_value=6.0)": "relu6",
        "LeakyReLU()": "leaky_relu(negative_slope=0.3)",
        "ELU(alpha=0.5)": "elu(alpha=0.5)",
        "Activation(tanh)": "tanh",
        "Activation(LeakyReLU)": "leaky_relu(negative_slope=0.3)",
    }
    for layer, function in forms.items():
        np.testing.assert_array_equal(curve(layer, points)[0], curve(function, points)[0], err_msg=layer)


def test_relu_layer_with_threshold_and_slope() -> None:
    found, _ = curve("ReLU(max_value=3.0, negative_slope=0.5, threshold=1.0)", f32([-1, 0.5, 1.0, 1.5, 5]))
    np.testing.assert_allclose(found, [-1, -0.25, 0, 1.5, 3])
