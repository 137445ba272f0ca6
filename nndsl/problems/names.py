"""Problems of names, arguments and the structure of a file."""

from __future__ import annotations

from nndsl.diagnostics import Problem
from nndsl.problems.said import Said
from nndsl.problems.sections import NoModel as NoModel
from nndsl.problems.sections import NothingToCompute as NothingToCompute
from nndsl.problems.sections import UnknownConst as UnknownConst
from nndsl.problems.sections import UnknownModel as UnknownModel
from nndsl.problems.sections import UnknownSetting as UnknownSetting


class UnknownName(Said):
    """Nothing of that name is defined above, in the enclosing definitions, or in the standard library.

    Example:

        h = x |> Dens(2)

    Cure: write a name that exists (the message suggests the nearest one), or define it above its first use.

        h = x |> Dense(2)
    """

    code = "NN101"
    title = "this name is not known"


class DuplicateName(Said):
    """Two things of one file or of one model have the same name: two definitions, inputs, outputs, params or losses.

    Example:

        output z = x |> Dense(2)
        output z = x |> Dense(3)

    Cure: rename one of them.

        output a = x |> Dense(2)
        output b = x |> Dense(3)
    """

    code = "NN102"
    title = "this name is taken"


class UnknownArgument(Said):
    """A call names an argument that the layer or function does not have.

    Example:

        h = x |> Dense(64, activaton=relu)

    Cure: use one of the names in the signature, which the message shows.

        h = x |> Dense(64, activation=relu)
    """

    code = "NN103"
    title = "there is no such argument"


class MissingArgument(Said):
    """A call leaves out an argument that has no default.

    Example:

        h = x |> Dense()

    Cure: pass it.

        h = x |> Dense(64)
    """

    code = "NN104"
    title = "an argument is missing"


class TooManyArguments(Said):
    """A call passes more values than the signature takes, or passes one both by place and by name.

    Example:

        h = x |> LeakyReLU(0.1, 3)

    Cure: drop the surplus ones; the message shows the signature.

        h = x |> LeakyReLU(0.1)
    """

    code = "NN105"
    title = "too many arguments"


class WrongArgument(Said):
    """A value does not fit the kind its parameter declares: `int`, `float`, `bool`, `str`, `fn`, `init`, `layer`,
    `list`, `pair` or a tensor type. The same holds for consts set from outside, and for settings.

    Example:

        h = x |> Dense("64", activation="relu")

    Cure: pass a value of the kind the signature asks for.

        h = x |> Dense(64, activation=relu)
    """

    code = "NN106"
    title = "this argument has the wrong kind of value"


class NotCallable(Said):
    """Something that is no layer and no function is called, or stands right of `|>`.

    Example:

        h = x |> 64

    Cure: put a layer there.

        h = x |> Dense(64)
    """

    code = "NN107"
    title = "this cannot be applied"


class Recursion(Said):
    """A layer or function uses itself, directly or through others, without end.

    Example:

        layer Tower()(x: f32[..., n]) { return x |> Dense(n, activation=relu) |> Tower }

        model M() {
          input x: f32[batch, 4]
          output y = x |> Tower
        }

    Cure: use `repeat n { … }` or `for` for a number of layers known at compile time.

        layer Tower(height: int)(x: f32[..., n]) {
          repeat height { x = x |> Dense(n, activation=relu) }
          return x
        }

        model M() {
          input x: f32[batch, 4]
          output y = x |> Tower(3)
        }
    """

    code = "NN109"
    title = "this definition contains itself"


class UsedTooEarly(Said):
    """Values are defined from top to bottom; a network has no cycles.

    Example:

        a = b + 1
        b = x * 2

    Cure: move the definition above the use. For recurrence over time use a recurrent layer or `scan`.

        b = x * 2
        a = b + 1
    """

    code = "NN110"
    title = "this value is used before it is defined"


class NoReturn(Said):
    """The body of a layer or function ends without `return` where its result is used.

    Example:

        fn twice(x: f32[...]) { _y = 2 * x }

        model M() {
          input x: f32[batch, 4]
          output y = twice(x)
        }

    Cure: end it with `return`.

        fn twice(x: f32[...]) { return 2 * x }

        model M() {
          input x: f32[batch, 4]
          output y = twice(x)
        }
    """

    code = "NN111"
    title = "this definition returns nothing"


class Misplaced(Said):
    """A statement stands where it has no meaning: a `param` in a `fn`, an `input` in a layer, a `return` in a model.

    Example:

        fn scaled(x: f32[..., n]) {
          param w: f32[n] = ones
          return x * w
        }

        model M() {
          input x: f32[batch, 4]
          output y = scaled(x)
        }

    Cure: the message names the place where it belongs; here: make it a `layer`.

        layer Scaled()(x: f32[..., n]) {
          param w: f32[n] = ones
          return x * w
        }

        model M() {
          input x: f32[batch, 4]
          output y = x |> Scaled
        }
    """

    code = "NN112"
    title = "this statement does not belong here"


class NoEffect(Said):
    """An expression stands alone on a line, and its value goes nowhere.

    Example:

        x |> Dense(64)

    Cure: name the value, or write `output h = …`.

        h = x |> Dense(64)
    """

    code = "NN113"
    title = "this line does nothing"


class AssertFailed(Said):
    """An `assert` of a layer or model is false for these sizes.

    Example:

        h = x |> Dropout(50) |> Dense(3)

    Cure: the assertion's own message tells what must hold.

        h = x |> Dropout(0.5) |> Dense(3)
    """

    code = "NN116"
    title = "an assertion does not hold"


class NotState(Said):
    """The left side of `:=` is not a `state` of this definition (or `p` in an optimizer).

    Example:

        h = 2 * x
        h := h + 1

    Cure: use `=` to bind a name again, or declare a `state`.

        h = 2 * x
        h = h + 1
    """

    code = "NN117"
    title = "`:=` changes only a state or a param"


class NotConstant(Said):
    """`if`, `for`, `repeat`, dims and arguments of layers are decided when the network is built; a tensor is known only
    when it runs.

    Example:

        if mean(x) > 0 { x = 2 * x }

    Cure: choose between tensors with `where`.

        x = where(mean(x) > 0, 2 * x, x)
    """

    code = "NN118"
    title = "a value known at compile time is needed"


class NeedsTensor(Said):
    """A function that works on arrays got a value of another sort.

    Example:

        h = softmax("x")

    Cure: pass an input, a param or a value computed from them.

        h = softmax(x)
    """

    code = "NN120"
    title = "a tensor is needed here"


class BadValue(Said):
    """An operation on compile-time values cannot be done: a division by zero, arithmetic on text, a number too large.

    Example:

        n = 3
        h = x |> Dense(64 / (n - 3))

    Cure: the message says what is wrong with the value.

        n = 4
        h = x |> Dense(64 / (n - 3))
    """

    code = "NN121"
    title = "this value makes no sense here"


class UnknownType(Said):
    """The word before the brackets is neither a dtype (`f32 f64 i32 i64 bool any`) nor a value kind
    (`logits prob onehot binary index<n>`), or the type is not complete.

    Example:

        input x: float32[batch, 4]

    Cure: write one of these words.

        input x: f32[batch, 4]
    """

    code = "NN122"
    title = "this is no type"


FAMILY: tuple[type[Problem], ...] = (
    UnknownName,
    DuplicateName,
    UnknownArgument,
    MissingArgument,
    TooManyArguments,
    WrongArgument,
    NotCallable,
    Recursion,
    UsedTooEarly,
    NoReturn,
    Misplaced,
    NoEffect,

    AssertFailed,
    NotState,
    NotConstant,
    NeedsTensor,
    BadValue,
    UnknownType,
)
