"""Compiled code on the disk: a file holds several pieces, with a checksum before them.

No pickles: what is read is either what was written, or nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

from nndsl.files import cache_folder, write_atomic

MAGIC = b"nndsl object 2\n"
LENGTH = 8
"""Bytes of a piece's length, which stands before it."""


def folder(name: str) -> Path:
    """A folder of the cache that only its user may read."""
    made = cache_folder() / name
    made.mkdir(mode=0o700, exist_ok=True)
    return made


def store(path: Path, content: bytes) -> None:
    """Best effort: a full disk costs the next process a compilation, not this one its program."""
    with contextlib.suppress(OSError):
        if not path.exists() or path.read_bytes() != content:
            # No flush to the disk: what a crash leaves torn, the checksum finds.
            write_atomic(path, content, sync=False)


def store_pieces(path: Path, pieces: list[bytes]) -> None:
    """As `store`, in a form that `read_pieces` knows."""
    content = b"".join(len(piece).to_bytes(LENGTH, "little") + piece for piece in pieces)
    store(path, MAGIC + hashlib.sha256(content).digest() + content)


def read_pieces(path: Path) -> list[bytes] | None:
    """What is in a file, or None where there is none or it is damaged."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    at = len(MAGIC) + hashlib.sha256().digest_size
    if content[:at] != MAGIC + hashlib.sha256(content[at:]).digest():
        return None
    pieces = []
    while at < len(content):
        end = at + LENGTH + int.from_bytes(content[at : at + LENGTH], "little")
        pieces.append(content[at + LENGTH : end])
        at = end
    return pieces
