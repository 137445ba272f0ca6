"""The state of one elaboration: problems found, params made, where in the user's text we are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nndsl.check.again import Again
from nndsl.check.library import is_library
from nndsl.check.masks import Marks
from nndsl.check.traced import Traced
from nndsl.check.values import POISON, BuildKey, Function, Instance, Poison
from nndsl.diagnostics import Fix, Label, Problem, Span
from nndsl.ir.dims import Dim, Size
from nndsl.ir.graph import Constraint, LayerNote, LossTerm, Metric, Node, ParamSpec, Port, Update, scalar_leaf
from nndsl.ir.types import TensorType
from nndsl.ops import build as b
from nndsl.problems import building
from nndsl.problems.said import Said
from nndsl.syntax import ast

if TYPE_CHECKING:
    from nndsl.check.memories import Memories
    from nndsl.check.notes import Notes
    from nndsl.check.scope import Scope

MAX_DEPTH = 48
MAX_STEPS = 200_000
MAX_PROBLEMS = 100
APPLIED = "applied here"
"""What a Problem in a definition says of the line that applies that."""


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
    """What the body of the scan being elaborated has said so far.

    `carries` are its leaves by name, `level` tells how many definitions are being applied around it: a function that
    the body applies says nothing for the body. `states` are the leaves that stand for what states hold when a step
    begins, `updates` what the step leaves in them, `draws` the leaves that stand for numbers drawn in each step, with
    those of all steps.
    """

    carries: dict[str, Node]
    length: Size
    level: int
    outer: ScanFrame | None
    next: dict[str, tuple[Node | Poison, Span]] = field(default_factory=dict)
    collects: dict[str, tuple[Node | Poison, Span]] = field(default_factory=dict)
    states: dict[Node, Node] = field(default_factory=dict)
    updates: dict[Node, Node] = field(default_factory=dict)
    draws: dict[Node, Node] = field(default_factory=dict)


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
    loss_names: dict[str, int] = field(default_factory=dict)
    metrics: list[Metric] = field(default_factory=list)
    metric_names: dict[str, int] = field(default_factory=dict)
    layers: list[LayerNote] = field(default_factory=list)
    traced: Traced = field(default_factory=Traced)
    metric: MetricFrame | None = None
    rule: RuleFrame | None = None
    scan: ScanFrame | None = None
    measures: bool = True
    """Whether losses and metrics count; where outputs alone are wanted they are passed over."""
    memories: Memories | None = None
    """What is kept between steps, in the program that goes on (see `memories`); None in all others."""
    initial: bool = False
    depth: int = 0
    steps: int = 0
    streams: int = 0
    key: Node = field(default_factory=lambda: scalar_leaf("key", "i64"))
    step: Node = field(default_factory=lambda: scalar_leaf("step", "f32"))
    active: list[ast.Definition] = field(default_factory=list)
    constraints: list[Constraint] = field(default_factory=list)
    marks: Marks = field(default_factory=Marks)
    again: Again = field(default_factory=Again)
    cures: dict[str, str | None] = field(default_factory=dict)
    blamed: set[Span] = field(default_factory=set)
    initials: dict[tuple[Function, TensorType | None], Node] = field(default_factory=dict)
    poisoned: bool = False
    """Whether a value is missing because of text that did not parse, or of a file that could not be imported: what
    follows from that is not said."""
    asked_training: bool = False
    """Whether anything read `training`, so that the two elaborations of a model may differ."""
    expect: Callable[[Scope, ast.Expect], None] | None = None
    """What `expect` lines do in a `test` section."""
    notes: Notes | None = None
    """Where values are noted by their places, for an editor; None where nobody asks."""

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
            if span in self.blamed:
                return POISON  # what goes wrong further down in the same layer follows from the first fault
            self.blamed.add(span)
            related = tuple(label for label in related if label.span != span)
        elif self.site is not None and self.depth and not _same_line(self.site, span):
            related = (*related, Label(self.site, APPLIED))
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

    def drawn(self, op: str, shape: tuple[Size, ...], stream: int) -> Node:
        """Random numbers; in a scan those of this step among the numbers of all steps. Raises ShapeFault."""
        return self._drawn_in(None if self.initial else self.scan, op, shape, stream)

    def _drawn_in(self, scan: ScanFrame | None, op: str, shape: tuple[Size, ...], stream: int) -> Node:
        if scan is None:
            return b.apply(op, self.key, shape=shape, dtype="f32", stream=stream)
        whole = self._drawn_in(scan.outer, op, (scan.length, *shape), stream)
        leaf = Node("input", (), {"name": "drawn"}, whole.type.with_shape(shape), whole.span, "drawn")
        scan.draws[leaf] = whole
        return leaf

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
        named = instance.name is not None
        base = ".".join([*(instance.home if named else self.path), instance.name or instance.function.name])
        key = (base, instance.key)
        if key not in self.registry.paths:
            self.registry.paths[key] = self._free_path(base, numbered=not named)
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
        """Where `:=` is recorded: the scan, the metric, the update rule, or the model."""
        frame = self.scan or self.metric or self.rule
        return frame.updates if frame is not None else self.updates

    def held(self, leaf: Node) -> Node:
        """What a state holds here: what it was given last, at the beginning of a scan's step a leaf of its body."""
        return self.held_in(self.scan, leaf)

    def held_in(self, scan: ScanFrame | None, leaf: Node) -> Node:
        """What a state holds in a scan's body, or outside of all scans."""
        if scan is None:
            frame = self.metric or self.rule
            return (frame.updates if frame is not None else self.updates).get(leaf, leaf)
        if leaf in scan.updates:
            return scan.updates[leaf]
        if leaf not in scan.states:
            scan.states[leaf] = Node("input", (), dict(leaf.attrs), leaf.type, leaf.span, leaf.name)
        return scan.states[leaf]


def _same_line(a: Span, b: Span) -> bool:
    return a.source is b.source and a.line == b.line


def as_updates(updates: dict[Node, Node]) -> tuple[Update, ...]:
    return tuple(Update(target, value) for target, value in updates.items())
