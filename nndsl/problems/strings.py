"""Problems: strings and their quotes (NN010 to NN015)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from nndsl.diagnostics import Problem
from nndsl.problems.saying import Saying


@dataclass(frozen=True)
class UnfinishedString(Saying):
    """A string starts with `"` and the line ends before the closing `"`.

        data = npz("small.npz, x="x_train", label="y_train")

    Put the closing `"` where the text ends. A string cannot go over several lines; write `\\n` in it for a newline
    and `\\"` for a quote.

        data = npz("small.npz", x="x_train", label="y_train")
    """

    code: ClassVar[str] = "NN010"
    title: ClassVar[str] = "this string does not end"
    says: ClassVar[str] = "it starts here, and the line ends before its closing quote"
    cure: ClassVar[str] = 'put a `"` where the text ends (inside a string, a quote is written `\\"`)'


@dataclass(frozen=True)
class SingleQuotes(Saying):
    """A string stands in single quotes.

        data = npz('small.npz', x="x_train", label="y_train")

    Strings stand in double quotes:

        data = npz("small.npz", x="x_train", label="y_train")
    """

    code: ClassVar[str] = "NN011"
    title: ClassVar[str] = "strings stand in double quotes"
    says: ClassVar[str] = "single quotes mean nothing here"
    cure: ClassVar[str] = 'write `"{content}"`'

    content: str


@dataclass(frozen=True)
class StringPrefix(Saying):
    """A string has a letter in front, as Python's f-strings and raw strings have.

        data = npz(f"small.npz", x="x_train", label="y_train")

    Strings are plain text: there is no formatting and no raw form. Write the text itself, with `\\\\` for a backslash.

        data = npz("small.npz", x="x_train", label="y_train")
    """

    code: ClassVar[str] = "NN012"
    title: ClassVar[str] = "strings have no prefix"
    says: ClassVar[str] = "the `{prefix}` in front of the quote is Python"
    cure: ClassVar[str] = "leave out the `{prefix}`: a string is plain text, nothing is put into it"

    prefix: str


@dataclass(frozen=True)
class TripleQuotes(Saying):
    '''A text stands in three quotes, as Python's docstrings do.

        model M() {
          """What this model is for."""
          input x: f32[batch, 4]
          output y = x |> Dense(3)
        }

    Documentation is written in `##` lines above what it describes:

        ## What this model is for.
        model M() {
          input x: f32[batch, 4]
          output y = x |> Dense(3)
        }
    '''

    code: ClassVar[str] = "NN013"
    title: ClassVar[str] = "there are no triple quotes"
    says: ClassVar[str] = "this text stands in three quotes"
    cure: ClassVar[str] = "write documentation as `##` lines above what it describes"


@dataclass(frozen=True)
class CurlyQuotes(Saying):
    """A string stands in typographic quotes, as word processors make them.

        data = npz(“small.npz”, x="x_train", label="y_train")

    Use the plain quote `"` on both sides.

        data = npz("small.npz", x="x_train", label="y_train")
    """

    code: ClassVar[str] = "NN014"
    title: ClassVar[str] = "these quotes are typographic"
    says: ClassVar[str] = "a word processor or a web page made these quotes"
    cure: ClassVar[str] = 'use the plain quote `"` on both sides'


@dataclass(frozen=True)
class BadEscape(Saying):
    """A string has a backslash followed by something that it does not stand before.

        data = npz("data\\small.npz", x="x_train", label="y_train")

    Known are `\\n` (newline), `\\t` (tab), `\\"`, `\\` (a backslash), `\\/`, `\\b`, `\\f`, `\\r` and `\\u00e9`
    (a character by its number), as in JSON. In paths, write `/`; nndsl understands it on every system.

        data = npz("data/small.npz", x="x_train", label="y_train")
    """

    code: ClassVar[str] = "NN015"
    title: ClassVar[str] = "a backslash in this string means nothing"
    says: ClassVar[str] = 'a backslash goes before one of `n t r b f " \\ /` or `u` and four digits'
    cure: ClassVar[str] = "write `\\\\` for a backslash, and `/` in paths"


FAMILY: tuple[type[Problem], ...] = (
    UnfinishedString,
    SingleQuotes,
    StringPrefix,
    TripleQuotes,
    CurlyQuotes,
    BadEscape,
)
