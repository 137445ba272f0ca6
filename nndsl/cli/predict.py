"""`nndsl predict`: outputs of a trained model."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from nndsl.cli.options import (
    Engine,
    EngineOption,
    File,
    ModelName,
    Run,
    Set,
    Threads,
    Weights,
    parse_sets,
)
from nndsl.cli.output import data, data_json, say, usage
from nndsl.cli.trained import open_trained


class Printed(StrEnum):
    """How predictions are printed: rows as CSV, or JSON."""

    text = "text"
    csv = "csv"
    json = "json"


WRITTEN = (".npz", ".csv", ".json")


def predict(
    file: File,
    run: Run = None,
    weights: Weights = None,
    data_: Annotated[
        Path | None,
        typer.Option(
            "--data",
            metavar="PATH",
            help="Inputs: .npz, .npy, .csv, or what the data section reads; by default the test data.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write to a .npz, .csv or .json file.")
    ] = None,
    set_: Set = [],  # noqa: B006 (typer copies it)
    model: ModelName = None,
    threads: Threads = None,
    engine: EngineOption = Engine.numba,
    format: Annotated[Printed, typer.Option("--format", help="How to print; text is CSV.")] = Printed.text,
) -> None:
    """Print or write the outputs for every row of the inputs.

    The weights are the best ones of a run folder (--run) or a file (--weights).
    """
    if out is not None and out.suffix.lower() not in WRITTEN:
        raise usage(f"{out} ends in none of {', '.join(WRITTEN)}", "--out")
    opened = open_trained(file, run, weights, parse_sets(set_), model, threads, engine.value)
    from nndsl.cli import tables

    given = None if data_ is None else tables.read_inputs(data_, opened.checked.model, opened.feeding)
    result = opened.predict(given)
    names = [name for name, _ in opened.checked.model.inference.outputs]
    outputs = result if isinstance(result, dict) else {names[0]: result}
    if out is not None:
        tables.write_outputs(out, outputs)
        say(f"{len(next(iter(outputs.values())))} rows in {out}")
    elif format is Printed.json:
        data_json({name: array.tolist() for name, array in outputs.items()})
    else:
        data(tables.csv_text(outputs))
