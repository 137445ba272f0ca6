"""Problems NN527 to NN533: values in arrays that the model's declarations rule out."""

from __future__ import annotations

from dataclasses import dataclass

from nndsl.diagnostics import Problem
from nndsl.problems.arrays import ArrayProblem


@dataclass(frozen=True)
class WrongDtype(ArrayProblem):
    """An array holds something that is not a number: text, objects, dates, complex numbers.

        >>> animals = np.array(["cat", "dog"] * 50)
        >>> model.fit(x_train, animals)

    Turn it into numbers first: class names become 0, 1, 2, …

        >>> animals = np.array(["cat", "dog"] * 50)
        >>> model.fit(x_train, np.unique(animals, return_inverse=True)[1])
    """

    code = "NN527"
    title = "an array does not hold numbers"

    cure: str | None = None

    @property
    def headline(self) -> str:
        return f"{self.subject} holds no numbers: {self.found}"

    @property
    def help(self) -> str | None:
        return self.cure


@dataclass(frozen=True)
class InexactValues(ArrayProblem):
    """An array holds values that the declared dtype cannot hold.

        >>> model.fit(x_train, y_train + 0.5)       # target label: index<3>[batch]

    Fractions do not become integers, and integers too large for the dtype do not wrap around. Only the
    rounding of f64 to f32 is done without a word. Declare a wider dtype, or convert the array yourself.

        >>> model.fit(x_train, y_train)
    """

    code = "NN528"
    title = "values that the declared dtype cannot hold"

    value: str
    row: int
    count: int
    dtype: str
    cure: str | None = None

    @property
    def headline(self) -> str:
        found = f"{self.value} in row {self.row}{_others(self.count)}"
        return f"{self.subject} holds {found}, which {self.dtype} cannot"

    @property
    def help(self) -> str | None:
        return self.cure


def _others(count: int) -> str:
    return f" ({count} such values)" if count > 1 else ""


@dataclass(frozen=True)
class NotFinite(ArrayProblem):
    """An array holds NaN or infinity.

        >>> x_train[3, 5] = np.nan
        >>> model.fit(x_train, y_train)

    One of them makes the loss NaN, and soon every weight. Remove such rows, or fill the gaps:
    `x[~np.isfinite(x).all(axis=1)]` shows the rows of a table, `np.nan_to_num(x)` puts zeros.

        >>> x_train[3, 5] = np.nan
        >>> whole = np.isfinite(x_train).all(axis=1)
        >>> model.fit(x_train[whole], y_train[whole])
    """

    code = "NN529"
    title = "NaN or infinity in the data"

    value: str
    row: int
    count: int

    @property
    def headline(self) -> str:
        return f"{self.subject} holds {self.value} in row {self.row}{_others(self.count)}"

    @property
    def help(self) -> str:
        return "remove those rows or fill the gaps"


@dataclass(frozen=True)
class IndexOutOfRange(ArrayProblem):
    """A class number or word number is outside of what the model declares.

        >>> labels = y_train + 1                    # they run from 1 to 3
        >>> model.fit(x_train, labels)              # target label: index<3>[batch]

    `index<n>` takes 0 to n-1. Labels that start at 1 have to be lowered by 1; a text with word numbers up
    to 30000 needs `index<30001>`, or `ragged(…, num_words=10000)`, which makes every rarer word 2.

        >>> labels = y_train + 1
        >>> model.fit(x_train, labels - 1)
    """

    code = "NN530"
    title = "an index is out of range"

    count: int | None
    smallest: int
    largest: int
    row: int
    value: int
    ragged: bool = False

    @property
    def headline(self) -> str:
        limit = "0 up" if self.count is None else f"0 to {self.count - 1}"
        return (
            f"{self.subject} holds {self.value} in row {self.row}, the model takes {limit} "
            f"(the array runs from {self.smallest} to {self.largest})"
        )

    @property
    def help(self) -> str:
        if self.smallest < 0:
            return "negative numbers are no indices: remove or renumber them"
        if self.smallest == 1 and self.largest == self.count and not self.ragged:
            return "the labels start at 1: subtract 1"
        wider = f"declare `index<{self.largest + 1}>`"
        return f"{wider}, or keep the commonest words with num_words={self.count}" if self.ragged else wider


@dataclass(frozen=True)
class NotBinary(ArrayProblem):
    """A `binary` array holds something other than 0 and 1.

        input  x: f32[batch, 8]
        target spam: binary[batch]
        p = x |> Dense(1, activation=sigmoid)
        output q = p[:, 0]
        loss   binary_crossentropy(spam, q)
        >>> model.fit(x_train, 2 * y_train - 1)     # -1 and 1

    Make it 0 and 1. Probabilities between 0 and 1 are declared `prob[batch]`.

        input  x: f32[batch, 8]
        target spam: binary[batch]
        p = x |> Dense(1, activation=sigmoid)
        output q = p[:, 0]
        loss   binary_crossentropy(spam, q)
        >>> signs = 2 * y_train - 1
        >>> model.fit(x_train, signs > 0)
    """

    code = "NN531"
    title = "a binary array holds other values than 0 and 1"

    value: str
    row: int
    count: int

    @property
    def headline(self) -> str:
        found = f"{self.value} in row {self.row}{_others(self.count)}"
        return f"{self.subject} holds {found}, `binary` takes 0 and 1"

    @property
    def help(self) -> str:
        return "for values between 0 and 1 declare `prob[…]`, for class numbers `index<n>[…]`"


@dataclass(frozen=True)
class NotOneHot(ArrayProblem):
    """A row of a `onehot` array is not a single 1 among zeros.

        input  x: f32[batch, 8]
        target digit: onehot[batch, 3]
        logits = x |> Dense(3)
        output p = softmax(logits)
        loss   categorical_crossentropy(digit, logits)
        >>> model.fit(x_train, np.full((100, 3), [0.2, 0.8, 0.0]))

    Soft labels are declared `prob[batch, 3]`; several labels at once are `binary[batch, 3]`.

        input  x: f32[batch, 8]
        target digit: onehot[batch, 3]
        logits = x |> Dense(3)
        output p = softmax(logits)
        loss   categorical_crossentropy(digit, logits)
        >>> model.fit(x_train, np.full((100, 3), [0, 1, 0]))
    """

    code = "NN532"
    title = "a onehot row is not one 1 among zeros"

    row: int
    count: int
    value: str

    @property
    def headline(self) -> str:
        found = f"{self.value}{_others(self.count)}"
        return f"row {self.row} of {self.subject} is {found}, not a single 1 among zeros"

    @property
    def help(self) -> str:
        return "declare soft labels as `prob[…]`, several labels at once as `binary[…]`"


@dataclass(frozen=True)
class NotProbability(ArrayProblem):
    """A `prob` array holds values below 0 or above 1.

        input  x: f32[batch, 8]
        target risk: prob[batch]
        p = x |> Dense(1)
        output q = p[:, 0]
        loss   mse(risk, q)
        >>> percent = 100 * y_train
        >>> model.fit(x_train, percent)

    Bring them into 0..1, or declare `f32` if they are no probabilities.

        input  x: f32[batch, 8]
        target risk: prob[batch]
        p = x |> Dense(1)
        output q = p[:, 0]
        loss   mse(risk, q)
        >>> percent = 100 * y_train
        >>> model.fit(x_train, percent / 100)
    """

    code = "NN533"
    title = "a probability is outside of 0 to 1"

    value: str
    row: int
    count: int

    @property
    def headline(self) -> str:
        found = f"{self.value} in row {self.row}{_others(self.count)}"
        return f"{self.subject} holds {found}, `prob` takes 0 to 1"

    @property
    def help(self) -> str:
        return "scale the values, or declare `f32[…]` or `logits[…]`"


FAMILY: tuple[type[Problem], ...] = (
    WrongDtype, InexactValues, NotFinite, IndexOutOfRange, NotBinary, NotOneHot, NotProbability,
)  # fmt: skip
