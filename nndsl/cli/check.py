"""`nndsl check`: all problems of `.nn` files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nndsl.cli.checking import check_files
from nndsl.cli.options import FormatOption, ModelName, Set, parse_sets
from nndsl.cli.output import Format


def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="The .nn files.", show_default=False)],
    set_: Set = [],  # noqa: B006 (typer copies it)
    model: ModelName = None,
    format: FormatOption = Format.text,
) -> None:
    """Check .nn files and print everything that is wrong with them.

    Exit code 0 where there are no errors (warnings are fine), 1 where there are.
    """
    check_files(files, parse_sets(set_), model, format)
