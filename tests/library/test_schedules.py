"""Schedules give Keras' rates; `step` is 0 in the first update."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from golden import cases, compiled, f32

# With a gradient of 1 and the param put back to 0 before each step, plain SGD leaves minus the rate in it.
TEXT = """
model Line {
  input x: f32[batch, 1]
  param w: f32[1] = zeros
  loss push = sum(w * sum(x, axis=0))
}
train Line { optimizer = SGD(learning_rate=%s) }
"""


def rates(schedule: str, count: int) -> list[float]:
    """The rate in each of the first updates."""
    model: Any = compiled(TEXT % schedule)
    found = []
    for _ in range(count):
        model.params["w"] = f32([0])
        model.train_on_batch({"x": f32([[1]])})
        found.append(-float(model.params["w"][0]))
    return found


@cases("schedules")
def test_the_rates_are_those_of_keras(case: dict[str, Any]) -> None:
    np.testing.assert_allclose(rates(case["schedule"], len(case["rates"])), case["rates"], rtol=2e-6, atol=1e-8)


OWN = {
    "ConstantRate(0.25)": lambda s: 0.25,
    "StepDecay(0.4, drop=0.5, every=3)": lambda s: 0.4 * 0.5 ** (s // 3),
    "LinearWarmup(0.5, 5)": lambda s: 0.5 * min(s / 5, 1),
    "LinearWarmup(0.5, 5, start=0.1)": lambda s: 0.1 + 0.4 * min(s / 5, 1),
    "LinearWarmup(0.5, 5, after=StepDecay(0.5, drop=0.1, every=2))": (
        lambda s: 0.5 * s / 5 if s < 5 else 0.5 * 0.1 ** ((s - 5) // 2)
    ),
    "LinearWarmup(0.5, 4, after=CosineDecay(0.5, 4))": (
        lambda s: 0.5 * s / 4 if s < 4 else 0.25 * (1 + math.cos(math.pi * min(s - 4, 4) / 4))
    ),
}


@pytest.mark.parametrize("schedule", OWN)
def test_our_own_schedules_follow_their_formulas(schedule: str) -> None:
    np.testing.assert_allclose(rates(schedule, 12), [OWN[schedule](s) for s in range(12)], rtol=3e-6, atol=1e-7)
