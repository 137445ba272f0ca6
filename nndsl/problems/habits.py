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
            pass

    What has weights is a `layer`; what has inputs and losses is a `model`. There is no `__init__` and no `call`:
    the first parameter list builds, the second is what it is applied to.

        layer Block(units: int)(x: f32[..., n]) {
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

        n = 3
        if n > 3 { h = x } elif n > 2 { h = 2 * x } else { h = 3 * x }

    Write `else if`:

        n = 3
        if n > 3 { h = x } else if n > 2 { h = 2 * x } else { h = 3 * x }
    """

    code: ClassVar[str] = "NN032"
    title: ClassVar[str] = "there is no `elif`"
    says: ClassVar[str] = "`{word}` is two words here"
    cure: ClassVar[str] = "write `else if`, on the line of the `}}` before it or on the next"

    word: str


@dataclass(frozen=True)
class LambdaExpression(Saying):
    """`lambda`, or an arrow function.

        h = x |> Activation(lambda x: x * 2)

    Give the function a name at the top of the file and pass the name:

        fn double(x) { return x * 2 }

        model M() {
          input x: f32[batch, 4]
          output h = x |> Activation(double)
        }
    """

    code: ClassVar[str] = "NN033"
    title: ClassVar[str] = "there is no `lambda`"
    says: ClassVar[str] = "functions without a name do not exist"
    cure: ClassVar[str] = "write `fn double(x) {{ return x * 2 }}` at the top of the file, and pass `double`"


@dataclass(frozen=True)
class ForeignStatement(Saying):
    """A statement that other languages have.

        n = 4
        while n > 3 { x = x + 1 }

    A network is built at compile time from `if`, `for`, `repeat` and definitions. Steps over the time axis are
    written with `scan`. There are no exceptions, no printing and no changes at run time.

        n = 4
        repeat n - 3 { x = x + 1 }
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

        if training:
          x = 2 * x

    A block stands in braces, and indentation means nothing:

        if training {
          x = 2 * x
        }
    """

    code: ClassVar[str] = "NN035"
    title: ClassVar[str] = "blocks stand in braces"
    says: ClassVar[str] = "no `:` here"
    cure: ClassVar[str] = "write `{{` instead of the `:`, and `}}` on a line of its own where the block ends"


@dataclass(frozen=True)
class AssignInCondition(Saying):
    """One `=` where two values are compared.

        n = 3
        if n = 3 { x = 2 * x }

    `=` gives a name a value; `==` compares:

        n = 3
        if n == 3 { x = 2 * x }
    """

    code: ClassVar[str] = "NN036"
    title: ClassVar[str] = "`=` gives a name a value, `==` compares"
    says: ClassVar[str] = "this line compares, it sets nothing"
    cure: ClassVar[str] = "write `==`"


@dataclass(frozen=True)
class ConditionalExpression(Saying):
    """`a if c else b`, as Python chooses between values.

        h = x if training else 2 * x

    Where the condition is known at compile time, use an `if` statement; where it is a tensor, `where`:

        if training { h = x } else { h = 2 * x }
        z = where(x > 0, x, 2 * x)
    """

    code: ClassVar[str] = "NN037"
    title: ClassVar[str] = "`if` does not stand inside an expression"
    says: ClassVar[str] = "`if` starts a statement"
    cure: ClassVar[str] = "write `if c {{ y = a }} else {{ y = b }}`, or `y = where(c, a, b)` where `c` is a tensor"


@dataclass(frozen=True)
class Comprehension(Saying):
    """`[f(u) for u in …]`, as Python makes lists.

        parts = [Dense(u)(x) for u in [64, 32]]

    Use a `for` statement, which binds a name again on each round:

        h = x
        for u in [64, 32] { h = h |> Dense(u, activation=relu) }
    """

    code: ClassVar[str] = "NN038"
    title: ClassVar[str] = "`for` does not stand inside an expression"
    says: ClassVar[str] = "`for` starts a statement"
    cure: ClassVar[str] = "write a statement: `for u in [64, 32] {{ x = x |> Dense(u) }}`"


@dataclass(frozen=True)
class DictLiteral(Saying):
    """Braces stand where a value is expected, as Python's dicts and sets do.

        data = {"x": "x_train"}

    Braces hold statements. Pass several values as named arguments or as a list:

        data = npz("small.npz", x="x_train", label="y_train")
    """

    code: ClassVar[str] = "NN039"
    title: ClassVar[str] = "braces hold statements, not values"
    says: ClassVar[str] = "a value is expected here"
    cure: ClassVar[str] = "use named arguments, `f(words=x)`, or a list, `[a, b]`"


@dataclass(frozen=True)
class StarArgument(Saying):
    """`*args` or `**options`, as Python unpacks arguments.

        parts = (x, x)
        h = concat(*parts)

    Arguments are written one by one. A tuple is passed to a function as its arguments by a pipe:

        parts = (x, x)
        h = parts |> concat
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
        layer L()(x) { return x }

    There are no decorators; every definition of a file can be used by its name.

        layer L()(x) { return x }
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


FAMILY: tuple[type[Problem], ...] = (
    DefStatement, ClassStatement, ElifStatement, LambdaExpression, ForeignStatement, ColonBlock, AssignInCondition,
    ConditionalExpression, Comprehension, DictLiteral, StarArgument, Decorator, ImportWithoutQuotes,
)  # fmt: skip
