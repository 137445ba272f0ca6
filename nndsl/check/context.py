"""The state of one elaboration: problems found, params made, where in the user's text we are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nndsl.check.library import is_library
from nndsl.check.values import POISON, BuildKey, Instance, Poison
from nndsl.diagnostics import Fix, Label, Problem, Span
from nndsl.ir.dims import Dim, Size
from nndsl.ir.graph import Constraint, LayerNote, LossTerm, Metric, Node, ParamSpec, Port, Update, scalar_leaf
from nndsl.problems import building
from nndsl.problems.said import Said
from nndsl.syntax import ast

if TYPE_CHECKING:
    from nndsl.check.scope import Scope

MAX_DEPTH = 48
MAX_STEPS = 200_000
MAX_PROBLEMS = 100


class Stop(Exception):
    """Elaboration cannot go on (the network is too large or too deep); the Problem is recorded."""


@dataclass(eq=False)
class Registry:
    """What both elaborations of a model share: the leaves of its params and states by path, and the layers' paths."""

    params: dict[str, ParamSpec] = field(default_factory=dict)
    states: dict[str, ParamSpec] = field(default_factory=dict)
    paths: dict[tuple[str, BuildKey | None], str] = field(default_factory=dict)
    taken: dict[str, int] = field(default_factory=dict)

    def copy(self) -> Registry:
        """The same leaves and names; what is added to the copy stays there."""
        return Registry(dict(self.params), dict(self.states), dict(self.paths), dict(self.taken))


@dataclass(eq=False)
class Ports:
    """Inputs, targets and outputs in order of declaration; input leaves are shared by both elaborations."""

    inputs: dict[str, Port] = field(default_factory=dict)
    leaves: dict[str, Node] = field(default_factory=dict)
    outputs: dict[str, tuple[Node, Span]] = field(default_factory=dict)


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
class ScanFrame:
    """What the body of the scan being elaborated has said so far."""

    carries: dict[str, Node]
    next: dict[str, tuple[Node | Poison, Span]] = field(default_factory=dict)
    collects: dict[str, tuple[Node | Poison, Span]] = field(default_factory=dict)


@dataclass(eq=False)
class Context:
    """Passed through every function of the checker.

    `owner` is the layer whose body is being carried out, `owner_site` where that was applied, `turns` the turn of
    each loop around, `reached` how often each place built a layer during this application of the owner.
    """

    training: bool
    registry: Registry
    ports: Ports = field(default_factory=Ports)
    problems: list[Problem] = field(default_factory=list)
    site: Span | None = None
    path: list[str] = field(default_factory=list)
    owner: Instance | None = None
    owner_site: Span | None = None
    turns: list[int] = field(default_factory=list)
    reached: dict[BuildKey, int] = field(default_factory=dict)
    updates: dict[Node, Node] = field(default_factory=dict)
    losses: list[LossTerm] = field(default_factory=list)
    metrics: list[Metric] = field(default_factory=list)
    layers: list[LayerNote] = field(default_factory=list)
    metric: MetricFrame | None = None
    rule: RuleFrame | None = None
    scan: ScanFrame | None = None
    initial: bool = False
    depth: int = 0
    steps: int = 0
    streams: int = 0
    key: Node = field(default_factory=lambda: scalar_leaf("key", "i64"))
    step: Node = field(default_factory=lambda: scalar_leaf("step", "f32"))
    active: list[ast.Definition] = field(default_factory=list)
    constraints: list[Constraint] = field(default_factory=list)
    cures: dict[str, str | None] = field(default_factory=dict)
    poisoned: bool = False
    """Whether a value is missing because of text that did not parse, or of a file that could not be imported: what
    follows from that is not said."""
    expect: Callable[[Scope, ast.Expect], None] | None = None
    """What `expect` lines do in a `test` section."""

    def report(self, problem: Problem) -> Poison:
        """Record a problem; the value that caused it is poison."""
        self.problems.append(problem)
        if len(self.problems) >= MAX_PROBLEMS:
            raise Stop
        return POISON

    def say(
        self,
        kind: type[Said],
        span: Span,
        message: str = "",
        note: str = "",
        cure: str | None = None,
        related: tuple[Label, ...] = (),
        mends: tuple[Fix, ...] = (),
    ) -> Poison:
        """Record a problem at a place, moved to the user's own text when the place is in the library."""
        related = tuple(label for label in related if not is_library(label.span))
        if is_library(span) and self.site is not None:
            span = self.site
            related = tuple(label for label in related if label.span != span)
        elif self.site is not None and self.depth and not _same_line(self.site, span):
            related = (*related, Label(self.site, "applied here"))
        return self.report(kind(span, note=note, cure=cure, related=related, message=message, mends=mends))

    def place(self, span: Span) -> Span:
        """The span nodes get: library code speaks of the place that applied it."""
        return self.site if self.site is not None and is_library(span) else span

    @contextmanager
    def applied_at(self, span: Span) -> Iterator[None]:
        """Inside, library code is blamed on `span`."""
        before = self.site
        self.site = self.place(span)
        self.depth += 1
        try:
            if self.depth > MAX_DEPTH:
                note = f"more than {MAX_DEPTH} definitions inside one another here"
                self.report(building.TooDeep(self.site, note=note, cure="apply layers one after the other"))
                raise Stop
            yield
        finally:
            self.site = before
            self.depth -= 1

    def count(self, span: Span, made: int = 1) -> None:
        """Count what is done, so that text which expands without end is refused in time."""
        self.steps += made
        if self.steps > MAX_STEPS:
            note = "the loops and layers up to here expand to more than nndsl compiles"
            cure = "make the loop shorter, or the list smaller"
            self.report(building.TooLarge(self.place(span), note=note, cure=cure))
            raise Stop

    def require(self, size: Size, span: Span) -> None:
        """Demand that a size known only from data be at least 0; the runtime checks it before kernels run."""
        if isinstance(size, Dim):
            self.constraints.append(Constraint(size, self.place(span)))

    def next_stream(self) -> int:
        """A number that tells this random draw from all others of the program."""
        self.streams += 1
        return self.streams

    # --- layers and their names --------------------------------------------------------------------------

    def build_key(self, span: Span) -> BuildKey:
        """What tells the layer built at `span` now from all others."""
        site = self.site if self.site != self.owner_site else None
        first = BuildKey(span, site, tuple(self.turns), 0)
        self.reached[first] = self.reached.get(first, 0) + 1
        return BuildKey(span, site, first.turns, self.reached[first])

    def path_of(self, instance: Instance) -> str:
        """`Dense_1`, `Dense_2`, … within the layer being built, or the name the layer is bound to.

        The training elaboration gives the names; the inference one finds them by key, so that `if training` around a
        layer does not move the names of those behind it.
        """
        base = ".".join([*self.path, instance.name or instance.function.name])
        key = (base, instance.key)
        if key not in self.registry.paths:
            self.registry.paths[key] = self._free_path(base, numbered=instance.name is None)
        return self.registry.paths[key]

    def _free_path(self, base: str, numbered: bool) -> str:
        taken = self.registry.taken
        while True:
            taken[base] = taken.get(base, 0) + 1
            path = f"{base}_{taken[base]}" if numbered or taken[base] > 1 else base
            if path == base or path not in taken:
                taken.setdefault(path, 1)
                return path

    def updates_here(self) -> dict[Node, Node]:
        """Where `:=` is recorded: the metric, the update rule, or the model."""
        frame = self.metric or self.rule
        return frame.updates if frame is not None else self.updates


def _same_line(a: Span, b: Span) -> bool:
    return a.source is b.source and a.line == b.line


def as_updates(updates: dict[Node, Node]) -> tuple[Update, ...]:
    return tuple(Update(target, value) for target, value in updates.items())
