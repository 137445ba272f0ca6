"""Problems of shapes and dtypes."""

from __future__ import annotations

from nndsl.diagnostics import Problem
from nndsl.problems.said import Said


class ShapeClash(Said):
    """The two sides of an operation have sizes that differ and neither is 1. Names both sides and where they come from.

    Example:

        a = x |> Dense(128)
        b = a + (x |> Dense(64))

    Cure: give both sides the same sizes; write `x[:, none]` to add an axis of size 1 along which to repeat.

        a = x |> Dense(64)
        b = a + (x |> Dense(64))
    """

    code = "NN201"
    title = "these shapes do not agree"


class DimClash(Said):
    """A named dim of a layer or function is fixed to one size by an argument, and another argument or a const gives
    it another; or two arguments of which the shapes should agree do not.

    Example:

        p = x |> Dense(1)
        loss mse(y, p)     # y: f32[batch], p: f32[batch, 1]

    Cure: the message names both places; change one of the two.

        p = x |> Dense(1)
        loss mse(y, p[:, 0])
    """

    code = "NN202"
    title = "a size does not fit the signature"


class WrongRank(Said):
    """A layer or function asks for a certain number of axes.

    Example:

        h = x |> LSTM(16)     # x: f32[batch, 8], and an LSTM takes f32[batch, time, features]

    Cure: `|> Flatten()` makes one axis of all but the first; `x[:, none]` adds one.

        h = x[:, none] |> LSTM(16)
    """

    code = "NN203"
    title = "this has the wrong number of axes"


class InnerSizes(Said):
    """In `a @ b` the last size of `a` must be the last but one of `b`.

    Example:

        h = x @ ones([10, 8])     # x: f32[batch, 8]

    Cure: make both sizes equal, or transpose one side.

        h = x @ transpose(ones([10, 8]))
    """

    code = "NN204"
    title = "the inner sizes of `@` differ"


class BadDim(Said):
    """A dim is zero, negative, too large or not a whole number.

    Example:

        input x: f32[none, 784]
        h = x |> Dense(0)

    Cure: give a size of at least 1. A size that comes from the data has a name.

        input x: f32[batch, 784]
        h = x |> Dense(10)
    """

    code = "NN205"
    title = "a size must be a positive whole number"


class DoesNotFit(Said):
    """A reshape, concatenation, repetition or split asks for sizes that the value does not have.

    Example:

        h = reshape(x, [batch, 7])     # x: f32[batch, 8]

    Cure: the message gives both shapes; `-1` stands for the size that is left.

        h = reshape(x, [batch, 4, -1])
    """

    code = "NN206"
    title = "this shape does not fit"


class NoSuchAxis(Said):
    """An axis number is outside the value's axes; axes count from 0, negative ones from the end.

    Example:

        h = sum(x, axis=2)     # x: f32[batch, 8]

    Cure: use an axis the value has.

        h = sum(x, axis=1)
    """

    code = "NN207"
    title = "there is no such axis"


class WrongDtype(Said):
    """An operation needs floats, integers or bool and got another dtype.

    Example:

        input x: i32[batch, 4]
        output h = x |> Dense(3)

    Cure: declare the dtype that is needed, or convert with `cast(x, f32)`.

        input x: i32[batch, 4]
        output h = cast(x, f32) |> Dense(3)
    """

    code = "NN208"
    title = "this has the wrong dtype"


class SharedSizes(Said):
    """A layer built once owns one set of weights; both values it is applied to must need weights of one shape.

    Example:

        enc = Dense(64)
        a = enc(x)             # x: f32[batch, 8]
        b = enc(image)         # image: f32[batch, 28, 28]

    Cure: build a second layer, or bring both values to one size.

        a = x |> Dense(64)
        b = image |> Dense(64)
    """

    code = "NN209"
    title = "a shared layer is applied to different sizes"


class NotANumber(Said):
    """A `loss` line adds up to the number that training makes small.

    Example:

        p = softmax(x |> Dense(3))
        loss argmax(p)

    Cure: use a loss function, or reduce a float value: `loss mean(abs(y - p))`.

        p = softmax(x |> Dense(3))
        loss sparse_categorical_crossentropy(label, p)
    """

    code = "NN210"
    title = "a loss must be a float"


class BadIndex(Said):
    """A slice or index lies outside the value, or there are more indices than axes.

    Example:

        h = x[:, 8]     # x: f32[batch, 8]

    Cure: index within the size; -1 is the last.

        h = x[:, 7]
    """

    code = "NN211"
    title = "this index is out of range"


class ParamSize(Said):
    """Params are made before any data is seen, so their sizes cannot depend on data.

    Example:

        input x: f32[784, batch]
        output h = x |> Dense(10)

    Cure: use sizes that are numbers or consts, or fix the size in the input's type. The batch comes first.

        input x: f32[batch, 784]
        output h = x |> Dense(10)
    """

    code = "NN212"
    title = "the size of a param must be known"


class ReturnType(Said):
    """A definition returns something else than what stands after `->`.

    Example:

        fn total(x: f32[batch, n]) -> f32[batch] { return x }

        model M() {
          input x: f32[batch, 4]
          output y = total(x)
        }

    Cure: change the body or the declared type.

        fn total(x: f32[batch, n]) -> f32[batch] { return sum(x, axis=1) }

        model M() {
          input x: f32[batch, 4]
          output y = total(x)
        }
    """

    code = "NN213"
    title = "the result is not of the declared type"


class NotDivisible(Said):
    """A size is divided by a number that does not go into it, and what is left is no size. The division may stand in a
    dim, in the body, or follow from a signature such as `x: f32[batch, 3 * n]`.

    Example:

        n = 28
        h = reshape(image, [batch, 3, n / 3, n])

    Cure: choose sizes that divide, or round: `floor(n / 3)` is 9, `ceil(n / 3)` is 10. The places of a window that
    moves by `stride` are `floor((size - window) / stride) + 1`.

        n = 28
        h = reshape(image, [batch, 4, n / 4, n])
    """

    code = "NN214"
    title = "a size does not divide evenly"


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
    NotDivisible,
)
