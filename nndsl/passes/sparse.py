"""Products with rows of `multi_hot` become sums of the rows that the words name.

    multi_hot(words, n) @ kernel        =>     the sum of bag(distinct_words(words), kernel) over parts
    transpose(multi_hot(words)) @ g     =>     bag_scatter(distinct_words(words), g)

The sums are those of the dense form up to rounding. The dense rows are never made unless something else reads them.
"""

from __future__ import annotations

from nndsl.ir.dims import product
from nndsl.ir.graph import Graph, Node
from nndsl.ir.rewrite import rewrite
from nndsl.ops import build as b


def sparse(graph: Graph) -> Graph:
    """Rewrite every product whose left side is multi_hot."""
    return rewrite(graph, _sparse)


def _sparse(node: Node) -> Node:
    if node.op != "matmul" or node.type.rank != 2 or node.attrs.get("tb"):
        return node
    x, y = node.inputs
    hot = _hot(x)
    if hot is None:
        return node
    words, n = hot.inputs[0], hot.attrs["n"]
    with b.at(node.span):
        flat = b.reshape(words, (product(words.shape[:-1]), words.shape[-1]))
        places = b.apply("distinct_words", flat, n=n, padding=hot.attrs["padding"])
        if node.attrs.get("ta"):
            return b.apply("bag_scatter", places, y, n=n)
        return b.sum_(b.apply("bag", places, y), axes=(0,))


def _hot(x: Node) -> Node | None:
    """The multi_hot node whose rows `x` shows, with a number of words that is known."""
    source = x.inputs[0] if x.op == "reshape" else x
    if source.op != "multi_hot" or source.shape[-1] != x.shape[-1] or not isinstance(source.attrs["n"], int):
        return None
    return source
