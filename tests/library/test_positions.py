"""Positions and shared keys of attention, by their formulas."""

from __future__ import annotations

import numpy as np
from golden import compiled, f32

DRAW = np.random.default_rng(6)


def test_a_rotation_multiplies_by_a_complex_number() -> None:
    text = "model M {\n input x: f32[batch, time, 2, 6]\n output y = x |> RotaryEmbedding(100.0, scaling_factor=2.0)\n}"
    x = f32(DRAW.normal(size=(3, 5, 2, 6)))
    found = compiled(text).predict(x)
    angles = np.arange(5)[:, None] / 2.0 / 100.0 ** (np.arange(3) * 2 / 6)
    turned = (x[..., :3] + 1j * x[..., 3:]) * np.exp(1j * angles)[:, None]
    np.testing.assert_allclose(found, np.concatenate([turned.real, turned.imag], axis=-1), rtol=1e-5, atol=1e-5)


def test_grouped_heads_are_heads_with_equal_keys_and_values() -> None:
    text = """
model M() {
  input x: f32[batch, time, 5]
  grouped = GroupQueryAttention(3, 4, 2)
  plain = MultiHeadAttention(4, 3)
  output a = grouped(x, use_causal_mask=true)
  output b = plain(x, use_causal_mask=true)
}
"""
    model = compiled(text)
    for part in ("query", "key", "value", "attention_output"):
        for kind in ("kernel", "bias"):
            array = f32(DRAW.normal(size=model.params[f"grouped.{part}.{kind}"].shape))
            model.params[f"grouped.{part}.{kind}"] = array
            repeated = np.repeat(array, 2, axis=-2) if part in ("key", "value") else array
            model.params[f"plain.{part}.{kind}"] = repeated
    found = model.predict(f32(DRAW.normal(size=(2, 6, 5))))
    np.testing.assert_allclose(found["a"], found["b"], rtol=1e-4, atol=1e-5)
    assert np.abs(found["a"]).max() > 0.1
