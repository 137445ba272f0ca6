"""Why values of one kernel are not computed in another that makes what they are made of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from nndsl.ir.graph import Node


class Reason(Enum):
    """A sentence about `{node}`, which reads `{value}` of `{kernel}` and is not computed there."""

    FACTOR = "the {op} {node} goes over {value} many times"
    READY = "{node} is written by hand and reads {value} from memory"
    STEPS = "{node} starts its steps when all of {value} is there"
    PLACES = "{node} takes {value} through several kernels, one place after the other"
    TOTAL = "{node} makes one number of all of {value}, in one order"
    COLUMNS = "{node} goes along the columns of {value}, of which all rows must be there"
    ELSEWHERE = "{node} reads {value} at other places than its own"
    VIEW = "{node} sees {value} under another shape"
    SHAPE = "{node} goes over [{axes}], the kernel over [{space}]"
    LINE = "{node} reads {value} by its axes, and the kernel goes over its elements in a line"
    CLOSED = "nothing can be added to a kernel that is written by hand"
    LOOP = "nothing can be added to what runs in steps, or place by place"
    LATER = "{node} also needs {value}, which is made later"
    HERE = "{node} also needs {value}, which is made here"
    AGAIN = "{node} is computed again from {value}, which moves less memory than to keep it"
    OLD = "the old {node} is still read when {value} is made"
    MASK = "{node} is a comparison: to compute it where it is used costs less than to store a mask"
    WAITED = "all that {node} reads was there, so it waited until something needed it"


@dataclass(frozen=True, eq=False)
class Refusal:
    """A reason, and the input that it is about where that is another than what the kernel makes."""

    reason: Reason
    value: Node | None = None
