"""LLVM instructions written as formulas: what the intrinsics of this folder are built with.

`native` makes a function that kernels can call and whose body is LLVM IR. It spares numba the work of a jitted
helper (bytecode, type inference) and is always inlined. Its arithmetic carries the flag `contract` and no
other, whatever the flags of the calling kernel: fused multiply-adds are welcome, reordering is not, since a
reduction like `x - n * LN2` is exact only in the order written.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

import llvmlite.binding
from llvmlite import ir

from nndsl.runtime.target import types

I1, I8, I32, I64 = ir.IntType(1), ir.IntType(8), ir.IntType(32), ir.IntType(64)
F32, F64 = ir.FloatType(), ir.DoubleType()
LLVM_VERSION: tuple[int, ...] = llvmlite.binding.llvm_version_info


@dataclass(frozen=True, eq=False)
class V:
    """An LLVM value with Python's operators; a plain number takes the type of the other side."""

    b: Any
    value: Any

    @property
    def type(self) -> Any:
        """The LLVM type."""
        return self.value.type

    @property
    def floating(self) -> bool:
        """Whether this is f32 or f64."""
        return self.type in (F32, F64)

    def like(self, other: V | float) -> Any:
        """The bare LLVM value of `other`, a number as a constant of this value's type."""
        return other.value if isinstance(other, V) else self.type(other)

    def const(self, number: float) -> V:
        """A constant of this value's type."""
        return V(self.b, self.type(number))

    def _binary(self, of_floats: str, of_ints: str, left: Any, right: Any) -> V:
        if self.floating:
            return V(self.b, getattr(self.b, of_floats)(left, right, flags=("contract",)))
        return V(self.b, getattr(self.b, of_ints)(left, right))

    def __add__(self, other: V | float) -> V:
        return self._binary("fadd", "add", self.value, self.like(other))

    def __radd__(self, other: float) -> V:
        return self + other

    def __sub__(self, other: V | float) -> V:
        return self._binary("fsub", "sub", self.value, self.like(other))

    def __rsub__(self, other: float) -> V:
        return self._binary("fsub", "sub", self.like(other), self.value)

    def __mul__(self, other: V | float) -> V:
        return self._binary("fmul", "mul", self.value, self.like(other))

    def __rmul__(self, other: float) -> V:
        return self * other

    def __truediv__(self, other: V | float) -> V:
        return V(self.b, self.b.fdiv(self.value, self.like(other)))

    def __rtruediv__(self, other: float) -> V:
        return V(self.b, self.b.fdiv(self.like(other), self.value))

    def __neg__(self) -> V:
        return V(self.b, self.b.fneg(self.value) if self.floating else self.b.neg(self.value))

    def __and__(self, other: V | int) -> V:
        return V(self.b, self.b.and_(self.value, self.like(other)))

    def __or__(self, other: V | int) -> V:
        return V(self.b, self.b.or_(self.value, self.like(other)))

    def __xor__(self, other: V | int) -> V:
        return V(self.b, self.b.xor(self.value, self.like(other)))

    def __lshift__(self, bits: int) -> V:
        return V(self.b, self.b.shl(self.value, self.like(bits)))

    def __rshift__(self, bits: int) -> V:
        """Arithmetic: the sign is kept."""
        return V(self.b, self.b.ashr(self.value, self.like(bits)))

    def logical_shift(self, bits: int) -> V:
        """To the right, zeros shifted in."""
        return V(self.b, self.b.lshr(self.value, self.like(bits)))

    def compare(self, relation: str, other: V | float) -> V:
        """A truth value; false where a float is NaN, except for `!=`."""
        right = self.like(other)
        if not self.floating:
            return V(self.b, self.b.icmp_signed(relation, self.value, right))
        make = self.b.fcmp_unordered if relation == "!=" else self.b.fcmp_ordered
        return V(self.b, make(relation, self.value, right))

    def __lt__(self, other: V | float) -> V:
        return self.compare("<", other)

    def __le__(self, other: V | float) -> V:
        return self.compare("<=", other)

    def __gt__(self, other: V | float) -> V:
        return self.compare(">", other)

    def __ge__(self, other: V | float) -> V:
        return self.compare(">=", other)

    def equals(self, other: V | float) -> V:
        """`==` as a value."""
        return self.compare("==", other)

    def differs(self, other: V | float) -> V:
        """`!=` as a value; `x.differs(x)` is true for NaN."""
        return self.compare("!=", other)

    def choose(self, then: V, otherwise: V | float) -> V:
        """`then` where this truth value holds, else `otherwise`; both are computed."""
        return V(self.b, self.b.select(self.value, then.value, then.like(otherwise)))

    def bits(self, to: Any) -> V:
        """The same bits as another type of the same width."""
        return V(self.b, self.b.bitcast(self.value, to))

    def widen(self, to: Any) -> V:
        """Zero-extended to a wider integer."""
        return V(self.b, self.b.zext(self.value, to))

    def narrow(self, to: Any) -> V:
        """The low bits, as a narrower integer."""
        return V(self.b, self.b.trunc(self.value, to))

    def as_float(self, to: Any) -> V:
        """A signed integer as a float."""
        return V(self.b, self.b.sitofp(self.value, to))

    def call(self, name: str, *others: V | float) -> V:
        """A function of LLVM (`llvm.fabs`, the type's suffix is added) or of C (`tanh`), all of this value's type."""
        if name.startswith("llvm."):
            name += {F32: ".f32", F64: ".f64"}.get(self.type) or f".i{self.type.width}"
        values = [self.value, *(self.like(other) for other in others)]
        kind = ir.FunctionType(self.type, [self.type] * len(values))
        return V(self.b, self.b.call(declare(self.b, kind, name), values))

    def polynomial(self, *coefficients: float) -> V:
        """Horner's form, the highest power first."""
        total = self.const(coefficients[0])
        for coefficient in coefficients[1:]:
            total = total * self + coefficient
        return total


def declare(builder: Any, kind: Any, name: str) -> Any:
    """The declaration of a function outside this module, made once a module."""
    known = builder.module.globals.get(name)
    return known if known is not None else ir.Function(builder.module, kind, name)


Build = Callable[..., "V | tuple[V, ...] | None"]
NUMBA_TYPES = {"i32": types.int32, "i64": types.int64, "f32": types.float32, "f64": types.float64}


def intrinsic(definition: Callable[..., Any], literal: bool = False) -> Callable[..., Any]:
    """`numba.extending.intrinsic`, with a type. With `literal`, the definition gets types that know the numbers which
    a call has written in it."""
    function: Callable[..., Any] = import_module("numba.extending").intrinsic(prefer_literal=literal)(definition)
    return function


def lower(build: Build) -> Callable[..., Any]:
    """What numba calls to emit code: `build` on the arguments as `V`s."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        match build(*(V(builder, argument) for argument in arguments)):
            case None:
                return context.get_dummy_value()
            case tuple() as several:
                return context.make_tuple(builder, signature.return_type, [one.value for one in several])
            case V() as one:
                return one.value

    return emit


class Formula(Protocol):
    """What kernels call, and what writes its IR where numba has no part in it."""

    formula: Build

    def __call__(self, *arguments: Any) -> Any: ...


def native(result: str | tuple[str, ...] | None, *parameters: str) -> Callable[[Build], Formula]:
    """An intrinsic of fixed types: `@native("f32", "f32", "i64")` over a function of two `V`s.

    Types are `i32 i64 f32 f64`; arguments of other types are converted. `result` None is for what returns nothing, a
    tuple for what returns several values.
    """
    arguments = [NUMBA_TYPES[name] for name in parameters]
    match result:
        case None:
            returned = types.void
        case str():
            returned = NUMBA_TYPES[result]
        case _:
            returned = types.Tuple([NUMBA_TYPES[name] for name in result])
    signature = returned(*arguments)

    def wrap(build: Build) -> Formula:
        def definition(typing_context: Any, *given: Any) -> Any:
            return signature, lower(build)

        made: Any = intrinsic(_shaped_like(build, definition))
        made.formula = build
        function: Formula = made
        return function

    return wrap


def generic(build: Build) -> Callable[..., Any]:
    """An intrinsic for any number type: the arguments are converted to their common one, which is the result's."""

    def definition(typing_context: Any, *given: Any) -> Any:
        plain = [types.unliteral(kind) for kind in given]
        common = plain[0]
        for kind in plain[1:]:
            common = typing_context.unify_pairs(common, kind)
        if not isinstance(common, types.Number):
            return None
        return common(*[common] * len(plain)), lower(build)

    return intrinsic(_shaped_like(build, definition))


def _shaped_like(build: Build, definition: Callable[..., Any]) -> Callable[..., Any]:
    """Give `definition` the name and parameters of `build`: numba reads them to match arguments."""
    first = inspect.Parameter("typing_context", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    own = [p.replace(annotation=inspect.Parameter.empty) for p in inspect.signature(build).parameters.values()]
    definition.__signature__ = inspect.Signature([first, *own])  # type: ignore[attr-defined]
    definition.__name__ = definition.__qualname__ = build.__name__
    definition.__doc__ = build.__doc__
    definition.__module__ = build.__module__
    return definition
