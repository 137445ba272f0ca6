"""What ends a picture: outputs, losses and metrics. A loss is one box with the ops that only it needs."""

from __future__ import annotations

from dataclasses import dataclass

from nndsl.ir.graph import Application, Forward, Metric, Node, topological, users
from nndsl.ir.work import of_node
from nndsl.picture.owners import Owners


@dataclass(frozen=True, eq=False)
class End:
    """An output, a loss or a metric: its name, its values, and the nodes that it alone needs."""

    kind: str
    name: str
    values: tuple[Node, ...]
    own: frozenset[Node] = frozenset()


def ends_of(forward: Forward, program: str, owners: Owners) -> tuple[End, ...]:
    """The ends of one program. Penalties on params, which every layer may add to the loss, are left out."""
    ends = [End("output", name, (node,)) for name, node in forward.outputs]
    if program != "predict":
        ends += [End("loss", term.name, (term.value,)) for term in forward.losses if not term.penalty]
    if program == "evaluate":
        ends += [End("metric", metric.name, _measured(metric)) for metric in forward.metrics]
    nodes = topological(value for end in ends for value in end.values)
    readers = users(nodes)
    kept = {node for end in ends if end.kind == "output" for node in end.values}
    kept |= {n for n in nodes if of_node(n) != 0 or n.op.startswith("scan") or _in_layer(owners.chain(n))}
    return tuple(end if end.kind == "output" else _with_own(end, readers, kept) for end in ends)


def _with_own(end: End, readers: dict[Node, list[Node]], kept: set[Node]) -> End:
    """The end with the nodes that nothing else reads, layers and products left outside."""
    own: dict[Node, None] = {}
    order = topological(end.values)
    wanted = set(end.values)
    for node in reversed(order):
        if node.is_leaf or node in kept:
            continue
        if all(r in own for r in readers[node]) and (node in wanted or readers[node]):
            own[node] = None
    return End(end.kind, end.name, end.values, frozenset(own))


def _in_layer(chain: tuple[Application, ...]) -> bool:
    return any(one.role == "layer" for one in chain)


def _measured(metric: Metric) -> tuple[Node, ...]:
    match metric.form:
        case "whole":
            return metric.arguments
        case "state":
            return tuple(update.value for update in metric.updates)
    return (metric.value,)
