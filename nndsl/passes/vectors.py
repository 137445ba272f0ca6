"""Vectors that are laid along the last axis stay vectors.

x + reshape(v, [1, 1, n])                              =>     x + v
reshape(v, [1, n]) * reshape(w, [1, n])                =>     reshape(v * w, [1, n])

Pointwise ops repeat along leading axes by themselves. What is computed for each channel can then stand in the kernel
that made the channel's sum.
"""

from __future__ import annotations

from dataclasses import replace

from nndsl.ir.graph import Graph, Node
from nndsl.ir.rewrite import rewrite
from nndsl.ir.types import Shape
from nndsl.ops import build as b
from nndsl.ops.op import Pointwise
from nndsl.ops.table import OPS


def vectors(graph: Graph) -> Graph:
    """Rewrite every pointwise op."""
    return rewrite(graph, _of_vectors)


def _of_vectors(node: Node) -> Node:
    if node.is_leaf or not isinstance(OPS[node.op].lowering, Pointwise):
        return node
    bare = tuple(_bare(i) for i in node.inputs)
    if bare == node.inputs:
        return node
    shape = b.broadcast_shapes(*(i.shape for i in bare))
    assert shape is not None
    if shape == node.shape:
        return replace(node, inputs=bare)
    inner = replace(node, inputs=bare, type=node.type.with_shape(shape))
    with b.at(node.span):
        return b.as_type(b.reshape(inner, node.shape), node.type)


def _bare(node: Node) -> Node:
    """Without the leading axes of size 1 that reshapes added."""
    if not node.shape or node.shape[0] != 1:
        return node
    wanted, source = _without_ones(node.shape), node
    while source.op == "reshape":
        source = source.inputs[0]
        if source.shape == wanted:
            return source
    return node


def _without_ones(shape: Shape) -> Shape:
    lead = next((axis for axis, size in enumerate(shape) if size != 1), len(shape) - 1)
    return shape[lead:]
