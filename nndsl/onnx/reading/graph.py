"""A graph of ONNX as a graph of ours: its nodes in their order, each by the table of its family."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from nndsl.diagnostics import NndslError
from nndsl.ir.dims import product
from nndsl.ir.graph import Node
from nndsl.onnx.package import Proto, onnx_package
from nndsl.onnx.reading import (
    attention,
    elementwise,
    flow,
    images,
    indexing,
    normalization,
    recurrent,
    reductions,
    resizing,
    shapes,
    sizes,
    windows,
)
from nndsl.onnx.reading.call import Call, Convert, Value, Weights, guarded
from nndsl.onnx.reading.file import MOST_ELEMENTS, array_of
from nndsl.problems.onnx import CannotImport

FAMILIES = (
    elementwise,
    reductions,
    shapes,
    indexing,
    windows,
    normalization,
    resizing,
    images,
    recurrent,
    attention,
    flow,
)
TABLE: dict[str, Convert] = {name: convert for family in FAMILIES for name, convert in family.FAMILY.items()}
OWN = ("", "ai.onnx")
"""The domain of ONNX's own ops."""


class Reader:
    """Carries out the nodes of a graph on values. `special` sees each call first and may give its results."""

    def __init__(
        self,
        version: int,
        weights: Weights,
        special: Callable[[Call], tuple[Value, ...] | None] | None = None,
        named: bool = False,
    ) -> None:
        self.version = version
        self.weights = weights
        self.special = special
        self.named = named
        """Whether values get the names that they have in ONNX."""

    def graph(self, graph: Proto, values: dict[str, Value], outside: Mapping[str, Value]) -> list[Value]:
        """The outputs of a graph whose inputs are in `values`, which is filled with all that is made."""
        for tensor in graph.initializer:
            if tensor.name not in values:
                values[tensor.name] = array_of(tensor)
        for node in graph.node:
            args = tuple(self._value(name, values, outside) if name else None for name in node.input)
            for name, value in zip(node.output, self.node(node, args, {**outside, **values}), strict=False):
                if name:
                    values[name] = self._with_name(value, name)
        return [self._value(port.name, values, outside) for port in graph.output]

    def _with_name(self, value: Value, name: str) -> Value:
        if not self.named or not isinstance(value, Node) or value.is_leaf or value.op == "layer_part":
            return value
        if value.op == "transpose" and value.inputs[0].op in ("layer", "call") and value.inputs[0].name is None:
            return replace(value, inputs=(replace(value.inputs[0], name=name),))
        return replace(value, name=value.name or name)

    @staticmethod
    def _value(name: str, values: Mapping[str, Value], outside: Mapping[str, Value]) -> Value:
        return values[name] if name in values else outside[name]

    def node(self, node: Proto, args: tuple[Value | None, ...], around: Mapping[str, Value]) -> tuple[Value, ...]:
        """The results of one node."""
        if node.domain not in OWN or node.op_type not in TABLE:
            name = f"`{node.domain}.{node.op_type}`" if node.domain not in OWN else f"`{node.op_type}`"
            raise NndslError(CannotImport(None, name, node.name, "there is no such op here"))
        call = Call(node.op_type, node.name or next(iter(node.output), ""), args, attributes(node), self.version,
                    tuple(node.output), self.weights, partial(self._body, around))  # fmt: skip
        results = None
        if sizes.applies(call):
            results = (sizes.TABLE[node.op_type](call),)
        elif self.special is not None:
            results = self.special(call)
        if results is None:
            results = guarded(TABLE[node.op_type], call)
        for result in results:
            if isinstance(result, Node):
                count = product(result.shape)
                if isinstance(count, int) and count > MOST_ELEMENTS:
                    raise call.refused(f"it makes {count:,} elements")
        return tuple(sizes.settled(result) for result in results)

    def _body(self, around: Mapping[str, Value], graph: Proto, given: Sequence[Value]) -> list[Value]:
        """A graph inside of a node, which sees what is around it."""
        names = [port.name for port in graph.input]
        return self.graph(graph, dict(zip(names, given, strict=False)), around)


def attributes(node: Proto) -> dict[str, Any]:
    """The attributes by name; texts are text, arrays and graphs as they are."""
    helper = onnx_package().helper
    found = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
    return {name: _text(value) for name, value in found.items()}


def _text(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, list) and value and isinstance(value[0], bytes):
        return [part.decode("utf-8", "replace") for part in value]
    return value


__all__ = ["TABLE", "Reader", "np"]
