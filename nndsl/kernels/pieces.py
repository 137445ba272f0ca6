"""Loops are cut where a condition on their index changes, so that no element is asked where it lies.

    for j in range(128):                                              for j in range(0, 32):
        y[i, j] = a[i, j] if j < 32 else b[i, j - 32]        =>           y[i, j] = a[i, j]
                                                                      for j in range(32, 128):
                                                                          y[i, j] = b[i, j - 32]

What is joined, padded or put together from parts becomes plain copies, which vectorize.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from nndsl.costs import MOST_CUTS
from nndsl.ir.loops import (
    Accumulate,
    ArgStep,
    Binary,
    Expr,
    For,
    If,
    Let,
    Load,
    Not,
    Num,
    Select,
    Statement,
    Store,
    Var,
    parts,
    with_body,
    with_parts,
)

Body = tuple[Statement, ...]


def in_pieces(body: Body, clean: Callable[[Body], Body]) -> Body:
    """The body of a kernel with its innermost loops of known bounds cut; `clean` goes over the body of each piece."""
    out: list[Statement] = []
    for statement in body:
        match statement:
            case For() if any(isinstance(s, For) for s in statement.body):
                out.append(with_body(statement, in_pieces(statement.body, clean)))
            case For(start=Num(), stop=Num(), step=1):
                out += _cut(statement, clean)
            case If():
                out.append(with_body(statement, in_pieces(statement.body, clean)))
            case _:
                out.append(statement)
    return tuple(out)


def _cut(loop: For, clean: Callable[[Body], Body]) -> list[Statement]:
    assert isinstance(loop.start, Num)
    assert isinstance(loop.stop, Num)
    start, stop = int(loop.start.value), int(loop.stop.value)
    cuts = sorted({c for s in loop.body for e in _expressions(s) for c in _cuts(e, loop.index) if start < c < stop})
    if not 1 <= len(cuts) <= MOST_CUTS:
        return [loop]
    changing = frozenset(s.name for s in loop.body if isinstance(s, Accumulate))
    out: list[Statement] = []
    for low, high in zip([start, *cuts], [*cuts, stop], strict=True):
        piece = _Piece(loop.index, low, high, changing).body(loop.body)
        if piece:
            out.append(replace(loop, start=Num(low, "int"), stop=Num(high, "int"), body=clean(piece)))
    return out


def _expressions(statement: Statement) -> Iterator[Expr]:
    match statement:
        case Let() | Store() | Accumulate() | ArgStep():
            yield statement.value
        case If():
            yield statement.condition
            for inner in statement.body:
                yield from _expressions(inner)


# --- where conditions change -------------------------------------------------------------------------------


def _offset(expr: Expr, index: str) -> int | None:
    """n where the expression is `index + n`."""
    match expr:
        case Var():
            return 0 if expr.name == index else None
        case Binary(op="+" | "-" as op, right=Num(value=number)):
            inner = _offset(expr.left, index)
            return None if inner is None else inner + int(number) if op == "+" else inner - int(number)
    return None


def _turns(expr: Expr, index: str) -> tuple[str, int] | None:
    """The comparison of the index with a number that the expression is."""
    if isinstance(expr, Binary) and isinstance(expr.right, Num) and expr.op in ("<", "<=", ">", ">=", "=="):
        offset = _offset(expr.left, index)
        if offset is not None:
            return expr.op, int(expr.right.value) - offset
    return None


def _cuts(expr: Expr, index: str) -> Iterator[int]:
    found = _turns(expr, index)
    if found is not None:
        op, at = found
        yield from {"<": (at,), ">=": (at,), "<=": (at + 1,), ">": (at + 1,), "==": (at, at + 1)}[op]
        return
    if not isinstance(expr, Load):
        for part in parts(expr):
            yield from _cuts(part, index)


# --- a piece -----------------------------------------------------------------------------------------------


@dataclass(eq=False)
class _Piece:
    """What is known where `low <= index < high`: how conditions on the index come out, and locals that are only another
    name for something."""

    index: str
    low: int
    high: int
    changing: frozenset[str]
    same: dict[str, Expr] = field(default_factory=dict)

    def body(self, statements: Body) -> Body:
        return tuple(made for statement in statements for made in self.statement(statement))

    def statement(self, statement: Statement) -> list[Statement]:
        match statement:
            case Let(name, value):
                made = self.known(value)
                if isinstance(made, Num) or (isinstance(made, Var) and made.name not in self.changing):
                    self.same[name] = made
                    return []
                return [Let(name, made)]
            case Store() | Accumulate() | ArgStep():
                return [replace(statement, value=self.known(statement.value))]
            case If():
                condition, inside = self.known(statement.condition), self.body(statement.body)
                if isinstance(condition, Num):
                    return list(inside) if condition.value else []
                return [replace(statement, condition=condition, body=inside)]
        return [statement]

    def known(self, expr: Expr) -> Expr:
        """An expression as it is here."""
        found = _turns(expr, self.index)
        if found is not None:
            op, at = found
            first, last = _holds(op, self.low, at), _holds(op, self.high - 1, at)
            alike = first == last and (op != "==" or not first or self.high - self.low == 1)
            return Num(first, "bool") if alike else expr
        match expr:
            case Var(name):
                return self.same.get(name, expr)
            case Select():
                condition = self.known(expr.condition)
                if isinstance(condition, Num):
                    return self.known(expr.then if condition.value else expr.otherwise)
        made = with_parts(expr, self.known)
        return _simpler(made) if isinstance(made, Binary | Not) else made


def _holds(op: str, index: int, at: int) -> bool:
    return {"<": index < at, "<=": index <= at, ">": index > at, ">=": index >= at, "==": index == at}[op]


def _simpler(expr: Binary | Not) -> Expr:
    """Without what is true anyway, and without zeros added (kernels take no notice of a zero's sign)."""
    match expr:
        case Not(Num(value=known)):
            return Num(not known, "bool")
        case Binary("and", Num(value=known), other) | Binary("and", other, Num(value=known)):
            return other if known else Num(False, "bool")
        case Binary("or", Num(value=known), other) | Binary("or", other, Num(value=known)):
            return Num(True, "bool") if known else other
        case Binary("+", Num(value=0.0), other) | Binary("+", other, Num(value=0.0)):
            return other
    return expr
