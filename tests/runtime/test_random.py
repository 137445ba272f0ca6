"""The random numbers: known answers, agreement of the two forms, statistics with fixed keys."""

from __future__ import annotations

import math

import numpy as np
import pytest
from programs import elementwise

from nndsl.ops import draws as random

N = 400_000
NAMES = ["uniform", "normal", "truncated_normal"]
CDF = {
    "uniform": lambda x: x,
    "normal": np.vectorize(lambda x: 0.5 * (1 + math.erf(x / math.sqrt(2)))),
    "truncated_normal": np.vectorize(
        lambda x: (0.5 * math.erf(x / math.sqrt(2)) + 0.5 * math.erf(math.sqrt(2))) / math.erf(math.sqrt(2))
    ),
}
DEVIATION = {"uniform": math.sqrt(1 / 12), "normal": 1.0, "truncated_normal": 0.8796257}


@pytest.mark.parametrize(
    ("counter", "key", "wanted"),
    [  # kat_vectors of Random123
        ((0, 0), 0, (0xFF1DAE59, 0x6CD10DF2)),
        ((0xFFFFFFFF, 0xFFFFFFFF), 0xFFFFFFFF, (0x2C3F628B, 0xAB4FD7AD)),
        ((0x243F6A88, 0x85A308D3), 0x13198A2E, (0xDD7CE038, 0xF62A4C12)),
    ],
)
def test_philox_gives_the_known_answers(counter: tuple[int, int], key: int, wanted: tuple[int, int]) -> None:
    low, high = random.philox(np.array([counter[0]], np.uint32), np.array([counter[1]], np.uint32), key)
    assert (int(low[0]), int(high[0])) == wanted


@pytest.mark.parametrize("dtype", ["f32", "f64"])
@pytest.mark.parametrize("name", NAMES)
def test_kernels_and_numpy_draw_the_same(name: str, dtype: str) -> None:
    key, places = random.step_key(-3, 12), np.arange(5000)
    compiled = elementwise(f"{name}_{dtype}({key}, 7, a[i])", places, result=dtype)
    drawn = getattr(random, name)(key, 7, (50, 100), np.float32 if dtype == "f32" else np.float64).ravel()
    if name == "uniform":
        np.testing.assert_array_equal(compiled, drawn)
    else:
        assert np.max(np.abs(compiled - drawn) / np.spacing(np.abs(drawn))) <= 6


@pytest.mark.parametrize("name", NAMES)
def test_a_key_may_be_read_from_an_array(name: str) -> None:
    key = np.full(40, random.step_key(5, 1))
    compiled = elementwise(f"{name}_f32(a[i], 2, i)", key, result="f32")
    np.testing.assert_allclose(compiled, getattr(random, name)(int(key[0]), 2, 40), rtol=1e-5)


def test_places_beyond_32_bits_differ() -> None:
    places = np.array([5, 5 + 2**32, 5 + 2**33], np.int64)
    assert len(set(elementwise("uniform_f64(1, 2, a[i])", places, result="f64"))) == 3


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", NAMES)
def test_mean_and_deviation(name: str, dtype: str) -> None:
    x = getattr(random, name)(1, 0, N, dtype).astype(np.float64)
    deviation = DEVIATION[name]
    assert abs(x.mean() - (0.5 if name == "uniform" else 0.0)) < 4 * deviation / math.sqrt(N)
    assert abs(x.std() - deviation) < 4 * deviation / math.sqrt(N)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", NAMES)
def test_distribution(name: str, dtype: str) -> None:
    x = np.sort(getattr(random, name)(2, 3, 50_000, dtype).astype(np.float64))
    distance = np.max(np.abs(CDF[name](x) - (np.arange(x.size) + 0.5) / x.size))
    assert distance < 1.95 / math.sqrt(x.size)  # Kolmogorov and Smirnov's at 0.1%


def test_ranges() -> None:
    x = random.uniform(3, 0, N)
    assert 0 <= x.min() < 1e-4
    assert 1 - 1e-4 < x.max() < 1
    assert np.abs(random.truncated_normal(3, 0, N)).max() <= 2
    assert 4 < np.abs(random.normal(3, 0, N)).max() < 6


def _correlation(x: np.ndarray, y: np.ndarray) -> float:
    return abs(float(np.corrcoef(x, y)[0, 1])) * math.sqrt(x.size)


def test_streams_steps_seeds_and_neighbours_are_unrelated() -> None:
    draws = [
        random.uniform(random.step_key(seed, step), stream, 100_000)
        for seed in (0, 1) for step in (0, 1, 2) for stream in (0, 1, 2)
    ]  # fmt: skip
    for i, x in enumerate(draws):
        assert _correlation(x[1:], x[:-1]) < 4.5
        assert all(_correlation(x, y) < 4.5 for y in draws[:i])


def test_step_keys_are_int64_and_distinct() -> None:
    keys = {random.step_key(seed, step) for seed in (-1, 0, 1, 2**63) for step in range(1000)}
    assert len(keys) == 4000
    assert all(-(2**63) <= key < 2**63 for key in keys)


def test_chunks_leave_no_seam() -> None:
    whole = random.uniform(9, 1, random.CHUNK + 10)
    np.testing.assert_array_equal(whole[:100], random.uniform(9, 1, 100))
    assert len(set(whole[random.CHUNK - 5 : random.CHUNK + 5])) == 10


def test_other_dtypes_are_refused() -> None:
    with pytest.raises(TypeError, match="int32"):
        random.uniform(0, 0, 3, "int32")


def test_empty_and_scalar_shapes() -> None:
    assert random.normal(0, 0, (0, 3)).shape == (0, 3)
    assert random.normal(0, 0, ()).shape == ()
