"""Layers of a drawing (Sugiyama, Tagawa and Toda 1981): each box gets a rank below all that it reads, long flows get
a bend in every rank that they pass, and the boxes of a rank are put in an order with few crossings."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from nndsl.picture.boxes import STUBS, Box, Level

SWEEPS = 12


@dataclass(frozen=True)
class Bend:
    """Where a value passes a rank between the box it comes from and those it goes to."""

    source: str
    value: int
    rank: int


@dataclass(frozen=True)
class Hop:
    """A value on its way from one rank to the next."""

    source: str | Bend
    target: str | Bend
    value: int


@dataclass
class Ranks:
    """The ranks from top to bottom, each from left to right, and the hops between them."""

    rows: list[list[str | Bend]]
    hops: list[Hop]
    above: dict[str | Bend, list[str | Bend]] = field(default_factory=dict)
    below: dict[str | Bend, list[str | Bend]] = field(default_factory=dict)


def ranked(level: Level) -> Ranks:
    """The boxes of a level in ranks, without many crossings."""
    rank = _ranks(level)
    rows: list[list[str | Bend]] = [[] for _ in range(max(rank.values(), default=-1) + 1)]
    for box in level.boxes:
        rows[rank[box.id]].append(box.id)
    hops: dict[Hop, None] = {}
    for flow in level.flows:
        first, last = rank[flow.source], rank[flow.target]
        before: str | Bend = flow.source
        for between in range(first + 1, last):
            bend = Bend(flow.source, flow.value, between)
            if bend not in rows[between]:
                rows[between].append(bend)
            hops.setdefault(Hop(before, bend, flow.value))
            before = bend
        hops.setdefault(Hop(before, flow.target, flow.value))
    made = Ranks(rows, list(hops))
    for hop in made.hops:
        made.below.setdefault(hop.source, []).append(hop.target)
        made.above.setdefault(hop.target, []).append(hop.source)
    _order(made)
    return made


def _ranks(level: Level) -> dict[str, int]:
    """Below all that it reads; what reads nothing stands right above its first reader, stubs at the ends."""
    boxes: Mapping[str, Box] = {box.id: box for box in level.boxes}
    before: dict[str, list[str]] = {box.id: [] for box in level.boxes}
    after: dict[str, list[str]] = {box.id: [] for box in level.boxes}
    for flow in level.flows:
        before[flow.target].append(flow.source)
        after[flow.source].append(flow.target)
    rank: dict[str, int] = {}
    for id in before:  # flows run onwards, so what is read was met
        rank[id] = 1 + max((rank[b] for b in before[id]), default=-1)
    stubs = any(box.kind in STUBS for box in level.boxes)
    for id in reversed(list(before)):
        if not before[id] and after[id] and boxes[id].kind != "in":
            rank[id] = min(rank[a] for a in after[id]) - 1
    least = min(rank.values(), default=0)
    last = max(rank.values(), default=0)
    for id in rank:
        kind = boxes[id].kind
        rank[id] = (last if kind == "out" and stubs else rank[id]) - least
        if kind == "in":
            rank[id] = 0
    return rank


# --- the order within ranks --------------------------------------------------------------------------------------


def _order(ranks: Ranks) -> None:
    """Sweeps down and up: each rank by the middle of its neighbours; the best order found stays."""
    best, fewest = [list(row) for row in ranks.rows], _crossings(ranks)
    for sweep in range(SWEEPS):
        if not fewest:
            break
        down = sweep % 2 == 0
        numbers = range(1, len(ranks.rows)) if down else range(len(ranks.rows) - 2, -1, -1)
        neighbours = ranks.above if down else ranks.below
        for number in numbers:
            beside = ranks.rows[number - 1 if down else number + 1]
            place = {one: float(i) for i, one in enumerate(beside)}
            row = ranks.rows[number]
            own = {one: i for i, one in enumerate(row)}
            middle = {one: _middle([place[n] for n in neighbours.get(one, [])], own[one]) for one in row}
            row.sort(key=lambda one: middle[one])
        found = _crossings(ranks)
        if found < fewest:
            best, fewest = [list(row) for row in ranks.rows], found
    ranks.rows[:] = best


def _middle(places: list[float], own: float) -> float:
    return sum(places) / len(places) if places else own


def _crossings(ranks: Ranks) -> int:
    """How many pairs of hops cross."""
    total = 0
    for row, following in zip(ranks.rows, ranks.rows[1:], strict=False):
        place = {one: i for i, one in enumerate(following)}
        ends = (sorted(place[n] for n in ranks.below.get(one, [])) for one in row)
        total += _inversions(end for group in ends for end in group)
    return total


def _inversions(numbers: Iterable[int]) -> int:
    """Pairs that stand the wrong way round."""
    seen: list[int] = []
    total = 0
    for number in numbers:
        total += len(seen) - bisect_right(seen, number)
        insort(seen, number)
    return total
