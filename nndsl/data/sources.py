"""What `data = …` in a `.nn` file can call, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from nndsl.data.archives import RaggedKeys, npz, ragged
from nndsl.data.bundled import BUNDLED
from nndsl.data.columns import DataSet
from nndsl.data.context import SourceContext
from nndsl.data.tables import csv

SourceFunction: TypeAlias = Callable[..., DataSet | RaggedKeys]

# Each is called as f(context: SourceContext, span: Span | None, *arguments, **named arguments).
SOURCES: dict[str, SourceFunction] = {
    "npz": npz,
    "csv": csv,
    "ragged": ragged,
    **{bundled.name: bundled for bundled in BUNDLED},
}

# The sources that read a file: their first argument is its path (see SourceContext.paths).
FILE_SOURCES = ("npz", "csv")

__all__ = ["FILE_SOURCES", "SOURCES", "SourceContext", "SourceFunction"]
