"""Random graphs with scans: passes keep their meaning, kernels do what the interpreter does, gradients are right."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from dags import SCALARS, Leaves, gradient_outputs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plain_python import PlainPython
from scan_bodies import with_scan

from nndsl.ir.graph import Graph, Node
from nndsl.ir.rewrite import substitute
from nndsl.kernels.module import generate
from nndsl.ops import build as b
from nndsl.passes import NEEDED, PIPELINE, Pass, run
from nndsl.passes.autodiff import gradients
from nndsl.passes.canonical import canonical
from nndsl.passes.keep_old import keep_old
from nndsl.passes.own_results import own_results
from nndsl.passes.prune import prune
from nndsl.passes.verify import verify
from nndsl.runtime import interpreter
from nndsl.runtime.executable import Executable, Interpreted
from nndsl.runtime.native import load

BACKEND: tuple[Pass, ...] = (canonical, prune, keep_old, own_results)
MANY = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


def scanned(seed: int, leaves: Leaves, steps: int) -> Graph:
    """A program with a scan, some of its parts as outputs, and gradients for about every second one."""
    maker = with_scan(seed, leaves, steps)
    parts = [n for n in maker.pool if n.op == "scan_part"]
    chosen = [*maker.rng.sample(parts, min(2, len(parts))), maker.made[-1]]
    named = [(f"y{k}", node) for k, node in enumerate(chosen)]
    if seed % 2:
        named += gradient_outputs(maker.rng, leaves, chosen)
    return Graph("scans", tuple(named))


def results(graph: Graph | Executable, leaves: Leaves, batch: int) -> dict[str, Any]:
    inputs, store = leaves.arrays(batch)
    engine = Interpreted(graph) if isinstance(graph, Graph) else graph
    return engine.run(inputs, store, SCALARS, {"batch": batch})


def near(found: dict[str, Any], expected: dict[str, Any], tolerance: float, what: str = "") -> None:
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        scale = max(1e-2, float(np.max(np.abs(value), initial=0.0)))
        np.testing.assert_allclose(found[name], value, rtol=0, atol=tolerance * scale, err_msg=f"{name} {what}")


@MANY
@given(st.integers(0, 10**9), st.integers(2, 10))
def test_every_pass_keeps_the_meaning(seed: int, steps: int) -> None:
    leaves = Leaves("f64")
    graph = scanned(seed, leaves, steps)
    verify(graph)
    expected = results(graph, leaves, 3)
    for step in (*PIPELINE, *BACKEND):
        graph = step(graph)
        verify(graph)
        near(results(graph, leaves, 3), expected, 1e-10, f"after {step.__name__}")


@MANY
@given(st.integers(0, 10**9), st.integers(2, 8), st.sampled_from([1, 2, 5]), st.integers(1, 3), st.booleans())
def test_programs_do_what_the_reference_does(seed: int, steps: int, batch: int, workers: int, optimize: bool) -> None:
    """No access out of bounds, none to what was never written, none to what another worker writes meanwhile."""
    leaves = Leaves("f64")
    graph = scanned(seed, leaves, steps)
    module = generate(run(graph, PIPELINE if optimize else NEEDED, verify=True))
    near(results(PlainPython(module, workers), leaves, batch), results(graph, leaves, batch), 1e-9)


@MANY
@given(st.integers(0, 10**9), st.integers(2, 6))
def test_gradients_are_those_of_finite_differences(seed: int, steps: int) -> None:
    """Along a random direction in all arrays at once, by central differences of three widths."""
    leaves = Leaves("f64")
    maker = with_scan(seed, leaves, steps, smooth=True)
    parts = [n for n in maker.pool if n.op == "scan_part"]
    loss: Node = b.mean(b.apply("sin", parts[-1]))
    for node in (*parts[:2], maker.made[-1]):
        loss = b.add(loss, b.mean(b.mul(node, node)))
    inputs, store = leaves.arrays(3, seed % 1000)
    arrays = {**inputs, **store}
    frozen = [n for n in maker.made if n.op == "stop_gradient"]
    held = [Node("input", (), {"name": f"h{k}"}, n.type) for k, n in enumerate(frozen)]
    values = interpreter.run(
        Graph("held", tuple((f"h{k}", n) for k, n in enumerate(frozen))), arrays, SCALARS, {"batch": 3}
    )[0]
    still = substitute([loss], dict(zip(frozen, held, strict=True)))[loss]
    numbers = np.random.default_rng(seed)
    direction = {n.attrs["name"]: numbers.normal(size=arrays[n.attrs["name"]].shape) for n in leaves.floats}

    def at(shift: float) -> float:
        moved = {k: v + shift * direction[k] if k in direction else v for k, v in arrays.items()}
        return float(interpreter.run(Graph("l", (("l", still),)), {**moved, **values}, SCALARS, {"batch": 3})[0]["l"])

    slopes = [(at(w) - at(-w)) / (2 * w) for w in (1e-3, 5e-4, 2.5e-4)]
    first = [(4 * fine - coarse) / 3 for coarse, fine in pairwise(slopes)]
    numeric = (16 * first[1] - first[0]) / 15
    found = [(n, g) for n, g in zip(leaves.floats, gradients(loss, leaves.floats), strict=True) if g is not None]
    graph = Graph("g", tuple((str(n.attrs["name"]), g) for n, g in found))
    outputs = interpreter.run(graph, arrays, SCALARS, {"batch": 3})[0]
    parts_of = [float(np.sum(outputs[name] * direction[name])) for name in outputs]
    assert abs(sum(parts_of) - numeric) <= 1e-6 * max(1e-2, sum(map(abs, parts_of)))


@pytest.fixture(scope="module")
def program() -> tuple[Graph, Leaves, list[Executable]]:
    """Three random programs in one: one compilation serves all sizes and numbers of threads."""
    leaves = Leaves("f64")
    outputs = [(f"g{k}_{name}", node) for k in range(3) for name, node in scanned(7000 + k, leaves, 4).outputs]
    graph = Graph("scans", tuple(outputs))
    module = generate(run(graph, verify=True))
    return graph, leaves, [load(module, threads) for threads in (1, 2, 3)]


@pytest.mark.parametrize("batch", [1, 2, 17])
def test_machine_code_does_what_the_reference_does(program: tuple[Graph, Leaves, list[Executable]], batch: int) -> None:
    graph, leaves, engines = program
    first, *others = (results(engine, leaves, batch) for engine in engines)
    near(first, results(graph, leaves, batch), 1e-9)
    for other in others:
        for name, value in first.items():
            np.testing.assert_array_equal(value, other[name], err_msg=name)
