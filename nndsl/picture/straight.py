"""Where boxes stand from left to right: each near the middle of what it is connected with, so that flows are straight.

In each rank that is least squares under the condition that neighbours keep apart, which pooling adjacent violators
solves exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise

from nndsl.picture.ranks import Bend, Ranks

SWEEPS = 24
ROUNDS = 8
BESIDE = 30.0

Room = Callable[["str | Bend"], tuple[float, float]]
Leaves = Callable[["str | Bend", int], float]


def placed(ranks: Ranks, room: Room, leaves: Leaves) -> dict[str | Bend, float]:
    """The middle of each box and bend."""
    at: dict[str | Bend, float] = {}
    for row in ranks.rows:
        x = 0.0
        for one in row:
            left, right = room(one)
            x += left
            at[one] = x
            x += right + BESIDE
    above: dict[str | Bend, list[tuple[str | Bend, float]]] = {}
    below: dict[str | Bend, list[tuple[str | Bend, float]]] = {}
    for hop in ranks.hops:
        offset = leaves(hop.source, hop.value)
        above.setdefault(hop.target, []).append((hop.source, offset))
        below.setdefault(hop.source, []).append((hop.target, -offset))
    for sweep in range(SWEEPS):
        last = sweep >= SWEEPS - 4
        down = sweep % 2 == 0
        for row in ranks.rows if down else reversed(ranks.rows):
            wanted: list[float] = []
            weights: list[float] = []
            for one in row:
                near = above.get(one, []) if down else below.get(one, [])
                if last or not near:
                    near = [*above.get(one, []), *below.get(one, [])]
                wanted.append(_wish(one, near, at))
                weights.append(6.0 if isinstance(one, Bend) else 1.0 + len(near))
            at.update(zip(row, _apart(row, wanted, weights, room), strict=True))
    _straighten(ranks, room, above, below, at)
    _gather(ranks, room, at)
    left = min((at[one] - room(one)[0] for one in at), default=0.0)
    return {one: x - left for one, x in at.items()}


Near = dict["str | Bend", list[tuple["str | Bend", float]]]


def _straighten(ranks: Ranks, room: Room, above: Near, below: Near, at: dict[str | Bend, float]) -> None:
    """Put whole chains on one line, each as near to what it is connected with as its neighbours admit."""
    beside: dict[str | Bend, tuple[str | Bend | None, str | Bend | None]] = {}
    for row in ranks.rows:
        for number, one in enumerate(row):
            following = row[number + 1] if number + 1 < len(row) else None
            beside[one] = (row[number - 1] if number else None, following)
    chains = sorted(_chains(ranks, above, below), key=len, reverse=True)
    for _ in range(ROUNDS):
        for chain in chains:
            least, most = float("-inf"), float("inf")
            for one in chain:
                before, behind = beside[one]
                if before is not None:
                    least = max(least, at[before] + room(before)[1] + BESIDE + room(one)[0])
                if behind is not None:
                    most = min(most, at[behind] - room(behind)[0] - BESIDE - room(one)[1])
            inside = set(chain)
            pulls = [at[other] + offset for one in chain for other, offset in (*above.get(one, []), *below.get(one, []))
                     if other not in inside]  # fmt: skip
            wish = sum(pulls) / len(pulls) if pulls else at[chain[0]]
            if least <= most:
                for one in chain:
                    at[one] = min(max(wish, least), most)


def _gather(ranks: Ranks, room: Room, at: dict[str | Bend, float]) -> None:
    """Move what hangs together, and with nothing else, to the left, up to what stands there."""
    group = {one: one for row in ranks.rows for one in row}

    def first(one: str | Bend) -> str | Bend:
        while group[one] != one:
            group[one] = group[group[one]]
            one = group[one]
        return one

    for hop in ranks.hops:
        group[first(hop.source)] = first(hop.target)
    members: dict[str | Bend, list[str | Bend]] = {}
    for one in group:
        members.setdefault(first(one), []).append(one)
    edge = min((at[one] - room(one)[0] for one in at), default=0.0)
    before = {one: other for row in ranks.rows for other, one in pairwise(row)}
    for together in sorted(members.values(), key=lambda ones: sum(at[one] for one in ones) / len(ones)):
        slack = float("inf")
        for one in together:
            other = before.get(one)
            if other is None:
                slack = min(slack, at[one] - room(one)[0] - edge)
            elif first(other) != first(one):
                slack = min(slack, at[one] - room(one)[0] - at[other] - room(other)[1] - BESIDE)
        for one in together:
            at[one] -= max(0.0, slack) if slack != float("inf") else 0.0


def _chains(ranks: Ranks, above: Near, below: Near) -> list[list[str | Bend]]:
    """Paths on which nothing branches off or joins, and the bends of one value."""
    following: dict[str | Bend, str | Bend] = {}
    for hop in ranks.hops:
        alone = len(below[hop.source]) == 1 and len(above[hop.target]) == 1 and below[hop.source][0][1] == 0
        if alone or (isinstance(hop.source, Bend) and isinstance(hop.target, Bend)):
            following[hop.source] = hop.target
    later = set(following.values())
    firsts = [one for row in ranks.rows for one in row if one not in later]
    out: list[list[str | Bend]] = []
    for first in firsts:
        chain = [first]
        while chain[-1] in following:
            chain.append(following[chain[-1]])
        out.append(chain)
    return out


def _wish(one: str | Bend, near: list[tuple[str | Bend, float]], at: Mapping[str | Bend, float]) -> float:
    """The middle of its neighbours; a bend follows bends above all, so that long flows stay straight."""
    if not near:
        return at[one]
    weigh = [4.0 if isinstance(one, Bend) and isinstance(other, Bend) else 1.0 for other, _ in near]
    return sum(w * (at[other] + offset) for w, (other, offset) in zip(weigh, near, strict=True)) / sum(weigh)


def _apart(row: list[str | Bend], wanted: list[float], weights: list[float], room: Room) -> list[float]:
    """The places nearest to those wanted at which neighbours keep apart."""
    steps = [0.0]
    for one, following in pairwise(row):
        steps.append(steps[-1] + room(one)[1] + BESIDE + room(following)[0])
    blocks: list[tuple[float, float, int]] = []  # mean, weight, how many
    for wish, weight, step in zip(wanted, weights, steps, strict=True):
        mean, total, many = wish - step, weight, 1
        while blocks and blocks[-1][0] > mean:
            before, heavy, count = blocks.pop()
            mean = (before * heavy + mean * total) / (heavy + total)
            total, many = total + heavy, many + count
        blocks.append((mean, total, many))
    means = [mean for mean, _, many in blocks for _ in range(many)]
    return [mean + step for mean, step in zip(means, steps, strict=True)]
