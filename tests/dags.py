"""Random graphs over a fixed set of arrays, for properties that hold of every graph."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, Self

import numpy as np

from nndsl.ir.dims import Dim, evaluate, product
from nndsl.ir.graph import Graph, Node, Update, dim_value, scalar_leaf
from nndsl.ir.types import FLOATS, NUMPY_NAMES, Kind, Shape, TensorType
from nndsl.ops import build as b

BATCH = Dim.symbol("batch")
SCALARS = {"key": 12345, "step": 3, "learning_rate": 0.1}


def _leaf(op: str, name: str, dtype: str, *shape: Any, count: int | None = None) -> Node:
    kind = Kind("index", count) if count is not None else None
    return Node(op, (), {"name": name}, TensorType(dtype, shape, kind), name=name)


class Leaves:
    """The arrays that all graphs of one program share; floats are of `dtype`."""

    def __init__(self, dtype: str = "f32") -> None:
        self.dtype = dtype
        self.inputs = [
            _leaf("input", "x", dtype, BATCH, 6),
            _leaf("input", "y", dtype, BATCH, 6),
            _leaf("input", "z", dtype, BATCH, 3),
            _leaf("input", "line", dtype, BATCH),
            _leaf("input", "column", dtype, BATCH, 1),
            _leaf("input", "v", dtype, 6),
            _leaf("input", "number", dtype),
            _leaf("input", "cube", dtype, BATCH, 2, 3),
            _leaf("input", "fourth", dtype, 2, 3, 2, 2),
        ]
        self.label = _leaf("input", "label", "i32", BATCH, count=5)
        self.words = _leaf("input", "words", "i32", BATCH, 4, count=5)
        self.flags = _leaf("input", "flags", "bool", BATCH, 6)
        self.params = [
            _leaf("param", "W", dtype, 6, 6),
            _leaf("param", "U", dtype, 6, 6),
            _leaf("param", "bias", dtype, 6),
            _leaf("param", "E", dtype, 5, 6),
            _leaf("param", "gain", dtype),
            _leaf("param", "K", dtype, 2, 3, 3),
        ]
        self.states = [_leaf("state", "average", dtype, 6), _leaf("state", "count", dtype)]

    @property
    def floats(self) -> list[Node]:
        return [*self.inputs, *self.params, *self.states]

    @property
    def kept(self) -> list[Node]:
        """What a program may update."""
        return [*self.params, *self.states]

    def arrays(self, batch: int, seed: int = 0) -> tuple[dict[str, Any], dict[str, Any]]:
        """Random (inputs, store) by name."""
        numbers = np.random.default_rng(seed)

        def fill(node: Node) -> Any:
            shape = tuple(evaluate(s, {"batch": batch}) for s in node.shape)
            if node.dtype in FLOATS:
                return np.array(numbers.uniform(-1.5, 1.5, shape), NUMPY_NAMES[node.dtype])
            if node.dtype == "bool":
                return np.array(numbers.integers(0, 2, shape), bool)
            return np.array(numbers.integers(0, 5, shape), NUMPY_NAMES[node.dtype])

        inputs = {n.attrs["name"]: fill(n) for n in (*self.inputs, self.label, self.words, self.flags)}
        return inputs, {n.attrs["name"]: fill(n) for n in self.kept}


class Maker:
    """Grows a pool of nodes by random ops; `smooth` leaves out what finite differences cannot follow."""

    def __init__(self, leaves: Leaves, rng: random.Random, smooth: bool = False) -> None:
        self.leaves, self.rng, self.smooth = leaves, rng, smooth
        self.pool: list[Node] = list(leaves.floats)
        self.made: list[Node] = []
        self.stream = rng.randrange(1000)

    # --- choosing ----------------------------------------------------------------------------------------

    def pick(self, test: Callable[[Node], bool] = lambda n: True) -> Node | None:
        """A node of the pool, more often a late one."""
        fit = [n for n in self.pool if test(n)]
        if not fit:
            return None
        return self.rng.choice(fit[-6:] if self.rng.random() < 0.6 else fit)

    def axes(self, node: Node) -> tuple[int, ...]:
        rank = node.type.rank
        return tuple(sorted(self.rng.sample(range(rank), self.rng.randint(1, rank))))

    # --- growing -----------------------------------------------------------------------------------------

    def kinds(self) -> list[Callable[[], Node | None]]:
        """What may be made, with repetitions for what should be made more often."""
        kinds: list[Callable[[], Node | None]] = [
            self.unary,
            self.unary,
            self.unary,
            self.binary,
            self.binary,
            self.binary,
            self.binary,
            self.binary,
            self.reduced,
            self.reduced,
            self.reduced,
            self.reshaped,
            self.transposed,
            self.sliced,
            self.padded,
            self.joined,
            self.product,
            self.product,
            self.looked_up,
            self.repeated,
            self.chosen,
            self.normal,
            self.drawn,
            self.number,
            self.centred,
        ]
        if not self.smooth:
            kinds += [self.counted, self.compared, self.best, self.flagged]
        return kinds

    def grow(self, steps: int) -> Self:
        kinds = self.kinds()
        while len(self.made) < steps:
            node = self.rng.choice(kinds)()
            if node is not None and self._small(node):
                self.pool.append(node)
                self.made.append(node)
        return self

    def _small(self, node: Node) -> bool:
        return node.type.rank <= 4 and evaluate(product(node.shape), {"batch": 7}) <= 600

    def unary(self) -> Node | None:
        x = self.pick()
        assert x is not None
        name = self.rng.choice(
            [
                "sin",
                "tanh",
                "sigmoid",
                "negative",
                "softplus",
                "erf",
                "square",
                "root",
                "exp",
                "log",
                "relu",
                "stop",
                "half",
            ]
        )
        match name:
            case "square":
                return b.power(x, 2.0) if self.rng.random() < 0.5 else b.mul(x, x)
            case "root":
                return b.apply("sqrt", b.add(b.mul(x, x), 1.0))
            case "exp":
                return b.exp(b.apply("tanh", x))
            case "log":
                return b.log(b.add(b.mul(x, x), 1.5))
            case "relu":
                return x if self.smooth else b.maximum(x, 0.0)
            case "stop":
                return b.stop_gradient(x)
            case "half":
                return b.mul(x, 0.5)
        return b.apply(name, x)

    def binary(self) -> Node | None:
        x = self.pick()
        assert x is not None
        y = self.pick(lambda n: b.broadcast_shapes(x.shape, n.shape) is not None)
        assert y is not None
        name = self.rng.choice(["add", "subtract", "multiply", "divide", "maximum", "minimum", "add", "multiply"])
        if name == "divide":
            return b.div(x, b.add(b.mul(y, y), 1.0))
        if name in ("maximum", "minimum") and self.smooth:
            return None
        return b.apply(name, x, y)

    def reduced(self) -> Node | None:
        x = self.pick(lambda n: n.type.rank > 0)
        if x is None:
            return None
        kind = self.rng.choice(["mean", "mean", "mean", "max", "min"])
        axes, keep = self.axes(x), self.rng.random() < 0.4
        if kind == "mean":
            return b.mean(x, axes, keep)
        return None if self.smooth else b.reduce(kind, x, axes, keep)

    def centred(self) -> Node | None:
        """What normalizing layers do: (x - mean) / deviation along an axis."""
        x = self.pick(lambda n: n.type.rank > 1)
        if x is None:
            return None
        axis = self.rng.randrange(x.type.rank)
        centred = b.sub(x, b.mean(x, (axis,), True))
        return b.div(centred, b.apply("sqrt", b.add(b.mean(b.mul(centred, centred), (axis,), True), 0.5)))

    def reshaped(self) -> Node | None:
        x = self.pick()
        assert x is not None
        total = product(x.shape)
        options: list[Shape] = [
            (total,),
            (1, total),
            (*x.shape, 1),
            (1, *x.shape),
            (BATCH, 6),
            (BATCH, 2, 3),
            (2, 3),
            (3, 2),
            (BATCH, 1),
            (BATCH * 2, 3),
            (6, BATCH),
            tuple(s for s in x.shape if s != 1),
        ]
        fit = [s for s in options if product(s) == total and len(s) <= 4 and s != x.shape]
        return b.reshape(x, self.rng.choice(fit)) if fit else None

    def transposed(self) -> Node | None:
        x = self.pick(lambda n: n.type.rank > 1)
        if x is None:
            return None
        order = list(range(x.type.rank))
        self.rng.shuffle(order)
        return b.transpose(x, order)

    def sliced(self) -> Node | None:
        """A box with steps; along the batch all of it, forwards or backwards."""
        x = self.pick(lambda n: n.type.rank > 0)
        if x is None:
            return None
        start: list[Any] = []
        size: list[Any] = []
        step: list[int] = []
        for full in x.shape:
            if isinstance(full, Dim) or full == 1:
                back = isinstance(full, Dim) and self.rng.random() < 0.3
                start.append(full - 1 if back else 0)
                size.append(full)
                step.append(-1 if back else 1)
            else:
                step.append(self.rng.choice([1, 1, 2, -1, -2]))
                at = self.rng.randrange(full)
                room = (full - 1 - at) // step[-1] if step[-1] > 0 else at // -step[-1]
                start.append(at)
                size.append(self.rng.randint(1, room + 1))
        return b.apply("slice", x, start=tuple(start), size=tuple(size), step=tuple(step))

    def padded(self) -> Node | None:
        x = self.pick(lambda n: n.type.rank > 0)
        if x is None:
            return None
        low, high, interior = (tuple(self.rng.choice([0, 0, 1, 2]) for _ in x.shape) for _ in range(3))
        interior = tuple(0 if isinstance(s, Dim) else k for s, k in zip(x.shape, interior, strict=True))
        return b.apply("pad", x, low=low, high=high, interior=interior, value=self.rng.choice([0.0, 0.5]))

    def joined(self) -> Node | None:
        x = self.pick(lambda n: n.type.rank > 0)
        if x is None:
            return None
        axis = self.rng.randrange(x.type.rank)
        y = self.pick(
            lambda n: (
                n.type.rank == x.type.rank
                and all(k == axis or p == q for k, (p, q) in enumerate(zip(x.shape, n.shape, strict=True)))
            )
        )
        assert y is not None
        parts = [x, y] if self.rng.random() < 0.7 else [y, x, x]
        return b.apply("concat", *parts, axis=axis)

    def product(self) -> Node | None:
        x = self.pick(lambda n: n.type.rank > 1)
        if x is None:
            return None
        ta, tb = self.rng.random() < 0.3, self.rng.random() < 0.3
        depth = x.shape[-2] if ta else x.shape[-1]
        if ta and x.type.rank > 2:
            return None
        y = self.pick(
            lambda n: n.type.rank > 1 and n.shape[:-2] in ((), x.shape[:-2]) and n.shape[-1 if tb else -2] == depth
        )
        if y is None:
            return None
        out = b.matmul(b.swap_last(x) if ta else x, b.swap_last(y) if tb else y)
        return b.mul(out, 0.3)

    def looked_up(self) -> Node | None:
        leaves = self.leaves
        index = self.rng.choice([leaves.label, leaves.words])
        match self.rng.choice(["take", "one_hot", "scatter", "multi_hot"]):
            case "take":
                table = self.pick(lambda n: n.type.rank > 0 and n.shape[0] == 5)
                return b.apply("take", table, index) if table is not None else None
            case "one_hot":
                return b.apply("one_hot", index, n=5, dtype=leaves.dtype)
            case "multi_hot":
                return b.apply("multi_hot", leaves.words, n=5, padding=0, dtype=leaves.dtype)
        values = self.pick(lambda n: n.type.rank >= 1 and n.shape[0] == BATCH)
        return b.apply("scatter_add", leaves.label, values, n=5) if values is not None else None

    def repeated(self) -> Node | None:
        x = self.pick()
        assert x is not None
        shape = self.rng.choice([(2, *x.shape), tuple(3 if s == 1 else s for s in x.shape), (BATCH, *x.shape)])
        return b.broadcast_to(x, shape) if len(shape) <= 4 and shape != x.shape else None

    def chosen(self) -> Node | None:
        """`where` that is continuous, so that rounding cannot flip it visibly."""
        x = self.pick()
        assert x is not None
        y = self.pick(lambda n: b.broadcast_shapes(x.shape, n.shape) is not None)
        assert y is not None
        return None if self.smooth else b.where(b.less(x, y), x, y)

    def normal(self) -> Node | None:
        x = self.pick(lambda n: n.type.rank > 0)
        return (
            b.apply(self.rng.choice(["softmax", "log_softmax"]), x, axis=self.rng.randrange(x.type.rank))
            if x is not None
            else None
        )

    def drawn(self) -> Node | None:
        self.stream += 1
        name = self.rng.choice(["random_uniform", "random_normal", "random_uniform"])
        shape = self.rng.choice([(BATCH, 6), (6,), (BATCH, 2, 3), (BATCH, 3), (BATCH,)])
        return b.apply(name, scalar_leaf("key", "i64"), shape=shape, dtype=self.leaves.dtype, stream=self.stream)

    def number(self) -> Node | None:
        dtype = self.leaves.dtype
        x = self.pick()
        assert x is not None
        by = self.rng.choice([dim_value(BATCH, dtype), scalar_leaf("learning_rate", dtype), scalar_leaf("step", dtype)])
        return b.div(x, b.add(by, 1.0))

    # --- what has steps ----------------------------------------------------------------------------------

    def counted(self) -> Node | None:
        x = self.rng.choice(self.leaves.floats)
        y = self.rng.choice([n for n in self.leaves.floats if b.broadcast_shapes(x.shape, n.shape) is not None])
        hits = b.less(x, y)
        if hits.type.rank and self.rng.random() < 0.6:
            hits = b.sum_(hits, self.axes(hits))
        return b.cast(hits, self.leaves.dtype)

    def compared(self) -> Node | None:
        x = self.rng.choice(self.leaves.inputs[:2])
        test = b.apply(
            self.rng.choice(["logical_and", "logical_or"]), b.less(x, self.leaves.inputs[5]), self.leaves.flags
        )
        y = self.pick(lambda n: b.broadcast_shapes(test.shape, n.shape) is not None)
        return b.where(test, y, self.rng.choice([x, b.neg(x)])) if y is not None else None

    def best(self) -> Node | None:
        x = self.rng.choice([n for n in self.leaves.floats if n.type.rank > 1])
        place = b.apply(self.rng.choice(["argmax", "argmin"]), x, axes=(self.rng.randrange(x.type.rank),))
        if self.rng.random() < 0.5:
            return b.cast(place, self.leaves.dtype)
        count = place.type.kind.count if place.type.kind else None
        return b.apply("one_hot", place, n=count, dtype=self.leaves.dtype) if isinstance(count, int) else None

    def flagged(self) -> Node | None:
        test = self.leaves.flags if self.rng.random() < 0.5 else b.apply("logical_not", self.leaves.flags)
        if self.rng.random() < 0.4:
            test = b.equal(b.cast(b.sum_(test, (1,)), "i32"), self.leaves.label)
        y = self.pick(lambda n: b.broadcast_shapes(test.shape, n.shape) is not None)
        return b.where(test, y, 0.25) if y is not None else None


def random_graph(rng: random.Random, leaves: Leaves, steps: int, updates: bool = True, grads: bool = True) -> Graph:
    """A program with several outputs, gradients of their sum, and updates of params by whatever fits them."""
    maker = Maker(leaves, rng).grow(steps)
    outputs = rng.sample(maker.made, min(len(maker.made), rng.randint(1, 4)))
    named = [(f"y{k}", node) for k, node in enumerate([*outputs, maker.made[-1]])]
    if grads and rng.random() < 0.6:
        named += gradient_outputs(rng, leaves, maker.made[-3:])
        maker.pool += [n for _, n in named]
    return Graph("random", tuple(named), random_updates(rng, leaves, maker.pool) if updates else ())


def gradient_outputs(rng: random.Random, leaves: Leaves, nodes: list[Node]) -> list[tuple[str, Node]]:
    from nndsl.passes.autodiff import gradients

    loss: Node | None = None
    for node in nodes:
        part = b.mean(b.apply("sin", node)) if node.type.rank else node
        loss = part if loss is None else b.add(loss, part)
    assert loss is not None
    wrt = rng.sample(leaves.floats, 4) + leaves.params[:2]
    found = [(n, g) for n, g in zip(wrt, gradients(loss, wrt), strict=True) if g is not None]
    return [("loss", loss), *((f"d_{n.name}", g) for n, g in dict(found).items())]


def random_updates(rng: random.Random, leaves: Leaves, pool: list[Node]) -> tuple[Update, ...]:
    """Each target once, with any value of its shape: another leaf (swaps too), a view, its own step, something else."""
    out: list[Update] = []
    for target in rng.sample(leaves.kept, rng.randint(0, 4)):
        fit = [n for n in pool if n.shape == target.shape and n.dtype == target.dtype]
        value = rng.choice(fit)
        match rng.randrange(5):
            case 0:
                value = b.sub(target, b.mul(value, scalar_leaf("learning_rate", target.dtype)))
            case 1 if target.type.rank == 2 and target.shape[0] == target.shape[1]:
                value = b.swap_last(value)
            case 2:
                flat = b.reshape(value, (product(value.shape),))
                value = b.reshape(b.mul(flat, 0.5), target.shape)
        out.append(Update(target, value))
    return tuple(out)
