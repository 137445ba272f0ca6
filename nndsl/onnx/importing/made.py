"""What a recogniser makes of a node of ONNX: a layer or a function of the library, with its weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nndsl.ir.graph import Node
from nndsl.ir.types import Shape, TensorType
from nndsl.onnx.reading.call import Call, Value

Array = Any
Results = tuple[Value, ...] | None
Option = tuple[str, object]


def layer(kind: str, x: Node, shape: Shape, options: list[Option], params: Mapping[str, Array],
          states: Mapping[str, Array] | None = None, results: int = 1) -> Node:  # fmt: skip
    """A layer applied to x. Options without a name go by their place."""
    attrs = {"kind": kind, "options": options, "params": dict(params), "states": dict(states or {}), "results": results}
    return Node("layer", (x,), attrs, TensorType("f32", shape))


def call(name: str, x: Node, *options: Option) -> Node:
    """A function of the elements from the library."""
    return Node("call", (x,), {"name": name, "options": list(options)}, x.type.without_kind())


def fixed(c: Call, position: int) -> Array | None:
    """The numbers of an input that is a weight of f32."""
    if not c.has(position):
        return None
    value = c.args[position]
    if isinstance(value, Node):
        value = c.weights.known(value)
    return value if value is not None and value.dtype == np.float32 else None


def even(values: tuple[int, ...]) -> object:
    """One number where all are the same."""
    return values[0] if len(set(values)) == 1 else list(values)


def short(number: float) -> float:
    """The shortest number that is the same in f32."""
    return float(str(np.float32(number)))
