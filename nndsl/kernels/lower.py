"""A region as loops."""

from __future__ import annotations

from nndsl.ir.loops import Kernel, Statement
from nndsl.ir.plan import Plan, Region
from nndsl.kernels import convolutions
from nndsl.kernels.columns import columns, ready, total
from nndsl.kernels.lowering import Argument, Lowering
from nndsl.kernels.parts import products
from nndsl.kernels.pieces import in_pieces
from nndsl.kernels.rows import rows
from nndsl.kernels.tidy import tidy


def lower(plan: Plan, region: Region, inside: bool = False) -> tuple[Kernel, list[Argument]]:
    """The kernel of a region, perhaps one inside a scan, and the arrays it takes."""
    state = Lowering(plan, region, inside=inside)
    match region.form:
        case "rows" if convolutions.leads(region):
            split, grain, body = convolutions.places(state)
        case "rows":
            split, grain, body = rows(state)
        case "columns":
            split, grain, body = columns(state)
        case "parts":
            split, grain, body = products(state)
        case "total":
            split, grain, body = total(state)
        case _:
            split, grain, body = ready(state)
    arguments = list(state.arguments.values())
    targets = {target for target, _ in region.assigns}
    written = {a.name for a in arguments if a.home in targets}

    def clean(body: tuple[Statement, ...]) -> tuple[Statement, ...]:
        return tidy(body, state.source_names, written)

    made = in_pieces(clean(tuple(body)), clean)
    buffers, scalars = tuple(a.name for a in arguments), tuple(state.scalars)
    types = (*(_type(a) for a in arguments), *state.scalars.values())
    across = state.across
    return Kernel(region.name, buffers, plan.sizes, scalars, split, grain, made, across=across, types=types), arguments


def _type(array: Argument) -> str:
    """A number lies in an array of one element."""
    return f"{array.home.dtype}[{', '.join(map(str, array.shape)) or 1}]"


__all__ = ["Argument", "lower"]
