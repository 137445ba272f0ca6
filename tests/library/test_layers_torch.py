"""Convolution layers compiled in f64 and in f32, values and gradients, against PyTorch where that is installed.

All layers stand in one model, over inputs that are params: the gradient of each is that of its layer alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from nndsl import driver
from nndsl.diagnostics import Source
from nndsl.ir.graph import Graph, Node
from nndsl.kernels.module import generate
from nndsl.passes import run as run_passes
from nndsl.passes.autodiff import pullback
from nndsl.passes.promote import promote
from nndsl.runtime.native import load

torch = pytest.importorskip("torch")
F = torch.nn.functional
SCALARS = {"key": 0, "step": 1, "learning_rate": 0.0}


@dataclass(frozen=True)
class Judged:
    """A layer, the shape of its input, and what torch makes of x [batch, channels, …] and the layer's weights."""

    text: str
    shape: tuple[int, ...]
    expected: Callable[..., Any]


def same(x: Any, window: tuple[int, ...], strides: tuple[int, ...], dilation: int = 1) -> Any:
    """Zeros around an image as Keras adds them: one more behind where they are odd."""
    flat: list[int] = []
    for n, k, s in zip(x.shape[2:], window, strides, strict=True):
        total = max(0, (-(-n // s) - 1) * s + (k - 1) * dilation + 1 - n)
        flat = [total // 2, total - total // 2, *flat]
    return F.pad(x, flat)


def kernel_of(k: Any) -> Any:
    """[*window, inner, outer] as torch has it."""
    return k.movedim([-1, -2], [0, 1]).contiguous()


def depthwise(k: Any) -> Any:
    """[*window, channels, multiplier] as torch has it."""
    return k.reshape(*k.shape[:-2], 1, -1).movedim([-1, -2], [0, 1]).contiguous()


def cropped(y: Any, low: tuple[int, ...], size: tuple[int, ...]) -> Any:
    for axis, (a, n) in enumerate(zip(low, size, strict=True), 2):
        y = y.narrow(axis, a, n)
    return y


LAYERS = [
    Judged("Conv1D(5, 3)", (2, 9, 4), lambda x, kernel, bias: F.conv1d(x, kernel_of(kernel), bias)),
    Judged('Conv1D(17, 4, strides=2, padding="same", activation=tanh)', (3, 11, 2),
           lambda x, kernel, bias: torch.tanh(F.conv1d(same(x, (4,), (2,)), kernel_of(kernel), bias, 2))),
    Judged('Conv1D(6, 3, padding="causal", dilation_rate=2, groups=2, use_bias=false)', (1, 8, 4),
           lambda x, kernel: F.conv1d(F.pad(x, (4, 0)), kernel_of(kernel), None, 1, 0, 2, 2)),
    Judged("Conv2D(32, 3, activation=relu)", (4, 9, 8, 3),
           lambda x, kernel, bias: F.conv2d(x, kernel_of(kernel), bias).relu()),
    Judged('Conv2D(20, [3, 4], strides=[2, 1], padding="same")', (2, 9, 7, 6),
           lambda x, kernel, bias: F.conv2d(same(x, (3, 4), (2, 1)), kernel_of(kernel), bias, (2, 1))),
    Judged("Conv2D(6, 3, strides=2, dilation_rate=2, padding=[[1, 2], [0, 3]], groups=3)", (2, 10, 9, 3),
           lambda x, kernel, bias: F.conv2d(F.pad(x, (0, 3, 1, 2)), kernel_of(kernel), bias, 2, 0, 2, 3)),
    Judged("Conv2D(9, 1, strides=3)", (2, 8, 7, 5), lambda x, kernel, bias: F.conv2d(x, kernel_of(kernel), bias, 3)),
    Judged('Conv3D(4, [2, 3, 1], strides=[1, 2, 2], padding="same")', (1, 4, 5, 6, 2),
           lambda x, kernel, bias: F.conv3d(same(x, (2, 3, 1), (1, 2, 2)), kernel_of(kernel), bias, (1, 2, 2))),
    Judged("Conv3D(9, 2, groups=3, dilation_rate=2, padding=1)", (2, 4, 3, 4, 3),
           lambda x, kernel, bias: F.conv3d(x, kernel_of(kernel), bias, 1, 1, 2, 3)),
    Judged("DepthwiseConv1D(3, depth_multiplier=2)", (2, 7, 5),
           lambda x, kernel, bias: F.conv1d(x, depthwise(kernel), bias, 1, 0, 1, 5)),
    Judged('DepthwiseConv2D(3, strides=2, padding="same")', (2, 9, 8, 19),
           lambda x, kernel, bias: F.conv2d(same(x, (3, 3), (2, 2)), depthwise(kernel), bias, 2, 0, 1, 19)),
    Judged("DepthwiseConv2D([2, 3], dilation_rate=2, use_bias=false)", (1, 6, 9, 3),
           lambda x, kernel: F.conv2d(x, depthwise(kernel), None, 1, 0, 2, 3)),
    Judged('SeparableConv1D(5, 4, padding="same", depth_multiplier=2)', (2, 7, 3),
           lambda x, depthwise_kernel, pointwise_kernel, bias: F.conv1d(
               F.conv1d(same(x, (4,), (1,)), depthwise(depthwise_kernel), None, 1, 0, 1, 3),
               kernel_of(pointwise_kernel), bias)),
    Judged("SeparableConv2D(10, 3, strides=2, activation=relu)", (2, 9, 8, 9),
           lambda x, depthwise_kernel, pointwise_kernel, bias: F.conv2d(
               F.conv2d(x, depthwise(depthwise_kernel), None, 2, 0, 1, 9), kernel_of(pointwise_kernel), bias).relu()),
    Judged("Conv1DTranspose(5, 4, strides=2)", (2, 6, 3),
           lambda x, kernel, bias: F.conv_transpose1d(x, kernel_of(kernel), bias, 2)),
    Judged('Conv2DTranspose(6, 3, strides=2, padding="same")', (2, 5, 4, 9),
           lambda x, kernel, bias: cropped(F.conv_transpose2d(x, kernel_of(kernel), bias, 2, 0, 0), (0, 0), (10, 8))),
    Judged("Conv2DTranspose(3, [2, 4], strides=[3, 2], output_padding=[1, 0], use_bias=false)", (1, 4, 3, 8),
           lambda x, kernel: F.conv_transpose2d(x, kernel_of(kernel), None, (3, 2), 0, (1, 0))),
    Judged("Conv2DTranspose(3, 3, strides=2, dilation_rate=2, padding=1)", (1, 4, 5, 2),
           lambda x, kernel, bias: F.conv_transpose2d(x, kernel_of(kernel), bias, 2, 1, 0, 1, 2)),
    Judged("Conv3DTranspose(2, [2, 1, 3], strides=2, activation=tanh)", (1, 3, 2, 4, 3),
           lambda x, kernel, bias: torch.tanh(F.conv_transpose3d(x, kernel_of(kernel), bias, 2, 0, (0, 1, 0)))),
]  # fmt: skip


def model() -> driver.Checked:
    """All layers."""
    lines = []
    for i, judged in enumerate(LAYERS):
        lines += [f"param x{i}: f32[{', '.join(map(str, judged.shape))}] = zeros", f"l{i} = {judged.text}",
                  f"output out{i} = l{i}(x{i})"]  # fmt: skip
    return driver.check_source(Source("layers.nn", "model Layers {\n  " + "\n  ".join(lines) + "\n}\n"))


def everything(checked: driver.Checked) -> Graph:
    """All values and, of the sums of their products with inputs `f0`, `f1`, …, all gradients as one program."""
    outputs, params = checked.model.training.outputs, checked.model.params
    factors = [Node("input", (), {"name": f"f{i}"}, y.type, name=f"f{i}") for i, (_, y) in enumerate(outputs)]
    found = pullback([y for _, y in outputs], factors, [p.leaf for p in params])
    named = ((f"grad.{p.name}", g) for p, g in zip(params, found, strict=True) if g is not None)
    return Graph("all", (*outputs, *named))


@pytest.mark.parametrize(("dtype", "tolerance"), [("f64", 1e-9), ("f32", 1e-5)])
def test_compiled_convolutions_are_those_of_torch(dtype: str, tolerance: float) -> None:
    checked = model()
    draw = np.random.default_rng(5)
    kind = np.float64 if dtype == "f64" else np.float32
    store = {p.name: draw.normal(0, 0.5, tuple(p.type.shape)).astype(kind) for p in checked.model.params}
    graph = everything(checked)
    program = load(generate(run_passes(promote(graph) if dtype == "f64" else graph)), 2)
    shapes = {name: tuple(y.shape) for name, y in graph.outputs[: len(LAYERS)]}
    factors = {f"f{i}": draw.normal(0, 1, shapes[f"out{i}"]).astype(kind) for i in range(len(LAYERS))}
    found = program.run(factors, store, SCALARS, {})
    for i, judged in enumerate(LAYERS):
        own = {n.removeprefix(f"l{i}."): n for n in store if n.startswith(f"l{i}.")}
        tensors = {n: torch.tensor(store[n].astype(np.float64), requires_grad=True) for n in (f"x{i}", *own.values())}
        y = judged.expected(tensors[f"x{i}"].movedim(-1, 1), **{k: tensors[n] for k, n in own.items()}).movedim(1, -1)
        (y * torch.tensor(factors[f"f{i}"].astype(np.float64))).sum().backward()
        wanted = {f"out{i}": y.detach().numpy(), **{f"grad.{n}": t.grad.numpy() for n, t in tensors.items()}}
        for name, value in wanted.items():
            assert found[name].shape == value.shape, (judged.text, name)
            scale = max(1.0, float(np.abs(value).max()))
            assert np.abs(found[name] - value).max() <= tolerance * scale, (judged.text, name)
