"""Which values are stored between kernels, and where: buffers that do not live at the same time share memory."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from heapq import heappop, heappush

from nndsl.ir.dims import Dim, Size, at_least, symbols
from nndsl.ir.each import Each
from nndsl.ir.graph import ARRAYS, Body, Graph, Node
from nndsl.ir.plan import LOOPS, Block, Buffer, Plan, Region, home_of
from nndsl.ir.text import names_of
from nndsl.ir.types import BYTES
from nndsl.kernels.fuse import fuse
from nndsl.kernels.phases import crossing
from nndsl.kernels.recompute import recompute, without_unread
from nndsl.ops.op import Contract, Indexed, Parts, Pointwise, Ready, Reduce
from nndsl.ops.table import OPS


def plan(graph: Graph) -> Plan:
    """Fuse the graph and give every stored value a place."""
    regions, views, stored = _fused(graph)
    nodes = all_nodes(graph)
    names = names_of(nodes)
    windows = {n: w for node in nodes if node.op == "each" for n, w in node.attrs["body"].windows.items()}
    buffers = _lifetimes(graph, regions, views, stored, names)
    targets = [u.target for u in graph.updates]
    inside = {leaf for n in nodes if n.op in LOOPS for leaf in n.attrs["body"].leaves}
    arrays = tuple(dict.fromkeys([n for n in nodes if n.op in ARRAYS and n not in inside] + targets))
    names = {**names, **{t: names_of([t])[t] for t in targets if t not in names}}
    scalars = tuple(dict.fromkeys(n.attrs["name"] for n in nodes if n.op == "scalar"))
    made = Plan(
        graph,
        tuple(regions),
        buffers,
        _blocks([b for b in buffers.values() if b.node not in windows]),
        arrays,
        scalars,
        _sizes(nodes, arrays),
        views,
        names,
        frozenset(_passing(graph, regions, views)),
        windows,
    )
    _name_regions(made)
    return made


def all_nodes(graph: Graph) -> list[Node]:
    """The nodes of a graph with those of the bodies of its loops."""
    out: list[Node] = []
    for node in graph.nodes():
        if node.op in LOOPS:
            body: Body | Each = node.attrs["body"]
            out += body.leaves
            out += [n for n in all_nodes(body_graph(node)) if n not in set(body.leaves)]
        out.append(node)
    return out


def body_graph(loop: Node) -> Graph:
    """One step of a scan, or the work at one place, as a graph."""
    return Graph("step", tuple((f"result_{i}", n) for i, n in enumerate(loop.attrs["body"].results)))


def _fused(graph: Graph) -> tuple[list[Region], dict[Node, Node], set[Node]]:
    """Regions, views and stored values, of scans' bodies too."""
    regions, views, _ = fuse(graph)
    stored = _stored(graph, regions, views)
    if recompute(graph, regions, views, set(stored)):
        stored = _stored(graph, regions, views)
    without_unread(regions, stored)
    for region in regions:
        if region.form in LOOPS:
            loop = region.nodes[0]
            region.body, inner_views, inner_stored = _fused(body_graph(loop))
            if region.form == "scan":
                region.spares = {n: replace(n) for n in loop.attrs["body"].next}
            views.update(inner_views)
            stored |= inner_stored
    return regions, views, stored


def _stored(graph: Graph, regions: list[Region], views: dict[Node, Node]) -> set[Node]:
    """Values that pass from one kernel to another, or through memory inside one."""
    found: set[Node] = set()
    for region in regions:
        members = set(region.nodes)
        for node in region.nodes:
            lowering = OPS[node.op].lowering
            contraction = isinstance(lowering, Contract)
            rows = region.form == "rows" and not contraction
            in_place = isinstance(lowering, Pointwise) or (rows and not isinstance(lowering, Indexed))
            for child in node.inputs:
                if not in_place or child not in members:
                    found.add(home_of(child, views))
            made_apart = isinstance(lowering, Reduce | Ready | Parts) and not rows
            if contraction or node.op in ("scan_part", "each_part") or made_apart:
                found.add(node)
        found |= crossing(region)
        found |= {home_of(value, views) for _, value in region.assigns if value not in members}
    found |= {home_of(node, views) for _, node in graph.outputs}
    return {n for n in found if not n.is_leaf and n.op not in LOOPS}


def _passing(graph: Graph, regions: list[Region], views: dict[Node, Node]) -> set[Node]:
    """Products that nobody reads but the rest of their own region, row by row."""
    kernels = [kernel for region in regions for kernel in region.kernels()]
    own = {k.nodes[0]: k for k in kernels if k.form == "rows" and k.nodes and k.nodes[0].op == "matmul"}
    needed = {home_of(n, views) for _, n in graph.outputs} | {home_of(n, views) for n in views}
    for region in _loops(regions):
        needed |= {home_of(n, views) for n in region.nodes[0].attrs["body"].results}
    for region in [*kernels, *_loops(regions)]:
        for node in region.nodes:
            plain = isinstance(OPS[node.op].lowering, Pointwise | Reduce)
            needed |= {home for c in node.inputs if own.get(home := home_of(c, views)) is not region or not plain}
        needed |= {home for _, v in region.assigns if own.get(home := home_of(v, views)) is not region}
    return own.keys() - needed


def _lifetimes(
    graph: Graph, regions: list[Region], views: dict[Node, Node], stored: set[Node], names: dict[Node, str]
) -> dict[Node, Buffer]:
    """From the region that computes a value to the last that reads it; outputs live to the end."""
    first: dict[Node, int] = {}
    last: dict[Node, int] = {}

    def visit(place: int, region: Region) -> None:
        for node in region.nodes:
            if node in stored:
                first.setdefault(node, place)
                last[node] = max(last.get(node, place), place)
            for child in node.inputs:
                last[home_of(child, views)] = place
        for _, value in region.assigns:
            last[home_of(value, views)] = place
        for spare in region.spares.values():
            first[spare] = last[spare] = place
        # All of a body is in use for as long as its scan runs.
        for inner in region.body:
            visit(place, inner)

    for place, region in enumerate(regions):
        visit(place, region)
    for _, node in graph.outputs:
        last[home_of(node, views)] = len(regions)
    spares = {spare: f"{names[n]}_spare" for region in _loops(regions) for n, spare in region.spares.items()}
    own = {n for r in _loops(regions) if r.form == "each" for inner in r.body for n in inner.nodes}
    return {
        n: Buffer(n, names.get(n) or spares[n], first[n], last[n], n in own)
        for n in sorted(first, key=lambda n: first[n])
    }


def _loops(regions: list[Region]) -> list[Region]:
    """All regions that have a body, bodies' own included."""
    found = [r for r in regions if r.form in LOOPS]
    return found + [inner for r in found for inner in _loops(r.body)]


def _blocks(buffers: list[Buffer]) -> tuple[Block, ...]:
    """Greedy: a buffer goes into a free block of its size, else into one that is larger, else into a new one; of
    several into the youngest."""
    blocks: list[Block] = []
    busy: list[tuple[int, int, Size]] = []  # when each is free, its number, its size
    free: dict[Size, list[int]] = {}  # numbers below 0, so that the youngest is on top
    enough = cache(at_least)
    for buffer in sorted(buffers, key=lambda b: (b.first, -b.last)):
        while busy and busy[0][0] < buffer.first:
            _, number, size = heappop(busy)
            heappush(free.setdefault(size, []), -number)
        wanted = _bytes(buffer)
        fits = [wanted] if free.get(wanted) else [s for s, found in free.items() if found and enough(s, wanted)]
        if fits:
            size = min(fits, key=lambda s: free[s][0])
            number = -heappop(free[size])
            blocks[number].buffers.append(buffer)
        else:
            number, size = len(blocks), wanted
            blocks.append(Block([buffer]))
        heappush(busy, (buffer.last, number, size))
    return tuple(blocks)


def _bytes(buffer: Buffer) -> Size:
    return buffer.count * BYTES[buffer.node.dtype]


def _sizes(nodes: list[Node], arrays: tuple[Node, ...]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for node in (*nodes, *arrays):
        for value in (*node.shape, *_attr_sizes(node)):
            if isinstance(value, Dim):
                found.update(dict.fromkeys(symbols(value)))
    return tuple(found)


def _attr_sizes(node: Node) -> list[Dim]:
    out: list[Dim] = []
    for value in node.attrs.values():
        out += [v for v in (value if isinstance(value, tuple) else (value,)) if isinstance(v, Dim)]
    return out


def _name_regions(made: Plan) -> None:
    """Kernels are called after the last value in them that has a name in the source."""
    taken: dict[str, int] = {}
    for region in (
        kernel for top in made.regions for kernel in (*top.kernels(), *([top] if top.form == "each" else []))
    ):
        named = [n for n in region.nodes if n.name is not None and n in made.buffers] or [
            n for n in region.nodes if n.name is not None
        ]
        if region.assigns:
            base = f"update_{made.names[region.assigns[-1][0]]}"
        elif named:
            base = made.names[named[-1]]
        else:
            base = next((n.op for n in reversed(region.nodes) if n.op != "column_sums"), "column_sums")
        taken[base] = taken.get(base, 0) + 1
        region.name = f"{base}_kernel" if taken[base] == 1 else f"{base}_kernel_{taken[base]}"
