"""`npz("file.npz", words="x_train", topic="y_train")` and `ragged(…)`: arrays from NumPy archives."""

from __future__ import annotations

import math
import os
import pickle
import struct
import tokenize
import warnings
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from nndsl.data.columns import Column, DataSet, Dense, Ragged
from nndsl.data.context import Call, SourceContext, kind_of, reason_of
from nndsl.data.keras import Refused, read_pickled_texts
from nndsl.diagnostics import NndslError, Span
from nndsl.problems.arrays import RowsDisagree
from nndsl.problems.data import DataFileUnreadable, DataTooLarge, KeyMissing, PickleRefused, RaggedFault

LARGEST = 8 << 30  # bytes of one array

# What zipfile, zlib, numpy.lib.format and pickle raise for damaged or hostile files.
DAMAGE = (
    OSError, EOFError, ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError, RuntimeError,
    NotImplementedError, SyntaxError, tokenize.TokenError, zipfile.BadZipFile, zlib.error, struct.error,
    pickle.UnpicklingError,
)  # fmt: skip


@dataclass(frozen=True)
class RaggedKeys:
    """`ragged("train_words", "train_offsets", num_words=10000)`: the keys of texts, as a value for `npz`.

    Without `offsets`, `words` is an array of lists as in the Keras archives. `index_from` is added to every word
    and `start` put before every text, which is what Keras' `load_data` does (3 and 1) and its archives leave out.
    """

    words: str
    offsets: str | None = None
    num_words: int | None = None
    index_from: int = 0
    start: int | None = None


def ragged(context: SourceContext, span: Span | None, /, *args: object, **named: object) -> RaggedKeys:
    """`ragged(words, offsets=none, num_words=none, index_from=0, start=none)`. Raises NndslError (NN505)."""
    call = Call("ragged", span, args, named)
    call.at_most(2, 'as in ragged("train_words", "train_offsets", num_words=10000)')
    words = call.text(0, "words")
    has_offsets = len(args) > 1 or named.get("offsets") is not None
    offsets = call.text(1, "offsets") if has_offsets else None
    named.pop("offsets", None)
    keys = RaggedKeys(words, offsets, call.number("num_words", 1), call.number("index_from", 0) or 0,
                      call.number("start", 0))  # fmt: skip
    if named:
        call.refuse(f"there is no argument `{next(iter(named))}`", "it takes num_words, index_from and start")
    return keys


def npz(context: SourceContext, span: Span | None, /, *args: object, **named: object) -> DataSet:
    """`npz(path, NAME=key, …)`: a column NAME for every keyword, from the array `key` of the archive.

    A key is a string or `ragged(…)`. Only the arrays that are named are read. Raises NndslError: NN500 to NN505,
    NN510, NN525.
    """
    call = Call("npz", span, args, named)
    call.at_most(1, 'as in npz("file.npz", image="x_train", label="y_train")')
    path = call.text(0, "path")
    for name, key in named.items():
        if not isinstance(key, str | RaggedKeys):
            call.refuse(f"`{name}` is {kind_of(key)}, a key of the archive is needed", 'a string, or ragged("…")')
    archive = _Archive(context.resolve(path, span), path, span)
    if not named:
        keys = ", ".join(archive.keys) or "nothing"
        call.refuse("no input is named", f'as in npz("{path}", image="x_train"); the archive has {keys}')
    columns = {name: archive.column(name, key) for name, key in named.items() if isinstance(key, str | RaggedKeys)}
    rows = tuple((name, len(column)) for name, column in columns.items())
    if len({count for _, count in rows}) > 1:
        raise NndslError(RowsDisagree(span, f"`{path}`", rows))
    return DataSet(columns)


class _Archive:
    """An open question to one `.npz`: its keys, and its arrays one at a time."""

    def __init__(self, place: Path, path: str, span: Span | None) -> None:
        self.place, self.path, self.span = place, path, span
        try:
            with zipfile.ZipFile(place) as archive:
                self.members = {info.filename: info for info in archive.infolist()}
        except DAMAGE as error:
            raise NndslError(self._no_archive(error)) from None
        self.keys = tuple(name.removesuffix(".npy") for name in self.members)

    def column(self, name: str, key: str | RaggedKeys) -> Column:
        """The column that `key` means."""
        if isinstance(key, str):
            loaded = self._array(key, texts=False)
            if isinstance(loaded, Dense) and loaded.array.ndim == 0:
                raise NndslError(DataFileUnreadable(self.span, self.path, f"array `{key}` is a single number"))
            return loaded
        words = self._array(key.words, texts=True)
        offsets = None if key.offsets is None else self._array(key.offsets, texts=False)
        try:
            match words, offsets:
                case (Ragged(), None):
                    texts = Ragged(words.words, words.offsets, key.num_words)
                case (Dense(), Dense()):
                    texts = Ragged(words.array, offsets.array, key.num_words)
                case (Ragged(), _):
                    raise self._ragged_fault(name, f"`{key.words}` is an array of lists, which has no offsets")
                case _:
                    reason = f"`{key.words}` is {words.describe()}, no array of lists: name its offsets too"
                    raise self._ragged_fault(name, reason)
            return texts.shifted(key.index_from, key.start) if key.index_from or key.start is not None else texts
        except NndslError as error:
            # The column knows what is wrong, the place and the name are known here.
            faults = [RaggedFault(self.span, p.reason, name) for p in error.problems if isinstance(p, RaggedFault)]
            raise NndslError(faults or error.problems) from None

    def _ragged_fault(self, name: str, reason: str) -> NndslError:
        return NndslError(RaggedFault(self.span, reason, name))

    def _array(self, key: str, texts: bool) -> Column:
        """One array; `texts` admits the pickled lists of the Keras archives."""
        info = self.members.get(key + ".npy") or self.members.get(key)
        if info is None:
            raise NndslError(KeyMissing(self.span, f"`{self.path}`", key, self.keys))
        self._has_room(key, info.file_size)
        try:
            with zipfile.ZipFile(self.place) as archive, warnings.catch_warnings():
                warnings.simplefilter("ignore")  # NumPy warns of headers that Python 2 wrote, and reads them
                with archive.open(info) as file:
                    shape, dtype = _header(file)
                    if dtype.hasobject:
                        if not texts:
                            reason = f'it is an array of objects; texts are read with ragged("{key}")'
                            raise NndslError(PickleRefused(self.span, self.path, key, reason))
                        return read_pickled_texts(file, shape)
                needed = math.prod(shape) * dtype.itemsize
                self._has_room(key, needed)
                if needed > info.file_size:
                    raise EOFError(f"array `{key}` is shorter than its header says")
                with archive.open(info) as file:
                    return Dense(np.lib.format.read_array(file, allow_pickle=False))
        except Refused as refused:
            raise NndslError(PickleRefused(self.span, self.path, key, str(refused))) from None
        except MemoryError:
            raise NndslError(DataTooLarge(self.span, self.path, key, info.file_size, free_memory())) from None
        except DAMAGE as error:
            raise NndslError(self._damaged(key, error)) from None

    def _has_room(self, key: str, needed: int) -> None:
        room = min(LARGEST, free_memory())
        if needed > room:
            raise NndslError(DataTooLarge(self.span, self.path, key, needed, room))

    def _damaged(self, key: str, error: BaseException) -> DataFileUnreadable:
        reason = f"array `{key}` is damaged ({reason_of(error)})"
        return DataFileUnreadable(self.span, self.path, reason, "fetch or write the file again")

    def _no_archive(self, error: BaseException) -> DataFileUnreadable:
        """What the file seems to be instead."""
        try:
            with self.place.open("rb") as file:
                head = file.read(64)
        except OSError:
            return DataFileUnreadable(self.span, self.path, reason_of(error))
        again = "fetch or write the file again"
        if not head:
            return DataFileUnreadable(self.span, self.path, "it is empty", again)
        if head.startswith(b"PK"):
            return DataFileUnreadable(self.span, self.path, f"it is damaged or cut off ({reason_of(error)})", again)
        if head.startswith(np.lib.format.MAGIC_PREFIX):
            cure = "save it with numpy.savez, which gives the array a name"
            return DataFileUnreadable(self.span, self.path, "it is a single .npy array, no .npz archive", cure)
        if head.lstrip()[:1] == b"<":
            return DataFileUnreadable(self.span, self.path, "it is a web page, no .npz archive", again)
        return DataFileUnreadable(self.span, self.path, "it is no .npz archive", "write it with numpy.savez")


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and dtype that stand at the start of a `.npy`. Raises ValueError for what is none."""
    match np.lib.format.read_magic(file):
        case (1, 0):
            shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        case (2, 0):
            shape, _, dtype = np.lib.format.read_array_header_2_0(file)
        case version:
            raise ValueError(f"format {version} is not known")
    if any(size < 0 for size in shape):
        raise ValueError("a size is negative")
    return shape, dtype


def free_memory() -> int:
    """Bytes of memory that are free for us now; a large number where the system does not tell."""
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (OSError, ValueError, AttributeError):
        return 1 << 62
