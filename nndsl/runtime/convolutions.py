"""Convolutions and their gradients, as LLVM IR, made of `gathered` products.

A convolution's rows are places of the result and its steps the elements of the window with their channels
(`convolve`); from the result back to the image it is the same with other lists (`convolve_back`); for the gradient of
the kernel rows and steps change sides (`convolve_kernel`). Which places and elements go together is in `places`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from llvmlite import ir

from nndsl.costs import KERNEL_STEPS, MOST_PLACES, MOST_VECTORS, STRIP_BYTES
from nndsl.runtime.flow import each, least, over, stack
from nndsl.runtime.gathered import ENTRY, RUN, VECTORS, multiply, pack_columns, pack_rows
from nndsl.runtime.lines import (
    CHANNELS,
    LINE_VECTORS,
    RUN_BYTES,
    TAPS,
    convolve_line,
    kernel_lines,
    list_runs,
    runs_at_once,
)
from nndsl.runtime.llvm import F32, F64, I1, I64, V, intrinsic
from nndsl.runtime.places import Axis, Image, classes, greatest, lines, list_lines, list_places, list_taps, rounds
from nndsl.runtime.shared import shared_function
from nndsl.runtime.target import arrayobj, types
from nndsl.runtime.tiles import VECTOR_BYTES, Kind, new_function

MOST_DEPTH = STRIP_BYTES // (2 * VECTOR_BYTES)
"""Steps of a product at a time, of a strip of B."""


# --- columns ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Columns:
    """The columns of B in units: slices of a group's columns, some of which are packed at a time."""

    kind: Kind
    width: V
    groups: V

    @property
    def slices(self) -> V:
        """Units of a group."""
        return over(self.width + (MOST_VECTORS * self.kind.lanes - 1), MOST_VECTORS * self.kind.lanes)

    @property
    def vectors(self) -> V:
        """Vectors of a unit, at most."""
        vectors = over(self.width + (self.kind.lanes - 1), self.kind.lanes)
        return over(vectors + self.slices - 1, self.slices)

    @property
    def together(self) -> V:
        """Units that are packed together."""
        return least(over(self.width.const(MOST_VECTORS), self.vectors), self.groups * self.slices)

    @contextmanager
    def some(self) -> Iterator[tuple[V, V]]:
        """The units that are packed together, from first to last."""
        total, step = self.groups * self.slices, self.together
        with each(total.const(0), total, step) as first:
            yield first, least(first + step, total)

    def unit(self, number: V) -> tuple[V, V, V]:
        """The group of a unit, its first column in it, and its width."""
        group = over(number, self.slices)
        first = (number - group * self.slices) * self.vectors * self.kind.lanes
        return group, first, least(self.width - first, self.vectors * self.kind.lanes)


def _packed(b: Any) -> V:
    return stack(b, MOST_DEPTH * MOST_VECTORS * VECTOR_BYTES)


def _multiple(number: V, of: int) -> V:
    """Whether a number is a multiple of a power of two."""
    return (number & (of - 1)).equals(0)


# --- the functions ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Given:
    """The parameters that all three share. `source` and `target` are the addresses of what is read and written (for the
    gradient of a kernel, of both images); channels are those of a group."""  # fmt: skip

    source: V
    kernel: V
    target: V
    axes: Sequence[Axis]
    channels: V
    filters: V
    groups: V

    @property
    def elements(self) -> V:
        """Of the window."""
        d, h, w = (a.window for a in self.axes)
        return d * h * w

    @property
    def places(self) -> V:
        """Of each image of the result."""
        d, h, w = (a.target for a in self.axes)
        return d * h * w


def _forward(kind: Kind, back: bool, lanes: bool, plain: bool, given: Given, start: V, stop: V) -> None:
    """The places `start:stop` of a convolution, or of the way back: rows are places, steps are window elements."""
    b, size, groups = given.source.b, kind.size, given.groups
    zero = start.const(0)
    steps, rows, packed = stack(b, MOST_DEPTH * ENTRY), stack(b, MOST_PLACES * ENTRY), _packed(b)
    channels = given.channels
    columns = Columns(kind, groups if lanes else given.filters, zero.const(1) if lanes else groups)
    image = Image(given.source, groups * channels * size, given.axes)
    pixel = groups * given.filters * size
    total = given.elements * channels
    chunk = rounds(stop - start, MOST_PLACES)
    panel, by_lines, most = rounds(total, MOST_DEPTH), V(b, I1(0)), zero.const(VECTORS)
    if plain and not lanes:
        # Whole lines of the window at a time.
        depth = channels * TAPS
        by_lines = _multiple(given.filters, kind.lanes) & given.axes[-1].window.equals(TAPS) & (depth <= MOST_DEPTH)
        panel = by_lines.choose(over(zero.const(MOST_DEPTH), depth) * depth, panel)
        most = by_lines.choose(most.const(LINE_VECTORS), most)
    unit_bytes = panel * columns.vectors * VECTOR_BYTES
    in_runs = None if lanes else _multiple(channels, RUN["steps"]) & _multiple(panel, RUN["steps"])
    with each(start, stop, chunk) as place, columns.some() as (low, high), each(zero, total, panel) as k:
        end, depth = least(place + chunk, stop), least(panel, total - k)
        with each(low, high) as u:
            group, column, width = columns.unit(u)
            memory = packed + (u - low) * unit_bytes
            if not back or lanes:
                at = given.kernel + k * pixel + (group * given.filters + column) * size
                pack_rows(kind, at, pixel, width, depth, memory, most)
            else:
                across = groups * channels * size
                with each(over(k, channels), over(k + depth + channels - 1, channels)) as tap:
                    first, last = greatest(k - tap * channels, 0), least(k + depth - tap * channels, channels)
                    at = given.kernel + (tap * given.filters + column) * across + (group * channels + first) * size
                    pack_columns(kind, at, across, width, tap * channels + first - k, last - first, depth,
                                 memory, most)  # fmt: skip
        with classes(given.axes, back) as met, b.if_else((by_lines & met[-1].taps.equals(TAPS)).value) as (
            along_lines, gathered,
        ):  # fmt: skip
            with along_lines:
                window = list_lines(image, met, over(k, channels), over(k + depth, channels), steps,
                                    (zero - k) * VECTOR_BYTES, channels * VECTOR_BYTES)  # fmt: skip
                across = met[-1].tap_step * channels
                with lines(image, met, place, end, given.target, pixel) as line, each(low, high) as u:
                    _, column, width = columns.unit(u)
                    convolve_line(kind, line, width, steps, window, channels, packed + (u - low) * unit_bytes, depth,
                                  across, image.pixel, pixel, column * size, k.equals(0))  # fmt: skip
            with gathered:
                row_count = list_places(image, met, place, end, rows, given.target, pixel)
                step_count = list_taps(image, met, channels, size, k, k + depth, steps, (zero - k) * VECTOR_BYTES,
                                       zero.const(VECTOR_BYTES))  # fmt: skip
                with each(low, high) as u:
                    group, column, width = columns.unit(u)
                    a_place = column * size if lanes else group * channels * size
                    multiply(kind, lanes, rows, row_count, steps, step_count, packed + (u - low) * unit_bytes, depth,
                             width, a_place, (group * given.filters + column) * size, k.equals(0), "steps",
                             in_runs, most)  # fmt: skip


def _kernel(
    kind: Kind, lanes: bool, plain: bool, given: Given, batch: V, shards: V, worker: V, workers: V
) -> None:
    """The gradient of a kernel, in shards of the batch: rows are window elements, steps are places.

    Workers share the shards, or the rows where there are fewer shards.
    """
    b, size, groups = given.source.b, kind.size, given.groups
    zero = batch.const(0)
    steps, rows, packed = stack(b, MOST_PLACES * RUN_BYTES), stack(b, MOST_PLACES * ENTRY), _packed(b)
    channels = given.channels
    columns = Columns(kind, groups if lanes else given.filters, zero.const(1) if lanes else groups)
    image = Image(given.source, groups * channels * size, given.axes)
    pixel, kernel_row = groups * given.filters * size, (groups if lanes else groups * given.filters) * size
    total = given.elements * channels
    # Whole shards for each worker, or several workers for each shard, which then share its rows.
    few = workers <= shards
    first_shard = over(shards * worker, workers)
    last_shard = few.choose(over(shards * (worker + 1), workers), first_shard + 1)
    team = [over(workers * n + (shards - 1), shards) for n in (first_shard, first_shard + 1)]
    size_of_team = team[1] - team[0]
    first_row, last_row = (over(total * (worker + n - team[0]), size_of_team) for n in (0, 1))
    first_row, last_row = few.choose(zero, first_row), few.choose(total, last_row)
    in_runs = None if lanes else _multiple(channels, RUN["rows"]) & _multiple(first_row | last_row, RUN["rows"])
    by_lines = V(b, I1(0))
    if plain and not lanes:
        whole = (last_row - first_row).equals(total) & (given.elements <= MOST_PLACES)
        by_lines = _multiple(given.filters, kind.lanes) & _multiple(channels, CHANNELS) & whole
    with each(first_shard, last_shard) as shard:
        first, last = (over(batch * s, shards) * given.places for s in (shard, shard + 1))
        out = given.kernel + shard * total * kernel_row
        with each(first_row * kernel_row, last_row * kernel_row, size) as place:
            kind.store(V(b, ir.Constant(kind.element, 0)), out + place)
        # The same for any number of workers, whether they go by lines or not.
        room = over(zero.const(MOST_DEPTH * MOST_VECTORS), columns.together * columns.vectors)
        chunk = rounds(last - first, least(room, MOST_PLACES))
        unit_bytes = chunk * columns.vectors * VECTOR_BYTES
        with each(first, last, chunk) as start, columns.some() as (low, high):
            stop = least(start + chunk, last)
            with each(low, high) as u:
                group, column, width = columns.unit(u)
                at = given.target + start * pixel + (group * given.filters + column) * size
                pack_rows(kind, at, pixel, width, stop - start, packed + (u - low) * unit_bytes)
            with (
                classes(given.axes, False) as met,
                b.if_else((by_lines & met[-1].taps.equals(TAPS)).value) as (along_lines, gathered),
            ):
                with along_lines:
                    window = list_lines(image, met, zero, given.elements, rows, out, channels * kernel_row)
                    run_count = list_runs(image, met, start, stop, steps, given.target, pixel)
                    some = runs_at_once(met[-1].count, columns.vectors)
                    with each(zero, run_count, some) as run, each(low, high) as u:
                        _, column, width = columns.unit(u)
                        kernel_lines(kind, width, rows, window, steps + run * RUN_BYTES, least(run_count - run, some),
                                     channels, image.pixel, pixel, kernel_row, column * size)  # fmt: skip
                with gathered:
                    step_count = list_places(image, met, start, stop, steps, (zero - start) * VECTOR_BYTES,
                                             zero.const(VECTOR_BYTES))  # fmt: skip
                    with b.if_then((step_count > 0).value), each(first_row, last_row, MOST_PLACES) as row:
                        last_here = least(row + MOST_PLACES, last_row)
                        row_count = list_taps(image, met, channels, size, row, last_here, rows, out, kernel_row)
                        block = rounds(step_count, KERNEL_STEPS)
                        with each(zero, step_count, block) as k, each(low, high) as u:
                            group, column, width = columns.unit(u)
                            a_place = column * size if lanes else group * channels * size
                            multiply(kind, lanes, rows, row_count, steps + k * ENTRY, least(step_count - k, block),
                                     packed + (u - low) * unit_bytes, stop - start, width,
                                     a_place, (group * given.filters + column) * size, V(b, I1(0)),
                                     "rows", in_runs)  # fmt: skip


# --- for kernels -----------------------------------------------------------------------------------------------


def _axes(b: Any, source: list[Any], window: list[Any], target: list[Any], options: Sequence[list[Any]]) -> list[Any]:
    """The numbers of three axes, those in front that are not there of size 1."""
    there = list(zip(source, window, target, *options, strict=True))
    one, zero = I64(1), I64(0)
    return [n for axis in [(one, one, one, one, one, zero)] * (3 - len(there)) + there for n in axis]


AXIS_NUMBERS = 18
FORMS: dict[str, tuple[int, Callable[..., None]]] = {
    "forward": (2, lambda kind, *given: _forward(kind, False, *given)),
    "back": (2, lambda kind, *given: _forward(kind, True, *given)),
    "kernel": (4, lambda kind, *given: _kernel(kind, *given)),
}
"""The three functions, and how many numbers each has behind a Given."""


@dataclass(frozen=True)
class Variant:
    """A convolution of so many axes; where it is `plain`, strides, dilation and groups are 1. What is known of its
    numbers makes lists quicker, which matters where channels are few."""

    form: str
    lanes: bool
    rank: int
    plain: bool
    kind: Kind

    @property
    def name(self) -> str:
        lanes, plain = "_lanes" if self.lanes else "", "_plain" if self.plain else ""
        return f"nn_convolve_{self.form}{lanes}_{self.rank}d{plain}_{self.kind.name}"

    @property
    def count(self) -> int:
        """Of parameters."""
        return 3 + AXIS_NUMBERS + 3 + FORMS[self.form][0]

    def axis(self, number: int, source: V, window: V, target: V, stride: V, dilation: V, low: V) -> Axis:
        one = low.const(1)
        if number < 3 - self.rank:
            return Axis(one, one, one, one, one, low.const(0))
        return Axis(source, window, target, *((one, one) if self.plain else (stride, dilation)), low)

    def add(self, module: Any) -> None:
        """Add the function to a module."""
        function = new_function(module, self.name, [I64] * self.count)
        b = ir.IRBuilder(function.append_basic_block("entry"))
        source, kernel, target, *values = (V(b, x) for x in function.args)
        axes = [self.axis(i, *values[6 * i : 6 * i + 6]) for i in range(3)]
        channels, filters, groups, *rest = values[AXIS_NUMBERS:]
        groups = groups.const(1) if self.plain else groups
        _, body = FORMS[self.form]
        body(self.kind, self.lanes, self.plain, Given(source, kernel, target, axes, channels, filters, groups), *rest)
        b.ret_void()


VARIANTS = [
    Variant(form, lanes, rank, plain, kind)
    for form in FORMS
    for lanes in (False, True)
    for rank in (1, 2, 3)
    for plain in (False, True)
    for kind in (Kind(F32), Kind(F64))
]
SHARED = {variant.name: variant.add for variant in VARIANTS}
"""What kernels call of this file (see `shared`)."""


def _literally_one(*given: Any) -> bool:
    """Whether numbers, or all of several, are written as 1 where they are used."""
    numbers = [number for kind in given for number in (kind if isinstance(kind, types.BaseTuple) else [kind])]
    return all(isinstance(n, types.IntegerLiteral) and n.literal_value == 1 for n in numbers)


def _convolution(form: str, lanes: bool) -> Callable[..., Any]:
    """An intrinsic over arrays of one float type with channels last, and what they are to a convolution.

    With "forward" (image, kernel, result) and "back" (result, kernel, image) the places `start:stop` of the last array
    are computed, those of all images counted in order. With "kernel" (image, result, parts of the kernel) there are
    `worker` and `workers` in their place.
    """

    def build(
        typing_context: Any, x: Any, y: Any, out: Any, strides: Any, dilation: Any, low: Any, groups: Any, start: Any,
        stop: Any,
    ) -> Any:  # fmt: skip
        rank, plain = x.ndim - 2, _literally_one(strides, dilation, groups)

        def emit(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
            kind = Kind(F32 if out.dtype == types.float32 else F64)
            arrays = [(arrayobj.make_array(t)(context, b, v), t) for t, v in zip((x, y, out), arguments, strict=False)]
            shapes = [[b.extract_value(array.shape, i) for i in range(t.ndim)] for array, t in arrays]
            at = [b.ptrtoint(array.data, I64) for array, _ in arrays]
            options = [[b.extract_value(t, i) for i in range(rank)] for t in arguments[3:6]]
            groups, *rest = arguments[6:]
            first, second, third = shapes
            if form == "kernel":
                at = [at[0], at[2], at[1]]
                window, image, result = third[1:], first, second
                rest = [first[0], third[0], *rest]
            else:
                window, image, result = second, first, third
            sizes = _axes(b, image[1:-1], window[:rank], result[1:-1], options)
            channels, filters = (b.udiv(shape[-1], groups) for shape in (image, result))
            values = [*at, *sizes, channels, filters, groups, *rest]
            variant = Variant(form, lanes, rank, plain, kind)
            b.call(shared_function(context, b, variant.name, variant.count), values)
            return context.get_dummy_value()

        several = types.UniTuple(types.int64, rank)
        # Numba finds what emits a call by its signature alone, so that of a plain one has to be another.
        moved = (strides, dilation) if plain else (several, several)
        return types.void(x, y, out, *moved, several, *[types.int64] * 3), emit

    build.__name__ = build.__qualname__ = f"convolve_{form}"
    return intrinsic(build, literal=True)


convolve, convolve_lanes = _convolution("forward", False), _convolution("forward", True)
convolve_back, convolve_back_lanes = _convolution("back", False), _convolution("back", True)
convolve_kernel, convolve_kernel_lanes = _convolution("kernel", False), _convolution("kernel", True)
