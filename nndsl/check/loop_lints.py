"""Warnings about names in the order of the text: a layer shared by the turns of a loop, a value that another replaces
before it is read. They look at a definition as it is written, whether or not anything uses it."""

from __future__ import annotations

from collections.abc import Iterator

from nndsl.check.resolve import parts
from nndsl.check.scope import Scope
from nndsl.check.values import Function
from nndsl.diagnostics import Label, Problem, Span
from nndsl.problems import suspicions
from nndsl.syntax import ast


def shared_in_loops(item: ast.Definition, scope: Scope) -> Iterator[Problem]:
    """Layers with params that are built before a loop, and applied in it to what the turn before gave.

    Where a turn applies a layer to something else, as to one view of several, sharing is meant.
    """
    loops = [part for part in parts(item) if isinstance(part, ast.For | ast.Repeat) and not _one_turn(part)]
    if not loops:
        return
    built = _built(item, scope)
    told: set[str] = set()
    for loop in loops:
        inside = [part for part in parts(loop.body) if isinstance(part, ast.Assign)]
        made_inside = {name for statement in inside for name in statement.names}
        for statement in inside:
            for name, place, given in applied_in(statement.value):
                if name in built and name not in made_inside | told and not given.isdisjoint(statement.names):
                    told.add(name)
                    yield suspicions.SharedInLoop(
                        place,
                        message=f"each turn of this loop applies the one layer `{name}`",
                        note="so all turns have the same weights",
                        related=(Label(built[name], "it is built here, once"),),
                        cure="build it in the loop; where it is to be shared, write `# nndsl: allow NN413` above this",
                    )


def _one_turn(loop: ast.For | ast.Repeat) -> bool:
    match loop:
        case ast.Repeat(count=ast.Number(value=count)):
            return count <= 1
        case ast.For(items=ast.Range(start=ast.Number(value=start), stop=ast.Number(value=stop))):
            return stop - start <= 1
        case ast.For(items=ast.ListExpr(items=items)):
            return len(items) <= 1
    return False


def _built(item: ast.Definition, scope: Scope) -> dict[str, Span]:
    """Names that are bound once, to a layer with params, and where."""
    found: dict[str, Span] = {}
    again: set[str] = set()
    known: dict[Function, bool] = {}
    for part in parts(item):
        if isinstance(part, ast.Assign):
            again |= found.keys() & set(part.names)
            if len(part.names) == 1 and any(has_params(f, known) for f in _layers_built(part.value, scope)):
                found[part.names[0]] = part.span
    return {name: span for name, span in found.items() if name not in again}


def _layers_built(expr: ast.Expr, scope: Scope) -> Iterator[Function]:
    """The layers that `Dense(64)` or `Dense(64) |> relu` builds; none where a value flows in."""
    stages = (expr.value, *expr.stages) if isinstance(expr, ast.Pipe) else (expr,)
    for i, stage in enumerate(stages):
        called = stage.function if isinstance(stage, ast.Call) else stage
        holder = scope.find(called.id) if isinstance(called, ast.Name) else None
        value = holder.get(called.id) if holder is not None and isinstance(called, ast.Name) else None
        if isinstance(value, Function) and value.role == "layer" and isinstance(stage, ast.Call):
            yield value
        elif i == 0:
            return


def has_params(function: Function, known: dict[Function, bool]) -> bool:
    """Whether a layer, or one that it names, declares params. `known` remembers those that were looked at."""
    if function not in known:
        known[function] = False  # for one that names itself
        known[function] = any(_makes_params(part, function.scope, known) for part in parts(function.definition))
    return known[function]


def _makes_params(part: ast.Syntax, scope: Scope, known: dict[Function, bool]) -> bool:
    if isinstance(part, ast.Name):
        holder = scope.find(part.id)
        inner = holder.get(part.id) if holder is not None else None
        return isinstance(inner, Function) and inner.role == "layer" and has_params(inner, known)
    return isinstance(part, ast.ParamDecl)


def names_in(expr: object) -> set[str]:
    """The names that a stretch of syntax reads."""
    return {part.id for part in parts(expr) if isinstance(part, ast.Name)}


def applied_in(expr: ast.Expr) -> Iterator[tuple[str, Span, set[str]]]:
    """Names that are applied in an expression, `d(x)` or `x |> d`, with the names in what they are applied to."""
    for part in parts(expr):
        match part:
            case ast.Call(function=ast.Name(id=name, span=place), arguments=arguments):
                yield name, place, names_in(arguments)
            case ast.Pipe(value=value, stages=stages):
                given = names_in(value)
                for stage in stages:
                    if isinstance(stage, ast.Name):
                        yield stage.id, stage.span, set(given)
                    given |= names_in(stage)


# --- values that are replaced ----------------------------------------------------------------------------------


def replaced_values(item: ast.Definition) -> Iterator[Problem]:
    """Names that get another value before the first is read, and loops that run over the name of a value."""
    waiting: dict[str, Span] = {p.name: p.name_span for p in (*(item.config or ()), *(item.inputs or ()))}
    bound = dict(waiting)
    for statement in item.body:
        read = names_in(statement)
        for name in read:
            waiting.pop(name, None)
        match statement:
            case ast.Assign(names=names, name_spans=spans):
                for name, span in zip(names, spans, strict=True):
                    if name in waiting and not name.startswith("_"):
                        yield _replaced(name, span, waiting[name])
                    waiting[name] = bound[name] = span
            case ast.InputDecl() | ast.ParamDecl() | ast.StateDecl():
                waiting[statement.name] = bound[statement.name] = statement.name_span
            case ast.OutputDecl(value=None, name=name):
                waiting.pop(name, None)
            case ast.If() | ast.For() | ast.Repeat() | ast.Scan():
                yield from _loop_names(statement, bound)
                for name in _bound_in(statement):
                    waiting.pop(name, None)
                    bound.setdefault(name, statement.span)
            case ast.Update(name=name):
                waiting.pop(name, None)


def _replaced(name: str, span: Span, first: Span) -> Problem:
    return suspicions.HiddenValue(
        span,
        message=f"`{name}` gets another value before the first one is read",
        note="from here on it means this",
        related=(Label(first, "nothing reads this"),),
        cure="give one of the two another name, or remove the first",
    )


def _loop_names(statement: ast.Statement, bound: dict[str, Span]) -> Iterator[Problem]:
    for part in parts(statement):
        if isinstance(part, ast.For) and part.name in bound and not part.name.startswith("_"):
            first = bound[part.name]
            if first.start < part.span.start and not any(
                isinstance(inner, ast.For) and inner.span == first for inner in parts(statement)
            ):
                yield suspicions.HiddenValue(
                    part.name_span,
                    message=f"this loop runs over the name `{part.name}`, which has a value",
                    note="from here on it means an item of the list",
                    related=(Label(first, "it has that value from here"),),
                    cure="give the loop a name of its own",
                )


def _bound_in(statement: ast.Statement) -> Iterator[str]:
    """Names that a block binds, those of its loops aside."""
    for part in parts(statement):
        match part:
            case ast.Assign(names=names):
                yield from names
            case ast.Collect(name=name) | ast.Carry(name=name):
                yield name
