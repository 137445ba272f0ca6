"""The vector pieces that matrix products are made of, as LLVM IR.

A tile is `TILE_ROWS` rows by one to `TILE_VECTORS` vectors of a result, held in registers while the sum runs. Every
element is one chain of multiply-adds in the order of k, in every tile, so its bits do not depend on which tile it
falls into.

There are no tails. Rows that a tile has too many repeat its last row, and the last vector of a row may lie over
the one before it: what is computed twice comes out with the same bits and is stored twice. Only a result narrower
than one vector needs masks.

Addresses and distances are in bytes.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import llvmlite.binding
from llvmlite import ir

from nndsl.runtime.llvm import F32, F64, I1, I32, I64, LLVM_VERSION, V, declare


def _features() -> frozenset[str]:
    """What the CPU that code is made for can do."""
    named = os.environ.get("NUMBA_CPU_FEATURES")
    if named:
        return frozenset(word[1:] for word in named.split(",") if word.startswith("+"))
    try:
        return frozenset(name for name, there in llvmlite.binding.get_host_cpu_features().items() if there)
    except RuntimeError:  # LLVM cannot tell on this system
        return frozenset()


def _machine() -> tuple[int, int, bool]:
    """Bytes of a vector register, their number, and whether a multiply-add is one instruction."""
    machine, features = llvmlite.binding.get_process_triple().split("-")[0], _features()
    if machine in ("aarch64", "arm64"):
        return 16, 32, True
    if machine in ("x86_64", "i686", "i386"):
        if "avx512f" in features:
            return 64, 32, True
        return (32 if "avx" in features else 16), 16, "fma" in features
    return 16, 16, False


VECTOR_BYTES, REGISTERS, FUSED = _machine()
TILE_ROWS = 8 if REGISTERS == 32 else 4
TILE_VECTORS = 3
"""The sums, a row of vectors of B and one number of A fill the registers."""
NARROW = 0
"""In place of a number of vectors: part of one."""


@dataclass(frozen=True)
class Kind:
    """An element type, with what follows from it for this machine."""

    element: Any

    @property
    def name(self) -> str:
        return "f32" if self.element == F32 else "f64"

    @property
    def size(self) -> int:
        return 4 if self.element == F32 else 8

    @property
    def lanes(self) -> int:
        return VECTOR_BYTES // self.size

    @property
    def vector(self) -> Any:
        return ir.VectorType(self.element, self.lanes)

    def several(self, count: int) -> Any:
        """A vector of some other length."""
        return ir.VectorType(self.element, count)

    def load(self, address: V, what: Any) -> V:
        """A vector or an element, at any multiple of the element's size."""
        b = address.b
        return V(b, b.load(b.inttoptr(address.value, what.as_pointer()), align=self.size))

    def store(self, value: V, address: V) -> None:
        b = address.b
        b.store(value.value, b.inttoptr(address.value, value.type.as_pointer()), align=self.size)

    def load_some(self, address: V, mask: V, vector: Any = None) -> V:
        """A vector whose lanes outside the mask are zero and are not read."""
        b, kind = address.b, vector or self.vector
        function = ir.FunctionType(kind, [kind.as_pointer(), I32, mask.type, kind])
        place = b.inttoptr(address.value, kind.as_pointer())
        given = [place, I32(self.size), mask.value, ir.Constant(kind, None)]
        return V(b, b.call(declare(b, function, self._masked("load", kind)), given))

    def store_some(self, value: V, address: V, mask: V) -> None:
        """The lanes in the mask."""
        b, kind = address.b, value.type
        function = ir.FunctionType(ir.VoidType(), [kind, kind.as_pointer(), I32, mask.type])
        place = b.inttoptr(address.value, kind.as_pointer())
        b.call(declare(b, function, self._masked("store", kind)), [value.value, place, I32(self.size), mask.value])

    def _masked(self, what: str, kind: Any) -> str:
        vector = f"v{kind.count}{self.name}"
        return f"llvm.masked.{what}.{vector}.p0" + ("" if LLVM_VERSION[0] >= 15 else vector)

    def multiply_add(self, x: V, y: V, total: V) -> V:
        """x * y + total, rounded once where the CPU can; of elements or vectors."""
        b, kind = total.b, total.type
        if not FUSED:
            return V(b, b.fadd(b.fmul(x.value, y.value), total.value))
        suffix = self.name if kind == self.element else f"v{kind.count}{self.name}"
        function = declare(b, ir.FunctionType(kind, [kind] * 3), f"llvm.fma.{suffix}")
        return V(b, b.call(function, [x.value, y.value, total.value]))

    def add(self, x: V, y: V) -> V:
        return V(x.b, x.b.fadd(x.value, y.value))


def spread(value: V, kind: Any) -> V:
    """A number in all lanes."""
    b, undefined = value.b, ir.Constant(kind, ir.Undefined)
    one = b.insert_element(undefined, value.value, I32(0))
    return V(b, b.shuffle_vector(one, undefined, ir.Constant(ir.VectorType(I32, kind.count), [0] * kind.count)))


def first_lanes(count: V, lanes: int) -> V:
    """The mask of the first `count` of so many lanes."""
    numbers = ir.VectorType(I64, lanes)
    counted = ir.Constant(numbers, list(range(lanes)))
    return V(count.b, count.b.icmp_signed("<", counted, spread(count, numbers).value))


def shuffle(x: V, y: V, order: list[int]) -> V:
    """Lanes of x, and behind them those of y, in some order."""
    return V(x.b, x.b.shuffle_vector(x.value, y.value, ir.Constant(ir.VectorType(I32, len(order)), order)))


def transposed(kind: Kind, source: V, across: V) -> list[V]:
    """A square of one vector by one vector with rows and columns exchanged.

    In round h, elements h off the diagonal change places.
    """
    lanes = kind.lanes
    lines = [kind.load(source + across * i, kind.vector) for i in range(lanes)]
    half = lanes // 2
    while half:
        low = [lanes + i - half if i & half else i for i in range(lanes)]
        high = [lanes + i if i & half else i + half for i in range(lanes)]
        for i in range(lanes):
            if not i & half:
                x, y = lines[i], lines[i + half]
                lines[i], lines[i + half] = shuffle(x, y, low), shuffle(x, y, high)
        half //= 2
    return lines


def transpose(kind: Kind, source: V, across: V, target: V, down: V) -> None:
    """Copy a square of one vector by one vector with rows and columns exchanged."""
    for i, line in enumerate(transposed(kind, source, across)):
        kind.store(line, target + down * i)


def new_function(module: Any, name: str, parameters: list[Any]) -> Any:
    """A function of this module that other modules may define too; one of them stays."""
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), parameters), name)
    function.linkage = "linkonce_odr"
    function.attributes.add("noinline")
    function.attributes.add("nounwind")
    return function


def sums_from(kind: Kind, fresh: V, places: list[list[V]], load: Callable[[V], V]) -> list[list[V]]:
    """What the sums start from: zeros where `fresh`, else what is there."""
    b = fresh.b
    before, continued, begun = b.block, b.append_basic_block("continued"), b.append_basic_block("begun")
    b.cbranch(fresh.value, begun, continued)
    b.position_at_end(continued)
    held = [[load(place) for place in line] for line in places]
    b.branch(begun)
    b.position_at_end(begun)
    none = V(b, ir.Constant(kind.vector, None))
    return [[joined(b, (none, before), (value, continued)) for value in line] for line in held]


def joined(b: Any, *incoming: tuple[V, Any]) -> V:
    """The value that belongs to the block from which control came."""
    node = b.phi(incoming[0][0].type)
    for value, block in incoming:
        node.add_incoming(value.value, block)
    return V(b, node)


def prefetch(address: V) -> None:
    """Ask for a line of memory ahead of its use; nothing happens where there is none."""
    b = address.b
    pointer = ir.IntType(8).as_pointer()
    name = "llvm.prefetch.p0" + ("" if LLVM_VERSION[0] >= 15 else "i8")
    function = declare(b, ir.FunctionType(ir.VoidType(), [pointer, I32, I32, I32]), name)
    to_write, to_keep, of_data = I32(1), I32(3), I32(1)
    b.call(function, [b.inttoptr(address.value, pointer), to_write, to_keep, of_data])


def tile(module: Any, kind: Kind, vectors: int, height: int = TILE_ROWS) -> Any:
    """The function C = A @ B, or C += A @ B unless `fresh`, for up to `height` rows; written once a module.

    Parameters: a, row, step, b, down, b_last, c, c_row, rows, depth, c_last, fresh. A(i, k) is at
    a + i * row + k * step, B's row k at b + k * down; its last vector starts at b_last from the row's start, C's at
    c_last. With NARROW as `vectors` there is one vector, of which the first c_last elements of C are read and written.
    """
    name = f"nn_tile_{kind.name}_{vectors or 'narrow'}" + (f"_by_{height}" if height != TILE_ROWS else "")
    if name in module.globals:
        return module.globals[name]
    function = new_function(module, name, [I64] * 11 + [I1])
    narrow, vectors = vectors == NARROW, max(1, vectors)
    b = ir.IRBuilder(function.append_basic_block("entry"))
    a, row, step, b_start, down, b_last, c, c_row, rows, depth, c_last, fresh = (V(b, x) for x in function.args)

    def offsets(of_last: V) -> list[V | int]:
        return [of_last if j and j == vectors - 1 else j * VECTOR_BYTES for j in range(vectors)]

    number = [(rows > i).choose(rows.const(i), rows - 1) for i in range(height)]
    a_rows = [a + row * n for n in number]
    places = [[c + c_row * n + o for o in offsets(c_last)] for n in number]
    mask = c_last
    if narrow:
        mask = first_lanes(c_last, kind.lanes)
    if not narrow:  # the next tile's sums
        for i in range(height, 2 * height):
            for o in offsets(c_last):
                prefetch(c + c_row * i + o)
    entry, continued = b.block, b.append_basic_block("continued")
    loop, done = b.append_basic_block("k"), b.append_basic_block("done")
    b.cbranch(fresh.value, loop, continued)
    b.position_at_end(continued)
    held = [[kind.load_some(p, mask) if narrow else kind.load(p, kind.vector) for p in line] for line in places]
    b.branch(loop)

    b.position_at_end(loop)

    def carried(first: Any, other: Any) -> V:
        phi = b.phi(first.type)
        phi.add_incoming(first, entry)
        phi.add_incoming(other, continued)
        return V(b, phi)

    left, offset = carried(depth.value, depth.value), carried(I64(0), I64(0))
    b_row = carried(b_start.value, b_start.value)
    sums = [[carried(ir.Constant(kind.vector, None), value.value) for value in line] for line in held]
    b_vectors = [kind.load(b_row + o, kind.vector) for o in offsets(b_last)]
    totals: list[list[V]] = []
    for a_row, line in zip(a_rows, sums, strict=True):
        x = spread(kind.load(a_row + offset, kind.element), kind.vector)
        totals.append([kind.multiply_add(x, y, total) for y, total in zip(b_vectors, line, strict=True)])
    following = {left: left - 1, offset: offset + step, b_row: b_row + down}
    for line, values in zip(sums, totals, strict=True):
        following.update(zip(line, values, strict=True))
    for before, after in following.items():
        before.value.add_incoming(after.value, loop)
    b.cbranch((following[left] > 0).value, loop, done)

    b.position_at_end(done)
    for targets, values in zip(places, totals, strict=True):
        for target, value in zip(targets, values, strict=True):
            if narrow:
                kind.store_some(value, target, mask)
            else:
                kind.store(value, target)
    b.ret_void()
    return function


__all__ = [
    "F32", "F64", "NARROW", "TILE_ROWS", "TILE_VECTORS", "VECTOR_BYTES", "Kind", "first_lanes", "new_function",
    "shuffle", "spread", "tile", "transpose", "transposed",
]  # fmt: skip
