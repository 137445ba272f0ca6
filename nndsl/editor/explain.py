"""The page of a code as Markdown, and as a file that an editor can open."""

from __future__ import annotations

import inspect
from contextlib import suppress
from pathlib import Path

from nndsl.diagnostics import Problem
from nndsl.files import cache_folder, write_atomic
from nndsl.problems import find


def page(kind: type[Problem]) -> str:
    """What `nndsl explain` prints, in Markdown."""
    return f"# {kind.code}: {kind.title}\n\n{inspect.getdoc(kind) or ''}\n"


def page_file(code: str) -> Path | None:
    """The page in the cache folder, written when it is first asked for. None for no code, or where it cannot be."""
    kind = find(code)
    if kind is None:
        return None
    path = cache_folder() / "explain" / f"{code}.md"
    content = page(kind).encode()
    with suppress(OSError):
        if not path.exists() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(path, content, sync=False)
        return path
    return None
