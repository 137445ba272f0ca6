"""Scans as they are written: carries, sequences, draws, states and penalties, on both engines."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import nndsl
from nndsl import driver
from nndsl.diagnostics import NndslError, Source
from nndsl.driver import problems_of

DRAW = np.random.default_rng(0)


def f32(*shape: int) -> np.ndarray:
    return DRAW.normal(size=shape).astype(np.float32)


def engine(text: str, name: str = "numpy", **options: Any) -> Any:
    return nndsl.compile(text, engine=name, seed=1, **options)


MANY = """
layer Cell(units: int)(x: f32[batch, n], h: f32[batch, units]) -> f32[batch, units] {
  param kernel: f32[n, units] = glorot_uniform
  return tanh(x @ kernel + h) |> Dropout(0.3)
}

model Many() {
  input x: f32[batch, time, 4]
  input flags: bool[batch, time]
  state seen: f32[4] = zeros
  cell = Cell(4)
  inner = SimpleRNN(4, dropout=0.2)
  absent = none
  scan (h = zeros([batch, 4]), total = 0.0, any_yet = flags[:, 0], steps = 0)
    over x_t in x, flag in flags, gone in absent axis 1 {
    assert gone == none, "what is not there is none in each step"
    new = where(flag[:, none], cell(x_t + random_normal([batch, 4]), h), h)
    seen := 0.5 * seen + mean(x_t |> BatchNorm(momentum=0.5), axis=0)
    scan (g = new) over row in x axis 1 reverse {
      next g = 0.5 * g + 0.1 * row |> Dropout(0.5)
      collect random_uniform([4]) as drawn
    }
    next h = new + 0.1 * g
    next total = total + mean(h * h)
    next any_yet = any_yet or flag
    next steps = steps + 1
    collect any_yet as ever
    collect mean(drawn, axis=0) as means
    collect (x * new[:, none]) |> inner as rows
  }
  output h
  output ever
  output means
  output count = steps + 0
  loss total_of = total + mean(rows * rows) + mean(seen) + mean(where(any_yet, total, 0.0))
}
""".replace("\n    over x_t", " over x_t")


def test_engines_agree_on_all_that_a_scan_can_do() -> None:
    plain, fast = engine(MANY), engine(MANY, "numba")
    for batch, time in ((3, 5), (2, 1), (1, 4)):
        data = {"x": f32(batch, time, 4), "flags": DRAW.integers(0, 2, (batch, time)).astype(bool)}
        found, expected = fast.predict(data), plain.predict(data)
        for name, value in expected.items():
            np.testing.assert_allclose(found[name], value, rtol=1e-5, atol=1e-6, err_msg=name)
        assert expected["count"] == time
        (loss, gradients), (fast_loss, fast_gradients) = (m.value_and_grad(data) for m in (plain, fast))
        assert fast_loss == pytest.approx(loss, rel=1e-5)
        for name, value in gradients.items():
            scale = max(1e-3, float(np.abs(value).max()))
            assert np.abs(fast_gradients[name] - value).max() <= 1e-5 * scale, name


def test_gradients_are_those_of_finite_differences() -> None:
    for name, error in driver.gradcheck(driver.check_source(Source("m.nn", MANY)), seed=3):
        assert error <= 1e-6, name


# --- draws -----------------------------------------------------------------------------------------------------


DRAWS = """
model Draws() {
  input x: f32[batch, rows, time]
  param w: f32[8] = ones
  scan (a = zeros([8])) over r in x axis 1 {
    scan (b = a) over t in r axis 1 {
      drawn = random_uniform([8]) * w
      next b = b + drawn
      collect drawn as inner
    }
    next a = b
    collect inner as all_drawn
  }
  output each = all_drawn
  loss all_of = sum(a)
}
"""


def test_each_step_draws_anew_and_the_backward_pass_sees_the_same_numbers() -> None:
    model, data = engine(DRAWS), {"x": f32(2, 3, 4)}
    each = model.predict(data)
    assert np.unique(each).size == each.size == 3 * 4 * 8
    loss, gradients = model.value_and_grad(data)
    # The gradient for w is the sum of what was drawn, and so is the loss where w is 1.
    assert loss == pytest.approx(gradients["w"].sum(), rel=1e-5)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_draws_do_not_depend_on_threads(threads: int) -> None:
    data = {"x": np.ones((2, 3, 4), np.float32)}
    expected = engine(DRAWS).predict(data)
    np.testing.assert_array_equal(engine(DRAWS, "numba", threads=threads).predict(data), expected)


# --- states ----------------------------------------------------------------------------------------------------


def test_a_state_goes_on_from_step_to_step() -> None:
    text = """
    model M() {
      input x: f32[batch, time, 2]
      target y: f32[batch, 2]
      param w: f32[2] = ones
      scan (h = zeros([batch, 2])) over x_t in x axis 1 {
        next h = h + x_t * w |> BatchNormalization(momentum=0.5, center=false, scale=false)
      }
      loss mse(y, h)
    }

    train M { optimizer = SGD(learning_rate=0.0) }
    """
    x = f32(6, 3, 2)
    for name in ("numpy", "numba"):
        model = engine(text, name)
        model.fit({"x": x, "y": f32(6, 2)}, epochs=1, batch_size=6, verbose=0, shuffle=False)
        h, mean = np.zeros((6, 2)), np.zeros(2)
        for t in range(3):
            at = h + x[:, t]
            mean = 0.5 * mean + 0.5 * at.mean(0)
            h = (at - at.mean(0)) / np.sqrt(at.var(0) + 0.001)
        np.testing.assert_allclose(model.session.states["BatchNormalization_1.moving_mean"], mean, rtol=1e-4, atol=1e-5)


def test_a_state_that_no_step_changes_is_read_as_it_is() -> None:
    text = """
    model M() {
      input x: f32[batch, time, 2]
      state s: f32[2] = ones
      s := s + 1
      scan (h = zeros([batch, 2])) over x_t in x axis 1 { next h = h + s }
      output h
    }
    """
    np.testing.assert_array_equal(engine(text).predict({"x": f32(1, 3, 2)}), [[6, 6]])


# --- penalties -------------------------------------------------------------------------------------------------


def test_penalties_on_what_a_step_gives_add_up_and_those_on_weights_count_once() -> None:
    text = """
    model M() {
      input x: f32[batch, time, 2]
      d = Dense(2, kernel_initializer=ones, use_bias=false, kernel_regularizer=L2(1.0), activity_regularizer=L1(1.0))
      scan (h = zeros([batch, 2])) over x_t in x axis 1 { next h = h + d(x_t) }
      loss nothing = 0 * mean(h)
    }
    """
    x = f32(3, 4, 2)
    loss, _ = engine(text).value_and_grad({"x": x})
    assert loss == pytest.approx(4 + np.abs(x.sum(-1)).sum() * 2 / 3, rel=1e-5)


# --- what is refused -------------------------------------------------------------------------------------------


def model(body: str, inputs: str = "") -> str:
    return f"model M() {{\n  input x: f32[batch, time, 4]\n{inputs}{body}\n}}\n"


def scan(body: str, head: str = "h = zeros([batch, 4])", over: str = "x_t in x") -> str:
    return model(f"  scan ({head}) over {over} axis 1 {{\n{body}\n  }}\n  output y = x")


@pytest.mark.parametrize(
    ("text", "code", "part"),
    [
        (scan("next h = x_t", "h = 0"), "NN201", "zeros([batch, 4])"),
        (scan("next h = h + 0.5", "h = 0"), "NN208", "start from a float"),
        (scan("next k = k + 100\ncollect one_hot(k, 4) as o", "k = argmax(x[:, 0])"), "NN304", "stay an index"),
        (scan("next h = h", over="x_t in x, m in x[:, 1:]"), "NN201", "one length"),
        (scan("next h = h", over="x_t in none"), "NN120", "goes over a tensor"),
        (scan("next h = h", over="h in x"), "NN102", "already"),
        (scan("next h = h\noutput z = x_t"), "NN112", "inside a `scan`"),
        (scan("next h = h\nloss mean(x_t)"), "NN112", "inside a `scan`"),
        (scan("next h = h\nmetric m = mean(x_t)"), "NN112", "inside a `scan`"),
        (scan("next h = h\ninput z: f32[batch]"), "NN112", "inside a `scan`"),
        (scan("h := x_t"), "NN117", "`next h = …`"),
        (scan("next h = h\ncollect h as h"), "NN102", "a name of its own"),
        (scan("new = x_t\nnext h = new") .replace("y = x", "y = new"), "NN110", "inside its `scan`"),
        (model("  for i in 0..time { y = i }\n  output y = x"), "NN118", "scan"),
        (f"fn f(a) {{\n next h = a\n return a\n}}\n{scan('next h = f(x_t)')}", "NN112", "belongs into"),
    ],
)  # fmt: skip
def test_mistakes_in_scans_are_named(text: str, code: str, part: str) -> None:
    found = [p for p in problems_of(Source("m.nn", text)) if p.severity == "error"]
    assert {p.code for p in found} == {code}
    assert any(part in f"{p.headline} {p.label} {p.help}" for p in found)


def test_an_axis_without_steps_is_a_problem() -> None:
    text = model("  scan (h = zeros([batch, 4])) over x_t in x axis 1 { next h = h + x_t }\n  output h")
    with pytest.raises(NndslError) as caught:
        engine(text).predict({"x": np.zeros((2, 0, 4), np.float32)})
    assert caught.value.problems
