"""Checking again what one change of a long file touches, in milliseconds; the whole check behind it has the last word.

A change in the body of a model is read by itself: its lines are parsed, and carried out in the scope that stood before
them. Where they give what they gave before, everything behind them is as it was; else the lines that read what is
different are carried out too, and so on. A change of a layer or function carries out the lines that use it.
"""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from nndsl.check.context import APPLIED, Context, Ports, Registry, Stop
from nndsl.check.notes import Notes
from nndsl.check.resolve import unknown_names
from nndsl.check.scope import Scope
from nndsl.check.statements import run_block
from nndsl.check.text_lints import names_read
from nndsl.check.train import elaborate_train
from nndsl.check.values import Function, Instance, Value
from nndsl.diagnostics import Problem, Source, Span, unique_sorted
from nndsl.editor.analysis import Analysis
from nndsl.editor.edits import Change
from nndsl.editor.resolve import bound_by
from nndsl.ir.graph import Node
from nndsl.syntax import ast
from nndsl.syntax.parse import parse, parse_lines, parse_range

SECONDS = 0.03
"""How long lines are carried out again before the rest is left to the whole check."""


@dataclass(frozen=True, eq=False)
class Quick:
    """What is known after a change: all problems, and the values of what was carried out again. `done` where nothing
    that the change touches was left out."""

    problems: tuple[Problem, ...]
    notes: Notes
    done: bool


def check_change(base: Analysis, change: Change) -> Quick | None:
    """The problems of the changed text. None where only a whole check can tell them."""
    item = next((i for i in base.file.items if i.span.start < change.start and change.old_end < i.span.end), None)
    if item is None:
        return _between(base, change) or _unread(base, change)
    try:
        match item:
            case ast.Definition(role="model"):
                return _Model(base, change, item).run()
            case ast.Definition():
                return _definition(base, change, item)
            case ast.Section(role="train" | "data"):
                return _section(base, change, item)
    except RecursionError:
        pass
    return _unread(base, change)


def _between(base: Analysis, change: Change) -> Quick | None:
    """A change of blanks and comments between the declarations: nothing is said of it."""
    for text, start, end in ((base.source.text, change.start, change.old_end),
                             (change.new.text, change.start, change.new_end)):  # fmt: skip
        lines = text[text.rfind("\n", 0, start) + 1 : (text + "\n").index("\n", end)].split("\n")
        if not all(not line.strip() or line.lstrip().startswith("#") for line in lines):
            return None
    return Quick(_merged(base, change, [], []), Notes(change.new), True)


def _unread(base: Analysis, change: Change) -> Quick | None:
    """Syntax alone: what does not parse is told at once, and what was wrong elsewhere stays."""
    _, found = parse(change.new)
    if not found:
        return None
    return Quick(_merged(base, change, [], list(found)), Notes(change.new), False)


def _merged(base: Analysis, change: Change, again: list[tuple[int, int]], found: list[Problem]) -> tuple[Problem, ...]:
    """Old problems where nothing was checked again (in the stretches `again` of the old text), and new ones."""

    def checked_again(span: Span) -> bool:
        return span.source is base.source and any(a <= span.start < b for a, b in again)

    kept: list[Problem] = []
    for problem in base.problems:
        places = [label.span for label in problem.labels if label.text == APPLIED]
        if problem.span is None or not (
            change.forward(problem.span) is None or any(map(checked_again, [problem.span, *places]))
        ):
            kept.append(problem)
    return unique_sorted([*found, *kept])


# --- a model -----------------------------------------------------------------------------------------------------


@dataclass(eq=False)
class _Run:
    """Lines carried out again: what they found, and which names mean something else than before."""

    base: Analysis
    notes: Notes
    ends: float
    found: list[Problem] = field(default_factory=list)
    again: list[tuple[int, int]] = field(default_factory=list)
    changed: dict[str, Value | None] = field(default_factory=dict)
    """Names with what they mean now; None where nothing binds them any more."""

    def lines(self, ctx: Context, scope: Scope, names: Mapping[str, Value], lines: ast.Block, body: ast.Block) -> Scope:
        """Carry out lines over names as they stood; the scope they leave."""
        own = {name: value for name, value in names.items() if name not in self.changed}
        own |= {name: value for name, value in self.changed.items() if value is not None}
        inner = Scope(scope.parent, own, dict(scope.spans), role="model", body=body, fixed=scope.fixed)
        inner.states = dict(scope.states)
        fresh = Context(True, Registry(), _ports(ctx, scope, lines), notes=self.notes, marks=ctx.marks)
        fresh.loss_names = dict.fromkeys(_losses(body, lines), 2)
        with suppress(Stop):
            run_block(fresh, inner, lines)
        self.found += fresh.problems
        return inner

    def compare(self, names: Mapping[str, Value], now: Scope, bound: set[str]) -> None:
        """Note which of the names that lines bind mean something else than before."""
        for name in bound:
            before, value = names.get(name, _ABSENT), now.names.get(name, _ABSENT)
            if value is _ABSENT:
                if before is not _ABSENT or name in self.changed:
                    self.changed[name] = None
            elif before is _ABSENT or not alike(before, value):
                self.changed[name] = value
            else:
                self.changed.pop(name, None)

    def follow(self, name: str, statements: ast.Block, first: int, body: ast.Block, dirty: set[str]) -> bool:
        """Carry out the lines that read what has changed, in order; whether there was time for all of them.

        `dirty` are names of definitions that have changed.
        """
        ctx, scope = self.base.notes.bodies[name]
        for i in range(first, len(statements)):
            if not self.changed and not dirty:
                return True
            statement = statements[i]
            read = reads(statement)
            if not (read & self.changed.keys() or read & dirty):
                for lost in binds(statement) & self.changed.keys():
                    del self.changed[lost]
                continue
            before = self.base.notes.before.get((statement.span.start, statement.span.end))
            if before is None or time.perf_counter() > self.ends:
                return False
            now = self.lines(ctx, scope, before.names, (statement,), body)
            self.again.append((statement.span.start, statement.span.end + 1))
            after = self.after(statements, i + 1, scope)
            if after is None:
                return False
            self.compare(after, now, binds(statement))
        return True

    def after(self, statements: ast.Block, i: int, scope: Scope) -> Mapping[str, Value] | None:
        """The names as they stood before statement `i`, or at the end."""
        if i >= len(statements):
            return scope.names
        span = statements[i].span
        before = self.base.notes.before.get((span.start, span.end))
        return before.names if before is not None else None


_ABSENT: Value = object()  # type: ignore[assignment]


class _Model:
    """A change in the body of a model."""

    def __init__(self, base: Analysis, change: Change, item: ast.Definition) -> None:
        self.base, self.change, self.item = base, change, item

    def run(self) -> Quick | None:
        base, change, body = self.base, self.change, self.item.body
        if not body or change.start < body[0].span.start or self.item.name not in base.notes.bodies:
            return _unread(base, change)
        first = max(bisect_left([s.span.end for s in body], change.start) - 1, 0)
        last = max(bisect_right([s.span.start for s in body], change.old_end), first + 1)
        start = body[first].span.start
        end = (body[last].span.start if last < len(body) else self.item.span.end - 1) + change.shift
        lines, wrong = parse_lines(change.new, start, end)
        if _is_cut(change.new, end):
            return _unread(base, change)
        before = base.notes.before.get((body[first].span.start, body[first].span.end))
        if before is None:
            return None
        run = _Run(base, Notes(change.new), time.perf_counter() + SECONDS, list(wrong))
        ctx, scope = base.notes.bodies[self.item.name]
        whole = (*body[:first], *lines, *body[last:])
        now = run.lines(ctx, scope, before.names, lines, whole)
        run.again.append((start, end - change.shift))
        after = run.after(body, last, scope)
        if after is None:
            return None
        run.compare(after, now, {n for s in (*body[first:last], *lines) for n in binds(s)})
        done = run.follow(self.item.name, body, last, whole, set())
        return Quick(_merged(base, change, run.again, run.found), run.notes, done)


def _is_cut(source: Source, end: int) -> bool:
    """Whether a line goes on where it was thought to end."""
    return source.text[end : end + 2] in ("|>", "->")


def _ports(ctx: Context, scope: Scope, lines: ast.Block) -> Ports:
    """Inputs and outputs of the model but for those that the lines declare."""
    mine = {name for line in lines for name in binds(line)} | {
        line.name for line in lines if isinstance(line, ast.OutputDecl)
    }
    return Ports(
        {name: port for name, port in ctx.ports.inputs.items() if name not in mine},
        {name: leaf for name, leaf in ctx.ports.leaves.items() if name not in mine},
        {name: made for name, made in ctx.ports.outputs.items() if name not in mine},
    )


def _losses(body: ast.Block, lines: ast.Block) -> list[str]:
    """The names of the losses of other lines."""
    own = {id(line) for line in lines}
    return [s.name for s in body if isinstance(s, ast.LossLine) and s.name is not None and id(s) not in own]


def reads(statement: ast.Statement) -> set[str]:
    """The names that a statement reads."""
    return names_read(statement)


def binds(statement: ast.Statement) -> set[str]:
    """The names that a statement of a body binds, in its blocks too."""
    found = {name for name, _, given in bound_by(statement) if given}
    match statement:
        case ast.PoisonStatement():
            found |= set(statement.names)
        case ast.InputDecl(type=ast.TensorTypeExpr(dims=dims)):
            found |= {dim.id for dim in dims or () if isinstance(dim, ast.Name)}
        case ast.If():
            found |= {name for inner in (*statement.then, *statement.otherwise) for name in binds(inner)}
        case ast.For() | ast.Repeat():
            found |= {name for inner in statement.body for name in binds(inner)}
        case ast.Scan():
            found |= {carry.name for carry in statement.carries}
            found |= {inner.name for inner in statement.body if isinstance(inner, ast.Collect)}
    return found


def alike(a: Value, b: Value) -> bool:
    """Whether two values are the same to those who read them, as far as Problems go."""
    match a, b:
        case Node(), Node():
            return a.type == b.type and (a.op == "input") == (b.op == "input")
        case list() | tuple(), list() | tuple():
            return type(a) is type(b) and len(a) == len(b) and all(map(alike, a, b))
        case Instance(), Instance():
            same = a.function.named is b.function.named and a.config.keys() == b.config.keys()
            return same and not a.stages and not b.stages and all(alike(a.config[k], b.config[k]) for k in a.config)
        case Function(), Function():
            return a.named is b.named
    return a is b or (type(a) is type(b) and a == b)


# --- other declarations --------------------------------------------------------------------------------------------


def _definition(base: Analysis, change: Change, item: ast.Definition) -> Quick | None:
    """A layer or function: the lines of models that use it are carried out with what it is now."""
    file, wrong = parse_range(change.new, item.span.start, item.span.end + change.shift)
    if wrong or _is_cut(change.new, item.span.end + change.shift):
        return _unread(base, change)
    scope = base.notes.units[0].scope
    old = scope.names.get(item.name)
    match file.items:
        case (ast.Definition(name=item.name, role=item.role) as made,) if isinstance(old, Function):
            pass
        case _:
            return None
    run = _Run(base, Notes(change.new), time.perf_counter() + SECONDS)
    run.again.append((item.span.start, item.span.end))
    dirty = _users(base.file, item.name)
    done = True
    with _bound(scope, item.name, Function(made, scope)):
        for model in (i for i in base.file.items if isinstance(i, ast.Definition) and i.role == "model"):
            run.changed = {}
            if model.name in base.notes.bodies:
                done = run.follow(model.name, model.body, 0, model.body, dirty) and done
    run.found += unknown_names(file, scope, run.found)
    return Quick(_merged(base, change, run.again, run.found), run.notes, done)


@contextmanager
def _bound(scope: Scope, name: str, value: Value) -> Iterator[None]:
    """Inside, a name of a file means something else."""
    before = scope.names[name]
    scope.names[name] = value
    try:
        yield
    finally:
        scope.names[name] = before


def _users(file: ast.File, name: str) -> set[str]:
    """A definition and all that are made of it."""
    read = {i.name: names_read(i) for i in file.items if isinstance(i, ast.Definition | ast.Alias)}
    found, waiting = {name}, [name]
    while waiting:
        wanted = waiting.pop()
        more = [other for other, names in read.items() if wanted in names and other not in found]
        found |= set(more)
        waiting += more
    return found


def _section(base: Analysis, change: Change, item: ast.Section) -> Quick | None:
    """A train section, or a data section that bears the name of a model."""
    file, wrong = parse_range(change.new, item.span.start, item.span.end + change.shift)
    if wrong or _is_cut(change.new, item.span.end + change.shift):
        return _unread(base, change)
    made = base.notes.made.get(item.name)
    match file.items:
        case (ast.Section(name=item.name, role="train") as section,) if item.role == "train" and made is not None:
            notes, found = Notes(change.new), list[Problem]()
            elaborate_train(section, base.notes.units[0].scope, made, {}, section.name_span, found, notes)
            again = [(item.span.start, item.span.end)]
            return Quick(_merged(base, change, again, found), notes, True)
    return None
