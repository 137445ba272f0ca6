"""Values that are used once are written where they are used, as a person would.

    multiply_1 = x[i] * f32(2.0)
    add_1_now = multiply_1 + y[i]         =>     add_1[i] = x[i] * f32(2.0) + y[i]
    add_1[i] = add_1_now

So is what optimizers divide by, `x / (sqrt(v) + c)`, which has a function of its own.

Names of the source stay, unless all that happens to them is that they are stored under that name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Set as AbstractSet
from dataclasses import replace

from nndsl.ir.loops import (
    Accumulate,
    Apply,
    ArgStep,
    Binary,
    CallKernel,
    Comment,
    Expr,
    For,
    If,
    Let,
    Num,
    Statement,
    Store,
    Var,
    parts,
    with_body,
    with_parts,
)
from nndsl.kernels.source import text

LEAST = 1e-12
"""Constants from which on `over_root` is exact for all roots."""
WIDTH = 80
"""Longer expressions are not made."""
Body = tuple[Statement, ...]


def tidy(body: Body, source_names: AbstractSet[str], written: AbstractSet[str]) -> Body:
    """The body of a kernel. No read moves past a store to one of the arrays `written`, which the kernel updates."""
    uses = Counter(_uses(*body))
    for name in _changing(body):
        uses[name] = 0
    return tuple(_with_roots(s) for s in _tidied(body, uses, source_names, written))


def _tidied(body: Body, uses: Counter[str], source_names: AbstractSet[str], written: AbstractSet[str]) -> Body:
    if any(isinstance(s, Let) and uses[s.name] == 1 for s in body):
        body = _joined(body, uses, source_names, written)
    return tuple(
        with_body(s, _tidied(s.body, uses, source_names, written)) if isinstance(s, For | If) else s for s in body
    )


def _joined(body: Body, uses: Counter[str], source_names: AbstractSet[str], written: AbstractSet[str]) -> Body:
    """The statements of one block, without locals whose value went to where it is used."""
    rest: list[Statement | None] = list(body)  # None for those that went into another
    users = {name: place for place, statement in enumerate(body) for name in _uses(statement)}
    barrier = _barriers(body, written)
    for place, statement in enumerate(rest):
        if not isinstance(statement, Let) or uses[statement.name] != 1:
            continue
        # In the same block, and with nothing between the two that the value may not move past.
        later = users.get(statement.name, -1)
        user = rest[later] if place < later <= barrier[place] else None
        if not isinstance(user, Let | Store | Accumulate):
            continue
        stored = isinstance(user, Store) and user.value == Var(statement.name, statement.value.dtype)
        if stored or statement.name not in source_names:
            merged = _with(user, statement.name, statement.value)
            if merged is not None:
                rest[later], rest[place] = merged, None
                users.update(dict.fromkeys(_names(statement.value), later))
    return tuple(s for s in rest if s is not None)


def _barriers(body: Body, written: AbstractSet[str]) -> list[int]:
    """For each statement the next one behind it that is no local and no store to an array that is not `written`."""
    out: list[int] = []
    barrier = len(body)
    for place in reversed(range(len(body))):
        out.append(barrier)
        statement = body[place]
        if not isinstance(statement, Let) and not (isinstance(statement, Store) and statement.buffer not in written):
            barrier = place
    return out[::-1]


def _with(statement: Let | Store | Accumulate, name: str, value: Expr) -> Statement | None:
    """The statement with a value in place of a local, unless that gets too long."""
    made = _filled(statement.value, name, value)
    return replace(statement, value=made) if len(text(made)) <= WIDTH else None


# --- divisions by roots --------------------------------------------------------------------------------------


def _with_roots(statement: Statement) -> Statement:
    """The statement with `over_root(x, v, c)` for each x / (sqrt(v) + c)."""
    match statement:
        case For() | If():
            return with_body(statement, tuple(_with_roots(s) for s in statement.body))
        case Let() | Store() | Accumulate():
            made = _over_root(statement.value)
            return statement if made is statement.value else replace(statement, value=made)
    return statement


def _over_root(expr: Expr) -> Expr:
    expr = with_parts(expr, _over_root)
    match expr:
        case Binary("/", x, Binary("+", Apply("sqrt", (v,)), Num(c) as constant), dtype) if c >= LEAST:
            return Apply(f"over_root_{dtype}", (x, v, constant), dtype)
    return expr


# --- expressions -------------------------------------------------------------------------------------------


def _filled(expr: Expr, name: str, value: Expr) -> Expr:
    if isinstance(expr, Var):
        return value if expr.name == name else expr
    return with_parts(expr, lambda part: _filled(part, name, value))


def _names(*exprs: Expr) -> list[str]:
    """The locals in expressions, once for each use, in no order."""
    found: list[str] = []
    rest = list(exprs)
    while rest:
        expr = rest.pop()
        if isinstance(expr, Var):
            found.append(expr.name)
        else:
            rest += parts(expr)
    return found


def _uses(*statements: Statement) -> list[str]:
    """The locals that statements read, once for each use, in no order."""
    found: list[str] = []
    rest = list(statements)
    while rest:
        statement = rest.pop()
        match statement:
            case For():
                found += _names(statement.start, statement.stop)
                rest += statement.body
            case If():
                found += _names(statement.condition)
                rest += statement.body
            case Let() | Accumulate():
                found += _names(statement.value)
            case Store():
                found += _names(statement.value, *statement.index)
            case ArgStep():
                found += _names(statement.value, statement.value, statement.index)
            case CallKernel():
                found += statement.arguments
            case Comment():
                pass
    return found


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
