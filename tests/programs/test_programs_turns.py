"""Several optimizers in one step: each in its turn, for the params and the losses it names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nndsl

TEXT = """
model Gan {
  input noise: f32[batch, 3]
  input real: f32[batch, 4]
  generate = Dense(5, activation=tanh) |> BatchNorm() |> Dense(4, kernel_regularizer=L2(0.1))
  judge = Dense(6, activation=tanh) |> Dense(1)
  fake = generate(noise)
  of_real = judge(real)
  of_fake = judge(fake)
  output fake
  loss judging = mean(softplus(-of_real) + softplus(of_fake))
  loss fooling = mean(softplus(-of_fake))
}

train Gan { optimizer = %s }
"""
JUDGE = "SGD(0.5, momentum=0.9, trains=judge, loss=judging, global_clipnorm=0.1)"
GENERATE = "SGD(0.25, momentum=0.9, trains=[generate.Dense_1, generate.Dense_2], loss=fooling)"


def made(optimizer: str, engine: str = "numpy") -> Any:
    return nndsl.compile(TEXT % optimizer, engine=engine, seed=1)


def batch(seed: int) -> dict[str, np.ndarray]:
    draw = np.random.default_rng(seed)
    return {"noise": draw.normal(size=(6, 3)).astype(np.float32), "real": draw.normal(size=(6, 4)).astype(np.float32)}


def copied(source: Any, target: Any) -> None:
    for name, value in source.params.items():
        target.params[name] = value


def same(found: Any, expected: Any) -> None:
    for name, value in expected.params.items():
        np.testing.assert_allclose(found.params[name], value, rtol=1e-5, atol=1e-7, err_msg=name)


def test_each_turn_sees_what_the_one_before_it_made() -> None:
    both, judge, generate = made(f"[{JUDGE}, {GENERATE}]"), made(JUDGE), made(GENERATE)
    for step in range(3):
        both.train_on_batch(batch(step))
        judge.train_on_batch(batch(step))
        copied(judge, generate)
        generate.train_on_batch(batch(step))
        copied(generate, judge)
        same(both, generate)


def test_the_order_of_turns_counts() -> None:
    first, second = made(f"[{JUDGE}, {GENERATE}]"), made(f"[{GENERATE}, {JUDGE}]")
    for model in (first, second):
        model.train_on_batch(batch(0))
    kernel = "generate.Dense_1.kernel"
    assert np.abs(first.params[kernel] - second.params[kernel]).max() > 1e-4


def test_what_no_optimizer_trains_stays() -> None:
    model = made(f"[{JUDGE}, {GENERATE}]")
    start = {name: value.copy() for name, value in model.params.items()}
    for step in range(2):
        model.train_on_batch(batch(step))
    kept = {name for name, value in model.params.items() if (value == start[name]).all()}
    assert kept == {"generate.BatchNorm_1.gamma", "generate.BatchNorm_1.beta"}


def test_states_go_on_once_in_a_step() -> None:
    one, two = made(GENERATE), made(f"[{JUDGE}, {GENERATE}]")
    for model in (one, two):
        model.train_on_batch(batch(0))
    assert one.session.states.keys() == two.session.states.keys()
    for name, value in one.session.states.items():
        np.testing.assert_allclose(two.session.states[name], value, rtol=1e-6, err_msg=name)


def test_a_penalty_belongs_to_each_turn() -> None:
    """Without the loss that trains it, the kernel of the last layer moves by its penalty alone."""
    last = "SGD(0.5, trains=generate.Dense_2.kernel, loss=judging)"
    model = made(last)
    plain = nndsl.compile(TEXT.replace(", kernel_regularizer=L2(0.1)", "") % last, engine="numpy", seed=1)
    start = model.params["generate.Dense_2.kernel"].copy()
    for one in (model, plain):
        one.train_on_batch(batch(0))
    moved = model.params["generate.Dense_2.kernel"] - plain.params["generate.Dense_2.kernel"]
    np.testing.assert_allclose(moved, -0.5 * 0.1 * 2 * start, rtol=1e-4, atol=1e-7)


def test_the_compiled_step_is_the_interpreted_one() -> None:
    optimizers = "[Adam(0.01, trains=judge, loss=judging), AdamW(0.005, trains=generate, loss=fooling), SGD(0.02)]"
    plain, fast = made(optimizers), made(optimizers, "numba")
    for step in range(3):
        losses = plain.train_on_batch(batch(step)), fast.train_on_batch(batch(step))
        assert losses[0].keys() == {"loss", "judging", "fooling"}
        np.testing.assert_allclose(list(losses[1].values()), list(losses[0].values()), rtol=1e-4)
    for name, value in plain.params.items():
        np.testing.assert_allclose(fast.params[name], value, rtol=1e-3, atol=1e-5, err_msg=name)


def test_a_param_of_two_turns_has_two_memories(tmp_path: Path) -> None:
    text = """
    model Line {
      input x: f32[batch]
      param w: f32[] = zeros
      loss up = mean(x) * w
      loss down = -3 * mean(x) * w
    }
    train Line { optimizer = [SGD(0.1, momentum=0.5, loss=up), SGD(0.1, momentum=0.5, loss=down)] }
    """
    model: Any = nndsl.compile(text, engine="numpy", seed=1)
    one = np.ones(4, np.float32)
    model.train_on_batch({"x": one})
    assert model.params["w"] == pytest.approx(-0.1 + 0.3)
    model.save(tmp_path / "run.safetensors", training=True)
    model.train_on_batch({"x": one})
    assert model.params["w"] == pytest.approx(0.2 - 0.15 + 0.45)
    again: Any = nndsl.compile(text, engine="numpy", seed=2)
    again.load_weights(tmp_path / "run.safetensors", training=True)
    again.train_on_batch({"x": one})
    assert again.params["w"] == pytest.approx(0.5)


def test_learning_rates_keep_their_proportion() -> None:
    """ReduceLROnPlateau and the like set one number, and all rates go with it."""
    fixed, lowered = made(f"[{JUDGE}, {GENERATE}]"), made(f"[{JUDGE}, {GENERATE}]".replace("0.5,", "1.0,", 1).replace(
        "0.25", "0.5"))  # fmt: skip
    assert fixed.learning_rate == 0.5
    lowered.learning_rate = 0.5
    for model in (fixed, lowered):
        model.train_on_batch(batch(0))
    same(lowered, fixed)


def test_a_schedule_drives_its_own_turn() -> None:
    text = """
    model Line {
      input x: f32[batch]
      param a: f32[] = zeros
      param b: f32[] = zeros
      loss total = mean(x) * (a + b)
    }
    train Line {
      optimizer = [SGD(PiecewiseConstantDecay([0], [0.5, 0.25]), trains=a), SGD(0.1, trains=b)]
    }
    """
    model: Any = nndsl.compile(text, engine="numpy", seed=1)
    for _ in range(2):
        model.train_on_batch({"x": np.ones(2, np.float32)})
    assert model.learning_rate == pytest.approx(0.1)
    assert model.params["a"] == pytest.approx(-0.75)
    assert model.params["b"] == pytest.approx(-0.2)
