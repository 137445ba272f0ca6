"""What `nndsl fmt` does, free of the parser of options, which takes longer than formatting a file."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from nndsl.cli.output import FINDINGS, data, say, say_problems, stop, usage
from nndsl.cli.rewriting import replace_text, unified_diff
from nndsl.diagnostics import NndslError

STDIN = "-"


def format_files(files: Sequence[str], check: bool = False, diff: bool = False) -> None:
    """Lay out files in the one style; with `check` or `diff` only tell what would change. `-` is standard input.

    Exit code 1 where a file has errors, or would change under `check`.
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
    if list(files) != [STDIN]:
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
