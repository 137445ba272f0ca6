"""What an op is: one record with its whole story.

`infer` gives the result's type from the inputs' types or raises `ShapeFault`; `grad` builds, from the node and the
gradient of its result, the gradients of its inputs as graph; `reference` is the NumPy meaning; `lowering` says how a
kernel computes it; `cases` are what the generic test runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from nndsl.ir.dims import Size
from nndsl.ir.graph import Attrs, Node
from nndsl.ir.loops import Expr
from nndsl.ir.types import TensorType
from nndsl.ops.steps import Steps, aligned

REQUIRED: Any = object()
"""Marks an option without a default."""

Types: TypeAlias = Sequence[TensorType]


class ShapeFault(Exception):
    """Inputs that an op cannot take. `blame` are the positions of the inputs at fault; `code` picks the Problem."""

    def __init__(
        self, message: str, blame: tuple[int, ...] = (0,), help: str | None = None, code: str = "shape"
    ) -> None:
        super().__init__(message)
        self.message, self.blame, self.help, self.code = message, blame, help, code


# --- lowerings -------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, repr=False)
class Pointwise:
    """Each element of the result is a function of the elements at the same place (inputs broadcast)."""

    expr: Callable[..., Expr]


@dataclass(frozen=True, eq=False, repr=False)
class Indexed:
    """The element at an index is read from computed places: `expr(node, index, read)`, `read(input, index)`."""

    expr: Callable[[Node, tuple[Expr, ...], Callable[[int, tuple[Expr, ...]], Expr]], Expr]


@dataclass(frozen=True, eq=False, repr=False)
class Reduce:
    """A reduction over `attrs["axes"]`: `add`, `mul`, `max`, `min`, `argmax` or `argmin`."""

    combine: str


@dataclass(frozen=True, eq=False, repr=False)
class Columns:
    """Sums over leading axes in parts, made row by row in the kernel that has the rows at hand."""


@dataclass(frozen=True, eq=False, repr=False)
class Parts:
    """Products over long leading axes in parts; those that share a right side stand in one kernel."""


@dataclass(frozen=True, eq=False, repr=False)
class View:
    """The same elements in the same order under another shape: costs nothing."""


@dataclass(frozen=True, eq=False, repr=False)
class Contract:
    """A matrix product."""


@dataclass(frozen=True, eq=False, repr=False)
class Ready:
    """A hand-written kernel of `nndsl.runtime.ready`, called as `function(*inputs, out, *numbers, worker, workers)`.

    `shapes(node)` are the shapes under which it sees the inputs and the result, `numbers(node)` further ints, or the
    text of tuples of them.
    """

    function: str | Callable[[Node], str]
    shapes: Callable[[Node], Sequence[tuple[Any, ...]]]
    numbers: Callable[[Node], Sequence[int | str]] = lambda node: ()


@dataclass(frozen=True, eq=False, repr=False)
class Expand:
    """Replaced by a graph of simpler ops before lowering.

    An op without a gradient of its own has that of what it expands to; `smooth` is False where there is none.
    """

    build: Callable[[Node], Node]
    smooth: bool = True


@dataclass(frozen=True, eq=False, repr=False)
class Loop:
    """A body run once for each step of an axis, the steps one after the other; `LoopPart` are its results."""


@dataclass(frozen=True, eq=False, repr=False)
class LoopPart:
    """One result of a Loop."""


@dataclass(frozen=True, eq=False, repr=False)
class Grows(Pointwise):
    """Inside of a body: each element is added to what the rounds before gave."""


@dataclass(frozen=True, eq=False, repr=False)
class HostOnly:
    """Runs in NumPy only: for initial values, never in a training or inference program."""


Lowering: TypeAlias = (
    Pointwise | Indexed | Reduce | Columns | Parts | View | Contract | Ready | Expand | Loop | LoopPart | HostOnly
)


# --- cases -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, repr=False)
class Arg:
    """A random array for a case: shape (ints or the names of symbolic dims), dtype and range of values."""

    shape: tuple[int | str, ...]
    dtype: str = "f32"
    low: float = -2.0
    high: float = 2.0


@dataclass(frozen=True, eq=False, repr=False)
class Case:
    """One call of an op in the generic test. `smooth` is False where finite differences do not apply."""

    args: tuple[Arg, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    smooth: bool = True


def case(*shapes: tuple[int | str, ...] | Arg, smooth: bool = True, least: float = -2.0, most: float = 2.0,
         **options: Any) -> Case:  # fmt: skip
    """A case from plain shapes."""
    args = tuple(s if isinstance(s, Arg) else Arg(s, low=least, high=most) for s in shapes)
    return Case(args, options, smooth)


# --- the record ------------------------------------------------------------------------------------------

Gradient: TypeAlias = Callable[[Node, Node], Sequence[Node | None]]


@dataclass(frozen=True, eq=False, repr=False)
class Op:
    """One primitive operation."""

    name: str
    args: tuple[str, ...]
    doc: str
    infer: Callable[[Types, Attrs], TensorType]
    reference: Callable[..., Any]
    lowering: Lowering
    grad: Gradient | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    variadic: bool = False
    hidden: bool = False
    keeps_kind: bool = False
    steps: Steps | None = None
    cases: tuple[Case, ...] = ()

    def steps_after(self, node: Node, k: int, lead: int, count: Size) -> int | None:
        """See `nndsl.ops.steps`. Ops on elements keep steps where they are, others need a rule of their own."""
        if self.steps is None:
            return aligned(node, k, lead, count) if isinstance(self.lowering, Pointwise) else None
        return self.steps(node, k, lead, count)

    @property
    def differentiable(self) -> bool:
        """Whether gradients flow through it: by a rule of its own, or by that of what it expands to."""
        return self.grad is not None or (isinstance(self.lowering, Expand) and self.lowering.smooth)

    @property
    def signature(self) -> str:
        """`sum(x, axis=none, keepdims=false)`."""
        inputs = [f"*{self.args[0]}"] if self.variadic else list(self.args)
        options = [o if d is REQUIRED else f"{o}={_shown(d)}" for o, d in self.options.items()]
        return f"{self.name}({', '.join(inputs + options)})"


def _shown(value: Any) -> str:
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
