"""A chain of batched products as it is found: its nodes, what it leaves, and how many of its rows a place takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from nndsl.costs import rows_of_place
from nndsl.ir.dims import Size
from nndsl.ir.graph import Node, topological
from nndsl.ir.types import BYTES, Shape
from nndsl.passes.windows import Strided


class Rows(Enum):
    """What a place computes of a value at a time: a part of its rows; all of them; or all, by adding up over parts."""

    PART, ALL, SUM = range(3)


@dataclass(eq=False)
class Chain:
    """Nodes that share outer axes. `own` are those that a place computes, members of earlier chains among them that it
    computes again."""

    outer: Shape
    members: dict[Node, None] = field(default_factory=dict)
    needs: set[Chain] = field(default_factory=set)
    own: dict[Node, None] = field(default_factory=dict)
    results: dict[Node, Strided] = field(default_factory=dict)
    rows: dict[Node, Rows] = field(default_factory=dict)
    """Of what is own, whether a place computes a part of the rows at a time; empty where it computes all."""
    part: int = 0
    """How many rows that are."""

    @property
    def lead(self) -> int:
        return len(self.outer)


def cut_rows(chain: Chain) -> None:
    """Where tables are large, and all work on them goes along their rows, a part of the rows goes through the chain."""
    labels = _rows_of(chain)
    tables = [n for n in labels if n.op == "matmul" and labels[n] is Rows.PART]
    if not tables:
        return
    widest = max(tables, key=lambda n: n.shape[-1] if isinstance(n.shape[-1], int) else 0)
    part = rows_of_place(widest.shape[chain.lead], widest.shape[-1], BYTES[widest.dtype])
    if 0 < part != widest.shape[chain.lead]:
        chain.rows, chain.part = labels, part


def _rows_of(chain: Chain) -> dict[Node, Rows]:
    """For each own node what a place computes of it; nothing where rows cannot be cut."""
    labels: dict[Node, Rows] = {}
    whole = {n.inputs[1] for n in chain.own if n.op == "matmul" and not n.attrs.get("ta")}
    rows: set[Size] = set()
    for node in topological(chain.results, chain.own):
        own = [labels[i] for i in node.inputs if i in labels]
        if node.op != "matmul":
            free = not own and node in whole
            fits = Rows.SUM not in own and len({*own}) < 2
            labels[node] = own[0] if own else Rows.ALL if free else Rows.PART
        elif node.attrs.get("ta"):
            fits = Rows.PART in own and len({*own}) == 1 and not node.attrs.get("tb")
            rows |= {i.shape[chain.lead] for i in node.inputs}
            labels[node] = Rows.SUM
        else:
            x, y = node.inputs
            fits = labels.get(x, Rows.PART) is Rows.PART and labels.get(y, Rows.ALL) is Rows.ALL
            labels[node] = Rows.PART
        if labels[node] is Rows.PART:
            rows.add(node.shape[chain.lead])
        if not fits:
            return {}
    return labels if len(rows) == 1 else {}
