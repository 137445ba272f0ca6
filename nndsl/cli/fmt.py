"""`nndsl fmt`: .nn files in the one style."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from nndsl.cli.output import FINDINGS, data, say, say_problems, stop, usage
from nndsl.cli.rewriting import replace_text, unified_diff
from nndsl.diagnostics import NndslError

STDIN = "-"


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
    if STDIN in files and len(files) > 1:
        raise usage("- stands alone: standard input has one text", "FILE...")
    changed = failed = 0
    for name in files:
        try:
            changed += _one(name, check, diff)
        except NndslError as error:
            say_problems(error.problems)
            failed += 1
    if files != [STDIN]:
        verb = "would change" if check or diff else "changed"
        errors = f", {failed} with errors" if failed else ""
        say(f"{changed} of {len(files)} file{'' if len(files) == 1 else 's'} {verb}{errors}")
    if failed or (check and changed):
        raise stop(FINDINGS)


def _one(name: str, check: bool, diff: bool) -> bool:
    """Format one file, or tell what that would change; whether anything changes. Raises NndslError."""
    content, text = _read_and_format(name)
    differs = content != text.encode("utf-8")
    if diff:
        data(unified_diff(name, content.decode("utf-8"), text, "formatted"))
    elif check:
        data(name if differs else "")
    elif name == STDIN:
        data(text)
    elif differs:
        replace_text(Path(name), text)
    return differs


def _read_and_format(name: str) -> tuple[bytes, str]:
    """What a file holds, and its text in the style. Raises NndslError."""
    from nndsl.syntax.format import format_source
    from nndsl.syntax.load import MAX_BYTES, load_source, source_from_bytes

    if name == STDIN:
        from nndsl.problems.limits import FileTooLarge

        content = sys.stdin.buffer.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise NndslError(FileTooLarge(None, "<stdin>", len(content), MAX_BYTES))
        return content, format_source(source_from_bytes(content, "<stdin>"))
    load_source(Path(name))  # says what is wrong with the file where it cannot be read
    content = Path(name).read_bytes()
    return content, format_source(source_from_bytes(content, name))
