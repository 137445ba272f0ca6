"""Random graphs with scans in them: random bodies over random sequences, scans inside scans too."""

from __future__ import annotations

import random
from collections.abc import Callable

from dags import BATCH, Leaves, Maker

from nndsl.check.closing import Carried, Step, close
from nndsl.ir.graph import Node
from nndsl.ir.types import Shape
from nndsl.ops import build as b
from nndsl.ops.scan import part

MAX_DEPTH = 2


class ScanMaker(Maker):
    """A Maker that makes scans too. Inside a body the pool holds its leaves and a few values from outside."""

    def __init__(self, leaves: Leaves, rng: random.Random, smooth: bool = False, depth: int = 0) -> None:
        super().__init__(leaves, rng, smooth)
        self.depth = depth
        self.scans = 0

    def kinds(self) -> list[Callable[[], Node | None]]:
        return super().kinds() + [self.scanned] * (8 if self.depth == 0 else 2)

    def unary(self) -> Node | None:
        made = super().unary()
        # Finite differences hold still what no gradient flows through; inside a body they cannot reach it.
        return None if made is not None and made.op == "stop_gradient" and self.smooth and self.depth else made

    def scanned(self) -> Node | None:
        """A scan over one or two sequences, with one to three carries; one of its parts, the others go to the pool."""
        first = self.pick(lambda n: n.type.rank > 0)
        if self.depth == MAX_DEPTH or first is None:
            return None
        axis = self.rng.randrange(first.type.rank)
        length = first.shape[axis]
        sequences = [moved(first, axis)]
        others = [moved(n, k) for n in self.pool for k, size in enumerate(n.shape) if size == length]
        sequences += self.rng.sample(others, min(len(others), self.rng.randint(0, 2)))
        if not self.smooth:
            indexed = [moved(n, k) for n in (self.leaves.words, self.leaves.flags) for k, s in enumerate(n.shape)
                       if s == length]  # fmt: skip
            sequences += self.rng.sample(indexed, min(len(indexed), self.rng.randint(0, 1)))
        inner = type(self)(self.leaves, self.rng, self.smooth, self.depth + 1)
        items = [leaf(f"item_{k}", s, s.shape[1:]) for k, s in enumerate(sequences)]
        starts = [n for n in (self.pick(), *(self.pick() for _ in range(self.rng.randint(0, 2)))) if n is not None]
        carries = [leaf(f"carry_{k}", n, n.shape) for k, n in enumerate(starts)]
        inner.pool = [*self.rng.sample(self.pool, min(len(self.pool), 4)), *carries, *map(self.as_float, items)]
        inner.grow(self.rng.randint(1, 6))
        carried = tuple(Carried(c, n, inner.following(c)) for c, n in zip(carries, starts, strict=True))
        kept = [n for n in (*inner.made, *items) if self._small(n)]
        collects = tuple(self.rng.sample(kept, min(len(kept), self.rng.randint(0, 3))))
        step = Step(carried, tuple(zip(items, sequences, strict=True)), collects)
        scan = close(step, length, self.rng.random() < 0.5)
        found = [part(scan, k) for k in range(len(carried) + len(collects))]
        chosen = [n for n in found if n.dtype == self.leaves.dtype and self._small(n)]
        self.scans += 1 + inner.scans
        self.pool += chosen
        return self.rng.choice(chosen) if chosen else None

    def as_float(self, item: Node) -> Node:
        """Indices look up rows, truth values choose."""
        if item.type.kind is not None and item.type.kind.name == "index":
            return b.apply("take", self.leaves.params[3], item)
        return item if item.dtype == self.leaves.dtype else b.cast(item, self.leaves.dtype)

    def following(self, carry: Node) -> Node:
        """A next value: anything that fits; sometimes an outer value or the carry itself.

        Iterated, its slope in itself stays below 1: finite differences of more would say nothing.
        """
        fit = [n for n in self.pool if b.broadcast_shapes(n.shape, carry.shape) == carry.shape]
        value = self.rng.choice([*fit[-3:], carry])
        if self.rng.random() < 0.8:
            value = b.apply("tanh", b.add(b.mul(value, 0.5), b.mul(carry, 0.4)))
        return b.broadcast_to(value, carry.shape)


def moved(x: Node, axis: int) -> Node:
    """The axis of the steps in front."""
    return b.transpose(x, (axis, *(k for k in range(x.type.rank) if k != axis)))


def leaf(name: str, like: Node, shape: Shape) -> Node:
    return Node("input", (), {"name": name}, like.type.with_shape(shape), name=name)


def with_scan(seed: int, leaves: Leaves, steps: int, smooth: bool = False) -> ScanMaker:
    """A grown Maker in whose graph there is a scan at least."""
    rng = random.Random(seed)
    while True:
        maker = ScanMaker(leaves, rng, smooth).grow(steps)
        if maker.scans:
            return maker


__all__ = ["BATCH", "ScanMaker", "with_scan"]
