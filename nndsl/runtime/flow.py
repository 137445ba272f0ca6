"""Loops, variables and memory of functions that are written as LLVM IR."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from llvmlite import ir

from nndsl.runtime.llvm import I8, I64, V

LINE_BYTES = 64


@contextmanager
def each(start: V, stop: V, step: V | int = 1) -> Iterator[V]:
    """`for i in range(start, stop, step)`, with a step above zero."""
    b = start.b
    before, body = b.block, b.append_basic_block("each")
    done = b.append_basic_block("done")
    b.cbranch((start < stop).value, body, done)
    b.position_at_end(body)
    index = b.phi(I64)
    index.add_incoming(start.value, before)
    yield V(b, index)
    following = V(b, index) + step
    index.add_incoming(following.value, b.block)
    b.cbranch((following < stop).value, body, done)
    b.position_at_end(done)


@contextmanager
def loop(b: Any, condition: Callable[[], V]) -> Iterator[None]:
    """`while condition():`."""
    test, body, done = (b.append_basic_block(name) for name in ("while", "body", "done"))
    b.branch(test)
    b.position_at_end(test)
    b.cbranch(condition().value, body, done)
    b.position_at_end(body)
    yield
    b.branch(test)
    b.position_at_end(done)


def over(x: V, y: V | int) -> V:
    """x // y of numbers that are not negative."""
    return V(x.b, x.b.udiv(x.value, x.like(y)))


def least(x: V, y: V | int) -> V:
    """The smaller one."""
    other = y if isinstance(y, V) else x.const(y)
    return (x < other).choose(x, other)


class Cell:
    """A variable of the function."""

    def __init__(self, first: V) -> None:
        self.b = first.b
        with self.b.goto_entry_block():
            self.place = self.b.alloca(first.type)
        self.set(first)

    def get(self) -> V:
        """What it holds."""
        return V(self.b, self.b.load(self.place))

    def set(self, value: V) -> None:
        """Make it hold something else."""
        self.b.store(value.value, self.place)


def stack(b: Any, size: int) -> V:
    """Memory that lives until the function returns, on cache lines of its own."""
    with b.goto_entry_block():
        place = b.alloca(ir.ArrayType(I8, size))
    place.align = LINE_BYTES
    return V(b, b.ptrtoint(place, I64))


def call(function: Any, *given: V) -> None:
    """Call a function of this module."""
    given[0].b.call(function, [v.value for v in given])
