"""The mask that rides on a value: which of its steps are there, and which only fill it up.

A mark in the graph for the checker to find. It costs nothing: what is compiled does not have it.
"""

from __future__ import annotations

from nndsl.ir.graph import Attrs
from nndsl.ir.types import TensorType
from nndsl.ops.op import Arg, Expand, Op, ShapeFault, Types, case


def _masked_type(types: Types, attrs: Attrs) -> TensorType:
    """That of the value. The mask, where there is one, has its leading axes."""
    value, *masks = types
    for mask in masks:
        if mask.dtype != "bool":
            raise ShapeFault(f"needs a mask of bool, this is {mask}", (1,), "compare it: `words != 0`", "dtype")
        if not mask.rank or mask.shape != value.shape[: mask.rank]:
            raise ShapeFault(f"a mask has the leading axes of its value: this is {mask}, the value {value}", (1,))
    return value


FAMILY: tuple[Op, ...] = (
    Op("masked", ("x",), "x with a mask that rides on it, or without any.", _masked_type, lambda x, *mask: x,
       Expand(lambda n: n.inputs[0]), variadic=True, hidden=True, keeps_kind=True,
       cases=(case((2, 3, 4), Arg((2, 3), "bool")), case(("batch", 3)))),
)  # fmt: skip
