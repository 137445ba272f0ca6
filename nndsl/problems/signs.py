"""Problems: `=` and `:` where they do not belong (NN043 to NN048)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from nndsl.diagnostics import Problem
from nndsl.problems.saying import Saying


@dataclass(frozen=True)
class AssignTarget(Saying):
    """Something else than a name stands left of `=`.

        x[0] = 3

    Values do not change, names are bound to new ones. Make the new value as a whole:

        h = concat(3 * ones([1, 8]), x[1:], axis=0)
    """

    code: ClassVar[str] = "NN043"
    title: ClassVar[str] = "only a name can stand left of `{sign}`"
    says: ClassVar[str] = "left of it stands more than a name"
    cure: ClassVar[str] = "{instead}"

    sign: str
    instead: str = "values are never changed in part: give a new value a name, `y = …`"

    @property
    def headline(self) -> str:
        return f"only a name can stand left of `{self.sign}`"


@dataclass(frozen=True)
class TypedAssignment(Saying):
    """A type stands in an assignment.

        h: f32[batch, 8] = 2 * x

    Types of values are found by the compiler. Only `input`, `target`, `param`, `state` and parameters have one.

        h = 2 * x
    """

    code: ClassVar[str] = "NN044"
    title: ClassVar[str] = "an assignment has no type"
    says: ClassVar[str] = "the compiler finds the type of `{name}`"
    cure: ClassVar[str] = "write `{name} = …`, or put `param`, `state` or `input` in front if it is one"

    name: str


@dataclass(frozen=True)
class ArgumentColon(Saying):
    """A `:` stands between the name and the value of an argument.

        h = x |> Dense(64, activation: relu)

    Named arguments have `=`:

        h = x |> Dense(64, activation=relu)
    """

    code: ClassVar[str] = "NN045"
    title: ClassVar[str] = "named arguments have `=`, not `{text}`"
    says: ClassVar[str] = "`{text}` cannot stand in an argument"
    cure: ClassVar[str] = "write `{name}=…`"

    name: str
    text: str

    @property
    def headline(self) -> str:
        return f"named arguments have `=`, not `{self.text}`"


@dataclass(frozen=True)
class SettingSign(Saying):
    """A line of a `train` or `data` section has something else than `=` after its name.

        epochs: 9

    Settings are written `name = value`:

        epochs = 9
    """

    code: ClassVar[str] = "NN046"
    title: ClassVar[str] = "settings are written `name = value`"
    says: ClassVar[str] = "`=` is expected here"
    cure: ClassVar[str] = "write `{name} = …`"

    name: str


@dataclass(frozen=True)
class ParameterOrder(Saying):
    """A parameter has its type in front of its name, or no `:` between them.

        layer Wide(int units)(x: f32[..., n]) { return x |> Dense(2 * units) }

    The name comes first, then `:` and the type:

        layer Wide(units: int)(x: f32[..., n]) { return x |> Dense(2 * units) }
    """

    code: ClassVar[str] = "NN047"
    title: ClassVar[str] = "a parameter is written `name: type`"
    says: ClassVar[str] = "a `:` is missing before this"
    cure: ClassVar[str] = "write `{name}: {type}`"

    name: str
    type: str


@dataclass(frozen=True)
class ArgumentName(Saying):
    """Something else than a name stands before the `=` of an argument.

        h = x |> Dense(3=4)

    A named argument is `name=value`. To compare, write `==`.

        h = x |> Dense(units=4)
    """

    code: ClassVar[str] = "NN048"
    title: ClassVar[str] = "an argument is `value` or `name=value`"
    says: ClassVar[str] = "what stands before this is not a name"
    cure: ClassVar[str] = "write a parameter's name before `=`, or `==` to compare"


FAMILY: tuple[type[Problem], ...] = (
    AssignTarget,
    TypedAssignment,
    ArgumentColon,
    SettingSign,
    ParameterOrder,
    ArgumentName,
)
