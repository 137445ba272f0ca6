"""What a scan collects or carries and nobody reads is dropped, and with it what it takes from outside for that alone.

scan collects outputs, carries; only `outputs` is read      =>     scan collects outputs
"""

from __future__ import annotations

from dataclasses import replace

from nndsl.ir.graph import Body, Graph, Node, topological
from nndsl.ir.rewrite import with_inputs
from nndsl.ops.scan import make_scan, part


def prune(graph: Graph) -> Graph:
    """Scans without what is not read, those in bodies of others too. Parts keep their names; their numbers change."""
    if not any(n.op == "scan" for n in graph.nodes()):
        return graph
    new = _pruned(graph.roots)
    updates = tuple(replace(u, value=new[u.value]) for u in graph.updates)
    return replace(graph, outputs=tuple((name, new[n]) for name, n in graph.outputs), updates=updates)


def _pruned(roots: tuple[Node, ...]) -> dict[Node, Node]:
    """New node for each old one under `roots`."""
    order = topological(roots)
    wanted: dict[Node, set[int]] = {}
    for node in order:
        if node.op == "scan_part":
            wanted.setdefault(node.inputs[0], set()).add(node.attrs["index"])
    new: dict[Node, Node] = {}
    numbers: dict[Node, dict[int, int]] = {}
    for node in order:
        over = with_inputs(node, tuple(new[i] for i in node.inputs))
        if node.op == "scan":
            new[node], numbers[node] = _smaller(over, wanted[node])
        elif node.op == "scan_part" and new[node.inputs[0]] is not node.inputs[0]:
            (scan,) = node.inputs
            made = part(new[scan], numbers[scan][node.attrs["index"]])
            new[node] = replace(made, name=node.name, type=node.type)
        else:
            new[node] = over
    return new


def _smaller(scan: Node, wanted: set[int]) -> tuple[Node, dict[int, int]]:
    """The scan that computes only the wanted parts, and the new number of each."""
    body: Body = scan.attrs["body"]
    count = len(body.carries)
    collects = [m for m in range(count, len(body.results)) if m in wanted]
    # A carry stays when it is wanted or when anything that stays depends on it: scans inside without what is not read.
    kept = {k for k in range(count) if k in wanted}
    while True:
        order = [*sorted(kept), *collects]
        results = tuple(body.results[index] for index in order)
        new = _pruned(results)
        left = set(topological(new[n] for n in results))
        more = kept | {k for k in range(count) if body.carries[k] in left}
        if more == kept:
            break
        kept = more
    items = [i for i, leaf in enumerate(body.items) if leaf in left]
    free = [i for i, leaf in enumerate(body.free) if leaf in left]
    whole = (len(body.results), len(body.items), len(body.free))
    numbers = {old: now for now, old in enumerate(order)}
    if (len(order), len(items), len(free)) == whole and all(new[n] is n for n in results):
        return scan, numbers
    given = scan.inputs
    made = make_scan(
        [given[k] for k in sorted(kept)],
        [given[count + i] for i in items],
        [given[count + len(body.items) + i] for i in free],
        Body(
            tuple(body.carries[k] for k in sorted(kept)),
            tuple(body.items[i] for i in items),
            tuple(body.free[i] for i in free),
            tuple(new[body.next[k]] for k in sorted(kept)),
            tuple(new[body.results[m]] for m in collects),
        ),
        scan.attrs["length"],
        scan.attrs["reverse"],
    )
    return replace(made, span=scan.span, name=scan.name), numbers
