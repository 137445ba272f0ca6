"""The plan as text: what each kernel computes, what lies where, and how much memory it takes."""

from __future__ import annotations

from nndsl.ir.dims import Size, at_least
from nndsl.ir.plan import Plan
from nndsl.ir.types import BYTES


def show_plan(plan: Plan) -> str:
    """Kernels in order, then buffers by the block they share, then the peak as a formula."""
    lines = [f"plan {plan.graph.name}: {len(plan.regions)} kernels"]
    for region in plan.regions:
        space = ", ".join(str(s) for s in region.space)
        lines.append(f"  kernel {region.name}: {region.form} over [{space}]")
        for node in region.nodes:
            kept = " (stored)" if node in plan.buffers else ""
            lines.append(f"    {plan.names[node]}: {node.type} = {node.op}{kept}")
        lines += [f"    {target.name} := {plan.names[value]}" for target, value in region.assigns]
    lines.append(f"memory: {len(plan.blocks)} blocks")
    for number, block in enumerate(plan.blocks):
        parts = [f"{b.name} {_bytes(b.count * BYTES[b.node.dtype])} [{b.first}..{b.last}]" for b in block.buffers]
        lines.append(f"  block {number}: {', '.join(parts)}")
    lines.append(f"peak: {peak_formula(plan)} bytes")
    return "\n".join(lines) + "\n"


def _bytes(size: Size) -> str:
    return str(size)


def peak_formula(plan: Plan) -> str:
    """The bytes of the arena before rounding to cache lines: the sum of the largest buffer of each block."""
    total: Size = 0
    choices: list[str] = []
    for block in plan.blocks:
        sizes = list(dict.fromkeys(b.count * BYTES[b.node.dtype] for b in block.buffers))
        largest = next((s for s in sizes if all(at_least(s, other) for other in sizes)), None)
        if largest is not None:
            total = total + largest
        else:
            choices.append(f"max({', '.join(str(s) for s in sizes)})")
    return " + ".join([str(total), *choices]) if total != 0 or not choices else " + ".join(choices)
