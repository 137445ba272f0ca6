"""The whole file: inputs with open sizes where ONNX has them, the body, and the weights under their new names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from nndsl import driver
from nndsl.check.builtins import BUILTINS
from nndsl.check.library import index
from nndsl.diagnostics import NndslError, Problem, Source
from nndsl.ir.dims import Dim, Size
from nndsl.ir.graph import Graph, Node
from nndsl.ir.types import Kind, TensorType
from nndsl.onnx.importing.layers import recognised
from nndsl.onnx.importing.layout import settled
from nndsl.onnx.importing.text import Body, identifier
from nndsl.onnx.package import Proto
from nndsl.onnx.reading.call import Call, NeedsValue, Value, Weights
from nndsl.onnx.reading.file import DTYPES, array_of, opset, read_model, type_name
from nndsl.onnx.reading.graph import Reader
from nndsl.problems.onnx import CannotImport
from nndsl.syntax.format import format_source
from nndsl.training import checkpoint

WORDS = {"and", "or", "not", "true", "false", "none", "if", "else", "for", "return", "pi", "model", "layer", "training",
         "generating", "past", "in", "over", "scan", "next", "collect", "repeat", "assert", "input", "output", "target",
         "loss", "metric", "param", "state", "private", "import", "test", "train", "data", "f32", "f64", "i32", "i64",
         "bool", "fn", "init", "schedule", "optimizer", "linear"}  # fmt: skip


@dataclass(frozen=True)
class Imported:
    """A `.nn` text, the arrays of its params and states by name, and what the checker has to say of it."""

    name: str
    text: str
    params: Mapping[str, Any]
    states: Mapping[str, Any]
    problems: tuple[Problem, ...] = ()

    def save(self, path: str | os.PathLike[str]) -> tuple[Path, Path]:
        """Write the text, and the weights beside it as safetensors; where both are. Raises NndslError (NN612)."""
        place = Path(path)
        beside = place.with_suffix(".safetensors")
        checkpoint.write(beside, checkpoint.encoded(self.params, self.states, self.name))
        checkpoint.write(place, self.text.encode("utf-8"))
        return place, beside


def import_model(path: str | os.PathLike[str], name: str | None = None) -> Imported:
    """The model in an ONNX file, called `name` if one is given. Raises NndslError (NN700, NN702, NN703)."""
    return imported(read_model(path), name)


def imported(model: Proto, name: str | None = None) -> Imported:
    """The model as text and weights. Raises NndslError (NN703).

    A first size of 1 is taken for a batch of one, and left open, unless something in the graph relies on it.
    """
    try:
        return _imported(model, name, open_batch=True)
    except NndslError:
        return _imported(model, name, open_batch=False)


def _imported(model: Proto, called: str | None, open_batch: bool) -> Imported:
    graph, weights = model.graph, Weights()
    taken = {*WORDS, *BUILTINS, *index(), "local_response"}
    symbols: dict[str, str] = {}
    stored = {tensor.name: tensor for tensor in graph.initializer}
    tables = _tables(graph, stored)
    values: dict[str, Value] = {}
    for name, tensor in stored.items():
        array = array_of(tensor)
        values[name] = (
            weights.leaf(array, identifier(name, taken)) if array.ndim and array.dtype == np.float32 else array
        )
    ports: list[Node] = []
    for port in graph.input:
        if port.name in stored:
            continue
        leaf = _port(port, taken, symbols, open_batch, tables.get(port.name))
        ports.append(leaf)
        values[port.name] = leaf
    reader = Reader(opset(model), weights, _special(graph), named=True)
    try:
        found = reader.graph(graph, values, {})
    except NeedsValue as needed:
        raise NndslError(CannotImport(None, f"the input `{needed.name}`", "", "a size depends on its values")) from None
    call = Call("Graph", "", (), {}, 0, (), weights)
    outputs = []
    for port, value in zip(graph.output, found, strict=True):
        name = identifier(port.name, taken)
        taken.add(name)
        outputs.append((name, call.node(value)))
    made = settled(Graph("import", tuple(outputs)), weights)
    body = Body(made, weights, taken)
    lines = body.text()
    title = identifier(called or _capital(graph.name), taken)
    read = set(made.leaves("input"))
    inputs = [f"input {leaf.attrs['name']}: {leaf.type}" for leaf in ports if leaf in read or len(ports) == 1]
    doc = "".join(f"## {line}".rstrip() + "\n" for line in (model.doc_string or graph.doc_string).strip().splitlines())
    text = (
        "".join(f"{definition}\n" for definition in body.definitions)
        + f"{doc}model {title}() {{\n"
        + "\n".join(f"  {line}" for line in [*inputs, *lines])
        + "\n}\n"
    )
    text = format_source(Source("import.nn", text))
    checked = driver.check_source(Source("import.nn", text))
    _same_weights(checked, body)
    return Imported(title, text, body.params, body.states, checked.problems)


def _same_weights(checked: driver.Checked, body: Body) -> None:
    """What the text declares is what there is to load."""
    declared = {spec.name: spec.type.shape for spec in (*checked.model.params, *checked.model.states)}
    there = {name: array.shape for name, array in {**body.params, **body.states}.items()}
    for name in [n for n in {**declared, **there} if declared.get(n) != there.get(n)]:
        raise NndslError(
            CannotImport(None, f"the weight `{name}`", "", "the written model names its weights otherwise")
        )


def _capital(name: str) -> str:
    words = [word for word in "".join(c if c.isalnum() and c.isascii() else " " for c in name).split() if word]
    return "".join(word[:1].upper() + word[1:] for word in words) or "Imported"


def _port(port: Proto, taken: set[str], symbols: dict[str, str], open_batch: bool, table: int | None) -> Node:
    """An input with its sizes: numbers, or names for those that are open."""
    kind = port.type.WhichOneof("value")
    element = port.type.tensor_type.elem_type
    if kind != "tensor_type" or element not in DTYPES:
        raise NndslError(CannotImport(None, f"an input of {type_name(element) if kind == 'tensor_type' else kind}",
                                      port.name, "inputs are arrays of f32, f64, i32, i64 or bool"))  # fmt: skip
    if not port.type.tensor_type.HasField("shape"):
        raise NndslError(
            CannotImport(None, "an input without a number of axes", port.name, "say its shape in the ONNX file")
        )
    name = identifier(port.name, taken)
    taken.add(name)
    sizes: list[Size] = []
    for axis, dim in enumerate(port.type.tensor_type.shape.dim):
        if dim.HasField("dim_value") and not (axis == 0 and dim.dim_value == 1 and open_batch):
            sizes.append(dim.dim_value)
            continue
        wanted = dim.dim_param or ("batch" if axis == 0 else f"{name}_{axis}")
        wanted = "batch" if dim.HasField("dim_value") else wanted
        if wanted not in symbols:
            symbols[wanted] = identifier(wanted, taken)
            taken.add(symbols[wanted])
        sizes.append(Dim.symbol(symbols[wanted]))
    dtype = DTYPES[element]
    type_ = TensorType("i32", tuple(sizes), Kind("index", table)) if table else TensorType(dtype, tuple(sizes))
    return Node("input", (), {"name": name}, type_, name=name)


def _tables(graph: Proto, stored: Mapping[str, Proto]) -> dict[str, int]:
    """Inputs that do nothing but look up rows of stored tables of one length, and that length."""
    found: dict[str, set[int]] = {}
    for node in graph.node:
        for position, name in enumerate(node.input):
            axis = next((a.i for a in node.attribute if a.name == "axis"), 0)
            table = stored.get(node.input[0])
            looked = node.op_type == "Gather" and position == 1 and axis == 0 and table is not None
            found.setdefault(name, set()).add(table.dims[0] if looked and table is not None else 0)
    return {name: rows.pop() for name, rows in found.items() if len(rows) == 1 and 0 not in rows}


def _special(graph: Proto) -> Any:
    """Recognises layers; a product whose result is read once may take the bias behind it."""
    counts: dict[str, int] = {}
    for node in graph.node:
        for name in node.input:
            counts[name] = counts.get(name, 0) + 1
    for port in graph.output:
        counts[port.name] = counts.get(port.name, 0) + 1

    def special(c: Call) -> tuple[Value, ...] | None:
        seen = replace(c, results=tuple(name if counts.get(name) else "" for name in c.results))
        found = recognised(seen)
        if found is not None and c.op == "MatMul" and isinstance(found[0], Node):
            (node,) = found
            return (replace(node, attrs={**node.attrs, "alone": counts.get(c.results[0], 0) == 1}),)
        return found

    return special
