"""What the checker learns of places in a file, kept for an editor that asks. A check that nobody asks keeps nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nndsl.check.values import Builtin, Function, Instance, Poison, Value
from nndsl.diagnostics import Source, Span
from nndsl.ir.graph import Node
from nndsl.syntax import ast

if TYPE_CHECKING:
    from nndsl.check.context import Context
    from nndsl.check.model import Elaborated
    from nndsl.check.modules import Unit
    from nndsl.check.scope import Scope

MAX_KEPT = 6
"""How many different values of one place are kept: a layer may be applied thousands of times."""

Place = tuple[int, int]


class Superseded(Exception):
    """A check was given up: its text has changed."""


@dataclass(frozen=True, eq=False)
class Before:
    """How things stood before a statement of a model's body was carried out: the names, and how many Problems there
    were."""

    scope: Scope
    names: Mapping[str, Value]
    found: int


@dataclass(eq=False)
class Notes:
    """Values by where they stand in `source`.

    `values` are those of expressions, and of the names that statements bind. `stages` are what the stages of pipes
    give. `before` holds for each statement in the body of a model how things stood before it, in the training program.
    `units` are the files, the first one first; `made` the models.
    """

    source: Source
    values: dict[Place, list[Value]] = field(default_factory=dict)
    stages: dict[Place, list[Value]] = field(default_factory=dict)
    before: dict[Place, Before] = field(default_factory=dict)
    bodies: dict[str, tuple[Context, Scope]] = field(default_factory=dict)
    units: Sequence[Unit] = ()
    made: Mapping[str, Elaborated] = field(default_factory=dict)
    superseded: bool = False
    """Set while the check runs, by another thread, when nobody waits for it any more: `Superseded` ends it."""

    def value(self, span: Span, value: Value) -> None:
        """Note the value of an expression."""
        if span.source is self.source:
            _keep(self.values, (span.start, span.end), value)

    def stage(self, span: Span, value: Value) -> None:
        """Note what a stage of a pipe gives."""
        if span.source is self.source:
            _keep(self.stages, (span.start, span.end), value)

    def begin(self, ctx: Context, scope: Scope, statement: ast.Statement) -> None:
        """Note how things stand before a statement of a model."""
        if self.superseded:
            raise Superseded
        if scope.role == "model" and ctx.training and ctx.scan is None and not ctx.turns:
            place = (statement.span.start, statement.span.end)
            self.before.setdefault(place, Before(scope, dict(scope.names), len(ctx.problems)))

    def end(self, scope: Scope, statement: ast.Statement) -> None:
        """Note what a statement has bound."""
        if statement.span.source is not self.source:
            return
        spans: tuple[Span, ...]
        match statement:
            case ast.Assign(names=names, name_spans=spans):
                pass
            case (
                ast.InputDecl(name=name, name_span=span)
                | ast.OutputDecl(name=name, name_span=span)
                | ast.ParamDecl(name=name, name_span=span)
                | ast.StateDecl(name=name, name_span=span)
                | ast.Update(name=name, name_span=span)
                | ast.For(name=name, name_span=span)
            ):
                names, spans = (name,), (span,)
            case _:
                return
        for name, span in zip(names, spans, strict=True):
            if name in scope.names:
                _keep(self.values, (span.start, span.end), scope.names[name])


def _keep(kept: dict[Place, list[Value]], place: Place, value: Value) -> None:
    known = kept.setdefault(place, [])
    if len(known) < MAX_KEPT and not any(_same(value, other) for other in known):
        known.append(value)


def _same(a: Value, b: Value) -> bool:
    """Whether two values say the same to a reader."""
    if isinstance(a, Node) and isinstance(b, Node):
        return a.type == b.type
    if isinstance(a, Function | Instance | Builtin | Poison):
        return a is b
    return type(a) is type(b) and a == b
