"""`nndsl export`: a trained model for other runtimes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nndsl.cli.options import File, ModelName, Run, Set, Weights, parse_sets
from nndsl.cli.output import say, usage
from nndsl.cli.trained import open_trained

SUFFIX = ".onnx"


def export(
    file: File,
    out: Annotated[Path, typer.Option("-o", "--out", metavar="PATH", help="The .onnx file to write.")],
    run: Run = None,
    weights: Weights = None,
    set_: Set = [],  # noqa: B006 (typer copies it)
    model: ModelName = None,
) -> None:
    """Write what predict computes, with its weights, as an ONNX model."""
    if out.suffix != SUFFIX:
        raise usage(f"{out} does not end in {SUFFIX}", "--out")
    opened = open_trained(file, run, weights, parse_sets(set_), model, None, "numpy")
    opened.export(out)
    say(f"{opened.name} in {out}")
