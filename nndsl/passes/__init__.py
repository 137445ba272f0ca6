"""Graph into Graph. `PIPELINE` is what every program goes through before lowering."""

from __future__ import annotations

from collections.abc import Callable

from nndsl.ir.collecting import without_collecting
from nndsl.ir.graph import Graph
from nndsl.passes.cse import cse
from nndsl.passes.dce import dce
from nndsl.passes.expand import expand
from nndsl.passes.flat import flat
from nndsl.passes.fold import fold
from nndsl.passes.simplify import simplify
from nndsl.passes.sparse import sparse
from nndsl.passes.sums import sums
from nndsl.passes.transpositions import transpositions
from nndsl.passes.vectors import vectors

Pass = Callable[[Graph], Graph]

PIPELINE: tuple[Pass, ...] = (
    expand, simplify, fold, cse, vectors, sums, transpositions, flat, simplify, fold, sparse, cse, dce,
)  # fmt: skip
NEEDED: tuple[Pass, ...] = (expand,)


def run(graph: Graph, passes: tuple[Pass, ...] = PIPELINE, verify: bool = False) -> Graph:
    """Apply passes in order; with `verify`, check the graph after each (the tests do)."""
    from nndsl.passes.verify import verify as check

    fine: Graph | None = None
    with without_collecting():
        for step in passes:
            graph = step(graph)
            if verify and graph is not fine:
                check(graph)
                fine = graph
    return graph
