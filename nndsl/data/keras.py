"""The pickled arrays of the Keras archives, read without running anything that a pickle may ask for.

`imdb.npz` and `reuters.npz` hold object arrays: one Python list of word numbers for each text. A pickle names
functions to call. Here those names give stand-ins of our own that only note what they were called with, so not even
NumPy's code sees what comes from the file before it is checked.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any

import numpy as np

from nndsl.data.columns import Array, Ragged

LIMIT = 1 << 31  # words; lists may be the same list a million times over, so the file size is no bound


class Refused(Exception):
    """The pickle asks for something else than lists of integers; the text says what."""


def read_pickled_texts(file: IO[bytes], shape: tuple[int, ...]) -> Ragged:
    """Texts from a file that stands behind the header of an object array of `shape`.

    Raises Refused, or what `pickle.Unpickler.load` raises for damaged pickles.
    """
    loaded = _Unpickler(file).load()
    if not isinstance(loaded, _PickledArray) or loaded.dtype.code not in ("O", "O8", "O4", "|O"):
        raise Refused("it is no array of lists")
    items = loaded.content
    if len(shape) != 1 or not isinstance(items, list) or len(items) != shape[0]:
        raise Refused("it is no array of lists of one dimension")
    return _flattened(items)


def _flattened(items: list[Any]) -> Ragged:
    lengths = np.zeros(len(items) + 1, dtype=np.int64)
    for row, item in enumerate(items):
        if isinstance(item, _PickledArray):
            items[row] = item = item.integers(row)
        elif type(item) is not list:
            raise Refused(f"element {row} is {_word(item)}, not a list")
        lengths[row + 1] = len(item)
    offsets = np.cumsum(lengths)
    if int(offsets[-1]) > LIMIT:
        raise Refused(f"it unfolds to {int(offsets[-1])} words")
    words = np.zeros(int(offsets[-1]), dtype=np.int32)
    for row, item in enumerate(items):
        if type(item) is list and not set(map(type, item)) <= {int}:
            odd = next(word for word in item if type(word) is not int)
            raise Refused(f"element {row} holds {_word(odd)}, not only integers")
        try:
            words[offsets[row] : offsets[row + 1]] = item
        except OverflowError:
            raise Refused(f"element {row} holds an integer beyond 32 bits") from None
    return Ragged(words, offsets)


def _word(value: object) -> str:
    match value:
        case _PickledArray():
            return "an array"
        case None:
            return "None"
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


@dataclass
class _PickledDtype:
    """Stands for `numpy.dtype(code, align, copy)`; its state tells the byte order."""

    code: str
    order: str = "|"

    def __setstate__(self, state: object) -> None:
        match state:
            case (int(), "<" | ">" | "|" | "=" as order, None, None, None, *_):
                self.order = order
            case _:
                raise Refused("it has an array of records")


class _PickledArray:
    """Stands for the array that `_reconstruct` makes; its state holds what is in it."""

    dtype = _PickledDtype("")
    content: object = None

    def __setstate__(self, state: object) -> None:
        match state:
            case (int(), tuple(), _PickledDtype() as dtype, bool(), (list() | bytes()) as content):
                self.dtype, self.content = dtype, content
            case _:
                raise Refused("it holds an array in an unknown form")

    def integers(self, row: int) -> Array:
        """The content of an array of integers of one dimension, as i64."""
        content, code = self.content, self.dtype.code
        if not isinstance(content, bytes) or code not in ("i1", "i2", "i4", "i8", "u1", "u2", "u4"):
            raise Refused(f"element {row} is an array of something else than integers")
        if len(content) % int(code[1]):
            raise Refused(f"element {row} is damaged")
        order = self.dtype.order if self.dtype.order in "<>" else "="
        numbers = np.frombuffer(content, dtype=np.dtype(order + code)).astype(np.int64)
        # Assigning an array into i32 would wrap around silently, a list raises.
        if numbers.size and (numbers.min() < 0 or numbers.max() > np.iinfo(np.int32).max):
            raise Refused(f"element {row} holds an integer beyond 32 bits")
        return numbers


def _reconstruct(kind: object, shape: object, code: object) -> _PickledArray:
    if not isinstance(kind, _Name) or kind.call is not _ndarray:
        raise Refused("it makes something else than an array")
    return _PickledArray()


def _ndarray(*arguments: object) -> object:
    """Stands for the class `numpy.ndarray`, which pickles hand to `_reconstruct`; never called."""
    raise Refused("it makes an array by itself")


def _dtype(code: object, *options: object) -> _PickledDtype:
    if not isinstance(code, str):
        raise Refused("it has an unknown dtype")
    return _PickledDtype(code)


def _encode(text: object, encoding: object) -> bytes:
    """Stands for `_codecs.encode`: how pickles of protocol 2 hold bytes."""
    if not isinstance(text, str) or encoding != "latin1":
        raise Refused("it encodes text")
    return text.encode("latin1", "replace")


@dataclass(frozen=True)
class _Name:
    """What a pickle gets for a name it asks for. Not the function itself: a pickle may set attributes of that."""

    call: Callable[..., object]

    def __call__(self, *arguments: object) -> object:
        return self.call(*arguments)

    def __setstate__(self, state: object) -> None:
        raise Refused("it changes a function")


_ADMITTED: dict[tuple[str, str], Callable[..., object]] = {
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy", "ndarray"): _ndarray,
    ("numpy", "dtype"): _dtype,
    ("_codecs", "encode"): _encode,
}


class _Unpickler(pickle.Unpickler):
    """Knows the few names above and no others."""

    def find_class(self, module: str, name: str) -> _Name:
        if (module, name) not in _ADMITTED:
            raise Refused(f"it asks for `{module}.{name}`")
        return _Name(_ADMITTED[module, name])

    def persistent_load(self, pid: object) -> object:
        raise Refused("it refers to objects outside of itself")
