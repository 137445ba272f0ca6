"""Where each node of a graph stands in the picture, and the way of each edge through the boxes.

Every node belongs to the innermost layer or function that made it (`owners`), and to the scans in whose bodies it
stands. That gives each node a place, the boxes around it from the outside in, and each edge of the graph a way: out of
boxes, across the level that both its ends share, and into boxes. Numbers known at compile time are not drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from nndsl.ir.graph import NUMBERS, Application, Body, Forward, Node, topological
from nndsl.picture.ends import End, ends_of
from nndsl.picture.owners import Owners


@dataclass(frozen=True)
class Stub:
    """Where a value comes into a box (`in`) or leaves it (`out`), inside of the box. `value` is what it is outside."""

    kind: str
    value: Node
    title: str


Part: TypeAlias = Application | End | Node | Stub
"""What a box stands for; a node is an op, a leaf or a scan."""
Place: TypeAlias = tuple[Part, ...]


@dataclass
class Draft:
    """A level in the making: its parts with the nodes in each, the drafts inside, and what flows between parts."""

    parts: dict[Part, list[Node]] = field(default_factory=dict)
    inner: dict[Part, Draft] = field(default_factory=dict)
    flows: dict[tuple[Part, Part, Node], None] = field(default_factory=dict)

    def flow(self, source: Part, target: Part, value: Node) -> None:
        """A value flows between two parts of this level."""
        self.parts.setdefault(source, [])
        self.parts.setdefault(target, [])
        self.flows.setdefault((source, target, value))


def draft_of(forward: Forward, program: str) -> tuple[Draft, frozenset[Node]]:
    """The outermost level of a program, and the nodes that are numbers known at compile time."""
    tracing = _Tracing(forward, program)
    tracing.follow_all()
    return tracing.outer, frozenset(tracing.constant)


class _Tracing:
    """Follows the edges of one program's graph."""

    def __init__(self, forward: Forward, program: str) -> None:
        self.owners = Owners(forward.applications)
        self.ends = ends_of(forward, program, self.owners)
        self.swallowed = {one: end for end in self.ends for one in end.own}
        self.outer = Draft()
        self.places: dict[Node, Place] = {}
        self.stands_for: dict[Node, Stub] = {}
        self.constant: set[Node] = set()

    def follow_all(self) -> None:
        """The whole program."""
        self._follow(topological([value for end in self.ends for value in end.values]), ())
        for end in self.ends:
            self.outer.parts.setdefault(end, [])
            for value in dict.fromkeys(end.values):
                if value not in end.own:
                    self._flow(value, (), end)

    def _follow(self, nodes: Sequence[Node], around: Place) -> None:
        """Give each node its place and draw what it reads; `around` are the scan of these nodes and what is around."""
        held = sum(isinstance(part, Application) for part in around)
        for node in nodes:
            if self._is_constant(node):
                self.constant.add(node)
            elif not node.is_leaf and node.op != "scan_part":
                self._put(node, around, held)

    def _is_constant(self, node: Node) -> bool:
        """Whether a node is known when compiling; numbers that are drawn are not."""
        drawn = any(i.op == "scalar" and i.attrs["name"] == "key" for i in node.inputs)
        known = bool(node.inputs) and not drawn and all(i in self.constant for i in node.inputs)
        return node.op in NUMBERS or known

    def _put(self, node: Node, around: Place, held: int) -> None:
        end = None if around else self.swallowed.get(node)
        chain: Place = self.owners.chain(node)[held:]
        place = (*around, *((end,) if end is not None else ()), *chain)
        self.places[node] = place
        for depth in range(len(around), len(place)):
            self._draft(place[:depth]).parts.setdefault(place[depth], []).append(node)
        self._draft(place).parts.setdefault(node, []).append(node)
        for value in dict.fromkeys(node.inputs):
            self._flow(value, place, node)
        if node.op == "scan":
            self._scan(node, place)

    def _scan(self, node: Node, place: Place) -> None:
        """The body of a scan, as a level of its own inside of it."""
        body: Body = node.attrs["body"]
        within = (*place, node)
        roles = [(body.carries, "{}, from the last step"), (body.items, "{}, of this step"), (body.free, "{}")]
        outside = iter(node.inputs)
        for leaves, words in roles:
            for leaf in leaves:
                value = next(outside)
                name = plain_name(leaf) if words != "{}" else plain_name(value)
                self.stands_for[leaf] = Stub("in", value, words.format(name))
                self.places[leaf] = within
        self._follow([n for n in topological(body.results) if n not in self.stands_for], within)
        for leaf, value in zip(body.carries, body.next, strict=True):
            self._leave(within, value, Stub("out", leaf, f"{plain_name(leaf)}, for the next step"))

    def _leave(self, within: Place, value: Node, stub: Stub) -> None:
        """A value of a scan's body goes out of the body."""
        if value in self.constant:
            return
        home = self.places.get(value, within)
        if len(home) > len(within):  # a layer in the body made it
            self._flow(value, within, stub)
        else:
            self._draft(within).flow(self._part(value), stub, value)

    def _flow(self, value: Node, place: Place, reader: Part) -> None:
        """Draw a value's way to a reader at a place."""
        if value in self.constant:
            return
        if value.op == "scan_part":
            self._collected(value)
        home = self._home(value, place)
        shared = 0
        while shared < min(len(home), len(place)) and home[shared] is place[shared]:
            shared += 1
        source = home[shared] if len(home) > shared else self._part(value)
        target = place[shared] if len(place) > shared else reader
        self._draft(place[:shared]).flow(source, target, value)
        for depth in range(shared + 1, len(place) + 1):
            inner = place[depth] if depth < len(place) else reader
            self._draft(place[:depth]).flow(Stub("in", value, plain_name(value)), inner, value)
        for depth in range(shared + 1, len(home) + 1):
            inner = home[depth] if depth < len(home) else self._part(value)
            self._draft(home[:depth]).flow(inner, Stub("out", value, plain_name(value)), value)

    def _collected(self, part: Node) -> None:
        """What a scan gives of each step leaves its body."""
        scan = part.inputs[0]
        body: Body = scan.attrs["body"]
        index = part.attrs["index"]
        if index >= len(body.next):
            value = body.results[index]
            within = (*self.places[scan], scan)
            self._leave(within, value, Stub("out", part, f"{plain_name(value)}, of each step"))

    def _home(self, value: Node, reader: Place) -> Place:
        """The boxes around a value. A param stands in the layer around its reader that owns it."""
        if value.op == "scan_part":
            return self.places[value.inputs[0]]
        if value.op in ("param", "state"):
            owners = [i for i, part in enumerate(reader) if isinstance(part, Application) and owns(part, value)]
            return reader[: owners[-1] + 1] if owners else ()
        return self.places.get(value, ())

    def _part(self, value: Node) -> Part:
        """What a value comes from, at its own level."""
        if value.op == "scan_part":
            return value.inputs[0]
        return self.stands_for.get(value, value)

    def _draft(self, place: Place) -> Draft:
        draft = self.outer
        for part in place:
            draft = draft.inner.setdefault(part, Draft())
        return draft


def owns(application: Application, leaf: Node) -> bool:
    """Whether a param or state belongs to the layer of an application."""
    return leaf.attrs["name"] in application.params


def plain_name(node: Node) -> str:
    """What the source calls a value, without the layers around it; else its op."""
    if node.op == "scan_part" and node.name is None:
        return "result"
    return (node.name or node.op).split(".")[-1]
