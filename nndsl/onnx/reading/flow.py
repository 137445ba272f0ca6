"""Graphs inside of nodes: If where the condition is known, Loop where its turns are counted, Scan as a scan."""

from __future__ import annotations

from typing import Any

from nndsl.ir.graph import NUMBERS, Body, Node, topological
from nndsl.ir.rewrite import substitute
from nndsl.ir.types import TensorType
from nndsl.onnx.reading.call import Call, Convert, Value, joined
from nndsl.ops import build as b
from nndsl.ops.scan import make_scan, part

MOST_TURNS = 10_000


def if_(c: Call) -> tuple[Value, ...]:
    """The branch that the condition chooses, which must be known now."""
    assert c.body is not None
    chosen = c.attr("then_branch" if bool(c.known(0).reshape(-1)[0]) else "else_branch")
    return tuple(c.body(chosen, []))


def loop(c: Call) -> tuple[Value, ...]:
    """Turn by turn; how many there are must be known now."""
    assert c.body is not None
    body = c.attr("body")
    carried = list(c.args[2:])
    most = int(c.known(0).reshape(-1)[0]) if c.has(0) else MOST_TURNS
    going: Any = bool(c.known(1).reshape(-1)[0]) if c.has(1) else True
    collected: list[list[Node]] = []
    turn = 0
    while going and turn < most:
        if turn >= MOST_TURNS:
            raise c.refused(f"it has more than {MOST_TURNS:,} turns")
        import numpy as np

        found = c.body(body, [np.array(turn, np.int64), np.array(True), *carried])
        going = bool(c.value_of(found[0]).reshape(-1)[0])
        carried = found[1 : 1 + len(carried)]
        for k, value in enumerate(found[1 + len(carried) :]):
            node = c.node(value)
            if turn == 0:
                collected.append([])
            collected[k].append(b.reshape(node, (1, *node.shape)))
        turn += 1
    if not collected and len(c.results) > len(carried):
        raise c.refused("it has no turn, so nothing says what it would collect")
    return (*carried, *(joined(parts, 0) for parts in collected))


def scan(c: Call) -> tuple[Value, ...]:
    """Steps of sequences, one after the other."""
    assert c.body is not None
    if c.version < 9:
        raise c.refused("before opset 9 it was another op, with lengths for each row")
    count = c.attr("num_scan_inputs")
    carries = len(c.args) - count
    first = [c.x(k) for k in range(carries)]
    turned = list(c.attr("scan_input_directions") or [0] * count)
    axes = list(c.attr("scan_input_axes") or [0] * count)
    sequences = []
    for k in range(count):
        x = c.x(carries + k)
        axis = c.of_rank(axes[k], x.type.rank)
        x = b.transpose(x, (axis, *(n for n in range(x.type.rank) if n != axis)))
        sequences.append(_reversed(x) if turned[k] else x)
    before = [_leaf(f"carry_{k}", x.type) for k, x in enumerate(first)]
    items = [_leaf(f"item_{k}", TensorType(x.dtype, x.shape[1:])) for k, x in enumerate(sequences)]
    results = [c.node(value) for value in c.body(c.attr("body"), [*before, *items])]
    outside, free, results = _closed(results, [*before, *items])
    body = Body(tuple(before), tuple(items), tuple(free), tuple(results[:carries]), tuple(results[carries:]))
    made = make_scan(first, sequences, outside, body, sequences[0].shape[0], False)
    back = list(c.attr("scan_output_directions") or [0] * len(body.collects))
    places = list(c.attr("scan_output_axes") or [0] * len(body.collects))
    collected = []
    for k in range(len(body.collects)):
        x = part(made, carries + k)
        x = _reversed(x) if back[k] else x
        axis = c.of_rank(places[k], x.type.rank)
        order = list(range(1, x.type.rank))
        order.insert(axis, 0)
        collected.append(b.transpose(x, order))
    return (*(part(made, k) for k in range(carries)), *collected)


def _leaf(name: str, type_: TensorType) -> Node:
    return Node("input", (), {"name": name}, type_.without_kind(), name=name)


def _reversed(x: Node) -> Node:
    rank = x.type.rank
    start = tuple(n - 1 if k == 0 else 0 for k, n in enumerate(x.shape))
    return b.apply("slice", x, start=start, size=x.shape, step=(-1, *(1,) * (rank - 1)))


def _closed(results: list[Node], leaves: list[Node]) -> tuple[list[Node], list[Node], list[Node]]:
    """What a step reads from outside, the leaves that stand for it in the body, and the results over those."""
    moving = set(leaves)
    outside: dict[Node, Node] = {}
    for node in topological(results):
        if node not in moving and any(x in moving for x in node.inputs):
            moving.add(node)
    for node in topological(results):
        for x in node.inputs if node in moving else ():
            if x not in moving and x.op not in NUMBERS and x not in outside:
                outside[x] = _leaf(f"free_{len(outside)}", x.type)
    for node in results:
        if node not in moving and node.op not in NUMBERS and node not in outside:
            outside[node] = _leaf(f"free_{len(outside)}", node.type)
    new = substitute(results, dict(outside))
    return list(outside), list(outside.values()), [new[node] for node in results]


FAMILY: dict[str, Convert] = {"If": if_, "Loop": loop, "Scan": scan}
