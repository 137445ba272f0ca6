"""`curves.svg`: the values of each epoch as curves, a panel for each name, train and validation in one panel."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

PANEL_WIDTH, PANEL_HEIGHT = 480, 330
LEFT, RIGHT, TOP, BOTTOM = 74, 22, 58, 50
HEAD = 48
TRAIN, VALIDATION = "#1f5fa8", "#d1560b"
INK, FAINT, GRID = "#222222", "#666666", "#e3e3e3"
MARKED = 40  # up to so many points each gets a dot
LONGEST_NAME = 42
DECADES = 2  # values that span more powers of ten, all of them above 0, stand on a logarithmic axis


@dataclass(frozen=True)
class Series:
    """One curve: what the legend calls it, its colour, and a value an epoch."""

    label: str
    color: str
    values: Sequence[float]
    dashed: bool = False


def curves_svg(title: str, epochs: Sequence[int], history: Mapping[str, Sequence[float]]) -> str:
    """The picture of a history. `epochs` count from 0 and are shown from 1; NaN leaves a gap in its curve."""
    names = [name for name in history if not name.startswith("val_") or name.removeprefix("val_") not in history]
    columns = 1 if len(names) <= 1 else 2
    lines = max(1, math.ceil(len(names) / columns))
    width, height = columns * PANEL_WIDTH, HEAD + lines * PANEL_HEIGHT
    shown = _cut(title, (width - 2 * LEFT) // 11)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'font-family="Helvetica, Arial, sans-serif" font-size="13">',
        f"<title>{_safe(title)}</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        _text(LEFT, 32, shown, size=19, bold=True),
    ]
    for number, name in enumerate(names):
        series = [Series("train", TRAIN, drawable(history[name]))]
        if f"val_{name}" in history:
            series.append(Series("validation", VALIDATION, drawable(history[f"val_{name}"]), dashed=True))
        x, y = number % columns * PANEL_WIDTH, HEAD + number // columns * PANEL_HEIGHT
        best = best_epoch(epochs, series[-1].values) if name == "loss" else None
        out += [f'<g transform="translate({x} {y})">', *_panel(name, epochs, series, best), "</g>"]
    if not names:
        out.append(_text(width / 2, HEAD + PANEL_HEIGHT / 2, "no epoch was finished", FAINT, anchor="middle"))
    return "\n".join([*out, "</svg>", ""])


def best_epoch(epochs: Sequence[int], values: Sequence[float]) -> int | None:
    """The place of the lowest value, which is the epoch whose weights `nndsl train` keeps as the best."""
    finite = [
        (value, place) for place, (_, value) in enumerate(zip(epochs, values, strict=False)) if math.isfinite(value)
    ]
    return min(finite)[1] if finite else None


def _panel(name: str, epochs: Sequence[int], series: Sequence[Series], best: int | None) -> list[str]:
    """Axes, ticks, legend and curves of one name, in a box of its own."""
    numbers = [epoch + 1 for epoch in epochs]
    finite = [v for one in series for v in one.values if math.isfinite(v)]
    axis = axis_for(finite)
    heading = f"{_cut(name, LONGEST_NAME)}{' (logarithmic)' if axis.logarithmic else ''}"
    out = [_text(LEFT, TOP - 32, heading, size=14, bold=True), *_legend(series, numbers, best)]
    right, bottom = PANEL_WIDTH - RIGHT, PANEL_HEIGHT - BOTTOM
    out.append(_text((LEFT + right) / 2, PANEL_HEIGHT - 12, "epoch", FAINT, size=12, anchor="middle"))
    frame = f'<path d="M{LEFT} {TOP}V{bottom}H{right}" fill="none" stroke="{FAINT}"/>'
    if not finite:
        return [*out, frame, _text((LEFT + right) / 2, (TOP + bottom) / 2, "no finite values", FAINT, anchor="middle")]
    first, last = (numbers[0], numbers[-1]) if len(numbers) > 1 else (numbers[0] - 1, numbers[0] + 1)

    def across(epoch: float) -> float:
        return LEFT + (epoch - first) / (last - first) * (right - LEFT)

    def down(value: float) -> float:
        return bottom - axis.place(value) * (bottom - TOP)

    for tick, label in zip(axis.ticks, axis.labels, strict=True):
        y = _n(down(tick))
        out.append(f'<path d="M{LEFT} {y}H{right}" stroke="{GRID}"/>')
        out.append(_text(LEFT - 8, down(tick) + 4, label, FAINT, size=12, anchor="end"))
    for tick in epoch_ticks(numbers):
        x = _n(across(tick))
        out.append(f'<path d="M{x} {bottom}v5" stroke="{FAINT}"/>')
        out.append(_text(across(tick), bottom + 19, str(tick), FAINT, size=12, anchor="middle"))
    out.append(frame)
    for one in series:
        points = [(across(e), down(v)) if math.isfinite(v) else None for e, v in zip(numbers, one.values, strict=False)]
        out += _curve(points, one)
    if best is not None:
        at, value = across(numbers[best]), down(series[-1].values[best])
        out.append(
            f'<circle class="best" cx="{_n(at)}" cy="{_n(value)}" r="7" fill="none" stroke="{INK}" stroke-width="1.5"/>'
        )
    return out


def _curve(points: Sequence[tuple[float, float] | None], series: Series) -> list[str]:
    """A line through the points with gaps at None, and dots where there are few."""
    parts: list[str] = []
    pen = "M"
    for point in points:
        if point is None:
            pen = "M"
            continue
        parts.append(f"{pen}{_n(point[0])} {_n(point[1])}")
        pen = "L"
    dash = ' stroke-dasharray="6 3"' if series.dashed else ""
    out = [f'<path d="{"".join(parts)}" fill="none" stroke="{series.color}" stroke-width="2"{dash}/>']
    if len(points) <= MARKED:
        dots = [point for point in points if point is not None]
        out += [f'<circle cx="{_n(x)}" cy="{_n(y)}" r="3" fill="{series.color}"/>' for x, y in dots]
    return out


def _legend(series: Sequence[Series], numbers: Sequence[int], best: int | None) -> list[str]:
    """The curves' names with their last values, and the best epoch, in a line between the panel's name and its plot."""
    out: list[str] = []
    x = float(LEFT)
    for one in series:
        dash = ' stroke-dasharray="6 3"' if one.dashed else ""
        last = next((value for value in reversed(one.values) if math.isfinite(value)), None)
        text = one.label if last is None else f"{one.label} {last:.3g}"
        out.append(f'<path d="M{_n(x)} {TOP - 17}h18" stroke="{one.color}" stroke-width="2"{dash}/>')
        out.append(_text(x + 23, TOP - 13, text, FAINT, size=12))
        x += 35 + 6.3 * len(text)
    if best is not None:
        out.append(f'<circle cx="{_n(x + 6)}" cy="{TOP - 17}" r="5" fill="none" stroke="{INK}" stroke-width="1.5"/>')
        out.append(_text(x + 16, TOP - 13, f"best: epoch {numbers[best]}", FAINT, size=12))
    return out


@dataclass(frozen=True)
class Axis:
    """An axis of values: its ticks with their texts, and whether equal ways along it are equal factors."""

    ticks: Sequence[float]
    labels: Sequence[str]
    low: float
    high: float
    logarithmic: bool

    def place(self, value: float) -> float:
        """Where a value is, from 0 at the bottom to 1 at the top."""
        if self.logarithmic:
            value = math.log10(value)
        return (value - self.low) / (self.high - self.low)


def axis_for(finite: Sequence[float]) -> Axis:
    """The axis for some values: round ticks that enclose them; one or two points keep off the frame."""
    if not finite:
        return Axis((), (), 0.0, 1.0, False)
    least, most = min(finite), max(finite)
    if least > 0 and math.log10(most) - math.log10(least) > DECADES:
        low, high = math.floor(math.log10(least) + 1e-9), math.ceil(math.log10(most) - 1e-9)
        step = max(1, math.ceil((high - low) / 6))
        powers = range(low, high + 1, step)
        labels = [f"{10.0**p:g}" if -4 <= p <= 5 else f"1e{p}" for p in powers]
        return Axis([10.0**p for p in powers], labels, low, high, True)
    room = 0.2 * (most - least) if len(finite) <= 2 else 0.0
    ticks = nice_ticks(least if 0 <= least < room else least - room, most + room)
    return Axis(ticks, tick_labels(ticks), ticks[0], ticks[-1], False)


def drawable(values: Sequence[float]) -> list[float]:
    """The values, with numbers near the ends of a float's range cut so that arithmetic on them stays finite."""
    cut = [v if not math.isfinite(v) else max(-1e99, min(1e99, v)) for v in values]
    return [0.0 if abs(v) < 1e-99 else v for v in cut]


def nice_ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Round numbers that enclose `low..high`, in steps of 1, 2 or 5 times a power of ten."""
    if high - low <= abs(high) * 1e-9 + 1e-300:
        middle = low
        pad = abs(middle) * 0.1 or 0.5
        low, high = middle - pad, middle + pad
    raw = (high - low) / wanted
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [number * step for number in range(first, max(last, first + 1) + 1)]


def tick_labels(ticks: Sequence[float]) -> list[str]:
    """The ticks as text, with as many digits as tell neighbours apart; powers of ten where digits would not fit."""
    step = ticks[1] - ticks[0]
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    plain = [f"{tick:.{digits}f}" for tick in ticks]
    if max(map(len, plain)) <= 8:
        return [text.removeprefix("-") if float(text) == 0 else text for text in plain]
    short = plain
    for precision in range(1, 8):
        short = [f"{tick:.{precision}g}" for tick in ticks]
        if len(set(short)) == len(short):
            break
    return short


def epoch_ticks(numbers: Sequence[int], wanted: int = 8) -> list[int]:
    """Whole numbers among the epochs: all of them where they are few, else steps of 1, 2 or 5 times a power of ten."""
    first, last = numbers[0], numbers[-1]
    raw = max(1.0, (last - first) / wanted)
    power = 10 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw)
    ticks = [n for n in range(first, last + 1) if n % step == 0]
    return ticks or [first]


def _text(
    x: float, y: float, text: str, color: str = INK, size: int = 13, anchor: str = "start", bold: bool = False
) -> str:
    place = f'x="{_n(x)}" y="{_n(y)}"'
    weight = ' font-weight="bold"' if bold else ""
    return f'<text {place} fill="{color}" font-size="{size}" text-anchor="{anchor}"{weight}>{_safe(text)}</text>'


def _safe(text: str) -> str:
    return escape("".join(c if c.isprintable() else " " for c in text))


def _cut(text: str, longest: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _n(number: float) -> str:
    return f"{number:.1f}"
