"""Where the windows of a convolution lie, as LLVM IR: lists of places and of window elements for `gathered` products.

The places of a result fall into classes: those whose window lies in the image, those that lose its first column to
the border, and so on; along each axis a class is a run of places. A class needs one list of rows and one of steps,
and whatever padding adds is never multiplied. Going back, a place of the image meets only every stride-th element of
the window; which ones depends on its phase, and within a phase it is a convolution again.

All work has three spatial axes; those that are not there have size 1. Addresses and distances are in bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from nndsl.runtime.flow import Cell, each, least, loop, over
from nndsl.runtime.gathered import put
from nndsl.runtime.llvm import V

# --- arithmetic ------------------------------------------------------------------------------------------------


def greatest(x: V, y: V | int) -> V:
    """The larger one."""
    other = y if isinstance(y, V) else x.const(y)
    return (x > other).choose(x, other)


def floor_over(x: V, y: V) -> V:
    """x // y for any x and y > 0."""
    down = (x < 0).choose(y - 1, 0)
    return V(x.b, x.b.sdiv((x - down).value, y.value))


def ceil_over(x: V, y: V) -> V:
    """x / y rounded up."""
    return floor_over(x + y - 1, y)


def rounds(total: V, most: V | int) -> V:
    """How much to do at a time, so that all rounds are nearly the same: at least 1, at most `most`."""
    count = greatest(over(total + most - 1, most), 1)
    return greatest(over(total + (count - 1), count), 1)


# --- where windows lie -----------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Axis:
    """One spatial axis: sizes of what is read, of the window and of what is computed, and how the window moves."""

    source: V
    window: V
    target: V
    stride: V
    dilation: V
    low: V


@dataclass(frozen=True, eq=False)
class Phase:
    """Places `first + j * step` for j < count. Their window's element m < taps lies at `corner + j * stride + m *
    dilation` of the source and is element `tap + m * tap_step` of the kernel."""  # fmt: skip

    first: V
    step: V
    count: V
    corner: V
    stride: V
    dilation: V
    taps: V
    tap: V
    tap_step: V


@contextmanager
def phases(axis: Axis, back: bool) -> Iterator[Phase]:
    """For each phase of the places along an axis: one, or going back one for each place within a stride."""
    one, zero = axis.low.const(1), axis.low.const(0)
    if not back:
        yield Phase(zero, one, axis.target, zero - axis.low, axis.stride, axis.dilation, axis.window, zero, one)
        return
    b, stride, dilation = axis.low.b, axis.stride, axis.dilation
    common, rest = Cell(dilation), Cell(stride)
    with loop(b, lambda: rest.get() > 0):
        remainder = V(b, b.urem(common.get().value, rest.get().value))
        common.set(rest.get())
        rest.set(remainder)
    tap_step, far = over(stride, common.get()), over(dilation, common.get())
    tap = Cell(zero)
    with each(zero, stride) as phase:
        # The first element of the window that a place of this phase meets: its distance is a multiple of the stride.
        def distance() -> V:
            return phase + axis.low - tap.get() * dilation

        tap.set(zero)
        with loop(b, lambda: (tap.get() < tap_step) & (floor_over(distance(), stride) * stride).differs(distance())):
            tap.set(tap.get() + 1)
        taps = (tap.get() < tap_step).choose(greatest(ceil_over(axis.window - tap.get(), tap_step), 0), 0)
        yield Phase(
            first=phase,
            step=stride,
            count=over(greatest(axis.target - phase, 0) + stride - 1, stride),
            corner=floor_over(distance(), stride) - far * (taps - 1),
            stride=one,
            dilation=far,
            taps=taps,
            tap=tap.get() + tap_step * (taps - 1),
            tap_step=zero - tap_step,
        )


@dataclass(frozen=True, eq=False)
class Run:
    """Places of a phase that meet the same elements of the window: `taps` of them, from `corner` on."""

    first: V
    step: V
    count: V
    corner: V
    stride: V
    dilation: V
    taps: V
    tap: V
    tap_step: V


@contextmanager
def runs(axis: Axis, back: bool) -> Iterator[Run]:
    """For each run of places along an axis."""
    with phases(axis, back) as p:
        b, zero = axis.low.b, axis.low.const(0)
        place = Cell(zero)
        with loop(b, lambda: place.get() < p.count):
            j = place.get()
            corner = p.corner + j * p.stride
            reached = axis.source - 1 - corner
            first = least(greatest(ceil_over(zero - corner, p.dilation), 0), p.taps)
            stop = least(greatest(floor_over(reached, p.dilation) + 1, 0), p.taps)
            # The first element changes where it would lie in the image too, the last one where it leaves the image.
            enters = ceil_over(zero - p.corner - (first - 1) * p.dilation, p.stride)
            leaves = floor_over(axis.source - 1 - p.corner - (stop - 1) * p.dilation, p.stride) + 1
            end = least((first > 0).choose(enters, p.count), (stop > 0).choose(leaves, p.count))
            end = least(end, p.count)
            taps = greatest(stop - first, 0)
            yield Run(p.first + j * p.step, p.step, end - j, corner + first * p.dilation, p.stride, p.dilation, taps,
                      p.tap + first * p.tap_step, p.tap_step)  # fmt: skip
            place.set(end)


@contextmanager
def classes(axes: Sequence[Axis], back: bool) -> Iterator[list[Run]]:
    """For each class of places: its run along each axis."""
    with ExitStack() as nest:
        yield [nest.enter_context(runs(axis, back)) for axis in axes]


# --- lists -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Image:
    """What is read: its address and the bytes of a pixel."""

    address: V
    pixel: V
    axes: Sequence[Axis]

    @property
    def distances(self) -> tuple[V, V, V, V]:
        """From pixel to pixel along the three axes, and from image to image."""
        plane, row, line = (a.source for a in self.axes)
        return self.pixel * line * row, self.pixel * line, self.pixel, self.pixel * line * row * plane


@dataclass(frozen=True, eq=False)
class Line:
    """Places of a class that are neighbours: where the first one's window begins in the image, what stands for the
    first one, what for each place more, and their number."""

    address: V
    second: V
    step: V
    count: V


@contextmanager
def lines(image: Image, runs: list[Run], start: V, stop: V, base: V, scale: V) -> Iterator[Line]:
    """For each line, the places `start:stop` (of all images, in order) on it that belong to a class; for a place stands
    `base` + place * `scale`."""  # fmt: skip
    b, zero = base.b, base.const(0)
    depth, height, width = (a.target for a in image.axes)
    far = image.distances
    d, h, w = runs
    each_image = depth * height * width
    first_image = over(start, each_image)
    low, high = Cell(zero), Cell(zero)
    with each(first_image, over(stop + each_image - 1, each_image)) as n, each(zero, d.count) as i, \
            each(zero, h.count) as j:  # fmt: skip
        line = ((n * depth + d.first + i * d.step) * height + h.first + j * h.step) * width
        with b.if_then(((line + width > start) & (line < stop)).value):
            low.set(zero)
            high.set(w.count)
            with b.if_then(((line < start) | (line + width > stop)).value):
                low.set(greatest(ceil_over(start - line - w.first, w.step), 0))
                high.set(least(ceil_over(stop - line - w.first, w.step), w.count))
            corners = (r.corner + r.stride * k for r, k in ((d, i), (h, j), (w, low.get())))
            at = image.address + n * far[3]
            for corner, distance in zip(corners, far, strict=False):
                at = at + corner * distance
            second = base + (line + w.first + low.get() * w.step) * scale
            with b.if_then((low.get() < high.get()).value):
                yield Line(at, second, w.step * scale, high.get() - low.get())


def list_places(image: Image, runs: list[Run], start: V, stop: V, into: V, base: V, scale: V) -> V:
    """The places of all `lines`: where the window begins in the image, and what stands for the place. Returns their
    number."""  # fmt: skip
    zero, count = base.const(0), Cell(base.const(0))
    with lines(image, runs, start, stop, base, scale) as line:
        address, second = Cell(line.address), Cell(line.second)
        with each(zero, line.count):
            put(into, count, address.get(), second.get())
            address.set(address.get() + runs[-1].stride * image.pixel)
            second.set(second.get() + line.step)
    return count.get()


def list_taps(
    image: Image, runs: list[Run], channels: V, size: int, start: V, stop: V, into: V, base: V, scale: V
) -> V:
    """The elements `start:stop` of the kernel's window (each with all channels, in order) that a class meets: how far
    from the window's beginning they lie, and `base` + element * `scale`. Returns their number."""  # fmt: skip
    zero, count = base.const(0), Cell(base.const(0))
    far = image.distances
    d, h, w = runs
    _, height, width = (a.window for a in image.axes)
    with each(zero, d.taps) as i, each(zero, h.taps) as j, each(zero, w.taps) as k:
        tap = ((d.tap + i * d.tap_step) * height + h.tap + j * h.tap_step) * width + w.tap + k * w.tap_step
        first = tap * channels
        at = i * d.dilation * far[0] + j * h.dilation * far[1] + k * w.dilation * far[2]
        low, high = greatest(start - first, 0), least(stop - first, channels)
        with each(low, high) as c:
            put(into, count, at + c * size, base + (first + c) * scale)
    return count.get()


def list_lines(image: Image, runs: list[Run], start: V, stop: V, into: V, base: V, scale: V) -> V:
    """The lines of the window that a class meets, whose first element is one of `start:stop`: how far from the window's
    beginning it lies, and `base` + element * `scale`. Returns their number."""  # fmt: skip
    one = base.const(1)
    return list_taps(image, [*runs[:-1], replace(runs[-1], taps=one)], one, 0, start, stop, into, base, scale)
