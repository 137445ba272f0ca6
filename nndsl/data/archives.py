"""`npz("file.npz", words="x_train", topic="y_train")`, `npy(image="images.npy")` and `ragged(…)`: arrays of NumPy.

Sets up to 1 GiB are held in memory. Larger ones, and those that say `stream=true`, are read in pieces.
"""

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

import numpy as np

from nndsl.data.columns import Column, DataSet, Dense, Ragged
from nndsl.data.context import Call, SourceContext, kind_of, reason_of
from nndsl.data.keras import Refused, read_pickled_texts
from nndsl.data.members import Member, MemberStream, header, start_in_archive
from nndsl.data.streams import HELD, Stream
from nndsl.data.streams import held as whole
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


def npz(context: SourceContext, span: Span | None, /, *args: object, **named: object) -> DataSet | Stream:
    """`npz(path, NAME=key, …, stream=none)`: a column NAME for every keyword, from the array `key` of the archive.

    A key is a string or `ragged(…)`. Only the arrays that are named are read. Raises NndslError: NN500 to NN505,
    NN510, NN518, NN525.
    """
    call = Call("npz", span, args, named)
    call.at_most(1, 'as in npz("file.npz", image="x_train", label="y_train")')
    path = call.text(0, "path")
    stream = call.choice("stream")
    for name, key in named.items():
        if not isinstance(key, str | RaggedKeys):
            call.refuse(f"`{name}` is {kind_of(key)}, a key of the archive is needed", 'a string, or ragged("…")')
    archive = _Archive(context.resolve(path, span), path, span)
    if not named:
        keys = ", ".join(archive.keys) or "nothing"
        call.refuse("no input is named", f'as in npz("{path}", image="x_train"); the archive has {keys}')
    plain = {name: key for name, key in named.items() if isinstance(key, str)}
    if stream is not False and len(plain) == len(named):
        found: dict[str, Member] = {}
        for name, key in plain.items():
            member = archive.member(key)
            if member is None:
                break
            found[name] = member
        if len(found) == len(plain) and (stream or sum(member.bytes for member in found.values()) > HELD):
            return _streamed(found, path, span)
    if stream:
        reason = "it is to be read in pieces, and "
        if len(plain) < len(named):
            call.refuse(f"{reason}ragged texts are held in memory", "leave `stream` out")
        call.refuse(f"{reason}`{path}` is compressed, or holds arrays in the order of Fortran",
                    "write it with numpy.savez, from arrays in C order")  # fmt: skip
    columns = {name: archive.column(name, key) for name, key in named.items() if isinstance(key, str | RaggedKeys)}
    rows = tuple((name, len(column)) for name, column in columns.items())
    if len({count for _, count in rows}) > 1:
        raise NndslError(RowsDisagree(span, f"`{path}`", rows))
    return DataSet(columns)


def npy(context: SourceContext, span: Span | None, /, *args: object, **named: object) -> DataSet | Stream:
    """`npy(NAME="file.npy", …, stream=none)`: a column NAME for every keyword, the array in that file.

    Raises NndslError: NN500, NN501, NN503 to NN505, NN518, NN525.
    """
    call = Call("npy", span, args, named)
    call.at_most(0, 'as in npy(image="images.npy", label="labels.npy")')
    stream = call.choice("stream")
    if not named:
        call.refuse("no input is named", 'as in npy(image="images.npy", label="labels.npy")')
    members: dict[str, Member] = {}
    held: dict[str, Column] = {}
    for name in list(named):
        path = call.text(0, name)
        place = context.resolve(path, span)
        try:
            with place.open("rb") as file:
                shape, fortran, dtype = header(file)
                start = file.tell()
            if dtype.hasobject:
                raise NndslError(PickleRefused(span, path, name, "it is an array of objects"))
            if not shape:
                raise ValueError("it is a single number")
            members[name] = Member(place, path, start, shape, dtype)
            if place.stat().st_size < start + members[name].bytes:
                raise EOFError("it is shorter than its header says")
            if fortran:
                held[name] = Dense(np.ascontiguousarray(np.load(place, mmap_mode="r", allow_pickle=False)))
        except DAMAGE as error:
            raise NndslError(DataFileUnreadable(span, path, reason_of(error))) from None
    rows = tuple((name, member.shape[0]) for name, member in members.items())
    if len({count for _, count in rows}) > 1:
        raise NndslError(RowsDisagree(span, "the files", rows))
    if stream and held:
        call.refuse("an array in the order of Fortran cannot be read in pieces", "save it in C order")
    if stream or (stream is None and not held and sum(member.bytes for member in members.values()) > HELD):
        return _streamed(members, rows[0][0], span)
    for name, member in members.items():
        room = free_memory()
        if member.bytes > room:
            raise NndslError(DataTooLarge(span, member.path, name, member.bytes, room))
    return DataSet({**whole(_streamed(members, rows[0][0], span)), **held})


def _streamed(members: dict[str, Member], path: str, span: Span | None) -> MemberStream:
    """Members as one set. Raises NndslError (NN525) where they differ in rows."""
    rows = tuple((name, member.shape[0]) for name, member in members.items())
    if len({count for _, count in rows}) > 1:
        raise NndslError(RowsDisagree(span, f"`{path}`", rows))
    return MemberStream(members, span)


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

    def member(self, key: str) -> Member | None:
        """Where the array lies in the file, or None where it can only be read whole. Raises NndslError."""
        info = self._info(key)
        if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1:
            return None
        try:
            start = start_in_archive(self.place, info)
            with self.place.open("rb") as file:
                file.seek(start)
                shape, fortran, dtype = header(file)
                found = Member(self.place, self.path, file.tell(), shape, dtype)
            if fortran or dtype.hasobject or not shape:
                return None
            if found.start + found.bytes > start + info.file_size:
                raise EOFError(f"array `{key}` is shorter than its header says")
        except DAMAGE:
            return None  # to read the whole of it says what is wrong
        return found

    def _info(self, key: str) -> zipfile.ZipInfo:
        info = self.members.get(key + ".npy") or self.members.get(key)
        if info is None:
            raise NndslError(KeyMissing(self.span, f"`{self.path}`", key, self.keys))
        return info

    def _ragged_fault(self, name: str, reason: str) -> NndslError:
        return NndslError(RaggedFault(self.span, reason, name))

    def _array(self, key: str, texts: bool) -> Column:
        """One array; `texts` admits the pickled lists of the Keras archives."""
        info = self._info(key)
        self._has_room(key, info.file_size)
        try:
            with zipfile.ZipFile(self.place) as archive, warnings.catch_warnings():
                warnings.simplefilter("ignore")  # NumPy warns of headers that Python 2 wrote, and reads them
                with archive.open(info) as file:
                    shape, _, dtype = header(file)
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


def free_memory() -> int:
    """Bytes of memory that are free for us now; a large number where the system does not tell."""
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (OSError, ValueError, AttributeError):
        return 1 << 62
