"""Recurrence: a scan is ONNX's Scan, its body a graph that reads what lies outside by name."""

from __future__ import annotations

from nndsl.ir.dims import Dim, Size
from nndsl.ir.graph import Body, Node
from nndsl.ir.types import TensorType
from nndsl.onnx.exporting.elementwise import Convert
from nndsl.onnx.exporting.indices import numbers
from nndsl.onnx.exporting.writer import ELEMENTS, Writer
from nndsl.onnx.package import Proto


def declared(w: Writer, name: str, type_: TensorType) -> Proto:
    """The type of an input or a result; sizes that are formulas have no name in ONNX."""
    return w.onnx.helper.make_tensor_value_info(name, ELEMENTS[type_.dtype], [_dim(size) for size in type_.shape])


def _dim(size: Size) -> int | str | None:
    return size.name if isinstance(size, Dim) else size


def scan(w: Writer, node: Node) -> None:
    """The node with all results; its parts find theirs in the order of the body."""
    from nndsl.onnx.exporting.graph import converted

    body: Body = node.attrs["body"]
    carries, items = len(body.carries), len(body.items)
    sequences = [w.value(x) for x in node.inputs[carries : carries + items]]
    inner = Writer(w.arrays, outer=w)
    given = []
    for leaf in body.carries:
        inner.last[leaf] = w.names(leaf.name or "carry")
        given.append(declared(w, inner.last[leaf], leaf.type))
    for leaf in body.items:
        inner.last[leaf] = w.names(leaf.name or "item")
        given.append(declared(w, inner.last[leaf], leaf.type))
    if not items:  # ONNX counts steps by a sequence
        sequences = [numbers(w, node.attrs["length"])]
        given.append(w.onnx.helper.make_tensor_value_info(w.names("step"), ELEMENTS["i64"], []))
    for leaf, outside in zip(body.free, node.inputs[carries + items :], strict=True):
        inner.last[leaf] = w.value(outside)
    converted(inner, body.results)
    results = []
    for leaf in body.results:
        name = inner.one("Identity", inner.value(leaf), name=leaf.name or "next")
        results.append(declared(w, name, leaf.type))
    graph = w.onnx.helper.make_graph(inner.nodes, w.names(node.name or "step"), given, results)
    turned = int(bool(node.attrs["reverse"]))
    first = [w.value(x) for x in node.inputs[:carries]]
    names = w.add("Scan", (*first, *sequences), node.name or "scan", len(body.results), body=graph,
                  num_scan_inputs=max(1, items), scan_input_directions=[turned] * max(1, items),
                  scan_output_directions=[turned] * len(body.collects) or None)  # fmt: skip
    w.parts[node] = names


def scan_part(w: Writer, node: Node) -> None:
    name = w.parts[node.inputs[0]][node.attrs["index"]]
    if node in w.wanted:
        w.emit(node, "Identity", name)
    else:
        w.alias(node, name)


def cumsum(w: Writer, node: Node) -> None:
    (x,) = node.inputs
    axis = w.scalar(node.attrs["axis"], "i64")
    w.emit(node, "CumSum", w.cast(w.value(x), x.dtype, node.dtype), axis, exclusive=int(node.attrs["exclusive"]),
           reverse=int(node.attrs["reverse"]))  # fmt: skip


def cumprod(w: Writer, node: Node) -> None:
    """A scan that multiplies."""
    (x,), axis = node.inputs, node.attrs["axis"]
    rest = tuple(size for k, size in enumerate(node.shape) if k != axis)
    step = TensorType(node.dtype, rest)
    before, factor, after = (w.names(name) for name in ("product", "factor", "product"))
    inner = Writer(w.arrays, outer=w)
    inner.put("Mul", (before, factor), [after])
    kept = inner.one("Identity", before if node.attrs["exclusive"] else after, name="so_far")
    given, left = ([declared(w, name, step) for name in pair] for pair in ((before, factor), (after, kept)))
    graph = w.onnx.helper.make_graph(inner.nodes, w.names("step"), given, left)
    ones = w.one("Expand", w.scalar(1, node.dtype), w.shape(rest))
    turned = [int(node.attrs["reverse"])]
    outputs = [w.names("last"), w.name_for(node)]
    w.put("Scan", (ones, w.cast(w.value(x), x.dtype, node.dtype)), outputs, body=graph, num_scan_inputs=1,
          scan_input_axes=[axis], scan_output_axes=[axis], scan_input_directions=turned,
          scan_output_directions=turned)  # fmt: skip
    w.alias(node, outputs[1])


FAMILY: dict[str, Convert] = {"scan": scan, "scan_part": scan_part, "cumsum": cumsum, "cumprod": cumprod}
