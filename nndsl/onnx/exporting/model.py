"""The file: inputs and outputs by their names, the graph between them, and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nndsl import __version__
from nndsl.diagnostics import NndslError
from nndsl.ir.graph import Graph, Model, Port
from nndsl.onnx.exporting.graph import converted, expanded, known_arrays, without_unused
from nndsl.onnx.exporting.steps import declared
from nndsl.onnx.exporting.writer import IR_VERSION, OPSET, Writer
from nndsl.onnx.package import Proto
from nndsl.passes.prune import prune
from nndsl.problems.onnx import CannotExport

LARGEST = 2**31 - 2**20
"""Bytes that a message may have, with room for what is no weight."""


def exported(model: Model, graph: Graph, weights: Mapping[str, Any]) -> Proto:
    """The ONNX model of a predict program and its params and states. Raises NndslError (NN700, NN701)."""
    return exported_graph(graph, model.inputs, weights, model.name, model.doc)


def exported_graph(graph: Graph, ports: Sequence[Port], weights: Mapping[str, Any], name: str, doc: str = "") -> Proto:
    """The ONNX model of any graph over these inputs."""
    graph = prune(expanded(graph))
    w = Writer(known_arrays(graph, weights), ports)
    helper = w.onnx.helper
    given = []
    used = set(graph.leaves("input"))
    for port in ports:
        w.names.taken.add(port.name)
        info = declared(w, port.name, port.type)
        info.doc_string = f"{port.type}" + (f": {port.doc}" if port.doc else "")
        given.append(info)
    for leaf in used:
        w.last[leaf] = leaf.attrs["name"]
    outputs = [(output.removeprefix("out."), node) for output, node in graph.outputs]
    for output, node in outputs:
        w.names.taken.add(output)
        if not node.is_leaf and node not in w.arrays and node not in w.wanted:
            w.wanted[node] = output
    converted(w, graph.roots)
    results = []
    for output, node in outputs:
        found = w.value(node)
        if found != output:
            w.put("Identity", (found,), [output])
        results.append(declared(w, output, node.type))
    arrays = without_unused(w)
    size = sum(len(tensor.raw_data) for tensor in arrays)
    if size > LARGEST:
        raise NndslError(CannotExport(None, f"a model with weights of {size / 2**30:.1f} GiB",
                                      "an ONNX file has 2 GiB at most"))  # fmt: skip
    body = helper.make_graph(w.nodes, name, given, results, arrays, doc or None)
    return helper.make_model(body, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION,
                             producer_name="nndsl", producer_version=__version__, doc_string=doc)  # fmt: skip
