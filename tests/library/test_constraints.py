"""Constraints hold what the optimizer made of a param: ten steps are those of Keras."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from golden import cases, compiled, f32, golden

import nndsl
from nndsl import driver
from nndsl.diagnostics import NndslError, Source

# The gradient for `b` is what is fed as `gb`.
TEXT = """
model Line {
  input gb: f32[batch, 2, 3]
  param b: f32[2, 3] = zeros constraint %s
  loss push = sum(b * sum(gb, axis=0))
}
train Line { optimizer = Adam(learning_rate=0.3) }
"""
LAYER = """
layer Scaled(by: fn = none)(x: f32[..., n]) -> f32[..., n] {
  param scale: f32[n] = ones constraint %s
  return x * scale
}
model Net {
  input x: f32[batch, 3]
  target y: f32[batch, 3]
  both = Scaled(by=non_neg)
  output p = both(both(x))
  loss mse(y, p)
}
train Net { optimizer = SGD(learning_rate=1.0) }
"""


@cases("constraints")
def test_ten_steps_are_those_of_keras(case: dict[str, Any]) -> None:
    facts = golden("constraints")
    model = compiled(TEXT % case["constraint"])
    model.params["b"] = f32(facts["start"])
    for number, (gradient, wanted) in enumerate(zip(facts["gradients"], case["b"], strict=True), 1):
        model.train_on_batch({"gb": f32(gradient)[None]})
        np.testing.assert_allclose(model.params["b"], wanted, rtol=1e-5, atol=3e-6, err_msg=f"step {number}")


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_layers_take_constraints(engine: str) -> None:
    text = """
    model Net {
      input x: f32[batch, 4]
      input words: index<6>[batch, 2]
      target y: f32[batch, 2]
      e = words |> Embedding(6, 3, embeddings_constraint=unit_norm(axis=1))
      output p = concat(x, e[:, 0]) |> Dense(2, kernel_constraint=MaxNorm(0.3), bias_constraint=NonNeg)
      loss mse(y, p)
    }
    train Net { optimizer = SGD(learning_rate=0.5) }
    """
    model: Any = nndsl.compile(text, engine=engine, seed=1)
    draw = np.random.default_rng(0)
    for _ in range(3):
        model.train_on_batch({"x": f32(draw.normal(size=(5, 4))), "words": draw.integers(0, 6, (5, 2)).astype(np.int32),
                              "y": f32(draw.normal(size=(5, 2)) - 3)})  # fmt: skip
    norms = np.linalg.norm(model.params["Dense_1.kernel"], axis=0)
    assert (norms <= 0.3 + 1e-6).all()
    assert (norms > 0.29).any()
    np.testing.assert_array_equal(model.params["Dense_1.bias"], 0)
    np.testing.assert_allclose(np.linalg.norm(model.params["Embedding_1.embeddings"], axis=1), 1, rtol=1e-6)


def test_a_first_value_is_not_held_and_a_shared_layer_is_held_once() -> None:
    model = compiled(LAYER % "by")
    assert list(model.params) == ["both.scale"]
    model.params["both.scale"] = f32([-1, -1, -1])
    assert (model.params["both.scale"] == -1).all()
    model.train_on_batch({"x": f32([[0, 0, 0]]), "y": f32([[1, 1, 1]])})
    np.testing.assert_array_equal(model.params["both.scale"], 0)


@pytest.mark.parametrize(
    ("constraint", "code", "part"),
    [
        ("2.0", "NN106", "a constraint is a function"),
        ("sum", "NN201", "the type it has"),
        ("max_norm(units)", "NN101", "units"),
        ("noisy", "NN118", "draws random numbers"),
    ],
)
def test_mistakes_are_named(constraint: str, code: str, part: str) -> None:
    text = "fn noisy(w: f32[...]) { return w + random_normal(shape(w)) }" + LAYER % constraint
    with pytest.raises(NndslError) as caught:
        driver.check_source(Source("net.nn", text))
    found = {p.code: f"{p.headline} {p.label} {p.help}" for p in caught.value.problems}
    assert code in found, found
    assert part in found[code]
