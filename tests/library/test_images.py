"""Pooling, resizing, padding and preprocessing: compiled as interpreted, any size, and what the checker says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from golden import compiled, f32

import nndsl
from nndsl import driver
from nndsl.diagnostics import NndslError, Source

TEXT = """
model Many {
  input image: f32[batch, height, width, 5]
  input steps: f32[batch, time, 9]
  input volume: f32[batch, 3, 4, 5, 2]
  param scale: f32[5] = ones
  param shift: f32[9] = zeros

  x = image * scale
  a = x |> MaxPooling2D() |> UpSampling2D([2, 3]) |> ZeroPadding2D([1, 2]) |> Cropping2D([[1, 0], [0, 2]])
  b = x |> AveragePooling2D(3, strides=2, padding="same") |> Resizing(5, 4)
  c = x |> MaxPooling2D([3, 2], strides=[2, 1], padding=1) |> AdaptiveAveragePooling2D([2, 3])
  d = pad(x, [[0, 0], [2, 1], [1, 2], [0, 0]], mode="reflect") |> AdaptiveMaxPooling2D(2)
  s = steps + shift
  e = s |> AveragePooling1D(3, padding="same") |> UpSampling1D(2) |> ZeroPadding1D([2, 0])
  f = pad(s, [[0, 0], [1, 1], [0, 0]], mode="symmetric") |> MaxPooling1D(2) |> GlobalAveragePooling1D()
  g = volume * scale[:2] |> AveragePooling3D([1, 2, 2]) |> UpSampling3D([1, 2, 1]) |> GlobalMaxPooling3D()

  output a
  output b
  output c
  output d
  output e
  output f
  output g
  loss total = sum(sin(a)) + sum(sin(b)) + sum(sin(c)) + sum(sin(d)) + sum(sin(e)) + sum(sin(f)) + sum(sin(g))
}
"""


def test_compiled_is_interpreted_for_every_size() -> None:
    plain: Any = nndsl.compile(TEXT, engine="numpy", seed=1)
    fast: Any = nndsl.compile(TEXT, engine="numba", seed=1)
    draw = np.random.default_rng(1)
    for batch, height, width, time in ((3, 6, 5, 7), (1, 9, 8, 4), (5, 4, 4, 1)):
        shapes = {"image": (batch, height, width, 5), "steps": (batch, time, 9), "volume": (batch, 3, 4, 5, 2)}
        data = {name: f32(draw.normal(size=shape)) for name, shape in shapes.items()}
        expected, found = plain.predict(data), fast.predict(data)
        for name, value in expected.items():
            np.testing.assert_allclose(found[name], value, rtol=1e-5, atol=1e-6, err_msg=name)
        loss, gradients = plain.value_and_grad(data)
        fast_loss, fast_gradients = fast.value_and_grad(data)
        np.testing.assert_allclose(fast_loss, loss, rtol=1e-5)
        for name, gradient in gradients.items():
            scale = max(1e-3, float(np.abs(gradient).max()))
            assert np.abs(fast_gradients[name] - gradient).max() <= 1e-5 * scale, name


def test_indices_become_rows() -> None:
    text = """
    model Rows {
      input words: index<5>[batch, n]
      output count = words |> CategoryEncoding(6, output_mode="count")
      output multi = words |> CategoryEncoding(6)
      output hot = words |> CategoryEncoding(5, output_mode="one_hot")
    }
    """
    found = compiled(text).predict(np.array([[0, 2, 2], [4, 0, 1]], np.int32))
    np.testing.assert_array_equal(found["count"], [[1, 0, 2, 0, 0, 0], [1, 1, 0, 0, 1, 0]])
    np.testing.assert_array_equal(found["multi"], [[1, 0, 1, 0, 0, 0], [1, 1, 0, 0, 1, 0]])
    np.testing.assert_array_equal(found["hot"], np.eye(5)[[[0, 2, 2], [4, 0, 1]]])


@pytest.mark.parametrize(
    ("mode", "turned"), [("horizontal", [2]), ("vertical", [1]), ("horizontal_and_vertical", [1, 2])]
)
def test_images_are_turned_round_each_by_itself(mode: str, turned: list[int]) -> None:
    text = f"""
    model Net {{
      input x: f32[batch, 2, 2, 1]
      y = x |> RandomFlip(mode="{mode}")
      output y
      loss share = mean(y[:, 0, 0])
    }}
    """
    x = np.broadcast_to(f32([[0, 1], [2, 3]])[..., None], (400, 2, 2, 1))
    model = compiled(text)
    np.testing.assert_array_equal(model.predict(np.ascontiguousarray(x)), x)
    total, _ = model.value_and_grad({"x": np.ascontiguousarray(x)})
    assert total == pytest.approx(sum({2: 0.5, 1: 1.0}[axis] for axis in turned), abs=0.15)


def test_values_fall_into_bins() -> None:
    text = """
    model Bins {
      input x: f32[batch, 3]
      bins = x |> Discretization([-1.0, 0.0, 2.5])
      output bins
      output row = one_hot(bins, 4)
    }
    """
    x = f32([[-2, -1, -0.5], [0, 2, 7]])
    np.testing.assert_array_equal(compiled(text).predict(x)["bins"], np.digitize(x, [-1, 0, 2.5]))


@pytest.mark.parametrize(
    ("line", "code", "part"),
    [
        ("x |> MaxPooling2D(2, padding=2)", "NN106", "smaller than the window"),
        ("x |> MaxPooling2D(9)", "NN206", "does not fit into axis 1"),
        ("x |> MaxPooling2D(0)", "NN106", "at least 1"),
        ('x |> AveragePooling2D(2, padding="full")', "NN106", '"valid", "same"'),
        ("x |> MaxPooling3D([2, 2])", "NN203", "5 axes"),
        ("max_pool(x, [1, 2, 3])", "NN106", "2 in a list"),
        ("max_pool(x[:, 0, 0], 2)", "NN203", "one to three"),
        ("x |> AdaptiveMaxPooling2D([2, 3, 4])", "NN106", "each of the 2 axes"),
        ('x |> UpSampling2D(2, interpolation="cubic")', "NN106", '"nearest" or "bilinear"'),
        ('pad(x, [[0, 0], [9, 0], [0, 0], [0, 0]], mode="reflect")', "NN206", "too few"),
        ('pad(x, [[0, 0], [1, 0]], mode="edge")', "NN206", "each of the 4 axes"),
        ('pad(x, [[0, 0]], mode="mirror")', "NN106", '"reflect"'),
        ("x |> ZeroPadding2D([1, 2, 3])", "NN106", "2 numbers or pairs"),
        ("x |> ZeroPadding2D(-1)", "NN106", "whole number"),
        ("x |> Cropping2D(4)", "NN211", "empty"),
        ("x |> PixelShuffle(2)", "NN116", "the channels divide"),
    ],
)
def test_mistakes_are_named(line: str, code: str, part: str) -> None:
    text = f"model Net {{\n input x: f32[batch, 8, 8, 3]\n output y = {line}\n}}"
    with pytest.raises(NndslError) as caught:
        driver.check_source(Source("net.nn", text))
    found = {p.code: f"{p.headline} {p.label} {p.help}" for p in caught.value.problems}
    assert code in found, found
    assert part in found[code]


@pytest.mark.parametrize("line", ["x |> MaxPooling1D(4)", 'pad(x, [[0, 0], [4, 0], [0, 0]], mode="reflect")'])
def test_data_too_small_for_a_window_is_told_before_anything_runs(line: str) -> None:
    model = compiled(f"model Net {{\n input x: f32[batch, time, 3]\n output y = {line}\n}}")
    assert model.predict(np.zeros((1, 5, 3), np.float32)).shape[0] == 1
    with pytest.raises(NndslError) as caught:
        model.predict(np.zeros((1, 3, 3), np.float32))
    assert caught.value.problems[0].code == "NN540"
