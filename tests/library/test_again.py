"""Layers built once more: the same config but for what is said, and weights of their own."""

from __future__ import annotations

from typing import Any

import numpy as np
from golden import compiled, f32

DRAW = np.random.default_rng(3)


def weights(text: str) -> dict[str, tuple[int, ...]]:
    return {name: values.shape for name, values in compiled(text).params.items()}


def test_a_layer_built_again_has_weights_of_its_own() -> None:
    text = """
    model M() {
      input x: f32[batch, 4]
      first = Dense(3, use_bias=false)
      output y = first(x) + again(first)(x)
      output z = again(first, units=2)(x)
      assert config_of(first, "units") == 3 and config_of(first, "rate") == none, "what it was built with"
    }
    """
    assert weights(text) == {"first.kernel": (4, 3), "Dense_1.kernel": (4, 3), "Dense_2.kernel": (4, 2)}


def test_layers_that_a_layer_was_given_are_built_again_too() -> None:
    text = """
    layer Twice(inner: layer)(x: f32[batch, n]) { return x |> inner |> Dense(2, use_bias=false) }
    model M() {
      input x: f32[batch, 4]
      one = Twice(Dense(3, use_bias=false))
      both = Dense(5, use_bias=false) |> relu |> Dense(2, use_bias=false)
      output y = one(x) + again(one)(x) + both(x) + again(both)(x)
    }
    """
    shapes = list(weights(text).values())
    assert sorted(shapes) == sorted([(4, 3), (3, 2), (4, 5), (5, 2)] * 2)


def test_both_directions_are_the_layer_and_the_layer_over_the_sequence_turned_round() -> None:
    text = """
    ## Without `go_backwards`: it is given the sequence turned round.
    layer Plain(units: int)(x: f32[batch, time, n]) {
      param kernel: f32[n, units] = glorot_uniform
      scan (h = zeros([batch, units])) over x_t in x axis 1 {
        next h = tanh(x_t @ kernel + 0.5 * h)
        collect h as outputs
      }
      return outputs
    }
    model M() {
      input x: f32[batch, time, 4]
      output two = x |> Bidirectional(%s)
      output one = x |> %s
      output back = (x[:, ::-1] |> %s)[:, ::-1]
    }
    """
    x = f32(DRAW.normal(size=(2, 5, 4)))
    for layer in ("Plain(3)", "SimpleRNN(3, return_sequences=true)"):
        net: Any = compiled(text.replace("%s", layer))
        names = list(net.params)
        count = len(names) // 4
        for k, name in enumerate(names):
            net.params[name] = net.params[names[k % count]]
        found = net.predict({"x": x})
        np.testing.assert_allclose(found["two"], np.concatenate([found["one"], found["back"]], -1), rtol=1e-6)


def test_both_directions_of_any_layer() -> None:
    text = """
    model M() {
      input x: f32[batch, time, 4]
      both = Dense(5) |> relu |> GRU(3)
      output y = x |> Bidirectional(both)
      a, b = Bidirectional(GRU(2, return_sequences=true), merge_mode=none)(x)
      output z = a + b
      s = Bidirectional(LSTM(2, return_state=true))(x)
      output c = concat(s[1:], axis=-1)
    }
    """
    found = compiled(text).predict({"x": f32(DRAW.normal(size=(2, 5, 4)))})
    assert {name: value.shape for name, value in found.items()} == {"y": (2, 6), "z": (2, 5, 2), "c": (2, 8)}
