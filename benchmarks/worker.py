"""One contestant on one workload, in a process of its own: `run` writes requests to it, a line each.

    python benchmarks/worker.py ours mnist_mlp 2

Answers are lines of JSON. Nothing runs between two requests, so that contestants can take turns.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from pathlib import Path


def main() -> None:
    """Build, do one step, then answer requests until the input ends."""
    name, workload_name, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what libraries print is not an answer
    from workloads import WORKLOADS, arrays

    workload = WORKLOADS[workload_name]
    x, y = arrays(workload)
    contestant = importlib.import_module(f"contestants.{name}").Contestant(workload, x, y, threads)
    loss = contestant.step()
    answers.write(json.dumps({"loss": loss}) + "\n")
    for line in sys.stdin:
        request, amount = line.split()
        match request:
            case "steps":
                answer: object = timed(contestant.step, float(amount))
            case "rows":
                answer = timed(contestant.predict, float(amount))
            case "losses":
                answer = [contestant.step() for _ in range(int(amount))]
            case "memory":
                answer = peak_memory()
            case _:
                raise SystemExit(f"no request {request}")
        answers.write(json.dumps(answer) + "\n")


def peak_memory() -> float:
    """MiB. From the kernel's own account: that of getrusage starts with what the parent process had."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def timed(do: object, seconds: float) -> list[float]:
    """The time of each call for so long, in ms, after three calls that are not counted."""
    assert callable(do)
    for _ in range(3):
        do()
    times = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 3:
        begun = time.perf_counter()
        do()
        times.append(1000 * (time.perf_counter() - begun))
    return times


if __name__ == "__main__":
    main()
