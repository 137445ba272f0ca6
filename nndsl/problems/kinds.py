"""Problems of value kinds."""

from __future__ import annotations

from nndsl.diagnostics import Problem
from nndsl.problems.said import Said


class WrongKind(Said):
    """A function asks for a value kind (`index`, `onehot`, `binary`, `prob`, `logits`) and gets another.

    Example:

        target topic: index<46>[batch]
        loss categorical_crossentropy(topic, logits)

    Cure: the message names the function that takes the kind you have, here `sparse_categorical_crossentropy`.
    """

    code = "NN301"
    title = "these values mean something else"


class SoftmaxTwice(Said):
    """The value is a probability already; its softmax would be nearly uniform and hardly train.

    Example:

        p = softmax(x |> Dense(10, activation=softmax))

    Cure: drop one of the two.
    """

    code = "NN302"
    title = "softmax is applied twice"


class IndexRange(Said):
    """Kernels read without bounds checks, so the count of an `index<n>` must fit the table or the number of classes.

    Example: indices of `index<50>` looked up in a table of 40 rows.

    Cure: make the table at least as large as the count.
    """

    code = "NN303"
    title = "indices reach beyond what they select from"


class NeedsIndex(Said):
    """Looking up, one_hot and multi_hot need integers whose range is declared and checked.

    Example:

        input words: i32[batch, 20]
        x = multi_hot(words, 1000)

    Cure: declare `input words: index<1000>[batch, 20]`.
    """

    code = "NN304"
    title = "indices are needed here"


FAMILY: tuple[type[Problem], ...] = (
    WrongKind,
    SoftmaxTwice,
    IndexRange,
    NeedsIndex,
)
