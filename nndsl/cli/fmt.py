"""`nndsl fmt`: .nn files in the one style."""

from __future__ import annotations

from typing import Annotated

import typer

from nndsl.cli.formatting import format_files


def fmt(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="The .nn files; - for standard input.", show_default=False)
    ],
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; list the files that would change, exit code 1 if any.")
    ] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Write nothing; print what would change.")] = False,
) -> None:
    """Lay out .nn files in the one style of the language. A file with syntax errors is left as it is.

    With - for the file, standard input goes to standard output. Exit code 1 where a file has errors.
    """
    format_files(files, check, diff)
