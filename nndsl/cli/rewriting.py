"""Files that a verb changes in place, and how it shows what it would change."""

from __future__ import annotations

from pathlib import Path

from nndsl.diagnostics import NndslError


def replace_text(path: Path, text: str) -> None:
    """Replace what a file holds; a link stays a link. Raises NndslError where it cannot be written."""
    from nndsl.files import write_atomic
    from nndsl.problems.weights import CannotWrite

    try:
        write_atomic(path.resolve(), text.encode("utf-8"))
    except OSError as fault:
        raise NndslError(CannotWrite(None, str(path), (fault.strerror or str(fault)).lower())) from None


def unified_diff(name: str, old: str, new: str, how: str) -> str:
    """The changes as `diff -u` prints them; `how` tells what the new text is, such as "formatted"."""
    import difflib

    lines = difflib.unified_diff(_lines(old), _lines(new), name, f"{name} ({how})")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _lines(text: str) -> list[str]:
    """The lines with their newlines; `splitlines` would also cut at characters that are no newline here."""
    parts = text.split("\n")
    return [f"{part}\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])
