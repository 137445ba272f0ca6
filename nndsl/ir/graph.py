"""The graph: what a network computes, as immutable typed nodes.

A node is an op applied to nodes. Leaves are `input`, `param`, `state` (arrays from outside), `scalar` (a number the
runtime supplies per run: `step`, `learning_rate`, `key`), `const` (a number known now) and `dim` (the size of a
symbolic dim, as a number). Nodes are compared by identity. Every node keeps the span it came from.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter
from typing import Any, TypeAlias

from nndsl.diagnostics import Span
from nndsl.ir.dims import Size, evaluate
from nndsl.ir.types import Kind, TensorType

Attrs: TypeAlias = Mapping[str, Any]
ARRAYS = ("input", "param", "state")
NUMBERS = ("scalar", "const", "dim")
LEAVES = (*ARRAYS, *NUMBERS)


@dataclass(frozen=True, eq=False, repr=False, slots=True)
class Node:
    """One operation. `name` is what the source calls its value, where it has a name there."""

    op: str
    inputs: tuple[Node, ...]
    attrs: Attrs
    type: TensorType
    span: Span | None = None
    name: str | None = None

    @property
    def shape(self) -> tuple[Size, ...]:
        return self.type.shape

    @property
    def dtype(self) -> str:
        return self.type.dtype

    @property
    def is_leaf(self) -> bool:
        return self.op in LEAVES

    def __repr__(self) -> str:
        return f"<{self.op} {self.name or ''} {self.type}>"


@dataclass(frozen=True, eq=False, repr=False)
class Body:
    """One step of a scan, as a graph over leaves of its own.

    `carries` are the values that pass from step to step, `items` this step's part of each sequence, `free` what comes
    from outside and is the same in every step. `next` are the new carries, `collects` what each step leaves.
    """

    carries: tuple[Node, ...]
    items: tuple[Node, ...]
    free: tuple[Node, ...]
    next: tuple[Node, ...]
    collects: tuple[Node, ...]

    @property
    def results(self) -> tuple[Node, ...]:
        """All that a step computes."""
        return (*self.next, *self.collects)

    @property
    def leaves(self) -> tuple[Node, ...]:
        """All that a step is given."""
        return (*self.carries, *self.items, *self.free)


@dataclass(frozen=True, eq=False, repr=False)
class Update:
    """After a run the array of `target` (a param or state leaf) holds `value`."""

    target: Node
    value: Node


@dataclass(frozen=True, eq=False, repr=False)
class Graph:
    """A program: named results, and what it leaves in params and states."""

    name: str
    outputs: tuple[tuple[str, Node], ...]
    updates: tuple[Update, ...] = ()

    @property
    def roots(self) -> tuple[Node, ...]:
        """All nodes that must be computed."""
        return tuple(n for _, n in self.outputs) + tuple(u.value for u in self.updates)

    def nodes(self) -> Sequence[Node]:
        """All nodes reachable from the roots, inputs before users, in a fixed order."""
        return self._nodes

    @cached_property
    def _nodes(self) -> Sequence[Node]:
        # Many passes ask for them, of which most leave a graph as it is.
        return topological(self.roots)

    def leaves(self, op: str) -> list[Node]:
        """The leaves of one sort, update targets included, in order of first use."""
        found = [n for n in (*self.nodes(), *(u.target for u in self.updates)) if n.op == op]
        return list(dict.fromkeys(found))


def topological(
    roots: Iterable[Node],
    within: Collection[Node] | None = None,
    inputs: Callable[[Node], Collection[Node]] = attrgetter("inputs"),
) -> list[Node]:
    """Nodes under `roots`, inputs first; with `within`, by way of those alone; with `inputs`, those stand for a node's
    own. Iterative: a graph may be deeper than Python's stack."""
    order: list[Node] = []
    seen: set[Node] = set()
    stack: list[tuple[Node, Iterator[Node]]] = []
    for root in roots:
        if root in seen:
            continue
        seen.add(root)
        stack.append((root, iter(inputs(root))))
        while stack:
            node, rest = stack[-1]
            for child in rest:
                if child not in seen and (within is None or child in within):
                    seen.add(child)
                    below = inputs(child)
                    if not below:
                        order.append(child)
                        continue
                    stack.append((child, iter(below)))
                    break
            else:
                order.append(node)
                stack.pop()
    return order


def users(nodes: Iterable[Node]) -> dict[Node, list[Node]]:
    """For each node, the nodes that read it (one entry per use)."""
    out: dict[Node, list[Node]] = {}
    for node in nodes:
        out.setdefault(node, [])
        for child in node.inputs:
            out.setdefault(child, []).append(node)
    return out


@dataclass(frozen=True)
class Port:
    """An input or target as declared: what data must fit."""

    role: str
    name: str
    type: TensorType
    span: Span
    doc: str = ""


@dataclass(frozen=True, eq=False, repr=False)
class ParamSpec:
    """A param or state of the model: its leaf and the graph that gives its first value.

    `name` is the path users see (`Dense_1.kernel`). `initial` has the leaf's shape and no inputs but random numbers.
    `constrained` is what an optimizer's new value becomes, a graph over the leaf.
    """

    name: str
    leaf: Node
    initial: Node
    span: Span
    doc: str = ""
    constrained: Node | None = None

    @property
    def type(self) -> TensorType:
        return self.leaf.type


@dataclass(frozen=True, eq=False, repr=False)
class LossTerm:
    """One `loss` line: its name in the history and its scalar value."""

    name: str
    value: Node
    span: Span
    penalty: bool = False


@dataclass(frozen=True, eq=False, repr=False)
class Metric:
    """One `metric` line, exact over a whole data set by one of three ways.

    `form` "mean": `value` is averaged over all its elements in the set. `form` "state": `updates` accumulate in
    `states` and `value` reads their new values. `form` "whole": `arguments` are kept for the set, and `value` is
    computed once from them (it reads `input` leaves named `arg0`, `arg1`, …).
    """

    name: str
    form: str
    value: Node
    span: Span
    arguments: tuple[Node, ...] = ()
    states: tuple[ParamSpec, ...] = ()
    updates: tuple[Update, ...] = ()


@dataclass(frozen=True)
class Constraint:
    """A size that must be at least 0 when the data's sizes are known: what an index or slice at `span` relies on. With
    a divisor it must divide by that instead."""

    size: Size
    span: Span
    divisor: Size | None = None
    text: str = ""
    """What an `assert` says where it does not hold."""

    def holds(self, sizes: Mapping[str, int]) -> bool:
        """Whether it does for sizes of the data."""
        size = evaluate(self.size, sizes)
        return size >= 0 if self.divisor is None else size % evaluate(self.divisor, sizes) == 0


@dataclass(frozen=True, eq=False, repr=False)
class Application:
    """One application of a layer or function, for pictures: what the graph between `inputs` and `results` is called.

    `number` counts applications as they begin, and a Forward keeps them as they end: those inside of this one have
    greater numbers and stand before it. `path` names a layer, and `use` is which of its applications this is; a
    function has neither. `settings` is what was given to build it, `params` are the names of the params it owns.
    """

    number: int
    parent: int | None
    role: str
    name: str
    inputs: tuple[Node, ...]
    results: tuple[Node, ...]
    span: Span
    path: str | None = None
    use: int = 1
    settings: str = ""
    params: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False, repr=False)
class Forward:
    """A model elaborated for one mode (training or inference)."""

    outputs: tuple[tuple[str, Node], ...]
    losses: tuple[LossTerm, ...]
    metrics: tuple[Metric, ...]
    updates: tuple[Update, ...] = ()
    applications: tuple[Application, ...] = ()


@dataclass(frozen=True, eq=False, repr=False)
class Memory:
    """What a layer keeps of a text between the steps that go on from one another.

    `leaf` is an input that holds what was kept before, `initial` its value before the first step, `value` what is kept
    for the next one.
    """

    name: str
    leaf: Node
    initial: Node
    value: Node


@dataclass(frozen=True, eq=False, repr=False)
class Going:
    """A model elaborated for going on: it sees some steps of a text, and by its memories those before them.

    `past` is the symbol of how many those are, `steps` of how many it sees.
    """

    past: str
    steps: str
    outputs: tuple[tuple[str, Node], ...]
    memories: tuple[Memory, ...]
    constraints: tuple[Constraint, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Reading:
    """A model as what reads texts: its outputs as scores, whose softmax are probabilities, and what they need of sizes.

    `going` is the model for going on with a text, or why there is none.
    """

    outputs: tuple[tuple[str, Node], ...]
    constraints: tuple[Constraint, ...]
    going: Going | str


@dataclass(frozen=True, eq=False, repr=False)
class LayerNote:
    """One applied layer, for `summary`: its name, its kind, the result's type and the params it owns."""

    name: str
    layer: str
    output: TensorType
    params: tuple[str, ...]
    span: Span
    depth: int = 0


@dataclass(frozen=True, eq=False, repr=False)
class Model:
    """A checked model: two programs from one source, and everything needed to name what they use."""

    name: str
    doc: str
    consts: Mapping[str, object]
    inputs: tuple[Port, ...]
    targets: tuple[Port, ...]
    params: tuple[ParamSpec, ...]
    states: tuple[ParamSpec, ...]
    training: Forward
    inference: Forward
    layers: tuple[LayerNote, ...]
    span: Span
    constraints: tuple[Constraint, ...] = ()
    leaves: Mapping[str, Node] = field(default_factory=dict)


def const(value: float | int | bool, dtype: str) -> Node:
    """A number known at compile time."""
    number: float | int | bool = (
        float(value) if dtype in ("f32", "f64") else bool(value) if dtype == "bool" else int(value)
    )
    return Node("const", (), {"value": number}, TensorType(dtype, ()))


def scalar_leaf(name: str, dtype: str) -> Node:
    """A number that the runtime supplies for each run."""
    return Node("scalar", (), {"name": name}, TensorType(dtype, ()), name=name)


def dim_value(size: Size, dtype: str) -> Node:
    """The size of a dim as a number."""
    return const(size, dtype) if isinstance(size, int) else Node("dim", (), {"size": size}, TensorType(dtype, ()))


__all__ = [
    "ARRAYS",
    "LEAVES",
    "NUMBERS",
    "Application",
    "Attrs",
    "Body",
    "Constraint",
    "Forward",
    "Going",
    "Graph",
    "Kind",
    "LayerNote",
    "LossTerm",
    "Memory",
    "Metric",
    "Model",
    "Node",
    "ParamSpec",
    "Port",
    "Reading",
    "Update",
    "const",
    "dim_value",
    "scalar_leaf",
    "topological",
    "users",
]
