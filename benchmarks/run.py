"""Training steps of nndsl against those of its peers, in turn, on one machine, in one run.

    python benchmarks/run.py [--quick] [--peer-python PYTHON] [--only NAME …] [--json FILE] [--svg FILE]

Each workload is a `.nn` file in `benchmarks/workloads`; its peers are PyTorch (eager and torch.compile) and JAX, where
they are installed (`--peer-python` names an interpreter that has them). Each contestant is a process of its own, with
two threads, that does nothing while another has its turn; turns go A B A B. What counts are the ratios: the machine
has others on it. Behind the workloads stand the kernels by themselves (see kernels.py), unless `--only` names some.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import kernels
import limits
import report
from workloads import WORKLOADS, Workload

PEERS = ("torch_eager", "torch_compile", "jax_jit")
NEEDS = {"torch_eager": "torch", "torch_compile": "torch", "jax_jit": "jax"}
HERE = Path(__file__).parent


@dataclass
class Row:
    """What one contestant did on one workload. Times in ms, of starts in s, memory in MiB."""

    contestant: str
    workload: str
    step: float = 0.0
    steps: int = 0
    row: float = 0.0
    cold: float | None = None
    warm: float | None = None
    one_thread: float | None = None
    memory: float = 0.0
    loss: float = 0.0


@dataclass
class Result:
    """One run of the benchmark."""

    machine: dict[str, object]
    rows: list[Row] = field(default_factory=list)
    kernels: list[kernels.Row] = field(default_factory=list)


class Worker:
    """A contestant's process."""

    def __init__(self, python: str, contestant: str, workload: Workload, threads: int, cache: Path) -> None:
        kept = {
            "NNDSL_CACHE_DIR": str(cache / "nndsl"),
            "TORCHINDUCTOR_CACHE_DIR": str(cache / "inductor"),
            "JAX_COMPILATION_CACHE_DIR": str(cache / "jax"),
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
            "JAX_PLATFORMS": "cpu",
            "OMP_NUM_THREADS": str(threads),
        }
        begun = time.perf_counter()
        self.process = subprocess.Popen(
            [python, str(HERE / "worker.py"), contestant, workload.name, str(threads)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | kept,
        )  # fmt: skip
        self.loss = self._answer()["loss"]
        self.started = time.perf_counter() - begun

    def ask(self, request: str, amount: float) -> object:
        """Send one request and wait for its answer."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{request} {amount}\n")
        self.process.stdin.flush()
        return self._answer()

    def times(self, request: str, seconds: float) -> list[float]:
        """The ms of each call in so many seconds."""
        answer = self.ask(request, seconds)
        assert isinstance(answer, list)
        return answer

    def _answer(self) -> dict[str, float]:
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        line = self.process.stdout.readline()
        if not line:
            raise Failed(self.process.stderr.read().strip().splitlines()[-1:] or ["it ended"])
        return json.loads(line)

    def close(self) -> None:
        """End the process."""
        self.process.communicate()


class Failed(Exception):
    """A contestant that could not take part."""


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description="Time training steps of nndsl and its peers.")
    parser.add_argument("--quick", action="store_true", help="short turns, no cold starts: less than two minutes")
    parser.add_argument("--peer-python", default=sys.executable, help="an interpreter that has torch and jax")
    parser.add_argument("--only", nargs="*", choices=list(WORKLOADS), metavar="NAME")
    parser.add_argument("--peers", nargs="*", default=list(PEERS), choices=PEERS, metavar="PEER")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    parser.add_argument("--svg", type=Path, help="draw the ratios")
    given = parser.parse_args()
    peers = [p for p in given.peers if installed(given.peer_python, NEEDS[p])]
    machine = {
        "threads": given.threads,
        "multiply-adds, 1e9/s, one thread": round(limits.multiply_adds(1), 1),
        f"multiply-adds, 1e9/s, {given.threads} threads": round(limits.multiply_adds(given.threads), 1),
        "copies, 1e9 bytes/s": round(limits.bytes_copied(given.threads), 1),
        "peers": {p: version(given.peer_python, NEEDS[p]) for p in peers},
    }
    result = Result(machine)
    with tempfile.TemporaryDirectory() as folder:
        for name in given.only or WORKLOADS:
            rows = measure(WORKLOADS[name], peers, given.peer_python, given.threads, given.quick, Path(folder))
            result.rows += rows
            print(report.line(WORKLOADS[name], rows, result.rows), flush=True)
    print()
    print(report.table(result.machine, [asdict(row) for row in result.rows]))
    if given.only is None:
        peak, result.kernels = kernels.measure(kernels.SHAPES, sorted({1, given.threads}), given.quick)
        print()
        print(kernels.table(peak, result.kernels))
    if given.json:
        given.json.write_text(json.dumps(asdict(result), indent=1) + "\n")
    if given.svg:
        given.svg.write_text(report.picture([asdict(row) for row in result.rows]))


def measure(workload: Workload, peers: list[str], python: str, threads: int, quick: bool, cache: Path) -> list[Row]:
    """All contestants on one workload, in turn. Peers of a form of another workload were measured with that one."""
    contestants = ["ours"] if workload.like else ["ours", *peers]
    rows = {name: Row(name, workload.name) for name in contestants}
    workers: dict[str, Worker] = {}
    for name in contestants:
        interpreter = sys.executable if name == "ours" else python
        try:
            first = Worker(interpreter, name, workload, threads, cache)
            rows[name].cold, rows[name].loss = first.started, first.loss
            if quick:
                workers[name] = first
                continue
            first.close()
            workers[name] = Worker(interpreter, name, workload, threads, cache)
            rows[name].warm = workers[name].started
        except Failed as why:
            print(f"  {name} on {workload.name}: {why}", file=sys.stderr)
            del rows[name]
    rounds, seconds = (3, 0.4) if quick else (7, 0.8)
    steps: dict[str, list[float]] = {name: [] for name in workers}
    ones: dict[str, list[float]] = {name: [] for name in workers}
    for _ in range(rounds):
        for name, worker in workers.items():
            steps[name] += worker.times("steps", seconds)
    for _ in range(2 if quick else 3):
        for name, worker in workers.items():
            ones[name] += worker.times("rows", 0.1 if quick else 0.3)
    for name, worker in workers.items():
        row = rows[name]
        row.step, row.steps = statistics.median(steps[name]), len(steps[name])
        row.row = statistics.median(ones[name])
        memory = worker.ask("memory", 0)
        assert isinstance(memory, float)
        row.memory = memory
        worker.close()
    if not quick and threads > 1:
        single = Worker(sys.executable, "ours", workload, 1, cache)
        rows["ours"].one_thread = statistics.median(single.times("steps", 2.0))
        single.close()
    return list(rows.values())


def installed(python: str, package: str) -> bool:
    """Whether an interpreter has a package."""
    return subprocess.run([python, "-c", f"import {package}"], capture_output=True).returncode == 0


def version(python: str, package: str) -> str:
    """The version of a package."""
    done = subprocess.run(
        [python, "-c", f"import {package}; print({package}.__version__)"], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


if __name__ == "__main__":
    main()
