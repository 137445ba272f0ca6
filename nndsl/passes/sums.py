"""What is the same for all that a sum over leading axes adds goes before the sum; deviations from a mean sum to 0.

sum(g * gamma * x, axes=[0])           gamma: [n]     =>     sum(g * x, axes=[0]) * gamma
sum(k * (x - mean(x, axis=a)), axis=a) k alike on a   =>     0

Sums of one array that differ in factors alone become one, and none has to wait for another that a factor is made of:
the gradient of a normalization over a batch goes once over the batch, not three times. Along the last axis a kernel
has the whole row at hand, so nothing is moved there.
"""

from __future__ import annotations

from dataclasses import replace

from nndsl.costs import MOST_FACTORS
from nndsl.ir.dims import product
from nndsl.ir.graph import Graph, Node, const
from nndsl.ir.rewrite import rewrite
from nndsl.ir.types import FLOATS
from nndsl.ops import build as b

DEEPEST = 16
"""Products in one another that are looked through: a chain of thousands is looked at by each of its sums."""
Constant = tuple[str, Node]


def sums(graph: Graph) -> Graph:
    """Rewrite every sum."""
    return rewrite(graph, _sum)


def _sum(node: Node) -> Node:
    if node.op != "sum" or node.dtype not in FLOATS:
        return node
    (x,), axes = node.inputs, node.attrs["axes"]
    negative, factors, constants = _factors(x, x, axes)
    if len(factors) > MOST_FACTORS or not factors:
        return node
    with b.at(node.span):
        if len(factors) == 1 and _deviation(factors[0], x, axes):
            return b.zeros_like(node)
        if x.type.rank - 1 in axes or all(value.shape == () for _, value in constants):
            return node
        if b.broadcast_shapes(*(f.shape for f in factors)) != x.shape:
            return node
        rest = factors[0]
        for factor in factors[1:]:
            rest = b.mul(rest, factor)
        out = b.sum_(rest, axes)
        for op, value in constants:
            out = b.apply(op, out, _kept(value, x, axes))
        return replace(b.neg(out) if negative else out, name=node.name)


def _factors(node: Node, x: Node, axes: tuple[int, ...], depth: int = 0) -> tuple[bool, list[Node], list[Constant]]:
    """Whether the sign changes, the factors that differ along the axes, and what is the same along them."""
    if _alike(node, x, axes):
        return False, [], [("multiply", node)]
    if depth == DEEPEST:
        return False, [node], []
    match node.op:
        case "negative":
            negative, factors, constants = _factors(node.inputs[0], x, axes, depth + 1)
            return not negative, factors, constants
        case "divide" if _alike(node.inputs[1], x, axes):
            negative, factors, constants = _factors(node.inputs[0], x, axes, depth + 1)
            return negative, factors, [*constants, ("divide", node.inputs[1])]
        case "add" if node.inputs[0] is node.inputs[1]:
            negative, factors, constants = _factors(node.inputs[0], x, axes, depth + 1)
            return negative, factors, [*constants, ("multiply", const(2.0, node.dtype))]
        case "multiply":
            sides = [_factors(side, x, axes, depth + 1) for side in node.inputs]
            if all(not negative and not constants for negative, _, constants in sides):
                return False, [node], []
            (one, left, first), (other, right, second) = sides
            return one != other, [*left, *right], [*first, *second]
    return False, [node], []


def _alike(node: Node, x: Node, axes: tuple[int, ...]) -> bool:
    """Whether `node`, as a part of `x`, is repeated along the axes."""
    missing = x.type.rank - node.type.rank
    return all(a < missing or (node.shape[a - missing] == 1 and x.shape[a] != 1) for a in axes)


def _kept(value: Node, x: Node, axes: tuple[int, ...]) -> Node:
    """What is the same along the axes, without them."""
    shape = (1,) * (x.type.rank - value.type.rank) + value.shape
    return b.reshape(value, tuple(s for a, s in enumerate(shape) if a not in axes)) if value.shape else value


def _deviation(node: Node, x: Node, axes: tuple[int, ...]) -> bool:
    """Whether a node is something less its own mean along the axes."""
    if node.op != "subtract" or node.shape != x.shape:
        return False
    whole, mean = node.inputs
    mean = _unshaped(mean)
    if mean.op != "divide" or whole.shape != x.shape:
        return False
    total, count = _unshaped(mean.inputs[0]), mean.inputs[1]
    number = count.attrs["size"] if count.op == "dim" else count.attrs["value"] if count.op == "const" else None
    same = total.op == "sum" and total.inputs[0] is whole and total.attrs["axes"] == axes
    return same and number == product(tuple(x.shape[a] for a in axes))


def _unshaped(node: Node) -> Node:
    while node.op == "reshape":
        node = node.inputs[0]
    return node
