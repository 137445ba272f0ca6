"""`nndsl graph`: a picture of a model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nndsl.cli.emit import Program
from nndsl.cli.options import File, ModelName, Set, parse_sets
from nndsl.cli.output import data, say, say_problems, usage

SUFFIXES = (".svg", ".html", ".png", ".dot", ".mmd")


def graph(
    file: File,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="A .svg, .html, .png, .dot or .mmd file to write."),
    ] = None,
    program: Annotated[Program, typer.Option("--program", help="The program to draw.")] = Program.train,
    depth: Annotated[int, typer.Option("--depth", min=0, metavar="N", help="How far boxes are open.")] = 0,
    set_: Set = [],  # noqa: B006 (typer copies it)
    model: ModelName = None,
) -> None:
    """Draw the layers of a model, with the types of the values between them, parameters and multiply-adds.

    In an .html file a click opens a box; in the others boxes are open down to --depth. Without -o, prints a Mermaid
    flowchart, which Markdown can hold.
    """
    from nndsl import driver, picture
    from nndsl.syntax.load import load_source

    if output is not None and output.suffix.lower() not in SUFFIXES:
        raise usage(f"{str(output)!r} does not end in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}", "-o")
    checked = driver.check_source(load_source(file), parse_sets(set_) or None, model)
    say_problems(checked.problems)
    if output is None:
        data(picture.mermaid(checked.model, program.value, depth))
    else:
        picture.save(checked.model, output, program.value, depth)
        say(f"wrote {output}")
