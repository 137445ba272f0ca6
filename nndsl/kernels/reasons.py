"""What a kernel was not fused with, and why: one sentence for each kernel whose values it reads.

The walk that makes the regions leaves its refusals in them (fuse.py). What is never tried, since it follows from the op
alone, is said here: a product reads its factors from memory, whatever they are made of.
"""

from __future__ import annotations

from collections.abc import Iterator

from nndsl.ir.graph import Node
from nndsl.ir.plan import Plan, Region
from nndsl.ir.refusals import Reason, Refusal
from nndsl.ops.op import Contract, Indexed, Loop, Pointwise, Ready, Reduce
from nndsl.ops.table import OPS


class Reasons:
    """The reasons of a plan."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.kernels = [kernel for region in plan.regions for kernel in _with_bodies(region)]
        self.place = {kernel: i for i, kernel in enumerate(self.kernels)}
        self.refused = {node for kernel in self.kernels for node in kernel.refused}
        self.makers: dict[Node, Region] = {}
        for kernel in self.kernels:
            for node in kernel.nodes:
                if node in plan.buffers:
                    self.makers.setdefault(node, kernel)

    def name(self, kernel: Region) -> str:
        """What a kernel is called; a loop over steps has the name of its node."""
        return kernel.name or self.plan.names[kernel.nodes[0]]

    def of(self, kernel: Region) -> Iterator[str]:
        """A line for each kernel that `kernel` reads a value of."""
        told: set[Region] = set()
        for node, child in self._reads(kernel):
            home = self.plan.home(child)
            maker = self.makers.get(home)
            if maker is None or maker is kernel or maker in told or self.place[maker] > self.place[kernel]:
                continue
            told.add(maker)
            refusal = self._refusal(kernel, maker, node, child)
            where = f" ({node.span.where})" if node.span is not None else ""
            yield f"not fused with {self.name(maker)}: {self._sentence(refusal, node, home, maker)}{where}"

    def _reads(self, kernel: Region) -> Iterator[tuple[Node, Node]]:
        """Who reads what; those first of whom a refusal is known."""
        members = set(kernel.nodes)
        pairs = [(n, c) for n in kernel.nodes for c in n.inputs if c not in members]
        yield from sorted(pairs, key=lambda pair: pair[0] not in self.refused)
        yield from ((target, value) for target, value in kernel.assigns if value not in members)

    def _refusal(self, kernel: Region, maker: Region, node: Node, child: Node) -> Refusal:
        """Why `node`, which reads `child` of `maker`, is computed in `kernel`."""
        if any(target is node for target, _ in kernel.assigns):
            return Refusal(Reason.VIEW if child in self.plan.views else Reason.OLD)
        if node in maker.refused:
            return maker.refused[node]
        match OPS[node.op].lowering:
            case Contract():
                return Refusal(Reason.FACTOR)
            case Ready():
                return Refusal(Reason.READY)
            case Loop():
                return Refusal(Reason.STEPS if node.op == "scan" else Reason.PLACES)
            case Indexed():
                return Refusal(Reason.ELSEWHERE)
            case Reduce() if kernel.form in ("total", "columns"):
                return Refusal(Reason.TOTAL if kernel.form == "total" else Reason.COLUMNS)
        if child in self.plan.views:
            return Refusal(Reason.VIEW)
        if maker.form == "ready":
            return Refusal(Reason.CLOSED)
        if not isinstance(OPS[node.op].lowering, Pointwise):
            return Refusal(Reason.SHAPE)
        if node in kernel.again:
            return Refusal(Reason.AGAIN)
        return self._also_needed(kernel, maker, node)

    def _also_needed(self, kernel: Region, maker: Region, node: Node) -> Refusal:
        """What holds a node back that could be computed in `maker` but for another input."""
        members = set(kernel.nodes)
        here = [c for c in node.inputs if c in members]
        if here:
            return Refusal(Reason.HERE, here[-1])
        for child in node.inputs:
            other = self.makers.get(self.plan.home(child))
            if other is not None and self.place[other] > self.place[maker]:
                return Refusal(Reason.LATER, child)
        return Refusal(Reason.MASK if node.dtype == "bool" else Reason.WAITED)

    def _sentence(self, refusal: Refusal, node: Node, home: Node, maker: Region) -> str:
        name, value = self.plan.names, refusal.value if refusal.value is not None else home
        summed = not node.is_leaf and not isinstance(OPS[node.op].lowering, Pointwise)
        return refusal.reason.value.format(
            node=name.get(node, node.op),
            op=node.op,
            value=name.get(value, value.op),
            axes=", ".join(str(s) for s in (node.inputs[0] if summed else node).shape),
            space=", ".join(str(s) for s in maker.space),
        )


def _with_bodies(region: Region) -> Iterator[Region]:
    """A region, and behind it those of its body."""
    yield region
    for inner in region.body:
        yield from _with_bodies(inner)
