"""Problems: syntax that is told from a few characters (NN010 to NN029)."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import ClassVar

from nndsl.diagnostics import Fix, Problem
from nndsl.problems.saying import Saying


@dataclass(frozen=True)
class BadNumber(Saying):
    """Digits are followed by something that belongs to no number.

        h = x |> Dense(64k)
        rate = 1e

    Numbers look like `64`, `10_000`, `0.5`, `.5` or `1e-7`. There are no hexadecimal numbers and no suffixes.

        h = x |> Dense(64_000)
        rate = 1e-3
    """

    code: ClassVar[str] = "NN016"
    title: ClassVar[str] = "this is not a number"
    says: ClassVar[str] = "`{text}` starts like a number, but is none"
    cure: ClassVar[str] = "numbers look like `64`, `10_000`, `0.5` or `1e-7`; names start with a letter"

    text: str


@dataclass(frozen=True)
class NumberTooLarge(Saying):
    """A number does not fit the machine's types.

        h = x + 99999999999999999999
        z = x * 1e999

    Whole numbers go up to 9223372036854775807, others up to about 1.8e308.

        h = x + 9999999999
        z = x * 1e30
    """

    code: ClassVar[str] = "NN017"
    title: ClassVar[str] = "this number is too large"
    says: ClassVar[str] = "whole numbers go up to 2**63 - 1, others up to 1.8e308"


@dataclass(frozen=True)
class Semicolon(Saying):
    """A `;` stands in the text.

        a = x; b = 2 * a

    A statement ends with its line. Write each on a line of its own, without `;`.

        a = x
        b = 2 * a
    """

    code: ClassVar[str] = "NN018"
    title: ClassVar[str] = "statements end with the line, not with `;`"
    says: ClassVar[str] = "no `;` is needed"
    cure: ClassVar[str] = "remove the `;` and put what follows it on a line of its own"


@dataclass(frozen=True)
class ForeignOperator(Saying):
    """An operator of another language.

        n = 3
        if n > 0 && !training { x = x * n }

    In nndsl: `and`, `or`, `not` on what is known at compile time, `==` and `!=` to compare, `**` for a power, `->`
    before what a layer returns, `|>` for a pipe.

        n = 3
        if n > 0 and not training { x = x * n }
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
        state count = 0.0
        count := count + 1
    """

    code: ClassVar[str] = "NN020"
    title: ClassVar[str] = "there is no `+=` or `++`"
    says: ClassVar[str] = "`{text}` would change a value in place"
    cure: ClassVar[str] = "write `{name} = {name} {sign} …`, or `{name} := {name} {sign} …` where `{name}` is a `state`"

    text: str
    name: str = "x"
    sign: str = "+"


@dataclass(frozen=True)
class PythonConstant(Saying):
    """`True`, `False` or `None`, as Python writes them.

        h = x |> Dense(64, use_bias=False)

    In nndsl they are `true`, `false` and `none`.

        h = x |> Dense(64, use_bias=false)
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

        layer L(units: int)(x: f32[..., n]) {
          self.dense = Dense(units)
          return self.dense(x)
        }

    Layers are no objects. A name of a body is simply a name, and what is configured is in the parameter list:

        layer L(units: int)(x: f32[..., n]) {
          dense = Dense(units)
          return dense(x)
        }
    """

    code: ClassVar[str] = "NN022"
    title: ClassVar[str] = "there is no `self`"
    says: ClassVar[str] = "layers and models are not classes"
    cure: ClassVar[str] = "write the name alone, everywhere in this file: `dense`, not `self.dense`"


@dataclass(frozen=True)
class ForeignComment(Saying):
    """A comment is written as in C or JavaScript.

        // twice as much
        h = 2 * x

    Comments start with `#` and go to the end of the line; `##` documents what stands below.

        # twice as much
        h = 2 * x
    """

    code: ClassVar[str] = "NN023"
    title: ClassVar[str] = "comments start with `#`"
    says: ClassVar[str] = "`{mark}` starts no comment here"
    cure: ClassVar[str] = "write `# …`, on every line of the comment"

    mark: str


@dataclass(frozen=True)
class DoubleSlash(Saying):
    """`//` stands between or after values.

        n = 8
        half = n // 2

    `/` divides, and gives a whole number in dims and other places that ask for one (it is an error if something is
    left). `floor(n / 2)` rounds down. Comments start with `#`.

        n = 8
        half = n / 2
    """

    code: ClassVar[str] = "NN024"
    title: ClassVar[str] = "there is no `//`"
    says: ClassVar[str] = "neither an operator nor a comment"
    cure: ClassVar[str] = "write `/` to divide, `#` to start a comment"


@dataclass(frozen=True)
class Backslash(Saying):
    """A backslash stands outside a string, as at a line's end in Python.

        h = x + \\
            2 * x

    A line goes on inside ( ) and [ ], and where the next line starts with `|>`:

        h = (x +
             2 * x)
    """

    code: ClassVar[str] = "NN025"
    title: ClassVar[str] = "a backslash does not join lines"
    says: ClassVar[str] = "this backslash means nothing"
    cure: ClassVar[str] = "put the expression in ( ): inside brackets a line may end anywhere"


@dataclass(frozen=True)
class StrangeCharacter(Problem):
    """A character that has no meaning in `.nn` text outside strings and comments.

        h = x × 2

    Look at the characters that the message names. Invisible ones come with text copied from web pages.

        h = x * 2
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

        groesse = 3
    """

    code: ClassVar[str] = "NN027"
    title: ClassVar[str] = "names are made of the letters a to z, digits and `_`"
    says: ClassVar[str] = "`{character}` cannot stand in a name"
    cure: ClassVar[str] = "spell the name without it (comments and strings may have any letters)"

    character: str


@dataclass(frozen=True)
class QuestionMark(Saying):
    """A `?` stands in the text: for a size that is not known yet, or to choose between two values.

        input x: f32[?, 8]
        y = x > 0 ? x : 0

    A size that comes from the data has a name, and one of two values is chosen by `where`:

        input x: f32[batch, 8]
        y = where(x > 0, x, 0)
    """

    code: ClassVar[str] = "NN028"
    title: ClassVar[str] = "there is no `?`"
    says: ClassVar[str] = "neither a size nor an operator"
    cure: ClassVar[str] = "give a size a name, `f32[batch, n]`; choose between values with `where(c, a, b)`"


FAMILY: tuple[type[Problem], ...] = (
    BadNumber, NumberTooLarge, Semicolon, ForeignOperator, InPlaceOperator, PythonConstant, SelfWord, ForeignComment,
    DoubleSlash, Backslash, StrangeCharacter, ForeignLetters, QuestionMark,
)  # fmt: skip
