"""The figures of a run as a table and as a picture."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from workloads import WORKLOADS, Workload

NAMES = {"ours": "nndsl", "torch_eager": "torch", "torch_compile": "compile", "jax_jit": "jax"}


def best_peer(rows: Sequence[Mapping[str, Any]], workload: Workload, key: str = "step") -> float | None:
    """The least time of a peer on a workload, or on the one it is another form of."""
    name = workload.like or workload.name
    times = [r[key] for r in rows if r["workload"] == name and r["contestant"] != "ours" and r[key]]
    return min(times) if times else None


def line(workload: Workload, rows: Sequence[Any], known: Sequence[Any]) -> str:
    """One workload, as soon as it is measured."""
    peer = best_peer([vars(r) for r in known], workload)
    parts = [f"{NAMES[r.contestant]} {r.step:.3f}" for r in rows]
    ours = next((r for r in rows if r.contestant == "ours"), None)
    ratio = f"  ratio {peer / ours.step:.2f}" if peer and ours else ""
    return f"{workload.name:<14} ms a step: {', '.join(parts)}{ratio}"


def table(machine: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> str:
    """All as Markdown: what the machine can do, steps, and the other figures."""
    out = ["| machine | |", "|---|---|"]
    for name, value in machine.items():
        shown = ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, Mapping) else value
        out.append(f"| {name} | {shown} |")
    used = [c for c in NAMES if any(r["contestant"] == c for r in rows)]
    out += ["", "Median ms of a training step:", ""]
    out.append(f"| workload | {' | '.join(NAMES[c] for c in used)} | best peer / nndsl |")
    out.append("|---" * (len(used) + 2) + "|")
    ratios = {}
    for name in dict.fromkeys(r["workload"] for r in rows):
        workload = WORKLOADS[name]
        step = {r["contestant"]: r["step"] for r in rows if r["workload"] == name}
        peer = best_peer(rows, workload)
        if peer and "ours" in step:
            ratios[name] = peer / step["ours"]
        cells = [f"{step[c]:.3f}" if c in step else "" for c in used]
        out.append(f"| {name}: {workload.what} | {' | '.join(cells)} | {ratios[name]:.2f} |" if name in ratios
                   else f"| {name}: {workload.what} | {' | '.join(cells)} | |")  # fmt: skip
    plain = [v for k, v in ratios.items() if not WORKLOADS[k].like]
    if plain:
        mean = math.exp(sum(map(math.log, plain)) / len(plain))
        out += ["", f"Geometric mean of the ratios of {len(plain)} workloads: {mean:.2f}; least: {min(plain):.2f}."]
    out += ["", *_others(rows, used)]
    return "\n".join(out)


def _others(rows: Sequence[Mapping[str, Any]], used: Sequence[str]) -> list[str]:
    """One-row predictions, starts, memory and what a second thread brings."""
    out = ["| workload | contestant | one row, µs | cold start, s | warm start, s | peak memory, MiB | 1 → 2 threads |"]
    out.append("|---" * 7 + "|")
    for r in rows:
        gain = f"{r['one_thread'] / r['step']:.2f}" if r["one_thread"] else ""
        warm = f"{r['warm']:.2f}" if r["warm"] else ""
        out.append(
            f"| {r['workload']} | {NAMES[r['contestant']]} | {1000 * r['row']:.0f} | {r['cold'] or 0:.2f} | {warm} "
            f"| {r['memory']:.0f} | {gain} |"
        )
    return out


BAR, LEFT, WIDTH = 26, 130, 720


def picture(rows: Sequence[Mapping[str, Any]]) -> str:
    """Bars: how many times the step of nndsl the best peer takes."""
    ratios = {}
    for name in dict.fromkeys(r["workload"] for r in rows):
        peer = best_peer(rows, WORKLOADS[name])
        ours = [r["step"] for r in rows if r["workload"] == name and r["contestant"] == "ours"]
        if peer and ours:
            ratios[name] = peer / ours[0]
    height = 60 + BAR * len(ratios)
    most = max([2.0, *ratios.values()])
    scale = (WIDTH - LEFT - 60) / most
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" font-family="Helvetica, Arial, sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        '<text x="16" y="26" font-size="16" fill="#222222">best peer / nndsl, time of a training step</text>',
    ]
    for i, (name, ratio) in enumerate(ratios.items()):
        y = 44 + BAR * i
        out.append(f'<text x="{LEFT - 10}" y="{y + 15}" text-anchor="end" fill="#222222">{name}</text>')
        out.append(f'<rect x="{LEFT}" y="{y + 2}" width="{ratio * scale:.1f}" height="{BAR - 8}" fill="#1f5fa8"/>')
        out.append(f'<text x="{LEFT + ratio * scale + 8:.1f}" y="{y + 15}" fill="#222222">{ratio:.2f}</text>')
    for mark in (1, 2):
        x = LEFT + mark * scale
        place = f'x1="{x:.1f}" y1="40" x2="{x:.1f}" y2="{height - 14}"'
        out.append(f'<line {place} stroke="#d1560b" stroke-dasharray="4 4"/>')
    return "\n".join([*out, "</svg>", ""])
