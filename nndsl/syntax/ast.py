"""The abstract syntax of `.nn`: frozen dataclasses, each with the span it came from.

Equality ignores spans and doc comments are kept as plain text, so two texts that differ in layout alone give
equal trees.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TypeAlias

from nndsl.diagnostics import Span


@dataclass(frozen=True, eq=False, repr=False)
class Syntax:
    """Base of all nodes.

    Equality and text are written once here: to generate them for each of fifty classes takes a tenth of `nndsl check`.
    """

    span: Span = field(compare=False, repr=False, kw_only=True)

    def _parts(self) -> tuple[object, ...]:
        return tuple(getattr(self, f.name) for f in fields(self) if f.compare)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and isinstance(other, Syntax) and self._parts() == other._parts()

    def __hash__(self) -> int:
        return hash((type(self), self._parts()))

    def __repr__(self) -> str:
        shown = ", ".join(f"{f.name}={getattr(self, f.name)!r}" for f in fields(self) if f.repr)
        return f"{type(self).__name__}({shown})"


# --- expressions -----------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, repr=False)
class Name(Syntax):
    """`relu`, or with dots as read from a module: `blocks.Residual` is `Attribute(Name("blocks"), "Residual")`."""

    id: str


@dataclass(frozen=True, eq=False, repr=False)
class Number(Syntax):
    """An int or float literal (`10_000`, `1e-7`)."""

    value: int | float


@dataclass(frozen=True, eq=False, repr=False)
class String(Syntax):
    """`"reuters.npz"`; escapes are those of JSON."""

    value: str


@dataclass(frozen=True, eq=False, repr=False)
class Bool(Syntax):
    """`true`, `false`."""

    value: bool


@dataclass(frozen=True, eq=False, repr=False)
class NoneValue(Syntax):
    """`none`."""


@dataclass(frozen=True, eq=False, repr=False)
class ListExpr(Syntax):
    """`[64, 32]`."""

    items: tuple[Expr, ...]


@dataclass(frozen=True, eq=False, repr=False)
class TupleExpr(Syntax):
    """`(a, b)`, two items or more: what a pipe passes as several arguments, or a pair."""

    items: tuple[Expr, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Unary(Syntax):
    """`-x`, `not x`."""

    op: str
    operand: Expr


@dataclass(frozen=True, eq=False, repr=False)
class Binary(Syntax):
    """`+ - * / % ** @ < <= > >= == != and or`. `op_span` is the operator alone."""

    op: str
    left: Expr
    right: Expr
    op_span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, eq=False, repr=False)
class Argument(Syntax):
    """`3` or `activation=relu` in a call. `name_span` is the name alone."""

    name: str | None
    value: Expr
    name_span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, eq=False, repr=False)
class Call(Syntax):
    """`Dense(64, activation=relu)`."""

    function: Expr
    arguments: tuple[Argument, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Slice(Syntax):
    """`a:b:c` inside an index; each part may be absent."""

    start: Expr | None
    stop: Expr | None
    step: Expr | None


@dataclass(frozen=True, eq=False, repr=False)
class Ellipsis_(Syntax):
    """`...` inside an index or among the dims of a type."""


@dataclass(frozen=True, eq=False, repr=False)
class Index(Syntax):
    """`x[:, -1]`; items are expressions, slices, `...` and `none`."""

    value: Expr
    items: tuple[Expr | Slice | Ellipsis_, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Attribute(Syntax):
    """`blocks.Residual`, `train.epochs`."""

    value: Expr
    name: str
    name_span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, eq=False, repr=False)
class Pipe(Syntax):
    """`x |> f |> g(2)`: `stages` are applied to `value` in order (flat, so a thousand stages nest no deeper)."""

    value: Expr
    stages: tuple[Expr, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Range(Syntax):
    """`0..n` in a `for`."""

    start: Expr
    stop: Expr


@dataclass(frozen=True, eq=False, repr=False)
class Poison(Syntax):
    """Stands where text did not parse and was reported; means nothing and causes no further error."""


Expr: TypeAlias = (
    Name | Number | String | Bool | NoneValue | ListExpr | TupleExpr | Unary | Binary | Call | Index | Attribute
    | Pipe | Range | Poison
)  # fmt: skip


# --- types -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, repr=False)
class TensorTypeExpr(Syntax):
    """`f32[batch, n]`, `index<topics>[batch]`, `prob[...]`. `dtype` is the word, `count` what stands in `<>`.

    Also the kind of a const parameter where there are no brackets: `int`, `fn`, `init` (`dims` is None then).
    """

    dtype: str
    count: Expr | None
    dims: tuple[Expr | Ellipsis_, ...] | None


# --- statements ------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, repr=False)
class Assign(Syntax):
    """`y = x @ kernel`. Several names unpack a tuple: `a, b = split(x, 2)`."""

    names: tuple[str, ...]
    name_spans: tuple[Span, ...] = field(compare=False, repr=False)
    value: Expr


@dataclass(frozen=True, eq=False, repr=False)
class Update(Syntax):
    """`v := rho * v + (1 - rho) * g * g`: the new value of a state."""

    name: str
    name_span: Span = field(compare=False, repr=False)
    value: Expr


@dataclass(frozen=True, eq=False, repr=False)
class ExprStatement(Syntax):
    """An expression on a line of its own (reported by the checker: it does nothing)."""

    value: Expr


@dataclass(frozen=True, eq=False, repr=False)
class InputDecl(Syntax):
    """`input words: f32[batch, vocabulary]` or `target topic: index<topics>[batch]` (`role` tells which)."""

    role: str
    name: str
    name_span: Span = field(compare=False, repr=False)
    type: TensorTypeExpr
    doc: str = field(default="", compare=False)


@dataclass(frozen=True, eq=False, repr=False)
class OutputDecl(Syntax):
    """`output probability = softmax(logits)`, or `output logits` for a value that has that name already."""

    name: str
    name_span: Span = field(compare=False, repr=False)
    value: Expr | None
    doc: str = field(default="", compare=False)


@dataclass(frozen=True, eq=False, repr=False)
class LossLine(Syntax):
    """`loss 0.5 * mse(a, b)` or `loss ranking = …`; also a penalty inside a layer."""

    name: str | None
    value: Expr


@dataclass(frozen=True, eq=False, repr=False)
class MetricLine(Syntax):
    """`metric accuracy(topic, probability)` or `metric top5 = …`."""

    name: str | None
    value: Expr


@dataclass(frozen=True, eq=False, repr=False)
class ParamDecl(Syntax):
    """`param kernel: f32[features, units] = glorot_uniform`."""

    name: str
    name_span: Span = field(compare=False, repr=False)
    type: TensorTypeExpr
    value: Expr | None
    doc: str = field(default="", compare=False)


@dataclass(frozen=True, eq=False, repr=False)
class StateDecl(Syntax):
    """`state v = zeros_like(p)` or `state mean: f32[n] = zeros`."""

    name: str
    name_span: Span = field(compare=False, repr=False)
    type: TensorTypeExpr | None
    value: Expr
    doc: str = field(default="", compare=False)


@dataclass(frozen=True, eq=False, repr=False)
class Return(Syntax):
    """`return activation(y)`."""

    value: Expr | None


@dataclass(frozen=True, eq=False, repr=False)
class If(Syntax):
    """Compile-time `if`; `otherwise` is the `else` block, empty when absent; `else if` nests one If in it."""

    condition: Expr
    then: Block
    otherwise: Block


@dataclass(frozen=True, eq=False, repr=False)
class For(Syntax):
    """Compile-time `for i in 0..n { … }`, `for u in [64, 32] { … }`."""

    name: str
    name_span: Span = field(compare=False, repr=False)
    items: Expr
    body: Block


@dataclass(frozen=True, eq=False, repr=False)
class Repeat(Syntax):
    """`repeat n { … }`."""

    count: Expr
    body: Block


@dataclass(frozen=True, eq=False, repr=False)
class Assert(Syntax):
    """`assert n % heads == 0, "heads must divide the width"`."""

    condition: Expr
    message: Expr | None


@dataclass(frozen=True, eq=False, repr=False)
class Carry(Syntax):
    """`h = zeros([batch, units])` in the head of a scan."""

    name: str
    value: Expr


@dataclass(frozen=True, eq=False, repr=False)
class Scan(Syntax):
    """`scan (h = zeros(…)) over x_t in x axis 1 { … }`; `reverse` when the word stands after the axis."""

    carries: tuple[Carry, ...]
    item: str
    sequence: Expr
    axis: Expr
    reverse: bool
    body: Block


@dataclass(frozen=True, eq=False, repr=False)
class Next(Syntax):
    """`next h = …` in a scan."""

    name: str
    value: Expr


@dataclass(frozen=True, eq=False, repr=False)
class Collect(Syntax):
    """`collect h as outputs` in a scan."""

    value: Expr
    name: str


@dataclass(frozen=True, eq=False, repr=False)
class Expect(Syntax):
    """A line of a `test` section: `expect shape(h) == [batch, 64]`, `expect error NN201 { … }`.

    `subject` is `""` for a plain expression, else `"error"`; `code`, `body` (its statements) and `items` (the
    definitions in it) belong to the latter.
    """

    subject: str
    value: Expr | None
    code: str | None = None
    body: Block | None = None
    items: tuple[Definition, ...] = ()


@dataclass(frozen=True, eq=False, repr=False)
class Setting(Syntax):
    """`epochs = 9` in a `train` or `data` section."""

    name: str
    name_span: Span = field(compare=False, repr=False)
    value: Expr


@dataclass(frozen=True, eq=False, repr=False)
class PoisonStatement(Syntax):
    """A statement that did not parse. `names` are what it seems to bind: uses of them are not reported."""

    names: tuple[str, ...]


Statement: TypeAlias = (
    Assign | Update | ExprStatement | InputDecl | OutputDecl | LossLine | MetricLine | ParamDecl | StateDecl | Return
    | If | For | Repeat | Assert | Scan | Next | Collect | Expect | Setting | PoisonStatement
)  # fmt: skip
Block: TypeAlias = tuple[Statement, ...]


# --- declarations ----------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, repr=False)
class Parameter(Syntax):
    """One name in a parameter list: `units: int`, `rho: float = 0.9`, `x: f32[..., n]`, or untyped `p`."""

    name: str
    name_span: Span = field(compare=False, repr=False)
    type: TensorTypeExpr | None
    default: Expr | None


@dataclass(frozen=True, eq=False, repr=False)
class Definition(Syntax):
    """`model`, `layer`, `fn`, `loss`, `metric`, `optimizer`, `init` or `schedule` (`role`), with its name.

    `config` is the list that builds it and `inputs` the list it is applied to. Where only one list is written,
    that list is `inputs` for `fn`, `loss` and `metric`, and `config` for `model`, `layer`, `optimizer`; the absent
    one is None. `returns` are the types after `->`.
    """

    role: str
    name: str
    name_span: Span = field(compare=False, repr=False)
    config: tuple[Parameter, ...] | None
    inputs: tuple[Parameter, ...] | None
    returns: tuple[TensorTypeExpr, ...]
    body: Block
    doc: str = field(default="", compare=False)
    private: bool = False


@dataclass(frozen=True, eq=False, repr=False)
class Section(Syntax):
    """`train NAME { … }`, `data NAME { … }` (Settings) and `test "name" { … }` (statements)."""

    role: str
    name: str
    name_span: Span = field(compare=False, repr=False)
    body: Block
    doc: str = field(default="", compare=False)


@dataclass(frozen=True, eq=False, repr=False)
class Import(Syntax):
    """`import "blocks.nn"`, `import "blocks.nn" as blocks`."""

    path: str
    path_span: Span = field(compare=False, repr=False)
    alias: str | None


@dataclass(frozen=True, eq=False, repr=False)
class PoisonItem(Syntax):
    """Text at the top of a file that did not parse. `names` are what it seems to define."""

    names: tuple[str, ...]


Item: TypeAlias = Definition | Section | Import | PoisonItem


@dataclass(frozen=True, eq=False, repr=False)
class File(Syntax):
    """A whole `.nn` file."""

    items: tuple[Item, ...]
