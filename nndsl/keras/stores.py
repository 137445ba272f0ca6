"""Weights in HDF5. Links that lead out of the file, and sets of data that lie in other files, are not followed.

There are two layouts. In `.keras` archives each layer has a place among those beside it by its kind and its number,
`layers/dense_1/vars/0`; in whole models of HDF5 each layer of the model has its name and a list of its arrays.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nndsl.data.archives import free_memory
from nndsl.diagnostics import NndslError
from nndsl.problems.keras import H5pyMissing, KerasUnreadable

if TYPE_CHECKING:
    import h5py

Array = np.ndarray[Any, np.dtype[Any]]

LARGEST = 8 << 30  # bytes of one array


class Layout(Enum):
    """How a file orders its arrays."""

    containers = "layers/dense/vars/0"
    named = "model_weights/dense"
    sharded = "several files"


@dataclass(frozen=True)
class Weights:
    """Where the weights of a model are: a file, or the content of one."""

    path: str
    content: Path | bytes | None = field(repr=False)
    layout: Layout

    @contextmanager
    def opened(self) -> Iterator[Store]:
        """The arrays, to be asked for. Raises NndslError (NN710, NN713), also while they are read."""
        if self.layout is Layout.sharded:
            cure = 'save it in one piece: model.save("net.keras")'
            raise NndslError(KerasUnreadable(None, self.path, "its weights are in several files", cure))
        if self.content is None:
            raise NndslError(KerasUnreadable(None, self.path, "it has no model.weights.h5"))
        source = io.BytesIO(self.content) if isinstance(self.content, bytes) else self.content
        with opened(self.path, source) as file, damaged(self.path):
            yield Store(self.path, file)


@contextmanager
def opened(path: str, source: Path | io.BytesIO) -> Iterator[h5py.File]:
    """An HDF5 file. Raises NndslError (NN710, NN713)."""
    try:
        import h5py
    except ImportError:
        raise NndslError(H5pyMissing(None, path)) from None
    with damaged(path):
        file = h5py.File(source, "r")
    with file:
        yield file


@contextmanager
def damaged(path: str) -> Iterator[None]:
    """Whatever h5py raises in here is a damaged file."""
    try:
        yield
    except NndslError:
        raise
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, AttributeError, OverflowError, MemoryError,
            RecursionError, NotImplementedError) as fault:  # fmt: skip
        said = str(fault).splitlines()[0] if str(fault) else type(fault).__name__
        raise NndslError(KerasUnreadable(None, path, f"its HDF5 is damaged ({said})")) from None


def text_attribute(owner: h5py.Group, name: str) -> str | None:
    """An attribute that is text, or None."""
    found = owner.attrs.get(name)
    if isinstance(found, bytes):
        return found.decode("utf-8", "replace")
    return found if isinstance(found, str) else None


@dataclass(frozen=True)
class Store:
    """An open file of weights."""

    path: str
    file: h5py.File = field(repr=False)

    def array(self, place: Sequence[str]) -> Array | None:
        """The array at a path, or None where there is none. Raises NndslError (NN710)."""
        import h5py

        found = self._at(place)
        if not isinstance(found, h5py.Dataset):
            return None
        if found.external or found.is_virtual:
            raise self._refused(place, "lies in another file")
        if found.dtype.kind not in "fiu" and found.dtype.name != "bfloat16":
            raise self._refused(place, f"is {found.dtype}, no array of numbers")
        size = math.prod(found.shape) * max(4, found.dtype.itemsize)
        if size > min(LARGEST, free_memory()):
            raise self._refused(place, f"takes {size} bytes")
        return np.asarray(found[()])

    def listed(self, layer: str) -> tuple[tuple[str, ...], ...]:
        """The paths of the arrays of a layer, in their order, where layers have names."""
        import h5py

        start = ("model_weights", *layer.split("/"))
        own = self._at(start)
        if not isinstance(own, h5py.Group):
            return ()
        names = [n.decode("utf-8", "replace") if isinstance(n, bytes) else str(n) for n in own.attrs["weight_names"]]
        return tuple((*start, *name.split("/")) for name in names)

    def _at(self, place: Sequence[str]) -> object:
        """What is at a path, reached by hard links alone."""
        import h5py

        found: object = self.file
        for part in place:
            if not isinstance(found, h5py.Group) or part not in found:
                return None
            if not isinstance(found.get(part, getlink=True), h5py.HardLink):
                raise self._refused(place, "is a link")
            found = found[part]
        return found

    def _refused(self, place: Sequence[str], reason: str) -> NndslError:
        return NndslError(KerasUnreadable(None, self.path, f"`{'/'.join(place)}` {reason}"))
