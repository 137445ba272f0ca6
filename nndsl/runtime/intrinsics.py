"""What generated kernels use besides arithmetic: buffers at addresses, sharing of work, atomics, the barrier.

Addresses are `int64` throughout. A program is `void (worker, workers, sync, table)`, all `int64`: `table` is the
address of an int64 array of sizes and buffer addresses, `sync` of `SYNC_WORDS` zeroed words that all workers share.

    @kernel
    def dense(x, y, worker, workers):
        begin, end = share(x.shape[0], worker, workers, 8)
        ...

    @program
    def train(worker, workers, sync, table):
        x = array_f32(entry(table, 1), (entry(table, 0), 784))
        dense(x, y, worker, workers)
        barrier(sync, workers, 1)

Indices of arrays must not be negative, not even a literal -1: they are used as they are. Kernels can allocate nothing.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from typing import Any

import llvmlite.binding
from llvmlite import ir

from nndsl.costs import WIDE
from nndsl.runtime.flow import Cell, call, least, loop, over
from nndsl.runtime.llvm import I32, I64, V, declare, intrinsic, native
from nndsl.runtime.target import KERNEL_OPTIONS, arrayobj, cgutils, helper, kernel, program, sequence, types
from nndsl.runtime.tiles import new_function

SYNC_WORDS = 128
"""Words of a `sync` area. Words 0, 16 and 32 are the barrier's; the rest is free for programs."""
ARRIVALS, ABORTED, PATIENCE = 0, 16 * 8, 32 * 8
"""Byte offsets in the area, a cache line (and its prefetched neighbour) each."""


# --- buffers ---------------------------------------------------------------------------------------------


@native("i64", "i64", "i64")
def entry(table: V, k: V) -> V:
    """The k-th int64 of the array at `table`."""
    return V(table.b, table.b.load(pointer(table + k * 8, I64)))


def pointer(address: V, to: Any) -> Any:
    """An integer address as an LLVM pointer."""
    return address.b.inttoptr(address.value, to.as_pointer())


def _array_of(kind: Any) -> Callable[..., Any]:
    """An intrinsic `array(address, shape)` for one dtype."""

    @intrinsic
    def array(typing_context: Any, address: Any, shape: Any) -> Any:
        dimensions = 1 if isinstance(shape, types.Integer) else len(shape)
        result = types.Array(kind, dimensions, "C")
        sizes = types.int64 if isinstance(shape, types.Integer) else types.UniTuple(types.int64, dimensions)

        def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            base, extent = arguments
            element = context.get_data_type(kind)
            itemsize = context.get_abi_sizeof(element)
            shape = [extent] if dimensions == 1 and sizes is types.int64 else cgutils.unpack_tuple(builder, extent)
            strides = [I64(itemsize)]
            for size in shape[:0:-1]:
                strides.insert(0, builder.mul(strides[0], size, flags=["nsw"]))
            made = arrayobj.make_array(result)(context, builder)
            data = builder.inttoptr(base, element.as_pointer())
            arrayobj.populate_array(made, data=data, shape=shape, strides=strides, itemsize=itemsize, meminfo=None)
            return made._getvalue()

        return result(types.int64, sizes), emit

    return array


array_f32 = _array_of(types.float32)
array_f64 = _array_of(types.float64)
array_i32 = _array_of(types.int32)
array_i64 = _array_of(types.int64)
array_i8 = _array_of(types.int8)
array_u8 = _array_of(types.uint8)
array_bool = _array_of(types.boolean)


# --- atomics ---------------------------------------------------------------------------------------------


@native("i64", "i64")
def atomic_load(address: V) -> V:
    """The word at an address; what was written before its release store is visible after."""
    return _word(address)


def _word(address: V) -> V:
    return V(address.b, address.b.load_atomic(pointer(address, I64), ordering="seq_cst", align=8))


@native(None, "i64", "i64")
def atomic_store(address: V, value: V) -> None:
    """Write the word at an address after everything written before."""
    address.b.store_atomic(value.value, pointer(address, I64), ordering="seq_cst", align=8)


@native("i64", "i64", "i64")
def atomic_add(address: V, value: V) -> V:
    """Add to the word at an address; the old value."""
    return V(address.b, address.b.atomic_rmw("add", pointer(address, I64), value.value, "seq_cst"))


@native("i64", "i64", "i64")
def atomic_exchange(address: V, value: V) -> V:
    """Write the word at an address; the old value."""
    return V(address.b, address.b.atomic_rmw("xchg", pointer(address, I64), value.value, "seq_cst"))


@native("i64", "i64", "i64", "i64")
def atomic_swap_if(address: V, expected: V, value: V) -> V:
    """Write `value` if the word at the address is `expected`; 1 if it was."""
    b = address.b
    pair = b.cmpxchg(pointer(address, I64), expected.value, value.value, "seq_cst", "seq_cst")
    return V(b, b.zext(b.extract_value(pair, 1), I64))


@intrinsic
def pause(typing_context: Any) -> Any:
    """Tell the core that this is a spinning loop."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _pause(builder)
        return context.get_dummy_value()

    return types.void(), emit


def _pause(builder: Any) -> None:
    machine = llvmlite.binding.get_process_triple().split("-")[0]
    if machine in ("x86_64", "i686", "i386"):
        builder.call(declare(builder, ir.FunctionType(ir.VoidType(), []), "llvm.x86.sse2.pause"), [])
    elif machine in ("aarch64", "arm64"):
        builder.call(declare(builder, ir.FunctionType(ir.VoidType(), [I32]), "llvm.aarch64.hint"), [I32(1)])


@intrinsic
def yield_thread(typing_context: Any) -> Any:
    """Let another thread have the core."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _yield(builder)
        return context.get_dummy_value()

    return types.void(), emit


def _yield(builder: Any) -> None:
    name = "SwitchToThread" if sys.platform == "win32" else "sched_yield"
    builder.call(declare(builder, ir.FunctionType(I32, []), name), [])


def _cycles(b: Any) -> Any:
    """A counter that goes up evenly with time."""
    machine = llvmlite.binding.get_process_triple().split("-")[0]
    if machine in ("aarch64", "arm64"):  # where the cycle counter itself is for the kernel only
        return b.asm(ir.FunctionType(I64, []), "mrs $0, cntvct_el0", "=r", [], side_effect=True)
    return b.call(declare(b, ir.FunctionType(I64, []), "llvm.readcyclecounter"), [])


# --- work for several threads ----------------------------------------------------------------------------


# Formulas, and not functions for numba: that would compile them anew for every literal that they are called with.


def _part(n: V, worker: V, workers: V, grain: V) -> tuple[V, V]:
    grains = over(n + grain - 1, grain)
    begin, end = (least(over(grains * i, workers) * grain, n) for i in (worker, worker + 1))
    return begin, end


@native(("i64", "i64"), "i64", "i64", "i64", "i64")
def share(n: V, worker: V, workers: V, grain: V) -> tuple[V, V]:
    """The part of range(n) of one worker, (begin, end): in order, inner boundaries on multiples of `grain`."""
    return _part(n, worker, workers, grain)


@native(("i64", "i64", "i64", "i64"), "i64", "i64", "i64", "i64", "i64")
def share_area(rows: V, columns: V, worker: V, workers: V, grain: V) -> tuple[V, V, V, V]:
    """The part of an area of one worker: (begin, end) of its rows, (left, right) of its columns. One axis is cut.

    Each worker of a product reads the whole of one factor, and its part of the other: the shorter one should be whole.
    """
    by_columns, zero = (columns > rows) & (columns >= WIDE), rows.const(0)
    first, last = _part(by_columns.choose(columns, rows), worker, workers, grain)
    return (
        by_columns.choose(zero, first),
        by_columns.choose(rows, last),
        by_columns.choose(first, zero),
        by_columns.choose(last, columns),
    )


def _wait(module: Any) -> Any:
    """The function that waits until `goal` arrivals: at first spinning, then giving the core away, since the others may
    need it. Where a worker failed nobody is waited for any more."""
    if "nn_wait" in module.globals:
        return module.globals["nn_wait"]
    function = new_function(module, "nn_wait", [I64, I64])
    b = ir.IRBuilder(function.append_basic_block("entry"))
    sync, goal = (V(b, x) for x in function.args)
    spins = Cell(_word(sync + PATIENCE))
    with loop(b, lambda: _word(sync) < goal), b.if_else((spins.get() > 0).value) as (eager, patient):
        with eager:
            spins.set(spins.get() - 1)
            _pause(b)
        with patient:
            _yield(b)
            with b.if_then(_word(sync + ABORTED).differs(0).value):
                b.ret_void()
    b.ret_void()
    return function


@native(None, "i64", "i64", "i64")
def barrier(sync: V, workers: V, count: V) -> None:
    """Wait until all workers are here. `count` is 1, 2, 3, … in the order of the program's barriers.

    Where a worker failed (a bounds check), nobody waits any more: the run ends with an error.
    """
    b = sync.b
    with b.if_then((workers > 1).value):
        b.atomic_rmw("add", pointer(sync, I64), I64(1), "seq_cst")
        call(_wait(b.module), sync, workers * count)


@native(None, "i64", "i64", "i64")
def tick(clocks: V, worker: V, word: V) -> None:
    """Worker 0 adds the time since the last tick to a word; word 0 holds when that was."""
    b = clocks.b
    with b.if_then(worker.equals(0).value):
        now, place = V(b, _cycles(b)), clocks + word * 8
        last, total = (b.load(pointer(at, I64), align=8) for at in (clocks, place))
        b.store((V(b, total) + now - V(b, last)).value, pointer(place, I64), align=8)
        b.store(now.value, pointer(clocks, I64), align=8)


@native(("i64", "i64"), "i64", "i64", "i64", "i64")
def share_places(n: V, worker: V, workers: V, rounds: V) -> tuple[V, V]:
    """The places of one worker, (begin, end), each of which it takes through several kernels; so many go together."""
    return _part(n, worker, workers, rounds)


@native("i64", "i64", "i64", "i64", "i64", "i64")
def call_program(address: V, worker: V, workers: V, sync: V, table: V) -> V:
    """Call a program by its address (`Program.address`): 0, or 1 where it failed."""
    b = address.b
    kind = ir.FunctionType(I32, [I64] * 4)
    status = b.call(pointer(address, kind), [worker.value, workers.value, sync.value, table.value])
    return V(b, b.zext(status, I64))


def c_function(*widths: int) -> Callable[..., Any]:
    """An intrinsic that calls `int f(…)` by its address; parameters are integers or pointers of 32 or 64 bits."""
    kind = ir.FunctionType(I32, [ir.IntType(width) for width in widths])

    def call(address: V, *given: V) -> V:
        values = [v if width == 64 else v.narrow(I32) for v, width in zip(given, widths, strict=True)]
        result = address.b.call(pointer(address, kind), [v.value for v in values])
        return V(address.b, address.b.sext(result, I64))

    names = ["address", *(f"argument_{i}" for i in range(len(widths)))]
    parameters = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in names]
    call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return native("i64", *["i64"] * len(names))(call)


@intrinsic
def stack_words(typing_context: Any) -> Any:
    """The address of `SYNC_WORDS` zeroed words that live until the calling function returns."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        area = ir.ArrayType(I64, SYNC_WORDS)
        place = cgutils.alloca_once(builder, area)
        builder.store(area(None), place)
        return builder.ptrtoint(place, I64)

    return types.int64(), emit


__all__ = [
    "KERNEL_OPTIONS", "SYNC_WORDS", "array_bool", "array_f32", "array_f64", "array_i8", "array_i32", "array_i64",
    "array_u8", "atomic_add", "atomic_exchange", "atomic_load", "atomic_store",
    "atomic_swap_if", "barrier", "c_function", "call_program", "entry", "helper", "kernel", "pause", "program",
    "sequence", "share", "share_area", "share_places", "stack_words", "tick", "yield_thread",
]  # fmt: skip
