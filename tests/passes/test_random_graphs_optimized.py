"""Random graphs: passes keep their meaning, and gradients are those of finite differences."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from dags import SCALARS, Leaves, Maker, random_graph
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nndsl.ir.graph import Graph, Node
from nndsl.ir.rewrite import substitute
from nndsl.ops import build as b
from nndsl.passes import PIPELINE, Pass, run
from nndsl.passes.autodiff import gradients
from nndsl.passes.canonical import canonical
from nndsl.passes.cse import cse
from nndsl.passes.keep_old import keep_old
from nndsl.passes.parts import parts
from nndsl.passes.simplify import simplify
from nndsl.passes.verify import verify
from nndsl.runtime import interpreter
from nndsl.runtime.executable import Interpreted

SIZES = {"batch": 3}
RELAXED = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
BACKEND: tuple[Pass, ...] = (parts, canonical, cse, simplify, cse, keep_old)
"""What `kernels.module.generate` applies on top."""


def results(graph: Graph, leaves: Leaves) -> dict[str, Any]:
    inputs, store = leaves.arrays(SIZES["batch"])
    return {**Interpreted(graph).run(inputs, store, SCALARS, SIZES), **{f"new {k}": v for k, v in store.items()}}


@RELAXED
@given(st.integers(0, 10**9), st.integers(2, 30))
def test_every_pass_keeps_the_meaning(seed: int, steps: int) -> None:
    leaves = Leaves("f64")
    graph = random_graph(random.Random(seed), leaves, steps)
    expected = results(graph, leaves)
    for step in (*PIPELINE, *BACKEND):
        graph = step(graph)
        verify(graph)
        found = results(graph, leaves)
        for name, value in expected.items():
            scale = max(1e-2, float(np.max(np.abs(value), initial=0.0)))
            np.testing.assert_allclose(
                found[name], value, rtol=0, atol=1e-10 * scale, err_msg=f"{name} after {step.__name__}"
            )


@RELAXED
@given(st.integers(0, 10**9))
def test_the_pipeline_is_done_after_one_run(seed: int) -> None:
    """Another run finds nothing more to do."""
    once = run(random_graph(random.Random(seed), Leaves(), 15))
    assert len(run(once).nodes()) == len(once.nodes())


# --- gradients -------------------------------------------------------------------------------------------------


@RELAXED
@given(st.integers(0, 10**9), st.integers(2, 10))
def test_gradients_are_those_of_finite_differences(seed: int, steps: int) -> None:
    """Along a random direction in all arrays at once, by central differences of two widths."""
    leaves = Leaves("f64")
    maker = Maker(leaves, random.Random(seed), smooth=True).grow(steps)
    frozen = [n for n in maker.made if n.op == "stop_gradient"]
    loss: Node = b.mean(b.apply("sin", maker.made[-1]))
    for node in maker.made[-4:-1]:
        loss = b.add(loss, b.mean(b.mul(node, node)))
    inputs, store = leaves.arrays(SIZES["batch"], seed % 1000)
    arrays = {**inputs, **store}
    # What no gradient flows through is held still: the differences are taken with its values at this point.
    held = [_leaf_like(n, k) for k, n in enumerate(frozen)]
    values = interpreter.run(Graph("held", tuple((f"h{k}", n) for k, n in enumerate(frozen))), arrays, SCALARS, SIZES)[
        0
    ]
    still = substitute([loss], dict(zip(frozen, held, strict=True)))[loss]
    numbers = np.random.default_rng(seed)
    direction = {n.attrs["name"]: numbers.normal(size=arrays[n.attrs["name"]].shape) for n in leaves.floats}

    def at(shift: float) -> float:
        moved = {k: v + shift * direction[k] if k in direction else v for k, v in arrays.items()}
        return float(interpreter.run(Graph("loss", (("l", still),)), {**moved, **values}, SCALARS, SIZES)[0]["l"])

    h = 1e-3
    slopes = [(at(w) - at(-w)) / (2 * w) for w in (h, h / 2, h / 4)]
    first = [(4 * b - a) / 3 for a, b in pairwise(slopes)]
    numeric = (16 * first[1] - first[0]) / 15
    found = [(n, g) for n, g in zip(leaves.floats, gradients(loss, leaves.floats), strict=True) if g is not None]
    outputs = interpreter.run(Graph("g", tuple((str(n.attrs["name"]), g) for n, g in found)), arrays, SCALARS, SIZES)[0]
    parts = [float(np.sum(outputs[name] * direction[name])) for name in outputs]
    scale = max(1e-2, sum(map(abs, parts)))
    assert abs(sum(parts) - numeric) <= 1e-6 * scale


def _leaf_like(node: Node, number: int) -> Node:
    return Node("input", (), {"name": f"h{number}"}, node.type.without_kind(), name=f"h{number}")


def test_what_the_loss_does_not_reach_has_no_gradient() -> None:
    leaves = Leaves("f64")
    w, u = leaves.params[:2]
    reached, missed = gradients(b.sum_(b.mul(w, 2.0)), [w, u])
    assert reached is not None
    assert missed is None


def test_no_gradient_flows_through_integers_comparisons_and_stop_gradient() -> None:
    leaves = Leaves("f64")
    x = leaves.inputs[0]
    blocked = [
        b.cast(b.less(x, 0.5), "f64"),
        b.cast(b.apply("argmax", x, axes=(1,)), "f64"),
        b.stop_gradient(x),
        b.cast(b.cast(x, "i32"), "f64"),
    ]
    for node in blocked:
        assert gradients(b.sum_(node), [x])[0] is None, node
    assert gradients(b.sum_(b.apply("take", leaves.params[3], leaves.label)), [leaves.label]) == [None]


def test_every_use_of_a_value_adds_to_its_gradient() -> None:
    leaves = Leaves("f64")
    w = leaves.params[0]
    loss = b.sum_(b.add(b.matmul(w, w), b.add(b.swap_last(w), b.mul(w, 3.0))))
    (grad,) = gradients(loss, [w])
    assert grad is not None
    _, store = leaves.arrays(1)
    value = store["W"]
    ones = np.ones((6, 6))
    found = interpreter.run(Graph("g", (("g", grad),)), store, SCALARS, SIZES)[0]["g"]
    np.testing.assert_allclose(found, ones @ value.T + value.T @ ones + 4 * ones, rtol=1e-12)


def test_the_gradient_of_a_node_in_the_middle() -> None:
    leaves = Leaves("f64")
    middle = b.mul(leaves.inputs[5], 2.0)
    (grad,) = gradients(b.sum_(b.mul(middle, middle)), [middle])
    assert grad is not None
    inputs, _ = leaves.arrays(1)
    np.testing.assert_allclose(
        interpreter.run(Graph("g", (("g", grad),)), inputs, SCALARS, SIZES)[0]["g"], 4 * inputs["v"]
    )


@pytest.mark.parametrize("axes", [(0,), (1,), (0, 1)])
def test_tied_maxima_share_their_gradient(axes: tuple[int, ...]) -> None:
    leaves = Leaves("f64")
    x = leaves.inputs[0]
    (grad,) = gradients(b.sum_(b.reduce("max", x, axes)), [x])
    assert grad is not None
    found = interpreter.run(Graph("g", (("g", grad),)), {"x": np.zeros((3, 6))}, SCALARS, SIZES)[0]["g"]
    count = {(0,): 3, (1,): 6, (0, 1): 18}[axes]
    np.testing.assert_allclose(found, np.full((3, 6), 1 / count))
