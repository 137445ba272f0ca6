"""Generated programs run as plain Python, with all checks that machine code does not make.

The text of a module is executed with functions of the same names in place of the native ones. Every kernel runs for
each worker in turn, the last one first, and every access is checked:

* no index is negative or beyond its array;
* nothing is read that was never written (the arena starts unwritten);
* no element that one worker writes is read or written by another one in the same kernel;
* only the arrays that the program updates, and its arena, are written.

It needs no compilation, so thousands of random graphs can be put through it.
"""

from __future__ import annotations

import ast
import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import nndsl
from nndsl.costs import MARKED_WORDS
from nndsl.ir import types
from nndsl.ir.dims import evaluate
from nndsl.ir.plan import WORKERS
from nndsl.kernels.module import Module
from nndsl.ops import draws as random
from nndsl.ops.special import erf, erfinv

HAND_WRITTEN = [
    Path(nndsl.__file__).parent / "runtime" / name for name in ("ready.py", "bags.py", "cumulative.py", "sorting.py")
]
BYTES, NUMPY_NAMES = {**types.BYTES, "u8": 1}, {**types.NUMPY_NAMES, "u8": "uint8"}
ARENA = 1 << 40
"""The address at which the arena begins; the arrays lie below."""
STACKS = 1 << 50
"""The address at which what kernels have on their stacks begins."""


class Violation(AssertionError):
    """The program did what machine code would do silently."""


@dataclass
class Memory:
    """Elements by address, who touched them in the running kernel, and where writing is allowed."""

    values: dict[int, Any] = field(default_factory=dict)
    widths: dict[int, str] = field(default_factory=dict)
    constant: list[tuple[int, int]] = field(default_factory=list)
    kernel: str = ""
    worker: int = 0
    readers: dict[int, set[int]] = field(default_factory=dict)
    writers: dict[int, set[int]] = field(default_factory=dict)

    def begin(self, kernel: str) -> None:
        self.kernel, self.readers, self.writers = kernel, {}, {}

    def check(self) -> None:
        """After all workers have run one kernel."""
        for address, writers in self.writers.items():
            if len(writers | self.readers.get(address, set())) > 1:
                raise Violation(f"{self.kernel}: workers share an element that one of them writes")


class Array:
    """A C-contiguous array in a Memory."""

    def __init__(self, memory: Memory, address: int, shape: tuple[int, ...] | int, dtype: str) -> None:
        self.memory, self.address, self.dtype = memory, address, dtype
        self.shape = (shape,) if isinstance(shape, int) else shape
        self.make = np.dtype(NUMPY_NAMES[dtype]).type
        self.itemsize = BYTES[dtype]

    def _place(self, index: Any) -> int:
        index = index if isinstance(index, tuple) else (index,)
        if len(index) != len(self.shape) or any(not 0 <= i < n for i, n in zip(index, self.shape, strict=True)):
            raise Violation(f"{self.memory.kernel}: index {index} in an array of shape {self.shape}")
        flat = 0
        for i, n in zip(index, self.shape, strict=True):
            flat = flat * n + int(i)
        return self.address + flat * BYTES[self.dtype]

    def __getitem__(self, index: Any) -> Any:
        if not isinstance(index, tuple) and len(self.shape) == 3:  # a matrix of a batch
            at = Array(self.memory, self.address, (self.shape[0], math.prod(self.shape[1:])), self.dtype)._place(
                (index, 0)
            )
            return Array(self.memory, at, self.shape[1:], self.dtype)
        place = self._place(index)
        if self.memory.widths.get(place) != self.dtype:
            raise Violation(f"{self.memory.kernel}: {index} is read and was never written as {self.dtype}")
        self.memory.readers.setdefault(place, set()).add(self.memory.worker)
        return self.memory.values[place]

    def __setitem__(self, index: Any, value: Any) -> None:
        place, memory = self._place(index), self.memory
        if any(start <= place < stop for start, stop in memory.constant):
            raise Violation(f"{memory.kernel}: writes to an input")
        for near in range(place - 7, place + BYTES[self.dtype]):  # what lay here under other bounds is gone
            if near != place and near in memory.widths and near + BYTES[memory.widths[near]] > place:
                del memory.values[near], memory.widths[near]
        memory.values[place], memory.widths[place] = self.make(value), self.dtype
        memory.writers.setdefault(place, set()).add(memory.worker)


def share(n: int, worker: int, workers: int, grain: int) -> tuple[int, int]:
    """As `intrinsics.share`."""
    grains = (n + grain - 1) // grain
    return min(grains * worker // workers * grain, n), min(grains * (worker + 1) // workers * grain, n)


def share_area(rows: int, columns: int, worker: int, workers: int, grain: int) -> tuple[int, int, int, int]:
    """As `intrinsics.share_area`."""
    if columns > rows and columns >= 128:
        return (0, rows, *share(columns, worker, workers, grain))
    return (*share(rows, worker, workers, grain), 0, columns)


def _drawn(name: str) -> Callable[[Any, int, int], Any]:
    distribution, _, dtype = name.rpartition("_")
    draw = getattr(random, distribution)
    return lambda key, stream, place: draw(int(key), stream, int(place) + 1, NUMPY_NAMES[dtype])[int(place)]


def _typed(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda x: type(x)(function(x))


def _sigmoid(x: Any) -> Any:
    e = np.exp(-abs(x))
    return (1 if x >= 0 else e) / (1 + e)


def _product(form: str) -> Callable[..., None]:
    """As `products.product_nn` and its relatives, of all columns or of some."""

    def product(
        x: Any, y: Any, out: Any, start: int, stop: int, left: int = 0, right: int | None = None, place: int = -1
    ) -> None:
        above = 0 if place < 0 else start - place
        depth = x.shape[0 if form[0] == "t" else 1]
        for i in range(start, stop):
            for j in range(left, out.shape[1] if right is None else right):
                total = out.make(0)
                for k in range(depth):
                    total += (x[k, i] if form[0] == "t" else x[i, k]) * (y[j, k] if form[1] == "t" else y[k, j])
                out[i - above, j] = total

    return product


def _product_part(x: Any, y: Any, out: Any, part: int, start: int, stop: int) -> None:
    """As `long_products.product_part`."""
    for i in range(x.shape[1]):
        for j in range(y.shape[1]):
            out[part, i, j] = sum((x[k, i] * y[k, j] for k in range(start, stop)), start=out.make(0))


PRODUCTS = {f"product_{form}": _product(form) for form in ("nn", "nt", "tn", "tt")}
PRODUCTS |= {f"{name}_{some}": product for name, product in PRODUCTS.items() for some in ("columns", "passing")}
PRODUCTS["product_part"] = _product_part


def _within(form: str) -> Callable[..., None]:
    """As `products.product_nn_within` and its relatives."""

    def product(x: Any, y: Any, out: Any, start: int, stop: int, width: int, depth: int, place: int) -> None:
        for i in range(start, stop):
            for j in range(width):
                total = out.make(0)
                for k in range(depth):
                    total += (x[k, i] if form[0] == "t" else x[i, k]) * (y[j, k] if form[1] == "t" else y[k, j])
                out[i - start + place, j] = total

    return product


PRODUCTS |= {f"product_{form}_within": _within(form) for form in ("nn", "nt", "tn", "tt")}


def _sum_rows(words: Any, table: Any, out: Any, i: int, place: int, begin: int, end: int) -> None:
    """As `named_rows.sum_rows`."""
    named = [int(words[i, 1 + k]) for k in range(words[i, 0])]
    for j in range(out.shape[-1]):
        index = (place // out.shape[1], place % out.shape[1], j)
        out[index] = sum((table[word, j] for word in named if begin <= word < end), start=out.make(0))


def _spread_row(words: Any, values: Any, out: Any, i: int, begin: int, end: int) -> None:
    """As `named_rows.spread_row`."""
    for k in range(words[i, 0]):
        word = int(words[i, 1 + k])
        for j in range(out.shape[1] if begin <= word < end else 0):
            out[word, j] += values[i, j]


NAMED_ROWS: dict[str, Any] = {"sum_rows": _sum_rows, "spread_row": _spread_row}
NAMED_ROWS["place_of"] = lambda distance, span: distance if 0 <= distance < span else span
NAMED_ROWS |= {"VECTOR_BYTES": 64, "MARKED_WORDS": MARKED_WORDS}
FUNCTIONS: dict[str, Any] = {
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "tanh": np.tanh,
    "erf": erf,
    "erfinv": erfinv,
    "exp2": np.exp2,
    "arctan": np.arctan,
    "sigmoid": _sigmoid,
    "softplus": lambda x: np.logaddexp(x, type(x)(0)),
    "is_finite": np.isfinite,
}
PLAIN: dict[str, Any] = {
    "choose": lambda condition, then, otherwise: then if condition else otherwise,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "sign": np.sign,
    "floor_mod": np.mod,
    "floor_divide": np.floor_divide,
    "power": np.power,
    "floor": np.floor,
    "ceil": np.ceil,
    "rint": np.rint,
    "sqrt": np.sqrt,
    "over_root_f32": lambda x, v, c: x / (np.sqrt(v) + np.float32(c)),
    "over_root_f64": lambda x, v, c: x / (np.sqrt(v) + c),
    "log2": np.log2,
    "log10": np.log10,
    "sin": np.sin,
    "cos": np.cos,
}


def _names(memory: Memory, workers: int) -> dict[str, Any]:
    """What a generated module imports, and what it decorates with."""

    def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any) -> None:
            memory.begin(function.__name__)
            given = dict(zip(inspect.signature(function).parameters, arguments, strict=True))
            for name, kind in function.__annotations__.items():
                dtype, _, shape = kind.rstrip("]").partition("[")
                if shape:
                    sizes = eval(f"({shape},)", {}, dict(given))
                    given[name] = Array(memory, given[name], sizes, dtype)
            for worker in reversed(range(workers)):
                memory.worker = worker
                function(**{**given, "worker": worker, "workers": workers})
            memory.check()

        return run

    names: dict[str, Any] = {
        "f32": np.float32,
        "f64": np.float64,
        "i32": np.int32,
        "i64": np.int64,
        "inf": math.inf,
        "nan": math.nan,
        "share": share,
        "share_area": share_area,
        "share_places": lambda n, worker, workers, rounds: (0, n),
        "barrier": lambda sync, workers, count: None,
        "marks": lambda: STACKS + memory.worker * MARKED_WORDS * 2,
        "kernel": kernel,
        "sequence": lambda f: f,
        "entry": lambda table, k: table[k],
        **PLAIN,
    }
    for dtype in ("f32", "f64"):
        names |= {f"{name}_{dtype}": _typed(function) for name, function in FUNCTIONS.items()}
        names |= {f"is_finite_{dtype}": np.isfinite, f"is_nan_{dtype}": np.isnan, f"is_infinite_{dtype}": np.isinf}
        names |= {f"arctan2_{dtype}": np.arctan2}
        names |= {f"{n}_{dtype}": _drawn(f"{n}_{dtype}") for n in ("uniform", "normal", "truncated_normal")}
    for dtype in BYTES:
        names[f"array_{dtype}"] = lambda address, shape, dtype=dtype: Array(memory, address, shape, dtype)
    for path in HAND_WRITTEN:
        tree = ast.parse(path.read_text())
        tree.body = [part for part in tree.body if not isinstance(part, ast.ImportFrom)]
        alone = {"kernel": lambda f: f, "helper": lambda f: f, "Any": object}
        names |= _executed(tree, {**names, **alone, **PRODUCTS, **NAMED_ROWS}, str(path))
    names["kernel"] = kernel
    return names


def _executed(tree: ast.Module, names: dict[str, Any], path: str) -> dict[str, Any]:
    exec(compile(tree, path, "exec"), names)
    return names


class PlainPython:
    """An Executable over the text of a module."""

    seconds = 0.0
    compiled = False

    def __init__(self, module: Module, workers: int) -> None:
        self.module, self.workers = module, workers
        tree = ast.parse(module.text)
        tree.body = [p for p in tree.body if not isinstance(p, ast.ImportFrom) or p.module == "__future__"]
        self.tree = tree

    def run(
        self, inputs: Mapping[str, Any], store: Mapping[str, Any], scalars: Mapping[str, Any], sizes: Mapping[str, int]
    ) -> dict[str, Any]:
        """See Executable. Raises Violation where machine code would go wrong silently."""
        memory, module, plan = Memory(), self.module, self.module.plan
        sizes = {**sizes, **{new: sizes[old] for new, old in module.sizes.items()}, WORKERS: self.workers}
        end, addresses = 64, dict[Any, int]()
        updated = {u.target.attrs["name"] for u in plan.graph.updates}
        table: list[int] = []
        offsets, top = dict[Any, int](), ARENA
        for block in plan.blocks:
            for buffer in block.buffers:
                offsets[buffer.node] = top
            top += block.bytes(sizes)
        for slot in module.slots:
            match slot.kind:
                case "size":
                    table.append(sizes[slot.name])
                case "buffer":
                    table.append(offsets[slot.node])
                case "numbers":
                    table.append(end)
                    wide = {n: np.float64(v) for n, v in scalars.items()}
                    for k, name in enumerate(plan.scalars):
                        kind = "i64" if name == "key" else "f64"
                        memory.values[end + 8 * k] = np.int64(scalars[name]) if name == "key" else wide[name]
                        memory.widths[end + 8 * k] = kind
                    end += 8 * len(plan.scalars) + 64
                case _:
                    assert slot.node is not None
                    name, dtype = slot.node.attrs["name"], slot.node.dtype
                    value = inputs[name] if name in inputs else store[name]
                    assert value.dtype == NUMPY_NAMES[dtype]
                    assert value.shape == tuple(evaluate(s, sizes) for s in slot.node.shape)
                    addresses[slot.node] = end
                    table.append(end)
                    for k, element in enumerate(value.flat):
                        memory.values[end + k * BYTES[dtype]] = element
                        memory.widths[end + k * BYTES[dtype]] = dtype
                    if name not in updated:
                        memory.constant.append((end, end + value.nbytes))
                    end += value.nbytes + 64
        with np.errstate(all="ignore"):
            names = _executed(self.tree, _names(memory, self.workers), module.entry)
            names[module.entry](0, self.workers, 0, table)
        outputs = {}
        for name, node in plan.graph.outputs:
            home = plan.home(node)
            shape = tuple(evaluate(s, sizes) for s in node.shape)
            if home.op in ("const", "scalar", "dim"):
                from nndsl.runtime.native import Outside

                outputs[name] = Outside(home, shape).value(inputs, store, scalars, sizes)
            elif home in offsets:
                outputs[name] = _read(memory, offsets[home], shape, node.dtype)
            else:
                leaf = home.attrs["name"]
                outputs[name] = np.array(
                    inputs[leaf] if leaf in inputs else _read(memory, addresses[home], shape, node.dtype)
                ).reshape(shape)
        for name in updated:
            node = next(n for n in addresses if n.attrs["name"] == name)
            store[name][...] = _read(memory, addresses[node], store[name].shape, node.dtype)
        return outputs


def _read(memory: Memory, address: int, shape: tuple[int, ...], dtype: str) -> Any:
    places = range(address, address + math.prod(shape) * BYTES[dtype], BYTES[dtype])
    if any(memory.widths.get(place) != dtype for place in places):
        raise Violation("an output was never written, or something was written over it")
    return np.array([memory.values[place] for place in places], NUMPY_NAMES[dtype]).reshape(shape)
