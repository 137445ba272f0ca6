"""`nndsl diff`: what changes from one model to another."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nndsl.cli.options import FormatOption, ModelName
from nndsl.cli.output import FINDINGS, WRONG_USE, Format, data, data_json, say_problems, stop
from nndsl.diagnostics import NndslError


def diff(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="The .nn file before.", show_default=False)],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The .nn file after.", show_default=False)],
    model: ModelName = None,
    format: FormatOption = Format.text,
) -> None:
    """Print what changes from one model to another: layers, params, multiply-adds, and whether weights carry over.

    Exit code 0 where nothing changes, 1 where something does, 2 where a file has errors or is missing.
    """
    from nndsl import driver
    from nndsl.compare import compare, comparison_data, comparison_text
    from nndsl.syntax.load import load_source

    try:
        first, second = (driver.check_source(load_source(path), None, model).model for path in (old, new))
    except NndslError as error:
        say_problems(error.problems)
        raise stop(WRONG_USE) from None
    found = compare(first, second)
    if format is Format.json:
        data_json(comparison_data(found))
    else:
        data("no difference" if found.same else comparison_text(found))
    if not found.same:
        raise stop(FINDINGS)
