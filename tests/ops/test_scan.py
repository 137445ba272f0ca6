"""Scans: the kernels against the interpreter, gradients through time against finite differences, pruning."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nndsl.ir.dims import Dim
from nndsl.ir.graph import Body, Graph, Node
from nndsl.ir.types import TensorType
from nndsl.kernels.module import generate
from nndsl.ops import build as b
from nndsl.ops.scan import make_scan, part
from nndsl.passes import NEEDED, PIPELINE
from nndsl.passes import run as run_passes
from nndsl.passes.autodiff import gradients
from nndsl.passes.prune import prune
from nndsl.runtime.interpreter import run
from nndsl.runtime.native import load

BATCH, TIME = Dim.symbol("batch"), Dim.symbol("time")
INPUTS = ("w", "u", "h0", "x")


def leaf(name: str, dtype: str, *shape: Any) -> Node:
    return Node("input", (), {"name": name}, TensorType(dtype, shape), name=name)


def recurrent(dtype: str, reverse: bool) -> tuple[dict[str, Node], list[tuple[str, Node]]]:
    """A plain recurrent layer, a loss of its last state and of all its states, and the gradients."""
    x, w, u, h0 = (
        leaf("x", dtype, TIME, BATCH, 3),
        leaf("w", dtype, 3, 4),
        leaf("u", dtype, 4, 4),
        leaf("h0", dtype, BATCH, 4),
    )
    h, x_t, w_in, u_in = (
        leaf("h", dtype, BATCH, 4),
        leaf("x_t", dtype, BATCH, 3),
        leaf("w_in", dtype, 3, 4),
        leaf("u_in", dtype, 4, 4),
    )
    new = b.apply("tanh", b.add(b.matmul(x_t, w_in), b.matmul(h, u_in)))
    scan = make_scan([h0], [x], [w, u], Body((h,), (x_t,), (w_in, u_in), (new,), (new, h)), TIME, reverse)
    last, states = part(scan, 0), part(scan, 1)
    loss = b.add(b.sum_(b.mul(last, last)), b.sum_(b.apply("sin", states)))
    grads = gradients(loss, [w, u, h0, x])
    named = [(f"grad_{n}", g) for n, g in zip(INPUTS, grads, strict=True) if g is not None]
    assert len(named) == 4
    return {"x": x, "w": w, "u": u, "h0": h0}, [("loss", loss), ("last", last), ("states", states), *named]


def data(dtype: str, batch: int, time: int) -> dict[str, Any]:
    numbers = np.random.default_rng(batch * 100 + time)
    shapes = {"x": (time, batch, 3), "w": (3, 4), "u": (4, 4), "h0": (batch, 4)}
    return {name: numbers.normal(size=shape).astype(dtype) for name, shape in shapes.items()}


@pytest.mark.parametrize("reverse", [False, True], ids=["forward", "reverse"])
@pytest.mark.parametrize("optimize", [False, True], ids=["plain", "optimized"])
def test_gradient_through_time_agrees_with_finite_differences(reverse: bool, optimize: bool) -> None:
    _, outputs = recurrent("f64", reverse)
    graph = Graph("g", tuple(outputs))
    if optimize:
        graph = prune(run_passes(graph, verify=True))
    arrays, sizes = data("f8", 2, 5), {"batch": 2, "time": 5}
    found, _ = run(graph, arrays, {}, sizes)
    loss = Graph("loss", (outputs[0],))
    for name in INPUTS:
        numeric = np.zeros_like(arrays[name])
        for place in np.ndindex(numeric.shape):
            sides = []
            for shift in (1e-6, -1e-6):
                moved = arrays[name].copy()
                moved[place] += shift
                sides.append(float(run(loss, {**arrays, name: moved}, {}, sizes)[0]["loss"]))
            numeric[place] = (sides[0] - sides[1]) / 2e-6
        assert np.abs(numeric - found[f"grad_{name}"]).max() <= 1e-6 * np.abs(numeric).max()


@pytest.mark.parametrize("passes", [PIPELINE, NEEDED], ids=["optimized", "unoptimized"])
def test_kernels_agree_with_interpreter_for_every_length_and_number_of_threads(passes: Any) -> None:
    outputs = [(f"{reverse}_{name}", node) for reverse in (False, True) for name, node in recurrent("f32", reverse)[1]]
    graph = Graph("g", tuple(outputs))
    module = generate(run_passes(graph, passes, verify=True))
    engines = [load(module, threads) for threads in (1, 2, 3)]
    for batch, time in ((2, 5), (7, 1), (3, 20), (2, 0)):
        arrays, sizes = data("f4", batch, time), {"batch": batch, "time": time}
        expected, _ = run(graph, arrays, {}, sizes)
        first, *others = (engine.run(arrays, {}, {}, sizes) for engine in engines)
        for name, value in expected.items():
            assert first[name].shape == value.shape
            far = np.abs(first[name] - value).max(initial=0)
            assert far <= 1e-5 * max(1.0, np.abs(value).max(initial=0)), (name, time)
            assert all(np.array_equal(first[name], other[name]) for other in others)


def test_prune_drops_what_nobody_reads() -> None:
    _, outputs = recurrent("f32", False)
    pruned = prune(Graph("g", (outputs[1],)))
    (scan,) = [n for n in pruned.nodes() if n.op == "scan"]
    assert len(scan.attrs["body"].collects) == 0


def test_a_scan_over_nothing_gives_its_start_and_no_gradient_for_weights() -> None:
    _, outputs = recurrent("f64", False)
    arrays = data("f8", 2, 0)
    found, _ = run(Graph("g", tuple(outputs)), arrays, {}, {"batch": 2, "time": 0})
    np.testing.assert_array_equal(found["last"], arrays["h0"])
    np.testing.assert_allclose(found["grad_h0"], 2 * arrays["h0"])
    assert found["states"].shape == (0, 2, 4)
    assert not found["grad_w"].any()


def test_no_gradient_is_carried_for_what_the_loss_does_not_read() -> None:
    """Of two carries that do not see each other, one is asked for."""
    x, w, h0 = leaf("x", "f32", TIME, 3), leaf("w", "f32", 3), leaf("h0", "f32", 3)
    a, c, x_t, w_in = leaf("a", "f32", 3), leaf("c", "f32", 3), leaf("x_t", "f32", 3), leaf("w_in", "f32", 3)
    body = Body((a, c), (x_t,), (w_in,), (b.mul(a, w_in), b.add(c, x_t)), (a, c))
    scan = make_scan([h0, h0], [x], [w], body, TIME, False)
    assert gradients(b.sum_(part(scan, 1)), [w]) == [None]
    (grad,) = gradients(b.sum_(part(scan, 0)), [w])
    assert grad is not None
    back = grad.inputs[0].attrs["body"]
    assert [leaf.name for leaf in back.carries] == ["carry_gradient_0", "sum_0"]
