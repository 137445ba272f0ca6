"""What no output and no update needs is gone by construction; updates that change nothing go here.

update v <- v     =>     (nothing)
"""

from __future__ import annotations

from dataclasses import replace

from nndsl.ir.graph import Graph


def dce(graph: Graph) -> Graph:
    """Drop updates that write back what is there."""
    return replace(graph, updates=tuple(u for u in graph.updates if u.value is not u.target))
