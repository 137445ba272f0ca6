"""The loop IR: scalar expressions and the statements of a kernel, printed as Python for Numba.

Expressions know their dtype, so the printer can write literals that do not widen the arithmetic (`f32(0.5)`).
Index arithmetic has dtype `int`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from operator import is_
from typing import TypeAlias


class Structure:
    """Equality, hash and text by the fields, written once: to generate them for each class is most of the import."""

    __match_args__: tuple[str, ...]

    def _parts(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in self.__match_args__)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and isinstance(other, Structure) and self._parts() == other._parts()

    def __hash__(self) -> int:
        return hash((type(self), self._parts()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self._parts()))})"


class Ops(Structure):
    """Operator notation for expressions, so that a lowering reads like the formula."""

    def __add__(self, other: Operand) -> Expr:
        return binary("+", self, other)

    def __radd__(self, other: Operand) -> Expr:
        return binary("+", other, self)

    def __sub__(self, other: Operand) -> Expr:
        return binary("-", self, other)

    def __rsub__(self, other: Operand) -> Expr:
        return binary("-", other, self)

    def __mul__(self, other: Operand) -> Expr:
        return binary("*", self, other)

    def __rmul__(self, other: Operand) -> Expr:
        return binary("*", other, self)

    def __truediv__(self, other: Operand) -> Expr:
        return binary("/", self, other)

    def __floordiv__(self, other: Operand) -> Expr:
        return binary("//", self, other)

    def __mod__(self, other: Operand) -> Expr:
        return binary("%", self, other)

    def __neg__(self) -> Expr:
        return Negate(as_expr(self, "int"))

    def __lt__(self, other: Operand) -> Expr:
        return compare("<", self, other)

    def __le__(self, other: Operand) -> Expr:
        return compare("<=", self, other)

    def __gt__(self, other: Operand) -> Expr:
        return compare(">", self, other)

    def __ge__(self, other: Operand) -> Expr:
        return compare(">=", self, other)


@dataclass(frozen=True, eq=False, repr=False)
class Num(Ops):
    """A literal."""

    value: float | int | bool
    dtype: str


@dataclass(frozen=True, eq=False, repr=False)
class Var(Ops):
    """A local name or a size."""

    name: str
    dtype: str = "int"


@dataclass(frozen=True, eq=False, repr=False)
class Load(Ops):
    """An element of a buffer; with an empty index the buffer is a scalar in a one-element array."""

    buffer: str
    index: tuple[Expr, ...]
    dtype: str


@dataclass(frozen=True, eq=False, repr=False)
class Binary(Ops):
    """`left op right`."""

    op: str
    left: Expr
    right: Expr
    dtype: str


@dataclass(frozen=True, eq=False, repr=False)
class Negate(Ops):
    """`-operand`."""

    operand: Expr

    @property
    def dtype(self) -> str:
        return self.operand.dtype


@dataclass(frozen=True, eq=False, repr=False)
class Not(Ops):
    """`not operand`."""

    operand: Expr
    dtype: str = "bool"


@dataclass(frozen=True, eq=False, repr=False)
class Apply(Ops):
    """`function(arguments)`; the function is one of `nndsl.runtime`'s scalar functions or of `math`/`np`."""

    function: str
    arguments: tuple[Expr, ...]
    dtype: str


@dataclass(frozen=True, eq=False, repr=False)
class Select(Ops):
    """`then if condition else otherwise`."""

    condition: Expr
    then: Expr
    otherwise: Expr

    @property
    def dtype(self) -> str:
        return self.then.dtype


@dataclass(frozen=True, eq=False, repr=False)
class Cast(Ops):
    """`dtype(operand)`."""

    operand: Expr
    dtype: str


Expr: TypeAlias = Num | Var | Load | Binary | Negate | Not | Apply | Select | Cast
Operand: TypeAlias = Expr | Ops | int | float | bool


def as_expr(value: Operand, like: str) -> Expr:
    """A Python number as a literal of dtype `like`; expressions pass."""
    if isinstance(value, (bool, int, float)):
        return Num(value, like)
    return value  # type: ignore[return-value]


def _dtype(a: Operand, b: Operand) -> str:
    """The dtype of an operation: that of the side which is no bare number."""
    side = b if isinstance(a, (int, float)) else a
    return as_expr(side, "int").dtype


def binary(op: str, a: Operand, b: Operand) -> Expr:
    """`a op b`; a Python number takes the other side's dtype. Integer identities are folded."""
    like = _dtype(a, b)
    left, right = as_expr(a, like), as_expr(b, like)
    if like == "int":
        folded = _fold_index(op, left, right)
        if folded is not None:
            return folded
    return Binary(op, left, right, like)


def _fold_index(op: str, a: Expr, b: Expr) -> Expr | None:
    """Index arithmetic on known numbers, so that indices print as a person would write them."""
    match op, a, b:
        case "+", Num(x), Num(y):
            return Num(x + y, "int")
        case "-", Num(x), Num(y):
            return Num(x - y, "int")
        case "*", Num(x), Num(y):
            return Num(x * y, "int")
        case ("+", Num(0), e) | ("+" | "-", e, Num(0)) | ("*", Num(1), e) | ("*" | "//", e, Num(1)):
            return e
        case "%", _, Num(1):
            return Num(0, "int")
    return None


def compare(op: str, a: Operand, b: Operand) -> Expr:
    """A comparison, of dtype bool."""
    like = _dtype(a, b)
    return Binary(op, as_expr(a, like), as_expr(b, like), "bool")


def equal(a: Operand, b: Operand) -> Expr:
    """`a == b`."""
    return compare("==", a, b)


def parts(expr: Expr) -> tuple[Expr, ...]:
    """What an expression is made of."""
    match expr:
        case Num() | Var():
            return ()
        case Load():
            return expr.index
        case Binary():
            return (expr.left, expr.right)
        case Negate() | Not() | Cast():
            return (expr.operand,)
        case Apply():
            return expr.arguments
        case Select():
            return (expr.condition, expr.then, expr.otherwise)


def with_parts(expr: Expr, of: Callable[[Expr], Expr]) -> Expr:
    """The expression with `of(part)` for each part; itself where none changes."""
    old = parts(expr)
    if not old:
        return expr
    new = tuple([of(part) for part in old])
    if all(map(is_, old, new)):
        return expr
    match expr:
        case Load():
            return Load(expr.buffer, new, expr.dtype)
        case Binary():
            left, right = new
            return Binary(expr.op, left, right, expr.dtype)
        case Negate() | Not() | Cast():
            return replace(expr, operand=new[0])
        case Apply():
            return replace(expr, arguments=new)
        case Select():
            return replace(expr, condition=new[0], then=new[1], otherwise=new[2])
        case Num() | Var():
            return expr


# --- statements ------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, repr=False)
class For(Structure):
    """`for index in range(start, stop[, step]): body`."""

    index: str
    start: Expr
    stop: Expr
    body: tuple[Statement, ...]
    step: int = 1


@dataclass(frozen=True, eq=False, repr=False)
class Let(Structure):
    """`name = value`."""

    name: str
    value: Expr


@dataclass(frozen=True, eq=False, repr=False)
class Store(Structure):
    """`buffer[index] = value`."""

    buffer: str
    index: tuple[Expr, ...]
    value: Expr


@dataclass(frozen=True, eq=False, repr=False)
class Accumulate(Structure):
    """`name = combine(name, value)` with combine one of `add`, `max`, `min`, `mul`."""

    name: str
    combine: str
    value: Expr


@dataclass(frozen=True, eq=False, repr=False)
class ArgStep(Structure):
    """One step of argmax or argmin: where `value` beats `best`, remember `index` in `at`."""

    best: str
    at: str
    combine: str
    value: Expr
    index: Expr


@dataclass(frozen=True, eq=False, repr=False)
class CallKernel(Structure):
    """A call of a ready kernel: `function(arguments)`, where arguments are buffer names or expressions."""

    function: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Comment(Structure):
    """`# text`."""

    text: str


@dataclass(frozen=True, eq=False, repr=False)
class If(Structure):
    """`if condition: body`."""

    condition: Expr
    body: tuple[Statement, ...]


Statement: TypeAlias = For | Let | Store | Accumulate | ArgStep | CallKernel | Comment | If


def with_body(statement: For | If, body: tuple[Statement, ...]) -> For | If:
    """The statement around another body; itself where that is the one it has."""
    same = len(body) == len(statement.body) and all(map(is_, body, statement.body))
    return statement if same else replace(statement, body=body)


@dataclass(frozen=True, eq=False, repr=False)
class Kernel(Structure):
    """A function of the generated module: runs on worker `worker` of `workers`.

    `buffers` are the arrays it is given, `sizes` the symbolic dims, `scalars` the runtime numbers. `split` is the
    extent cut among the workers and `grain` the multiple it is cut at; None means worker 0 does it all. With `across`,
    the extent of a second axis, workers share an area.
    """

    name: str
    buffers: tuple[str, ...]
    sizes: tuple[str, ...]
    scalars: tuple[str, ...]
    split: Expr | None
    grain: int | Expr
    body: tuple[Statement, ...]
    doc: tuple[str, ...] = ()
    across: Expr | None = None
    types: tuple[str, ...] = ()
    """What each buffer and each scalar is: `f32[64 * batch, 384]`, `f32`."""
