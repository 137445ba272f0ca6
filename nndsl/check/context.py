"""The state of one elaboration: problems found, params made, where in the user's text we are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from nndsl.check.library import PREFIX
from nndsl.check.values import POISON, Poison
from nndsl.diagnostics import Label, Problem, Span
from nndsl.ir.graph import Constraint, LayerNote, LossTerm, Metric, Node, ParamSpec, Update, scalar_leaf
from nndsl.ir.dims import Dim, Size
from nndsl.problems import building
from nndsl.problems.said import Said
from nndsl.syntax import ast

MAX_DEPTH = 48
MAX_NODES = 200_000


class Stop(Exception):
    """Elaboration cannot go on (the network is too large or too deep); the Problem is recorded."""


@dataclass(eq=False)
class Registry:
    """What both elaborations of a model share: the leaves of its params and states, by path."""

    params: dict[str, ParamSpec] = field(default_factory=dict)
    states: dict[str, ParamSpec] = field(default_factory=dict)


@dataclass(eq=False)
class MetricFrame:
    """States and updates of the metric being elaborated."""

    name: str
    states: list[ParamSpec] = field(default_factory=list)
    updates: dict[Node, Node] = field(default_factory=dict)


@dataclass(eq=False)
class RuleFrame:
    """Slots and updates of the update rule being elaborated, for one param."""

    param: ParamSpec
    slots: list[ParamSpec] = field(default_factory=list)
    updates: dict[Node, Node] = field(default_factory=dict)


@dataclass(eq=False)
class Context:
    """Passed through every function of the checker."""

    training: bool
    registry: Registry
    problems: list[Problem] = field(default_factory=list)
    site: Span | None = None
    path: list[str] = field(default_factory=list)
    counters: dict[str, dict[str, int]] = field(default_factory=dict)
    taken: dict[str, int] = field(default_factory=dict)
    made: set[str] = field(default_factory=set)
    updates: dict[Node, Node] = field(default_factory=dict)
    losses: list[LossTerm] = field(default_factory=list)
    metrics: list[Metric] = field(default_factory=list)
    layers: list[LayerNote] = field(default_factory=list)
    metric: MetricFrame | None = None
    rule: RuleFrame | None = None
    initial: bool = False
    depth: int = 0
    nodes: int = 0
    streams: int = 0
    key: Node = field(default_factory=lambda: scalar_leaf("key", "i64"))
    step: Node = field(default_factory=lambda: scalar_leaf("step", "f32"))
    active: list[ast.Definition] = field(default_factory=list)
    constraints: list[Constraint] = field(default_factory=list)

    def report(self, problem: Problem) -> Poison:
        """Record a problem; the value that caused it is poison."""
        self.problems.append(problem)
        return POISON

    def say(self, kind: type[Said], span: Span, message: str = "", note: str = "", cure: str | None = None,
            related: tuple[Label, ...] = ()) -> Poison:  # fmt: skip
        """Record a problem at a place, moved to the user's own text when the place is in the library."""
        if span.source.name.startswith(PREFIX) and self.site is not None:
            span = self.site
        elif self.site is not None and self.depth and self.site != span:
            related = (*related, Label(self.site, "applied here"))
        return self.report(kind(span, note=note, cure=cure, related=related, message=message))

    def place(self, span: Span) -> Span:
        """The span nodes get: library code speaks of the place that applied it."""
        return self.site if span.source.name.startswith(PREFIX) and self.site is not None else span

    @contextmanager
    def applied_at(self, span: Span) -> Iterator[None]:
        """Inside, library code is blamed on `span`."""
        before = self.site
        self.site = self.place(span)
        self.depth += 1
        try:
            if self.depth > MAX_DEPTH:
                self.report(building.TooDeep(self.site, note=f"more than {MAX_DEPTH} definitions inside one another here"))
                raise Stop
            yield
        finally:
            self.site = before
            self.depth -= 1

    def count_node(self, span: Span, made: int = 1) -> None:
        """Count operations, so that text which expands without end is refused in time."""
        self.nodes += made
        if self.nodes > MAX_NODES:
            self.report(building.TooLarge(self.place(span), note=f"more than {MAX_NODES:,} operations up to here"))
            raise Stop

    def require(self, size: Size, span: Span) -> None:
        """Demand that a size known only from data be at least 0; the runtime checks it before kernels run."""
        if isinstance(size, Dim):
            self.constraints.append(Constraint(size, self.place(span)))

    def next_stream(self) -> int:
        """A number that tells this random draw from all others of the program."""
        self.streams += 1
        return self.streams

    def layer_name(self, kind: str) -> str:
        """`Dense_1`, `Dense_2`, … within the layer that is being built."""
        counter = self.counters.setdefault(".".join(self.path), {})
        counter[kind] = counter.get(kind, 0) + 1
        return f"{kind}_{counter[kind]}"

    def unique_path(self, path: str) -> str:
        """The path itself, or with a number where a loop makes it again."""
        self.taken[path] = self.taken.get(path, 0) + 1
        return path if self.taken[path] == 1 else f"{path}_{self.taken[path]}"

    def updates_here(self) -> dict[Node, Node]:
        """Where `:=` is recorded: the metric, the update rule, or the model."""
        frame = self.metric or self.rule
        return frame.updates if frame is not None else self.updates


def as_updates(updates: dict[Node, Node]) -> tuple[Update, ...]:
    return tuple(Update(target, value) for target, value in updates.items())
