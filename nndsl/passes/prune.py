"""What a scan collects or carries and nobody reads is dropped.

scan collects outputs, carries; only `outputs` is read      =>     scan collects outputs
"""

from __future__ import annotations

from dataclasses import replace

from nndsl.ir.graph import Body, Graph, Node, topological
from nndsl.ir.rewrite import rewrite
from nndsl.ops.scan import make_scan, part


def prune(graph: Graph) -> Graph:
    """Scans without what is not read. Parts keep their names; their numbers change."""
    wanted: dict[Node, set[int]] = {}
    for node in graph.nodes():
        if node.op == "scan_part":
            wanted.setdefault(node.inputs[0], set()).add(node.attrs["index"])
    smaller: dict[Node, tuple[Node, dict[int, int]]] = {}
    by_body = {scan.attrs["body"]: indices for scan, indices in wanted.items()}

    def rule(node: Node) -> Node:
        if node.op != "scan_part":
            return node
        (scan,) = node.inputs
        if scan not in smaller:
            smaller[scan] = _smaller(scan, by_body.get(scan.attrs["body"], set(range(len(scan.attrs["body"].results)))))
        made, numbers = smaller[scan]
        if made is scan:
            return node
        return replace(part(made, numbers[node.attrs["index"]]), name=node.name, type=node.type)

    return rewrite(graph, rule)


def _smaller(scan: Node, wanted: set[int]) -> tuple[Node, dict[int, int]]:
    """The scan that computes only the wanted parts, and the new number of each."""
    body: Body = scan.attrs["body"]
    carries = len(body.carries)
    collects = [m for m in range(carries, len(body.results)) if m in wanted]
    # A carry stays when it is wanted or when anything that stays depends on it.
    kept = {k for k in range(carries) if k in wanted}
    while True:
        reached = set(topological([*(body.next[k] for k in kept), *(body.results[m] for m in collects)]))
        more = kept | {k for k in range(carries) if body.carries[k] in reached}
        if more == kept:
            break
        kept = more
    order = [*sorted(kept), *collects]
    if not kept and not collects:
        return scan, {}
    items = [i for i, leaf in enumerate(body.items) if leaf in reached]
    free = [i for i, leaf in enumerate(body.free) if leaf in reached]
    if not kept or not items:
        # A scan needs something to go along; such bodies are rare and stay as they are.
        return scan, {}
    if len(order) == len(body.results) and len(items) == len(body.items) and len(free) == len(body.free):
        return scan, {}
    given = scan.inputs
    made = make_scan(
        [given[k] for k in sorted(kept)],
        [given[carries + i] for i in items],
        [given[carries + len(body.items) + i] for i in free],
        Body(tuple(body.carries[k] for k in sorted(kept)), tuple(body.items[i] for i in items),
             tuple(body.free[i] for i in free), tuple(body.next[k] for k in sorted(kept)),
             tuple(body.results[m] for m in collects)),
        scan.attrs["length"], scan.attrs["reverse"],
    )  # fmt: skip
    return replace(made, span=scan.span, name=scan.name), {old: new for new, old in enumerate(order)}
