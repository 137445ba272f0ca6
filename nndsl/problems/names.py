"""Problems of names, arguments and the structure of a file."""

from __future__ import annotations

from nndsl.diagnostics import Problem
from nndsl.problems.said import Said


class UnknownName(Said):
    """Nothing of that name is defined above, in the enclosing definitions, or in the standard library.

    Example:

        model M { input x: f32[batch, 4]
          output y = x |> Dens(2) }

    Cure: write a name that exists (the message suggests the nearest one), or define it above its first use.
    """

    code = "NN101"
    title = "this name is not known"


class DuplicateName(Said):
    """Two things of one file or of one model have the same name: two definitions, inputs, outputs, params or losses.

    Example:

        output y = a
        output y = b

    Cure: rename one of them.
    """

    code = "NN102"
    title = "this name is taken"


class UnknownArgument(Said):
    """A call names an argument that the layer or function does not have.

    Example:

        Dense(64, activaton=relu)

    Cure: use one of the names in the signature, which the message shows.
    """

    code = "NN103"
    title = "there is no such argument"


class MissingArgument(Said):
    """A call leaves out an argument that has no default.

    Example:

        x |> Dense()

    Cure: pass it: `x |> Dense(64)`.
    """

    code = "NN104"
    title = "an argument is missing"


class TooManyArguments(Said):
    """A call passes more values than the signature takes, or passes one both by place and by name.

    Example:

        Dropout(0.5, 3)

    Cure: drop the surplus ones; the message shows the signature.
    """

    code = "NN105"
    title = "too many arguments"


class WrongArgument(Said):
    """A value does not fit the kind its parameter declares: `int`, `float`, `bool`, `str`, `fn`, `init`, `layer`,
    `list`, `pair` or a tensor type. The same holds for consts set from outside.

    Example:

        Dense("64")

    Cure: pass a value of the kind the signature asks for: `Dense(64)`.
    """

    code = "NN106"
    title = "this argument has the wrong kind of value"


class NotCallable(Said):
    """Something that is no layer and no function is called, or stands right of `|>`.

    Example:

        x |> 64

    Cure: put a layer there: `x |> Dense(64)`.
    """

    code = "NN107"
    title = "this cannot be applied"


class UnknownConst(Said):
    """A const set from outside (`--set`, keyword arguments in Python) is not in the model's list.

    Example:

        nndsl train reuters.nn --set hiden=128

    Cure: use one of the model's consts, or `train.…` for a setting of the train section.
    """

    code = "NN108"
    title = "the model has no such const"


class Recursion(Said):
    """A layer or function uses itself, directly or through others, without end.

    Example:

        layer A()(x: f32[...]) { return x |> A }

    Cure: use `repeat n { … }` or `for` for a number of layers known at compile time.
    """

    code = "NN109"
    title = "this definition contains itself"


class UsedTooEarly(Said):
    """Values are defined from top to bottom; a network has no cycles.

    Example:

        a = b + 1
        b = a * 2

    Cure: move the definition above the use. For recurrence over time use a recurrent layer or `scan`.
    """

    code = "NN110"
    title = "this value is used before it is defined"


class NoReturn(Said):
    """The body of a layer or function ends without `return` where its result is used.

    Example:

        fn twice(x: f32[...]) { y = 2 * x }

    Cure: end it with `return y`.
    """

    code = "NN111"
    title = "this definition returns nothing"


class Misplaced(Said):
    """A statement stands where it has no meaning: a `param` in a `fn`, an `input` in a layer, a `return` in a model.

    Example:

        fn f(x: f32[..., n]) { param w: f32[n] = zeros
          return x * w }

    Cure: the message names the place where it belongs; here: make it a `layer`.
    """

    code = "NN112"
    title = "this statement does not belong here"


class NoEffect(Said):
    """An expression stands alone on a line, and its value goes nowhere.

    Example:

        x |> Dense(64)

    Cure: name the value (`h = x |> Dense(64)`), or write `output h = …`.
    """

    code = "NN113"
    title = "this line does nothing"


class NoModel(Said):
    """The file has no model, or has several and none was chosen.

    Example: a file that only defines layers is given to `nndsl train`.

    Cure: write a `model`, or choose one with `--model NAME` (`model="NAME"` in Python).
    """

    code = "NN114"
    title = "which model is meant?"


class UnknownModel(Said):
    """A `train` or `data` section or a command names a model that the file does not define.

    Example:

        train Reuter { epochs = 3 }

    Cure: name the model as it is defined.
    """

    code = "NN115"
    title = "there is no such model"


class AssertFailed(Said):
    """An `assert` of a layer or model is false for these sizes.

    Example:

        assert units % heads == 0, "heads must divide units"

    Cure: the assertion's own message tells what must hold.
    """

    code = "NN116"
    title = "an assertion does not hold"


class NotState(Said):
    """The left side of `:=` is not a `state` of this definition (or `p` in an optimizer).

    Example:

        y := y + 1

    Cure: use `=` to bind a name again, or declare `state y = …`.
    """

    code = "NN117"
    title = "`:=` changes only a state or a param"


class NotConstant(Said):
    """`if`, `for`, `repeat`, dims and arguments of layers are decided when the network is built; a tensor is known only
    when it runs.

    Example:

        if x > 0 { … }

    Cure: choose between tensors with `where(x > 0, a, b)`.
    """

    code = "NN118"
    title = "a value known at compile time is needed"


class UnknownSetting(Said):
    """A `train` or `data` section has a key that means nothing there.

    Example:

        train M { epoch = 3 }

    Cure: use one of the keys the message lists.
    """

    code = "NN119"
    title = "there is no such setting"


class NeedsTensor(Said):
    """A function that works on arrays got a value of another sort.

    Example:

        softmax("a")

    Cure: pass an input, a param or a value computed from them.
    """

    code = "NN120"
    title = "a tensor is needed here"


class BadValue(Said):
    """An operation on compile-time values cannot be done: a division by zero, arithmetic on text, a number too large.

    Example:

        repeat n - 5 { … }    # with n = 3

    Cure: the message says what is wrong with the value.
    """

    code = "NN121"
    title = "this value makes no sense here"


class UnknownType(Said):
    """The word before the brackets is neither a dtype (`f32 f64 i32 i64 bool any`) nor a value kind
    (`logits prob onehot binary index<n>`).

    Example:

        input x: float32[batch, 4]

    Cure: `input x: f32[batch, 4]`.
    """

    code = "NN122"
    title = "this is no type"


class NothingToCompute(Said):
    """A model has no output, or a `train` section belongs to a model without a loss.

    Example:

        model M { input x: f32[batch, 4] }

    Cure: add `output y = …`; to train, add a `loss` line.
    """

    code = "NN123"
    title = "this model computes nothing"


FAMILY: tuple[type[Problem], ...] = (
    UnknownName,
    DuplicateName,
    UnknownArgument,
    MissingArgument,
    TooManyArguments,
    WrongArgument,
    NotCallable,
    UnknownConst,
    Recursion,
    UsedTooEarly,
    NoReturn,
    Misplaced,
    NoEffect,
    NoModel,
    UnknownModel,
    AssertFailed,
    NotState,
    NotConstant,
    UnknownSetting,
    NeedsTensor,
    BadValue,
    UnknownType,
    NothingToCompute,
)
