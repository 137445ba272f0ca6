"""The loops inside one row of a region: what must be finished before what."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from nndsl.ir.graph import Node
from nndsl.ir.plan import Region
from nndsl.ir.types import Shape
from nndsl.ops.op import Contract, Reduce
from nndsl.ops.table import OPS


def role(node: Node, space: Shape) -> str:
    """ "scalar" (one for the kernel), "row" (one for each row), "full" (one for each element) or "columns" (sums that
    rows are added to)."""
    if node.op == "column_sums":
        return "columns"
    if node.shape == space:
        return "full"
    return "scalar" if node.shape == () else "row"


def is_contraction(node: Node) -> bool:
    """A matrix product or a convolution: its rows are made in blocks, before the loops over them."""
    return not node.is_leaf and isinstance(OPS[node.op].lowering, Contract)


def column_sums(region: Region) -> list[Node]:
    """The sums of columns that a region adds its rows to."""
    return [n for n in region.nodes if n.op == "column_sums"]


def is_flat(region: Region) -> bool:
    """Whether a region goes over its elements in a line, whatever their axes: sums over the first axis do."""
    return region.form == "columns" and region.nodes[0].attrs["axes"] == (0,)


def is_row_reduction(node: Node, region: Region) -> bool:
    """A reduction along the rows of a region of that form."""
    return region.form == "rows" and not node.is_leaf and isinstance(OPS[node.op].lowering, Reduce)


@dataclass(frozen=True)
class Phases:
    """For full nodes, the loop they are computed in; for a row's numbers, the loop after which they are known.

    -1 is before the first.
    """

    of: dict[Node, int]
    count: int

    def at(self, phase: int) -> list[Node]:
        """The nodes of one loop, in their order."""
        return self._each.get(phase, [])

    @cached_property
    def _each(self) -> dict[int, list[Node]]:
        found: dict[int, list[Node]] = {}
        for node, phase in self.of.items():
            found.setdefault(phase, []).append(node)
        return found


def phases(region: Region) -> Phases:
    """Number the loops of a row."""
    of: dict[Node, int] = {}
    kinds = {node: role(node, region.space) for node in region.nodes}
    last = -1
    for node, kind in kinds.items():
        in_loop = kind in ("full", "columns") or is_row_reduction(node, region)
        at = 0 if in_loop else -1
        for child in node.inputs:
            below = kinds.get(child, "scalar")
            if below != "scalar":
                at = max(at, of[child] + (1 if kind == "full" and below != "full" else 0))
        of[node] = at
        if in_loop:
            last = max(last, at)
    return Phases(of, last + 1)


def crossing(region: Region) -> set[Node]:
    """Full values that a later loop of the same row reads again: they go through memory."""
    if region.form != "rows" or len(region.space) < 1:
        return set()
    order = phases(region)
    if order.count < 2:
        return set()
    members = set(region.nodes)
    found: set[Node] = set()
    for node in region.nodes:
        for child in node.inputs:
            kinds = (role(child, region.space), role(node, region.space))
            full = child in members and kinds in (("full", "full"), ("full", "columns"))
            if full and order.of[child] < order.of[node]:
                found.add(child)
    return found
