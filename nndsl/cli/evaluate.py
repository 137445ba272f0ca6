"""`nndsl evaluate`: loss and metrics of a trained model."""

from __future__ import annotations

from nndsl.cli.options import (
    Data,
    Engine,
    EngineOption,
    File,
    FormatOption,
    ModelName,
    Run,
    Set,
    Threads,
    Weights,
    parse_sets,
)
from nndsl.cli.output import Format
from nndsl.cli.train import print_values
from nndsl.cli.trained import open_trained


def evaluate(
    file: File,
    run: Run = None,
    weights: Weights = None,
    data_: Data = None,
    set_: Set = [],  # noqa: B006 (typer copies it)
    model: ModelName = None,
    threads: Threads = None,
    engine: EngineOption = Engine.numba,
    format: FormatOption = Format.text,
) -> None:
    """Print loss and metrics on the train section's `test` data (else its `validation`).

    The weights are the best ones of a run folder (--run) or a file (--weights).
    """
    opened = open_trained(file, run, weights, parse_sets(set_), model, threads, engine.value)
    from nndsl.training.sources import DataPlace

    opened.feeding.place = DataPlace(file.parent, data_)
    print_values(opened.evaluate(), format)
