"""Arithmetic of dims agrees with arithmetic of their values; patterns in signatures are solved."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nndsl.diagnostics import Source
from nndsl.driver import problems_of
from nndsl.ir.dims import Dim, Size, divide, evaluate, exact_quotient

A, B = Dim.symbol("a"), Dim.symbol("b")
sizes = st.recursive(
    st.one_of(st.integers(-5, 9), st.sampled_from([A, B])),
    lambda inner: st.builds(
        lambda op, p, q: op(p, q),
        st.sampled_from([lambda p, q: p + q, lambda p, q: p - q, lambda p, q: p * q]),
        inner,
        inner,
    ),
    max_leaves=6,
)
values = st.fixed_dictionaries({"a": st.integers(1, 50), "b": st.integers(1, 50)})


@given(sizes, sizes, values)
def test_arithmetic_agrees_with_values(p: Size, q: Size, at: dict[str, int]) -> None:
    x, y = evaluate(p, at), evaluate(q, at)
    assert evaluate(p + q, at) == x + y
    assert evaluate(p - q, at) == x - y
    assert evaluate(p * q, at) == x * y
    if q != 0 and y != 0:
        assert evaluate(divide(p, q), at) == x // y
        exact = exact_quotient(p, q)
        assert exact is None or evaluate(exact, at) * y == x


@given(sizes, sizes)
def test_equal_formulas_are_equal(p: Size, q: Size) -> None:
    assert p + q == q + p
    assert p * q == q * p
    assert p - p == 0
    assert hash(p * 2) == hash(p + p)


@pytest.mark.parametrize(
    ("pattern", "given", "fits"),
    [
        ("batch, n", "batch, 4", True),
        ("batch, 2 * n", "batch, 4", True),
        ("batch, 2 * n", "batch, 5", False),
        ("batch, n + 5", "batch, 3", False),
        ("n, n", "4, 4", True),
        ("n, n", "4, 5", False),
        ("..., n", "4", True),
        ("..., n, n", "2, 3, 3", True),
        ("b, ..., n", "batch, n, 3, 4", True),
        ("batch, 4", "batch, 4", True),
        ("batch, 4", "batch, 5", False),
        ("batch", "batch, 4", False),
    ],
)
def test_patterns(pattern: str, given: str, fits: bool) -> None:
    text = f"fn f(x: f32[{pattern}]) {{ return x }}\nmodel M {{\n  input x: f32[{given}]\n  output y = f(x)\n}}\n"
    assert (problems_of(Source("m.nn", text)) == ()) == fits
