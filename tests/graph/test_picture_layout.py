"""Where things are in pictures: nothing covers anything, and every text fits where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

from nndsl import picture
from nndsl.diagnostics import Source
from nndsl.driver import check_source
from nndsl.picture.fonts import width
from nndsl.picture.layout import Curve, Layout, layout
from nndsl.picture.sizes import TYPE_SIZE
from nndsl.syntax.load import load_source

SAMPLES = sorted(p for p in (Path(__file__).parents[2] / "samples").glob("*.nn") if p.stem != "blocks")
FONTS = Path("/usr/share/fonts/truetype")

DEEP = """
model Deep(n: int = 50) {
  input x: f32[batch, 64]
  target y: f32[batch, 64]
  h = x
  repeat n { h = h + (h |> LayerNormalization() |> Dense(64, activation=relu) |> Dropout(0.1) |> Dense(64)) }
  output h
  loss mse(y, h)
}
"""
CHAIN = """
model Chain(n: int = 200) {
  input x: f32[batch, 64]
  h = x
  repeat n { h = h |> Dense(64, activation=relu) }
  output h
}
"""
ATTENTION = """
model Attends(n: int = 6) {
  input x: f32[batch, time, 32]
  input mask: bool[batch, time]
  h = x
  repeat n { h = h + MultiHeadAttention(num_heads=4, key_dim=8)(h, h, value_mask=mask) }
  output h
}
"""


class Rect(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Rect) -> bool:
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom

    def holds(self, other: Rect) -> bool:
        across = self.left <= other.left and other.right <= self.right
        return across and self.top <= other.top and other.bottom <= self.bottom


def placed(text: str, depth: int = 0) -> Layout:
    return layout(picture.picture(check_source(Source("m.nn", text)).model).level, depth)


def levels(whole: Layout) -> Iterator[Layout]:
    """A layout, and those inside of its open boxes."""
    yield whole
    for spot in whole.spots:
        if spot.inner is not None:
            yield from levels(spot.inner)


def boxes(one: Layout) -> list[Rect]:
    return [Rect(s.x, s.y, s.x + s.width, s.y + s.height) for s in one.spots]


def labels(one: Layout) -> list[Rect]:
    return [Rect(t.x, t.y - 9, t.x + width(t.text, TYPE_SIZE, mono=True), t.y + 2) for t in one.labels]


def points(curve: Curve) -> Iterator[tuple[float, float]]:
    """Points along a curve, some for each step."""
    x = y = 0.0
    for command, numbers in curve.steps:
        if command == "M":
            x, y = numbers
            continue
        ends = [(x, y), *zip(numbers[::2], numbers[1::2], strict=True)]
        for k in range(21):
            yield _on([*ends], k / 20)
        x, y = numbers[-2:]


def _on(ends: list[tuple[float, float]], t: float) -> tuple[float, float]:
    """A point of a Bézier curve of any degree (de Casteljau)."""
    while len(ends) > 1:
        ends = [(a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])) for a, b in pairwise(ends)]
    return ends[0]


def hold(whole: Layout) -> None:
    """Nothing covers anything else in this layout."""
    for one in levels(whole):
        rects, types = boxes(one), labels(one)
        for a, b in combinations(rects, 2):
            assert not a.meets(b), (a, b)
        for label in types:
            assert not any(label.meets(rect) for rect in rects), label
        for a, b in combinations(types, 2):
            assert not a.meets(b), (a, b)
        for curve in one.curves:
            for x, y in points(curve):
                assert not any(r.left + 1 < x < r.right - 1 and r.top + 1 < y < r.bottom - 1 for r in rects), (x, y)
        for spot, rect in zip(one.spots, rects, strict=True):
            for line in spot.lines:
                assert line.width <= spot.width - 8, line
            if spot.inner is not None:
                assert all(rect.holds(inner) for inner in boxes(spot.inner)), rect
    for rect in (*boxes(whole), *labels(whole)):
        assert Rect(0, 0, whole.width, whole.height).holds(rect), rect


@pytest.mark.parametrize("depth", [0, 1, 9])
@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_nothing_covers_anything_in_samples(path: Path, depth: int) -> None:
    hold(layout(picture.picture(check_source(load_source(path)).model).level, depth))


@pytest.mark.parametrize("text", [DEEP, CHAIN, ATTENTION], ids=["residual", "chain", "attention"])
def test_nothing_covers_anything_in_deep_networks(text: str) -> None:
    hold(placed(text))


def test_a_tall_picture_goes_on_beside_itself() -> None:
    whole = placed(CHAIN)
    assert 0.8 < whole.width / whole.height < 2.5
    assert len(whole.spots) == 202


def test_a_chain_is_straight() -> None:
    whole = placed(CHAIN.replace("200", "5"))
    assert len({round(spot.x + spot.width / 2, 3) for spot in whole.spots}) == 1


@pytest.mark.parametrize(
    ("name", "bold"), [("dejavu/DejaVuSans.ttf", False), ("dejavu/DejaVuSans-Bold.ttf", True),
                       ("liberation/LiberationSans-Regular.ttf", False), ("liberation/LiberationSans-Bold.ttf", True)]
)  # fmt: skip
def test_texts_are_no_wider_than_is_thought(name: str, bold: bool) -> None:
    fonts = pytest.importorskip("PIL.ImageFont")
    if not (FONTS / name).is_file():
        pytest.skip(f"{name} is not on this machine")
    font = fonts.truetype(str(FONTS / name), 1000)
    for text in ("Dense(units=64, activation=relu)", "2,359,296 × batch × time multiply-adds", "“größer” Ñ …", "WMQ@%"):
        assert font.getlength(text, features=["-kern"]) / 1000 <= width(text, 1.0, bold) * 1.001
