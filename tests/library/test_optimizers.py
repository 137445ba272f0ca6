"""Ten steps of every optimizer equal those of Keras or PyTorch from the same start with the same gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
from golden import cases, compiled, f32, golden

# The gradient of this loss for `a` is the row `ga`, for `b` the row `gb`: the test chooses them.
TEXT = """
model Line {
  input ga: f32[batch, 5]
  input gb: f32[batch, 2, 3]
  param a: f32[5] = zeros
  param b: f32[2, 3] = zeros
  loss push = sum(a * sum(ga, axis=0)) + sum(b * sum(gb, axis=0))
}
train Line { optimizer = %s }
"""


def steps(optimizer: str) -> list[dict[str, np.ndarray]]:
    """The params after each of the golden gradients."""
    facts = golden("optimizers")
    model: Any = compiled(TEXT % optimizer)
    for name, values in facts["start"].items():
        model.params[name] = f32(values)
    found = []
    for gradient in facts["gradients"]:
        model.train_on_batch({f"g{name}": f32(values)[None] for name, values in gradient.items()})
        found.append({name: np.array(model.params[name]) for name in gradient})
    return found


@cases("optimizers")
def test_ten_steps_are_those_of_keras_and_pytorch(case: dict[str, Any]) -> None:
    for number, (found, wanted) in enumerate(zip(steps(case["optimizer"]), case["params"], strict=True), 1):
        for name, values in wanted.items():
            np.testing.assert_allclose(found[name], values, rtol=1e-5, atol=2e-6, err_msg=f"{name} after step {number}")


def test_a_gradient_of_zeros_moves_nothing_and_makes_no_nan() -> None:
    names = ("SGD", "RMSprop", "Adagrad", "Adadelta", "Adam", "AdamW", "Adamax", "Nadam", "Lion")
    for name in names:
        decay = "weight_decay=0.0, " if name == "AdamW" else ""
        model = compiled(TEXT % f"{name}({decay}clipnorm=1.0)")
        model.params["a"] = f32([1, 2, 3, 4, 5])
        for _ in range(3):
            model.train_on_batch({"ga": np.zeros((1, 5), np.float32), "gb": np.zeros((1, 2, 3), np.float32)})
        np.testing.assert_array_equal(model.params["a"], f32([1, 2, 3, 4, 5]), err_msg=name)
