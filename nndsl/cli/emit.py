"""`nndsl emit`: what a stage of the compiler makes of a file."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from nndsl.cli.options import File, ModelName, Set, parse_sets
from nndsl.cli.output import data, say_problems


class Stage(StrEnum):
    """The stages, in the order of the pipeline."""

    ast = "ast"
    graph = "graph"
    gradient = "gradient"
    optimized = "optimized"
    plan = "plan"
    loops = "loops"
    source = "source"
    llvm = "llvm"
    asm = "asm"


class Program(StrEnum):
    """The programs made of one model."""

    train = "train"
    evaluate = "evaluate"
    predict = "predict"


class Shown(StrEnum):
    """What `emit` shows: those, and the program that goes on with a text."""

    train = "train"
    evaluate = "evaluate"
    predict = "predict"
    generate = "generate"


def emit(
    file: File,
    stage: Annotated[Stage, typer.Option("--stage", help="The stage to print.")] = Stage.source,
    program: Annotated[Shown, typer.Option("--program", help="The program to print.")] = Shown.train,
    set_: Set = [],  # noqa: B006 (typer copies it)
    model: ModelName = None,
) -> None:
    """Print the text of a compiler stage: the graph, the gradient, the kernels' source, the machine code."""
    from nndsl import driver
    from nndsl.syntax.load import load_source

    checked = driver.check_source(load_source(file), parse_sets(set_) or None, model)
    say_problems(checked.problems)
    data(driver.emit(checked, stage.value, program.value))
