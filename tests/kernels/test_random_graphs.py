"""Random graphs: generated programs do what the reference engine does, and nothing else."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dags import SCALARS, Leaves, Maker, gradient_outputs, random_graph, random_updates
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from plain_python import PlainPython

from nndsl.ir.graph import Graph, Node
from nndsl.ir.plan import WORKERS, Plan
from nndsl.kernels.module import generate
from nndsl.passes import NEEDED, PIPELINE, run
from nndsl.runtime.executable import Executable, Interpreted
from nndsl.runtime.native import Native, load

ROOT = Path(__file__).parents[2]
RELAXED = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


def near(found: Any, expected: Any, tolerance: float = 1e-9) -> None:
    """As `close`; what should cancel to 0 may miss it by rounding errors."""
    scale = max(1e-2, float(np.max(np.abs(expected), initial=0.0)))
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * scale)


def agree(graph: Graph, engine: Executable, leaves: Leaves, batch: int, tolerance: float) -> None:
    """The engine's outputs and updates are the reference's, at one size of the batch."""
    inputs, expected_store = leaves.arrays(batch, seed=batch)
    store = {name: value.copy() for name, value in expected_store.items()}
    expected = Interpreted(graph).run(inputs, expected_store, SCALARS, {"batch": batch})
    found = engine.run(inputs, store, SCALARS, {"batch": batch})
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        near(found[name], value, tolerance)
    for name, value in expected_store.items():
        near(store[name], value, tolerance)


# --- the text of the program, with every access checked ------------------------------------------------------


@RELAXED
@given(st.integers(0, 10**9), st.integers(2, 25), st.sampled_from([1, 2, 3, 17]), st.integers(1, 3), st.booleans())
def test_programs_do_what_the_reference_does(seed: int, steps: int, batch: int, workers: int, optimize: bool) -> None:
    """No access out of bounds, none to what was never written, none to what another worker writes meanwhile."""
    leaves = Leaves("f64")
    graph = random_graph(random.Random(seed), leaves, steps)
    module = generate(run(graph, PIPELINE if optimize else NEEDED, verify=True))
    agree(graph, PlainPython(module, workers), leaves, batch, 1e-9)


# --- the plan ------------------------------------------------------------------------------------------------


def check_memory(plan: Plan) -> None:
    """Buffers of one block follow each other; each value is stored from its kernel to its last reader."""
    sizes = {"batch": 7, WORKERS: 2}
    for block in plan.blocks:
        spans = [(b.first, b.last) for b in block.buffers]
        assert all(last < first for (_, last), (first, _) in pairwise(spans)), spans
        assert all(block.bytes(sizes) >= b.bytes(sizes) for b in block.buffers)
        # Blocks must hold at every size, not only at this one.
        others = [{**sizes, "batch": n} for n in (1, 1000)]
        assert all(block.bytes(other) >= b.bytes(other) for other in others for b in block.buffers)
    placed = [b.node for block in plan.blocks for b in block.buffers]
    # A window is a part of another array.
    assert len(placed) == len(set(placed)) == len(set(plan.buffers) - set(plan.windows))
    for _, node in plan.graph.outputs:
        home = plan.home(node)
        if not home.is_leaf:
            assert plan.buffers[home].last == len(plan.regions)


def check_order(plan: Plan) -> None:
    """Every kernel reads what earlier ones, or it itself, computed; nothing reads a param after it was written."""
    ready: set[Node] = set()
    written: set[Node] = set()
    for region in plan.regions:
        inside = set(region.nodes)
        for node in region.nodes:
            for child in node.inputs:
                home = plan.home(child)
                assert home.is_leaf or child in inside or home in ready, f"{region.name} reads {home} too early"
                assert home not in written, f"{region.name} reads {home} after its update"
        ready |= inside & set(plan.buffers)
        written |= {target for target, _ in region.assigns}
    assert len(written) == len({u.target for u in plan.graph.updates})


@RELAXED
@given(st.integers(0, 10**9), st.integers(2, 40))
@example(101, 2)  # has a chain
def test_plans_are_sound(seed: int, steps: int) -> None:
    leaves = Leaves("f32")
    plan = generate(run(random_graph(random.Random(seed), leaves, steps))).plan
    check_memory(plan)
    check_order(plan)


# --- machine code ----------------------------------------------------------------------------------------------


def joined(first: int, count: int, leaves: Leaves) -> Graph:
    """Several random graphs over the same arrays as one program: one compilation."""
    outputs: list[tuple[str, Node]] = []
    rng = random.Random(first)
    pool: list[Node] = []
    for k in range(count):
        maker = Maker(leaves, random.Random(first + k)).grow(rng.randint(4, 14))
        outputs += [(f"g{k}_{i}", n) for i, n in enumerate([*rng.sample(maker.made, 2), maker.made[-1]])]
        if k % 3 == 0:
            outputs += [(f"g{k}_{name}", n) for name, n in gradient_outputs(rng, leaves, maker.made[-2:])]
        pool += maker.pool
    updates = random_updates(rng, leaves, pool + [n for _, n in outputs])
    return Graph(f"graphs_{first}", tuple(outputs), updates)


PROGRAMS = [(100, "f32"), (300, "f64")]


@pytest.fixture(scope="module", params=PROGRAMS, ids=[f"{dtype}-{seed}" for seed, dtype in PROGRAMS])
def program(request: pytest.FixtureRequest) -> tuple[Graph, Leaves, list[Native]]:
    """A program of eight random graphs with engines for 1, 2 and 3 threads: one compilation serves all."""
    seed, dtype = request.param
    leaves = Leaves(dtype)
    graph = joined(seed, 8, leaves)
    module = generate(run(graph, verify=True))
    engines = [load(module, threads) for threads in (1, 2, 3)]
    assert not engines[1].compiled or engines[0].address == engines[1].address
    return graph, leaves, engines


@pytest.mark.parametrize("batch", [1, 2, 17, 64, 129])
def test_machine_code_does_what_the_reference_does(program: tuple[Graph, Leaves, list[Native]], batch: int) -> None:
    """At every size of the batch, by one and the same code."""
    graph, leaves, engines = program
    agree(graph, engines[1], leaves, batch, 1e-5 if leaves.dtype == "f32" else 1e-9)


@pytest.mark.parametrize("batch", [2, 129])
def test_any_number_of_threads_gives_the_same_bits(program: tuple[Graph, Leaves, list[Native]], batch: int) -> None:
    _, leaves, engines = program
    results = []
    for engine in engines:
        inputs, store = leaves.arrays(batch)
        outputs = [engine.run(inputs, store, SCALARS, {"batch": batch}) for _ in range(3)]
        results.append({**outputs[0], **{f"last {k}": v for k, v in outputs[-1].items()}, **store})
    for other in results[1:]:
        for name, value in results[0].items():
            np.testing.assert_array_equal(value, other[name], err_msg=name)


BOUNDS = """
import sys
sys.path[:0] = ["tests", "tests/kernels"]
from dataclasses import replace
from dags import SCALARS, Leaves
from nndsl.ops import build as b
from test_random_graphs import joined
from nndsl.kernels.module import generate
from nndsl.passes import run
from nndsl.runtime.native import load
leaves = Leaves("f32")
graph = joined(500, 3, leaves)
table = next(p for p in leaves.params if p.name == "E")
graph = replace(graph, outputs=(*graph.outputs, ("taken", b.apply("take", table, leaves.label))))
native = load(generate(run(graph)), 2)
for batch in (1, 3, 33):
    inputs, store = leaves.arrays(batch)
    native.run(inputs, store, SCALARS, {"batch": batch})
    inputs["label"][-1] = 10**6
try:
    native.run(inputs, store, SCALARS, {"batch": 33})
except Exception as error:
    print(type(error).__name__)
"""


def test_bounds_checks_find_nothing() -> None:
    """With numba's bounds checks compiled in, random graphs run; a label that is out of range stops them."""
    done = subprocess.run(
        [sys.executable, "-c", BOUNDS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, "NUMBA_BOUNDSCHECK": "1", "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["InternalError"]


SAME_TEXT = """
import sys, random
sys.path[:0] = ["tests", "tests/kernels"]
from dags import Leaves, random_graph
from nndsl.kernels.module import generate
from nndsl.passes import run
for seed in range(20):
    print(generate(run(random_graph(random.Random(seed), Leaves(), 30))).text)
"""


def test_a_graph_has_one_text_in_every_process() -> None:
    """The cache is keyed by the text: were it to depend on the order of a set, programs would be compiled again."""
    texts = [
        subprocess.run(
            [sys.executable, "-c", SAME_TEXT],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
        ).stdout
        for seed in "12"
    ]
    assert texts[0] == texts[1]
