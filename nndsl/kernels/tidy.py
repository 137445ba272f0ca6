"""Values that are used once are written where they are used, as a person would.

    multiply_1 = x[i] * f32(2.0)
    add_1_now = multiply_1 + y[i]         =>     add_1[i] = x[i] * f32(2.0) + y[i]
    add_1[i] = add_1_now

Names of the source stay, unless all that happens to them is that they are stored under that name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Set as AbstractSet
from dataclasses import replace

from nndsl.ir.loops import (
    Accumulate,
    ArgStep,
    CallKernel,
    Comment,
    Expr,
    For,
    If,
    Let,
    Statement,
    Store,
    Var,
    parts,
    with_parts,
)
from nndsl.kernels.source import text

WIDTH = 80
"""Longer expressions are not made."""
Body = tuple[Statement, ...]


def tidy(body: Body, source_names: AbstractSet[str], written: AbstractSet[str]) -> Body:
    """The body of a kernel. No read moves past a store to one of the arrays `written`, which the kernel updates."""
    uses = Counter(name for statement in body for name in _uses(statement))
    for name in _changing(body):
        uses[name] = 0
    return _tidied(body, uses, source_names, written)


def _tidied(body: Body, uses: Counter[str], source_names: AbstractSet[str], written: AbstractSet[str]) -> Body:
    rest = list(body)
    place = 0
    while place < len(rest):
        statement = rest[place]
        if isinstance(statement, Let) and uses[statement.name] == 1:
            user = _user(rest, place, written)
            stored = user is not None and rest[user] == Store(
                *_target(rest[user]), Var(statement.name, statement.value.dtype)
            )
            if user is not None and (stored or statement.name not in source_names):
                merged = _with(rest[user], statement.name, statement.value)
                if merged is not None:
                    rest[user] = merged
                    del rest[place]
                    continue
        place += 1
    return tuple(
        replace(s, body=_tidied(s.body, uses, source_names, written)) if isinstance(s, For | If) else s for s in rest
    )


def _target(statement: Statement) -> tuple[str, tuple[Expr, ...]]:
    return (statement.buffer, statement.index) if isinstance(statement, Store) else ("", ())


def _user(body: list[Statement], place: int, written: AbstractSet[str]) -> int | None:
    """Where the local made at `place` is used, when that is in the same block and its value may move there."""
    let = body[place]
    assert isinstance(let, Let)
    for later in range(place + 1, len(body)):
        statement = body[later]
        if let.name in _uses(statement):
            return later if isinstance(statement, Let | Store | Accumulate) else None
        if not isinstance(statement, Let) and not (isinstance(statement, Store) and statement.buffer not in written):
            return None
    return None


def _with(statement: Statement, name: str, value: Expr) -> Statement | None:
    """The statement with a value in place of a local, unless that gets too long."""
    if not isinstance(statement, Let | Store | Accumulate):
        return None
    made = _filled(statement.value, name, value)
    return replace(statement, value=made) if len(text(made)) <= WIDTH else None


# --- expressions -------------------------------------------------------------------------------------------


def _filled(expr: Expr, name: str, value: Expr) -> Expr:
    if isinstance(expr, Var):
        return value if expr.name == name else expr
    return with_parts(expr, lambda part: _filled(part, name, value))


def _names(expr: Expr) -> list[str]:
    """The locals in an expression, once for each use."""
    return [expr.name] if isinstance(expr, Var) else [name for part in parts(expr) for name in _names(part)]


def _uses(statement: Statement) -> list[str]:
    """The locals that a statement reads, once for each use."""
    match statement:
        case For():
            return [*_names(statement.start), *_names(statement.stop), *(n for s in statement.body for n in _uses(s))]
        case If():
            return [*_names(statement.condition), *(n for s in statement.body for n in _uses(s))]
        case Let() | Accumulate():
            return _names(statement.value)
        case Store():
            return [*_names(statement.value), *(n for i in statement.index for n in _names(i))]
        case ArgStep():
            return [*_names(statement.value), *_names(statement.value), *_names(statement.index)]
        case CallKernel():
            return list(statement.arguments)
        case Comment():
            return []


def _changing(body: Body) -> list[str]:
    """Locals that are no single value: accumulators, and what is made more than once."""
    made: Counter[str] = Counter()

    def walk(statements: Body) -> None:
        for statement in statements:
            match statement:
                case For() | If():
                    walk(statement.body)
                case Let():
                    made[statement.name] += 1
                case Accumulate():
                    made[statement.name] += 2
                case ArgStep():
                    made.update([statement.best, statement.at] * 2)
                case _:
                    pass

    walk(body)
    return [name for name, count in made.items() if count > 1]
