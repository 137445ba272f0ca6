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

        model.fit({"image": x}, y)      # the model also has an input `mask`

    Give an array for each input and, for training and evaluation, for each target.
    """

    code = "NN520"
    title = "an input has no array"

    name: str
    what: str
    role: str
    declared: str
    given: tuple[str, ...] = ()

    @property
    def headline(self) -> str:
        return f"{self.what} has no array for the {self.role} `{self.name}`"

    @property
    def label(self) -> str:
        return f"declared {self.declared}{' here' if self.span else ''}"

    @property
    def help(self) -> str | None:
        return f"given: {listed(self.given)}" if self.given else f"no arrays were given for any {self.role}"


@dataclass(frozen=True)
class ArrayUnexpected(Problem):
    """An array was given under a name that is no input and no target of the model.

        model.fit({"imgae": x}, y)

    Correct the name, or leave the array out.
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

        input image: f32[batch, 784]        # given an array of shape (60000, 28, 28)

    Reshape the array, or declare what it is and let the model do it:
    `input image: f32[batch, 28, 28]` and `image |> Flatten()`.
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

        input image: f32[batch, 28, 28]     # given an array of shape (1000, 32, 32)

    Give arrays of the declared size, or change the declaration. A size that comes from a const can be set
    from outside: `--set width=32`.
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

        input left:  f32[batch, time]       # given (100, 80)
        input right: f32[batch, time]       # given (100, 90)

    One name stands for one size. Cut or pad one of the arrays, or use two names.
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

        model.fit(x_train, y_test)

    Row i of each array is one example, so all have as many. Check that inputs and targets come from the
    same part of the data.
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

        model.fit(x[y == 12], y[y == 12])       # no row has label 12

    There is nothing to train on or to evaluate.
    """

    code = "NN526"
    title = "an empty data set"

    @property
    def headline(self) -> str:
        return f"{self.subject} is empty"


@dataclass(frozen=True)
class NotBound(Problem):
    """It is not clear which input or target an array is for.

        model.fit(x, y)         # the model has the inputs `left` and `right`

    One array is enough where there is one input. Otherwise give a dict by name, `{"left": a, "right": b}`,
    or a list in the order of the declarations.
    """

    code = "NN534"
    title = "arrays and inputs do not match"

    reason: str
    cure: str | None = None

    @property
    def headline(self) -> str:
        return self.reason

    @property
    def help(self) -> str | None:
        return self.cure


@dataclass(frozen=True)
class EmptySplit(Problem):
    """A part for validation leaves no rows for training, or takes none itself.

        validation_split = 0.01         # of 50 rows is half a row

    The last part of the rows is kept for validation, before any shuffling. The fraction is between 0 and 1.
    """

    code = "NN535"
    title = "a split leaves a part without rows"

    fraction: float
    rows: int

    @property
    def headline(self) -> str:
        return f"a validation split of {self.fraction:g} of {self.rows} rows leaves a part without rows"

    @property
    def help(self) -> str:
        return "give a fraction between 0 and 1 that is at least one row and not all"


@dataclass(frozen=True)
class NotByRows(ArrayProblem):
    """An input cannot be cut into batches, because its first size is fixed, or is used again within a row.

        input x: f32[32, 784]       # trained with batch_size = 10

    Training takes some rows at a time, so the first size of every input and target is a name: `f32[batch,
    784]`.
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

        model.fit([[1, 2, 3], [4, 5]], y)       # rows of different lengths

    Texts of different lengths are `nndsl.Ragged.from_lists(texts)`. A tensor on another device, a masked
    array or a sparse matrix has to be brought into a plain array first.
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
    ArrayMissing, ArrayUnexpected, WrongRank, WrongSize, SizesDisagree, RowsDisagree, EmptySet,
    NotBound, EmptySplit, NotByRows, NotAnArray,
)  # fmt: skip
