"""Chains of batched products: no table of all heads in memory, the same results, every access checked."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from plain_python import PlainPython

from nndsl import costs
from nndsl.diagnostics import Source
from nndsl.driver import check_source, graph_of, open_session
from nndsl.ir.dims import Dim, evaluate
from nndsl.ir.graph import Graph, Node
from nndsl.ir.plan import WORKERS, Plan
from nndsl.ir.types import TensorType
from nndsl.kernels.module import generate
from nndsl.ops import build as b
from nndsl.passes import run
from nndsl.runtime.executable import Interpreted

SIZES = {"batch": 3, WORKERS: 2}

PARTS = {
    "joint": """
  both = x |> Dense(24) |> reshape([batch, 9, 3, 2, 4]) |> transpose([2, 0, 3, 1, 4])
  seen = scaled_dot_product_attention(both[0], both[1], both[2], is_causal=true)
  y = transpose(seen, [0, 2, 1, 3]) |> reshape([batch, 9, 8])""",
    "by hand": """
  k = x |> Dense(8)
  scores = (x |> Dense(8)) @ transpose(k, [0, 2, 1]) + 0.5
  kept = where(scores > 0, scores * scores, 0)
  y = (kept / (1 + sum(kept, axis=-1, keepdims=true))) @ (x |> Dense(8))""",
    "heads": """
  attend = MultiHeadAttention(2, 4)
  y = attend(x, x, use_causal_mask=true)""",
    "groups": """
  y = x |> GroupQueryAttention(4, 4, 2)""",
    "scores read elsewhere": """
  attend = MultiHeadAttention(2, 4)
  z, shares = attend(x, x, return_attention_scores=true)
  y = z * mean(shares)""",
    "random shares": """
  y = x |> MultiHeadAttention(2, 4, dropout=0.25)""",
    "three": """
  y = tanh((x @ transpose(x, [0, 2, 1])) @ x) @ (transpose(x, [0, 2, 1]) @ x)""",
}


def text(part: str) -> str:
    return f"""
model Attends() {{
  input x: f32[batch, 9, 8]
  target t: f32[batch, 9, 8]{part}
  output out = y
  loss mse(t, y)
}}
"""


def largest(plan: Plan) -> int:
    """The elements of the largest buffer of numbers that is not each worker's own."""
    kept = [buffer for buffer in plan.buffers.values() if not buffer.own and buffer.node.dtype != "bool"]
    return max(evaluate(buffer.count, SIZES) for buffer in kept)


def data(rows: int) -> dict[str, np.ndarray]:
    draw = np.random.default_rng(rows)
    return {name: draw.normal(size=(rows, 9, 8)).astype("f4") for name in ("x", "t")}


@pytest.fixture
def three_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chains take three rows of their tables at a time."""
    monkeypatch.setattr(costs, "TABLE_BYTES", 0)
    monkeypatch.setattr(costs, "LEAST_OF_PLACE", 3)


@pytest.mark.parametrize("what", ["joint", "heads"])
def test_parts_of_the_rows_give_the_same(what: str, three_rows: None) -> None:
    checked = check_source(Source("case.nn", text(PARTS[what])))
    chains = [r for r in generate(run(graph_of(checked, "gradient"))).plan.regions if r.form == "each"]
    assert [region.nodes[0].attrs["body"].rounds for region in chains] == [3, 3]
    test_chains_give_what_the_interpreter_gives(what, 2)


@pytest.mark.parametrize("what", PARTS)
@pytest.mark.parametrize("workers", [1, 2])
def test_chains_give_what_the_interpreter_gives(what: str, workers: int) -> None:
    checked = check_source(Source("case.nn", text(PARTS[what])))
    session = open_session(checked, engine="numpy", threads=1)
    store, scalars = {**session.params, **session.states}, {"key": 3, "step": 1}
    graph = graph_of(checked, "gradient")
    module = generate(run(graph, verify=True))
    assert any(region.form == "each" for region in module.plan.regions)
    expected = Interpreted(graph).run(data(3), store, scalars, {"batch": 3})
    found = PlainPython(module, workers).run(data(3), store, scalars, {"batch": 3})
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=2e-4, atol=2e-5, err_msg=name)


@pytest.mark.parametrize("what", ["joint", "by hand"])
def test_compiled_chains_do_not_depend_on_the_threads(what: str, tmp_path: Path) -> None:
    checked = check_source(Source("case.nn", text(PARTS[what])))
    given = data(40)
    results = [open_session(checked, threads=n).value_and_grad(given) for n in (1, 2, 3)]
    loss, grads = open_session(checked, engine="numpy").value_and_grad(given)
    for found, of in results:
        assert found == results[0][0]
        assert found == pytest.approx(loss, rel=1e-5)
        for name, value in of.items():
            assert np.array_equal(value, results[0][1][name]), name
            np.testing.assert_allclose(value, grads[name], rtol=1e-3, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("what", PARTS)
def test_each_worker_has_its_own_place_for_what_two_kernels_make(what: str) -> None:
    graph = run(graph_of(check_source(Source("case.nn", text(PARTS[what]))), "gradient"))
    made = generate(graph).text
    assert "worker * " in made
    assert re.search(r"worker \* \d+ \+ worker", made) is None


@pytest.mark.parametrize("what", ["joint", "heads"])
def test_no_table_of_all_heads_is_in_memory(what: str) -> None:
    """The largest array is a layer's result, whatever the number of steps squared is."""
    long = text(PARTS[what]).replace("9", "300")
    plan = generate(run(graph_of(check_source(Source("case.nn", long)), "train"))).plan
    assert largest(plan) <= 3 * 300 * 24 < 3 * 2 * 300 * 300


def test_a_table_that_is_an_output_is() -> None:
    part = PARTS["scores read elsewhere"] + "\n  output shares = shares"
    plan = generate(run(graph_of(check_source(Source("case.nn", text(part))), "predict"))).plan
    assert largest(plan) == 3 * 2 * 9 * 9


def test_a_single_product_is_no_chain() -> None:
    batch = Dim.symbol("batch")
    x, y = (Node("input", (), {"name": name}, TensorType("f32", (batch, 6, 6)), name=name) for name in ("x", "y"))
    plan = generate(Graph("one", (("out", b.maximum(b.matmul(x, y), 0.0)),))).plan
    assert [region.form for region in plan.regions] == ["rows"]
