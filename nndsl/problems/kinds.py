"""Problems of value kinds."""

from __future__ import annotations

from nndsl.diagnostics import Problem
from nndsl.problems.said import Said


class WrongKind(Said):
    """Values of one kind are given where another kind is asked for: integer labels to a loss that compares rows, scores
    where probabilities are needed, or the output before the target.

    Example:

        logits = x |> Dense(3)
        loss categorical_crossentropy(label, logits)     # label: index<3>[batch]

    Cure: the message names the function that takes the kind you have.

        logits = x |> Dense(3)
        loss sparse_categorical_crossentropy(label, logits)
    """

    code = "NN301"
    title = "these values mean something else"


class SoftmaxTwice(Said):
    """The value is a probability already; its softmax or sigmoid would be nearly uniform and hardly train.

    Example:

        p = softmax(x |> Dense(10, activation=softmax))

    Cure: drop one of the two.

        p = softmax(x |> Dense(10))
    """

    code = "NN302"
    title = "softmax is applied twice"


class IndexRange(Said):
    """Kernels read without bounds checks, so the count of an `index<n>` must fit the table or the number of classes.

    Example:

        h = words |> Embedding(40, 16)     # words: index<100>[batch, time]

    Cure: make the table at least as large as the count.

        h = words |> Embedding(100, 16)
    """

    code = "NN303"
    title = "indices reach beyond what they select from"


class NeedsIndex(Said):
    """Looking up, one_hot and multi_hot need integers whose range is declared and checked.

    Example:

        input words: i32[batch, 20]
        h = words |> Embedding(1000, 16)

    Cure: declare how many there are.

        input words: index<1000>[batch, 20]
        h = words |> Embedding(1000, 16)
    """

    code = "NN304"
    title = "indices are needed here"


class OutputOfTarget(Said):
    """An output is computed from a target. Targets are what is to be found out: when the model predicts, there are
    none.

    Example:

        input  x: f32[batch, 4]
        target y: f32[batch, 4]
        output p = concat(x, y) |> Dense(4)
        loss   mse(y, p)

    Cure: compute outputs from inputs. Where what is known of the answer goes in as well, as the first words of a
    translation do, declare it as an input too.

        input  x: f32[batch, 4]
        target y: f32[batch, 4]
        output p = x |> Dense(4)
        loss   mse(y, p)
    """

    code = "NN305"
    title = "an output cannot depend on a target"


FAMILY: tuple[type[Problem], ...] = (
    WrongKind,
    SoftmaxTwice,
    IndexRange,
    NeedsIndex,
    OutputOfTarget,
)
