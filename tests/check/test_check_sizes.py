"""Sizes that the data brings, divided, rounded and asserted, mean the same as known ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nndsl
from nndsl.check.ratios import Ratio, combined, decided, ratio
from nndsl.diagnostics import NndslError, Source
from nndsl.driver import problems_of
from nndsl.ir.dims import Dim, Size, evaluate, written

A, B = Dim.symbol("a"), Dim.symbol("b")
sizes = st.one_of(st.integers(-4, 9), st.builds(lambda p, q, r: p * A + q * B + r, *[st.integers(-3, 4)] * 3))
divisors = st.integers(1, 5)
values = st.fixed_dictionaries({"a": st.integers(1, 30), "b": st.integers(1, 30)})


def value_of(size: Size | Ratio, at: dict[str, int]) -> float:
    if isinstance(size, Ratio):
        return evaluate(size.numerator, at) / evaluate(size.denominator, at)
    return evaluate(size, at)


@given(sizes, divisors, sizes, divisors, values)
def test_arithmetic_of_ratios_agrees_with_values(p: Size, d: int, q: Size, e: int, at: dict[str, int]) -> None:
    left, right = ratio(p, d), ratio(q, e)
    x, y = value_of(left, at), value_of(right, at)
    for op, expected in (("+", x + y), ("-", x - y), ("*", x * y)):
        found = combined(op, left, right)
        assert found is not None
        assert value_of(found, at) == pytest.approx(expected)
    known = {op: decided(op, left, right) for op in ("<", "<=", ">", ">=", "==", "!=")}
    truth = {"<": x < y, "<=": x <= y, ">": x > y, ">=": x >= y, "==": x == y, "!=": x != y}
    assert all(answer in (None, truth[op]) for op, answer in known.items())


@given(sizes, divisors, values)
def test_rounding(p: Size, d: int, at: dict[str, int]) -> None:
    found = ratio(p, d)
    if isinstance(found, Ratio):
        exact = evaluate(p, at) // d, -(-evaluate(p, at) // d)
        assert (evaluate(found.floor(), at), evaluate(found.ceil(), at)) == exact


def test_sizes_are_shown_as_they_are_written() -> None:
    assert written(Ratio(A - 3, 2).floor() + 1) == "floor((a + 1) / 2) - 1"
    assert str(Ratio(A - 3, 2)) == "(a - 3) / 2"


CONV = """
layer Conv(filters: int, k: int = 3, s: int = 1, p: int = 0)
          (x: f32[batch, h, c]) -> f32[batch, floor((h - k + 2 * p) / s) + 1, filters] {
  param kernel: f32[k * c, filters] = ones
  places = floor((h - k + 2 * p) / s) + 1
  y = pad(x, [[0, 0], [p, p], [0, 0]])
  parts = []
  for i in 0..k { parts = parts + [y[:, i : i + s * (places - 1) + 1 : s]] }
  return concat(parts) @ kernel
}
"""


def compiled(lines: str, size: str = "time", before: str = "") -> nndsl.Model:
    text = f"{before}model M {{\n  input x: f32[batch, {size}, 2]\n{lines}\n}}\n"
    return nndsl.compile(text, engine="numpy", seed=0)


@pytest.mark.parametrize("steps", [5, 6, 7, 12])
@pytest.mark.parametrize("options", ["", ", s=2", ", s=3, p=1", ", s=2, p=2, k=4"])
def test_a_strided_layer_says_its_size_for_known_and_symbolic_sizes(options: str, steps: int) -> None:
    lines = f"output y = x |> Conv(2{options})"
    x = np.random.default_rng(0).normal(size=(3, steps, 2)).astype(np.float32)
    known, symbolic = (compiled(lines, size, CONV).predict(x) for size in (str(steps), "time"))
    assert np.array_equal(known, symbolic)


def test_a_window_larger_than_the_data_is_refused() -> None:
    with pytest.raises(NndslError, match="NN540"):
        compiled("output y = x |> Conv(2, k=5)", before=CONV).predict(np.zeros((1, 3, 2), np.float32))


def test_a_quotient_as_a_number_is_no_whole_number() -> None:
    x = np.arange(28, dtype=np.float32).reshape(2, 7, 2)
    found = compiled("output y = sum(x, axis=1) * (1 / time) + time / 2").predict(x)
    assert np.allclose(found, x.mean(1) + 3.5)


def test_a_quotient_as_a_size_must_come_out_even() -> None:
    made = compiled("output y = x[:, : time / 2]")
    assert made.predict(np.zeros((1, 6, 2), np.float32)).shape == (1, 3, 2)
    with pytest.raises(NndslError, match=r"NN541(.|\n)*`floor\(time / 2\)`"):
        made.predict(np.zeros((1, 7, 2), np.float32))


@pytest.mark.parametrize(
    ("condition", "fits", "refused"),
    [
        ("time >= 3", [3, 8], [2]),
        ("time < 5 and time > 2", [3, 4], [2, 5]),
        ("time == 4", [4], [3, 5]),
        ("time % 3 == 0", [3, 6], [4]),
        ("time / 2 <= 3", [5, 6], [7]),
        ("floor(time / 2) >= 2", [4, 5], [3]),
    ],
)
def test_assert_speaks_of_sizes_of_the_data(condition: str, fits: list[int], refused: list[int]) -> None:
    made = compiled(f'assert {condition}, "so many steps"\noutput y = 2 * x')
    for steps in fits:
        made.predict(np.zeros((2, steps, 2), np.float32))
    for steps in refused:
        with pytest.raises(NndslError, match=r"NN542.*so many steps"):
            made.predict(np.zeros((2, steps, 2), np.float32))


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ("time >= 1", None),
        ("time + batch > 1", None),
        ("time > time + 1", "NN116"),
        ("0 > time", "NN116"),
        ("time != 3", "NN118"),
        ("not time > 3", "NN118"),
        ("(2 * time) % 2 == 0", None),
    ],
)
def test_what_is_known_of_all_sizes_is_decided_now(condition: str, code: str | None) -> None:
    text = f"model M {{\n  input x: f32[batch, time]\n  assert {condition}\n  output y = 2 * x\n}}\n"
    assert [p.code for p in problems_of(Source("m.nn", text))] == ([code] if code else [])


def test_an_if_does_not_guess_at_sizes_of_the_data() -> None:
    text = "model M {\n  input x: f32[batch, time]\n  if time == 3 { x = 2 * x }\n  output y = x\n}\n"
    assert [p.code for p in problems_of(Source("m.nn", text))] == ["NN118"]


def test_gradients_are_checked_on_sizes_that_the_model_takes() -> None:
    from nndsl.driver import check_source
    from nndsl.runtime.gradcheck import sizes_for

    lines = "  assert time % 3 == 0 and time >= 7\n  output y = x[:, : time / 2]\n"
    text = f"model M {{\n  input x: f32[batch, time]\n{lines}}}\n"
    found = sizes_for(check_source(Source("m.nn", text)).model)
    assert found["time"] % 6 == 0
    assert found["time"] >= 7
