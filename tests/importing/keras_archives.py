"""Archives that Keras wrote (`tools/make_archives.py`), with what it fed and predicted."""

from __future__ import annotations

import io
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parent / "keras"
FAMILIES = ("core", "windows", "sequences", "networks")


@cache
def names(family: str) -> tuple[str, ...]:
    """The saved models of a family, `dense.keras` and `dense.h5`."""
    with zipfile.ZipFile(FOLDER / f"{family}.zip") as archive:
        return tuple(name for name in archive.namelist() if not name.endswith(".npz"))


def unpacked(family: str, name: str, folder: Path) -> Path:
    """A saved model as a file in a folder."""
    with zipfile.ZipFile(FOLDER / f"{family}.zip") as archive:
        place = folder / name
        place.write_bytes(archive.read(name))
    return place


def fed(family: str, name: str) -> tuple[list[Any], list[Any]]:
    """Inputs and outputs of a saved model, in the order of the model."""
    with zipfile.ZipFile(FOLDER / f"{family}.zip") as archive:
        arrays = np.load(io.BytesIO(archive.read(f"{Path(name).stem}.npz")))
    return ([arrays[k] for k in arrays if k.startswith("in_")], [arrays[k] for k in arrays if k.startswith("out_")])
