"""Transpositions of leading axes go to where less is moved, often to nothing at all.

transpose(take(table, words), [1, 0, 2])     =>     take(table, transpose(words, [1, 0]))
transpose(reshape(reshape(x) @ w), …)        =>     reshape(reshape(transpose(x, …)) @ w)
scatter_add(words, transpose(g, …))          =>     scatter_add(transpose(words, …), g)
reshape(x).T @ reshape(transpose(g, …))      =>     reshape(transpose(x, …)).T @ reshape(g)
sum(transpose(x, [1, 0, 2]), axes=[0, 1])    =>     sum(x, axes=[0, 1])

A recurrent net goes over time first, what surrounds it over the batch first. Its projections have some times the
width of its input, and where another recurrent net follows, both transpositions meet and vanish. Scatters, sums and
products that add up the leading axes go over them in any order.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

from nndsl.costs import UNKNOWN_WIDTH
from nndsl.ir.dims import Size, product
from nndsl.ir.graph import NUMBERS, Graph, Node, Update, users
from nndsl.ir.rewrite import rebuild
from nndsl.ops import build as b
from nndsl.ops.op import Pointwise
from nndsl.ops.table import OPS

Order: TypeAlias = tuple[int, ...]
"""Of the leading axes; those behind them stay."""
Moved: TypeAlias = tuple[Node, int]
"""A value with its leading axes in another order, and how many elements a place has that are really moved for it."""

MOST = 64
"""Steps that are followed in search of another transposition."""
CUTS = ("slice", "pad")
"""Ops whose attributes name each axis."""


def transpositions(graph: Graph) -> Graph:
    """Rewrite what is transposed, and what may read its input in any order."""
    nodes = graph.nodes()
    if not any(n.op == "transpose" for n in nodes):
        return graph
    search = _Search(graph)
    found = {n: made for n in nodes if not n.is_leaf and (made := search.rewritten(n)) is not None}
    if not found:
        return graph
    new: dict[Node, Node] = {}
    for node in nodes:
        root = found.get(node, node)
        new[node] = rebuild([root], lambda n: n, new)[root] if root is not node else _over(node, new)
    updates = tuple(Update(u.target, new[u.value]) for u in graph.updates)
    return replace(graph, outputs=tuple((name, new[n]) for name, n in graph.outputs), updates=updates)


def _over(node: Node, new: dict[Node, Node]) -> Node:
    inputs = tuple(new[i] for i in node.inputs)
    return node if inputs == node.inputs else replace(node, inputs=inputs)


class _Search:
    """Answers for the nodes of one graph."""

    def __init__(self, graph: Graph) -> None:
        self.uses = {node: len(readers) for node, readers in users(graph.nodes()).items()}
        for root in graph.roots:
            self.uses[root] += 1
        self.known: dict[tuple[Node, Order], Moved] = {}
        self.seen: dict[Node, tuple[Order, int] | None] = {}

    # --- who gains -------------------------------------------------------------------------------------

    def rewritten(self, node: Node) -> Node | None:
        """The same value with less to move, or None."""
        with b.at(node.span):
            made = self._rewritten(node)
        if made is None:
            return None
        if made not in self.uses:
            return replace(made, type=node.type, name=node.name or made.name)
        return b.as_type(made, node.type)

    def _rewritten(self, node: Node) -> Node | None:
        match node.op:
            case "transpose":
                (x,), order = node.inputs, leading(node.attrs["axes"])
                made = self.moved(x, order)
                return made[0] if order and made[1] < width(x, order) else None
            case "scatter_add":
                places, values = node.inputs
                pair = self.in_one_order((places, values), places.type.rank)
                return None if pair is None else replace(node, inputs=pair)
            case "matmul" if node.type.rank == 2 and node.attrs.get("ta") and not node.attrs.get("tb"):
                x, y = (_unmerged(i) for i in node.inputs)
                if x.shape[:-1] != y.shape[:-1]:
                    return None
                pair = self.in_one_order((x, y), x.type.rank - 1)
                if pair is None:
                    return None
                merged = tuple(b.reshape(i, o.shape) for i, o in zip(pair, node.inputs, strict=True))
                return replace(node, inputs=merged)
            case "sum":
                (x,), axes = node.inputs, node.attrs["axes"]
                count = next((k for k, axis in enumerate(axes) if k != axis), len(axes))
                one = self.in_one_order((x,), count)
                return None if one is None else replace(node, inputs=one)
        return None

    def in_one_order(self, values: tuple[Node, ...], most: int) -> tuple[Node, ...] | None:
        """Values that are read together over their leading axes, `most` of them at most, in the order in which least
        is moved; None where that is the one they have."""
        hidden = [h for value in values if (h := self.hidden(value)) is not None and len(h[0]) <= most]
        cost = sum(much for _, much in hidden)
        best: tuple[Node, ...] | None = None
        for order in dict.fromkeys(order for order, _ in hidden):
            made = [self.moved(value, inverse(order)) for value in values]
            if sum(much for _, much in made) < cost:
                best, cost = tuple(value for value, _ in made), sum(much for _, much in made)
        return best

    def hidden(self, node: Node, steps: int = MOST) -> tuple[Order, int] | None:
        """The transposition that a value was made from, element by element or row by row: its order, what it moves."""
        if node not in self.seen:
            found = (self.hidden(i, steps - 1) for i in _sources(node)) if steps else iter(())
            order = leading(node.attrs["axes"]) if node.op == "transpose" else ()
            self.seen[node] = (order, width(node, order)) if order else next((f for f in found if f is not None), None)
        return self.seen[node]

    # --- what it costs ---------------------------------------------------------------------------------

    def moved(self, node: Node, order: Order, steps: int = MOST) -> Moved:
        """A value with its leading axes in another order: made so from the start where that moves less."""
        if (node, order) not in self.known:
            plain = b.transpose(node, _axes(order, node.type.rank)), width(node, order)
            made = None if not steps or node.is_leaf else self._made(node, order, steps - 1)
            self.known[node, order] = made if made is not None and made[1] <= plain[1] else plain
        return self.known[node, order]

    def _made(self, node: Node, order: Order, steps: int) -> Moved | None:
        count, rank = len(order), node.type.rank
        shape = (*(node.shape[a] for a in order), *node.shape[count:])
        if node.op == "transpose":
            (x,), first = node.inputs, node.attrs["axes"]
            axes = tuple(first[a] for a in _axes(order, rank))
            return b.transpose(x, axes), 0 if axes == tuple(range(rank)) else width(node, order)
        if node.op == "take" and node.inputs[1].type.rank >= count:
            table, places = node.inputs
            places, cost = self.moved(places, order, steps)
            return replace(node, inputs=(table, places), type=node.type.with_shape(shape)), cost
        if node.op == "reshape":
            return self._reshaped(node, order, steps)
        if node.op in CUTS:
            axes = _axes(order, rank)
            attrs = {k: tuple(v[a] for a in axes) if isinstance(v, tuple) else v for k, v in node.attrs.items()}
            return self._over_moved(replace(node, attrs=attrs), order, steps, self.uses[node])
        if (node.op == "concat" and node.attrs["axis"] >= count) or isinstance(OPS[node.op].lowering, Pointwise):
            return self._over_moved(node, order, steps, self.uses[node])
        return None

    def _over_moved(self, node: Node, order: Order, steps: int, uses: int) -> Moved | None:
        """An op on elements over moved inputs. What others read too is not made twice, unless nothing is moved."""
        rank, made, cost = node.type.rank, list[Node](), 0
        for child in node.inputs:
            kept = child.type.rank <= rank - len(order) or child.op in NUMBERS
            if not kept and child.type.rank < rank:
                return None
            value, much = (child, 0) if kept else self.moved(child, order, steps)
            made.append(value)
            cost += much
        if uses > 1 and cost > 1:
            return None
        shape = (*(node.shape[a] for a in order), *node.shape[len(order) :])
        return replace(node, inputs=tuple(made), type=node.type.with_shape(shape)), cost

    def _reshaped(self, node: Node, order: Order, steps: int) -> Moved | None:
        """A reshape that leaves the leading axes as they are, or splits the rows of a product."""
        count, (x,) = len(order), node.inputs
        shape = (*(node.shape[a] for a in order), *node.shape[count:])
        if x.shape[:count] == node.shape[:count]:
            value, cost = self.moved(x, order, steps)
            return b.as_type(b.reshape(value, shape), node.type.with_shape(shape)), cost
        made = _product_of(node)
        if made is None or count > node.type.rank - 1 or self.uses[made] > 1:
            return None
        left, right = made.inputs
        rows = _unmerged(left)
        if rows.shape[:-1] != node.shape[:-1]:
            rows = b.reshape(left, (*node.shape[:-1], left.shape[-1]))
        value, cost = self.moved(rows, order, steps)
        again = replace(made, inputs=(b.reshape(value, left.shape), right))
        return b.as_type(b.reshape(again, shape), node.type.with_shape(shape)), cost


def leading(axes: tuple[int, ...]) -> Order:
    """The leading axes of an order that change places; none where the last axis is among them."""
    count = next((k for k in range(len(axes), 0, -1) if axes[k - 1] != k - 1), 0)
    return axes[:count] if count < len(axes) else ()


def inverse(order: Order) -> Order:
    """The order that undoes one."""
    return tuple(order.index(i) for i in range(len(order)))


def width(node: Node, order: Order) -> int:
    """How many elements lie together behind the leading axes."""
    size: Size = product(node.shape[len(order) :])
    return size if isinstance(size, int) else UNKNOWN_WIDTH


def _axes(order: Order, rank: int) -> tuple[int, ...]:
    return (*order, *range(len(order), rank))


def _sources(node: Node) -> tuple[Node, ...]:
    """What the elements or rows of a value were made from, where its leading axes are those of that."""
    if node.is_leaf:
        return ()
    if node.op == "reshape":
        made = _product_of(node)
        return node.inputs if made is None else (_unmerged(made.inputs[0]),)
    if node.op in CUTS or node.op == "concat":
        return node.inputs
    if isinstance(OPS[node.op].lowering, Pointwise):
        return tuple(i for i in node.inputs if i.shape == node.shape)
    return ()


def _unmerged(node: Node) -> Node:
    """What a matrix was before its leading axes were made one."""
    if node.op == "reshape" and node.inputs[0].type.rank > 1 and node.inputs[0].shape[-1] == node.shape[-1]:
        return node.inputs[0]
    return node


def _product_of(node: Node) -> Node | None:
    """The product of a matrix of rows whose rows a reshape has split into axes."""
    (x,) = node.inputs
    plain = x.op == "matmul" and x.type.rank == 2 and not x.attrs.get("ta")
    return x if plain and x.shape[-1] == node.shape[-1] else None
