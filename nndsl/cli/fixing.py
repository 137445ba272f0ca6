"""Carrying out the fixes that Problems offer, in files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from nndsl.cli.output import data, say, say_problems
from nndsl.cli.rewriting import replace_text, unified_diff
from nndsl.diagnostics import NndslError
from nndsl.editor.mending import mend


def fix_files(
    files: Sequence[str | Path], consts: Mapping[str, object] | None, model: str | None, write: bool, unsafe: bool
) -> None:
    """Mend the files, or with `write` false print as a diff what that would change."""
    from nndsl import driver
    from nndsl.syntax.load import load_source

    for path in map(Path, files):
        try:
            source = load_source(path)
        except NndslError as error:
            say_problems(() if write else error.problems)  # the check that follows prints them
            continue
        mended, done = mend(source, lambda text: driver.problems_of(text, consts or None, model), unsafe)
        if write and done:
            replace_text(path, _as_before(path.read_bytes(), mended))
        if not write:
            data(unified_diff(source.name, source.text, mended, "fixed"))
        for one in done if write else ():
            say(f"{source.name}:{one.line}: {one.title} [{one.code}]")


def _as_before(content: bytes, text: str) -> str:
    """The text with the newlines and the byte order mark that the file had."""
    if content.count(b"\r\n") and content.count(b"\r\n") == content.count(b"\n"):
        text = text.replace("\n", "\r\n")
    return "\N{ZERO WIDTH NO-BREAK SPACE}" + text if content.startswith(b"\xef\xbb\xbf") else text
