"""What every data source gets beside its arguments: where files are looked for, and a way to refuse an argument."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from nndsl.diagnostics import NndslError, Span
from nndsl.problems.data import DataFileMissing, DataFileUnreadable, OverrideUnmatched, WrongSourceArgument
from nndsl.problems.folders import PathOutside


@dataclass(frozen=True)
class SourceContext:
    """`folder` holds the `.nn` file, `override` is the PATH of `--data PATH`.

    `paths` are the texts of all file paths that the sources of the `.nn` file name: with several of them, an override
    that is a file replaces only the one that bears its name.
    """

    folder: Path
    override: Path | None = None
    paths: tuple[str, ...] = ()

    def resolve(self, path: str, span: Span | None, folder: bool = False) -> Path:
        """The file meant by `path`, or with `folder` the file or folder.

        Raises NndslError: NN500 not there, NN501 no file, NN511 override unclear, NN518 outside of the project.
        """
        try:
            found = self._replaced(path, span, folder) or self._inside(path, span)
            if found.is_file() or (folder and found.is_dir()):
                return found
            if found.exists():
                kind = "it is a folder" if found.is_dir() else "it is no ordinary file"
                raise NndslError(DataFileUnreadable(span, path, kind))
        except (OSError, ValueError) as error:  # a NUL in the name, a name too long, a folder we may not enter
            raise NndslError(DataFileUnreadable(span, path, reason_of(error))) from None
        raise NndslError(DataFileMissing(span, path, _neighbours(found)))

    def _inside(self, path: str, span: Span | None) -> Path:
        """The place below the folder of the `.nn` file. Links there lead where their owner wants them to."""
        if Path(path).is_absolute() or os.path.normpath(path).split(os.sep)[0] == "..":
            raise NndslError(PathOutside(span, path))
        return self.folder / path

    def _replaced(self, path: str, span: Span | None, folder: bool) -> Path | None:
        """The file or folder that the override puts in the place of `path`, or None."""
        if self.override is None:
            return None
        if self.override.is_dir():
            inside = (self.override / path, self.override / Path(path).name)
            within = next((place for place in inside if place.is_file() or (folder and place.is_dir())), None)
            alone = folder and len(set(self.paths) | {path}) == 1
            return within or (self.override if alone else None)
        if not self.override.exists():
            raise NndslError(DataFileMissing(span, str(self.override), _neighbours(self.override)))
        names = {Path(other).name for other in self.paths}
        if self.override.name == Path(path).name or len(set(self.paths) | {path}) == 1:
            return self.override
        if self.override.name not in names:
            raise NndslError(OverrideUnmatched(span, str(self.override), tuple(dict.fromkeys(self.paths))))
        return None


def _neighbours(path: Path) -> tuple[str, ...]:
    try:
        return tuple(sorted(os.listdir(path.parent)))
    except OSError:
        return ()


def reason_of(error: BaseException) -> str:
    """An exception in words: what the system says of it, in one line."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error).split("\n")[0] or type(error).__name__


@dataclass(frozen=True)
class Call:
    """One call of a source in a `.nn` file: its arguments are taken out one by one, each checked for its kind."""

    function: str
    span: Span | None
    args: tuple[object, ...]
    named: dict[str, object]

    def refuse(self, reason: str, cure: str | None = None) -> NoReturn:
        """Raise NN505 for this call."""
        raise NndslError(WrongSourceArgument(self.span, self.function, reason, cure))

    def at_most(self, count: int, usage: str) -> None:
        """Refuse more positional arguments than `count`."""
        if len(self.args) > count:
            self.refuse(f"{len(self.args)} arguments without a name, at most {count} fit", usage)

    def text(self, position: int, name: str, default: str | None = None) -> str:
        """A string argument, by position or else by name (and then no longer among `named`)."""
        value = self.args[position] if position < len(self.args) else self.named.pop(name, default)
        if value is None:
            self.refuse(f"the argument `{name}` is missing")
        if not isinstance(value, str):
            self.refuse(f"`{name}` is {kind_of(value)}, a string is needed")
        return value

    def number(self, name: str, least: int) -> int | None:
        """A whole number given by name, or None."""
        value = self.named.pop(name, None)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            self.refuse(f"`{name}` is {kind_of(value)}, a whole number is needed")
        if value < least:
            self.refuse(f"`{name}` is {value}, at least {least} is needed")
        return value

    def choice(self, name: str) -> bool | None:
        """`true`, `false` or `none` given by name."""
        return None if self.named.get(name) is None and self.named.pop(name, None) is None else self.flag(name, True)

    def flag(self, name: str, default: bool) -> bool:
        """`true` or `false` given by name."""
        value = self.named.pop(name, default)
        if not isinstance(value, bool):
            self.refuse(f"`{name}` is {kind_of(value)}, true or false is needed")
        return value


def kind_of(value: object) -> str:
    """A value in words: `the number 3`, `a list`."""
    match value:
        case None:
            return "none"
        case bool():
            return str(value).lower()
        case int() | float():
            return f"the number {value}"
        case str():
            return f'the string "{value}"'
        case list() | tuple():
            return "a list"
    return f"a {type(value).__name__}"
