"""Which values are stored between kernels, and where: buffers that do not live at the same time share memory."""

from __future__ import annotations

from nndsl.ir.dims import Dim, Size, at_least, symbols
from nndsl.ir.graph import Graph, Node
from nndsl.ir.plan import Block, Buffer, Plan, Region
from nndsl.ir.text import names_of
from nndsl.kernels.fuse import ARRAYS, fuse
from nndsl.kernels.phases import crossing
from nndsl.ops.op import Indexed, Pointwise
from nndsl.ops.table import OPS


def plan(graph: Graph) -> Plan:
    """Fuse the graph and give every stored value a place."""
    regions, views, region_of = fuse(graph)
    nodes = graph.nodes()
    names = names_of(nodes)
    stored = _stored(graph, regions, views)
    buffers = _lifetimes(graph, regions, views, stored, names)
    targets = [u.target for u in graph.updates]
    arrays = tuple(dict.fromkeys([n for n in nodes if n.op in ARRAYS] + targets))
    names = {**names, **{t: names_of([t])[t] for t in targets if t not in names}}
    scalars = tuple(dict.fromkeys(n.attrs["name"] for n in nodes if n.op == "scalar"))
    made = Plan(graph, tuple(regions), buffers, _blocks(list(buffers.values())), arrays, scalars, _sizes(nodes, arrays), views, names)
    _name_regions(made)
    return made


def _home(node: Node, views: dict[Node, Node]) -> Node:
    while node in views:
        node = views[node]
    return node


def _stored(graph: Graph, regions: list[Region], views: dict[Node, Node]) -> set[Node]:
    """Values that pass from one kernel to another, or through memory inside one."""
    found: set[Node] = set()
    for region in regions:
        members = set(region.nodes)
        for node in region.nodes:
            lowering = OPS[node.op].lowering
            through_memory = not isinstance(lowering, Pointwise) or isinstance(lowering, Indexed)
            rows = region.form == "rows" and node.op not in ("matmul",)
            for child in node.inputs:
                inside = child in members and (isinstance(lowering, Pointwise) or (rows and not isinstance(lowering, Indexed)))
                if not inside or (through_memory and not rows):
                    found.add(_home(child, views))
            if node.op == "matmul" or region.form in ("columns", "ready", "total") and node is region.nodes[0]:
                found.add(node)
        found |= crossing(region)
        found |= {_home(value, views) for _, value in region.assigns if value not in members}
    found |= {_home(node, views) for _, node in graph.outputs}
    return {n for n in found if not n.is_leaf}


def _lifetimes(graph: Graph, regions: list[Region], views: dict[Node, Node], stored: set[Node], names: dict[Node, str]) -> dict[Node, Buffer]:
    """From the region that computes a value to the last that reads it; outputs live to the end."""
    first: dict[Node, int] = {}
    last: dict[Node, int] = {}
    for place, region in enumerate(regions):
        for node in region.nodes:
            if node in stored:
                first.setdefault(node, place)
                last[node] = max(last.get(node, place), place)
            for child in node.inputs:
                last[_home(child, views)] = place
        for _, value in region.assigns:
            last[_home(value, views)] = place
    for _, node in graph.outputs:
        last[_home(node, views)] = len(regions)
    return {n: Buffer(n, names[n], first[n], last[n]) for n in sorted(first, key=lambda n: first[n])}


def _blocks(buffers: list[Buffer]) -> tuple[Block, ...]:
    """Greedy: a buffer goes into the free block that fits it best, else into a new one."""
    blocks: list[Block] = []
    for buffer in sorted(buffers, key=lambda b: (b.first, -b.last)):
        free = [k for k in blocks if k.buffers[-1].last < buffer.first]
        same = [k for k in free if _bytes(k.buffers[0]) == _bytes(buffer)]
        large = [k for k in free if at_least(_bytes(k.buffers[0]), _bytes(buffer))]
        if same or large:
            (same or large)[-1].buffers.append(buffer)
        else:
            blocks.append(Block([buffer]))
    return tuple(blocks)


def _bytes(buffer: Buffer) -> Size:
    from nndsl.ir.types import BYTES

    return buffer.count * BYTES[buffer.node.dtype]


def _sizes(nodes: list[Node], arrays: tuple[Node, ...]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for node in (*nodes, *arrays):
        for value in (*node.shape, *_attr_sizes(node)):
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
    for region in made.regions:
        named = [n for n in region.nodes if n.name is not None and n in made.buffers] or [n for n in region.nodes if n.name is not None]
        if region.assigns:
            base = f"update_{made.names[region.assigns[-1][0]]}"
        elif named:
            base = made.names[named[-1]]
        else:
            base = region.nodes[-1].op
        taken[base] = taken.get(base, 0) + 1
        region.name = f"{base}_kernel" if taken[base] == 1 else f"{base}_kernel_{taken[base]}"
