"""`nndsl.onnx.Backend`: what ONNX's own tests drive, and a way to run a model of ONNX as it is.

A prepared model is compiled for the shapes that it is run with, and for the values of inputs that shapes depend on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nndsl import driver
from nndsl.diagnostics import NndslError
from nndsl.ir.graph import Graph, Node
from nndsl.ir.types import NUMPY_NAMES, TensorType
from nndsl.onnx.package import Proto, onnx_package
from nndsl.onnx.reading.call import OUR_NAMES, Call, NeedsValue, Weights
from nndsl.onnx.reading.file import checked, opset, type_name
from nndsl.onnx.reading.graph import Reader
from nndsl.problems.onnx import CannotImport, WrongInputs
from nndsl.runtime.executable import Executable
from nndsl.runtime.threads import default_threads

Array = Any
DEVICE = "CPU"


class Prepared:
    """A model ready to run: `run(inputs)` gives its outputs, as arrays in order."""

    def __init__(self, model: Proto, engine: str = "numba", threads: int | None = None) -> None:
        checked(model, model.graph.name)
        self.model = model
        self.inputs = _inputs(model)
        self.outputs = [port.name for port in model.graph.output]
        self._build = driver.builder(engine, threads or default_threads())
        self._fixed: set[str] = set()
        self._ready: dict[tuple[Any, ...], tuple[Executable, Weights, dict[str, Array]]] = {}

    def run(self, inputs: Sequence[Array] | Mapping[str, Array] | Array, **_: Any) -> tuple[Array, ...]:
        """The outputs for inputs in order, or by name. Raises NndslError (NN703, NN704)."""
        given = self._given(inputs)
        while True:
            key = tuple(
                (name, a.shape, str(a.dtype), a.tobytes() if name in self._fixed else None) for name, a in given.items()
            )
            if key in self._ready:
                break
            try:
                self._ready[key] = self._prepared(given)
            except NeedsValue as needed:
                if needed.name in self._fixed or needed.name not in given:
                    raise NndslError(
                        CannotImport(None, f"the input `{needed.name}`", "", "a size depends on it")
                    ) from None
                self._fixed.add(needed.name)
        program, weights, known = self._ready[key]
        feeds = {name: np.require(a, requirements="C") for name, a in given.items() if name not in self._fixed}
        found = program.run(feeds, weights.arrays, {}, {}) if program else {}
        return tuple(known[name] if name in known else found[name] for name in self.outputs)

    def _given(self, inputs: Any) -> dict[str, Array]:
        """The inputs by name, as arrays of types that there are here."""
        if isinstance(inputs, Mapping):
            pairs = list(inputs.items())
        else:
            several = inputs if isinstance(inputs, list | tuple) else [inputs]
            if len(several) > len(self.inputs):
                raise NndslError(WrongInputs(None, f"{len(several)} arrays", tuple(self.inputs)))
            pairs = list(zip(self.inputs, several, strict=False))
        missing = [name for name in self.inputs if name not in dict(pairs)]
        unknown = [name for name, _ in pairs if name not in self.inputs]
        if missing or unknown:
            raise NndslError(WrongInputs(None, ", ".join(f"`{n}`" for n, _ in pairs) or "nothing", tuple(self.inputs)))
        found = {name: np.asarray(value) for name, value in pairs}
        for name, array in found.items():
            if str(array.dtype) not in OUR_NAMES:
                raise NndslError(
                    CannotImport(None, f"the element type {array.dtype}", name, "there are f32, f64, i32, i64 and bool")
                )
        return found

    def _prepared(self, given: Mapping[str, Array]) -> tuple[Executable, Weights, dict[str, Array]]:
        """The program for inputs like these, its weights, and the outputs that are known without it."""
        weights = Weights()
        values: dict[str, Any] = {}
        for name, array in given.items():
            dtype = OUR_NAMES[str(array.dtype)]
            leaf = Node("input", (), {"name": name}, TensorType(dtype, array.shape), name=name)
            values[name] = array if name in self._fixed else leaf
        found = Reader(opset(self.model), weights).graph(self.model.graph, values, {})
        known: dict[str, Array] = {}
        nodes: list[tuple[str, Node]] = []
        call = Call("Graph", "", (), {}, 0, (), weights)
        for name, value in zip(self.outputs, found, strict=True):
            if isinstance(value, Node):
                nodes.append((name, value))
            else:
                known[name] = np.asarray(call.value_of(value))
        return self._build(Graph(self.model.graph.name or "onnx", tuple(nodes))), weights, known


def _inputs(model: Proto) -> list[str]:
    """The names of what has to be fed: weights may be inputs as well, with values of their own."""
    stored = {tensor.name for tensor in model.graph.initializer}
    for port in model.graph.input:
        kind = port.type.WhichOneof("value")
        if kind != "tensor_type":
            raise NndslError(CannotImport(None, f"an input that is a {str(kind).removesuffix('_type')}", port.name,
                                          "inputs are arrays"))  # fmt: skip
    return [port.name for port in model.graph.input if port.name not in stored]


class Backend:
    """The interface of `onnx.backend.base.Backend`."""

    engine = "numba"
    """Which engine runs the models; "numpy" interprets them op by op."""

    @classmethod
    def prepare(cls, model: Proto, device: str = DEVICE, **options: Any) -> Prepared:
        """A model made ready. Raises NndslError (NN702, NN703)."""
        return Prepared(model, options.get("engine", cls.engine), options.get("threads"))

    @classmethod
    def run_model(cls, model: Proto, inputs: Any, device: str = DEVICE, **options: Any) -> tuple[Array, ...]:
        """The outputs of a model, once."""
        return cls.prepare(model, device, **options).run(inputs)

    @classmethod
    def run_node(cls, node: Proto, inputs: Any, device: str = DEVICE, outputs_info: Any = None,
                 **options: Any) -> tuple[Array, ...]:  # fmt: skip
        """The outputs of one node."""
        onnx = onnx_package()
        several = inputs if isinstance(inputs, list | tuple) else [inputs]
        numbers = {ours: number for number, ours in _numbers().items()}
        ports = [onnx.helper.make_tensor_value_info(name, numbers[OUR_NAMES[str(np.asarray(a).dtype)]], np.shape(a))
                 for name, a in zip((n for n in node.input if n), several, strict=False)]  # fmt: skip
        results = [onnx.helper.make_empty_tensor_value_info(name) for name in node.output if name]
        graph = onnx.helper.make_graph([node], "node", ports, results)
        version = options.pop("opset_version", None)
        opsets = [onnx.helper.make_opsetid("", version)] if version else None
        return cls.run_model(onnx.helper.make_model(graph, opset_imports=opsets), several, device, **options)

    @classmethod
    def is_compatible(cls, model: Proto, device: str = DEVICE, **options: Any) -> bool:
        """Whether the model can be prepared."""
        try:
            cls.prepare(model, device, **options)
        except NndslError:
            return False
        return True

    @classmethod
    def supports_device(cls, device: str) -> bool:
        """Models run on the processor."""
        return device.split(":")[0] == DEVICE


def _numbers() -> dict[int, str]:
    from nndsl.onnx.reading.file import DTYPES

    return DTYPES


__all__ = ["NUMPY_NAMES", "Backend", "Prepared", "type_name"]
