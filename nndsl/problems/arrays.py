"""Problems NN520 to NN539: arrays that are not what the model declared. Their place is the declaration.

What is wrong with single values is in `values`.
"""

from __future__ import annotations

from dataclasses import dataclass

from nndsl.diagnostics import Label, Problem, Span, did_you_mean

SHOWN_NAMES = 12


def listed(names: tuple[str, ...]) -> str:
    """Names for a help line: the first dozen, in backquotes."""
    shown = ", ".join(f"`{name}`" for name in names[:SHOWN_NAMES])
    more = len(names) - SHOWN_NAMES
    return f"{shown} and {more} more" if more > 0 else shown


@dataclass(frozen=True)
class ArrayProblem(Problem):
    """Base: `name` is the input or target, `what` tells which data, `found` describes the array given.

    `declared` is the type in the `.nn` file, such as `f32[batch, 784]`.
    """

    name: str
    what: str
    found: str
    declared: str

    @property
    def label(self) -> str:
        return f"declared {self.declared}{' here' if self.span else ''}, given {self.found}"

    @property
    def subject(self) -> str:
        """How a headline starts: the array and where it came from."""
        return f"`{self.name}` in {self.what}"


@dataclass(frozen=True)
class ArrayMissing(Problem):
    """The model has an input or a target for which no array was given.

        input image: f32[batch, 8]
        input mask: f32[batch, 8]
        output h = image * mask
        >>> model.predict({"image": x_train})

    Give an array for each input and, for training and evaluation, for each target.

        input image: f32[batch, 8]
        input mask: f32[batch, 8]
        output h = image * mask
        >>> model.predict({"image": x_train, "mask": x_train > 0})
    """

    code = "NN520"
    title = "an input has no array"

    name: str
    what: str
    role: str
    declared: str
    given: tuple[str, ...] = ()
    asked: Span | None = None

    @property
    def headline(self) -> str:
        return f"{self.what} has no array for the {self.role} `{self.name}`"

    @property
    def label(self) -> str:
        return f"declared {self.declared}{' here' if self.span else ''}"

    @property
    def labels(self) -> tuple[Label, ...]:
        return (Label(self.asked, "this gives none"),) if self.asked else ()

    @property
    def help(self) -> str | None:
        return f"given: {listed(self.given)}" if self.given else f"no arrays were given for any {self.role}"


@dataclass(frozen=True)
class ArrayUnexpected(Problem):
    """An array was given under a name that is no input and no target of the model.

        data = npz("small.npz", x="x_train", label="y_train", lable="y_test")

    Correct the name, or leave the array out.

        data = npz("small.npz", x="x_train", label="y_train")
    """

    code = "NN521"
    title = "an array that the model does not know"

    name: str
    what: str
    known: tuple[str, ...]

    @property
    def headline(self) -> str:
        return f"{self.what} has an array `{self.name}`, and the model has no input or target of that name"

    @property
    def help(self) -> str:
        have = f"the model takes {listed(self.known)}" if self.known else "it takes no arrays here"
        near = did_you_mean(self.name, self.known)
        return f"{near}\n{have}" if near else have


@dataclass(frozen=True)
class WrongRank(ArrayProblem):
    """An array has more or fewer dimensions than the model declares.

        input image: f32[batch, 784]
        output h = image |> Dense(3)
        >>> model.predict(np.zeros((100, 28, 28)))

    Reshape the array, or declare what it is and let the model do it.

        input image: f32[batch, 28, 28]
        output h = image |> Flatten() |> Dense(3)
        >>> model.predict(np.zeros((100, 28, 28)))
    """

    code = "NN522"
    title = "wrong number of dimensions"

    rank: int
    expected: int
    cure: str | None = None

    @property
    def headline(self) -> str:
        return f"{self.subject} has {_dimensions(self.rank)}, the model takes {self.expected}"

    @property
    def help(self) -> str | None:
        return self.cure


def _dimensions(count: int) -> str:
    return f"{count} dimension{'' if count == 1 else 's'}"


@dataclass(frozen=True)
class WrongSize(ArrayProblem):
    """A dimension of an array has another size than the model declares.

        input image: f32[batch, 28, 28]
        output h = image |> Flatten() |> Dense(3)
        >>> model.predict(np.zeros((100, 32, 32)))

    Give arrays of the declared size, or change the declaration. A size that comes from a const can be set
    from outside: `--set width=32`.

        input image: f32[batch, 32, 32]
        output h = image |> Flatten() |> Dense(3)
        >>> model.predict(np.zeros((100, 32, 32)))
    """

    code = "NN523"
    title = "wrong size of a dimension"

    axis: int
    size: str
    expected: str

    @property
    def headline(self) -> str:
        return f"{self.subject} has size {self.size} in axis {self.axis}, the model takes {self.expected}"


@dataclass(frozen=True)
class SizesDisagree(ArrayProblem):
    """Two arrays give different sizes to one name.

        input left:  f32[batch, time]
        input right: f32[batch, time]
        output h = left + right
        >>> model.predict({"left": np.zeros((100, 80)), "right": np.zeros((100, 90))})

    One name stands for one size. Cut or pad one of the arrays, or use two names.

        input left:  f32[batch, time]
        input right: f32[batch, time]
        output h = left + right
        >>> model.predict({"left": np.zeros((100, 80)), "right": np.zeros((100, 90))[:, :80]})
    """

    code = "NN524"
    title = "two arrays disagree about a size"

    symbol: str
    size: int
    other_name: str
    other_found: str
    other_size: int
    other_span: Span | None

    @property
    def headline(self) -> str:
        if self.other_name == self.name:
            return f"{self.subject} makes `{self.symbol}` both {self.other_size} and {self.size}"
        other = f"`{self.other_name}` makes it {self.other_size}"
        return f"{self.subject} makes `{self.symbol}` {self.size}, {other}"

    @property
    def labels(self) -> tuple[Label, ...]:
        if self.other_span is None or self.other_span == self.span:
            return ()
        return (Label(self.other_span, f"given {self.other_found}"),)


@dataclass(frozen=True)
class RowsDisagree(Problem):
    """The arrays of a data set do not have the same number of rows.

        >>> model.fit(x_train, y_test)

    Row i of each array is one example, so all have as many. Check that inputs and targets come from the
    same part of the data.

        >>> model.fit(x_train, y_train)
    """

    code = "NN525"
    title = "the arrays have different numbers of rows"

    what: str
    rows: tuple[tuple[str, int], ...]

    @property
    def headline(self) -> str:
        each = ", ".join(f"`{name}` has {count}" for name, count in self.rows[:SHOWN_NAMES])
        return f"the arrays of {self.what} have different numbers of rows: {each}"

    @property
    def help(self) -> str:
        return "row i of every array is one example: give inputs and targets of the same examples"


@dataclass(frozen=True)
class EmptySet(ArrayProblem):
    """A data set has no rows, or an array has a dimension of size 0.

        >>> chosen = y_train == 12                  # no row has label 12
        >>> model.evaluate(x_train[chosen], y_train[chosen])

    There is nothing to train on or to evaluate.

        >>> chosen = y_train == 2
        >>> model.evaluate(x_train[chosen], y_train[chosen])
    """

    code = "NN526"
    title = "an empty data set"

    @property
    def headline(self) -> str:
        return f"{self.subject} is empty"


@dataclass(frozen=True)
class NotByRows(ArrayProblem):
    """An input cannot be cut into batches, because its first size is fixed, or is used again within a row.

        model M() {
          input  x: f32[32, 8]
          target y: f32[32, 1]
          output p = x |> Dense(1)
          loss   mse(y, p)
        }

        train M { batch_size = 10 }

    Training takes some rows at a time, so the first size of every input and target is a name.

        model M() {
          input  x: f32[batch, 8]
          target y: f32[batch, 1]
          output p = x |> Dense(1)
          loss   mse(y, p)
        }

        train M { batch_size = 10 }
    """

    code = "NN536"
    title = "an input cannot be cut into batches"

    @property
    def headline(self) -> str:
        return f"`{self.name}` cannot be cut into batches: its first size must be a name of its own"

    @property
    def label(self) -> str:
        return f"declared {self.declared}{' here' if self.span else ''}"

    @property
    def help(self) -> str:
        return "name the first size, as in `f32[batch, …]`"


@dataclass(frozen=True)
class NotAnArray(ArrayProblem):
    """What was given cannot be made into a NumPy array.

        input x: f32[batch, time]
        output h = sum(x, axis=1)
        >>> model.predict([[1, 2, 3], [4, 5]])                  # rows of different lengths

    Texts of different lengths are `nndsl.Ragged.from_lists(texts)`. A tensor on another device, a masked
    array or a sparse matrix has to be brought into a plain array first.

        input x: f32[batch, time]
        output h = sum(x, axis=1)
        >>> model.predict([[1, 2, 3], [4, 5, 0]])
    """

    code = "NN537"
    title = "what was given is no array"

    reason: str
    cure: str | None = None

    @property
    def headline(self) -> str:
        return f"{self.subject} is no array: {self.reason}"

    @property
    def help(self) -> str | None:
        return self.cure


FAMILY: tuple[type[Problem], ...] = (
    ArrayMissing, ArrayUnexpected, WrongRank, WrongSize, SizesDisagree, RowsDisagree, EmptySet, NotByRows,
    NotAnArray,
)  # fmt: skip
