"""What a name can stand for while the network is built."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from nndsl.check.ratios import Ratio
from nndsl.diagnostics import Span
from nndsl.ir.dims import Dim, written
from nndsl.ir.graph import Node, ParamSpec
from nndsl.syntax import ast

if TYPE_CHECKING:
    from nndsl.check.binding import Given
    from nndsl.check.scope import Scope


class Poison:
    """Stands for a value that is wrong and was reported; whatever touches it is poison too, silently."""

    def __repr__(self) -> str:
        return "poison"


POISON = Poison()


class Missing:
    """What a body without `return` gives."""


MISSING = Missing()


@dataclass(frozen=True)
class Passed:
    """Where a layer that still has to be built was given as an argument, and as which."""

    span: Span
    argument: str


@dataclass(frozen=True, eq=False)
class Function:
    """A `layer`, `fn`, `loss`, … as written, with the scope it was written in.

    `alias` is the line that gave it the name by which it is used here, `passed` says that it came as an argument.
    """

    definition: ast.Definition
    scope: Scope
    alias: ast.Alias | None = None
    passed: Passed | None = None

    @property
    def name(self) -> str:
        return self.named.name

    @property
    def named(self) -> ast.Definition | ast.Alias:
        """The line that gives it its name."""
        return self.alias or self.definition

    @property
    def role(self) -> str:
        return self.definition.role

    @property
    def one_list(self) -> bool:
        """An `init` or `schedule` written with one list: that list is what it is applied to."""
        return self.role in ("init", "schedule") and self.definition.inputs is None

    @property
    def config(self) -> tuple[ast.Parameter, ...] | None:
        """The list that builds it."""
        return None if self.one_list else self.definition.config

    @property
    def inputs(self) -> tuple[ast.Parameter, ...] | None:
        """The list it is applied to."""
        return self.definition.config if self.one_list else self.definition.inputs

    @property
    def takes_config(self) -> bool:
        """Whether calling it builds it, so that applying it is a second call."""
        return self.config is not None and (self.inputs is not None or self.role == "layer")

    @property
    def needed(self) -> list[str]:
        """What has to be given to build it."""
        parameters = self.config or () if self.takes_config else ()
        return [p.name for p in parameters if p.default is None and not p.rest]


@dataclass(frozen=True)
class BuildKey:
    """Which of all layers this is: the place that builds it, where the function around that place was applied (None
    right in the body of a layer), the turn of each loop around it, and how often this place was reached before.

    It is the same in the training and in the inference elaboration.
    """

    span: Span
    site: Span | None
    turns: tuple[int, ...]
    count: int


@dataclass(frozen=True, eq=False)
class Stage:
    """One part of layers joined by `|>`: what is applied, and its other arguments."""

    function: Function | Instance | Builtin
    given: tuple[Given, ...]
    span: Span
    called: Span


@dataclass(eq=False)
class Instance:
    """A function with its config list filled in: `Dense(64)`.

    A layer owns the params made when it is first applied, and the layers that its body builds (`children`), so that a
    second application shares both. One that was given a name in a body (`home` is the path of that) bears it wherever
    it is first applied. `stages` are what a pipe without a value joined: `Dense(64) |> relu`. `given` names those
    of its config that were given and not left to their defaults.
    """

    function: Function
    config: Mapping[str, Value]
    span: Span
    key: BuildKey | None = None
    name: str | None = None
    home: tuple[str, ...] = ()
    path: str | None = None
    stages: tuple[Stage, ...] = ()
    given: tuple[str, ...] = ()
    applications: int = 0
    params: dict[str, ParamSpec] = field(default_factory=dict)
    children: dict[BuildKey, Instance] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Builtin:
    """A function of the compiler: a primitive op or a compile-time function."""

    name: str
    signature: str
    call: Callable[..., Value]
    doc: str = ""


class Count(int):
    """A number that can be asked of parts too, in a test: `parameters`, `parameters(enc)`."""

    of: Builtin

    @classmethod
    def make(cls, whole: int, of: Builtin) -> Count:
        count = cls(whole)
        count.of = of
        return count


@dataclass(frozen=True, eq=False)
class Module:
    """What `import "blocks.nn" as blocks` names. `kept` are the names it does not give, each with the reason; `whole`
    is false where it has text that did not parse."""

    name: str
    members: Mapping[str, Value]
    kept: Mapping[str, str]
    whole: bool


@dataclass(frozen=True)
class DtypeWord:
    """`f32` as a value, for `cast(x, f32)`."""

    name: str


Value: TypeAlias = (
    Node
    | int
    | float
    | bool
    | str
    | list["Value"]
    | tuple["Value", ...]
    | Dim
    | Ratio
    | Function
    | Instance
    | Builtin
    | Module
    | DtypeWord
    | Poison
    | None
)


MAX_SHOWN = 8
MAX_WRITTEN = 60


def describe(value: Value) -> str:
    """A value as a message shows it, long lists cut short."""
    return _described(value, MAX_SHOWN)


def _described(value: Value, room: int) -> str:
    match value:
        case Node():
            return f"a tensor {value.type}"
        case bool():
            return str(value).lower()
        case None:
            return "none"
        case str():
            return f'"{value}"' if len(value) <= 80 else f'"{value[:80]}…"'
        case list() | tuple():
            shown = [_described(v, room // 2) for v in value[:room]] + (["…"] if len(value) > room else [])
            return f"[{', '.join(shown)}]" if isinstance(value, list) else f"({', '.join(shown)})"
        case Function():
            return f"the {value.role} `{value.name}`"
        case Instance(stages=(_, *_)):
            pipe = " ".join(value.span.text.split())
            return f"the layer `{pipe}`" if len(pipe) <= MAX_WRITTEN else f"the layer `{pipe[:MAX_WRITTEN]}…`"
        case Instance():
            return f"the {value.function.role} `{value.function.name}(…)`"
        case Builtin():
            return f"the function `{value.name}`"
        case Dim() | Ratio():
            text = written(value) if isinstance(value, Dim) else value
            return f"the size `{text}`, known only from the data"
        case Module():
            return f"the file {value.name}"
        case DtypeWord():
            return f"the dtype {value.name}"
    return str(value)
