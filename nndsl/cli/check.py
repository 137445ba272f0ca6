"""`nndsl check`: all problems of `.nn` files."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from nndsl.cli.checking import check_files
from nndsl.cli.options import ModelName, Set, parse_sets
from nndsl.cli.output import usage


class Report(StrEnum):
    """How Problems are printed."""

    text = "text"
    json = "json"
    sarif = "sarif"
    github = "github"


def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="The .nn files.", show_default=False)],
    set_: Set = [],  # noqa: B006 (typer copies it)
    model: ModelName = None,
    format: Annotated[Report, typer.Option("--format", help="How to print.")] = Report.text,
    fix: Annotated[bool, typer.Option("--fix", help="Mend what has a safe fix, then check.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Write nothing; print what --fix would change.")] = False,
    unsafe: Annotated[
        bool, typer.Option("--unsafe", help="With --fix or --diff: also fixes that guess or remove.")
    ] = False,
) -> None:
    """Check .nn files and print everything that is wrong with them.

    Exit code 0 where there are no errors (warnings are fine), 1 where there are.
    """
    consts = parse_sets(set_)
    if unsafe and not (fix or diff):
        raise usage("goes with --fix or --diff", "--unsafe")
    if diff and format is not Report.text:
        raise usage("prints a diff: it goes without --format", "--diff")
    if fix or diff:
        from nndsl.cli.fixing import fix_files

        fix_files(files, consts, model, write=not diff, unsafe=unsafe)
    check_files(files, consts, model, format, quiet=diff)
