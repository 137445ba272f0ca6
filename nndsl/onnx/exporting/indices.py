"""Places that are data: tables, one-hot rows, sorting; and random numbers."""

from __future__ import annotations

from nndsl.ir.dims import Size, product
from nndsl.ir.graph import Node
from nndsl.onnx.exporting.elementwise import Convert
from nndsl.onnx.exporting.writer import ELEMENTS, Writer


def take(w: Writer, node: Node) -> None:
    table, places = node.inputs
    w.emit(node, "Gather", w.value(table), w.value(places), axis=0)


def take_along_axis(w: Writer, node: Node) -> None:
    x, places = node.inputs
    w.emit(node, "GatherElements", w.value(x), w.value(places), axis=node.attrs["axis"])


def numbers(w: Writer, n: Size) -> str:
    """0, 1, … n - 1 as i64."""
    zero, one = w.scalar(0, "i64"), w.scalar(1, "i64")
    return w.one("Range", zero, w.number(n, "i64"), one)


def arange(w: Writer, node: Node) -> None:
    found = numbers(w, node.attrs["n"])
    if node.dtype == "i64":
        w.alias(node, found)
    else:
        w.emit(node, "Cast", found, to=ELEMENTS[node.dtype])


def one_hot(w: Writer, node: Node) -> None:
    (x,) = node.inputs
    wide = w.cast(w.one("Unsqueeze", w.value(x), w.ints(-1)), x.dtype, "i64")
    w.emit(node, "Cast", w.one("Equal", wide, numbers(w, node.attrs["n"])), to=ELEMENTS[node.dtype])


def filled(w: Writer, value: float, shape: tuple[Size, ...], dtype: str) -> str:
    """An array of one number."""
    return w.one("Expand", w.scalar(value, dtype), w.shape(shape))


def multi_hot(w: Writer, node: Node) -> None:
    """Ones at the places of the words, and 0 at the place that stands for no word."""
    (words,), n, padding = node.inputs, node.attrs["n"], node.attrs["padding"]
    rank, dtype = node.type.rank, node.dtype
    places = w.cast(w.value(words), words.dtype, "i64")
    ones = filled(w, 1, words.shape, dtype)
    zeros = filled(w, 0, node.shape, dtype)
    if padding is None:
        w.emit(node, "ScatterElements", zeros, places, ones, axis=rank - 1)
        return
    hit = w.one("ScatterElements", zeros, places, ones, axis=rank - 1)
    word = w.one("Equal", numbers(w, n), w.scalar(padding, "i64"))
    w.emit(node, "Where", word, w.scalar(0, dtype), hit)


def scatter_add(w: Writer, node: Node) -> None:
    places, values = node.inputs
    rest = node.shape[1:]
    flat = w.reshaped(w.cast(w.value(places), places.dtype, "i64"), (product(places.shape), 1), places.shape)
    rows = w.reshaped(w.value(values), (product(places.shape), *rest), values.shape)
    w.emit(node, "ScatterND", filled(w, 0, node.shape, node.dtype), flat, rows, reduction="add")


def scatter_along_axis(w: Writer, node: Node) -> None:
    places, values = node.inputs
    zeros = filled(w, 0, node.shape, node.dtype)
    w.emit(node, "ScatterElements", zeros, w.value(places), w.value(values), axis=node.attrs["axis"], reduction="add")


def _sorted(w: Writer, node: Node, name: str) -> list[str]:
    """Values and places of all elements along an axis in order."""
    (x,), axis = node.inputs, node.attrs["axis"]
    dtype = "i32" if x.dtype == "bool" else x.dtype
    given = (w.cast(w.value(x), x.dtype, dtype), w.size(x.shape[axis]))
    return w.add("TopK", given, name, 2, axis=axis, largest=int(node.attrs["descending"]), sorted=1)


def sort(w: Writer, node: Node) -> None:
    w.alias(node, _sorted(w, node, node.name or "sort")[0])


def argsort(w: Writer, node: Node) -> None:
    w.emit(node, "Cast", _sorted(w, node, "sorted")[1], to=ELEMENTS["i32"])


def top_places(w: Writer, node: Node) -> None:
    (x,), rank = node.inputs, node.type.rank
    _, places = w.add("TopK", (w.value(x), w.ints(node.attrs["k"])), "top", 2, axis=rank - 1, largest=1, sorted=1)
    w.emit(node, "Cast", places, to=ELEMENTS["i32"])


def random(op: str) -> Convert:
    """Numbers that the runtime draws: of the same distribution, but other ones."""

    def convert(w: Writer, node: Node) -> None:
        like = filled(w, 0, node.shape, node.dtype)
        w.emit(node, op, like, dtype=ELEMENTS[node.dtype])

    return convert


FAMILY: dict[str, Convert] = {
    "take": take,
    "take_along_axis": take_along_axis,
    "arange": arange,
    "one_hot": one_hot,
    "multi_hot": multi_hot,
    "scatter_add": scatter_add,
    "scatter_along_axis": scatter_along_axis,
    "sort": sort,
    "argsort": argsort,
    "top_places": top_places,
    "random_uniform": random("RandomUniformLike"),
    "random_normal": random("RandomNormalLike"),
}
