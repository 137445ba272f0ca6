"""Problems: declarations, what they lack and where they stand (NN006, NN063 to NN070)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from nndsl.diagnostics import Fix, Problem
from nndsl.problems.saying import Saying


@dataclass(frozen=True)
class MissingType(Saying):
    """A declaration lacks the `:` and the type after its name.

        input x f32[batch, 8]
        param kernel = zeros

    `input`, `target` and `param` always have a type:

        input x: f32[batch, 8]
        param kernel: f32[8, 3] = zeros
    """

    code: ClassVar[str] = "NN006"
    title: ClassVar[str] = "a `:` and a type are expected after the name"
    says: ClassVar[str] = "expected `:` {where}"
    cure: ClassVar[str] = "write `{role} {name}: {type}`{more}"

    role: str
    name: str
    type: str
    where: str = "before this"
    more: str = ""


@dataclass(frozen=True)
class TypeExpected(Saying):
    """Where a type belongs stands something else, or nothing.

        input x: [batch, 8]

    A type is a dtype or value kind with dims in square brackets, or the kind of a parameter (`units: int`):

        input x: f32[batch, 8]
    """

    code: ClassVar[str] = "NN070"
    title: ClassVar[str] = "a type is missing"
    says: ClassVar[str] = "expected a type after `{after}`, found {found}"
    cure: ClassVar[str] = "write a type such as `f32[batch, n]` or `index<10>[batch]`; for parameters also `int`, `fn`"

    after: str
    found: str


@dataclass(frozen=True)
class OutsideDefinition(Saying):
    """A statement stands at the top of a file.

        x = Dense(64)

    The top of a file holds imports, definitions (`model`, `layer`, `fn`, `loss`, `metric`, `optimizer`, `init`,
    `schedule`) and sections (`train`, `data`, `test`). Statements belong in their bodies:

        model M() {
          input x: f32[batch, 784]
          output y = x |> Dense(10)
        }
    """

    code: ClassVar[str] = "NN063"
    title: ClassVar[str] = "a statement cannot stand at the top of a file"
    says: ClassVar[str] = "this belongs in the body of a model, layer or function"
    cure: ClassVar[str] = "{instead}"

    instead: str = "put it inside `model NAME() { … }`"


@dataclass(frozen=True)
class NestedDefinition(Saying):
    """A definition or section stands inside another one.

        model M() {
          input x: f32[batch, 4]
          fn twice(x) { return 2 * x }
          output y = twice(x)
        }

    Definitions stand at the top of the file, one after the other, in any order.

        model M() {
          input x: f32[batch, 4]
          output y = twice(x)
        }

        fn twice(x) { return 2 * x }
    """

    code: ClassVar[str] = "NN064"
    title: ClassVar[str] = "definitions and sections stand at the top of the file"
    says: ClassVar[str] = "this `{role}` stands inside another body"
    cure: ClassVar[str] = "move it out of the braces around it, or close them with `}}` before it"

    role: str


@dataclass(frozen=True)
class UnknownDeclaration(Problem):
    """The first word of a declaration is not known.

        modle Wide() {
          input x: f32[batch, 4]
          output y = x |> Dense(10)
        }

    A file holds `import`, `model`, `layer`, `fn`, `loss`, `metric`, `optimizer`, `init`, `schedule` (with `private`
    before it if other files should not see it), `train`, `data` and `test`. Lines of a body start with `input`,
    `target`, `output`, `loss`, `metric`, `param`, `state` and a few other words, or with a name and `=`.

        model Wide() {
          input x: f32[batch, 4]
          output y = x |> Dense(10)
        }
    """

    code: ClassVar[str] = "NN065"
    title: ClassVar[str] = "this word starts no declaration"

    word: str
    suggestion: str | None
    in_body: bool = False

    @property
    def headline(self) -> str:
        return f"`{self.word}` starts no {'line of a body' if self.in_body else 'declaration'}"

    @property
    def label(self) -> str:
        if self.in_body:
            return "expected `input`, `output`, `loss`, a name with `=`, or another statement"
        return "expected `model`, `layer`, `fn`, `train` or another declaration"

    @property
    def fixes(self) -> tuple[Fix, ...]:
        from nndsl.problems.mending import fixes_of

        return fixes_of(self)

    @property
    def help(self) -> str:
        return self.suggestion or (
            "a file holds `import`, `model`, `layer`, `fn`, `loss`, `metric`, `optimizer`, `init`, `schedule`, "
            "`train`, `data` and `test`"
        )


@dataclass(frozen=True)
class MissingName(Saying):
    """A declaration has no name.

        output softmax(x)

    Everything that is declared has a name, by which the data, Python and the history speak of it:

        output probability = softmax(x)
    """

    code: ClassVar[str] = "NN066"
    title: ClassVar[str] = "a name is missing"
    says: ClassVar[str] = "expected a name{here}"
    cure: ClassVar[str] = "write {example}"

    here: str
    example: str


@dataclass(frozen=True)
class ArrowExpected(Saying):
    """What a layer returns is not introduced by `->`.

        layer Wide(units: int)(x: f32[..., n]): f32[..., units] { return x |> Dense(units) }

    The type of the result stands after `->`:

        layer Wide(units: int)(x: f32[..., n]) -> f32[..., units] { return x |> Dense(units) }
    """

    code: ClassVar[str] = "NN067"
    title: ClassVar[str] = "`->` stands before the type of the result"
    says: ClassVar[str] = "expected `->` or `{{` here"
    cure: ClassVar[str] = "write `-> {type}`, or leave the type out"

    type: str


@dataclass(frozen=True)
class AnyNumber(Saying):
    """A definition takes any number of values, written as in another language.

        fn total(*values) { return sum(stack(values), axis=0) }

        model Uses() {
          input x: f32[batch, 8]
          output y = total(x, x)
        }

    Three dots stand before the name:

        fn total(...values) { return sum(stack(values), axis=0) }

        model Uses() {
          input x: f32[batch, 8]
          output y = total(x, x)
        }
    """

    code: ClassVar[str] = "NN049"
    title: ClassVar[str] = "any number of values is written `...values`"
    says: ClassVar[str] = "expected `...` before the name"
    cure: ClassVar[str] = "write `...{name}`"

    name: str


FAMILY: tuple[type[Problem], ...] = (
    MissingType, TypeExpected, OutsideDefinition, NestedDefinition, UnknownDeclaration, MissingName, ArrowExpected,
    AnyNumber,
)  # fmt: skip
