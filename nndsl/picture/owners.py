"""Which layer or function made each node of a graph.

A node that a scan's body was closed over is made anew, with other inputs and the same attributes: the mapping of
attributes, an object of its own for each node, is what a node is known by here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from nndsl.ir.graph import Application, Body, Node


def key(node: Node) -> int:
    """What stays the same when a node is made over other inputs."""
    return id(node.attrs)


class Owners:
    """For each node the applications that made it, from the outside in."""

    def __init__(self, applications: Sequence[Application]) -> None:
        self._by_number = {one.number: one for one in applications}
        self._of: dict[int, int] = {}
        self._there: dict[int, int] = {}
        # What an input is made of was there when the application began.
        for one in sorted(applications, key=lambda a: a.number):
            for node in _cone(one.inputs, self._there.__contains__):
                self._there[key(node)] = one.number
        # Those inside of others come first, so the innermost claims a node.
        for one in applications:
            for node in _cone(one.results, partial(self._before, one.number)):
                self._of.setdefault(key(node), one.number)

    def _before(self, number: int, node: int) -> bool:
        """Whether a node was there when the application of a number began."""
        return self._of.get(node, number) < number or self._there.get(node, number + 1) <= number

    def chain(self, node: Node) -> tuple[Application, ...]:
        """The applications around a node; none where the model itself made it."""
        out: list[Application] = []
        number = self._of.get(key(node))
        while number is not None:
            one = self._by_number.get(number)
            if one is None:
                break
            out.append(one)
            number = one.parent
        return tuple(reversed(out))


def _cone(results: Iterable[Node], known: Callable[[int], bool]) -> list[Node]:
    """The nodes behind `results` up to those known, the bodies of scans included, but for leaves."""
    seen = set[int]()
    found: list[Node] = []
    waiting = list(results)
    while waiting:
        node = waiting.pop()
        if node.is_leaf or key(node) in seen or known(key(node)):
            continue
        seen.add(key(node))
        found.append(node)
        waiting += node.inputs
        if node.op == "scan":
            body: Body = node.attrs["body"]
            waiting += body.results
    return found
