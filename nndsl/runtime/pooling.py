"""Kernels of pooling: the greatest, the sum or the mean of each window of [batch, depth, height, width, channels].

Channels lie side by side, so what happens to one window is a loop over vectors of channels with a loop over the
window's elements inside, held in registers; it is written as LLVM IR, since LLVM does not vectorize outer loops. Where
the greatest was is found again from x, which costs less than to store it.

A window of 0 stands for an adaptive one: `count` windows over the whole axis, as even as possible.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from llvmlite import ir

from nndsl.runtime.flow import Cell, each, over
from nndsl.runtime.intrinsics import helper, kernel, share
from nndsl.runtime.llvm import F32, F64, I64, LLVM_VERSION, V, declare, intrinsic
from nndsl.runtime.target import arrayobj, types
from nndsl.runtime.tiles import Kind, first_lanes, spread

SHORT_BYTES = 16
"""The shortest vector; of the last one of a row of channels only some lanes are there."""

# --- one window --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Window:
    """A window as it lies in memory, for some channels: `lanes` from `channel` on (a distance in bytes).

    With `some`, a mask, only some of the lanes are there.
    """

    kind: Kind
    lanes: int
    channel: V
    first: V
    steps: tuple[V, ...]
    counts: tuple[V, ...]
    some: V | None

    @property
    def vector(self) -> Any:
        return ir.VectorType(self.kind.element, self.lanes)

    @property
    def numbers(self) -> Any:
        """Whole numbers as wide as the elements."""
        return ir.VectorType(ir.IntType(8 * self.kind.size), self.lanes)

    def number(self, value: float) -> Any:
        """A number in all lanes."""
        return ir.Constant(self.vector, [value] * self.lanes)

    def load(self, address: V) -> Any:
        if self.some is not None:
            return self.kind.load_some(address, self.some, self.vector).value
        return self.kind.load(address, self.vector).value

    def store(self, value: Any, address: V) -> None:
        if self.some is not None:
            self.kind.store_some(V(address.b, value), address, self.some)
        else:
            self.kind.store(V(address.b, value), address)

    def slot(self, value: Any) -> Callable[..., Any]:
        """A variable: called with a value it takes that, in any case it gives what it holds."""
        b = self.channel.b
        cell = Cell(V(b, value))

        def hold(new: Any = None) -> Any:
            if new is not None:
                cell.set(V(b, new))
            return cell.get().value

        return hold

    @contextmanager
    def elements(self) -> Iterator[tuple[V, Any]]:
        """For each element of the window, in order: its distance from the start of its array, and its number."""
        b, zero = self.channel.b, self.first.const(0)
        depth, height, width = self.counts
        with each(zero, depth) as d, each(zero, height) as h, each(zero, width) as w:
            place = self.first + d * self.steps[0] + h * self.steps[1] + w * self.steps[2] + self.channel
            number = (d * height + h) * width + w
            narrow = number.value if self.kind.size == 8 else b.trunc(number.value, ir.IntType(32))
            yield place, spread(V(b, narrow), self.numbers).value


def _beats(b: Any, value: Any, best: Any) -> Any:
    """Whether a value takes the place of the best before it: NaN does, and keeps it."""
    nan = b.and_(b.fcmp_unordered("uno", value, value), b.fcmp_ordered("ord", best, best))
    return b.or_(b.fcmp_ordered(">", value, best), nan)


def _maximum(w: Window, b: Any, x: Any, y: Any) -> Any:
    """The greater, lane by lane; NaN wins."""
    if LLVM_VERSION < (18,):
        return b.select(b.or_(b.fcmp_ordered(">", y, x), b.fcmp_unordered("uno", y, y)), y, x)
    function = ir.FunctionType(w.vector, [w.vector, w.vector])
    return b.call(declare(b, function, f"llvm.maximum.v{w.lanes}{w.kind.name}"), [x, y], fastmath=("nsz",))


def _greatest(w: Window, x: V, v: V, out: V, at: V, divisor: Any) -> None:
    """out[at] = the greatest of x."""
    b = x.b
    best = w.slot(w.number(float("-inf")))
    with w.elements() as (place, _):
        best(_maximum(w, b, best(), w.load(x + place)))
    w.store(best(), out + at)


def _first(w: Window, x: V) -> Any:
    """The number of the first greatest of x."""
    b = x.b
    best, found = w.slot(w.number(float("-inf"))), w.slot(ir.Constant(w.numbers, [0] * w.lanes))
    with w.elements() as (place, number):
        value, so_far, before = w.load(x + place), best(), found()
        better = _beats(b, value, so_far)
        best(b.select(better, value, so_far))
        found(b.select(better, number, before))
    return found()


def _at_greatest(w: Window, x: V, v: V, out: V, at: V, divisor: Any) -> None:
    """out[at] = v where x is greatest."""
    b, first = x.b, _first(w, x)
    total = w.slot(w.number(0.0))
    with w.elements() as (place, number):
        total(b.select(b.icmp_signed("==", number, first), w.load(v + place), total()))
    w.store(total(), out + at)


def _total(w: Window, x: V, v: V, out: V, at: V, divisor: Any) -> None:
    """out[at] = the sum of x, divided."""
    b = x.b
    total = w.slot(w.number(0.0))
    with w.elements() as (place, _):
        total(b.fadd(total(), w.load(x + place)))
    w.store(b.fdiv(total(), spread(V(b, divisor), w.vector).value), out + at)


def _to_greatest(add: bool) -> Callable[..., None]:
    """out = v[at] where x is greatest and 0 elsewhere in the window; with `add`, added to what is there."""

    def visit(w: Window, x: V, v: V, out: V, at: V, divisor: Any) -> None:
        b, first = x.b, _first(w, x)
        value = w.load(v + at)
        with w.elements() as (place, number):
            new = b.select(b.icmp_signed("==", number, first), value, w.number(0.0))
            w.store(b.fadd(w.load(out + place), new) if add else new, out + place)

    return visit


def _to_all(add: bool) -> Callable[..., None]:
    """out = v[at], divided, in the whole window; with `add`, added to what is there."""

    def visit(w: Window, x: V, v: V, out: V, at: V, divisor: Any) -> None:
        b = x.b
        value = b.fdiv(w.load(v + at), spread(V(b, divisor), w.vector).value)
        with w.elements() as (place, _):
            w.store(b.fadd(w.load(out + place), value) if add else value, out + place)

    return visit


def _window(visit: Callable[..., None], wide: str) -> Callable[..., Any]:
    """`f(x, v, out, box, counts, place, divisor)`: `visit` for all channels of one window.

    The window begins at `box` of `wide`, the name of the array it lies in, and holds `counts` elements; `place` is
    where it is in the array of results.
    """
    narrow = "out" if wide == "x" else "v"

    def build(typing_context: Any, x: Any, v: Any, out: Any, box: Any, counts: Any, place: Any, divisor: Any) -> Any:
        four, three = types.UniTuple(types.int64, 4), types.UniTuple(types.int64, 3)

        def emit(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
            kind = Kind(F32 if out.dtype == types.float32 else F64)
            arrays = {
                name: arrayobj.make_array(t)(context, b, value)
                for name, t, value in zip(("x", "v", "out"), (x, v, out), arguments, strict=False)
            }
            bases = [V(b, b.ptrtoint(array.data, I64)) for array in arrays.values()]
            steps = {name: _steps(b, kind, array) for name, array in arrays.items()}
            first = _offset(b, steps[wide], arguments[3])
            size = tuple(V(b, b.extract_value(arguments[4], i)) for i in range(3))
            at = _offset(b, steps[narrow], arguments[5])
            channels = V(b, b.extract_value(arrays["out"].shape, 4))

            def some(lanes: int, begin: V, end: V, mask: V | None = None) -> V:
                with each(begin, end, lanes) as c:
                    channel = c * kind.size
                    window = Window(kind, lanes, channel, first, steps[wide][1:], size, mask)
                    visit(window, *bases, at + channel, arguments[6])
                return end

            begin, short = channels.const(0), SHORT_BYTES // kind.size
            for lanes in dict.fromkeys((4 * kind.lanes, kind.lanes, short)):
                begin = some(lanes, begin, begin + over(channels - begin, lanes) * lanes)
            some(short, begin, channels, first_lanes(channels - begin, short))
            return context.get_dummy_value()

        return types.void(x, v, out, four, three, four, out.dtype), emit

    return intrinsic(build)


def _steps(b: Any, kind: Kind, array: Any) -> tuple[V, ...]:
    """The distances of neighbours along all axes but the last, in bytes."""
    out: list[V] = []
    step = V(b, I64(kind.size))
    for axis in (4, 3, 2, 1):
        step = step * V(b, b.extract_value(array.shape, axis))
        out.insert(0, step)
    return tuple(out)


def _offset(b: Any, steps: tuple[V, ...], index: Any) -> V:
    """Where the first channel at an index lies."""
    total = V(b, I64(0))
    for axis, step in enumerate(steps):
        total = total + V(b, b.extract_value(index, axis)) * step
    return total


greatest, total = _window(_greatest, "x"), _window(_total, "x")
at_greatest = _window(_at_greatest, "x")
put_greatest, add_greatest = _window(_to_greatest(False), "out"), _window(_to_greatest(True), "out")
put_all, add_all = _window(_to_all(False), "out"), _window(_to_all(True), "out")

# --- all windows ---------------------------------------------------------------------------------------------

NONE, WINDOW, REAL = 0, 1, 2
"""What a sum is divided by: nothing, the size of the window, or how many elements it has in the image."""


@helper
def span(place: Any, window: Any, stride: Any, low: Any, size: Any, count: Any) -> Any:
    """Where the window of a place begins on an axis, and how many elements of the axis it holds."""
    if window == 0:
        begin = place * size // count
        return begin, ((place + 1) * size + count - 1) // count - begin
    begin = place * stride - low
    end = min(begin + window, size)
    begin = max(begin, 0)
    return begin, end - begin


@helper
def divided_by(divide: Any, window: Any, counts: Any) -> Any:
    """What the sum of a window is divided by."""
    if divide == NONE:
        return 1
    if divide == WINDOW:
        return window[0] * window[1] * window[2]
    return counts[0] * counts[1] * counts[2]


def _gather(visit: Callable[..., Any]) -> Callable[..., Any]:
    """A value for each window; the workers share its rows."""

    @helper
    def run(
        x: Any, v: Any, out: Any, window: Any, strides: Any, low: Any, divide: Any, worker: Any, workers: Any
    ) -> Any:
        _, depth, height, width, _ = out.shape
        begin, end = share(out.shape[0] * depth * height, worker, workers, 1)
        for row in range(begin, end):
            h, d, n = row % height, row // height % depth, row // height // depth
            front, deep = span(d, window[0], strides[0], low[0], x.shape[1], depth)
            top, high = span(h, window[1], strides[1], low[1], x.shape[2], height)
            for w in range(width):
                left, wide = span(w, window[2], strides[2], low[2], x.shape[3], width)
                counts = (deep, high, wide)
                visit(x, v, out, (n, front, top, left), counts, (n, d, h, w), divided_by(divide, window, counts))

    return run


def _scatter(put: Callable[..., Any], add: Callable[..., Any]) -> Callable[..., Any]:
    """A value of each window to its elements.

    Windows side by side write what is theirs, and the workers share their rows. Otherwise windows add up, in order,
    and the workers share the batch.
    """

    @helper
    def side_by_side(x: Any, v: Any, out: Any, window: Any, divide: Any, worker: Any, workers: Any) -> Any:
        _, depth, height, width, _ = v.shape
        deep, high, wide = window
        begin, end = share(v.shape[0] * depth * height, worker, workers, 1)
        for row in range(begin, end):
            h, d, n = row % height, row // height % depth, row // height // depth
            for w in range(width):
                box = (n, d * deep, h * high, w * wide)
                put(x, v, out, box, window, (n, d, h, w), divided_by(divide, window, window))
            # What lies behind the last window belongs to its row.
            last_row = out.shape[2] if h == height - 1 else (h + 1) * high
            last_slice = out.shape[1] if d == depth - 1 else (d + 1) * deep
            for i in range(d * deep, last_slice):
                for j in range(h * high, last_row):
                    inside = i < (d + 1) * deep and j < (h + 1) * high
                    clear(out, n, i, j, width * wide if inside else 0)

    @helper
    def run(
        x: Any, v: Any, out: Any, window: Any, strides: Any, low: Any, divide: Any, apart: Any,
        worker: Any, workers: Any,
    ) -> Any:  # fmt: skip
        if apart:
            side_by_side(x, v, out, window, divide, worker, workers)
            return
        _, depth, height, width, _ = v.shape
        begin, end = share(v.shape[0], worker, workers, 1)
        for n in range(begin, end):
            for i in range(out.shape[1]):
                for j in range(out.shape[2]):
                    clear(out, n, i, j, 0)
            for d in range(depth):
                front, deep = span(d, window[0], strides[0], low[0], out.shape[1], depth)
                for h in range(height):
                    top, high = span(h, window[1], strides[1], low[1], out.shape[2], height)
                    for w in range(width):
                        left, wide = span(w, window[2], strides[2], low[2], out.shape[3], width)
                        counts = (deep, high, wide)
                        add(x, v, out, (n, front, top, left), counts, (n, d, h, w), divided_by(divide, window, counts))

    return run


@helper
def clear(out: Any, n: Any, i: Any, j: Any, begin: Any) -> Any:
    """Zeros in a row, from a place on."""
    for k in range(begin, out.shape[3]):
        for c in range(out.shape[4]):
            out[n, i, j, k, c] = 0


gather_greatest, gather_total, gather_at_greatest = _gather(greatest), _gather(total), _gather(at_greatest)
scatter_greatest, scatter_all = _scatter(put_greatest, add_greatest), _scatter(put_all, add_all)


@kernel
def max_pool(x: Any, out: Any, window: Any, strides: Any, low: Any, worker: Any, workers: Any) -> None:
    """The greatest of each window; NaN wins."""
    gather_greatest(x, x, out, window, strides, low, NONE, worker, workers)


@kernel
def max_pool_pick(x: Any, v: Any, out: Any, window: Any, strides: Any, low: Any, worker: Any, workers: Any) -> None:
    """v where x is first greatest in each window."""
    gather_at_greatest(x, v, out, window, strides, low, NONE, worker, workers)


@kernel
def max_pool_grad(
    x: Any, v: Any, out: Any, window: Any, strides: Any, low: Any, apart: Any, worker: Any, workers: Any
) -> None:
    """The value of each window added to where x is first greatest in it."""
    scatter_greatest(x, v, out, window, strides, low, NONE, apart, worker, workers)


@kernel
def pool_sum(x: Any, out: Any, window: Any, strides: Any, low: Any, divide: Any, worker: Any, workers: Any) -> None:
    """The sum or mean of each window."""
    gather_total(x, x, out, window, strides, low, divide, worker, workers)


@kernel
def pool_spread(
    v: Any, out: Any, window: Any, strides: Any, low: Any, divide: Any, apart: Any, worker: Any, workers: Any
) -> None:
    """The value of each window, divided as its sum would be, added to all of its elements."""
    scatter_all(v, v, out, window, strides, low, divide, apart, worker, workers)
