"""Where the steps of a sequence are after an op: rules for the `steps` of records.

A sequence has its steps along its leading axes, as [batch, time, …]. What an op computes for a step stays that step's
as long as it works on each of those axes place by place. A rule `(node, k, lead, count)` says of the `lead` leading axes
of input `k`, which together hold the `count` steps or a multiple of them, how many leading axes of the result hold
them; None where the op moves, cuts, joins or mixes steps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from nndsl.ir.dims import Size, exact_quotient
from nndsl.ir.graph import Node

Steps: TypeAlias = Callable[[Node, int, int, Size], int | None]


def aligned(node: Node, k: int, lead: int, count: Size) -> int | None:
    """Ops on elements: the input has the leading axes of the result, and is not repeated along them."""
    x = node.inputs[k]
    return lead if x.type.rank == node.type.rank and x.shape[:lead] == node.shape[:lead] else None


def behind(node: Node, k: int, lead: int, count: Size) -> int | None:
    """Ops along the axes of an option `axes` or `axis`: those lie behind the steps."""
    axes = node.attrs["axes"] if "axes" in node.attrs else (node.attrs["axis"],)
    return lead if min(axes, default=lead) >= lead else None


def added(node: Node, k: int, lead: int, count: Size) -> int | None:
    """Ops that add axes at the end."""
    return lead


def reshaped(node: Node, k: int, lead: int, count: Size) -> int | None:
    """A reshape keeps the order of elements: as many leading axes as hold all steps, or parts of steps."""
    held: Size = 1
    for axes, size in enumerate(node.shape, 1):
        held = held * size
        if exact_quotient(held, count) is not None:
            return axes
    return None


def transposed(node: Node, k: int, lead: int, count: Size) -> int | None:
    """The axes of the steps stay in front, in their order."""
    return lead if tuple(node.attrs["axes"][:lead]) == tuple(range(lead)) else None


def sliced(node: Node, k: int, lead: int, count: Size) -> int | None:
    """All steps are taken, from the first to the last."""
    whole = all(step == 1 for step in node.attrs["step"][:lead])
    return lead if whole and node.inputs[k].shape[:lead] == node.shape[:lead] else None


def surrounded(node: Node, k: int, lead: int, count: Size) -> int | None:
    """Nothing is put before, between or behind the steps."""
    added_there = any(size != 0 for name in ("low", "high", "interior") for size in node.attrs[name][:lead])
    return None if added_there else lead


def multiplied(node: Node, k: int, lead: int, count: Size) -> int | None:
    """A product over the last axis of the left side; the right side may have steps among its leading axes only."""
    rank = node.type.rank
    return lead if lead <= (rank - 1 if k == 0 and not node.attrs.get("ta") else rank - 2) else None


def looked_up(node: Node, k: int, lead: int, count: Size) -> int | None:
    """The rows that indices name have the axes of the indices in front."""
    return lead if k == 1 else None
