"""Kernels that differ in names alone are compiled once.

Two layers of one shape give kernels with the same text but for the names of their arrays and values. The later one
is dropped and its place in the entry calls the earlier one with its own arrays: many equal blocks compile as fast as
one. Most of them are found before they are lowered, by the nodes of their regions: to write a kernel takes ten times
as long as to see that there is one like it.
"""

from __future__ import annotations

import keyword
import re
from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace

from nndsl.ir.graph import NUMBERS, Node
from nndsl.ir.loops import Kernel
from nndsl.ir.plan import Plan, Region
from nndsl.kernels import names, source
from nndsl.kernels.lower import lower
from nndsl.kernels.lowering import Argument, given_names
from nndsl.passes.cse import hashable

Lowered = dict[Region, tuple[Kernel, list[Argument]]]

WORD = re.compile(r"(?<![\w.])([A-Za-z_]\w*)")
FIXED = (
    "above", "abs", "begin", "bool", "end", "f32", "f64", "i32", "i64", "inf", "left", "max", "min", "nan", "range",
    "right", "worker", "workers", *keyword.kwlist, *names.INTRINSICS,
    *(n for offered in names.MODULES.values() for n in offered),
)  # fmt: skip


def lowered_once(plan: Plan) -> Lowered:
    """The kernel of each region with the arrays it takes; those of regions alike have one body."""
    known: dict[Hashable, tuple[Kernel, list[Argument], list[Node]]] = {}
    given = given_names(plan)
    out: Lowered = {}
    for top in plan.regions:
        for region in top.kernels():
            inside = region is not top
            likeness = _Likeness(plan, given)
            key = (inside, likeness.of(region))
            if key not in known:
                known[key] = (*lower(plan, region, inside), list(likeness.numbers))
            kernel, arguments, nodes = known[key]
            here = dict(zip(nodes, likeness.numbers, strict=True))
            mine = replace(kernel, name=region.name)
            out[region] = mine, [Argument(a.name, here[a.home], a.shape) for a in arguments]
    return out


@dataclass(eq=False)
class _Likeness:
    """All that the kernel of a region depends on, its nodes numbered as they are met.

    The names of values are not among it, but their lengths are: no line gets too long.
    """

    plan: Plan
    given: frozenset[str]
    numbers: dict[Node, int] = field(default_factory=dict)
    facts: list[Hashable] = field(default_factory=list)

    def of(self, region: Region) -> Hashable:
        work = [(self.number(n), hashable(n.attrs), *map(self.number, n.inputs)) for n in region.nodes]
        assigns = [(self.number(target), self.number(value)) for target, value in region.assigns]
        return region.form, region.space, tuple(work), tuple(assigns), tuple(self.facts)

    def number(self, node: Node) -> int:
        """The number of a node; when it is first met, what is known of it and of its memory goes to the facts."""
        found = self.numbers.get(node)
        if found is not None:
            return found
        number = self.numbers[node] = len(self.numbers)
        plan, home, name = self.plan, self.plan.home(node), self.plan.names.get(node, "view")
        self.facts.append(
            (
                node.op,
                node.type,
                hashable(node.attrs) if node.op in NUMBERS else None,
                node.name is None,
                name if name in self.given else len(name),
                node in plan.buffers,
                node in plan.passing,
                plan.windows.get(node),
                number if home is node else self.number(home),
            )
        )
        return number


def merged(lowered: Mapping[Region, tuple[Kernel, list[Argument]]]) -> tuple[tuple[Kernel, ...], Lowered]:
    """The kernels to be written, and for each region the one that serves it with the region's own arrays."""
    bodies = {(id(kernel.body), kernel.grain): kernel for kernel, _ in lowered.values()}
    rivals = Counter(map(outline, bodies.values()))
    shapes = {body: shape_of(k) if rivals[outline(k)] > 1 else body for body, k in bodies.items()}
    kept: dict[Hashable, Kernel] = {}
    found: Lowered = {}
    docs: dict[str, dict[str, None]] = {}
    for region, (kernel, arguments) in lowered.items():
        first = kept.setdefault(shapes[id(kernel.body), kernel.grain], kernel)
        docs.setdefault(first.name, {}).update(dict.fromkeys(doc(region)))
        found[region] = (first, arguments)
    full = {k.name: replace(k, doc=tuple(docs[k.name]), sizes=source.used_sizes(k)) for k in kept.values()}
    return tuple(full.values()), {region: (full[k.name], arguments) for region, (k, arguments) in found.items()}


def doc(region: Region) -> tuple[str, ...]:
    """The source lines that a kernel carries out."""
    spans = {n.span.where: n.span for n in region.nodes if n.span is not None}
    ordered = sorted(spans.values(), key=lambda s: (s.source.name, s.line))
    return tuple(f"{s.where}  {s.source.line(s.line).strip()}" for s in ordered)


def outline(kernel: Kernel) -> Hashable:
    """What its arrays and numbers are: kernels with the same text have the same."""
    return kernel.types, kernel.sizes, kernel.scalars


def shape_of(kernel: Kernel) -> Hashable:
    """The kernel's text with its own names numbered, and what its arrays and numbers are."""
    between = WORD.split("\n".join(source.work(kernel)))  # every other one is a word
    known = {name: name for name in (*FIXED, *kernel.sizes, *kernel.scalars)}
    known.update((name, f"_{i}") for i, name in enumerate(kernel.buffers))
    between[1::2] = [known.setdefault(word, f"_{len(known)}") for word in between[1::2]]
    return "".join(between), outline(kernel)
