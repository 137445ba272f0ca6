"""Where nndsl keeps its own files, and how any file is written: whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def cache_folder() -> Path:
    """The user's own cache folder for compiled kernels and parser tables, made with mode 0700.

    `NNDSL_CACHE_DIR` names it, else `$XDG_CACHE_HOME/nndsl`, else `~/.cache/nndsl`. What is kept there is loaded
    as code, so a folder that another user owns or may write to is not used: a new private one stands in for it.
    """
    named = os.environ.get("NNDSL_CACHE_DIR")
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        folder = Path(named) if named else (Path(base) if base else Path.home() / ".cache") / "nndsl"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if _private(folder):
            return folder
    except (OSError, RuntimeError):  # no home, a read-only one, a file in the way
        pass
    return _temporary()


def _private(folder: Path) -> bool:
    """Whether nobody else can put files there, and we can."""
    if not hasattr(os, "getuid"):
        return os.access(folder, os.W_OK)
    facts = folder.stat()
    if facts.st_uid != os.getuid():
        return False
    if facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        folder.chmod(0o700)
    return os.access(folder, os.W_OK)


_fallback: Path | None = None


def _temporary() -> Path:
    global _fallback
    if _fallback is None:
        import tempfile

        _fallback = Path(tempfile.mkdtemp(prefix="nndsl-"))
    return _fallback


def write_atomic(path: Path, content: bytes, sync: bool = True) -> None:
    """Write `content` to a temporary file beside `path`, flush it to the disk and rename it over `path`.

    A reader sees the old content or the new, never a part. A file that is replaced keeps its permissions. Raises
    OSError as `open` does.
    """
    import tempfile  # takes longer to import than most that is read here, and reading does without it

    handle, temporary = tempfile.mkstemp(prefix=f".{path.name[:100]}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            if sync:
                file.flush()
                os.fsync(file.fileno())
        os.chmod(temporary, _mode(path))
        os.replace(temporary, path)
    except BaseException:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise


def _mode(path: Path) -> int:
    """The permissions of the file that is there, else those a new file gets."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
