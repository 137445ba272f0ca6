"""Values and gradients of the functions of the language, compiled, against PyTorch where that is installed.

All functions stand in one model, each over params of its own: the loss is the sum of their results times fixed weights,
so that the gradient of a param is that of its function alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import nndsl

torch = pytest.importorskip("torch")

BATCH = 5


@dataclass(frozen=True)
class Judged:
    """A function of params `x`, `y`, … of the given shapes, and what torch makes of the same."""

    name: str
    text: str
    expected: Callable[..., Any]
    shapes: tuple[tuple[int, ...], ...] = ((4, 6),)
    low: float = -2.0
    high: float = 2.0


def one(name: str, text: str, expected: Callable[..., Any], low: float = -2.0, high: float = 2.0) -> Judged:
    return Judged(name, text, expected, low=low, high=high)


def two(name: str, text: str, expected: Callable[..., Any], x: tuple[int, ...] = (4, 6), y: tuple[int, ...] = (4, 6),
        low: float = -2.0, high: float = 2.0) -> Judged:  # fmt: skip
    return Judged(name, text, expected, (x, y), low, high)


UNARY = [
    one(name, f"{name}(x)", getattr(torch, name), low, high)
    for name, low, high in (
        ("sin", -9, 9), ("cos", -9, 9), ("tan", -1.4, 1.4), ("arcsin", -0.95, 0.95), ("arccos", -0.95, 0.95),
        ("arctan", -9, 9), ("sinh", -4, 4), ("cosh", -4, 4), ("tanh", -4, 4), ("arcsinh", -9, 9), ("arccosh", 1.1, 9),
        ("arctanh", -0.95, 0.95), ("exp", -4, 4), ("exp2", -4, 4), ("expm1", -1, 1), ("log", 0.1, 9), ("log2", 0.1, 9),
        ("log10", 0.1, 9), ("log1p", -0.9, 9), ("erf", -3, 3), ("erfinv", -0.97, 0.97), ("sqrt", 0.1, 9),
        ("rsqrt", 0.1, 9), ("square", -3, 3), ("reciprocal", 0.3, 3), ("abs", -2, 2), ("sign", -2, 2),
        ("floor", -3, 3), ("ceil", -3, 3), ("round", -3, 3), ("negative", -2, 2), ("sigmoid", -6, 6),
    )
]  # fmt: skip
BINARY = [
    two("arctan2", "arctan2(x, y)", torch.arctan2),
    two("maximum", "maximum(x, y)", torch.maximum, y=(6,)),
    two("minimum", "minimum(x, y)", torch.minimum, x=(4, 1)),
    two("mod", "mod(x, y)", torch.remainder, low=0.4),
    two("floor_divide", "floor_divide(x, y)", lambda x, y: torch.floor_divide(x, y).detach(), low=0.4),
    two("power", "x ** y", torch.pow, low=0.3),
    two("where", "where(x > y, x, 2 * y)", lambda x, y: torch.where(x > y, x, 2 * y)),
    one("clip", "clip(x, -0.5, 1.0)", lambda x: torch.clip(x, -0.5, 1.0)),
    one("stopped", "stop_gradient(x) * x", lambda x: x.detach() * x),
]
REDUCED = [
    one("sum", "sum(x, axis=[0, 1])", torch.sum),
    Judged("sum_far", "sum(x, axis=[0, 2], keepdims=true)", lambda x: x.sum((0, 2), keepdim=True), ((2, 3, 4),)),
    one("mean", "mean(x, axis=1)", lambda x: x.mean(1)),
    one("max", "max(x, axis=0)", lambda x: x.amax(0)),
    one("min", "min(x, axis=-1, keepdims=true)", lambda x: x.amin(-1, keepdim=True)),
    one("prod", "prod(x, axis=1)", lambda x: x.prod(1)),
    one("prod_all", "prod(x)", lambda x: x.prod()),
    one("var", "var(x, axis=1)", lambda x: x.var(1, correction=0)),
    one("std", "std(x, axis=0)", lambda x: x.std(0, correction=0)),
    one("logsumexp", "logsumexp(x, axis=[0, 1])", lambda x: torch.logsumexp(x, (0, 1))),
    one("argmax", "cast(argmax(x, axis=1), f32)", lambda x: x.argmax(1)),
    one("argmin", "cast(argmin(x, axis=none), f32)", lambda x: x.argmin()),
    one("any", "cast(any(x > 1.5, axis=1), f32)", lambda x: (x > 1.5).any(1)),
    one("all", "cast(all(x > -1.5, axis=0), f32)", lambda x: (x > -1.5).all(0)),
    one("norm", "norm(x, axis=1)", lambda x: torch.linalg.norm(x, dim=1)),
    one("norm_1", "norm(x, ord=1, axis=1)", lambda x: torch.linalg.norm(x, 1, dim=1)),
    one("norm_3", "norm(x, ord=3, axis=0)", lambda x: torch.linalg.norm(x, 3, dim=0)),
    one("softmax", "softmax(x, axis=0)", lambda x: x.softmax(0)),
    one("log_softmax", "log_softmax(x)", lambda x: x.log_softmax(-1)),
]


def cumulated_back(x: Any) -> Any:
    return x.flip(1).cumsum(1).flip(1)


def cumulated_without(x: Any) -> Any:
    return x.cumsum(1) - x


ORDERED = [
    one("cumsum", "cumsum(x, axis=0)", lambda x: x.cumsum(0)),
    one("cumsum_flat", "cumsum(x)", lambda x: x.reshape(-1).cumsum(0)),
    one("cumsum_back", "cumsum(x, axis=1, reverse=true)", cumulated_back),
    one("cumsum_without", "cumsum(x, axis=1, exclusive=true)", cumulated_without),
    one("cumprod", "cumprod(x, axis=1)", lambda x: x.cumprod(1)),
    one("cumprod_back", "cumprod(x, axis=0, reverse=true)", lambda x: x.flip(0).cumprod(0).flip(0)),
    one("sort", "sort(x, axis=0)", lambda x: x.sort(0).values),
    one("sort_down", "sort(x, descending=true)", lambda x: x.sort(descending=True).values),
    one("argsort", "cast(argsort(x), f32)", lambda x: x.argsort(stable=True)),
    one("top_values", "top_k(x, 3)[0]", lambda x: x.topk(3).values),
    one("top_places", "cast(top_k(x, 3)[1], f32)", lambda x: x.topk(3).indices),
]
PRODUCTS = [
    two("einsum_rows", 'einsum("ij,kj->ki", x, y)', lambda x, y: torch.einsum("ij,kj->ki", x, y), y=(3, 6)),
    two("einsum_heads", 'einsum("bqhd,bkhd->bhqk", x, y)', lambda x, y: torch.einsum("bqhd,bkhd->bhqk", x, y),
        (2, 3, 4, 5), (2, 6, 4, 5)),
    two("einsum_sums", 'einsum("ijk,jl->il", x, y)', lambda x, y: torch.einsum("ijk,jl->il", x, y), (2, 3, 4), (3, 5)),
    two("einsum_dots", 'einsum("...ij,...j->...i", x, y)', lambda x, y: torch.einsum("...ij,...j->...i", x, y),
        (2, 3, 4), (2, 4)),
    two("einsum_outer", 'einsum("i,j->ji", x, y)', lambda x, y: torch.einsum("i,j->ji", x, y), (3,), (4,)),
    two("einsum_pairs", 'einsum("bij,bjk->bki", x, y)', lambda x, y: torch.einsum("bij,bjk->bki", x, y),
        (2, 3, 4), (2, 4, 5)),
    Judged("einsum_trace", 'einsum("iij->j", x)', lambda x: torch.einsum("iij->j", x), ((3, 3, 4),)),
    Judged("einsum_turn", 'einsum("ijk->kj", x)', lambda x: torch.einsum("ijk->kj", x), ((2, 3, 4),)),
    two("matmul_spread", "x @ y", torch.matmul, (3, 1, 4, 5), (2, 5, 6)),
    two("dot", "dot(x, y)", lambda x, y: torch.tensordot(x, y, ([2], [0])), (2, 3, 4), (4, 5)),
    two("vdot", "vdot(x, y)", lambda x, y: (x * y).sum()),
    two("inner", "inner(x, y)", torch.inner, (2, 3, 4), (5, 4)),
    two("outer", "outer(x, y)", torch.outer, (3,), (4,)),
    two("tensordot", "tensordot(x, y)", torch.tensordot, (2, 3, 4), (3, 4, 5)),
]  # fmt: skip
MOVED = [
    one("split", "split(x, [1, 4])[1]", lambda x: x[:, 1:4]),
    one("unstack", "stack(unstack(x, axis=1), axis=0)", lambda x: torch.stack(torch.unbind(x, 1))),
    one("tile", "tile(x, [2, 3, 1])", lambda x: x.tile(2, 3, 1)),
    one("repeat", "repeat(x, 3, axis=0)", lambda x: x.repeat_interleave(3, 0)),
    one("roll", "roll(x, [1, -2], axis=[0, 1])", lambda x: x.roll((1, -2), (0, 1))),
    one("roll_flat", "roll(x, 7)", lambda x: x.roll(7)),
    one("flip", "flip(x, axis=1)", lambda x: x.flip(1)),
    one("expand", "squeeze(expand_dims(x, [0, -1]), axis=0)", lambda x: x[..., None]),
    Judged("swapaxes", "swapaxes(x, 0, -1)", lambda x: x.swapaxes(0, -1), ((2, 3, 4),)),
    Judged("moveaxis", "moveaxis(x, [0, 1], [-1, 0])", lambda x: x.moveaxis((0, 1), (-1, 0)), ((2, 3, 4, 5),)),
    Judged("tril", "tril(x, k=1)", lambda x: x.tril(1), ((2, 4, 5),)),
    Judged("triu", "triu(x)", lambda x: x.triu(), ((4, 5),)),
    one("take", "take(x, as_index([2, 0, 5], 6), axis=1)", lambda x: x[:, [2, 0, 5]]),
    one("take_along", "take_along_axis(x, argsort(-x), axis=1)", lambda x: x.gather(1, (-x).argsort())),
    one("scattered", "scatter_add(as_index([1, 0, 1, 2], 3), x, 3)",
        lambda x: torch.zeros(3, 6, dtype=x.dtype).index_add(0, torch.tensor([1, 0, 1, 2]), x)),
    two("meshgrid", "meshgrid(x, y)[0] * meshgrid(x, y)[1]", lambda x, y: y[:, None] * x[None], (3,), (4,)),
    one("made", "x[:3, :4] + eye(3, 4, k=1) * linspace(0, 3, 4) + arange(1, 9, 2)",
        lambda x: x[:3, :4] + torch.diag(torch.ones(3), 1)[:3] * torch.linspace(0, 3, 4) + torch.arange(1, 9, 2)),
]  # fmt: skip
ALL = [*UNARY, *BINARY, *REDUCED, *ORDERED, *PRODUCTS, *MOVED]
NAMES = "xy"


def model_text(dtype: str, functions: list[Judged]) -> str:
    """Every function as an output, over params of its own, and the loss that joins them."""
    lines = ["model Judged() {", f"  input scale: {dtype}[batch]"]
    losses = []
    for judged in functions:
        text = judged.text
        for letter, shape in zip(NAMES, judged.shapes, strict=False):
            lines.append(f"  param {judged.name}_{letter}: {dtype}[{', '.join(map(str, shape))}] = zeros")
        body = ", ".join(NAMES[: len(judged.shapes)])
        lines.insert(0, f"fn of_{judged.name}({body}) {{ return {text} }}")
        given = ", ".join(f"{judged.name}_{c}" for c in NAMES[: len(judged.shapes)])
        lines.append(f"  output out_{judged.name} = of_{judged.name}({given})")
        lines.append(f"  weighed_{judged.name} = sum(cast(out_{judged.name}, {dtype}) * out_{judged.name}) / 2")
        losses.append(f"weighed_{judged.name}")
    lines.append(f"  loss mean(scale) * ({' + '.join(losses)})")
    return "\n".join([*lines, "}", ""])


# To compile them all in both dtypes takes minutes: in f64 it is done for those whose kernels call something else.
@pytest.mark.parametrize(
    ("dtype", "engine", "functions", "tolerance"),
    [("f64", "numpy", ALL, 1e-9), ("f64", "numba", [*UNARY, *ORDERED], 1e-9), ("f32", "numba", ALL, 1e-5)],
    ids=["f64 interpreted", "f64", "f32"],
)
def test_values_and_gradients_agree_with_torch(
    dtype: str, engine: str, functions: list[Judged], tolerance: float
) -> None:
    wide = {"f64": np.float64, "f32": np.float32}[dtype]
    model = nndsl.compile(model_text(dtype, functions), seed=1, engine=engine)
    numbers = np.random.default_rng(7)
    given: dict[str, Any] = {}
    for judged in functions:
        for letter, shape in zip(NAMES, judged.shapes, strict=False):
            name = f"{judged.name}_{letter}"
            given[name] = numbers.uniform(judged.low, judged.high, shape).astype(wide)
            model.params[name] = given[name]
    scale = np.ones(BATCH, wide)
    outputs = model.predict(scale)
    _, grads = model.value_and_grad(scale)
    for judged in functions:
        letters = NAMES[: len(judged.shapes)]
        tensors = [torch.tensor(given[f"{judged.name}_{c}"].astype(np.float64), requires_grad=True) for c in letters]
        expected = judged.expected(*tensors)
        agree(outputs[f"out_{judged.name}"], expected.detach().numpy(), tolerance, judged.name)
        if expected.requires_grad:
            (expected * expected / 2).sum().backward()
        for letter, tensor in zip(letters, tensors, strict=True):
            wanted = np.zeros(tensor.shape) if tensor.grad is None else tensor.grad.numpy()
            agree(grads[f"{judged.name}_{letter}"], wanted, tolerance, f"the gradient of {judged.name}")


def agree(found: Any, expected: Any, tolerance: float, what: str) -> None:
    assert found.shape == expected.shape, what
    size = max(1.0, float(np.max(np.abs(expected))))
    assert float(np.max(np.abs(found.astype(np.float64) - expected))) <= tolerance * size, what
