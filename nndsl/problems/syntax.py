"""Problems: syntax (NN0xx). The structure of a text; see also `characters`, `declarations`, `habits` and `reading`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from nndsl.diagnostics import Fix, Label, Problem, Span
from nndsl.problems import characters, declarations, habits, reading, signs, strings
from nndsl.problems.saying import Saying


@dataclass(frozen=True)
class Unexpected(Problem):
    """Something stands where it cannot, and no more is known about why.

        for i over [1, 2] { x = relu(x) }

    The message says what was being read, what was found and what could stand there. Compare the line with one of
    its kind in the language reference.

        for i in [1, 2] { x = relu(x) }
    """

    code: ClassVar[str] = "NN001"
    title: ClassVar[str] = "this was not expected here"

    reading: str
    found: str
    expected: str
    hint: str | None = None

    @property
    def headline(self) -> str:
        return f"unexpected {self.found} in {self.reading}"

    @property
    def label(self) -> str:
        return f"expected {self.expected}"

    @property
    def help(self) -> str | None:
        return self.hint


@dataclass(frozen=True)
class UnclosedBracket(Problem):
    """A bracket is opened and never closed.

        logits = x |> Dense(64

    Put the closing one where it belongs. The message points at the opening bracket and, where the indentation
    tells, at the place where the closing one is missed.

        logits = x |> Dense(64)
    """

    code: ClassVar[str] = "NN002"
    title: ClassVar[str] = "this bracket is never closed"

    opener: str
    closer: str
    missed: Span | None = None

    @property
    def headline(self) -> str:
        return f"this `{self.opener}` is never closed"

    @property
    def label(self) -> str:
        return "opened here"

    @property
    def labels(self) -> tuple[Label, ...]:
        return (Label(self.missed, f"a `{self.closer}` is missing before this"),) if self.missed else ()

    @property
    def help(self) -> str:
        place = "on a line of its own where the block ends" if self.opener == "{" else "where the list ends"
        return f"put a `{self.closer}` {place}"


@dataclass(frozen=True)
class StrayBracket(Saying):
    """A bracket closes what was never opened.

        logits = Dense(64)(x))

    Remove it, or put the opening one where it belongs.

        logits = Dense(64)(x)
    """

    code: ClassVar[str] = "NN003"
    title: ClassVar[str] = "this bracket closes nothing"
    says: ClassVar[str] = "no `{opener}` is open here"
    cure: ClassVar[str] = "remove it, or add the `{opener}` it should close"

    opener: str


@dataclass(frozen=True)
class MismatchedBracket(Problem):
    """A bracket is closed by one of another kind.

        sizes = [64, 32)

    Close each bracket with its own kind.

        sizes = [64, 32]
    """

    code: ClassVar[str] = "NN004"
    title: ClassVar[str] = "this bracket does not fit the one it closes"

    opened: Span
    closer: str

    @property
    def label(self) -> str:
        return f"`{self.closer}` is expected"

    @property
    def labels(self) -> tuple[Label, ...]:
        return (Label(self.opened, "this is what it closes"),)

    @property
    def fixes(self) -> tuple[Fix, ...]:
        from nndsl.problems.mending import fixes_of

        return fixes_of(self)

    @property
    def help(self) -> str:
        return f"write `{self.closer}`"


@dataclass(frozen=True)
class KeywordAsName(Saying):
    """A word that starts a statement is used as the name of a value.

        input = x
        loss = mse(y, x[:, 0])

    `input`, `target`, `output`, `loss`, `metric`, `param`, `state`, `next`, `collect`, `expect`, `repeat`, `scan`,
    `assert`, `if`, `for` and `return` start statements, so no line can assign to them. (They are fine as argument
    names and as settings.) Choose another name; a `loss` line has no `=` behind its first word:

        h = x
        loss mse(y, x[:, 0])
    """

    code: ClassVar[str] = "NN005"
    title: ClassVar[str] = "this word belongs to the language"
    says: ClassVar[str] = "`{word}` is a word of the language"
    cure: ClassVar[str] = "{instead}"

    word: str
    instead: str

    @property
    def headline(self) -> str:
        return f"`{self.word}` cannot be the name of a value"


@dataclass(frozen=True)
class ChainedComparison(Saying):
    """Two comparisons in a row.

        n = 3
        if 0 < n < 10 { x = x + n }

    A comparison compares two values. Join two with `and`:

        n = 3
        if 0 < n and n < 10 { x = x + n }
    """

    code: ClassVar[str] = "NN007"
    title: ClassVar[str] = "comparisons do not chain"
    says: ClassVar[str] = "this is the second comparison in a row"
    cure: ClassVar[str] = "join two comparisons with `and`: `a < b and b < c`"


@dataclass(frozen=True)
class MissingComma(Saying):
    """Two values stand side by side inside brackets.

        h = x |> Dense(64 activation=relu)

    Put a `,` between them.

        h = x |> Dense(64, activation=relu)
    """

    code: ClassVar[str] = "NN008"
    title: ClassVar[str] = "a comma is missing"
    says: ClassVar[str] = "expected `,` or an operator before this"
    cure: ClassVar[str] = "put a `,` between `{before}` and `{after}`"

    before: str
    after: str


@dataclass(frozen=True)
class TwoStatements(Saying):
    """A second statement starts on the same line, or something is missing between two values.

        a = x b = 2 * a

    Each statement has a line of its own.

        a = x
        b = 2 * a
    """

    code: ClassVar[str] = "NN009"
    title: ClassVar[str] = "the line goes on after the statement has ended"
    says: ClassVar[str] = "expected an operator or the end of the line before this"
    cure: ClassVar[str] = "{instead}"

    instead: str


@dataclass(frozen=True)
class MissingExpression(Saying):
    """A value is missing.

        h = x +

    The message points at the place where the value should stand. Inside brackets an expression may go on on the
    next line; outside it ends with its line.

        h = x + 1
    """

    code: ClassVar[str] = "NN060"
    title: ClassVar[str] = "a value is missing"
    says: ClassVar[str] = "expected an expression after `{after}`, found {found}"
    cure: ClassVar[str] = "{hint}"

    after: str
    found: str
    hint: str


@dataclass(frozen=True)
class MissingBlock(Saying):
    """A statement or declaration that needs a block in braces has none.

        if training
          x = 2 * x

    Put the body in braces; the `{` stands at the end of the line or on the next.

        if training {
          x = 2 * x
        }
    """

    code: ClassVar[str] = "NN061"
    title: ClassVar[str] = "a block in braces is missing"
    says: ClassVar[str] = "expected `{{` after {reading}"
    cure: ClassVar[str] = "write `{{ … }}` around the lines that belong to it"

    reading: str


@dataclass(frozen=True)
class ElseAlone(Saying):
    """`else` without an `if` before it.

        h = x
        else { h = 2 * x }

    `else` follows the `}` of an `if` directly, on its line or the next.

        if training { h = x }
        else { h = 2 * x }
    """

    code: ClassVar[str] = "NN062"
    title: ClassVar[str] = "this `else` follows no `if`"
    says: ClassVar[str] = "the `}}` of an `if` must come right before it"
    cure: ClassVar[str] = "move it behind the `if` block, or remove it"


@dataclass(frozen=True)
class WrongEquals(Saying):
    """`:=` where a name is bound, or where no state can be meant.

        output h := relu(x)

    `:=` gives a `state` its new value. A name, an output, a default or an argument is set with `=`.

        output h = relu(x)
    """

    code: ClassVar[str] = "NN068"
    title: ClassVar[str] = "`:=` updates a state, `=` gives a name a value"
    says: ClassVar[str] = "no state is updated here"
    cure: ClassVar[str] = "write `=`"


@dataclass(frozen=True)
class EmptyFile(Saying):
    """A file has no declarations: it is empty, or all of it is comments.

        # a model, one day

    Every `.nn` file has at least one definition, section or import:

        model M() {
          input x: f32[batch, 4]
          output y = x |> Dense(3)
        }
    """

    code: ClassVar[str] = "NN069"
    title: ClassVar[str] = "this file describes nothing"
    says: ClassVar[str] = "{what}"
    cure: ClassVar[str] = "start with `model NAME() {{ … }}`"

    what: str


FAMILY: tuple[type[Problem], ...] = (
    Unexpected, UnclosedBracket, StrayBracket, MismatchedBracket, KeywordAsName, ChainedComparison, MissingComma,
    TwoStatements, MissingExpression, MissingBlock, ElseAlone, WrongEquals, EmptyFile, *characters.FAMILY,
    *declarations.FAMILY, *habits.FAMILY, *signs.FAMILY, *strings.FAMILY, *reading.FAMILY,
)  # fmt: skip
