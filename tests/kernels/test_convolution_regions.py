"""What is done to the results of convolutions, block by block: compiled as interpreted, for any number of threads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nndsl.ir.dims import Dim
from nndsl.ir.graph import Graph, Node
from nndsl.ir.types import TensorType
from nndsl.kernels.module import generate
from nndsl.ops import build as b
from nndsl.ops.windows import same_padding
from nndsl.passes import NEEDED, PIPELINE
from nndsl.passes import run as run_passes
from nndsl.runtime.interpreter import run
from nndsl.runtime.native import load

BATCH, HEIGHT, TIME = Dim.symbol("batch"), Dim.symbol("height"), Dim.symbol("time")
LEAVES = {
    "x": (BATCH, 9, 8, 3), "k": (3, 3, 3, 6), "bias": (6,), "scale": (BATCH, 1, 1, 6), "tall": (BATCH, HEIGHT, 5, 2),
    "kt": (3, 2, 2, 4), "s": (BATCH, TIME, 4), "ks": (5, 4, 7), "v": (BATCH, 4, 3, 5, 2), "kv": (2, 2, 2, 2, 3),
}  # fmt: skip


def conv(x: Node, kernel: Node, strides: int = 1, same: bool = False) -> Node:
    rank = x.type.rank - 2
    pads = [same_padding(n, k, strides) if same else (0, 0) for n, k in zip(x.shape[1:-1], kernel.shape, strict=False)]
    return b.apply("conv", x, kernel, strides=(strides,) * rank, dilation=(1,) * rank, groups=1,
                   low=tuple(low for low, _ in pads), high=tuple(high for _, high in pads))  # fmt: skip


def graph() -> Graph:
    leaf = {n: Node("input", (), {"name": n}, TensorType("f32", s), name=n) for n, s in LEAVES.items()}
    plain = conv(leaf["x"], leaf["k"], same=True)
    biased = b.add(plain, leaf["bias"])
    shifted = b.apply("slice", biased, start=(0, 1, 0, 0), size=(BATCH, 8, 8, 6), step=(1, 1, 1, 1))
    tall = conv(leaf["tall"], leaf["kt"], strides=2, same=True)
    row = b.sum_(tall, (3,), keepdims=True)
    steps = conv(leaf["s"], leaf["ks"])
    volume = conv(leaf["v"], leaf["kv"])
    back = b.apply("conv_input_grad", volume, leaf["kv"], strides=(1,) * 3, dilation=(1,) * 3, groups=1, low=(0,) * 3,
                   high=(0,) * 3, size=(4, 3, 5))  # fmt: skip
    return Graph("regions", (
        ("plain", plain), ("relu", b.maximum(biased, 0.0)), ("scaled", b.mul(biased, leaf["scale"])),
        ("shifted", shifted),
        ("share", b.div(b.apply("exp", tall), b.add(b.apply("exp", row), 1.0))), ("steps", b.apply("tanh", steps)),
        ("softmax", b.apply("softmax", steps, axis=2)), ("volume", b.add(volume, 1.0)),
        ("back", b.mul(back, leaf["v"])),
        ("sums", b.sum_(b.apply("sin", plain), (0, 1, 2))),
    ))  # fmt: skip


@pytest.mark.parametrize("passes", [PIPELINE, NEEDED], ids=["optimized", "unoptimized"])
def test_regions_of_convolutions(passes: Any) -> None:
    whole = graph()
    module = generate(run_passes(whole, passes, verify=True))
    engines = [load(module, threads) for threads in (1, 2, 3)]
    for batch, height, time in ((3, 7, 11), (1, 30, 5), (40, 4, 6)):
        sizes = {"batch": batch, "height": height, "time": time}
        draw = np.random.default_rng(batch)
        arrays = {
            n: draw.normal(0, 0.5, [sizes[str(s)] if isinstance(s, Dim) else s for s in shape]).astype(np.float32)
            for n, shape in LEAVES.items()
        }
        expected, _ = run(whole, arrays, {}, sizes)
        first, *others = (engine.run(arrays, {}, {}, sizes) for engine in engines)
        for name, value in expected.items():
            assert np.abs(first[name] - value).max() <= 2e-5 * max(1.0, np.abs(value).max()), name
            assert all(np.array_equal(first[name], other[name]) for other in others), name
