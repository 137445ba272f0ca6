"""The compiled engine: a generated module loaded, its table filled, its arena laid out."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from nndsl.costs import LITTLE
from nndsl.ir.dims import evaluate
from nndsl.ir.graph import Node
from nndsl.ir.plan import WORKERS, Plan
from nndsl.ir.types import NUMPY_NAMES
from nndsl.ir.work import multiply_adds
from nndsl.runtime import cache, threads
from nndsl.runtime.pages import memory


class Slot(Protocol):
    """One word of the table (see kernels.module)."""

    @property
    def kind(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def node(self) -> Node | None: ...


class Module(Protocol):
    """What the loader needs of a generated module."""

    @property
    def plan(self) -> Plan: ...
    @property
    def slots(self) -> tuple[Slot, ...]: ...
    @property
    def clocks(self) -> tuple[object, ...]: ...
    @property
    def sizes(self) -> Mapping[str, str]: ...
    @property
    def text(self) -> str: ...
    @property
    def entry(self) -> str: ...


class Frame:
    """An arena and a table for one set of sizes, used by one run at a time."""

    def __init__(self, program: Native, sizes: Mapping[str, int]) -> None:
        plan, sizes = program.plan, {**sizes, WORKERS: program.workers}
        offsets: dict[Node, int] = {}
        end = 0
        for block in plan.blocks:
            for buffer in block.buffers:
                offsets[buffer.node] = end
            end += block.bytes(sizes)
        self.arena = memory(end)
        self.numbers = np.zeros(max(1, len(plan.scalars)), np.float64)
        self.words = self.numbers.view(np.int64)
        self.clocks = np.zeros(1 + len(program.clocks), np.int64)
        self.table = np.zeros(len(program.slots), np.int64)
        self.table_address: int = self.table.ctypes.data
        self.workers = program.workers if _is_much(program, end, sizes) else 1
        base = self.arena.ctypes.data
        self.arrays: list[tuple[int, str]] = []
        # The arrays of the last run: to ask an array for its address takes longer than to see that it is the same.
        self.bound: dict[int, Any] = {}
        for place, slot in enumerate(program.slots):
            match slot.kind:
                case "size":
                    self.table[place] = sizes[slot.name]
                case "buffer":
                    assert slot.node is not None
                    self.table[place] = base + offsets[slot.node]
                case "numbers":
                    self.table[place] = self.numbers.ctypes.data
                case "clocks":
                    self.table[place] = self.clocks.ctypes.data
                case _:
                    assert slot.node is not None
                    self.arrays.append((place, slot.node.attrs["name"]))
        self.outputs = [(name, self._view(program, node, offsets, sizes)) for name, node in plan.graph.outputs]

    def _view(self, program: Native, node: Node, offsets: Mapping[Node, int], sizes: Mapping[str, int]) -> Any:
        """An output's place in the arena; the name of the array, or the number, where it is only that."""
        home = program.plan.home(node)
        shape = tuple(evaluate(s, sizes) for s in node.shape)
        if home in offsets:
            dtype = np.dtype(NUMPY_NAMES[node.dtype])
            count = int(np.prod(shape, dtype=np.int64))
            start = offsets[home]
            return self.arena[start : start + count * dtype.itemsize].view(dtype).reshape(shape)
        return Outside(home, shape)


def _is_much(program: Native, arena: int, sizes: Mapping[str, int]) -> bool:
    """Whether a run is worth several threads; `arena` are the bytes of its arrays."""
    return arena // 4 + evaluate(program.work, sizes) > LITTLE


class Outside:
    """An output that no kernel computes: an array given, or a number."""

    def __init__(self, node: Node, shape: tuple[int, ...]) -> None:
        self.node, self.shape = node, shape

    def value(
        self, inputs: Mapping[str, Any], store: Mapping[str, Any], scalars: Mapping[str, Any], sizes: Mapping[str, int]
    ) -> Any:
        dtype = NUMPY_NAMES[self.node.dtype]
        match self.node.op:
            case "const":
                return np.array(self.node.attrs["value"], dtype)
            case "scalar":
                return np.array(scalars[self.node.attrs["name"]], dtype)
            case "dim":
                return np.array(evaluate(self.node.attrs["size"], sizes), dtype)
        name = self.node.attrs["name"]
        return np.array(inputs[name] if name in inputs else store[name]).reshape(self.shape)


MAX_FRAMES = 16


class Native:
    """An Executable over machine code."""

    def __init__(self, module: Module, workers: int) -> None:
        begin = time.perf_counter()
        self.plan = module.plan
        self.slots = module.slots
        self.renamed = module.sizes
        self.clocks = module.clocks
        loaded = cache.load_program(module.text, module.entry)
        self.address, self.compiled = loaded.address, loaded.compiled
        self.path = loaded.path
        self.workers = workers
        self.work = multiply_adds(module.plan.graph.roots)
        self.seconds = time.perf_counter() - begin
        self._frames: dict[tuple[int, ...], list[Frame]] = {}
        self._kept = 0
        self._lock = threading.Lock()

    def run(
        self, inputs: Mapping[str, Any], store: Mapping[str, Any], scalars: Mapping[str, Any], sizes: Mapping[str, int]
    ) -> dict[str, Any]:
        """See Executable. Safe from several threads as far as `store` is not shared with an update."""
        sizes = self.named(sizes)
        key = tuple(sizes[name] for name in self.plan.sizes)
        frame = self._borrow(key, sizes)
        try:
            return self.run_in(frame, inputs, store, scalars, sizes)
        finally:
            self._give_back(key, frame)

    def run_in(
        self,
        frame: Frame,
        inputs: Mapping[str, Any],
        store: Mapping[str, Any],
        scalars: Mapping[str, Any],
        sizes: Mapping[str, int],
    ) -> dict[str, Any]:
        """As `run`, in a frame of the caller's."""
        for place, name in frame.arrays:
            array = inputs[name] if name in inputs else store[name]
            if frame.bound.get(place) is not array:
                frame.table[place] = array.ctypes.data
                frame.bound[place] = array
        for i, name in enumerate(self.plan.scalars):
            if name == "key":
                frame.words[i] = scalars[name]
            else:
                frame.numbers[i] = scalars[name]
        threads.launch(self.address, frame.table_address, frame.workers)
        return {
            name: view.value(inputs, store, scalars, sizes) if isinstance(view, Outside) else view.copy()
            for name, view in frame.outputs
        }

    def named(self, sizes: Mapping[str, int]) -> Mapping[str, int]:
        """Sizes by the names that they have in the program too."""
        return {**sizes, **{new: sizes[old] for new, old in self.renamed.items()}} if self.renamed else sizes

    def _borrow(self, key: tuple[int, ...], sizes: Mapping[str, int]) -> Frame:
        with self._lock:
            free = self._frames.get(key)
            if free:
                self._kept -= 1
                return free.pop()
        return Frame(self, sizes)

    def _give_back(self, key: tuple[int, ...], frame: Frame) -> None:
        with self._lock:
            while self._kept >= MAX_FRAMES:
                oldest = next(k for k, v in self._frames.items() if v)
                self._frames[oldest].pop()
                if not self._frames[oldest]:
                    del self._frames[oldest]
                self._kept -= 1
            self._kept += 1
            self._frames.setdefault(key, []).append(frame)


def load(module: Module, workers: int) -> Native:
    """Compile a generated module, or take it from the cache."""
    return Native(module, workers)
