"""Arrays in `.npy` files and in archives that are not compressed, read in pieces of some rows."""

from __future__ import annotations

import math
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from nndsl.data.columns import Array, DataSet, Dense
from nndsl.data.context import reason_of
from nndsl.data.streams import Outline, Stream, block_starts
from nndsl.diagnostics import NndslError, Span
from nndsl.problems.data import DataFileUnreadable

Dtype = np.dtype[Any]


def header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, Dtype]:
    """Shape, whether it is in Fortran's order, and dtype, as they stand at the start of a `.npy`. Raises ValueError."""
    match np.lib.format.read_magic(file):
        case (1, 0):
            shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
        case (2, 0):
            shape, fortran, dtype = np.lib.format.read_array_header_2_0(file)
        case version:
            raise ValueError(f"format {version} is not known")
    if any(size < 0 for size in shape):
        raise ValueError("a size is negative")
    return shape, fortran, dtype


@dataclass(frozen=True)
class Member:
    """Where an array lies: from byte `start` of a file on, row by row."""

    place: Path
    path: str
    start: int
    shape: tuple[int, ...]
    dtype: Dtype

    @property
    def row_bytes(self) -> int:
        """Bytes of one row."""
        return int(math.prod(self.shape[1:]) * self.dtype.itemsize)

    @property
    def bytes(self) -> int:
        """Bytes of the whole array."""
        return int(math.prod(self.shape) * self.dtype.itemsize)


def start_in_archive(place: Path, info: zipfile.ZipInfo) -> int:
    """The byte at which the content of a member begins, behind its local header. Raises OSError, ValueError."""
    with place.open("rb") as file:
        file.seek(info.header_offset)
        local = file.read(30)
    if len(local) < 30 or local[:4] != b"PK\3\4":
        raise ValueError("a local header is damaged")
    name, extra = struct.unpack("<HH", local[26:30])
    return int(info.header_offset + 30 + name + extra)


class MemberStream(Stream):
    """Columns out of members with as many rows each."""

    def __init__(self, members: Mapping[str, Member], span: Span | None) -> None:
        self.members, self.span = members, span
        self.outlines = {name: Outline(member.shape, member.dtype) for name, member in members.items()}
        rows = next(iter(members.values())).shape[0]
        self.starts = block_starts(rows, sum(member.row_bytes for member in members.values()))

    def read(self, blocks: Array) -> DataSet:
        begins, ends = self.starts[blocks], self.starts[blocks + 1]
        rows = int((ends - begins).sum())
        return DataSet({name: Dense(self._rows(member, begins, ends, rows)) for name, member in self.members.items()})

    def _rows(self, member: Member, begins: Array, ends: Array, rows: int) -> Array:
        out = np.empty((rows, *member.shape[1:]), dtype=member.dtype)
        view = memoryview(out.reshape(-1).view(np.uint8))  # type: ignore[arg-type]
        at = 0
        try:
            # Unbuffered: blocks are read straight to where they belong, and other threads run meanwhile.
            with member.place.open("rb", buffering=0) as file:
                for begin, end in zip(begins.tolist(), ends.tolist(), strict=True):
                    size = (end - begin) * member.row_bytes
                    file.seek(member.start + begin * member.row_bytes)
                    while size:
                        count = file.readinto(view[at : at + size])
                        if not count:
                            raise EOFError("it is shorter than it was")
                        at, size = at + count, size - count
        except (OSError, EOFError) as fault:
            raise NndslError(DataFileUnreadable(self.span, member.path, reason_of(fault))) from None
        return out
