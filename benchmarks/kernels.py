"""Which share of the multiply-add peak the kernels of dense layers and convolutions reach, with one thread and two.

    python benchmarks/kernels.py [--quick] [--only NAME …] [--threads N …] [--json FILE]

Each is a graph of one op (a product, a convolution or one of their gradients) that goes through the whole compiler and
is launched as a session launches it: the program that is timed is the one that a model would run. In each turn of a
kernel the peak is measured before and behind the kernel, in the same way: the best of five tries of 2 ms or more. What
counts is the median of the shares of all turns, so that what else the machine does slows down both.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import limits
import numpy as np

from nndsl.ir.graph import Graph, Node
from nndsl.ir.types import TensorType
from nndsl.kernels.module import generate
from nndsl.ops import build as b
from nndsl.passes import run
from nndsl.runtime import threads as pool
from nndsl.runtime.native import Frame, load
from nndsl.runtime.pages import memory

FORMS = ("forward", "input gradient", "weight gradient")
OPTIONS = {"strides": (1, 1), "dilation": (1, 1), "low": (1, 1), "high": (1, 1)}
"""Of convolutions by 3x3 whose results have the size of their images."""

TRIES, TRY = 5, 2e-3
"""How often a kernel is timed in a turn, and for how many seconds at least."""


@dataclass(frozen=True)
class Shape:
    """A layer: `batch` rows (or images of a `side`), `inputs` and `outputs` of each row or place."""

    batch: int
    inputs: int
    outputs: int
    side: int = 0

    @property
    def name(self) -> str:
        if self.side:
            return f"{self.batch}x{self.side}x{self.side}x{self.inputs}, 3x3 to {self.outputs}"
        return f"{self.batch}x{self.inputs} to {self.outputs}"

    @property
    def multiply_adds(self) -> int:
        """Of a convolution, without those with the zeros around the image."""
        rows = self.batch * (3 * self.side - 2) ** 2 if self.side else self.batch
        return rows * self.inputs * self.outputs


SHAPES = (
    Shape(256, 256, 256),
    Shape(512, 512, 512),
    Shape(1024, 1024, 1024),
    Shape(128, 784, 512),
    Shape(64, 32, 64, side=28),
    Shape(32, 16, 16, side=32),
    Shape(32, 64, 64, side=16),
)


@dataclass(frozen=True)
class Row:
    """One kernel, as the median of its turns: ms of a run, 1e9 multiply-adds a second, and their share of the peak."""

    layer: str
    form: str
    threads: int
    ms: float
    rate: float
    share: float


def graph_of(shape: Shape, form: str) -> Graph:
    """A layer, or one of its gradients, as a graph of one op."""
    if shape.side:
        place = (shape.batch, shape.side, shape.side)
        image, result = _given("image", *place, shape.inputs), _given("result", *place, shape.outputs)
        kernel = _given("kernel", 3, 3, shape.inputs, shape.outputs)
        options = OPTIONS | {"groups": 1}
        out = {
            "forward": lambda: b.apply("conv", image, kernel, **options),
            "input gradient": lambda: b.apply("conv_input_grad", result, kernel, **options, size=place[1:]),
            "weight gradient": lambda: b.apply("conv_kernel_grad", image, result, **options, window=(3, 3)),
        }[form]()
    else:
        x, y = _given("x", shape.batch, shape.inputs), _given("y", shape.batch, shape.outputs)
        w = _given("w", shape.inputs, shape.outputs)
        out = {
            "forward": lambda: b.apply("matmul", x, w),
            "input gradient": lambda: b.apply("matmul", y, w, tb=True),
            "weight gradient": lambda: b.apply("matmul", x, y, ta=True),
        }[form]()
    return Graph("kernel", (("out", out),))


def _given(name: str, *shape: int) -> Node:
    return Node("input", (), {"name": name}, TensorType("f32", shape), name=name)


def _placed(values: np.ndarray) -> np.ndarray:
    """f32 in memory as params and what kernels make have it."""
    array = memory(4 * values.size).view(np.float32).reshape(values.shape)
    array[...] = values
    return array


class Kernel:
    """A compiled layer or gradient, ready to be launched."""

    def __init__(self, shape: Shape, form: str, workers: int) -> None:
        graph = run(graph_of(shape, form), verify=False)
        program = load(generate(graph), workers)
        draw = np.random.default_rng(0)
        self.inputs = {n.attrs["name"]: _placed(draw.normal(size=n.shape)) for n in program.plan.arrays}
        self.program, self.frame = program, Frame(program, {})
        self.shape, self.form, self.workers = shape, form, workers
        program.run_in(self.frame, self.inputs, {}, {}, {})
        self.peaks: list[float] = []
        self.times: list[float] = []

    def take_turn(self) -> None:
        """Measure the peak, then the kernel, then the peak again: the better one counts."""
        before = limits.multiply_adds(self.workers)
        count = max(1, round(TRY / self._seconds(1)))
        self.times.append(min(self._seconds(count) for _ in range(TRIES)))
        self.peaks.append(max(before, limits.multiply_adds(self.workers)))

    def _seconds(self, count: int) -> float:
        """Of one launch out of so many."""
        address, table, workers = self.program.address, self.frame.table_address, self.frame.workers
        begun = time.perf_counter()
        for _ in range(count):
            pool.launch(address, table, workers)
        return (time.perf_counter() - begun) / count

    def row(self) -> Row:
        """What it reached."""
        rates = [self.shape.multiply_adds / seconds / 1e9 for seconds in self.times]
        share = statistics.median(rate / peak for rate, peak in zip(rates, self.peaks, strict=True))
        ms = statistics.median(self.times) * 1e3
        return Row(self.shape.name, self.form, self.workers, ms, statistics.median(rates), share)


def measure(shapes: Sequence[Shape], workers: Sequence[int], quick: bool) -> tuple[dict[int, float], list[Row]]:
    """All kernels in turn; and the peak of each number of threads, the median of all turns."""
    kernels = [Kernel(shape, form, n) for n in workers for shape in shapes for form in FORMS]
    for _ in range(3 if quick else 9):
        for kernel in kernels:
            kernel.take_turn()
    peaks = {n: statistics.median(p for k in kernels if k.workers == n for p in k.peaks) for n in workers}
    return peaks, [kernel.row() for kernel in kernels]


def table(peak: dict[int, float], rows: Sequence[Row]) -> str:
    """A line for each layer: the shares of its forms, for each number of threads."""
    out = ["Share of the multiply-add peak (" + ", ".join(f"{n}: {p:.0f}e9/s" for n, p in peak.items()) + "):", ""]
    out.append("| layer | " + " | ".join(f"{form}, {n} thread{'s' * (n > 1)}" for form in FORMS for n in peak) + " |")
    out.append("|---" * (1 + len(FORMS) * len(peak)) + "|")
    found = {(r.layer, r.form, r.threads): r.share for r in rows}
    for layer in dict.fromkeys(r.layer for r in rows):
        cells = [f"{found[layer, form, n]:.0%}" for form in FORMS for n in peak]
        out.append(f"| {layer} | {' | '.join(cells)} |")
    return "\n".join(out)


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description="The kernels' share of the multiply-add peak.")
    parser.add_argument("--quick", action="store_true", help="short turns: less than ten seconds")
    parser.add_argument("--only", nargs="*", metavar="TEXT", help="layers whose name contains one of these")
    parser.add_argument("--threads", nargs="*", type=int, default=[1, 2])
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    given = parser.parse_args()
    shapes = [s for s in SHAPES if not given.only or any(text in s.name for text in given.only)]
    peak, rows = measure(shapes, given.threads, given.quick)
    print(table(peak, rows))
    if given.json:
        given.json.write_text(json.dumps({"peak": peak, "rows": [asdict(row) for row in rows]}, indent=1) + "\n")


if __name__ == "__main__":
    main()
