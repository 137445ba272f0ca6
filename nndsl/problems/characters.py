"""Problems: syntax that is told from a few characters (NN010 to NN029)."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import ClassVar

from nndsl.diagnostics import Fix, Problem
from nndsl.problems.saying import Saying


@dataclass(frozen=True)
class UnfinishedString(Saying):
    """A string starts with `"` and the line ends before the closing `"`.

        data = npz("reuters.npz)

    Put the closing `"` where the text ends. A string cannot go over several lines; write `\\n` in it for a newline
    and `\\"` for a quote.
    """

    code: ClassVar[str] = "NN010"
    title: ClassVar[str] = "this string does not end"
    says: ClassVar[str] = "it starts here, and the line ends before its closing quote"
    cure: ClassVar[str] = 'put a `"` where the text ends (inside a string, a quote is written `\\"`)'


@dataclass(frozen=True)
class SingleQuotes(Saying):
    """A string stands in single quotes.

        data = npz('reuters.npz')

    Strings stand in double quotes:

        data = npz("reuters.npz")
    """

    code: ClassVar[str] = "NN011"
    title: ClassVar[str] = "strings stand in double quotes"
    says: ClassVar[str] = "single quotes mean nothing here"
    cure: ClassVar[str] = 'write `"{content}"`'

    content: str


@dataclass(frozen=True)
class StringPrefix(Saying):
    """A string has a letter in front, as Python's f-strings and raw strings have.

        metric f"top{k}"

    Strings are plain text: there is no formatting and no raw form. Write the text itself, with `\\\\` for a backslash.
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

    Documentation is written in `##` lines above what it describes:

        ## What this model is for.
        model M() {
    '''

    code: ClassVar[str] = "NN013"
    title: ClassVar[str] = "there are no triple quotes"
    says: ClassVar[str] = "this text stands in three quotes"
    cure: ClassVar[str] = "write documentation as `##` lines above what it describes"


@dataclass(frozen=True)
class CurlyQuotes(Saying):
    """A string stands in typographic quotes, as word processors make them.

        data = npz(“reuters.npz”)

    Use the plain quote `"` on both sides.
    """

    code: ClassVar[str] = "NN014"
    title: ClassVar[str] = "these quotes are typographic"
    says: ClassVar[str] = "a word processor or a web page made these quotes"
    cure: ClassVar[str] = 'use the plain quote `"` on both sides'


@dataclass(frozen=True)
class BadEscape(Saying):
    """A string has a backslash followed by something that it does not stand before.

        data = npz("C:\\data\\x.npz")

    Known are `\\n` (newline), `\\t` (tab), `\\"`, `\\\\` (a backslash), `\\/`, `\\b`, `\\f`, `\\r` and `\\u00e9`
    (a character by its number), as in JSON. In paths, write `/`; nndsl understands it on every system.
    """

    code: ClassVar[str] = "NN015"
    title: ClassVar[str] = "a backslash in this string means nothing"
    says: ClassVar[str] = "a backslash goes before one of `n t r b f \" \\ /` or `u` and four digits"
    cure: ClassVar[str] = "write `\\\\` for a backslash, and `/` in paths"


@dataclass(frozen=True)
class BadNumber(Saying):
    """Digits are followed by something that belongs to no number.

        hidden = 64k
        rate = 1e

    Numbers look like `64`, `10_000`, `0.5`, `.5` or `1e-7`. There are no hexadecimal numbers and no suffixes.
    """

    code: ClassVar[str] = "NN016"
    title: ClassVar[str] = "this is not a number"
    says: ClassVar[str] = "`{text}` starts like a number, but is none"
    cure: ClassVar[str] = "numbers look like `64`, `10_000`, `0.5` or `1e-7`; names start with a letter"

    text: str


@dataclass(frozen=True)
class NumberTooLarge(Saying):
    """A number does not fit the machine's types.

        seed = 99999999999999999999
        x = 1e999

    Whole numbers go up to 9223372036854775807, others up to about 1.8e308.
    """

    code: ClassVar[str] = "NN017"
    title: ClassVar[str] = "this number is too large"
    says: ClassVar[str] = "whole numbers go up to 2**63 - 1, others up to 1.8e308"


@dataclass(frozen=True)
class Semicolon(Saying):
    """A `;` stands in the text.

        x = 3; y = 4

    A statement ends with its line. Write each on a line of its own, without `;`.
    """

    code: ClassVar[str] = "NN018"
    title: ClassVar[str] = "statements end with the line, not with `;`"
    says: ClassVar[str] = "no `;` is needed"
    cure: ClassVar[str] = "remove the `;` and put what follows it on a line of its own"


@dataclass(frozen=True)
class ForeignOperator(Saying):
    """An operator of another language.

        if a && !b { … }

    In nndsl: `and`, `or`, `not` on what is known at compile time, `==` and `!=` to compare, `**` for a power, `->`
    before what a layer returns, `|>` for a pipe.
    """

    code: ClassVar[str] = "NN019"
    title: ClassVar[str] = "this operator is written otherwise here"
    says: ClassVar[str] = "there is no `{text}`"
    cure: ClassVar[str] = "write {instead}"

    text: str
    instead: str
    right: str | None = None


@dataclass(frozen=True)
class InPlaceOperator(Saying):
    """`+=`, `-=`, `++` and their like do not exist.

        x += 1

    Bind the name again, or update a state with `:=`:

        x = x + 1
        count := count + 1
    """

    code: ClassVar[str] = "NN020"
    title: ClassVar[str] = "there is no `+=` or `++`"
    says: ClassVar[str] = "`{text}` would change a value in place"
    cure: ClassVar[str] = "write `x = x + 1`, or `x := x + 1` where `x` is a `state`"

    text: str


@dataclass(frozen=True)
class PythonConstant(Saying):
    """`True`, `False` or `None`, as Python writes them.

        dense = Dense(64, use_bias=False)

    In nndsl they are `true`, `false` and `none`.
    """

    code: ClassVar[str] = "NN021"
    title: ClassVar[str] = "this constant is written small"
    says: ClassVar[str] = "`{text}` is Python's"
    cure: ClassVar[str] = "write `{right}`"

    text: str
    right: str


@dataclass(frozen=True)
class SelfWord(Saying):
    """`self.x` stands in the text, as in a Python class.

        layer L(units: int)(x) {
          self.dense = Dense(units)

    Layers are no objects. A name of a body is simply a name, and what is configured is in the parameter list:

        layer L(units: int)(x) {
          dense = Dense(units)
    """

    code: ClassVar[str] = "NN022"
    title: ClassVar[str] = "there is no `self`"
    says: ClassVar[str] = "layers and models are not classes"
    cure: ClassVar[str] = "write the name alone, everywhere in this file: `dense`, not `self.dense`"


@dataclass(frozen=True)
class ForeignComment(Saying):
    """A comment is written as in C or JavaScript.

        // the model

    Comments start with `#` and go to the end of the line; `##` documents what stands below.
    """

    code: ClassVar[str] = "NN023"
    title: ClassVar[str] = "comments start with `#`"
    says: ClassVar[str] = "`{mark}` starts no comment here"
    cure: ClassVar[str] = "write `# …`, on every line of the comment"

    mark: str


@dataclass(frozen=True)
class DoubleSlash(Saying):
    """`//` stands between or after values.

        half = n // 2

    In dims and other whole numbers, `/` divides without remainder (and it is an error if one is left). Comments
    start with `#`.
    """

    code: ClassVar[str] = "NN024"
    title: ClassVar[str] = "there is no `//`"
    says: ClassVar[str] = "neither an operator nor a comment"
    cure: ClassVar[str] = "write `/` to divide, `#` to start a comment"


@dataclass(frozen=True)
class Backslash(Saying):
    """A backslash stands outside a string, as at a line's end in Python.

        y = a + \\
            b

    A line goes on inside ( ) and [ ], and where the next line starts with `|>`:

        y = (a +
             b)
    """

    code: ClassVar[str] = "NN025"
    title: ClassVar[str] = "a backslash does not join lines"
    says: ClassVar[str] = "this backslash means nothing"
    cure: ClassVar[str] = "put the expression in ( ): inside brackets a line may end anywhere"


@dataclass(frozen=True)
class StrangeCharacter(Problem):
    """A character that has no meaning in `.nn` text outside strings and comments.

        y = x × 2

    Look at the characters that the message names. Invisible ones come with text copied from web pages.
    """

    code: ClassVar[str] = "NN026"
    title: ClassVar[str] = "this character means nothing here"

    character: str
    instead: str | None = None

    @property
    def label(self) -> str:
        name = unicodedata.name(self.character, "a character without a name")
        return f"U+{ord(self.character):04X}, {name.lower()}"

    @property
    def fixes(self) -> tuple[Fix, ...]:
        from nndsl.problems.mending import fixes_of

        return fixes_of(self)

    @property
    def help(self) -> str | None:
        if self.instead is None:
            if self.character.isspace():
                return "write a plain space"
            return "remove it"
        return f"write {self.instead}"


@dataclass(frozen=True)
class ForeignLetters(Saying):
    """A name has letters outside A to Z.

        größe = 3

    Names are made of the letters a to z and A to Z, digits and `_`. In comments and strings every character is fine.
    """

    code: ClassVar[str] = "NN027"
    title: ClassVar[str] = "names are made of the letters a to z, digits and `_`"
    says: ClassVar[str] = "`{character}` cannot stand in a name"
    cure: ClassVar[str] = "spell the name without it (comments and strings may have any letters)"

    character: str


FAMILY: tuple[type[Problem], ...] = (
    UnfinishedString, SingleQuotes, StringPrefix, TripleQuotes, CurlyQuotes, BadEscape, BadNumber, NumberTooLarge,
    Semicolon, ForeignOperator, InPlaceOperator, PythonConstant, SelfWord, ForeignComment, DoubleSlash, Backslash,
    StrangeCharacter, ForeignLetters,
)  # fmt: skip
