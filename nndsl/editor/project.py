"""The other files of a project: which of them use what a file defines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from nndsl.check import library
from nndsl.check.modules import gather
from nndsl.check.scope import Library, LibraryScope
from nndsl.diagnostics import NndslError, Problem
from nndsl.editor.names import Names
from nndsl.editor.resolve import resolve
from nndsl.syntax.load import load_source
from nndsl.syntax.parse import parse

MAX_FILES = 300


def users_of(path: Path, folder: Path) -> Iterator[Names]:
    """The names of each file in a folder, and below it, that imports a file."""
    for other in _files(folder):
        if other.resolve() == path.resolve():
            continue
        try:
            source = load_source(other, other.name)
        except NndslError:
            continue
        if "import" not in source.text or path.name not in source.text:
            continue
        file, _ = parse(source)
        found: list[Problem] = []
        units = gather(file, source, Library(inside=LibraryScope(index=library.index())), found)
        if any(unit.source.path is not None and unit.source.path.resolve() == path.resolve() for unit in units[1:]):
            yield resolve(units[0], None)


def _files(folder: Path) -> list[Path]:
    """`.nn` files, without those of hidden folders."""
    found: list[Path] = []
    for path in sorted(folder.rglob("*.nn")):
        if not any(part.startswith(".") for part in path.relative_to(folder).parts) and path.is_file():
            found.append(path)
            if len(found) == MAX_FILES:
                break
    return found
