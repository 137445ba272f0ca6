"""Problems: getting at the text of a `.nn` file (NN080 to NN089)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from nndsl.diagnostics import Problem
from nndsl.problems.saying import Saying


@dataclass(frozen=True)
class _OfFile(Saying):
    """Base: the headline names the file."""

    says_of_file: ClassVar[str] = ""

    name: str

    @property
    def headline(self) -> str:
        return self.says_of_file.format_map(vars(self))


@dataclass(frozen=True)
class FileMissing(_OfFile):
    """There is no file of this name.

        $ nndsl check smal.nn

    Names are relative to the folder you are in. The help line names a file nearby that is spelled alike.

        $ nndsl check small.nn
    """

    code: ClassVar[str] = "NN080"
    title: ClassVar[str] = "there is no such file"
    says_of_file: ClassVar[str] = "there is no file {name}"
    cure: ClassVar[str] = "{suggestion}"

    suggestion: str


@dataclass(frozen=True)
class FileIsFolder(_OfFile):
    """A folder stands where a `.nn` file is wanted.

        $ nndsl check data

    Name a file in it.

        $ nndsl check small.nn
    """

    code: ClassVar[str] = "NN081"
    title: ClassVar[str] = "this is a folder"
    says_of_file: ClassVar[str] = "{name} is a folder, not a .nn file"
    cure: ClassVar[str] = "{suggestion}"

    suggestion: str


@dataclass(frozen=True)
class FileUnreadable(_OfFile):
    """The system does not let nndsl read the file: the rights are missing, the name is too long, the disk fails.

        >>> nndsl.load("a" * 300 + ".nn")

    The message has the system's own words. See to the rights or the name of the file.

        >>> nndsl.load("small.nn")
    """

    code: ClassVar[str] = "NN082"
    title: ClassVar[str] = "this file cannot be read"
    says_of_file: ClassVar[str] = "{name} cannot be read: {reason}"

    reason: str


@dataclass(frozen=True)
class FileIsBinary(_OfFile):
    """The file holds NUL bytes, so it is no text.

        $ nndsl check small.npz

    Name a `.nn` file. A text that an editor saved as UTF-16 has such bytes too: save it as UTF-8.

        $ nndsl check small.nn
    """

    code: ClassVar[str] = "NN083"
    title: ClassVar[str] = "this file is not text"
    says_of_file: ClassVar[str] = "{name} is not text (it has a NUL byte at offset {offset})"
    cure: ClassVar[str] = "name a .nn file, saved as UTF-8"

    offset: int


@dataclass(frozen=True)
class FileNotUtf8(_OfFile):
    """The file holds bytes that are not UTF-8: here a comment with an é, saved as Latin-1.

        >>> Path("latin.nn").write_bytes(b"# caf\\xe9")
        >>> nndsl.load("latin.nn")

    `.nn` files are UTF-8. Have your editor save the file in that encoding, or remove the character.

        $ nndsl check small.nn
    """

    code: ClassVar[str] = "NN084"
    title: ClassVar[str] = "this file is not UTF-8"
    says_of_file: ClassVar[str] = "{name} is not UTF-8: line {line} has the byte 0x{byte:02x}"
    cure: ClassVar[str] = "have your editor save the file as UTF-8"

    line: int
    byte: int


FAMILY: tuple[type[Problem], ...] = (FileMissing, FileIsFolder, FileUnreadable, FileIsBinary, FileNotUtf8)
