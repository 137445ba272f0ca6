"""How long a training step of each sample takes: forward, loss, backward and optimizer, on random data.

    python benchmarks/step.py [--engine numpy] [--threads N] [--steps N] [sample …]

The time of a step is the median over `--steps` steps after three that are not counted. `first` is the time until the
first step is done, compilation included (short where the cache has the program). What else the machine does shows in
the figures, so compare only what one run printed.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

import numpy as np

import nndsl
from nndsl.data.ports import Port, evaluate_dim
from nndsl.training.section import ports_of

SAMPLES = Path(__file__).parent.parent / "samples"
LENGTH = 100  # of every symbolic dim that is not the batch


def main() -> None:
    """Time the samples and print a table."""
    parser = argparse.ArgumentParser(description="Time training steps of the samples.")
    parser.add_argument("samples", nargs="*", default=sorted(path.stem for path in SAMPLES.glob("*.nn")))
    parser.add_argument("--engine", default="numba", choices=("numba", "numpy"))
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--steps", type=int, default=50)
    given = parser.parse_args()
    print(f"{'sample':<12}{'rows':>6}{'params':>10}{'first, s':>10}{'step, ms':>10}{'slowest':>10}")
    for name in given.samples:
        print(row(name, given.engine, given.threads, max(1, given.steps)), flush=True)


def row(name: str, engine: str, threads: int | None, steps: int) -> str:
    """One line of the table."""
    model = nndsl.load(SAMPLES / f"{name}.nn", engine=engine, threads=threads, seed=0)
    inputs, targets = ports_of(model.checked.model)
    rows = model.checked.train.batch_size
    rng = np.random.default_rng(0)
    batch = {port.name: made_up(port, rows, rng) for port in (*inputs, *targets)}
    begun = time.perf_counter()
    model.session.train_step(batch)
    first = time.perf_counter() - begun
    for _ in range(3):
        model.session.train_step(batch)
    times = []
    for _ in range(steps):
        begun = time.perf_counter()
        model.session.train_step(batch)
        times.append(1000 * (time.perf_counter() - begun))
    params = sum(array.size for array in model.params.values())
    return f"{name:<12}{rows:>6}{params:>10,}{first:>10.2f}{statistics.median(times):>10.3f}{max(times):>10.3f}"


def made_up(port: Port, rows: int, rng: np.random.Generator) -> np.ndarray:
    """An array that fits an input or target: (rows, …), of its dtype, with values of its kind."""
    sizes = {dim: LENGTH for dim in port.dims if isinstance(dim, str)} | {"batch": rows}
    shape = tuple(dim if isinstance(dim, int) else evaluate_dim(dim, sizes) or LENGTH for dim in port.dims)
    if port.kind == "index":
        return rng.integers(0, port.count or LENGTH, shape).astype(port.numpy_dtype)
    if port.kind == "binary":
        return rng.integers(0, 2, shape).astype(port.numpy_dtype)
    return rng.random(shape).astype(port.numpy_dtype)


if __name__ == "__main__":
    main()
