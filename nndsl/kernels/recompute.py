"""Cheap values that a later kernel needs are computed again there, where that moves less memory than to keep them.

    forward:  y = matmul + bias; half = 0.5 * y; out = half * (1 + tanh)        all stored, `matmul` in any case
    backward: reads y, half                        =>        reads matmul and bias, computes y and half once more

Memory is what such kernels wait for: an addition costs nothing beside a load. A value may be dropped where all that
read it in other kernels do so element by element, at its own place. It is dropped where the arrays that its readers
then load in its stead are fewer than its one store and its loads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from nndsl.costs import CHEAP, MOST_AGAIN, SPARED, again_pays
from nndsl.ir.dims import product
from nndsl.ir.graph import ARRAYS, NUMBERS, Graph, Node, topological
from nndsl.ir.plan import Region, home_of
from nndsl.kernels.phases import crossing, phases
from nndsl.ops.op import Columns, Pointwise, Reduce
from nndsl.ops.table import OPS


@dataclass(eq=False)
class _Uses:
    """Who reads a stored value in other kernels than the one that computes it."""

    readers: dict[Region, list[Node]] = field(default_factory=dict)
    fixed: bool = False
    """Whether someone needs it in memory."""


def _read_apart(uses: _Uses) -> bool:
    """Whether a value is read in other kernels, and none needs it in memory."""
    return bool(uses.readers) and not uses.fixed


def recompute(graph: Graph, regions: list[Region], views: Mapping[Node, Node], stored: set[Node]) -> bool:
    """Put copies of cheap values into the regions that read them, and say whether there are any; `stored` is what
    passes through memory so far."""
    place = {region: i for i, region in enumerate(regions)}
    updated = {target: place[region] for region in regions for target, _ in region.assigns}
    uses = _uses(graph, regions, views, stored)
    loaded = {region: set(_loaded(region, views)) for region in regions}
    again: dict[Node, tuple[Node, ...]] = {}
    for region in regions:
        droppable = [n for n in region.nodes if n.op in CHEAP and n in uses and _read_apart(uses[n])]
        for node in list(region.nodes):
            if node not in stored and _serves_several(node, region, droppable, again, views, stored):
                stored.add(node)
            found = uses.get(node)
            if found is None or not _read_apart(found) or node.op not in CHEAP or node in again:
                continue
            needed = _closure(node, again, views, stored)
            if needed is None or len(needed) > MOST_AGAIN:
                continue
            bases = {home_of(c, views) for n in needed for c in n.inputs if c not in needed and c.op not in NUMBERS}
            if any(place[r] >= updated[b] for b in bases & updated.keys() for r in found.readers):
                continue
            large = {b for b in bases if b.type.rank >= node.type.rank or product(b.shape) == product(node.shape)}
            if not again_pays(sum(len(large - loaded[r]) for r in found.readers), len(found.readers)):
                continue
            again[node] = needed
            for reader, nodes in found.readers.items():
                _insert(reader, needed, nodes)
                loaded[reader] = (loaded[reader] | large) - {node}
    return bool(again)


def without_unread(regions: list[Region], stored: set[Node]) -> None:
    """What only other kernels read, which compute it themselves now, goes from the kernel that it came from."""
    for region in regions:
        if region.form != "rows":
            continue
        read = {value for _, value in region.assigns}
        kept: list[Node] = []
        for node in reversed(region.nodes):
            if node in read or node in stored or node.op not in CHEAP:
                kept.append(node)
                read.update(node.inputs)
        region.nodes[:] = reversed(kept)
    regions[:] = [region for region in regions if region.nodes or region.assigns]


def _serves_several(
    node: Node,
    region: Region,
    droppable: list[Node],
    again: Mapping[Node, tuple[Node, ...]],
    views: Mapping[Node, Node],
    stored: set[Node],
) -> bool:
    """Whether to keep this one spares SPARED or more made from it: `tanh(x)` for `1 + tanh(x)` and for its square."""
    if node.shape != region.space or region.form != "rows" or not isinstance(OPS[node.op].lowering, Pointwise):
        return False
    spared = 0
    for user in droppable:
        without, needed = (_closure(user, again, views, s) for s in (stored, stored | {node}))
        spared += without is None and needed is not None
    return spared >= SPARED


def _closure(
    node: Node, again: Mapping[Node, tuple[Node, ...]], views: Mapping[Node, Node], stored: set[Node], depth: int = 0
) -> tuple[Node, ...] | None:
    """The node after all that must be computed again for it; None where that needs what is nowhere in memory, or is
    too much."""
    if depth > MOST_AGAIN:
        return None  # each step on the way here is one of them
    out: dict[Node, None] = {}
    for child in node.inputs:
        passing = child.op in CHEAP and child not in stored and child.shape == node.shape
        if child in again or passing:
            inner = again[child] if child in again else _closure(child, again, views, stored, depth + 1)
            if inner is None or len(out) + len(inner) > MOST_AGAIN:
                return None
            out.update(dict.fromkeys(inner))
        elif child.op not in NUMBERS and child.op not in ARRAYS:
            home = home_of(child, views)
            if home.op not in ARRAYS and (home not in stored or home in again):
                return None
    out[node] = None
    return tuple(out)


def _uses(graph: Graph, regions: list[Region], views: Mapping[Node, Node], stored: set[Node]) -> dict[Node, _Uses]:
    """For each stored pointwise value, its readers elsewhere."""
    found = {n: _Uses() for n in stored if isinstance(OPS[n.op].lowering, Pointwise)}
    for _, node in graph.outputs:
        _fix(found, home_of(node, views))
    for region in regions:
        members = set(region.nodes)
        order = phases(region).of if region.form == "rows" else {}
        for node in crossing(region):
            _fix(found, node)
        for _, value in region.assigns:
            if value not in members or value in views:
                _fix(found, home_of(value, views))
        for node in region.nodes:
            lowering = OPS[node.op].lowering
            plain = isinstance(lowering, Pointwise | Reduce | Columns) and region.form == "rows"
            for child in node.inputs:
                home = home_of(child, views)
                if home not in found:
                    continue
                here = plain and child is home and child.shape == region.space and order.get(node, 1) == 0
                if child in members and isinstance(lowering, Pointwise | Reduce | Columns) and child is home:
                    continue
                if here:
                    found[home].readers.setdefault(region, []).append(node)
                else:
                    found[home].fixed = True
    return found


def _fix(found: dict[Node, _Uses], node: Node) -> None:
    if node in found:
        found[node].fixed = True


def _loaded(region: Region, views: Mapping[Node, Node]) -> Iterator[Node]:
    """The arrays that a region reads or makes."""
    for node in region.nodes:
        yield node
        for child in node.inputs:
            yield home_of(child, views)


def _insert(region: Region, needed: tuple[Node, ...], readers: list[Node]) -> None:
    """Put nodes before the first of their readers."""
    members = set(region.nodes)
    at = min(region.nodes.index(reader) for reader in readers)
    nodes = [*region.nodes[:at], *(n for n in needed if n not in members), *region.nodes[at:]]
    region.again.update(n for n in needed if n not in members)
    region.nodes[:] = topological(nodes, members | set(needed))
