"""A graph of ours as a graph of ONNX: node by node, by the tables of the families."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nndsl.diagnostics import NndslError
from nndsl.ir.dims import Dim
from nndsl.ir.graph import Graph, Node, topological
from nndsl.onnx.exporting import elementwise, indices, patterns, shapes, steps, windows
from nndsl.onnx.exporting.elementwise import Convert
from nndsl.onnx.exporting.writer import Writer
from nndsl.onnx.package import Proto
from nndsl.ops import build as b
from nndsl.ops.op import Expand
from nndsl.ops.table import OPS
from nndsl.problems.onnx import CannotExport
from nndsl.runtime.interpreter import run

FAMILIES = (elementwise, shapes, indices, windows, steps)
TABLE: dict[str, Convert] = {name: convert for family in FAMILIES for name, convert in family.FAMILY.items()}
LARGEST_FOLDED = 1024
"""Elements of an array that is computed now though it is larger than what it is made of."""


def _has_op(node: Node) -> bool:
    """Whether ONNX has the op. Its Einsum wants `...` to stand for equally many axes everywhere."""
    return node.op in TABLE and not (node.op == "einsum" and "..." in node.attrs["spec"])


def expanded(graph: Graph) -> Graph:
    """The graph with ops that ONNX lacks as formulas of others."""
    from nndsl.ir.rewrite import rewrite

    while True:
        changed = False

        def replaced(node: Node) -> Node:
            nonlocal changed
            if node.is_leaf or _has_op(node):
                return node
            match OPS[node.op].lowering:
                case Expand(build):
                    changed = True
                    with b.at(node.span):
                        return build(node)
            return node

        graph = rewrite(graph, replaced)
        if not changed:
            return graph


def known_arrays(graph: Graph, weights: Mapping[str, Any]) -> dict[Node, Any]:
    """The values of all nodes that depend on weights and numbers alone: computed now, once."""
    known: dict[Node, int] = {}
    for node in graph.nodes():
        if any(not isinstance(size, int) for size in node.shape):
            continue
        elements = 1
        for size in node.shape:
            elements *= size  # type: ignore[assignment]
        if node.op in ("param", "state", "const"):
            known[node] = elements
        elif not node.is_leaf and node.op not in ("scan", "scan_part") and all(n in known for n in node.inputs):
            largest = max(LARGEST_FOLDED, *(known[n] for n in node.inputs), 0)
            if elements <= largest and all(map(_known, node.attrs.values())):
                known[node] = elements
    named = {str(k): node for k, node in enumerate(known)}
    values, _ = run(Graph("known", tuple(named.items())), weights, {}, {})
    return {node: values[name] for name, node in named.items()}


def _known(attribute: Any) -> bool:
    """Whether no size that data fixes is in it."""
    parts = attribute if isinstance(attribute, tuple | list) else (attribute,)
    return not any(isinstance(part, Dim) for part in parts)


def converted(w: Writer, roots: Sequence[Node]) -> None:
    """All nodes under `roots` written, but for those that are there."""
    order = [node for node in topological(roots) if node not in w.arrays]
    special, inside = patterns.found(topological(roots), roots, w.arrays.__contains__)
    for node in order:
        if node in inside or w.has(node) or node.op == "dim":
            continue
        w.span = node.span or w.span
        if node.op == "const":  # in the body of a scan
            w.alias(node, w.scalar(node.attrs["value"], node.dtype))
        elif node in special:
            special[node](w)
        elif node.op in TABLE:
            TABLE[node.op](w, node)
        elif node.op not in ("scalar", "input"):
            raise NndslError(CannotExport(node.span, f"`{node.op}`", "ONNX has no op for it"))


def without_unused(w: Writer) -> list[Proto]:
    """The arrays that nodes read, in bodies too."""
    read: set[str] = set()
    graphs = [w.nodes]
    while graphs:
        for node in graphs.pop():
            read |= set(node.input)
            graphs += [attribute.g.node for attribute in node.attribute if attribute.HasField("g")]
    return [tensor for tensor in w.initializers if tensor.name in read]
