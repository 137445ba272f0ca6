"""Problems: syntax that other languages have and nndsl writes otherwise (NN030 to NN059)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from nndsl.diagnostics import Problem
from nndsl.problems.saying import Saying


@dataclass(frozen=True)
class DefStatement(Saying):
    """`def`, as Python starts a function.

        def swish(x):
            return x * sigmoid(x)

    A function without weights is a `fn`, one with weights a `layer`; the body stands in braces:

        fn swish(x) { return x * sigmoid(x) }
    """

    code: ClassVar[str] = "NN030"
    title: ClassVar[str] = "there is no `{word}`"
    says: ClassVar[str] = "`{word}` starts a function in other languages"
    cure: ClassVar[str] = "write `fn {name}(x) {{ … }}`, or `layer {name}(units: int)(x) {{ … }}` if it has weights"

    word: str
    name: str

    @property
    def headline(self) -> str:
        return f"there is no `{self.word}`"


@dataclass(frozen=True)
class ClassStatement(Saying):
    """`class`, as Python starts a layer or model.

        class Block(Layer):

    What has weights is a `layer`; what has inputs and losses is a `model`. There is no `__init__` and no `call`:
    the first parameter list builds, the second is what it is applied to.

        layer Block(units: int)(x) {
          return x |> Dense(units)
        }
    """

    code: ClassVar[str] = "NN031"
    title: ClassVar[str] = "there are no classes"
    says: ClassVar[str] = "a layer or model is not a class here"
    cure: ClassVar[str] = "write `layer {name}(units: int)(x) {{ … }}`, or `model {name}() {{ … }}`"

    name: str


@dataclass(frozen=True)
class ElifStatement(Saying):
    """`elif` or `elseif`, as Python and others write it.

        if n > 3 { … } elif n > 2 { … }

    Write `else if`:

        if n > 3 { … } else if n > 2 { … }
    """

    code: ClassVar[str] = "NN032"
    title: ClassVar[str] = "there is no `elif`"
    says: ClassVar[str] = "`{word}` is two words here"
    cure: ClassVar[str] = "write `else if`, on the line of the `}}` before it or on the next"

    word: str


@dataclass(frozen=True)
class LambdaExpression(Saying):
    """`lambda`, or an arrow function.

        y = apply(lambda x: x * 2, a)

    Give the function a name at the top of the file and pass the name:

        fn double(x) { return x * 2 }
    """

    code: ClassVar[str] = "NN033"
    title: ClassVar[str] = "there is no `lambda`"
    says: ClassVar[str] = "functions without a name do not exist"
    cure: ClassVar[str] = "write `fn double(x) {{ return x * 2 }}` at the top of the file, and pass `double`"


@dataclass(frozen=True)
class ForeignStatement(Saying):
    """A statement that other languages have.

        while n > 3 { … }

    A network is built at compile time from `if`, `for`, `repeat` and definitions. Steps over the time axis are
    written with `scan`. There are no exceptions, no printing and no changes at run time.
    """

    code: ClassVar[str] = "NN034"
    title: ClassVar[str] = "there is no such statement"
    says: ClassVar[str] = "`{word}` is not a statement of .nn"
    cure: ClassVar[str] = "{instead}"

    word: str
    instead: str

    @property
    def headline(self) -> str:
        return f"there is no `{self.word}` statement"


@dataclass(frozen=True)
class ColonBlock(Saying):
    """A `:` stands where a block begins, as in Python.

        if use_bias:
          y = y + bias

    A block stands in braces, and indentation means nothing:

        if use_bias {
          y = y + bias
        }
    """

    code: ClassVar[str] = "NN035"
    title: ClassVar[str] = "blocks stand in braces"
    says: ClassVar[str] = "no `:` here"
    cure: ClassVar[str] = "write `{{` instead of the `:`, and `}}` on a line of its own where the block ends"


@dataclass(frozen=True)
class AssignInCondition(Saying):
    """One `=` where two values are compared.

        if mode = 3 { … }

    `=` gives a name a value; `==` compares:

        if mode == 3 { … }
    """

    code: ClassVar[str] = "NN036"
    title: ClassVar[str] = "`=` gives a name a value, `==` compares"
    says: ClassVar[str] = "this line compares, it sets nothing"
    cure: ClassVar[str] = "write `==`"


@dataclass(frozen=True)
class ConditionalExpression(Saying):
    """`a if c else b`, as Python chooses between values.

        y = a if training else b

    Where the condition is known at compile time, use an `if` statement; where it is a tensor, `where`:

        if training { y = a } else { y = b }
        y = where(mask, a, b)
    """

    code: ClassVar[str] = "NN037"
    title: ClassVar[str] = "`if` does not stand inside an expression"
    says: ClassVar[str] = "`if` starts a statement"
    cure: ClassVar[str] = "write `if c {{ y = a }} else {{ y = b }}`, or `y = where(c, a, b)` where `c` is a tensor"


@dataclass(frozen=True)
class Comprehension(Saying):
    """`[f(u) for u in …]`, as Python makes lists.

        outs = [Dense(u)(x) for u in [64, 32]]

    Use a `for` statement, which binds a name again on each round:

        for u in [64, 32] { x = x |> Dense(u) }
    """

    code: ClassVar[str] = "NN038"
    title: ClassVar[str] = "`for` does not stand inside an expression"
    says: ClassVar[str] = "`for` starts a statement"
    cure: ClassVar[str] = "write a statement: `for u in [64, 32] {{ x = x |> Dense(u) }}`"


@dataclass(frozen=True)
class DictLiteral(Saying):
    """Braces stand where a value is expected, as Python's dicts and sets do.

        data = {"words": x}

    Braces hold statements. Pass several values as named arguments or as a list:

        data = npz("reuters.npz", words="x_train")
    """

    code: ClassVar[str] = "NN039"
    title: ClassVar[str] = "braces hold statements, not values"
    says: ClassVar[str] = "a value is expected here"
    cure: ClassVar[str] = "use named arguments, `f(words=x)`, or a list, `[a, b]`"


@dataclass(frozen=True)
class StarArgument(Saying):
    """`*args` or `**options`, as Python unpacks arguments.

        y = f(*parts)

    Arguments are written one by one. A tuple is passed to a function as its arguments by a pipe:

        y = (a, b) |> f
    """

    code: ClassVar[str] = "NN040"
    title: ClassVar[str] = "arguments are not unpacked with `*`"
    says: ClassVar[str] = "there is no `{text}` in front of a value"
    cure: ClassVar[str] = "write the arguments one by one, or pass several with a pipe: `(a, b) |> f`"

    text: str


@dataclass(frozen=True)
class Decorator(Saying):
    """A line starts with `@`, as Python's decorators do.

        @register
        layer L()(x) { … }

    There are no decorators; every definition of a file can be used by its name.
    """

    code: ClassVar[str] = "NN041"
    title: ClassVar[str] = "there are no decorators"
    says: ClassVar[str] = "`@` is matrix multiplication and stands between two values"
    cure: ClassVar[str] = "remove the line"


@dataclass(frozen=True)
class ImportWithoutQuotes(Saying):
    """`import` is followed by something else than a path in quotes.

        import keras
        from keras import Dense

    `import` takes the path of another `.nn` file inside the project folder. Standard layers need no import.

        import "blocks.nn"
        import "blocks.nn" as blocks
    """

    code: ClassVar[str] = "NN042"
    title: ClassVar[str] = "`import` takes the path of a .nn file, in quotes"
    says: ClassVar[str] = "this is no path in quotes"
    cure: ClassVar[str] = 'write `import "blocks.nn"`; layers, losses and optimizers need no import'


@dataclass(frozen=True)
class AssignTarget(Saying):
    """Something else than a name stands left of `=`.

        x[0] = 3
        model.loss = y

    Values do not change, names are bound to new ones. Make the new value as a whole:

        x = concat([first, x[1:]], axis=0)
    """

    code: ClassVar[str] = "NN043"
    title: ClassVar[str] = "only a name can stand left of `{sign}`"
    says: ClassVar[str] = "left of it stands more than a name"
    cure: ClassVar[str] = "values are never changed in part: give a new value a name, `y = …`"

    sign: str

    @property
    def headline(self) -> str:
        return f"only a name can stand left of `{self.sign}`"


@dataclass(frozen=True)
class TypedAssignment(Saying):
    """A type stands in an assignment.

        y: f32[batch, n] = x @ kernel

    Types of values are found by the compiler. Only `input`, `target`, `param`, `state` and parameters have one.

        y = x @ kernel
    """

    code: ClassVar[str] = "NN044"
    title: ClassVar[str] = "an assignment has no type"
    says: ClassVar[str] = "the compiler finds the type of `{name}`"
    cure: ClassVar[str] = "write `{name} = …`, or put `param`, `state` or `input` in front if it is one"

    name: str


@dataclass(frozen=True)
class ArgumentColon(Saying):
    """A `:` stands between the name and the value of an argument.

        Dense(64, activation: relu)

    Named arguments have `=`:

        Dense(64, activation=relu)
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
class ArgumentName(Saying):
    """Something else than a name stands before the `=` of an argument.

        f(3=4)
        f(a.b=4)

    A named argument is `name=value`. To compare, write `==`.
    """

    code: ClassVar[str] = "NN048"
    title: ClassVar[str] = "an argument is `value` or `name=value`"
    says: ClassVar[str] = "what stands before this is not a name"
    cure: ClassVar[str] = "write a parameter's name before `=`, or `==` to compare"


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

        layer Dense(int units)(x) { … }

    The name comes first, then `:` and the type:

        layer Dense(units: int)(x) { … }
    """

    code: ClassVar[str] = "NN047"
    title: ClassVar[str] = "a parameter is written `name: type`"
    says: ClassVar[str] = "a `:` is missing before this"
    cure: ClassVar[str] = "write `{name}: {type}`"

    name: str
    type: str


FAMILY: tuple[type[Problem], ...] = (
    DefStatement, ClassStatement, ElifStatement, LambdaExpression, ForeignStatement, ColonBlock, AssignInCondition,
    ConditionalExpression, Comprehension, DictLiteral, StarArgument, Decorator, ImportWithoutQuotes, AssignTarget,
    TypedAssignment, ArgumentColon, ArgumentName, SettingSign, ParameterOrder,
)  # fmt: skip
