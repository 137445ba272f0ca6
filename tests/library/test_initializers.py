"""Initial values have the mean, deviation and bounds of Keras' initializers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from golden import cases, compiled

TEXT = """
model Start {
  input x: f32[batch, 1]
  param w: %s = %s
  output y = x
  loss total = sum(w) * mean(x)
}
"""


def drawn(init: str, shape: list[int]) -> np.ndarray:
    return np.array(compiled(TEXT % (f"f32{shape}", init)).params["w"])


@cases("initializers")
def test_numbers_have_mean_deviation_and_bounds(case: dict[str, Any]) -> None:
    w = drawn(case["init"], case["shape"])
    spread = case["high"] - case["low"]
    assert case["low"] - 1e-6 * spread <= w.min()
    assert w.max() <= case["high"] + 1e-6 * spread
    assert abs(w.mean() - case["mean"]) < 5 * case["std"] / np.sqrt(w.size)
    assert w.std() == pytest.approx(case["std"], rel=0.1 if w.size < 1000 else 0.05)


def test_bounded_numbers_come_near_their_bounds() -> None:
    w = drawn("glorot_uniform", [60, 80])
    assert np.abs(w).max() > 0.99 * np.sqrt(6 / 140)


CONSTANTS = [("zeros", 0.0), ("ones", 1.0), ("constant(0.5)", 0.5), ("constant()", 0.0)]


@pytest.mark.parametrize(("init", "value"), CONSTANTS)
def test_constants(init: str, value: float) -> None:
    np.testing.assert_array_equal(drawn(init, [3, 4]), np.full((3, 4), value, np.float32))


def test_identity() -> None:
    np.testing.assert_array_equal(drawn("identity(gain=2.0)", [3, 5]), 2 * np.eye(3, 5, dtype=np.float32))


@pytest.mark.parametrize(("shape", "gain"), [([6, 6], 1.0), ([8, 5], 2.0), ([5, 8], 1.0), ([3, 2, 4], 1.0)])
def test_orthogonal(shape: list[int], gain: float) -> None:
    w = drawn(f"orthogonal(gain={gain})", shape).reshape(-1, shape[-1]).astype(np.float64)
    small = w.T @ w if w.shape[0] >= w.shape[1] else w @ w.T
    np.testing.assert_allclose(small, gain**2 * np.eye(len(small)), atol=1e-5)
