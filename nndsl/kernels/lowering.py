"""The state of lowering one region, and what all its forms share."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

from nndsl.diagnostics import InternalError
from nndsl.ir.dims import product
from nndsl.ir.graph import Node
from nndsl.ir.loops import Accumulate, ArgStep, Cast, Expr, If, Let, Load, Num, Statement, Store, Var, equal
from nndsl.ir.plan import Plan, Region
from nndsl.ir.types import FLOATS, Shape
from nndsl.kernels.names import WORDS
from nndsl.kernels.phases import is_flat, is_row_reduction, role
from nndsl.ops.op import Grows, Indexed, Pointwise, Reduce
from nndsl.ops.shape import size_expr, source_index
from nndsl.ops.table import OPS

AXES = ("i", "j", "k", "l", "m", "n", "o", "p", *(f"axis_{number}" for number in range(8, 20)))
ROUND = "round"
"""Which part of the rows of a place this is."""
ABOVE = "above"
"""The rows between the worker's first block and this one."""

Loops: TypeAlias = tuple[Expr | None, int | Expr, list[Statement]]
"""The extent that workers share (None: no loop is cut), the multiple it is cut at, and the statements."""


def given_names(plan: Plan) -> frozenset[str]:
    """The names that no local can have in any kernel of a program."""
    return WORDS.union(AXES, plan.sizes, plan.scalars)


@dataclass(frozen=True)
class Argument:
    """An array parameter of a kernel: memory of `home` under a shape."""

    name: str
    home: Node
    shape: Shape


@dataclass(eq=False)
class Lowering:
    """The state of lowering one region."""

    plan: Plan
    region: Region
    arguments: dict[tuple[Node, Shape], Argument] = field(default_factory=dict)
    scalars: dict[str, str] = field(default_factory=dict)
    locals: dict[Node, str] = field(default_factory=dict)
    known: set[Node] = field(default_factory=set)
    taken: set[str] = field(default_factory=set)
    source_names: set[str] = field(default_factory=set)
    """Locals that have a name in the source."""
    inside: bool = False
    """Whether this is a part of a scan's step, whose kernels should all share the same rows (see `row_wise`)."""
    passing: Node | None = None
    """A product whose rows, of one block after the other, all lie where those of the worker's first block do."""
    across: Expr | None = None
    """The extent of a second axis that workers may share instead of the first."""
    _part: str | None = None

    # --- names -----------------------------------------------------------------------------------------

    @cached_property
    def given(self) -> frozenset[str]:
        return given_names(self.plan)

    def fresh(self, base: str) -> str:
        name, number = base, 2
        while name in self.taken or name in self.given:
            name, number = f"{base}_{number}", number + 1
        self.taken.add(name)
        return name

    def array(self, node: Node, shape: Shape | None = None) -> str:
        """The parameter through which the kernel sees the memory of `node`."""
        home, wanted = self.plan.home(node), self._seen(node) if shape is None else shape
        found = self.arguments.get((home, wanted))
        if found is None:
            base = (
                self.plan.names[home]
                if home.shape == wanted or self.flat
                else f"{self.plan.names[home]}_as_{self.plan.names.get(node, 'view')}"
            )
            found = self.arguments[home, wanted] = Argument(self.fresh(base), home, self._within(home, wanted))
        return found.name

    def _within(self, home: Node, shape: Shape) -> Shape:
        """The shape of an array that has as much beside each row as lies there in memory."""
        window = self.plan.windows.get(home)
        return shape if window is None or len(shape) < 2 else (*shape[:-1], window.pitch)

    @property
    def part(self) -> str:
        """The local that holds the part which a row's columns are added to."""
        if self._part is None:
            self._part = self.fresh("part")
        return self._part

    @property
    def flat(self) -> bool:
        """Whether the kernel sees arrays of several axes as lines."""
        return is_flat(self.region)

    def _seen(self, node: Node) -> Shape:
        return (product(node.shape),) if self.flat and node.shape == self.region.space else node.shape

    def local(self, node: Node) -> str:
        if node not in self.locals:
            name = self.plan.names[node]
            self.locals[node] = self.fresh(f"{name}_now" if node in self.plan.buffers else name)
            if node.name is not None:
                self.source_names.add(self.locals[node])
        return self.locals[node]

    # --- values ----------------------------------------------------------------------------------------

    def leaf(self, node: Node) -> Expr | None:
        """Leaves that are numbers."""
        match node.op:
            case "const":
                return Num(node.attrs["value"], node.dtype)
            case "dim":
                return Cast(size_expr(node.attrs["size"]), node.dtype)
            case "scalar":
                name = node.attrs["name"]
                self.scalars[name] = "i64" if name == "key" else node.dtype
                return Var(name, node.dtype)
        return None

    def read(self, child: Node, index: tuple[Expr, ...]) -> Expr:
        """A value at an index of its own shape: known in this scope, or from memory."""
        number = self.leaf(child)
        if number is not None:
            return number
        if child in self.known:
            return Var(self.local(child), child.dtype)
        if child is self.passing:
            index = (index[0] - Var(ABOVE), *index[1:])
        return Load(self.array(child), index, child.dtype)

    def broadcast_read(self, child: Node, index: tuple[Expr, ...]) -> Expr:
        """A value where a node at `index` needs it, repeated along axes of size 1."""
        if self.flat:
            return self.read(child, index if child.shape else ())
        return self.read(child, source_index(child.shape, index) if child.shape else ())

    def value(self, node: Node, index: tuple[Expr, ...]) -> Expr:
        """What `node` computes at an index."""
        if node.op == "reshape":
            return Var(self.local(node.inputs[0]), node.dtype)
        match OPS[node.op].lowering:
            case Pointwise(expr):
                args = [self.broadcast_read(child, index) for child in node.inputs]
                if node.op == "cast":
                    return Cast(args[0], node.dtype)
                if node.dtype in FLOATS and node.op == "divide":
                    args = [a if a.dtype in FLOATS else Cast(a, node.dtype) for a in args]
                return expr(*args)
            case Indexed(place):
                return place(node, index, lambda k, at: self.read(node.inputs[k], at))
        raise InternalError(f"{node} has no value at an index")

    def own_index(self, node: Node, index: tuple[Expr, ...]) -> tuple[Expr, ...]:
        """The index of a row's number or of an element in the node's own shape."""
        space = self.region.space
        if node.shape == space:
            return index
        rows = index[: len(space) - 1]
        return rows if len(node.shape) == len(space) - 1 else (*rows, Num(0, "int"))

    def define(self, node: Node, index: tuple[Expr, ...]) -> list[Statement]:
        """Compute a node at an index into a local, and store it where others need it."""
        at = self.own_index(node, index)
        value = self.value(node, at)
        self.known.add(node)
        if not node.is_leaf and isinstance(OPS[node.op].lowering, Grows):
            return self.added_up(node, at, value)
        if isinstance(value, Var) and node not in self.plan.buffers:
            self.locals[node] = value.name
            return []
        return [Let(self.local(node), value), *self.keep(node, at)]

    def added_up(self, node: Node, at: tuple[Expr, ...], value: Expr) -> list[Statement]:
        """An element that grows from round to round: the first one begins with 0."""
        self.scalars[ROUND] = "i64"
        place, name = self.array(node), self.local(node)
        cleared = If(equal(Var(ROUND), 0), (Store(place, at, Num(0.0, node.dtype)),))
        return [cleared, Let(name, Load(place, at, node.dtype) + value), Store(place, at, Var(name, node.dtype))]

    def keep(self, node: Node, at: tuple[Expr, ...]) -> list[Statement]:
        """The store of a value that others need."""
        return [Store(self.array(node), at, Var(self.local(node), node.dtype))] if node in self.plan.buffers else []

    def assigned(self, values: Collection[Node], at: tuple[Expr, ...]) -> list[Statement]:
        """Updates whose value is one of `values`: the last thing in a loop, since others in it read what was there."""
        here = set(values) if self.region.assigns else ()
        return [
            Store(self.array(target), at, self.read(value, at))
            for target, value in self.region.assigns
            if value in here
        ]


def scalars(state: Lowering) -> list[Statement]:
    """Numbers that are the same for the whole kernel."""
    out: list[Statement] = []
    if state.region.space == ():
        return out
    for node in state.region.nodes:
        if role(node, state.region.space) == "scalar" and not is_row_reduction(node, state.region):
            out.append(Let(state.local(node), state.value(node, ())))
            state.known.add(node)
            if node in state.plan.buffers:
                out.append(
                    If(equal(Var("worker"), 0), (Store(state.array(node), (), Var(state.local(node), node.dtype)),))
                )
    return out


def copies(state: Lowering, index: tuple[Expr, ...]) -> list[Statement]:
    """Updates whose value was computed by an earlier kernel."""
    members = set(state.region.nodes)
    return [
        Store(state.array(target), index, state.read(value, index))
        for target, value in state.region.assigns
        if value not in members
    ]


INFINITE = float("inf")
INITIAL = {"add": 0, "mul": 1, "max": -INFINITE, "min": INFINITE, "argmax": -INFINITE, "argmin": INFINITE}
LIMITS = {"i32": 2**31 - 1, "i64": 2**63 - 1}


def start_value(combine: str, dtype: str) -> Num:
    """What a reduction begins with."""
    value = INITIAL[combine]
    if dtype in FLOATS:
        return Num(float(value), dtype)
    if combine in ("add", "mul"):
        return Num(int(value), dtype)
    limit = LIMITS.get(dtype, 1)
    return Num(-limit - 1 if value < 0 else limit, dtype)


def reduction(state: Lowering, node: Node, index: tuple[Expr, ...]) -> tuple[list[Statement], Statement]:
    """The start of an accumulation, and its step inside the loop."""
    lowering = OPS[node.op].lowering
    assert isinstance(lowering, Reduce)
    (x,) = node.inputs
    name = state.local(node)
    value = state.read(x, index)
    if lowering.combine.startswith("arg"):
        best = state.fresh(f"{name}_best")
        head: list[Statement] = [Let(best, start_value(lowering.combine, x.dtype)), Let(name, Num(0, "i32"))]
        return head, ArgStep(best, name, lowering.combine, value, index[-1])
    if value.dtype != node.dtype:
        value = Cast(value, node.dtype)
    return [Let(name, start_value(lowering.combine, node.dtype))], Accumulate(name, lowering.combine, value)


def reduced(state: Lowering, node: Node, index: tuple[Expr, ...]) -> list[Statement]:
    """A row's reduction is complete."""
    state.known.add(node)
    return state.keep(node, state.own_index(node, index))
