"""Sums and products in parts of the rows: every access checked, for any number of workers."""

from __future__ import annotations

import numpy as np
import pytest
from plain_python import PlainPython

from nndsl.ir.dims import Dim
from nndsl.ir.graph import Graph, Node
from nndsl.ir.types import TensorType
from nndsl.kernels.module import generate
from nndsl.ops import build as b
from nndsl.passes import run
from nndsl.runtime.executable import Interpreted

BATCH = Dim.symbol("batch")
WIDE = 130
"""Columns that workers share where there are fewer rows."""


def leaf(name: str, *shape: object) -> Node:
    return Node("input", (), {"name": name}, TensorType("f64", shape), name=name)  # type: ignore[arg-type]


def graph() -> Graph:
    x, w, narrow = leaf("x", BATCH, 3), leaf("w", 3, WIDE), leaf("narrow", 3, 5)
    wide, small = b.matmul(x, w), b.matmul(x, narrow)
    return Graph(
        "g",
        (
            ("wide", b.sum_(b.mul(wide, wide), (0,))),
            ("small", b.sum_(b.maximum(small, 0.0), (0,))),
            ("elements", b.sum_(b.apply("sin", b.reshape(x, (BATCH, 1, 3))), (0, 1))),
        ),
    )


@pytest.mark.parametrize("workers", [1, 2, 3, 5])
@pytest.mark.parametrize("batch", [1, 20, 150])
def test_sums_in_parts(batch: int, workers: int) -> None:
    whole = graph()
    draw = np.random.default_rng(batch)
    inputs = {"x": draw.normal(size=(batch, 3)), "w": draw.normal(size=(3, WIDE)), "narrow": draw.normal(size=(3, 5))}
    expected = Interpreted(whole).run(inputs, {}, {}, {"batch": batch})
    module = generate(run(whole, verify=True))
    assert sum(n.op == "column_sums" for region in module.plan.regions for n in region.nodes) == 3
    found = PlainPython(module, workers).run(inputs, {}, {}, {"batch": batch})
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-12, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("workers", [1, 2, 3, 17])
@pytest.mark.parametrize(("batch", "time"), [(1, 1), (3, 7), (5, 60)])
def test_products_in_parts(batch: int, time: int, workers: int) -> None:
    """The gradients of two weights of one layer, and of its bias, come from one kernel."""
    rows = BATCH * Dim.symbol("time")
    x, h, g = leaf("x", rows, 9), leaf("h", rows, 8), leaf("g", rows, 20)
    whole = Graph(
        "g",
        (
            ("x", b.apply("matmul", x, g, ta=True)),
            ("h", b.apply("matmul", h, g, ta=True)),
            ("bias", b.sum_(g, (0,))),
            ("narrow", b.apply("matmul", leaf("n", rows, 3), g, ta=True)),
        ),
    )
    draw = np.random.default_rng(batch)
    sizes = {"batch": batch, "time": time}
    inputs = {name: draw.normal(size=(batch * time, n)) for name, n in (("x", 9), ("h", 8), ("g", 20), ("n", 3))}
    expected = Interpreted(whole).run(inputs, {}, {}, sizes)
    module = generate(run(whole, verify=True))
    (region,) = [region for region in module.plan.regions if region.form == "parts"]
    assert [n.op for n in region.nodes] == ["product_parts", "product_parts", "column_sums"]
    found = PlainPython(module, workers).run(inputs, {}, {}, sizes)
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-12, atol=1e-12, err_msg=name)
