"""`nndsl import`: models of other frameworks as `.nn` files, a branch for each format."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Protocol

import typer

from nndsl.cli.output import data, say, say_problems, usage
from nndsl.diagnostics import NndslError, Problem

KERAS = (".keras", ".h5", ".hdf5")
ONNX = (".onnx",)


class Imported(Protocol):
    """What every format gives."""

    @property
    def problems(self) -> Sequence[Problem]: ...
    def save(self, path: Path) -> tuple[Path, Path]:
        """Write the text, and the weights beside it; where both are."""


def import_(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="A model: .keras, .h5, .onnx.", show_default=False)],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="The .nn file to write; else FILE with .nn.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over files that are there.")] = False,
) -> None:
    """Make a .nn file of a model that another framework saved, with its weights (safetensors) beside it."""
    place = out or Path(source.with_suffix(".nn").name)
    if place.suffix != ".nn":
        raise usage(f"{place} does not end in .nn", "--out")
    if not force:
        for taken in (place, place.with_suffix(".safetensors")):
            _free(taken)
    found = _imported(source, place)
    say_problems(found.problems)
    text, weights = found.save(place)
    data(f"{text}\n{weights}")
    say(f"now: nndsl predict {text} --weights {weights} --data FILE")


def _imported(source: Path, place: Path) -> Imported:
    """The model, read by what knows its format; named after the file it becomes."""
    from nndsl.cli.new import model_name

    match source.suffix.lower():
        case ending if ending in KERAS:
            from nndsl.keras import import_model

            return import_model(source, model_name(place.stem))
        case ending if ending in ONNX:
            from nndsl.onnx.importing.model import import_model as import_onnx

            return import_onnx(source, model_name(place.stem))
    raise usage(f"{source} ends in none of {', '.join((*KERAS, *ONNX))}", "FILE")


def _free(path: Path) -> None:
    """Raise NndslError (NN614) where a file is there."""
    from nndsl.problems.weights import FileTaken

    if path.exists():
        raise NndslError(FileTaken(None, str(path)))
