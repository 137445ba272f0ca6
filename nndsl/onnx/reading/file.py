"""An ONNX model from a file or from memory, looked through before anything is made of it.

Nothing is read but the file itself: weights that lie in other files are refused, wherever these are. A graph has its
nodes in order, each value is made once, and no array is larger than what is in the file, or than `MOST_ELEMENTS`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nndsl.diagnostics import NndslError
from nndsl.onnx.package import Proto, onnx_package
from nndsl.problems.onnx import CannotImport, OnnxUnreadable

MOST_ELEMENTS = 2**31
"""Of one array. A size beyond is a fault, or an attack on the memory."""
MOST_BYTES = 2**31
OLDEST, NEWEST = 6, 28
"""The versions of ONNX's own ops that are known."""
DTYPES = {1: "f32", 11: "f64", 6: "i32", 7: "i64", 9: "bool"}
"""The element types of ONNX that there are here too."""
WIDENED = {2: "i32", 3: "i32", 4: "i32", 5: "i32", 10: "f32"}
"""Those of weights that fit into a wider one of ours."""


def read_model(path: str | os.PathLike[str]) -> Proto:
    """A model from a file. Raises NndslError (NN700, NN702, NN703)."""
    onnx = onnx_package()
    name = os.fspath(path)
    try:
        place = Path(path)
        if place.stat().st_size > MOST_BYTES:
            raise NndslError(OnnxUnreadable(None, name, "it has more than 2 GiB, and so is no ONNX file"))
        content = place.read_bytes()
    except (OSError, ValueError) as fault:
        raise NndslError(OnnxUnreadable(None, name, (getattr(fault, "strerror", None) or str(fault)).lower())) from None
    return parsed(onnx, content, name)


def parsed(onnx: Any, content: bytes, name: str) -> Proto:
    """The model in these bytes."""
    model = onnx.ModelProto()
    try:
        model.ParseFromString(content)
    except Exception:  # the class is that of whichever protobuf is installed
        raise NndslError(OnnxUnreadable(None, name, "it is no ONNX file, or one that was cut short")) from None
    checked(model, name)
    return model


def checked(model: Proto, name: str) -> None:
    """Look a model through. Raises NndslError (NN702, NN703)."""
    if not model.HasField("graph") or not model.graph.output:
        raise NndslError(OnnxUnreadable(None, name, "it has no graph with outputs"))
    version = opset(model)
    if not OLDEST <= version <= NEWEST:
        raise NndslError(CannotImport(None, f"opset {version}", "", f"opsets {OLDEST} to {NEWEST} are known"))
    _texts(name, model.doc_string, *(entry.domain for entry in model.opset_import))
    _graph(model.graph, set(), name)


def _texts(name: str, *values: object) -> None:
    """Names are text: protobuf gives bytes for what is none."""
    for value in values:
        if not isinstance(value, str):
            raise NndslError(OnnxUnreadable(None, name, f"the name {value!r} is no text"))


def opset(model: Proto) -> int:
    """The version of ONNX's own ops that a model is written in."""
    return next((entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")), 1)


def _graph(graph: Proto, outside: set[str], name: str) -> None:
    """Each node reads what is there before it, and makes what is not there yet."""
    known = set(outside)
    _texts(name, graph.name, graph.doc_string, *(port.name for port in (*graph.input, *graph.output)))
    for port in graph.input:
        _texts(name, *(size.dim_param for size in port.type.tensor_type.shape.dim))
    for node in graph.node:
        _texts(name, node.name, node.op_type, node.domain, *node.input, *node.output, *(a.name for a in node.attribute))
    for tensor in graph.initializer:
        _tensor(tensor, name)
        known.add(tensor.name)
    if graph.sparse_initializer:
        raise NndslError(
            CannotImport(None, "a sparse array", graph.sparse_initializer[0].values.name, "store it dense")
        )
    for port in graph.input:
        for size in port.type.tensor_type.shape.dim:
            if size.dim_value < 0 or size.dim_value > MOST_ELEMENTS:
                raise NndslError(OnnxUnreadable(None, name, f"input `{port.name}` has an axis of {size.dim_value}"))
        known.add(port.name)
    made = {output for node in graph.node for output in node.output if output}
    for node in graph.node:
        for value in node.input:
            if value and value not in known:
                why = (
                    "the graph goes in a circle, or its nodes are out of order" if value in made else "nothing makes it"
                )
                raise NndslError(OnnxUnreadable(None, name, f"node `{node.name or node.op_type}` reads `{value}` "
                                                            f"before it is there: {why}"))  # fmt: skip
        for tensor, inner in attributes(node):
            if tensor is not None:
                _tensor(tensor, name)
            if inner is not None:
                _graph(inner, known, name)
        for value in node.output:
            if value and value in known - outside:
                raise NndslError(OnnxUnreadable(None, name, f"the value `{value}` is made twice"))
            known.add(value)
    for port in graph.output:
        if port.name not in known:
            raise NndslError(OnnxUnreadable(None, name, f"nothing makes the output `{port.name}`"))


def attributes(node: Proto) -> Iterator[tuple[Proto | None, Proto | None]]:
    """The arrays and the graphs among the attributes of a node."""
    for attribute in node.attribute:
        if attribute.HasField("t"):
            yield attribute.t, None
        for tensor in attribute.tensors:
            yield tensor, None
        if attribute.HasField("g"):
            yield None, attribute.g
        for graph in attribute.graphs:
            yield None, graph


def _tensor(tensor: Proto, name: str) -> None:
    """An array whose numbers are here, as many as its shape says."""
    if tensor.data_location == 1 or tensor.external_data:
        raise NndslError(CannotImport(None, "weights in another file", tensor.name,
                                      "store all in one file: `onnx.save(onnx.load(path), path)`"))  # fmt: skip
    _texts(name, tensor.name)
    count = 1
    for size in tensor.dims:
        count *= size
        if size < 0 or count > MOST_ELEMENTS:
            shape = ", ".join(map(str, tensor.dims))
            raise NndslError(OnnxUnreadable(None, name, f"the array `{tensor.name}` has the shape [{shape}]"))


def array_of(tensor: Proto) -> Any:
    """The numbers of an array. Raises NndslError (NN703) where they are of a type that there is not here."""
    onnx = onnx_package()
    if tensor.data_type not in DTYPES and tensor.data_type not in WIDENED:
        raise NndslError(CannotImport(None, f"the element type {type_name(tensor.data_type)}", tensor.name,
                                      "there are f32, f64, i32, i64 and bool"))  # fmt: skip
    try:
        found = onnx.numpy_helper.to_array(tensor)
    except Exception:  # too few numbers, or too many
        raise NndslError(
            OnnxUnreadable(None, tensor.name, "the array has not as many numbers as its shape says")
        ) from None
    wider = {"i32": np.int32, "f32": np.float32}
    return found.astype(wider[WIDENED[tensor.data_type]]) if tensor.data_type in WIDENED else np.array(found)


def type_name(number: int) -> str:
    """`FLOAT16`."""
    try:
        return str(onnx_package().TensorProto.DataType.Name(number)).lower()
    except ValueError:
        return str(number)


def named(values: Sequence[Proto]) -> list[str]:
    """The names of inputs or outputs."""
    return [value.name for value in values]
