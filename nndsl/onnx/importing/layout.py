"""Turns of images that cancel: they sink below all that does not care about the order of axes, until they meet.

relu(transpose(x))                     =>     transpose(relu(x))
transpose(transpose(x))                =>     transpose(x), or x
reshape(transpose(x)) of [n, 1, 1, c]  =>     reshape(x)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from nndsl.ir.graph import Graph, Node, topological
from nndsl.ir.rewrite import rewrite
from nndsl.onnx.reading.call import Weights
from nndsl.ops import build as b
from nndsl.ops.op import Pointwise
from nndsl.ops.table import OPS

REDUCTIONS = ("sum", "prod", "max", "min")


def settled(graph: Graph, weights: Weights) -> Graph:
    """The graph with as few turns as there need be."""
    return rewrite(graph, lambda node: turned(node, weights))


def turned(node: Node, weights: Weights) -> Node:
    """One node over inputs in which turns have sunk as far as they go."""
    (first, *_) = node.inputs or (None,)
    match node.op:
        case "transpose" if first is not None and first.op == "transpose":
            inner, outer = first.attrs["axes"], node.attrs["axes"]
            return _named(b.transpose(first.inputs[0], tuple(inner[k] for k in outer)), node)
        case "reshape" if first is not None and first.op == "transpose" and node.shape != first.shape:
            return _reshaped(node, first)
        case "concat":
            return _joined(node)
        case "pad" | "slice" if first is not None and first.op == "transpose":
            return _moved(node, first)
        case "softmax" | "log_softmax" if first is not None and first.op == "transpose":
            axes = first.attrs["axes"]
            return _named(b.transpose(b.apply(node.op, first.inputs[0], axis=axes[node.attrs["axis"]]), axes), node)
        case op if op in REDUCTIONS and first is not None and first.op == "transpose":
            return _reduced(node, first)
        case op if op == "call" or (op in OPS and isinstance(OPS[op].lowering, Pointwise)):
            return _pointwise(node, weights)
    return node


def _named(made: Node, node: Node) -> Node:
    """What takes the place of a node has its name: what is turned, since that has a statement of its own."""
    if made.op == "transpose" and made.inputs[0].name is None and not made.inputs[0].is_leaf:
        return replace(made, inputs=(replace(made.inputs[0], name=node.name),))
    return made if made.name or made.is_leaf else replace(made, name=node.name)


def _back(axes: Sequence[int]) -> tuple[int, ...]:
    return tuple(int(k) for k in np.argsort(axes))


def _pointwise(node: Node, weights: Weights) -> Node:
    orders = {x.attrs["axes"] for x in node.inputs if x.op == "transpose" and x.type.rank == node.type.rank}
    if len(orders) != 1:
        return node
    (axes,) = orders
    inputs: list[Node] = []
    for x in node.inputs:
        if x.op == "transpose" and x.type.rank == node.type.rank:
            inputs.append(x.inputs[0])
        elif x.type.rank == 0:
            inputs.append(x)
        elif (array := weights.known(x)) is not None:
            whole = array.reshape((1,) * (node.type.rank - array.ndim) + array.shape)
            inputs.append(
                weights.leaf(_narrow(np.ascontiguousarray(np.transpose(whole, _back(axes)))), _origin(x, weights))
            )
        else:
            wide = b.reshape(x, ((1,) * (node.type.rank - x.type.rank) + x.shape))
            inputs.append(b.transpose(wide, _back(axes)))
    shape = tuple(node.shape[k] for k in _back(axes))
    made = Node(node.op, tuple(inputs), node.attrs, node.type.with_shape(shape), node.span, node.name)
    return b.transpose(made, axes)


def _origin(x: Node, weights: Weights) -> str:
    """The name of the weight that a known value comes from."""
    return next((weights.leaves[leaf] for leaf in topological([x]) if leaf in weights.leaves), "")


def _narrow(array: Any) -> Any:
    """Without leading axes of size 1, which broadcasting adds again."""
    while array.ndim > 1 and array.shape[0] == 1:
        array = array[0]
    return array


def _reshaped(node: Node, x: Node) -> Node:
    """Axes of size 1 may stand anywhere."""
    axes, inner = x.attrs["axes"], x.inputs[0]
    kept = [k for k in axes if inner.shape[k] != 1]
    return _named(b.reshape(inner, node.shape), node) if kept == sorted(kept) else node


def _joined(node: Node) -> Node:
    orders = {x.attrs["axes"] if x.op == "transpose" else None for x in node.inputs}
    if len(orders) != 1 or None in orders:
        return node
    (axes,) = orders
    assert axes is not None
    made = b.apply("concat", *(x.inputs[0] for x in node.inputs), axis=axes[node.attrs["axis"]])
    return _named(b.transpose(made, axes), node)


def _moved(node: Node, x: Node) -> Node:
    """The numbers for each axis go with it."""
    axes = x.attrs["axes"]
    back = _back(axes)
    attrs = {name: tuple(v[k] for k in back) if isinstance(v, tuple | list) else v for name, v in node.attrs.items()}
    return _named(b.transpose(b.apply(node.op, x.inputs[0], **attrs), axes), node)


def _reduced(node: Node, x: Node) -> Node:
    axes = x.attrs["axes"]
    gone = tuple(sorted(axes[k] for k in node.attrs["axes"]))
    left = [axes[k] for k in range(len(axes)) if k not in node.attrs["axes"]]
    made = b.apply(node.op, x.inputs[0], axes=gone)
    order = tuple(sorted(left).index(k) for k in left)
    return _named(b.transpose(made, order), node)
