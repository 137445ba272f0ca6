"""Sizes: arithmetic on symbols is arithmetic on the numbers that take their place."""

from __future__ import annotations

import operator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nndsl.ir.dims import (
    Dim,
    Size,
    at_least,
    divide,
    evaluate,
    exact_quotient,
    product,
    substitute,
    symbols,
)

A, B = Dim.symbol("a"), Dim.symbol("b")
VALUES = st.fixed_dictionaries({"a": st.integers(1, 50), "b": st.integers(1, 50)})


def sizes() -> st.SearchStrategy[Size]:
    leaves: st.SearchStrategy[Size] = st.one_of(st.integers(-4, 6), st.sampled_from([A, B]))

    def larger(inner: st.SearchStrategy[Size]) -> st.SearchStrategy[Size]:
        steps = st.sampled_from([operator.add, operator.sub, operator.mul])
        return st.builds(lambda f, x, y: f(x, y), steps, inner, inner)

    return st.recursive(leaves, larger, max_leaves=6)


@given(sizes(), sizes(), VALUES)
def test_arithmetic_on_symbols_is_arithmetic_on_their_values(x: Size, y: Size, values: dict[str, int]) -> None:
    p, q = evaluate(x, values), evaluate(y, values)
    assert evaluate(x + y, values) == p + q
    assert evaluate(x - y, values) == p - q
    assert evaluate(x * y, values) == p * q
    assert evaluate(product((x, y, 2)), values) == p * q * 2
    if q and y != 0:
        assert evaluate(divide(x, y), values) == p // q
    quotient = exact_quotient(x, y) if y != 0 else None
    if quotient is not None:
        assert evaluate(quotient, values) * q == p
    if at_least(x, y):
        assert p >= q
    replaced = substitute(x, {"a": y})
    assert evaluate(replaced, values) == evaluate(x, {**values, "a": q})


@given(sizes(), sizes(), sizes())
def test_equal_sizes_are_equal_values(x: Size, y: Size, z: Size) -> None:
    """Dims have one form: what is the same polynomial compares equal and hashes alike."""
    assert x + y == y + x
    assert x * y == y * x
    assert x * (y + z) == x * y + x * z
    assert (x + y) - y == x
    assert hash(x * (y + z)) == hash(x * y + x * z)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (A * 2 + 1, "2 * a + 1"), (A * B - A, "a * b - a"), (1 - A, "-a + 1"), ((A + 1) // 2, "((a + 1) // 2)"),
        (A * 6 // 3, "2 * a"), (A - A, "0"), ((A + B) * (A + B), "a * a + 2 * a * b + b * b"),
    ],
)  # fmt: skip
def test_a_size_has_the_text_that_a_person_would_write(size: Size, text: str) -> None:
    assert str(size) == text


def test_the_text_of_a_size_is_its_formula() -> None:
    """Generated programs compute sizes by their text."""
    for size in (A * 2 + 1, (A + 1) // 2 * B, divide(A * B + 3, 4) * 2 - A, (1 - A) * -1):
        assert eval(str(size), {"a": 7, "b": 5}) == evaluate(size, {"a": 7, "b": 5})


def test_symbols_in_order_of_first_use() -> None:
    assert symbols((A + 1) // (B + 2)) == ("a", "b")
    assert symbols(3) == ()


def test_a_missing_size_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        evaluate(A + B, {"a": 1})
