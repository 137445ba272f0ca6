"""Whole training runs: the same bits for a seed, the same history on both engines, one compilation for all batches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import nndsl

TEXT = """
model Net(hidden: int = 12) {
  input  x: f32[batch, 8]
  target label: index<3>[batch]
  logits = x |> Dense(hidden, activation=relu) |> Dropout(0.3) |> Dense(3)
  output p = softmax(logits)
  loss sparse_categorical_crossentropy(label, logits)
  metric accuracy(label, p)
}
train Net { optimizer = Adam(learning_rate=0.01) }
"""


def data(rows: int = 70) -> tuple[Any, Any]:
    numbers = np.random.default_rng(0)
    x = numbers.normal(size=(rows, 8)).astype("f4")
    return x, (x[:, 0] > 0).astype("i4") + (x[:, 1] > 0.5)


def trained(engine: str = "numba", seed: int = 7, threads: int = 2, steps_of: int = 16, epochs: int = 4) -> Any:
    model = nndsl.compile(TEXT, engine=engine, seed=seed, threads=threads)
    x, y = data()
    model.fit(x, y, epochs=epochs, batch_size=steps_of, verbose=0)
    return model


def same_bits(a: Any, b: Any) -> bool:
    return (
        all(np.array_equal(a.params[name], b.params[name]) for name in a.params)
        and a.history.history == b.history.history
    )


def test_one_seed_gives_the_same_bits_on_any_number_of_threads() -> None:
    first = trained()
    assert same_bits(first, trained())
    for threads in (1, 3):
        assert same_bits(first, trained(threads=threads)), threads


def test_another_seed_gives_other_params() -> None:
    assert not same_bits(trained(), trained(seed=8))


def test_both_engines_have_the_same_history() -> None:
    """Twenty steps of a network with dropout, whose last batch is smaller than the others."""
    compiled, reference = trained(), trained(engine="numpy")
    for name, values in reference.history.history.items():
        np.testing.assert_allclose(compiled.history.history[name], values, rtol=1e-4, atol=1e-4)
    for name in reference.params:
        np.testing.assert_allclose(compiled.params[name], reference.params[name], rtol=1e-3, atol=1e-4)


def test_a_batch_of_another_size_compiles_nothing() -> None:
    model = trained(epochs=1)
    ready = dict(model.session._ready)
    count = len(model.session.report)
    x, y = data(33)
    for rows in (1, 2, 17, 33):
        model.train_on_batch(x[:rows], y[:rows])
    assert len(model.session.report) == count
    assert model.session._ready == ready


def test_dropout_draws_anew_in_each_step() -> None:
    model = nndsl.compile(TEXT, seed=1)
    x, y = data()
    first, _ = model.value_and_grad(x, y)
    again, _ = model.value_and_grad(x, y)
    assert first == again
    other = nndsl.compile(TEXT, seed=1)
    other.session.step = 1
    assert other.value_and_grad(x, y)[0] != first


@pytest.mark.parametrize("engine", ["numba", "numpy"])
def test_value_and_grad_is_the_slope_of_the_loss(engine: str) -> None:
    model = nndsl.compile(TEXT.replace("|> Dropout(0.3) ", ""), engine=engine, seed=2)
    x, y = data()
    before = {name: np.array(value) for name, value in model.params.items()}
    loss, grads = model.value_and_grad(x, y)
    assert np.isfinite(loss)
    assert all(np.array_equal(before[name], model.params[name]) for name in before)
    assert grads.keys() == before.keys()
    norm = np.sqrt(sum(float(np.sum(g.astype("f8") ** 2)) for g in grads.values()))
    sides = []
    for sign in (1, -1):
        for name, value in before.items():
            model.params[name] = (value + sign * 1e-2 * grads[name] / norm).astype("f4")
        sides.append(model.value_and_grad(x, y)[0])
    assert (sides[0] - sides[1]) / 2e-2 == pytest.approx(norm, rel=2e-3)
