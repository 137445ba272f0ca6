"""Sizes divided by each other: `time / 2` where the size of `time` comes with the data.

`/` has one meaning for all numbers: 28 / 3 is a fraction, and no size. Whether a size of the data comes out even is
known only with the data, so its quotient is kept as a Ratio. Used as a size it demands that it come out even, which is
checked before anything runs; `floor` and `ceil` make a size of it in any case; with tensors it is a number.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd

from nndsl.ir.dims import Size, divide, exact_quotient, written


@dataclass(frozen=True)
class Ratio:
    """`numerator / denominator`, where it is not known whether that is a whole number. Made by `ratio`."""

    numerator: Size
    denominator: Size

    def __str__(self) -> str:
        parts = (self.numerator, self.denominator)
        shown = [written(part) if isinstance(part, int) or part.name else f"({written(part)})" for part in parts]
        return " / ".join(shown)

    def __neg__(self) -> Size | Ratio:
        return ratio(-self.numerator, self.denominator)

    def floor(self) -> Size:
        """Rounded down."""
        return divide(self.numerator, self.denominator)

    def ceil(self) -> Size:
        """Rounded up: for a number below, in the form that slices with a step have."""
        if isinstance(self.denominator, int) and self.denominator > 0:
            return divide(self.numerator + (self.denominator - 1), self.denominator)
        return -divide(-self.numerator, self.denominator)


class Uneven(float):
    """A fraction that `a / b` of whole numbers left, for messages: sums and products with it remember the two."""

    division: tuple[int, int]

    @classmethod
    def make(cls, value: float, division: tuple[int, int]) -> Uneven:
        made = cls(value)
        made.division = division
        return made


def ratio(numerator: Size, denominator: Size) -> Size | Ratio:
    """The quotient: a size where it comes out even for all data. The denominator is not 0."""
    if isinstance(numerator, int) and isinstance(denominator, int):
        common = gcd(numerator, denominator) * (1 if denominator > 0 else -1)
        a, b = numerator // common, denominator // common
        return a if b == 1 else Ratio(a, b)
    even = exact_quotient(numerator, denominator) if numerator != 0 else 0
    return Ratio(numerator, denominator) if even is None else even


def combined(op: str, left: Size | Ratio, right: Size | Ratio) -> Size | Ratio | None:
    """`left op right` for `+ - * /`; None for other operators, and for a division by 0."""
    a, b = (left.numerator, left.denominator) if isinstance(left, Ratio) else (left, 1)
    c, d = (right.numerator, right.denominator) if isinstance(right, Ratio) else (right, 1)
    match op:
        case "+" | "-":
            c = c if op == "+" else -c
            return ratio(a + c, b) if b == d else ratio(a * d + c * b, b * d)
        case "*":
            return ratio(a * c, b * d)
        case "/" if c != 0:
            return ratio(a * d, b * c)
    return None


def decided(op: str, left: Size | Ratio, right: Size | Ratio) -> bool | None:
    """A comparison that comes out the same for all sizes data may have, which are at least 1; else None."""
    if op in ("<", "<="):
        op, left, right = {"<": ">", "<=": ">="}[op], right, left
    apart = combined("-", left, right)
    over = apart.numerator if isinstance(apart, Ratio) else apart
    if over is None:
        return None
    low, high = least(over), least(-over)
    match op:
        case ">" | ">=":
            above = 1 if op == ">" else 0
            return True if low is not None and low >= above else False if high is not None and high > -above else None
        case "==" | "!=":
            differ = (low is not None and low > 0) or (high is not None and high > 0)
            return (over == 0) == (op == "==") if over == 0 or differ else None
    return None


def least(size: Size) -> int | None:
    """What a size is at least, where its names are at least 1; None where that is not known."""
    if isinstance(size, int):
        return size
    known = [monomial for monomial, _ in size.terms if all(isinstance(atom, str) for atom in monomial)]
    if len(known) < len(size.terms) or any(factor < 0 and monomial for monomial, factor in size.terms):
        return None
    return sum(factor for _, factor in size.terms)


def uneven(value: float, *of: object) -> float:
    """A number that remembers the division it came from, where one of the operands does."""
    came = next((part.division for part in of if isinstance(part, Uneven)), None)
    return Uneven.make(value, came) if came is not None else value
