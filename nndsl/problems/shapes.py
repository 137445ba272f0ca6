"""Problems of shapes and dtypes."""

from __future__ import annotations

from nndsl.diagnostics import Problem
from nndsl.problems.said import Said


class ShapeClash(Said):
    """The two sides of an operation have sizes that differ and neither is 1. Names both sides and where they come from.

    Example:

        a = words |> Dense(128)
        b = a + (words |> Dense(64))

    Cure: give both sides the same sizes; write `x[:, none]` to add an axis of size 1 along which to repeat.
    """

    code = "NN201"
    title = "these shapes do not agree"


class DimClash(Said):
    """A named dim of a layer or function is fixed to one size by an argument, and another argument or a const gives
    it another.

    Example:

        loss mse(y, p)     # y: f32[batch], p: f32[batch, 1]

    Cure: the message names both places; change one of the two.
    """

    code = "NN202"
    title = "a size does not fit the signature"


class WrongRank(Said):
    """A layer or function asks for a certain number of axes.

    Example: an image of f32[batch, 28, 28, 1] given to a layer that takes f32[batch, features].

    Cure: `|> Flatten()` makes one axis of all but the first; `x[:, none]` adds one.
    """

    code = "NN203"
    title = "this has the wrong number of axes"


class InnerSizes(Said):
    """In `a @ b` the last size of `a` must be the last but one of `b`.

    Example:

        x @ kernel     # x: f32[batch, 64], kernel: f32[32, 10]

    Cure: make both sizes equal, or transpose one side.
    """

    code = "NN204"
    title = "the inner sizes of `@` differ"


class BadDim(Said):
    """A dim is zero, negative, too large or not a whole number.

    Example:

        x |> Dense(0)

    Cure: give a size of at least 1.
    """

    code = "NN205"
    title = "a size must be a positive whole number"


class DoesNotFit(Said):
    """A reshape, concatenation, repetition or split asks for sizes that the value does not have.

    Example:

        reshape(x, [batch, 7])     # x: f32[batch, 12]

    Cure: the message gives both shapes; `-1` stands for the size that is left.
    """

    code = "NN206"
    title = "this shape does not fit"


class NoSuchAxis(Said):
    """An axis number is outside the value's axes; axes count from 0, negative ones from the end.

    Example:

        sum(x, axis=2)     # x: f32[batch, 4]

    Cure: use an axis the value has.
    """

    code = "NN207"
    title = "there is no such axis"


class WrongDtype(Said):
    """An operation needs floats, integers or bool and got another dtype.

    Example:

        exp(words)     # words: index<100>[batch]

    Cure: convert with `cast(x, f32)`.
    """

    code = "NN208"
    title = "this has the wrong dtype"


class SharedSizes(Said):
    """A layer built once owns one set of weights; both values it is applied to must need weights of one shape.

    Example:

        enc = Dense(64)
        a = enc(x)      # x: f32[batch, 10]
        b = enc(z)      # z: f32[batch, 20]

    Cure: build a second layer, or bring both values to one size.
    """

    code = "NN209"
    title = "a shared layer is applied to different sizes"


class NotANumber(Said):
    """A `loss` line adds up to the number that training makes small.

    Example:

        loss argmax(p)

    Cure: use a loss function, or reduce a float value: `loss mean(abs(y - p))`.
    """

    code = "NN210"
    title = "a loss must be a float"


class BadIndex(Said):
    """A slice or index lies outside the value, or there are more indices than axes.

    Example:

        x[:, 7]     # x: f32[batch, 4]

    Cure: index within the size; -1 is the last.
    """

    code = "NN211"
    title = "this index is out of range"


class ParamSize(Said):
    """Params are made before any data is seen, so their sizes cannot depend on data.

    Example:

        param w: f32[batch, 4] = zeros

    Cure: use sizes that are numbers or consts, or fix the size in the input's type.
    """

    code = "NN212"
    title = "the size of a param must be known"


class ReturnType(Said):
    """A definition returns something else than what stands after `->`.

    Example:

        fn f(x: f32[batch, n]) -> f32[batch] { return x }

    Cure: change the body or the declared type.
    """

    code = "NN213"
    title = "the result is not of the declared type"


FAMILY: tuple[type[Problem], ...] = (
    ShapeClash,
    DimClash,
    WrongRank,
    InnerSizes,
    BadDim,
    DoesNotFit,
    NoSuchAxis,
    WrongDtype,
    SharedSizes,
    NotANumber,
    BadIndex,
    ParamSize,
    ReturnType,
)
