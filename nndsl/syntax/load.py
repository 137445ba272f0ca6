"""Getting the text of a `.nn` file into a Source, with every way in which that can fail told."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from nndsl.diagnostics import NndslError, Problem, Source, did_you_mean

MAX_BYTES = 1024 * 1024
MAX_NAMED = 6
"""How many files a help line names."""


def load_source(path: Path, shown_as: str | None = None) -> Source:
    """The text of the file at `path`, under the name `shown_as` (the path by default).

    Raises NndslError where it is missing, a folder, unreadable, larger than 1 MiB, binary or not UTF-8.
    """
    name = shown_as or str(path)
    try:
        if path.is_dir():
            raise NndslError(_say().FileIsFolder(None, name, _of_folder(path)))
        if not path.exists():
            raise NndslError(_say().FileMissing(None, name, _neighbour(path)))
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        size = len(content) if len(content) <= MAX_BYTES else max(path.stat().st_size, len(content))
    except OSError as error:
        raise NndslError(_say().FileUnreadable(None, name, error.strerror or type(error).__name__)) from None
    except ValueError:  # a NUL in the path itself
        raise NndslError(_say().FileMissing(None, name, "")) from None
    if size > MAX_BYTES:
        raise NndslError(_too_large(name, size))
    return source_from_bytes(content, name, path)


def source_from_bytes(content: bytes, name: str, path: Path | None = None) -> Source:
    """The text that `content` encodes. Without a `path` its imports start at the working folder.

    Raises NndslError for more than 1 MiB, for NUL bytes and for what is not UTF-8.
    """
    if len(content) > MAX_BYTES:
        raise NndslError(_too_large(name, len(content)))
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in content:
        raise NndslError(_say().FileIsBinary(None, name, max(content.find(b"\0"), 0)))
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = len((content[: error.start] + b".").splitlines())
        raise NndslError(_say().FileNotUtf8(None, name, line, content[error.start])) from None
    return Source(name, _plain_newlines(text), path or Path("<text>"))


def source_from_text(text: str, name: str = "<text>") -> Source:
    """A Source of a string, held to the same rules as a file. Raises NndslError as `load_source` does."""
    # Half of a surrogate pair is no character: `surrogatepass` makes bytes of it that are not UTF-8.
    return source_from_bytes(text.encode("utf-8", "surrogatepass"), name)


def _say() -> ModuleType:
    """The Problems of this stage. A good file is read without them: they take long to import."""
    from nndsl.problems import reading

    return reading


def _too_large(name: str, size: int) -> Problem:
    from nndsl.problems.limits import FileTooLarge

    return FileTooLarge(None, name, size, MAX_BYTES)


def _plain_newlines(text: str) -> str:
    """Without a byte order mark, and with `\\n` for every end of line."""
    return text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}").replace("\r\n", "\n").replace("\r", "\n")


def _names_in(folder: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in folder.iterdir())
    except OSError:
        return []


def _neighbour(path: Path) -> str:
    """A help line that names a file beside `path` with a name alike."""
    if not path.parent.is_dir():
        return f"the folder {path.parent} is not there either"
    if path.suffix not in ("", ".nn"):
        alike = did_you_mean(path.name, _names_in(path.parent))
        if alike is not None:
            return alike
    near = path.parent == Path() or path.is_absolute()
    return files_like(path.name, path.parent, "" if near else f"{path.parent}/")


def files_like(name: str, folder: Path, shown: str = "") -> str:
    """A help line for a file that is not in the folder: the one with a name alike, or those that there are.

    `shown` is written before their names.
    """
    there = [other.removesuffix(".nn") for other in _names_in(folder) if other.endswith(".nn")]
    stem = name.removesuffix(".nn")
    guess = stem if stem in there else getattr(did_you_mean(stem, there), "meant", None)
    if guess is not None:
        return f"did you mean `{shown}{guess}.nn`?"
    if not there:
        return "there are no .nn files in this folder"
    more = " and others" if len(there) > MAX_NAMED else ""
    return f"there are {', '.join(f'{shown}{other}.nn' for other in there[:MAX_NAMED])}{more}"


def _of_folder(path: Path) -> str:
    """A help line that names a `.nn` file in the folder."""
    found = [name for name in _names_in(path) if name.endswith(".nn")]
    return f"name a file in it, such as `{path / found[0]}`" if found else "it has no .nn files"
