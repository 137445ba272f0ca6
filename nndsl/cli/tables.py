"""Files that `nndsl predict` reads and writes."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from nndsl.cli.output import finite
from nndsl.data.archives import npz
from nndsl.data.columns import DataSet
from nndsl.data.context import SourceContext
from nndsl.data.tables import csv as csv_source
from nndsl.diagnostics import NndslError
from nndsl.files import write_atomic
from nndsl.ir.graph import Model
from nndsl.problems.data import DataFileMissing, DataFileUnreadable
from nndsl.problems.weights import CannotWrite
from nndsl.training.checkpoint import reason_of
from nndsl.training.feeding import Feeding
from nndsl.training.sources import DataPlace
from nndsl.training.trainable import Array


def read_inputs(path: Path, model: Model, feeding: Feeding) -> object:
    """The inputs of a model from a file: by name from .npz and .csv, the only input from .npy.

    A .npz with a single array, and a .csv whose titles do not name the input, feed a model of one input. A folder, an
    image, a text, a .parquet, and a .csv with texts or names are read as the sections of the file say. Raises
    NndslError (NN5xx).
    """
    named = any(port.name in feeding.learned.rules for port in model.inputs)
    other = path.is_dir() or (path.is_file() and path.suffix.lower() not in (".npz", ".npy", ".csv"))
    sections = [call for call in (feeding.spec.test, feeding.spec.validation, feeding.spec.data) if call is not None]
    if sections and (other or (named and path.suffix.lower() == ".csv")):
        return feeding.section_inputs(("test", "validation", "data"), DataPlace(path.parent, path, only=True))
    if not path.is_file():
        raise NndslError(DataFileMissing(None, str(path)))
    context = SourceContext(path.parent)
    match path.suffix.lower():
        case ".npz":
            return _from_npz(path, model, context)
        case ".npy":
            return _from_npy(path)
        case ".csv":
            return _from_csv(path, model, context)
    raise NndslError(DataFileUnreadable(None, str(path), "its name ends in none of .npz, .npy, .csv"))


def _from_npz(path: Path, model: Model, context: SourceContext) -> object:
    inputs = [port.name for port in model.inputs]
    keys = _keys(path)
    alone = len(inputs) == 1 and inputs[0] not in keys and len(keys) == 1
    wanted = {inputs[0]: keys[0]} if alone else {name: name for name in inputs}
    found = npz(context, None, path.name, stream=False, **wanted)
    return dict(found) if isinstance(found, DataSet) else found


def _keys(path: Path) -> list[str]:
    import zipfile

    try:
        with zipfile.ZipFile(path) as archive:
            return [name.removesuffix(".npy") for name in archive.namelist()]
    except (OSError, zipfile.BadZipFile, ValueError):
        return []  # npz says what is wrong with the file


def _from_npy(path: Path) -> Array:
    try:
        with path.open("rb") as file:
            return np.asarray(np.lib.format.read_array(file, allow_pickle=False))
    except (OSError, ValueError, EOFError, TypeError, SyntaxError, MemoryError, KeyError) as fault:
        reason = reason_of(fault).splitlines()[0] if str(fault) else "it is no .npy file"
        raise NndslError(DataFileUnreadable(None, str(path), reason)) from None


def _from_csv(path: Path, model: Model, context: SourceContext) -> object:
    """Columns by title: `x` for an input of one number a row, `x.0`, `x.1`, … for several, else all but the targets."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            titles = next(csv.reader(file), [])
    except (OSError, UnicodeDecodeError, csv.Error) as fault:
        raise NndslError(DataFileUnreadable(None, str(path), reason_of(fault))) from None
    targets = {port.name for port in model.targets}
    columns: dict[str, object] = {}
    for port in model.inputs:
        numbered = [title for title in titles if title.startswith(port.name + ".")]
        if port.name in titles:
            columns[port.name] = port.name if port.type.rank == 1 else [port.name]
        elif numbered:
            columns[port.name] = numbered
        elif len(model.inputs) == 1:
            columns[port.name] = [title for title in titles if title not in targets]
        else:
            columns[port.name] = port.name
    found = csv_source(context, None, path.name, stream=False, **columns)
    return dict(found) if isinstance(found, DataSet) else found


def write_outputs(path: Path, outputs: Mapping[str, Array]) -> None:
    """Write outputs as .npz, .csv or .json, whole or not at all. Raises NndslError (NN612)."""
    match path.suffix.lower():
        case ".npz":
            buffer = io.BytesIO()
            save: Callable[..., Any] = np.savez_compressed
            save(buffer, **outputs)
            content = buffer.getvalue()
        case ".csv":
            content = csv_text(outputs).encode("utf-8")
        case _:
            plain = {name: array.tolist() for name, array in outputs.items()}
            content = (json.dumps(finite(plain)) + "\n").encode("utf-8")
    try:
        write_atomic(path, content)
    except OSError as fault:
        raise NndslError(CannotWrite(None, str(path), reason_of(fault))) from None


def csv_text(outputs: Mapping[str, Array]) -> str:
    """A line a row; an output with several numbers a row has the columns `name.0`, `name.1`, … in C order."""
    flat = {name: np.asarray(array).reshape(len(array), -1) for name, array in outputs.items()}
    titles = [
        name if outputs[name].ndim == 1 else f"{name}.{number}"
        for name, array in flat.items()
        for number in range(array.shape[1])
    ]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(titles)
    rows = len(next(iter(flat.values())))
    # Each array by itself: joined they would take one dtype. `str` of a NumPy number is the shortest that reads back.
    writer.writerows([str(value) for array in flat.values() for value in array[row]] for row in range(rows))
    return text.getvalue()
