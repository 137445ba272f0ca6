"""Where the time of a program goes, kernel by kernel."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from nndsl.ir.dims import evaluate
from nndsl.ir.graph import Node
from nndsl.ir.plan import Plan, Region
from nndsl.ir.types import BYTES
from nndsl.ir.work import of_node
from nndsl.runtime.native import Frame, Native

WARM_UP = 3


@dataclass(frozen=True, eq=False)
class KernelTime:
    """What one kernel does in a run: how often it is called, its seconds in all calls, its multiply-adds, and the bytes
    of the arrays it reads and writes."""

    region: Region
    calls: int
    seconds: float
    multiply_adds: int
    bytes: int


@dataclass(frozen=True, eq=False)
class Profile:
    """A program measured. `seconds` is the median time of a run; the kernels' times are medians that add up to it."""

    plan: Plan
    sizes: Mapping[str, int]
    threads: int
    seconds: float
    kernels: tuple[KernelTime, ...]


def measure(
    program: Native,
    inputs: Mapping[str, Any],
    store: Mapping[str, Any],
    scalars: Mapping[str, Any],
    sizes: Mapping[str, int],
    runs: int,
) -> Profile:
    """Run a program that takes its kernels' times so many times. `store` is changed as by a training."""
    sizes = program.named(sizes)
    frame = Frame(program, sizes)
    for _ in range(WARM_UP):
        program.run_in(frame, inputs, store, scalars, sizes)
    ticks = np.zeros((runs, len(frame.clocks) - 1))
    times = []
    for i in range(runs):
        frame.clocks[1:] = 0
        begun = time.perf_counter()
        program.run_in(frame, inputs, store, scalars, sizes)
        times.append(time.perf_counter() - begun)
        ticks[i] = frame.clocks[1:]
    seconds = statistics.median(times)
    regions = [region for region in program.clocks if isinstance(region, Region)]
    calls = dict(_calls(program.plan.regions, sizes, 1))
    spent = np.median(ticks, axis=0)
    whole = max(1.0, float(spent.sum()))
    kernels = tuple(
        KernelTime(
            region,
            calls[region],
            float(median) / whole * seconds,
            calls[region] * sum(evaluate(of_node(node), sizes) for node in region.nodes),
            calls[region] * _bytes(program.plan, region, sizes),
        )
        for region, median in zip(regions, spent, strict=True)
    )
    return Profile(program.plan, sizes, program.workers, seconds, kernels)


def _calls(
    regions: tuple[Region, ...] | list[Region], sizes: Mapping[str, int], times: int
) -> list[tuple[Region, int]]:
    """Each kernel with how often a run calls it: those of a scan's body once a step."""
    found: list[tuple[Region, int]] = []
    for region in regions:
        if region.form == "scan":
            found += _calls(region.body, sizes, times * evaluate(region.nodes[0].attrs["length"], sizes))
        elif region.form == "each":
            found += _calls(region.body, sizes, times * evaluate(region.nodes[0].attrs["body"].count, sizes))
        else:
            found.append((region, times))
    return found


def _bytes(plan: Plan, region: Region, sizes: Mapping[str, int]) -> int:
    """Of the arrays that a kernel reads or writes, each once; of a table, as much as is taken from it."""
    members = set(region.nodes)
    touched: dict[Node, int] = {}
    for node in region.nodes:
        if node in plan.buffers:
            touched[node] = _size(node, sizes)
        for child in node.inputs:
            home = plan.home(child)
            if home not in members and home.shape:
                much = _size(node if node.op == "take" and child is node.inputs[0] else home, sizes)
                touched[home] = max(touched.get(home, 0), much)
    for target, _ in region.assigns:
        touched[target] = touched.get(target, 0) + _size(target, sizes)
    return sum(touched.values())


def _size(node: Node, sizes: Mapping[str, int]) -> int:
    count = 1
    for size in node.shape:
        count *= evaluate(size, sizes)
    return count * BYTES[node.dtype]
