"""Where ops say that steps stay, they do: what changes in one step of an input changes that step alone."""

from __future__ import annotations

import numpy as np
import pytest
from graphs import SCALARS, SIZES, inputs_of, op_node

from nndsl.ir.dims import evaluate, product
from nndsl.ir.graph import Graph
from nndsl.ops.op import Case, HostOnly, Op, Pointwise
from nndsl.ops.table import OPS
from nndsl.runtime.interpreter import run

RULES = [op for op in OPS.values() if op.steps is not None or isinstance(op.lowering, Pointwise)]
CASES = [(op, case) for op in RULES for case in op.cases]


def claims(op: Op, case: Case) -> list[tuple[int, int, int]]:
    """(input, leading axes there, leading axes of the result) for each claim that the op makes in a case."""
    node, leaves = op_node(op, case)
    found = []
    for k, leaf in enumerate(leaves):
        for lead in range(1, leaf.type.rank + 1):
            after = op.steps_after(node, k, lead, product(leaf.shape[:lead]))
            if after is not None:
                found.append((k, lead, after))
    return found


@pytest.mark.parametrize(("op", "case"), CASES, ids=[f"{op.name}-{i}" for i, (op, _) in enumerate(CASES)])
def test_steps_stay_where_the_rule_says(op: Op, case: Case) -> None:
    node, leaves = op_node(op, case)
    graph = Graph("one", (("y", node),))
    arrays = inputs_of(case, leaves)
    before = run(graph, arrays, SCALARS, SIZES)[0]["y"]
    for k, lead, after in claims(op, case):
        name = leaves[k].attrs["name"]
        count = evaluate(product(leaves[k].shape[:lead]), SIZES)
        blocks = evaluate(product(node.shape[:after]), SIZES)
        assert blocks % count == 0
        for step in {0, count // 2, count - 1}:
            moved = arrays[name].copy().reshape(count, -1)
            moved[step] = ~moved[step] if moved.dtype == bool else (moved[step] + 1) % 2
            found = run(graph, {**arrays, name: moved.reshape(arrays[name].shape)}, SCALARS, SIZES)[0]["y"]
            changed = (found != before).reshape(count, -1).any(1)
            assert not np.delete(changed, step).any(), (op.name, k, lead, after, step)


def test_rules_claim_something() -> None:
    claiming = {op.name for op, case in CASES if any(claims(op, case))}
    assert claiming >= {"add", "where", "matmul", "reshape", "transpose", "sum", "softmax", "take", "slice", "concat"}
    assert not any(op.steps for op in OPS.values() if isinstance(op.lowering, HostOnly))
