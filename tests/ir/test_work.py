"""Multiply-adds, against counts made by hand."""

from __future__ import annotations

import pytest

from nndsl.diagnostics import Source
from nndsl.driver import check_source
from nndsl.ir.work import multiply_adds, shown


def counted(body: str) -> str:
    model = check_source(Source("m.nn", f"model M {{\n{body}\n}}\n")).model
    return shown(multiply_adds([node for _, node in model.inference.outputs]))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("input x: f32[batch, 100]\noutput y = x |> Dense(20) |> relu |> Dense(3)", "2,060 * batch"),
        ("input x: f32[batch, time, 5]\noutput y = x |> Dense(7)", "35 * batch * time"),
        ("input x: f32[batch, 4]\noutput y = 2 * x", "0"),
        ("input x: f32[batch, 9, 9, 4]\noutput y = x |> Conv2D(10, 3, groups=2)", "8,820 * batch"),
        ("input x: f32[batch, time, 4]\noutput y = x |> Conv1DTranspose(3, 5, strides=2)", "60 * batch * time"),
        ("input x: f32[batch, 4, 4, 6]\noutput y = x |> SeparableConv2D(5, 2)", "486 * batch"),
        ("input x: f32[batch, 3, 4]\noutput y = x @ transpose(x, [0, 2, 1])", "36 * batch"),
        ("input x: f32[batch, 4]\nd = Dense(4)\noutput y = x |> d |> tanh |> d", "32 * batch"),
        ("input x: f32[batch, time, 3]\noutput y = x |> R(5)\n}\n"
         "layer R(n: int)(x: f32[batch, time, f]) {\n  param w: f32[f, n] = zeros\n  param u: f32[n, n] = zeros\n"
         "  scan (h = zeros([batch, n])) over x_t in x axis 1 { next h = tanh(x_t @ w + h @ u) }\n  return h",
         "40 * batch * time"),
    ],
)  # fmt: skip
def test_multiply_adds(body: str, expected: str) -> None:
    assert counted(body) == expected
