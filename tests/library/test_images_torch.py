"""Pooling, resizing, padding and label smoothing against PyTorch where it is installed: values and gradients in f64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nndsl import driver
from nndsl.diagnostics import Source
from nndsl.passes.promote import promote
from nndsl.runtime.interpreter import run

torch = pytest.importorskip("torch")
F = torch.nn.functional
SCALARS = {"key": 0, "step": 1, "learning_rate": 0.0}
SHAPES = {1: ([2, 7, 3], [1, 5, 1], [3, 12, 2]), 2: ([2, 5, 6, 3], [1, 7, 4, 2], [2, 4, 9, 1]),
          3: ([1, 4, 5, 3, 2], [2, 3, 3, 4, 1], [1, 6, 3, 3, 2])}  # fmt: skip
Case = tuple[str, Callable[[Any], Any]]


def pools(n: int) -> list[Case]:
    """Functions of `x` in both languages, for n spatial axes."""
    most, mean = getattr(F, f"max_pool{n}d"), getattr(F, f"avg_pool{n}d")
    adaptive_most, adaptive_mean = getattr(F, f"adaptive_max_pool{n}d"), getattr(F, f"adaptive_avg_pool{n}d")
    mixed, steps = ([3, 2, 1][:n], [1, 2, 3][:n])
    cases: list[Case] = []
    for k, s, p in ((2, 2, 0), (3, 1, 1), (3, 2, 1), (2, 3, 0), (2, 1, 1)):
        called = f"{k}, strides={s}, padding={p}"
        cases.append((f"max_pool(x, {called})", lambda x, k=k, s=s, p=p: most(x, k, s, p)))
        for counted in (False, True):
            text = f"average_pool(x, {called}, count_padding={str(counted).lower()})"
            cases.append((text, lambda x, k=k, s=s, p=p, c=counted: mean(x, k, s, p, count_include_pad=c)))
    cases += [
        (f"max_pool(x, {mixed}, strides={steps})", lambda x: most(x, mixed, steps)),
        (f"average_pool(x, {mixed}, strides={steps})", lambda x: mean(x, mixed, steps)),
    ]
    for size in (1, 2, 3, 5):
        cases += [
            (f"adaptive_max_pool(x, {size})", lambda x, m=size: adaptive_most(x, m)),
            (f"adaptive_average_pool(x, {size})", lambda x, m=size: adaptive_mean(x, m)),
        ]
    return cases


def edges(n: int) -> list[Case]:
    cases: list[Case] = []
    for mode, theirs in (("reflect", "reflect"), ("edge", "replicate"), ("wrap", "circular"), ("constant", "constant")):
        for before, after in ((1, 0), (2, 2), (0, 1)):
            inner = ", ".join([f"[{before}, {after}]"] * n)
            text = f'pad(x, [[0, 0], {inner}, [0, 0]], mode="{mode}")'
            cases.append((text, lambda x, a=before, z=after, m=theirs: F.pad(x, [a, z] * n, mode=m)))
    nearest = [(f'resize(x, {[m] * n}, interpolation="nearest")', m) for m in (2, 4, 11)]
    cases += [(text, lambda x, m=m: F.interpolate(x, [m] * n, mode="nearest-exact")) for text, m in nearest]
    linear = {1: "linear", 2: "bilinear", 3: "trilinear"}[n]
    cases += [(f"resize(x, {[m] * n})", lambda x, m=m: F.interpolate(x, [m] * n, mode=linear)) for m in (2, 4, 11)]
    return cases


@pytest.mark.parametrize("cases", [pools, edges])
@pytest.mark.parametrize("axes", [1, 2, 3])
def test_functions_of_images(axes: int, cases: Callable[[int], list[Case]]) -> None:
    draw = np.random.default_rng(axes)
    for shape in SHAPES[axes]:
        fitting = [(text, judge) for text, judge in cases(axes) if not ("reflect" in text and min(shape[1:-1]) < 3)]
        x = draw.normal(size=shape)
        theirs = torch.tensor(np.moveaxis(x, -1, 1).copy(), requires_grad=True)
        lines = [f"param x: f32[{', '.join(map(str, shape))}] = zeros", "input anything: f32[batch]"]
        wanted, factors = {}, {}
        total = torch.zeros((), dtype=torch.float64)
        for k, (text, judge) in enumerate(fitting):
            y = judge(theirs)
            weights = draw.normal(size=np.moveaxis(y.detach().numpy(), 1, -1).shape)
            wanted[f"y{k}"], factors[f"f{k}"] = np.moveaxis(y.detach().numpy(), 1, -1), weights
            total = total + (y * torch.tensor(np.moveaxis(weights, -1, 1).copy())).sum()
            lines += [f"input f{k}: f32[{', '.join(map(str, weights.shape))}]", f"y{k} = {text}", f"output y{k}",
                      f"loss l{k} = sum(y{k} * f{k})"]  # fmt: skip
        total.backward()
        made = driver.check_source(Source("judge.nn", "model Judge {\n" + "\n".join(lines) + "\n}\n"))
        given = {"x": x, **factors, "anything": np.zeros(1)}
        outputs, _ = run(promote(driver.graph_of(made, "predict")), given, SCALARS, {"batch": 1})
        for k, (text, _) in enumerate(fitting):
            np.testing.assert_allclose(outputs[f"out.y{k}"], wanted[f"y{k}"], rtol=1e-9, atol=1e-9, err_msg=text)
        outputs, _ = run(promote(driver.graph_of(made, "gradient")), given, SCALARS, {"batch": 1})
        gradient = np.moveaxis(theirs.grad.numpy(), 1, -1)
        np.testing.assert_allclose(outputs["grad.x"], gradient, rtol=1e-9, atol=1e-9, err_msg=str(shape))


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
def test_label_smoothing_of_indices(smoothing: float) -> None:
    text = f"""
    model Judge {{
      input y: index<4>[5]
      param z: f32[5, 4] = zeros
      loss total = sum(sparse_categorical_crossentropy(y, z, label_smoothing={smoothing}))
    }}
    """
    draw = np.random.default_rng(0)
    z, y = draw.normal(size=(5, 4)) * 3, draw.integers(0, 4, 5)
    theirs = torch.tensor(z, requires_grad=True)
    loss = F.cross_entropy(theirs, torch.tensor(y), label_smoothing=smoothing, reduction="sum")
    loss.backward()
    graph = promote(driver.graph_of(driver.check_source(Source("judge.nn", text)), "gradient"))
    found, _ = run(graph, {"z": z, "y": y.astype(np.int32)}, SCALARS, {})
    np.testing.assert_allclose(found["loss"], loss.item(), rtol=1e-9)
    np.testing.assert_allclose(found["grad.z"], theirs.grad.numpy(), rtol=1e-9, atol=1e-12)
