"""The abstract syntax of `.nn`: frozen dataclasses, each with the span it came from.

Equality ignores spans and doc comments are kept as plain text, so two texts that differ in layout alone give
equal trees.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TypeAlias, TypeVar, dataclass_transform

from nndsl.diagnostics import Span

Sort = TypeVar("Sort")


@dataclass_transform(frozen_default=True, eq_default=False, field_specifiers=(field,))
def node(sort: type[Sort]) -> type[Sort]:
    """A sort of node: a frozen dataclass for mypy, which lets nobody set a field.

    Python is not asked to refuse that as well, and equality and text are written once, in `Syntax`: to generate all
    this for each of fifty classes takes a fifth of `nndsl check`, and a frozen node takes twice as long to make.
    """
    return dataclass(eq=False, repr=False)(sort)


@node
class Syntax:
    """Base of all nodes."""

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


@node
class Name(Syntax):
    """`relu`, or with dots as read from a module: `blocks.Residual` is `Attribute(Name("blocks"), "Residual")`."""

    id: str


@node
class Number(Syntax):
    """An int or float literal (`10_000`, `1e-7`)."""

    value: int | float


@node
class String(Syntax):
    """`"reuters.npz"`; escapes are those of JSON."""

    value: str


@node
class Bool(Syntax):
    """`true`, `false`."""

    value: bool


@node
class NoneValue(Syntax):
    """`none`."""


@node
class ListExpr(Syntax):
    """`[64, 32]`."""

    items: tuple[Expr, ...]


@node
class TupleExpr(Syntax):
    """`(a, b)`, two items or more: what a pipe passes as several arguments, or a pair."""

    items: tuple[Expr, ...]


@node
class Unary(Syntax):
    """`-x`, `not x`."""

    op: str
    operand: Expr


@node
class Binary(Syntax):
    """`+ - * / % ** @ < <= > >= == != and or`. `op_span` is the operator alone."""

    op: str
    left: Expr
    right: Expr
    op_span: Span = field(compare=False, repr=False)


@node
class Argument(Syntax):
    """`3` or `activation=relu` in a call. `name_span` is the name alone."""

    name: str | None
    value: Expr
    name_span: Span | None = field(default=None, compare=False, repr=False)


@node
class Call(Syntax):
    """`Dense(64, activation=relu)`."""

    function: Expr
    arguments: tuple[Argument, ...]


@node
class Slice(Syntax):
    """`a:b:c` inside an index; each part may be absent."""

    start: Expr | None
    stop: Expr | None
    step: Expr | None


@node
class Ellipsis_(Syntax):
    """`...` inside an index or among the dims of a type."""


@node
class Index(Syntax):
    """`x[:, -1]`; items are expressions, slices, `...` and `none`."""

    value: Expr
    items: tuple[Expr | Slice | Ellipsis_, ...]


@node
class Attribute(Syntax):
    """`blocks.Residual`, `train.epochs`."""

    value: Expr
    name: str
    name_span: Span = field(compare=False, repr=False)


@node
class Pipe(Syntax):
    """`x |> f |> g(2)`: `stages` are applied to `value` in order (flat, so a thousand stages nest no deeper)."""

    value: Expr
    stages: tuple[Expr, ...]


@node
class Range(Syntax):
    """`0..n` in a `for`."""

    start: Expr
    stop: Expr


@node
class Poison(Syntax):
    """Stands where text did not parse and was reported; means nothing and causes no further error."""


Expr: TypeAlias = (
    Name | Number | String | Bool | NoneValue | ListExpr | TupleExpr | Unary | Binary | Call | Index | Attribute
    | Pipe | Range | Poison
)  # fmt: skip


# --- types -----------------------------------------------------------------------------------------------


@node
class TensorTypeExpr(Syntax):
    """`f32[batch, n]`, `index<topics>[batch]`, `prob[...]`. `dtype` is the word, `count` what stands in `<>`.

    Also the kind of a const parameter where there are no brackets: `int`, `fn`, `init` (`dims` is None then).
    """

    dtype: str
    count: Expr | None
    dims: tuple[Expr | Ellipsis_, ...] | None


# --- statements ------------------------------------------------------------------------------------------


@node
class Assign(Syntax):
    """`y = x @ kernel`. Several names unpack a tuple: `a, b = split(x, 2)`."""

    names: tuple[str, ...]
    name_spans: tuple[Span, ...] = field(compare=False, repr=False)
    value: Expr


@node
class Update(Syntax):
    """`v := rho * v + (1 - rho) * g * g`: the new value of a state."""

    name: str
    name_span: Span = field(compare=False, repr=False)
    value: Expr


@node
class ExprStatement(Syntax):
    """An expression on a line of its own (reported by the checker: it does nothing)."""

    value: Expr


@node
class InputDecl(Syntax):
    """`input words: f32[batch, vocabulary]` or `target topic: index<topics>[batch]` (`role` tells which)."""

    role: str
    name: str
    name_span: Span = field(compare=False, repr=False)
    type: TensorTypeExpr
    doc: str = field(default="", compare=False)


@node
class OutputDecl(Syntax):
    """`output probability = softmax(logits)`, or `output logits` for a value that has that name already."""

    name: str
    name_span: Span = field(compare=False, repr=False)
    value: Expr | None
    doc: str = field(default="", compare=False)


@node
class LossLine(Syntax):
    """`loss 0.5 * mse(a, b)` or `loss ranking = …`; also a penalty inside a layer."""

    name: str | None
    value: Expr


@node
class MetricLine(Syntax):
    """`metric accuracy(topic, probability)` or `metric top5 = …`."""

    name: str | None
    value: Expr


@node
class ParamDecl(Syntax):
    """`param kernel: f32[features, units] = glorot_uniform`, with `constraint max_norm(2.0)` behind it or not."""

    name: str
    name_span: Span = field(compare=False, repr=False)
    type: TensorTypeExpr
    value: Expr | None
    constraint: Expr | None
    doc: str = field(default="", compare=False)


@node
class StateDecl(Syntax):
    """`state v = zeros_like(p)` or `state mean: f32[n] = zeros`."""

    name: str
    name_span: Span = field(compare=False, repr=False)
    type: TensorTypeExpr | None
    value: Expr
    doc: str = field(default="", compare=False)


@node
class Return(Syntax):
    """`return activation(y)`."""

    value: Expr | None


@node
class If(Syntax):
    """Compile-time `if`; `otherwise` is the `else` block, empty when absent; `else if` nests one If in it."""

    condition: Expr
    then: Block
    otherwise: Block


@node
class For(Syntax):
    """Compile-time `for i in 0..n { … }`, `for u in [64, 32] { … }`."""

    name: str
    name_span: Span = field(compare=False, repr=False)
    items: Expr
    body: Block


@node
class Repeat(Syntax):
    """`repeat n { … }`."""

    count: Expr
    body: Block


@node
class Assert(Syntax):
    """`assert n % heads == 0, "heads must divide the width"`."""

    condition: Expr
    message: Expr | None


@node
class Carry(Syntax):
    """`h = zeros([batch, units])` in the head of a scan."""

    name: str
    value: Expr


@node
class Sequence(Syntax):
    """`x_t in x` in the head of a scan: what a step's part is called, and what it is a part of."""

    name: str
    value: Expr


@node
class Scan(Syntax):
    """`scan (h = zeros(…)) over x_t in x axis 1 { … }`; `reverse` when the word stands after the axis."""

    carries: tuple[Carry, ...]
    sequences: tuple[Sequence, ...]
    axis: Expr
    reverse: bool
    body: Block


@node
class Next(Syntax):
    """`next h = …` in a scan."""

    name: str
    value: Expr


@node
class Collect(Syntax):
    """`collect h as outputs` in a scan."""

    value: Expr
    name: str


@node
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


@node
class Setting(Syntax):
    """`epochs = 9` in a `train` or `data` section; `Dense_1.kernel = …`, one name, in a `weights` section."""

    name: str
    name_span: Span = field(compare=False, repr=False)
    value: Expr


@node
class PoisonStatement(Syntax):
    """A statement that did not parse. `names` are what it seems to bind: uses of them are not reported."""

    names: tuple[str, ...]


Statement: TypeAlias = (
    Assign | Update | ExprStatement | InputDecl | OutputDecl | LossLine | MetricLine | ParamDecl | StateDecl | Return
    | If | For | Repeat | Assert | Scan | Next | Collect | Expect | Setting | PoisonStatement
)  # fmt: skip
Block: TypeAlias = tuple[Statement, ...]


# --- declarations ----------------------------------------------------------------------------------------


@node
class Parameter(Syntax):
    """One name in a parameter list: `units: int`, `rho: float = 0.9`, `x: f32[..., n]`, or untyped `p`.

    `rest` where it takes as many values as are given: `...values`.
    """

    name: str
    name_span: Span = field(compare=False, repr=False)
    type: TensorTypeExpr | None
    default: Expr | None
    rest: bool = False


@node
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


@node
class Alias(Syntax):
    """`layer BatchNorm = BatchNormalization`: a second name for what `target` names."""

    role: str
    name: str
    name_span: Span = field(compare=False, repr=False)
    target: Expr
    doc: str = field(default="", compare=False)
    private: bool = False


@node
class Section(Syntax):
    """`train NAME { … }`, `data NAME { … }`, `weights NAME { … }` (Settings) and `test "name" { … }` (statements).

    The name of a `weights` section may be left out, and is empty then.
    """

    role: str
    name: str
    name_span: Span = field(compare=False, repr=False)
    body: Block
    doc: str = field(default="", compare=False)


@node
class Import(Syntax):
    """`import "blocks.nn"`, `import "blocks.nn" as blocks`."""

    path: str
    path_span: Span = field(compare=False, repr=False)
    alias: str | None


@node
class PoisonItem(Syntax):
    """Text at the top of a file that did not parse. `names` are what it seems to define."""

    names: tuple[str, ...]


Item: TypeAlias = Definition | Alias | Section | Import | PoisonItem


@node
class File(Syntax):
    """A whole `.nn` file."""

    items: tuple[Item, ...]
