"""Functions of the language that are made of other ops: against NumPy, at sizes that only data knows too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import nndsl
from nndsl import driver, testing
from nndsl.syntax.load import source_from_text

ROWS = np.random.default_rng(3).normal(size=(5, 6)).astype(np.float32)
CASES: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "cumsum": ("cumsum(x)", lambda x: np.cumsum(x)),
    "sort down": ("sort(x, axis=0, descending=true)", lambda x: -np.sort(-x, axis=0)),
    "top_k along the first axis": ("top_k(x, 2, axis=0)[0]", lambda x: -np.sort(-x, axis=0)[:2]),
    "top_k of many": ("top_k(tile(x, [1, 20]), 70)[1]", lambda x: np.argsort(-np.tile(x, 20), kind="stable")[:, :70]),
    "take_along_axis": ("take_along_axis(x, argmax(x, keepdims=true))", lambda x: x.max(1, keepdims=True)),
    "take_along_axis spread": ("take_along_axis(x, as_index([[1]], 6))", lambda x: x[:, 1:2]),
    "einsum": ('einsum("bi,bj", x, x)', lambda x: np.einsum("bi,bj", x, x)),
    "einsum of one": ('einsum("...i->i...", x)', lambda x: x.T),
    "dot": ("dot(x, x[0])", lambda x: x @ x[0]),
    "dot of vectors": ("dot(x[0], x[1])", lambda x: x[0] @ x[1]),
    "vdot": ("vdot(x, x)", lambda x: np.vdot(x, x)),
    "inner": ("inner(x, x)", lambda x: np.inner(x, x)),
    "outer": ("outer(x[0], x)", lambda x: np.outer(x[0], x)),
    "tensordot": ("tensordot(x, x, axes=[[0], [0]])", lambda x: np.tensordot(x, x, ([0], [0]))),
    "expand_dims": ("expand_dims(x, [0, -1])", lambda x: x[None, ..., None]),
    "squeeze": ("squeeze(x[:, none, :, none])", lambda x: x),
    "swapaxes": ("swapaxes(x, 0, 1)", lambda x: x.T),
    "moveaxis": ("moveaxis(x[none], -1, 0)", lambda x: np.moveaxis(x[None], -1, 0)),
    "flip": ("flip(x)", lambda x: np.flip(x)),
    "roll": ("roll(x, -1, axis=0)", lambda x: np.roll(x, -1, 0)),
    "roll twice": ("roll(x, [8, 1], axis=[1, 0])", lambda x: np.roll(x, (8, 1), (1, 0))),
    "tile": ("tile(x, [2, 1, 3])", lambda x: np.tile(x, (2, 1, 3))),
    "tile few": ("tile(x, 2)", lambda x: np.tile(x, 2)),
    "repeat": ("repeat(x, 2)", lambda x: np.repeat(x, 2)),
    "repeat rows": ("repeat(x, 3, axis=0)", lambda x: np.repeat(x, 3, axis=0)),
    "split": ("split(x, [1, 2])[2]", lambda x: x[:, 2:]),
    "unstack": ("unstack(x, axis=-1)[4]", lambda x: x[:, 4]),
    "tril": ("tril(x, k=-1)", lambda x: np.tril(x, -1)),
    "triu": ("triu(x[none], k=1)", lambda x: np.triu(x[None], 1)),
    "meshgrid": ("meshgrid(x[0], x[1, :2])[1]", lambda x: np.meshgrid(x[0], x[1, :2])[1]),
    "meshgrid ij": ('meshgrid(x[0], x[1, :2], indexing="ij")[0]',
                    lambda x: np.meshgrid(x[0], x[1, :2], indexing="ij")[0]),
    "prod": ("prod(x, axis=[0, 1])", lambda x: np.prod(x)),
    "std": ("std(x, axis=0, keepdims=true)", lambda x: np.std(x, axis=0, keepdims=True)),
    "norm": ("norm(x)", lambda x: np.linalg.norm(x)),
    "greatest": ('norm(x, ord="inf", axis=1)', lambda x: np.linalg.norm(x, np.inf, axis=1)),
    "argmax of all": ("argmax(x, axis=none)", lambda x: np.argmax(x)),
    "argmin kept": ("argmin(x, axis=0, keepdims=true)", lambda x: np.argmin(x, axis=0, keepdims=True)),
    "any": ("any(x - abs(x), axis=1)", lambda x: np.any(x - np.abs(x), axis=1)),
    "all": ("all(x, keepdims=true)", lambda x: np.all(x, keepdims=True)),
    "logsumexp": ("logsumexp(log(x * 0))", lambda x: np.full(len(x), -np.inf)),
    "eye": ("eye(shape(x)[0], 3, k=-1)", lambda x: np.eye(len(x), 3, -1)),
    "arange": ("arange(2, shape(x)[0] + 3, 2)", lambda x: np.arange(2, len(x) + 3, 2)),
    "arange down": ("arange(5, 0, -2)", lambda x: np.arange(5, 0, -2)),
    "arange of fractions": ("arange(0, 1, 0.3)", lambda x: np.arange(0, 1, 0.3)),
    "linspace": ("linspace(-1, 2, 7)", lambda x: np.linspace(-1, 2, 7)),
    "linspace without end": ("linspace(0, 1, shape(x)[0], endpoint=false)",
                             lambda x: np.linspace(0, 1, len(x), endpoint=False)),
    "full": ("full([2, 3], 7, dtype=i64)", lambda x: np.full((2, 3), 7)),
    "reciprocal": ("reciprocal(x)", lambda x: 1 / x),
    "isnan": ("isnan(log(x))", lambda x: x < 0),
    "isinf": ("isinf(x / 0)", lambda x: x != 0),
}  # fmt: skip
TEXT = "model M {{ input x: f32[batch, 6]\n{lines}\n}}"


def outputs(text: str, **options: Any) -> dict[str, Any]:
    found: dict[str, Any] = nndsl.compile(text, seed=1, **options).predict({"x": ROWS})
    return found


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    lines = "\n".join(f"  output o{k} = {text}" for k, (text, _) in enumerate(CASES.values()))
    return outputs(TEXT.format(lines=lines), engine="numpy")


@pytest.mark.parametrize("name", CASES)
def test_it_is_what_numpy_gives(name: str, found: dict[str, Any]) -> None:
    expected = np.asarray(CASES[name][1](ROWS))
    value = found[f"o{list(CASES).index(name)}"]
    assert value.shape == expected.shape
    np.testing.assert_allclose(value, expected, rtol=2e-5, atol=1e-6)


def test_kinds_go_where_they_mean_something() -> None:
    text = """
model M {
  input x: f32[batch, 6]
  p = softmax(x)
  v, i = top_k(p, 2)
  output a = take([10.0, 20, 30, 40, 50, 60], i)
  output b = take([10.0, 20, 30, 40, 50, 60], argsort(x))
  output c = take([1.0, 2, 3], random_randint([batch], 3))
}
test "kinds" {
  expect kind(sort(p)) == "prob"
  expect kind(v) == "prob"
  expect kind(i) == "index"
  expect kind(cumsum(p)) == none
  expect kind(argmax(x, axis=none)) == "index"
  expect kind(random_categorical(x)) == "index"
  expect kind(random_bernoulli([4])) == "binary"
  expect kind(split(p, [2])[0]) == "prob"
  expect kind(flip(argsort(x))) == "index"
}
"""
    assert outputs(text, engine="numpy")["a"].shape == (5, 2)
    (test,), _ = driver.tests_of(source_from_text(text))
    assert [testing.failure(expectation) for expectation in test.expectations] == [None] * 9


DRAWN = TEXT.format(
    lines="""
  output uniform = random_uniform([batch, 4000], minval=-1.0, maxval=3.0)
  output normal = random_normal([batch, 4000], mean=2.0, stddev=0.5)
  output cut = random_truncated_normal([batch, 4000])
  output yes = random_bernoulli([batch, 4000], 0.3)
  output whole = random_randint([batch, 4000], -3, 4)
  output chosen = random_categorical(x, num_samples=4000)
"""
)


def test_draws_have_their_distributions_on_any_number_of_threads() -> None:
    one, two = outputs(DRAWN, threads=1), outputs(DRAWN, threads=2)
    for name, value in one.items():
        np.testing.assert_array_equal(value, two[name])
    assert abs(one["uniform"].mean() - 1) < 0.03
    assert one["uniform"].min() >= -1
    assert abs(one["normal"].mean() - 2) < 0.02
    assert abs(one["normal"].std() - 0.5) < 0.02
    assert np.abs(one["cut"]).max() <= 2
    assert abs(one["yes"].mean() - 0.3) < 0.02
    np.testing.assert_allclose(np.bincount(one["whole"].ravel() + 3) / 20000, 1 / 7, atol=0.02)
    share = np.exp(ROWS) / np.exp(ROWS).sum(1, keepdims=True)
    for row, wanted in zip(one["chosen"], share, strict=True):
        np.testing.assert_allclose(np.bincount(row, minlength=6) / 4000, wanted, atol=0.04)
