"""The plan as text: what each kernel computes, what lies where, and how much memory it takes."""

from __future__ import annotations

from nndsl.ir.dims import Size, at_least
from nndsl.ir.plan import Plan, Region
from nndsl.ir.types import BYTES
from nndsl.kernels.reasons import Reasons


def show_plan(plan: Plan) -> str:
    """Kernels in order with what they were not fused with, then buffers by the block they share, then the peak as a
    formula."""
    lines = [f"plan {plan.graph.name}: {len(plan.regions)} kernels"]
    reasons = Reasons(plan)
    for region in plan.regions:
        lines += _kernel(plan, region, reasons, "  ")
    lines.append(f"memory: {len(plan.blocks)} blocks")
    for number, block in enumerate(plan.blocks):
        parts = [f"{b.name} {_bytes(b.count * BYTES[b.node.dtype])} [{b.first}..{b.last}]" for b in block.buffers]
        lines.append(f"  block {number}: {', '.join(parts)}")
    lines.append(f"peak: {peak_formula(plan)} bytes")
    return "\n".join(lines) + "\n"


def _kernel(plan: Plan, region: Region, reasons: Reasons, pad: str) -> list[str]:
    """What a kernel computes, and the kernels of its steps or places."""
    space = ", ".join(str(s) for s in (region.nodes[0].attrs["body"].outer if region.form == "each" else region.space))
    lines = [f"{pad}kernel {reasons.name(region)}: {region.form} over [{space}]"]
    for node in region.nodes:
        notes = ["stored, a block at a time" if node in plan.passing else "stored"] if node in plan.buffers else []
        notes = ["a window"] if node in plan.windows else notes
        notes += ["computed again"] if node in region.again else []
        kept = f" ({', '.join(notes)})" if notes else ""
        lines.append(f"{pad}  {plan.names[node]}: {node.type} = {node.op}{kept}")
    lines += [f"{pad}  {target.name} := {plan.names[value]}" for target, value in region.assigns]
    for inner in region.body:
        lines += _kernel(plan, inner, reasons, pad + "  ")
    return lines + [f"{pad}  {reason}" for reason in reasons.of(region)]


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
