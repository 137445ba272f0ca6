"""Kernels of pooling against NumPy, for all numbers of channels; their bits do not depend on the number of threads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from nndsl.ir.dims import Dim
from nndsl.ir.graph import Graph, Node
from nndsl.ir.types import NUMPY_NAMES, TensorType
from nndsl.kernels.module import generate
from nndsl.ops import build as b
from nndsl.ops.windows import places
from nndsl.runtime.interpreter import run
from nndsl.runtime.native import load

BATCH, HEIGHT, WIDTH, CHANNELS = (Dim.symbol(name) for name in ("batch", "height", "width", "channels"))
LAYOUTS = {
    "apart": {"window": (2, 2), "strides": (2, 2), "low": (0, 0)},
    "over": {"window": (3, 2), "strides": (2, 1), "low": (1, 0)},
    "gaps": {"window": (1, 2), "strides": (2, 3), "low": (0, 0)},
}


def leaf(name: str, dtype: str, *shape: Any) -> Node:
    return Node("input", (), {"name": name}, TensorType(dtype, shape), name=name)


def program(dtype: str, layouts: Sequence[str] = tuple(LAYOUTS)) -> Graph:
    """All five ops over each layout."""
    x, v = (leaf(name, dtype, BATCH, HEIGHT, WIDTH, CHANNELS) for name in ("x", "v"))
    outputs: list[tuple[str, Node]] = []
    for name in layouts:
        shared = LAYOUTS[name]
        each = zip((HEIGHT, WIDTH), shared["window"], shared["strides"], shared["low"], strict=True)
        out = tuple(places(n, k, s, 1, low) for n, k, s, low in each)
        w = leaf(f"w_{name}", dtype, BATCH, *out, CHANNELS)
        size = (HEIGHT, WIDTH)
        outputs += [
            (f"{name} max", b.apply("max_pool", x, **shared, out=out)),
            (f"{name} pick", b.apply("max_pool_pick", x, v, **shared, out=out)),
            (f"{name} back", b.apply("max_pool_grad", x, w, **shared)),
            (f"{name} mean", b.apply("pool_sum", x, **shared, out=out, divide="real")),
            (f"{name} spread", b.apply("pool_spread", w, **shared, size=size, divide="window")),
        ]
    return Graph("pools", tuple(outputs))


def arrays(dtype: str, sizes: dict[str, int]) -> dict[str, Any]:
    """Few different numbers, so that many elements tie."""
    numbers = np.random.default_rng(sizes["channels"])
    n, h, w, c = sizes.values()
    made = {"x": numbers.integers(-2, 3, (n, h, w, c)), "v": numbers.normal(size=(n, h, w, c))}
    for name, shared in LAYOUTS.items():
        each = zip((h, w), shared["window"], shared["strides"], shared["low"], strict=True)
        made[f"w_{name}"] = numbers.normal(size=(n, *(places(m, k, s, 1, low) for m, k, s, low in each), c))
    return {name: np.ascontiguousarray(value.astype(NUMPY_NAMES[dtype])) for name, value in made.items()}


@pytest.mark.parametrize(("dtype", "layouts"), [("f32", tuple(LAYOUTS)), ("f64", ("over",))])
def test_every_number_of_channels_and_of_threads(dtype: str, layouts: Sequence[str]) -> None:
    graph = program(dtype, layouts)
    engines = [load(generate(graph), threads) for threads in (1, 2, 3)]
    for channels in (1, 2, 3, 4, 5, 7, 8, 9, 12, 16, 17, 31, 32, 33, 45, 64):
        sizes = {"batch": 3, "height": 7, "width": 5, "channels": channels}
        given = arrays(dtype, sizes)
        expected, _ = run(graph, given, {}, sizes)
        first, *others = (engine.run(given, {}, {}, sizes) for engine in engines)
        for name, value in expected.items():
            np.testing.assert_allclose(first[name], value, rtol=1e-5, atol=1e-6, err_msg=f"{name}, {channels} channels")
            assert all(np.array_equal(first[name], other[name]) for other in others), name


def test_nan_wins_and_infinities_are_numbers() -> None:
    graph = program("f32")
    sizes = {"batch": 2, "height": 6, "width": 6, "channels": 11}
    given = arrays("f32", sizes)
    numbers = np.random.default_rng(0)
    for value, share in ((np.nan, 0.1), (-np.inf, 0.5), (np.inf, 0.1)):
        given["x"][numbers.random(given["x"].shape) < share] = value
    given["x"][0, :2, :2] = -np.inf
    expected, _ = run(graph, given, {}, sizes)
    found = load(generate(graph), 2).run(given, {}, {}, sizes)
    for name in expected:
        if "mean" not in name:
            np.testing.assert_allclose(found[name], expected[name], rtol=1e-5, atol=1e-6, err_msg=name)
    assert np.isnan(expected["apart max"]).any()
    assert (expected["apart max"][0, 0, 0] == -np.inf).all()


def test_ties_go_to_the_first() -> None:
    graph = program("f32")
    sizes = {"batch": 1, "height": 4, "width": 4, "channels": 3}
    given = arrays("f32", sizes) | {"x": np.zeros((1, 4, 4, 3), np.float32)}
    found = load(generate(graph), 1).run(given, {}, {}, sizes)["apart back"]
    np.testing.assert_array_equal(found[0, ::2, ::2], given["w_apart"][0])
    assert np.count_nonzero(found) == np.count_nonzero(given["w_apart"])
