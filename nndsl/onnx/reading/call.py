"""One node of ONNX as its converter sees it: values, attributes, and ways to ask for what must be known.

A value is a node of ours, or an array that is known now: a weight, a shape, what follows from these. Sizes that data
fixes stand in known arrays as `Dim` objects, so that shapes are computed with like any other number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from nndsl.diagnostics import NndslError
from nndsl.ir.dims import Size
from nndsl.ir.graph import Graph, Node, const, topological
from nndsl.ir.types import NUMPY_NAMES, Kind, TensorType
from nndsl.ops import build as b
from nndsl.ops.op import ShapeFault
from nndsl.problems.onnx import CannotImport
from nndsl.runtime.interpreter import run

Array: TypeAlias = Any
Value: TypeAlias = Any
"""A Node, or a NumPy array; of dtype object where sizes that data fixes are in it."""
OUR_NAMES = {word: ours for ours, word in NUMPY_NAMES.items()}


MALFORMED = (TypeError, ValueError, LookupError, AttributeError, AssertionError, ArithmeticError)
"""What converters raise on nodes that contradict ONNX's description of their op."""


class NeedsValue(Exception):
    """What depends on the values of this input must be known to build the graph."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class Weights:
    """The leaves that stand for known arrays, and the arrays by name."""

    def __init__(self) -> None:
        self.arrays: dict[str, Array] = {}
        self.leaves: dict[Node, str] = {}
        self._kept: dict[int, tuple[Array, Node]] = {}

    def leaf(self, array: Array, name: str = "") -> Node:
        """A param leaf for an array: the same for the same array."""
        if id(array) in self._kept:
            return self._kept[id(array)][1]
        base = name or f"constant_{len(self.arrays)}"
        unique = base
        while unique in self.arrays:
            unique += "_"
        dtype = OUR_NAMES[str(array.dtype)]
        node = Node("param", (), {"name": unique}, TensorType(dtype, array.shape), name=unique)
        self.arrays[unique] = np.require(array, requirements="C")  # kernels count on it
        self.leaves[node] = unique
        self._kept[id(array)] = (array, node)
        return node

    def known(self, node: Node) -> Array | None:
        """The value of a node that depends on known arrays alone."""
        for leaf in topological([node]):
            if leaf.op in ("input", "scalar", "dim", "state", "layer", "call", "helper", "layer_part") or any(
                not isinstance(s, int) for s in leaf.shape
            ):
                return None
        return run(Graph("known", (("value", node),)), self.arrays, {}, {})[0]["value"]


@dataclass(frozen=True)
class Call:
    """See the module."""

    op: str
    name: str
    args: tuple[Value | None, ...]
    attrs: dict[str, Any]
    version: int
    results: tuple[str, ...]
    weights: Weights
    body: Callable[[Any, Sequence[Value]], list[Value]] | None = None
    """Carries out a graph that is an attribute, on values for its inputs."""

    # --- values ------------------------------------------------------------------------------------------

    def has(self, position: int) -> bool:
        """Whether an optional input is given."""
        return position < len(self.args) and self.args[position] is not None

    def x(self, position: int = 0) -> Node:
        """An input as a node."""
        return self.node(self.args[position])

    def all(self) -> list[Node]:
        """All inputs as nodes."""
        return [self.node(value) for value in self.args if value is not None]

    def node(self, value: Value) -> Node:
        """A value as a node."""
        if isinstance(value, Node):
            return value
        array = np.asarray(value)
        if array.dtype == object:
            return self._of_sizes(array)
        if array.ndim == 0:
            return const(array.item(), OUR_NAMES[str(array.dtype)])
        return self.weights.leaf(value if isinstance(value, np.ndarray) else array)

    def _of_sizes(self, array: Array) -> Node:
        from nndsl.ir.graph import dim_value

        parts = [b.reshape(dim_value(size, "i64"), (1,)) for size in array.reshape(-1)]
        joined = parts[0] if len(parts) == 1 else b.apply("concat", *parts, axis=0)
        return b.reshape(joined, array.shape)

    def known(self, position: int) -> Array:
        """The numbers of an input, which must be known now. Raises NeedsValue or NndslError (NN703)."""
        return self.value_of(self.args[position])

    def value_of(self, value: Value) -> Array:
        """The numbers of a value."""
        if not isinstance(value, Node):
            return np.asarray(value)
        found = self.weights.known(value)
        if found is not None:
            return found
        for leaf in topological([value]):
            if leaf.op == "input":
                raise NeedsValue(leaf.attrs["name"])
        raise self.refused("what it makes has a size that depends on the data")

    def sizes(self, position: int) -> list[Size]:
        """An input of whole numbers, some of which may be sizes that data fixes."""
        return [s if not isinstance(s, int | np.integer) else int(s) for s in self.known(position).reshape(-1).tolist()]

    def ints(self, position: int, attribute: str, default: Iterable[int] | None = None) -> list[int] | None:
        """Whole numbers that older versions have as an attribute and newer ones as an input."""
        if self.has(position):
            return self.whole(position)
        found = self.attrs.get(attribute)
        return list(found) if found is not None else None if default is None else list(default)

    def whole(self, position: int) -> list[int]:
        """An input of whole numbers. Raises NndslError (NN703) where data decides one of them."""
        found = [size for size in self.sizes(position) if isinstance(size, int)]
        if len(found) < self.known(position).size:
            raise self.refused("a number that it needs is a size that only the data has")
        return found

    def number(self, position: int, attribute: str, default: float) -> float:
        """A number that older versions have as an attribute and newer ones as an input."""
        if self.has(position):
            return float(self.known(position).reshape(-1)[0])
        return float(self.attrs.get(attribute, default))

    def attr(self, name: str, default: Any = None) -> Any:
        """An attribute, or what ONNX says it is without."""
        return self.attrs.get(name, default)

    def axis(self, rank: int, default: int = 0, name: str = "axis") -> int:
        """An axis counted from the front. Raises NndslError (NN703) for one that there is not."""
        return self.of_rank(self.attrs.get(name, default), rank)

    def of_rank(self, axis: int, rank: int) -> int:
        """An axis counted from the front."""
        if not -rank <= axis < max(rank, 1):
            raise self.refused(f"there is no axis {axis} of {rank}")
        return axis % rank if rank else 0

    def wants(self, position: int) -> bool:
        """Whether anybody reads a result."""
        return position < len(self.results) and bool(self.results[position])

    # --- faults ------------------------------------------------------------------------------------------

    def refused(self, why: str) -> NndslError:
        """What to raise for what cannot be done."""
        return NndslError(CannotImport(None, f"`{self.op}`", self.name, why))


Convert: TypeAlias = Callable[[Call], Value]


def guarded(convert: Convert, call: Call) -> tuple[Value, ...]:
    """The results of a converter. A shape that does not fit is a fault of the file.

    So is whatever else comes of attributes and inputs that are not as ONNX describes them: converters rely on it.
    """
    try:
        found = convert(call)
    except ShapeFault as fault:
        raise call.refused(fault.message) from None
    except MALFORMED as fault:
        raise call.refused(f"its inputs or attributes are not what ONNX says they are ({fault})") from fault
    return found if isinstance(found, tuple) else (found,)


# --- what converters share -------------------------------------------------------------------------------


def as_index(places: Node, count: Size) -> Node:
    """Whole numbers as indices of `count` values: those below 0 count from the end, and none lies outside."""
    places = b.cast(places, "i32")
    if isinstance(count, int):
        last: Node | int = count - 1
        turned = b.add(places, count)
    else:
        from nndsl.ir.graph import dim_value

        turned, last = b.add(places, dim_value(count, "i32")), dim_value(count - 1, "i32")
    places = b.where(b.less(places, 0), turned, places)
    places = b.maximum(b.minimum(places, last), 0)
    return b.as_type(places, TensorType("i32", places.shape, Kind("index", count)))


def to_last(x: Node, axis: int) -> tuple[Node, tuple[int, ...]]:
    """The axis brought to the end, and the order that brings it back."""
    order = (*(k for k in range(x.type.rank) if k != axis), axis)
    return b.transpose(x, order), tuple(order.index(k) for k in range(x.type.rank))


def cut(x: Node, axis: int, start: Size, size: Size, step: int = 1) -> Node:
    """Some elements of one axis."""
    rank = x.type.rank
    return b.apply(
        "slice", x,
        start=tuple(start if k == axis else 0 for k in range(rank)),
        size=tuple(size if k == axis else n for k, n in enumerate(x.shape)),
        step=tuple(step if k == axis else 1 for k in range(rank)),
    )  # fmt: skip


def joined(parts: Sequence[Node], axis: int) -> Node:
    """Values one after the other."""
    return parts[0] if len(parts) == 1 else b.apply("concat", *parts, axis=axis)


def padded(x: Node, low: Sequence[Size], high: Sequence[Size], value: float = 0.0) -> Node:
    """Surrounded by a number."""
    if not any((*low, *high)):
        return x
    return b.apply("pad", x, low=tuple(low), high=tuple(high), interior=(0,) * x.type.rank, value=value)


def common(*values: Node) -> list[Node]:
    """Values under the shape that they have together."""
    shape = b.broadcast_shapes(*(v.shape for v in values))
    if shape is None:
        raise ShapeFault("these shapes do not agree: " + ", ".join(str(v.type) for v in values))
    return [b.broadcast_to(v, shape) for v in values]
