"""A graph as the body of a model: statements with names where values are read twice, pipes between."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from nndsl.diagnostics import NndslError
from nndsl.ir.dims import Dim, written
from nndsl.ir.graph import Graph, Node, topological, users
from nndsl.ir.types import TensorType
from nndsl.onnx.importing.expressions import ATOM, PIPE, Text, expression, value_text
from nndsl.onnx.reading.call import Weights
from nndsl.problems.onnx import CannotImport

LONGEST_PIPE = 8
"""Stages of a statement."""
ACTIVATED = ("Dense", "Conv1D", "Conv2D", "Conv3D")
"""Layers that take an activation."""
ACTIVATIONS = ("tanh", "sigmoid", "softplus")


def identifier(name: str, taken: Iterable[str]) -> str:
    """A name of ONNX as one of the language that is not taken."""
    base = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_") or "value"
    base = f"v{base}" if base[0].isdigit() else base
    found, count = base, 1
    while found in taken:
        count += 1
        found = f"{base}_{count}"
    return found


class Body:
    """The statements of a model. `params` and `states` are the weights under the names that they will have."""

    def __init__(self, graph: Graph, weights: Weights, taken: set[str]) -> None:
        self.graph = graph
        self.weights = weights
        self.taken = taken
        self.lines: list[str] = []
        self.params: dict[str, Any] = {}
        self.states: dict[str, Any] = {}
        self.definitions = list(dict.fromkeys(n.attrs["definition"] for n in graph.nodes() if n.op == "helper"))
        self._declared: list[str] = []
        self._names: dict[Node, str] = {}
        self._counts: dict[str, int] = {}
        order = graph.nodes()
        self._readers = users(order)
        self._outputs: dict[Node, list[str]] = {}
        for name, node in graph.outputs:
            self._outputs.setdefault(node, []).append(name)
        self._order = order

    def text(self) -> list[str]:
        """All lines: params, statements, outputs."""
        for node in self._order:
            if node.op == "input":
                self._names[node] = node.attrs["name"]
        lengths: dict[Node, int] = {}
        for node in self._order:
            if node.is_leaf or node.op == "layer_part" or self._is_inside(node):
                continue
            if node.op == "layer" and node.attrs["results"] > 1:
                self._several(node)
                continue
            lengths[node] = 1 + max((lengths.get(x, 0) for x in node.inputs), default=0)
            often = len(self._readers[node]) + len(self._outputs.get(node, [])) > 1
            if often or (lengths[node] >= LONGEST_PIPE and node not in self._outputs):
                self._state(node)
                lengths[node] = 0
        outputs = [line for name, node in self.graph.outputs for line in self._output(name, node)]
        return [*self._declared, *self.lines, *outputs]

    def _is_inside(self, node: Node) -> bool:
        """A layer whose activation is its only reader is written with it."""
        readers = self._readers[node]
        return (
            node.op == "layer" and node.attrs["kind"] in ACTIVATED and len(readers) == 1 and node not in self._outputs
            and self.activation(readers[0]) is not None
        )  # fmt: skip

    @staticmethod
    def activation(node: Node) -> str | None:
        """The name of a function that a layer can take as its activation."""
        if node.op == "call" and not node.attrs["options"]:
            return str(node.attrs["name"])
        return node.op if node.op in ACTIVATIONS else None

    def _output(self, name: str, node: Node) -> list[str]:
        if node in self._names and self._names[node] == name:
            return [f"output {name}"]
        found = self.of(node)
        if node.op not in ("input", "param"):
            self._names.setdefault(node, name)
        return [f"output {name} = {found.text}"]

    def _state(self, node: Node) -> None:
        text = self.of(node).text
        name = next(iter(self._outputs.get(node, [])), None) or self._fresh(node)
        self._names[node] = name
        self.lines.append(f"{name} = {text}")

    def _fresh(self, node: Node) -> str:
        wanted = node.name or (node.attrs["kind"].lower() if node.op == "layer" else node.op)
        name = identifier(wanted, self.taken)
        self.taken.add(name)
        return name

    def _several(self, node: Node) -> None:
        """A layer with several results: a name for each."""
        parts = {x.attrs["index"]: x for x in self._readers[node]}
        text = self.of(node).text
        names = []
        for k in range(node.attrs["results"]):
            part = parts.get(k)
            name = identifier(f"{node.attrs['kind'].lower()}_{('steps', 'h', 'c')[k]}", self.taken)
            self.taken.add(name)
            names.append(name)
            if part is not None:
                self._names[part] = name
        self.lines.append(f"{', '.join(names)} = {text}")

    # --- values ------------------------------------------------------------------------------------------

    def of(self, node: Node) -> Text:
        """A value: its name, or what it is computed by."""
        if node in self._names:
            return Text(self._names[node], ATOM)
        if node in self.weights.leaves:
            return self._weight(node)
        activation = self.activation(node)
        if activation is not None and node.inputs[0] not in self._names and self._is_inside(node.inputs[0]):
            return self._layer(node.inputs[0], activation)
        if node.op == "layer":
            return self._layer(node, None)
        found = expression(node, self)
        if found is None:
            raise NndslError(CannotImport(None, f"`{node.op}`", node.name or "", "the language has no word for it"))
        return found

    def _weight(self, node: Node) -> Text:
        """A few numbers are written out; more become a param."""
        name = self.weights.leaves[node]
        array = self.weights.arrays[name]
        if array.size <= 8 and np.isfinite(array).all():
            return Text(value_text(array.tolist()), ATOM) if array.dtype != np.bool_ else Text(_bools(array), ATOM)
        if array.dtype != np.float32 or not np.isfinite(array).all():
            return self._other_array(node, array)
        known = identifier(name, self.taken)
        self.taken.add(known)
        self._names[node] = known
        self._declared.append(f"param {known}: {node.type} = zeros")
        self.params[known] = array
        return Text(known, ATOM)

    def _other_array(self, node: Node, array: Any) -> Text:
        """Whole numbers and truth values are no params: they are written out, or come of a state."""
        if array.size > 4096:
            raise NndslError(CannotImport(None, f"a constant {node.type}", node.name or "", "constants that are no f32 "
                                          "are written out, up to 4,096 elements"))  # fmt: skip
        text = _bools(array) if array.dtype == np.bool_ else value_text(_plain(array))
        return Text(text, ATOM)

    def _layer(self, node: Node, activation: str | None) -> Text:
        kind = node.attrs["kind"]
        before = self.of(node.inputs[0])
        self._counts[kind] = self._counts.get(kind, 0) + 1
        path = f"{kind}_{self._counts[kind]}"
        self.params |= {f"{path}.{name}": array for name, array in node.attrs["params"].items()}
        self.states |= {f"{path}.{name}": array for name, array in node.attrs["states"].items()}
        options = [*node.attrs["options"], *([("activation", Name(activation))] if activation else [])]
        parts = [f"{name}={value_text(v)}" if name else value_text(v) for name, v in options]
        return Text(f"{before.within(PIPE)} |> {kind}({', '.join(parts)})", PIPE)


class Name(str):
    """A word of the language, which is written without quotes."""

    def __repr__(self) -> str:
        return str(self)


def _plain(array: Any) -> Any:
    if array.dtype.kind == "f":
        return [_plain(row) if np.ndim(row) else float(str(row)) for row in array]
    return array.tolist()


def _bools(array: Any) -> str:
    """Truth values as a comparison of numbers."""
    return f"({value_text(array.astype(int).tolist())} == 1)"


def port_line(name: str, type_: TensorType) -> str:
    return f"input {name}: {type_}"


def constants(nodes: Sequence[Node]) -> list[Node]:
    return [node for node in topological(nodes) if node.op == "const"]


def size_text(size: int | Dim) -> str:
    return written(size)
