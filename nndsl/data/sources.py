"""What `data = …` in a `.nn` file can call, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from nndsl.data.archives import npy, npz, ragged
from nndsl.data.bundled import BUNDLED
from nndsl.data.context import SourceContext
from nndsl.data.images import images
from nndsl.data.parquet import parquet
from nndsl.data.tables import csv
from nndsl.data.text import text
from nndsl.data.wanted import text_cells
from nndsl.data.windows import windows

SourceFunction: TypeAlias = Callable[..., Any]

# Each is called as f(context: SourceContext, span: Span | None, *arguments, **named arguments), and gives a DataSet, a
# Stream, or what other sources take as a value.
SOURCES: dict[str, SourceFunction] = {
    "npz": npz,
    "npy": npy,
    "csv": csv,
    "parquet": parquet,
    "images": images,
    "text": text,
    "windows": windows,
    "ragged": ragged,
    **{bundled.name: bundled for bundled in BUNDLED},
}

# What stands for a column, as a value of another source.
COLUMNS: dict[str, SourceFunction] = {"text": text_cells}

# The sources that read a file or a folder: their first argument is its path (see SourceContext.paths).
FILE_SOURCES = ("npz", "csv", "parquet", "images", "text")

__all__ = ["COLUMNS", "FILE_SOURCES", "SOURCES", "SourceContext", "SourceFunction"]
