"""Layers over scans, attention and normalization in one program: compiled and interpreted they are the same."""

from __future__ import annotations

from typing import Any

import numpy as np

import nndsl

TEXT = """
model Many {
  input words: index<20>[batch, time]
  input x: f32[batch, source, 4]
  input image: f32[batch, 3, 2, 4]

  lstm = LSTM(4, return_sequences=true, dropout=0.2, recurrent_dropout=0.3)
  a = words |> Embedding(20, 4, mask_zero=true) |> lstm
  attend = MultiHeadAttention(2, 2)
  t = a + attend(a |> RotaryEmbedding(), x) |> LayerNorm()
  b = t |> GRU(3, reset_after=false)

  n = image |> BatchNorm(axis=1) |> GroupNorm(2) |> SpatialDropout2D(0.2)
  f = n |> Permute([2, 1, 3]) |> Flatten() |> Dense(3)

  output y = [b, f] |> Average() |> RepeatVector(2) |> TimeDistributed(Dense(4))
  output closeness = [t, x] |> Dot(2)
  loss total = mean(square(y)) + mean(sin(closeness))
}
"""


def test_compiled_layers_are_the_interpreted_ones() -> None:
    draw = np.random.default_rng(1)
    data = {"words": draw.integers(0, 20, (5, 7)).astype(np.int32), "x": draw.normal(size=(5, 3, 4)).astype(np.float32),
            "image": draw.normal(size=(5, 3, 2, 4)).astype(np.float32)}  # fmt: skip
    plain: Any = nndsl.compile(TEXT, engine="numpy", seed=1)
    fast: Any = nndsl.compile(TEXT, engine="numba", seed=1)
    assert len(plain.params) > 18
    for name, values in plain.params.items():
        moved = values + draw.normal(0, 0.1, values.shape).astype(np.float32)
        plain.params[name], fast.params[name] = moved, moved
    loss, gradients = plain.value_and_grad(data)
    fast_loss, fast_gradients = fast.value_and_grad(data)
    np.testing.assert_allclose(fast_loss, loss, rtol=1e-5)
    for name, gradient in gradients.items():
        scale = max(1e-3, float(np.abs(gradient).max()))
        assert np.abs(fast_gradients[name] - gradient).max() <= 1e-5 * scale, name
