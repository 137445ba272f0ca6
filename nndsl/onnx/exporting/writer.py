"""An ONNX graph in the making: which name holds the value of which node, and how sizes are computed.

Images have their channels last here and first there. A value of an image may be there in either order: `last` and
`first` say under which names. An op that gives channels first leaves its value so, functions of elements go on with
what they get, and only who needs the other order has it turned, once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nndsl.diagnostics import NndslError, Span
from nndsl.ir.dims import Dim, Quotient, Size, symbols
from nndsl.ir.graph import Node, Port
from nndsl.ir.types import NUMPY_NAMES, Shape
from nndsl.onnx.package import Proto, onnx_package
from nndsl.problems.onnx import CannotExport

Array = Any
OPSET, IR_VERSION = 18, 8
NAMELESS = ("constant", "ints", "number")
"""Names of small arrays that stand in a file once, however often they are used."""
ELEMENTS = {"f32": 1, "f64": 11, "i32": 6, "i64": 7, "bool": 9}
"""The numbers by which ONNX knows dtypes."""


def channels_first(rank: int) -> tuple[int, ...]:
    """The order of axes that makes [batch, …, channels] [batch, channels, …]."""
    return (0, rank - 1, *range(1, rank - 1))


def channels_last(rank: int) -> tuple[int, ...]:
    """The order of axes that makes [batch, channels, …] [batch, …, channels]."""
    return (0, *range(2, rank), 1)


class Namer:
    """Names that are each used once in a whole file: ONNX allows a body none that is used outside."""

    def __init__(self) -> None:
        self.taken: set[str] = set()

    def __call__(self, wanted: str) -> str:
        base = re.sub(r"[^\w.]+", "_", wanted).strip("_.") or "value"
        name, count = base, 1
        while name in self.taken:
            count += 1
            name = f"{base}_{count}"
        self.taken.add(name)
        return name


class Writer:
    """The nodes of one graph: of the model, or of the body of a scan in it (then with its `outer` writer)."""

    def __init__(self, arrays: Mapping[Node, Array], ports: Sequence[Port] = (), outer: Writer | None = None) -> None:
        self.onnx = onnx_package()
        self.arrays = arrays
        self.outer = outer
        self.root: Writer = outer.root if outer else self
        self.names: Namer = outer.names if outer else Namer()
        self.nodes: list[Proto] = []
        self.initializers: list[Proto] = []
        self.last: dict[Node, str] = {}
        self.first: dict[Node, str] = {}
        self.parts: dict[Node, list[str]] = {}
        """The results of scans."""
        self.span: Span | None = None
        self.wanted: dict[Node, str] = {}
        """Names that values have to get: those of outputs."""
        self._ports = ports
        self._sizes: dict[Size, str] = {}
        self._constants: dict[tuple[Any, ...], str] = {}

    # --- nodes -------------------------------------------------------------------------------------------

    def add(self, op: str, inputs: Sequence[str], name: str, results: int = 1, **attrs: Any) -> list[str]:
        """A node of ONNX; the names of its results, the first of which is also the node's."""
        outputs = [self.names(name) for _ in range(results)]
        return self.put(op, inputs, outputs, **attrs)

    def put(self, op: str, inputs: Sequence[str], outputs: list[str], **attrs: Any) -> list[str]:
        """A node of ONNX with results of given names."""
        given = {key: value for key, value in attrs.items() if value is not None}
        node = self.onnx.helper.make_node(op, list(inputs), outputs, name=next(n for n in outputs if n), **given)
        if self.span is not None:
            node.doc_string = f"line {self.span.line}"
        self.nodes.append(node)
        return outputs

    def one(self, op: str, *inputs: str, name: str = "", **attrs: Any) -> str:
        """A node with one result, for steps on the way that the source has no name for."""
        return self.add(op, inputs, name or op.lower(), **attrs)[0]

    def emit(self, node: Node, op: str, *inputs: str, layout: str = "last", **attrs: Any) -> None:
        """The ONNX node whose result is the value of `node`."""
        # An output has its channels last, and what comes here is not yet the value of that name.
        turned = layout == "first" and node in self.wanted
        name = self.names(f"{node.name or node.op}.first") if turned else self.name_for(node)
        self.alias(node, self.put(op, inputs, [name], **attrs)[0], layout)

    def name_for(self, node: Node) -> str:
        """A fresh name for the value of a node: the source's where it has one."""
        return self.wanted.pop(node, None) or self.names(node.name or node.op)

    def alias(self, node: Node, name: str, layout: str = "last") -> None:
        """The value of `node` is there under a name already."""
        (self.first if layout == "first" else self.last)[node] = name

    # --- values ------------------------------------------------------------------------------------------

    def value(self, node: Node) -> str:
        """The name of a node's value, with the channels last."""
        found = self._find(node)
        if found is not None:
            return found
        if node in self.arrays:
            name = self.constant(self.arrays[node], node.name or "constant")
        elif node.op == "dim":
            name = self.number(node.attrs["size"], node.dtype)
        else:
            perm = channels_last(node.type.rank)
            (name,) = self.put("Transpose", [self.first[node]], [self.name_for(node)], perm=perm)
        self.last[node] = name
        return name

    def has(self, node: Node) -> bool:
        """Whether the value is there, in one order or the other."""
        here = node in self.last or node in self.first or node in self.parts
        return here or (self.outer is not None and self.outer.has(node))

    def _find(self, node: Node) -> str | None:
        if node in self.last:
            return self.last[node]
        return self.outer._find(node) if self.outer else None

    def value_first(self, node: Node) -> str:
        """The name of the value of an image, with the channels first."""
        if node not in self.first:
            perm = channels_first(node.type.rank)
            if node in self.arrays:
                turned = np.ascontiguousarray(np.transpose(self.arrays[node], perm))
                self.first[node] = self.constant(turned, node.name or "constant")
            else:
                name = f"{node.name or node.op}.first"
                self.first[node] = self.one("Transpose", self.value(node), name=name, perm=perm)
        return self.first[node]

    def is_first(self, node: Node) -> bool:
        """Whether the value is there with the channels first alone."""
        return node in self.first and node not in self.last

    def constant(self, array: Array, name: str = "constant") -> str:
        """An array that is part of the file; one that is there already is not stored again."""
        kept = np.ascontiguousarray(array).reshape(np.shape(array))
        if name not in NAMELESS or kept.size > 64:
            found = self.names(name)
            self.root.initializers.append(self.onnx.numpy_helper.from_array(kept, found))
            return found
        key = (kept.dtype.str, kept.shape, kept.tobytes())
        if key not in self.root._constants:
            self.root._constants[key] = self.names(name)
            self.root.initializers.append(self.onnx.numpy_helper.from_array(kept, self.root._constants[key]))
        return self.root._constants[key]

    def ints(self, *values: int) -> str:
        """A vector of whole numbers."""
        return self.constant(np.array(values, np.int64), "ints")

    def scalar(self, value: float, dtype: str) -> str:
        """A single number."""
        return self.constant(np.array(value, NUMPY_NAMES[dtype]), "number")

    # --- sizes -------------------------------------------------------------------------------------------

    def size(self, size: Size) -> str:
        """A size as a vector of one whole number; what data fixes is read off the inputs."""
        if isinstance(size, int):
            return self.ints(size)
        root = self.root
        if size not in root._sizes:
            root._sizes[size] = root._computed(size)
        return root._sizes[size]

    def _computed(self, size: Dim) -> str:
        if size.name is not None:
            return self._read_off(size.name)
        total: str | None = None
        for monomial, factor in size.terms:
            part: str | None = None
            for atom in monomial:
                name = self.size(Dim.symbol(atom)) if isinstance(atom, str) else self._quotient(atom)
                part = name if part is None else self.one("Mul", part, name, name="size")
            if part is None:
                part = self.ints(factor)
            elif factor != 1:
                part = self.one("Mul", part, self.ints(factor), name="size")
            total = part if total is None else self.one("Add", total, part, name="size")
        assert total is not None
        return total

    def _quotient(self, quotient: Quotient) -> str:
        """Rounded down: ONNX cuts off, which is another thing below 0."""
        top, bottom = self.size(quotient.numerator), self.size(quotient.denominator)
        rest = self.one("Mod", top, bottom, name="size")
        return self.one("Div", self.one("Sub", top, rest, name="size"), bottom, name="size")

    def _read_off(self, symbol: str) -> str:
        for port in self._ports:
            for axis, size in enumerate(port.type.shape):
                if isinstance(size, Dim) and size.name == symbol:
                    return self.one("Shape", port.name, name=f"size.{symbol}", start=axis, end=axis + 1)
        raise NndslError(CannotExport(self.span, f"the size `{symbol}`", "no input has it as one of its sizes"))

    def number(self, size: Size, dtype: str) -> str:
        """A size as a number without axes."""
        flat = self.one("Squeeze", self.size(size), self.ints(0), name="size")
        return flat if dtype == "i64" else self.one("Cast", flat, name="size", to=ELEMENTS[dtype])

    def shape(self, shape: Sequence[Size]) -> str:
        """A shape as a vector."""
        if all(isinstance(size, int) for size in shape):
            return self.ints(*(size for size in shape if isinstance(size, int)))
        return self.one("Concat", *(self.size(size) for size in shape), name="shape", axis=0)

    def reshaped(self, name: str, shape: Shape, before: Shape, to: Node | None = None) -> str:
        """`name`, of the shape `before`, under another one: with sizes that stay, and one that ONNX finds by itself."""
        stays = [symbolic(size) and before[k : k + 1] == (size,) for k, size in enumerate(shape)]
        target: list[Size] = [0 if same else size for same, size in zip(stays, shape, strict=True)]
        open_ = [k for k, size in enumerate(target) if symbolic(size)]
        if len(open_) == 1 and 0 not in shape:
            target[open_[0]] = -1
        if to is None:
            return self.one("Reshape", name, self.shape(target), name="reshaped")
        self.emit(to, "Reshape", name, self.shape(target))
        return self.last[to]

    def cast(self, name: str, dtype: str, wanted: str) -> str:
        """The values as another dtype."""
        return name if dtype == wanted else self.one("Cast", name, name=f"{name}.{wanted}", to=ELEMENTS[wanted])


def symbolic(size: Size) -> bool:
    """Whether only data fixes a size."""
    return not isinstance(size, int) and bool(symbols(size))
