"""The scalar functions against f64 NumPy, over all magnitudes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from programs import elementwise

from nndsl.runtime.cache import inspect_program

SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 1e-45, -1e-45, 1.2e-38, 3.4e38, -3.4e38, 1e-7, -1e-7,
           0.625, -0.625, 0.5, 88.7, 89.5, -87.3, -103.9, -104.1, 200.0, -200.0, 20.0, -20.0, 9.02, 0.9277]  # fmt: skip


def everywhere() -> np.ndarray:
    """f32 numbers of every exponent and both signs, many between -100 and 100, and the special ones."""
    random = np.random.default_rng(1)
    bits = random.integers(0, 2**32, 200_000, dtype=np.uint64).astype(np.uint32).view(np.float32)
    near = random.uniform(-100, 100, 200_000).astype(np.float32)
    small = random.uniform(-2, 2, 200_000).astype(np.float32)
    return np.concatenate([bits, near, small, np.array(SPECIAL, np.float32)])


def ulps(got: np.ndarray, exact: np.ndarray) -> float:
    """The largest error in units of the last place; the places of NaN and infinities must agree."""
    rounded = exact.astype(np.float32)
    assert np.array_equal(np.isnan(got), np.isnan(rounded))
    finite = np.isfinite(rounded) & np.isfinite(got)
    assert np.array_equal(got[~finite & ~np.isnan(got)], rounded[~finite & ~np.isnan(got)])
    unit = np.spacing(np.maximum(np.abs(rounded[finite]), np.float32(1.2e-38))).astype(np.float64)
    return float(np.max(np.abs(got[finite].astype(np.float64) - exact[finite]) / unit))


def flushed(x: np.ndarray) -> np.ndarray:
    """What is near the smallest normal number of f32 as zero: in programs it is, or a step on the way to it was."""
    return np.where(np.abs(x) < 4 * np.finfo(np.float32).tiny, np.copysign(0, x), x).astype(x.dtype)


def _sigmoid(x: np.ndarray) -> np.ndarray:
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, e) / (1 + e)


def _softplus(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


EXACT = {
    "exp": (np.exp, 1.5), "expm1": (np.expm1, 2.0), "log": (np.log, 1.5), "log1p": (np.log1p, 2.0),
    "tanh": (np.tanh, 2.0), "sigmoid": (_sigmoid, 2.0), "softplus": (_softplus, 2.0),
    "erf": (np.vectorize(math.erf, otypes=[np.float64]), 2.0),
}  # fmt: skip


@pytest.mark.parametrize("name", EXACT)
def test_f32_is_near_the_exact_value_at_all_magnitudes(name: str) -> None:
    x = flushed(everywhere())
    exact, limit = EXACT[name]
    with np.errstate(all="ignore"):
        wanted = flushed(exact(x.astype(np.float64)))
        assert ulps(flushed(elementwise(f"{name}_f32(a[i])", x, result="f32")), wanted) <= limit


@pytest.mark.parametrize("x", [1.0, 3.7e-5, -2e10])
@pytest.mark.parametrize("c", [1e-8, 1e-3, 1.0])
def test_what_optimizers_divide_by_is_near_the_exact_value_at_all_magnitudes(x: float, c: float) -> None:
    v = flushed(everywhere())
    with np.errstate(all="ignore"):
        wanted = flushed(np.float64(np.float32(x)) / (np.sqrt(v.astype(np.float64)) + np.float64(np.float32(c))))
        assert ulps(flushed(elementwise(f"over_root_f32({x}, a[i], {c})", v, result="f32")), wanted) <= 3.0


def test_numbers_too_small_to_be_normal_are_zero_in_programs_and_in_no_other_place() -> None:
    tiny = np.array([1e-39, -1e-39, 1e-37, 2.0], np.float32)
    halves = elementwise("a[i] * a[3] * a[3] / a[3] / a[3] / a[3]", tiny, result="f32")
    assert (halves == np.array([0, 0, 5e-38, 1], np.float32)).all()
    assert (elementwise("a[i] * a[2]", tiny, result="f32")[:3] == 0).all()
    assert (tiny[:2] * np.float32(0.5) != 0).all()


@pytest.mark.parametrize("name", EXACT)
def test_f64_agrees_with_numpy(name: str) -> None:
    x = np.concatenate([np.random.default_rng(2).uniform(-40, 40, 2000), np.array(SPECIAL)])
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(elementwise(f"{name}_f64(a[i])", x, result="f64"), EXACT[name][0](x), rtol=1e-14)


@pytest.mark.parametrize("name", EXACT)
def test_f32_functions_vectorize(name: str) -> None:
    text = f"""
from nndsl.runtime.intrinsics import *
from nndsl.runtime.scalar import *
@program
def main(worker, workers, sync, table):
    a = array_f32(entry(table, 0), entry(table, 1))
    for i in range(worker, entry(table, 1)):
        a[i] = {name}_f32(a[i])
"""
    assert "x float> " in inspect_program(text, "main", "llvm")


@pytest.mark.parametrize("dtype", ["f32", "f64", "i32", "i64"])
@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_extrema_follow_numpy(name: str, dtype: str) -> None:
    x, y = (v.ravel() for v in np.meshgrid(_samples(dtype), _samples(dtype)))
    np.testing.assert_array_equal(elementwise(f"{name}(a[i], b[i])", x, y, result=dtype), getattr(np, name)(x, y))


@pytest.mark.parametrize("dtype", ["f32", "f64", "i32", "i64"])
@pytest.mark.parametrize(("name", "ufunc"), [("floor_mod", np.mod), ("floor_divide", np.floor_divide)])
def test_division_rounded_down_follows_numpy(name: str, ufunc: np.ufunc, dtype: str) -> None:
    x, y = (v.ravel() for v in np.meshgrid(_samples(dtype, huge=False), _samples(dtype, huge=False)))
    with np.errstate(all="ignore"):
        wanted = ufunc(x, y)
    np.testing.assert_array_equal(elementwise(f"{name}(a[i], b[i])", x, y, result=dtype), wanted)


@pytest.mark.parametrize("dtype", ["f32", "f64", "i32"])
def test_sign_follows_numpy(dtype: str) -> None:
    x = _samples(dtype)
    np.testing.assert_array_equal(elementwise("sign(a[i])", x, result=dtype), np.sign(x))


@pytest.mark.parametrize("dtype", ["f32", "f64"])
@pytest.mark.parametrize("name", ["floor", "ceil", "rint", "sqrt", "sin", "cos"])
def test_plain_functions_follow_numpy(name: str, dtype: str) -> None:
    x = _samples(dtype, huge=False)
    with np.errstate(all="ignore"):
        wanted = getattr(np, name)(x)
    np.testing.assert_allclose(elementwise(f"{name}(a[i])", x, result=dtype), wanted, rtol=1e-6)


def test_power_follows_numpy() -> None:
    x, y = np.meshgrid(np.array([-2, -1, 0, 1, 2, 3, 7], np.int32), np.arange(12, dtype=np.int32))
    np.testing.assert_array_equal(elementwise("power(a[i], b[i])", x.ravel(), y.ravel(), result="i32"), (x**y).ravel())
    x, y = (v.ravel() for v in np.meshgrid(_samples("f32"), _samples("f32")))
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(elementwise("power(a[i], b[i])", x, y, result="f32"), x**y, rtol=1e-6)


def test_kernels_keep_nan_and_infinity() -> None:
    x = np.array([np.nan, np.inf, -np.inf, 0.0, 1.0], np.float32)
    np.testing.assert_array_equal(
        elementwise("a[i] * 0 + a[i] - a[i]", x, result="f32"), [np.nan, np.nan, np.nan, 0, 0]
    )
    np.testing.assert_array_equal(elementwise("is_finite_f32(a[i])", x, result="i32"), [0, 0, 0, 1, 1])


def _samples(dtype: str, huge: bool = True) -> np.ndarray:
    if dtype in ("i32", "i64"):
        low = np.iinfo(np.int32 if dtype == "i32" else np.int64).min
        return np.array([-7, -3, -1, 0, 1, 2, 3, 8, low, low + 1], np.int32 if dtype == "i32" else np.int64)
    values = [-7.5, -3.0, -1.0, -0.25, 0.0, 0.5, 1.0, 2.5, 3.0, 8.0, np.nan]
    return np.array(values + ([np.inf, -np.inf, 1e30] if huge else []), np.float32 if dtype == "f32" else np.float64)
