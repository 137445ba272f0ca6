"""A model may give values, params and sizes any name: generated code keeps its own words apart from them."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
from plain_python import PlainPython

from nndsl import driver
from nndsl.kernels.module import generate
from nndsl.kernels.spelling import taken
from nndsl.passes import run
from nndsl.runtime.session import Session
from nndsl.syntax.load import source_from_text

TEXT = """
model M() {{
  input  x: f32[{0}, {1}, 4]
  target y: f32[{0}, {1}]
  param {0}_: f32[4] = ones
  z = tanh(x * {0}_) |> Dense(4)
  w = transpose(z, [1, 0, 2])
  output p = softmax(w @ transpose(w, [0, 2, 1]))
  output q = sum(concat(x, z, axis=1), axis=1) |> Dropout(0.5)
  loss mse(y, sum(z, axis=2)) + mean(var(x, axis=[0, 1])) + mean(p)
}}
train M {{ optimizer = Adam }}
"""
VALUES = """
model M() {{
  input  x: f32[batch, 4]
  target y: f32[batch, 4]
  param {0}: f32[4] = ones
  {1} = sqrt(abs(x)) * exp({0}) + floor(sin(x)) |> Dense(4)
  output p = softmax({1} + random_uniform(shape(x)))
  loss mse(y, tanh({1}))
}}
train M {{ optimizer = Adam }}
"""
PAIRS = [
    ("i", "j"), ("j", "i"), ("m", "p"), ("begin", "end"), ("rows", "block"), ("row", "rows"), ("worker", "workers"),
    ("class", "range"), ("share", "sync"), ("turn", "table"), ("key", "learning_rate"), ("lambda", "inf"),
    ("f32", "nan"), ("min", "max"), ("exp_f32", "tanh_f32"), ("product_nn", "batch_product_nt"), ("entry", "barrier"),
    ("w_kernel", "i_size"), ("i", "i_size"), ("axis_8", "lines"), ("array_f32", "uniform_f32"),
]  # fmt: skip


def after_a_step(text: str, build: Any, arrays: dict[str, Any]) -> dict[str, Any]:
    checked = driver.check_source(source_from_text(text, "m.nn"))
    graphs = {name: partial(driver.graph_of, checked, name) for name in driver.PROGRAMS}
    session = Session(checked.model, checked.train.optimizer, build, graphs, "numba", 1, 1)
    session.train_step(arrays)
    return {**session.params, **session.predict({"x": arrays["x"]})}


def agree(text: str, shape: tuple[int, ...], target: tuple[int, ...]) -> None:
    draw = np.random.default_rng(0)
    arrays = {"x": draw.normal(size=shape).astype("f4"), "y": draw.normal(size=target).astype("f4")}
    expected = after_a_step(text, driver.builder("numpy", 1, optimize=False), arrays)
    found = after_a_step(text, lambda graph: PlainPython(generate(run(graph)), 2), arrays)
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-4, atol=1e-4, err_msg=name)


@pytest.mark.parametrize("names", PAIRS, ids="-".join)
def test_sizes_have_any_name(names: tuple[str, str]) -> None:
    agree(TEXT.format(*names), (5, 3, 4), (5, 3))


@pytest.mark.parametrize("names", [*PAIRS, ("sign", "sqrt"), ("step", "floor"), ("cos", "is")], ids="-".join)
def test_values_and_params_have_any_name(names: tuple[str, str]) -> None:
    agree(VALUES.format(*names), (5, 4), (5, 4))


def test_sizes_keep_their_names_where_nothing_speaks_against_it() -> None:
    assert not any(map(taken, ("batch", "time", "length", "n_heads", "x", "h", "width", "channels")))


def test_tensors_have_as_many_axes_as_the_language_admits() -> None:
    """Twelve axes are twelve loops in each other."""
    sizes = ", ".join(["2"] * 11)
    text = f"""
model M() {{
  input  x: f32[batch, {sizes}]
  target y: f32[batch]
  param w: f32[{sizes}] = ones
  z = tanh(x * w)
  output p = sum(transpose(z, [0, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]), axis=[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
  loss mse(y, p)
}}
train M {{ optimizer = Adam }}
"""
    agree(text, (1, *[2] * 11), (1,))
