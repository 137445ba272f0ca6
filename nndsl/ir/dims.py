"""Sizes of tensors: integers, or polynomials over names that data fixes at run time.

A dim is an `int` wherever it is known; `Dim` is used only for what is not. Arithmetic keeps a canonical form, so
`batch * 2 + batch == 3 * batch` holds by plain equality. A quotient that does not come out even stays as a
`Quotient` atom of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import gcd
from typing import TypeAlias, Union

Size: TypeAlias = Union[int, "Dim"]
Monomial: TypeAlias = tuple["Atom", ...]


@dataclass(frozen=True)
class Quotient:
    """`numerator // denominator` where the division is not known to be even."""

    numerator: Size
    denominator: Size

    def __str__(self) -> str:
        return f"{_wrapped(self.numerator)} // {_wrapped(self.denominator)}"


Atom: TypeAlias = str | Quotient


@dataclass(frozen=True)
class Dim:
    """A polynomial with integer coefficients; `terms` maps monomials (sorted atoms) to coefficients, sorted."""

    terms: tuple[tuple[Monomial, int], ...]

    @staticmethod
    def symbol(name: str) -> Dim:
        """The dim that is `name` and nothing else."""
        return Dim((((name,), 1),))

    @property
    def name(self) -> str | None:
        """The symbol's name where the dim is a single symbol, else None."""
        match self.terms:
            case (((str() as name,), 1),):
                return name
        return None

    def __add__(self, other: Size) -> Size:
        total = dict(self.terms)
        for monomial, factor in _terms(other):
            total[monomial] = total.get(monomial, 0) + factor
        return _from(total)

    def __mul__(self, other: Size) -> Size:
        total: dict[Monomial, int] = {}
        for m1, f1 in self.terms:
            for m2, f2 in _terms(other):
                m = tuple(sorted(m1 + m2, key=str))
                total[m] = total.get(m, 0) + f1 * f2
        return _from(total)

    __radd__ = __add__
    __rmul__ = __mul__

    def __neg__(self) -> Size:
        return self * -1

    def __sub__(self, other: Size) -> Size:
        return self + (-other)

    def __rsub__(self, other: Size) -> Size:
        return (-self) + other

    def __floordiv__(self, other: Size) -> Size:
        return divide(self, other)

    def __rfloordiv__(self, other: Size) -> Size:
        return divide(other, self)

    def __str__(self) -> str:
        return _sum(self, _wrapped_atom)


def written(size: Size) -> str:
    """A size as the language writes it: `floor(time / 2) + 1`. Kernels have it as `str` gives it, with `//`."""
    return str(size) if isinstance(size, int) else _sum(size, _written_atom)


def _written_atom(atom: Atom) -> str:
    if isinstance(atom, str):
        return atom
    parts = (atom.numerator, atom.denominator)
    shown = [written(part) if isinstance(part, int) or part.name else f"({written(part)})" for part in parts]
    return f"floor({' / '.join(shown)})"


def _sum(size: Dim, of_atom: Callable[[Atom], str]) -> str:
    out = ""
    for monomial, factor in size.terms:
        body = " * ".join(of_atom(atom) for atom in monomial)
        sign, amount = ("-" if factor < 0 else "+"), abs(factor)
        text = body if amount == 1 and body else f"{amount} * {body}" if body else str(amount)
        out += f" {sign} {text}" if out else f"-{text}" if sign == "-" else text
    return out


def _wrapped(size: Size) -> str:
    return str(size) if isinstance(size, int) or size.name else f"({size})"


def _wrapped_atom(atom: Atom) -> str:
    return atom if isinstance(atom, str) else f"({atom})"


def _terms(size: Size) -> tuple[tuple[Monomial, int], ...]:
    if isinstance(size, Dim):
        return size.terms
    return (((), int(size)),) if size else ()


def _from(total: Mapping[Monomial, int]) -> Size:
    kept = [(m, f) for m, f in total.items() if f]
    if not kept:
        return 0
    if len(kept) == 1 and kept[0][0] == ():
        return kept[0][1]
    return Dim(tuple(sorted(kept, key=lambda item: (-len(item[0]), str(item[0])))))


def divide(a: Size, b: Size) -> Size:
    """`a // b`; exact where it comes out even, otherwise a Quotient, with what comes out even before it:
    `(2 * n + 3) // 2` is `n + 1`. `b` must not be 0."""
    if isinstance(a, int) and isinstance(b, int):
        return a // b
    if a == b:
        return 1
    if isinstance(a, int):
        return 0 if a == 0 else Dim((((Quotient(a, b),), 1),))
    quotient = exact_quotient(a, b)
    if quotient is not None:
        return quotient
    whole = _from({m: f // b for m, f in a.terms if m == () or f < 0 or f % b == 0}) if isinstance(b, int) else 0
    rest = a - whole * b if isinstance(b, int) else a
    return whole + (divide(rest, b) if isinstance(rest, int) else Dim((((Quotient(rest, b),), 1),)))


def exact_quotient(a: Size, b: Size) -> Size | None:
    """`a / b` where it is a polynomial for every value of the symbols, else None. Divides by one term only."""
    if isinstance(a, int) and isinstance(b, int):
        return a // b if b and a % b == 0 else None
    if a == b:
        return 1
    divisor = _terms(b)
    if len(divisor) != 1:
        return _common_factor(a, b)
    ((atoms, factor),) = divisor
    total: dict[Monomial, int] = {}
    for monomial, f in _terms(a):
        rest = list(monomial)
        for atom in atoms:
            if atom not in rest:
                return None
            rest.remove(atom)
        if f % factor:
            return None
        total[tuple(rest)] = f // factor
    return _from(total)


def _common_factor(a: Size, b: Size) -> Size | None:
    """`a / b` where `a` is an integer times `b`."""
    fa, fb = [f for _, f in _terms(a)], [f for _, f in _terms(b)]
    if len(fa) != len(fb) or gcd(*fb) == 0 or fa[0] % fb[0]:
        return None
    factor = fa[0] // fb[0]
    return factor if b * factor == a else None


def product(sizes: tuple[Size, ...]) -> Size:
    """The number of elements of a shape."""
    total: Size = 1
    for size in sizes:
        total = total * size
    return total


def symbols(size: Size) -> tuple[str, ...]:
    """The names in a dim, in order of first use."""
    out: list[str] = []
    for monomial, _ in _terms(size):
        for atom in monomial:
            names = (atom,) if isinstance(atom, str) else symbols(atom.numerator) + symbols(atom.denominator)
            out += [n for n in names if n not in out]
    return tuple(out)


def evaluate(size: Size, values: Mapping[str, int]) -> int:
    """The value of a dim under the given sizes of its symbols. Raises KeyError for one that is missing."""
    if isinstance(size, int):
        return size
    total = 0
    for monomial, factor in size.terms:
        for atom in monomial:
            factor *= (
                values[atom]
                if isinstance(atom, str)
                else (evaluate(atom.numerator, values) // evaluate(atom.denominator, values))
            )
        total += factor
    return total


def substitute(size: Size, values: Mapping[str, Size]) -> Size:
    """The dim with some symbols replaced by other dims."""
    if isinstance(size, int):
        return size
    total: Size = 0
    for monomial, factor in size.terms:
        part: Size = factor
        for atom in monomial:
            if isinstance(atom, str):
                part = part * values.get(atom, Dim.symbol(atom))
            else:
                part = part * divide(substitute(atom.numerator, values), substitute(atom.denominator, values))
        total = total + part
    return total


def at_least(a: Size, b: Size) -> bool:
    """Whether `a >= b` for every positive value of the symbols, as far as coefficients tell."""
    difference = a - b
    return all(f >= 0 for _, f in _terms(difference))
