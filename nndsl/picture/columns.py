"""Columns: a tall picture goes on beside itself, cut where few values pass, so that it can be seen whole."""

from __future__ import annotations

from dataclasses import dataclass

SHAPE = 1.5  # width by height, what a screen shows
TALL = 1100.0  # what is lower stays one column
NARROW = 2.2  # times as high as wide, before it is cut
GUTTER = 46.0
PASSING = 2  # values at most that a cut may send into the next column
MARGIN = 18.0
TURN = 9.0


@dataclass(frozen=True)
class Columns:
    """For each rank its column, its top and its height; for each column its right side, its bottom and its shift."""

    column: list[int]
    tops: list[float]
    heights: list[float]
    rights: list[float]
    bottoms: list[float]
    shifts: list[float]
    width: float
    height: float

    def shift(self, rank: int) -> float:
        """How far the boxes of a rank move to the right."""
        return self.shifts[self.column[rank]]


def columns_for(
    heights: list[float], extents: list[tuple[float, float]], crossing: list[int], gap: float, wanted: bool
) -> Columns:
    """The columns for ranks of these heights and extents; `crossing` values pass between each rank and the next."""
    high = sum(heights) + gap * max(0, len(heights) - 1)
    wide = max((right for _, right in extents), default=0.0) - min((left for left, _ in extents), default=0.0)
    count = 1
    if wanted and high > TALL and high > NARROW * wide:
        count = max(1, round((SHAPE * high / (wide + GUTTER)) ** 0.5))
    column = _cut(heights, crossing, gap, count)
    used = column[-1] + 1 if column else 1
    most = max((crossing[i] for i in range(len(column) - 1) if column[i] != column[i + 1]), default=0)
    head = MARGIN + (TURN * most + 14 if used > 1 else 0)
    rights, shifts, bottoms = [], [], []
    tops = [0.0] * len(heights)
    x = MARGIN
    for one in range(used):
        ranks = [i for i, c in enumerate(column) if c == one]
        left = min((extents[i][0] for i in ranks), default=0.0)
        right = max((extents[i][1] for i in ranks), default=0.0)
        shifts.append(x - left)
        x += right - left
        rights.append(x)
        x += GUTTER + TURN * most
        y = head
        for i in ranks:
            tops[i] = y
            y += heights[i] + gap
        bottoms.append(y - gap)
    width = (rights[-1] if rights else 0.0) + MARGIN
    foot = MARGIN + (TURN * (most + 1) if used > 1 else 0)
    return Columns(column, tops, heights, rights, bottoms, shifts, width, max(bottoms, default=0.0) + foot)


def _cut(heights: list[float], crossing: list[int], gap: float, count: int) -> list[int]:
    """The column of each rank: cut near even heights, where the fewest values pass."""
    ends: list[float] = []
    y = 0.0
    for height in heights:
        y += height + gap
        ends.append(y)
    cuts: set[int] = set()
    for number in range(1, count):
        aim, reach = y * number / count, 0.3 * y / count
        near = [i for i in range(len(crossing)) if crossing[i] <= PASSING and abs(ends[i] - aim) <= reach]
        if near:
            cuts.add(min(near, key=lambda i: (crossing[i], abs(ends[i] - aim))))
    out: list[int] = []
    for i in range(len(heights)):
        out.append((out[-1] + (i - 1 in cuts)) if out else 0)
    return out
