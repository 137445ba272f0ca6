"""Local algebra: a table of rules, each a function that gives a simpler node or None.

x * 1  =>  x            --x  =>  x              x ** 2  =>  x * x
reshape(reshape(x))  =>  reshape(x)             transpose(a) @ b  =>  a @ b with the transpose inside
                                                transpose(a @ b)  =>  b @ a, both transposed, in a batch
f(broadcast_to(x), y)  =>  f(x, y) where f broadcasts by itself
where(0 < x, max_pool_grad(x, v), 0)  =>  max_pool_grad(x, where(0 < max_pool(x), v, 0))
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from nndsl.ir.graph import Graph, Node, const
from nndsl.ir.rewrite import rewrite
from nndsl.ir.types import FLOATS
from nndsl.ops import build as b
from nndsl.ops.op import Pointwise
from nndsl.ops.table import OPS

Rule = Callable[[Node], Node | None]


def simplify(graph: Graph) -> Graph:
    """Apply the rules to every node until none fits."""
    return rewrite(graph, _simplest)


def _simplest(node: Node) -> Node:
    for _ in range(20):
        for rule in RULES.get(node.op, ()) + EVERYWHERE:
            found = rule(node)
            if found is not None:
                keeps = node.name is not None and found.name is None and not found.is_leaf
                node = replace(found, name=node.name) if keeps else found
                break
        else:
            return node
        if node.is_leaf:
            return node
    return node


def is_const(node: Node, value: float) -> bool:
    """Whether a node is the number `value`, possibly repeated to a shape."""
    if node.op == "broadcast_to":
        return is_const(node.inputs[0], value)
    return node.op == "const" and node.attrs["value"] == value


def _same(node: Node, found: Node) -> Node | None:
    """`found` in place of `node`, where it has the type that `node` has."""
    return found if found.shape == node.shape and found.dtype == node.dtype else None


def identity_right(value: float) -> Rule:
    """x op value is x."""
    return lambda n: _same(n, n.inputs[0]) if is_const(n.inputs[1], value) else None


def identity_left(value: float) -> Rule:
    """value op x is x."""
    return lambda n: _same(n, n.inputs[1]) if is_const(n.inputs[0], value) else None


def _of_zero(n: Node) -> Node | None:
    """-0 and 0 / count are 0."""
    if not is_const(n.inputs[0], 0) or n.dtype not in FLOATS:
        return None
    counts = n.op == "negative" or n.inputs[1].op == "dim" or _counts(n.inputs[1])
    return _same(n, n.inputs[0]) if counts else None


def _counts(n: Node) -> bool:
    return n.op == "const" and n.attrs["value"] != 0


def _double_negative(n: Node) -> Node | None:
    return n.inputs[0].inputs[0] if n.inputs[0].op == "negative" else None


def _add_negative(n: Node) -> Node | None:
    x, y = n.inputs
    if y.op == "negative":
        return b.apply("subtract", x, y.inputs[0])
    return b.apply("subtract", y, x.inputs[0]) if x.op == "negative" else None


def _subtract_negative(n: Node) -> Node | None:
    x, y = n.inputs
    return b.apply("add", x, y.inputs[0]) if y.op == "negative" else None


def _power(n: Node) -> Node | None:
    x, y = n.inputs
    if y.op != "const" or x.shape != n.shape:
        return None
    match y.attrs["value"]:
        case 1:
            return _same(n, x)
        case 2:
            return b.apply("multiply", x, x)
        case 0.5:
            return b.apply("sqrt", x)
        case -1:
            return b.div(const(1.0, x.dtype), x)
    return None


def _cast(n: Node) -> Node | None:
    (x,) = n.inputs
    if x.op == "const":
        return const(x.attrs["value"], n.dtype)
    return _same(n, x)


def _reshape(n: Node) -> Node | None:
    """Only the last of several reshapes counts; one that changes nothing goes; of a number it is a repetition."""
    (x,) = n.inputs
    source = _unrepeated(x)
    if source.shape == () and n.shape != ():
        return b.broadcast_to(source, n.shape)
    if x.op == "reshape":
        return replace(n, inputs=x.inputs)
    return x if x.shape == n.shape and x.type == n.type and not x.is_leaf else None


def _transpose(n: Node) -> Node | None:
    (x,), axes = n.inputs, n.attrs["axes"]
    if axes == tuple(range(len(axes))):
        return x
    if x.op == "transpose":
        inner = x.attrs["axes"]
        return b.transpose(x.inputs[0], tuple(inner[a] for a in axes))
    if x.op == "matmul" and x.type.rank > 2 and _swaps_last(n):
        # A product is as soon made the other way round. Of a plain matrix it may be a gradient that others need too.
        ta, tb = bool(x.attrs.get("ta")), bool(x.attrs.get("tb"))
        with b.at(x.span):
            return b.apply("matmul", *reversed(x.inputs), ta=not tb, tb=not ta)
    return None


def _broadcast(n: Node) -> Node | None:
    (x,) = n.inputs
    if x.shape == n.shape:
        return x
    return b.apply("broadcast_to", x.inputs[0], shape=n.shape) if x.op == "broadcast_to" else None


def _sum_of_one(n: Node) -> Node | None:
    """A sum over axes of size 1 is a reshape."""
    (x,) = n.inputs
    alone = all(x.shape[a] == 1 for a in n.attrs["axes"])
    return b.reshape(x, n.shape) if alone and x.dtype == n.dtype else None


def _swaps_last(node: Node) -> bool:
    rank = node.type.rank
    return node.op == "transpose" and node.attrs["axes"] == (*range(rank - 2), rank - 1, rank - 2)


def _matmul(n: Node) -> Node | None:
    """A transpose of the last two axes moves into the product."""
    x, y = n.inputs
    ta, tb = bool(n.attrs.get("ta")), bool(n.attrs.get("tb"))
    if _swaps_last(x):
        return replace(n, inputs=(x.inputs[0], y), attrs={"ta": not ta, "tb": tb})
    if _swaps_last(y):
        return replace(n, inputs=(x, y.inputs[0]), attrs={"ta": ta, "tb": not tb})
    return None


def _where(n: Node) -> Node | None:
    condition, x, y = n.inputs
    if condition.op == "const":
        return _same(n, x if condition.attrs["value"] else y)
    return None


def _pooled_mask(n: Node) -> Node | None:
    """What relu lets back through a pooling is chosen before it is put to its places: there are fewer windows.

    Where a window's greatest is not above 0, neither is any element of it; where it is, the element that gets the
    gradient is above 0 as well.
    """
    condition, x, y = n.inputs
    if x.op != "max_pool_grad" or condition.op != "less" or not is_const(y, 0) or not is_const(condition.inputs[0], 0):
        return None
    image, values = x.inputs
    if condition.inputs[1] is not image:
        return None
    with b.at(n.span):
        pooled = b.apply("max_pool", image, **x.attrs, out=values.shape[1:-1])
        return replace(x, inputs=(image, b.where(b.less(0.0, pooled), values, 0.0)))


def _unrepeated(n: Node) -> Node:
    """What a repetition repeats, where that is one number; else the node."""
    return n.inputs[0] if n.op == "broadcast_to" and n.inputs[0].shape == () else n


def _implicit_broadcast(n: Node) -> Node | None:
    """Pointwise ops repeat by themselves what they are given smaller; work on one repeated number is done once."""
    if "broadcast_to" not in [i.op for i in n.inputs] or not isinstance(OPS[n.op].lowering, Pointwise):
        return None
    numbers = tuple(_unrepeated(i) for i in n.inputs)
    if all(i.shape == () for i in numbers):
        return b.broadcast_to(replace(n, inputs=numbers, type=n.type.with_shape(())), n.shape)
    inputs = list(n.inputs)
    for k, child in enumerate(inputs):
        if child.op == "broadcast_to":
            trial = [*inputs[:k], child.inputs[0], *inputs[k + 1 :]]
            if b.broadcast_shapes(*(i.shape for i in trial)) == n.shape:
                inputs = trial
    changed = any(a is not c for a, c in zip(inputs, n.inputs, strict=True))
    return replace(n, inputs=tuple(inputs)) if changed else None


def _no_gradient(n: Node) -> Node | None:
    """Gradients are taken before the passes, so the mark has done its work."""
    return _same(n, n.inputs[0])


RULES: dict[str, tuple[Rule, ...]] = {
    "add": (identity_right(0), identity_left(0), _add_negative),
    "subtract": (identity_right(0), _subtract_negative),
    "multiply": (identity_right(1), identity_left(1)),
    "divide": (identity_right(1), _of_zero),
    "negative": (_double_negative, _of_zero),
    "stop_gradient": (_no_gradient,),
    "power": (_power,),
    "cast": (_cast,),
    "reshape": (_reshape,),
    "transpose": (_transpose,),
    "broadcast_to": (_broadcast,),
    "sum": (_sum_of_one,),
    "matmul": (_matmul,),
    "where": (_where, _pooled_mask),
}
EVERYWHERE: tuple[Rule, ...] = (_implicit_broadcast,)
