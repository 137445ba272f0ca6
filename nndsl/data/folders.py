"""Folders of files, where each folder below is a class: what `images` and `text` have in common."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nndsl.data.columns import Array
from nndsl.data.context import reason_of
from nndsl.diagnostics import NndslError, Span
from nndsl.problems.data import DataFileUnreadable
from nndsl.problems.folders import NothingInFolder


@dataclass(frozen=True)
class Files:
    """The files of a folder by class and name. `labels` are numbers in `classes`, or None where there are none."""

    folder: Path
    files: tuple[str, ...]
    classes: tuple[str, ...]
    labels: Array | None


def files_of(folder: Path, path: str, endings: Collection[str], noun: str, span: Span | None) -> Files:
    """The files with those endings. Raises NndslError: NN501, NN513."""

    def there(place: Path) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(place) as found:
                return sorted((e for e in found if not e.name.startswith(".")), key=lambda e: e.name)
        except OSError as fault:
            raise NndslError(DataFileUnreadable(span, path, reason_of(fault))) from None

    def fits(entry: os.DirEntry[str]) -> bool:
        return entry.name.lower().endswith(tuple(endings)) and entry.is_file()

    def refuse(reason: str, cure: str) -> NndslError:
        return NndslError(NothingInFolder(span, path, reason, cure))

    top = there(folder)
    single = [entry.name for entry in top if fits(entry)]
    folders = [entry.name for entry in top if entry.is_dir()]
    kinds = ", ".join(endings)
    if single and folders:
        raise refuse(
            f"holds {noun}s, such as `{single[0]}`, beside folders, such as `{folders[0]}`",
            "put each file into the folder of its class, or the folders somewhere else",
        )
    if single:
        return Files(folder, tuple(single), (), None)
    files: list[str] = []
    labels: list[int] = []
    classes: list[str] = []
    for name in folders:
        inside = [f"{name}/{entry.name}" for entry in there(folder / name) if fits(entry)]
        if inside:
            labels += [len(classes)] * len(inside)
            files += inside
            classes.append(name)
    if not files:
        raise refuse(f"holds no {noun}s", f"files that end in {kinds}, in a folder for each class or in this one")
    return Files(folder, tuple(files), tuple(classes), np.array(labels, dtype=np.int64))
