"""Where everything in a picture is: boxes in ranks, flows as curves between the ranks, types beside the flows.

A box has its reading flows at the top and what it gives at the bottom; the type of each value stands once, right below
the box that gives it, in a strip that no curve crosses. Curves stay between ranks, so that none runs through a box.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from nndsl.picture.boxes import Box, Flow, Level
from nndsl.picture.columns import Columns, columns_for
from nndsl.picture.fonts import width
from nndsl.picture.ranks import Bend, Hop, Ranks, ranked
from nndsl.picture.sizes import TYPE_SIZE, Line, lines_of, size_of
from nndsl.picture.straight import placed

STRIP = 19.0  # below a box, for the types of what it gives
GAP = 30.0  # between ranks, for curves
BESIDE = 30.0  # between boxes of a rank
MARGIN = 18.0
TURN = 9.0  # between flows that go on in the next column, and the radius of their corners


@dataclass(frozen=True)
class Spot:
    """A box in its place; `inner` is the picture inside of one that is open, placed in the same coordinates."""

    box: Box
    x: float
    y: float
    width: float
    height: float
    lines: tuple[Line, ...]
    inner: Layout | None = None


@dataclass(frozen=True)
class Curve:
    """A flow from one rank to the next: SVG path commands with their points, and whether an arrow ends it."""

    steps: tuple[tuple[str, tuple[float, ...]], ...]
    arrow: bool
    value: int


@dataclass(frozen=True)
class Label:
    """A type beside a flow."""

    text: str
    x: float
    y: float


@dataclass(frozen=True)
class Layout:
    """A level with everything in its place."""

    width: float
    height: float
    spots: tuple[Spot, ...]
    curves: tuple[Curve, ...]
    labels: tuple[Label, ...]


def layout(level: Level, depth: int = 0, columns: bool = True) -> Layout:
    """Place a level; boxes down to `depth` are open. `columns` lets a tall picture go on beside itself."""
    return _Placing(level, depth).done(columns)


@dataclass
class _Sized:
    """A box before it has a place: its size, and how much room it takes left and right of its middle."""

    box: Box
    lines: list[Line]
    width: float
    height: float
    inner: Layout | None
    gives: dict[int, str] = field(default_factory=dict)
    left: float = 0.0
    right: float = 0.0
    strip: float = 0.0

    def finish(self) -> None:
        """Take room for the types of what it gives."""
        self.left = self.right = self.width / 2
        if self.gives:
            self.strip = STRIP
            offsets = [self.offset(value) for value in self.gives]
            room = [width(text, TYPE_SIZE, mono=True) + 10 for text in self.gives.values()]
            self.right = max(self.right, *(o + r for o, r in zip(offsets, room, strict=True)))
            self.left = max(self.left, *(6 - o for o in offsets))

    def offset(self, value: int) -> float:
        """How far right of the middle a value leaves."""
        stub = self.stub("out", value)
        if stub is not None:
            return stub
        values = list(self.gives)
        if len(values) < 2 or value not in self.gives:
            return 0.0
        step = max(width(text, TYPE_SIZE, mono=True) for text in self.gives.values()) + 16
        return (values.index(value) - (len(values) - 1) / 2) * step

    def stub(self, kind: str, value: int) -> float | None:
        """How far right of the middle of an open box the stub of a value is."""
        if self.inner is not None:
            for spot in self.inner.spots:
                if spot.box.kind == kind and spot.box.value == value:
                    return spot.x + spot.width / 2 - self.inner.width / 2
        return None


class _Placing:
    """A level being placed."""

    def __init__(self, level: Level, depth: int) -> None:
        self.sized = {box.id: _sized(box, depth) for box in level.boxes}
        for flow in level.flows:
            self.sized[flow.source].gives.setdefault(flow.value, flow.type)
        for one in self.sized.values():
            one.finish()
        self.ranks: Ranks = ranked(level)
        self.row = {one: number for number, row in enumerate(self.ranks.rows) for one in row}
        self.flows: Mapping[tuple[str, int], Flow] = {(f.source, f.value): f for f in level.flows}

    def done(self, columns: bool) -> Layout:
        """The level with everything in its place."""
        at = placed(self.ranks, self._room, self._leaves)
        heights = [max((s.height + s.strip for s in self._boxes(row)), default=STRIP) for row in self.ranks.rows]
        extents = [
            (min(at[one] - self._room(one)[0] for one in row), max(at[one] + self._room(one)[1] for one in row))
            for row in self.ranks.rows
        ]
        crossing = [len({(h.value, self._origin(h)) for h in self.ranks.hops if self.row[h.source] == number})
                    for number in range(len(self.ranks.rows) - 1)]  # fmt: skip
        form = columns_for(heights, extents, crossing, GAP, columns)
        at = {one: x + form.shift(self.row[one]) for one, x in at.items()}
        spots = self._spots(at, form)
        curves, labels = self._curves(at, form, {spot.box.id: spot for spot in spots})
        labels += self._labels(at, spots)
        return Layout(form.width, form.height, tuple(spots), tuple(curves), tuple(labels))

    def _boxes(self, row: list[str | Bend]) -> list[_Sized]:
        return [self.sized[one] for one in row if isinstance(one, str)]

    def _origin(self, hop: Hop) -> str:
        return hop.source.source if isinstance(hop.source, Bend) else hop.source

    def _room(self, one: str | Bend) -> tuple[float, float]:
        """How much room something takes left and right of its middle."""
        if isinstance(one, Bend):
            return 8.0 - BESIDE / 2, 8.0 - BESIDE / 2
        return self.sized[one].left, self.sized[one].right

    def _leaves(self, one: str | Bend, value: int) -> float:
        """How far right of the middle a value leaves."""
        return self.sized[one].offset(value) if isinstance(one, str) else 0.0

    def _spots(self, at: Mapping[str | Bend, float], form: Columns) -> list[Spot]:
        out: list[Spot] = []
        for number, row in enumerate(self.ranks.rows):
            top, high = form.tops[number], form.heights[number]
            for one in self._boxes(row):
                x = at[one.box.id] - one.width / 2
                y = top + (high - one.height - one.strip) / 2
                inner = one.inner
                if inner is not None:
                    inner = _moved(inner, x + (one.width - inner.width) / 2, y + _head(one.lines))
                out.append(Spot(one.box, x, y, one.width, one.height, tuple(one.lines), inner))
        return out

    def _labels(self, at: Mapping[str | Bend, float], spots: list[Spot]) -> list[Label]:
        """The type of each value, right of where it leaves its box."""
        out: list[Label] = []
        for spot in spots:
            one = self.sized[spot.box.id]
            y = spot.y + spot.height + (15.5 if spot.box.use else 13.5)
            out += [Label(text, at[spot.box.id] + one.offset(value) + 6, y) for value, text in one.gives.items()]
        return out

    def _curves(
        self, at: Mapping[str | Bend, float], form: Columns, spots: Mapping[str, Spot]
    ) -> tuple[list[Curve], list[Label]]:
        arrivals = self._arrivals(at)
        curves: list[Curve] = []
        labels: list[Label] = []
        turned: dict[tuple[int, str, int], int] = {}
        for hop in self.ranks.hops:
            number = self.row[hop.source]
            begin, end = form.tops[number], form.tops[number + 1]
            x0 = at[hop.source] + self._leaves(hop.source, hop.value)
            low = begin + form.heights[number]
            y0 = spots[hop.source].y + spots[hop.source].height if isinstance(hop.source, str) else low
            x1 = arrivals.get(hop, at[hop.target])
            arrow = isinstance(hop.target, str)
            y1 = spots[hop.target].y if isinstance(hop.target, str) else end + form.heights[number + 1]
            if form.column[number] == form.column[number + 1]:
                middle = (low + end) / 2
                steps = [("M", (x0, y0)), ("L", (x0, low)), ("C", (x0, middle, x1, middle, x1, end))]
            else:
                # Flows that turn into the next column keep apart; those of one value go together.
                order = turned.setdefault((number, self._origin(hop), hop.value),
                                          sum(1 for n, _, _ in turned if n == number))  # fmt: skip
                steps = _turning(x0, y0, x1, form, number, order)
                text = self.flows[self._origin(hop), hop.value].type
                room = form.rights[form.column[number + 1]] + MARGIN - x1 - 6
                alone = sum(other.target == hop.target for other in self.ranks.hops) == 1
                if arrow and alone and width(text, TYPE_SIZE, mono=True) <= room:
                    labels.append(Label(text, x1 + 6, end - 8))
            steps.append(("L", (x1, y1)))
            curves.append(Curve(tuple(steps), arrow, hop.value))
        return curves, labels

    def _arrivals(self, at: Mapping[str | Bend, float]) -> dict[Hop, float]:
        """Where hops end at the top of boxes: apart from one another, in the order in which they come."""
        coming: dict[str, list[Hop]] = {}
        for hop in self.ranks.hops:
            if isinstance(hop.target, str):
                coming.setdefault(hop.target, []).append(hop)
        out: dict[Hop, float] = {}
        for id, hops in coming.items():
            one = self.sized[id]
            hops.sort(key=lambda hop: at[hop.source] + self._leaves(hop.source, hop.value))
            step = min(26.0, (one.width - 24) / max(1, len(hops) - 1))
            for number, hop in enumerate(hops):
                stub = one.stub("in", hop.value)
                out[hop] = at[id] + (stub if stub is not None else (number - (len(hops) - 1) / 2) * step)
        return out


def _turning(
    x0: float, y0: float, x1: float, form: Columns, number: int, order: int
) -> list[tuple[str, tuple[float, ...]]]:
    """Down, along below the column, up beside it, and into the next one from above, with round corners."""
    low = form.bottoms[form.column[number]] + TURN * (order + 1)
    side = form.rights[form.column[number]] + TURN * (order + 1)
    high = form.tops[number + 1] - GAP / 2 - TURN * order - 8
    r = TURN
    return [
        ("M", (x0, y0)),
        ("L", (x0, low - r)), ("Q", (x0, low, x0 + r, low)),
        ("L", (side - r, low)), ("Q", (side, low, side, low - r)),
        ("L", (side, high + r)), ("Q", (side, high, side + r, high)),
        ("L", (x1 - r, high)), ("Q", (x1, high, x1, high + r)),
    ]  # fmt: skip


def _sized(box: Box, depth: int) -> _Sized:
    lines = lines_of(box)
    wide, high = size_of(lines, box.kind)
    if depth <= 0 or box.inside is None:
        return _Sized(box, lines, wide, high, None)
    inner = layout(box.inside, depth - 1, columns=False)
    head = _head(lines)
    return _Sized(box, lines, max(wide, inner.width), inner.height + head, inner)


def _head(lines: list[Line]) -> float:
    """The height of the texts at the top of an open box."""
    return sum(line.height for line in lines) + 10


def _moved(inner: Layout, x: float, y: float) -> Layout:
    """The layout with its corner at a place."""

    def step(points: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(p + (x if i % 2 == 0 else y) for i, p in enumerate(points))

    return Layout(
        inner.width,
        inner.height,
        tuple(
            Spot(s.box, s.x + x, s.y + y, s.width, s.height, s.lines, _moved(s.inner, x, y) if s.inner else None)
            for s in inner.spots
        ),
        tuple(Curve(tuple((c, step(points)) for c, points in one.steps), one.arrow, one.value) for one in inner.curves),
        tuple(Label(one.text, one.x + x, one.y + y) for one in inner.labels),
    )
