"""Reverse-mode differentiation, graph to graph.

Walks the nodes from the loss back, each op's record giving the gradients of its inputs from the gradient of its result
(Griewank & Walther, "Evaluating Derivatives", ch. 3). The result is ordinary graph, so every pass serves it. Nodes that
do not depend on what is asked for get no gradient at all.

    loss = sum((x @ w) ** 2)         =>     d w = x.T @ (2 * (x @ w))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nndsl.ir.graph import Node, const, topological
from nndsl.ir.rewrite import substitute
from nndsl.ir.types import FLOATS
from nndsl.ops import build as b
from nndsl.ops.op import Expand
from nndsl.ops.scan import backward
from nndsl.ops.table import OPS


def gradients(loss: Node, wrt: Sequence[Node]) -> list[Node | None]:
    """d loss / d each of `wrt`, in its shape; None for those the loss does not depend on. `loss` is a scalar."""
    return pullback([loss], [const(1.0, loss.dtype)], wrt)


def pullback(outputs: Sequence[Node], cotangents: Sequence[Node], wrt: Sequence[Node]) -> list[Node | None]:
    """The gradient of sum(outputs[i] * cotangents[i]) for each of `wrt`."""
    order = topological(outputs)
    needed = _depending(order, set(wrt))
    so_far: dict[Node, Node] = {}
    parts: dict[Node, dict[int, Node]] = {}

    def give(child: Node, part: Node | None) -> None:
        if part is not None and child in needed and child.dtype in FLOATS:
            so_far[child] = b.add(so_far[child], part) if child in so_far else part

    for node, seed in zip(outputs, cotangents, strict=True):
        give(node, seed)
    for node in reversed(order):
        if node not in needed or node.is_leaf or (node not in so_far and node not in parts):
            continue
        with b.at(node.span):
            if node.op == "scan_part":
                parts.setdefault(node.inputs[0], {})[node.attrs["index"]] = so_far[node]
                continue
            if node.op == "scan":
                found: Sequence[Node | None] = backward(node, parts[node], pullback)
            else:
                op = OPS[node.op]
                if not op.differentiable:
                    continue
                found = op.grad(node, so_far[node]) if op.grad else _through_expansion(node, so_far[node])
            for child, part in zip(node.inputs, found, strict=True):
                give(child, part)
    return [so_far.get(leaf) if leaf in needed else None for leaf in wrt]


def _through_expansion(node: Node, cotangent: Node) -> list[Node | None]:
    """The gradients of the inputs of a node by way of what it expands to, made over leaves that stand for them."""
    lowering = OPS[node.op].lowering
    assert isinstance(lowering, Expand)
    given = {Node("input", (), {"name": f"of_{k}"}, x.type): x for k, x in enumerate((*node.inputs, cotangent))}
    leaves = tuple(given)
    inner = lowering.build(replace(node, inputs=leaves[:-1]))
    found = pullback([inner], [leaves[-1]], leaves[:-1])
    new = substitute([g for g in found if g is not None], given)
    return [None if g is None else new[g] for g in found]


def _depending(order: Sequence[Node], leaves: set[Node]) -> set[Node]:
    """The nodes whose value depends on any of `leaves`."""
    found = set[Node]()
    for node in order:
        if node in leaves or any(child in found for child in node.inputs):
            found.add(node)
    return found
