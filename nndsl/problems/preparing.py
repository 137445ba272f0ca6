"""Problems: steps that prepare data, what they learn, and columns."""

from __future__ import annotations

from dataclasses import dataclass

from nndsl.diagnostics import Label, Problem, Span
from nndsl.problems.arrays import ArrayProblem
from nndsl.problems.data import SourceProblem


@dataclass(frozen=True)
class NotLearned(Problem):
    """Data is to be prepared by what training learns (means for `normalize`, classes, a vocabulary), and this model was
    neither trained nor given weights that hold it.

        data Small {
          train = npz("small.npz", x="x_train", label="y_train")
          x     = x |> normalize()
        }
        >>> model.predict(x_train)

    Train first, or load weights that were saved after training with this data section.

        data Small {
          train = npz("small.npz", x="x_train", label="y_train")
          x     = x |> normalize()
        }
        >>> model.fit(verbose=0)
        >>> model.predict(x_train)
    """

    code = "NN517"
    title = "nothing was learned from data yet"

    name: str
    needed: str

    @property
    def headline(self) -> str:
        return f"`{self.name}` needs {self.needed} of the training data, and nothing was learned yet"

    @property
    def help(self) -> str:
        return "train the model, or load weights that were saved after training with this data section"


@dataclass(frozen=True)
class StepMisfit(ArrayProblem):
    """A step of the data section cannot be done with the arrays that come.

        data Small {
          train = npz("small.npz", x="x_train", label="y_train")
          x     = x |> random_flip("horizontal")
        }
        $ nndsl train m.nn

    Flips, crops and rotations take images, `[batch, height, width]` or `[batch, height, width, channels]`, and what is
    cut out of them is no larger than they are.

        data Small {
          train = npz("small.npz", x="x_train", label="y_train")
          x     = x |> normalize()
        }
        $ nndsl train m.nn
    """

    code = "NN519"
    title = "a step does not fit the data"

    step: str
    reason: str

    @property
    def headline(self) -> str:
        return f"{self.subject} cannot go through `{self.step}`: {self.reason}"


@dataclass(frozen=True)
class NamesForNumbers(ArrayProblem):
    """A column holds names or texts, and the model takes numbers there.

        # rows.csv
        width,colour,class
        1.0,red,0
        2.0,blue,1
        # m.nn
        model M() {
          input  colour: f32[batch]
          target label: index<3>[batch]
          logits = colour[:, none] |> Dense(3)
          output p = softmax(logits)
          loss   sparse_categorical_crossentropy(label, logits)
        }

        train M { data = csv("rows.csv", colour="colour", label="class") }
        $ nndsl train m.nn

    Names become numbers of classes: declare the input as `index<n>[batch]` and make rows of it with `one_hot` or
    `Embedding`, or as `onehot[batch, n]`. Texts become numbers of words: `index<n>[batch, time]`.

        # rows.csv
        width,colour,class
        1.0,red,0
        2.0,blue,1
        # m.nn
        model M() {
          input  colour: index<2>[batch]
          target label: index<3>[batch]
          logits = one_hot(colour, 2) |> Dense(3)
          output p = softmax(logits)
          loss   sparse_categorical_crossentropy(label, logits)
        }

        train M { data = csv("rows.csv", colour="colour", label="class") }
        $ nndsl train m.nn
    """

    code = "NN538"
    title = "names where numbers are needed"

    count: int | None = None
    words: bool = False

    @property
    def headline(self) -> str:
        return f"{self.subject} is made of {'texts' if self.words else 'names'}, not of numbers"

    @property
    def help(self) -> str:
        size = "n" if self.count is None else str(self.count)
        return f"declare `index<{size}>[batch{', time' if self.words else ''}]`"


@dataclass(frozen=True)
class TooManyNames(Problem):
    """The training data has more classes or words than the model has numbers for.

        # rows.csv
        width,kind
        1.0,cat
        2.0,dog
        3.0,cow
        # m.nn
        model M() {
          input  width: f32[batch]
          target kind: index<2>[batch]
          p = width[:, none] |> Dense(2, activation=softmax)
          output p
          loss   sparse_categorical_crossentropy(kind, p)
        }

        train M { data = csv("rows.csv", width="width", kind="kind") }
        $ nndsl train m.nn

    Declare as many as there are. The words of a text can be limited as well: `text("review", size=10000)` keeps the
    most frequent ones, and two numbers for padding and unknown words.

        # rows.csv
        width,kind
        1.0,cat
        2.0,dog
        3.0,cow
        # m.nn
        model M() {
          input  width: f32[batch]
          target kind: index<3>[batch]
          p = width[:, none] |> Dense(3, activation=softmax)
          output p
          loss   sparse_categorical_crossentropy(kind, p)
        }

        train M { data = csv("rows.csv", width="width", kind="kind") }
        $ nndsl train m.nn
    """

    code = "NN539"
    title = "more classes or words than declared"

    name: str
    noun: str
    count: int
    declared: str
    declaration: Span | None = None

    @property
    def headline(self) -> str:
        return f"`{self.name}` has {self.count} {self.noun} in the training data, and is declared {self.declared}"

    @property
    def labels(self) -> tuple[Label, ...]:
        if self.declaration is None or self.declaration is self.span:
            return ()
        return (Label(self.declaration, f"declared {self.declared}"),)

    @property
    def help(self) -> str:
        limit = f", or limit it: `size={self.declared.split('<')[1].split('>')[0]}`" if self.noun == "words" else ""
        return f"declare `index<{self.count}>[…]`{limit}"


@dataclass(frozen=True)
class ColumnFault(SourceProblem):
    """A column of a parquet file has values missing, or is of a type that is no number, text or list of numbers.

        data = parquet("small.parquet", x="x", label="y")
        >>> import pyarrow
        >>> from pyarrow import parquet
        >>> rows = {"x": [[1.0] * 8, None], "y": [0, 1]}
        >>> parquet.write_table(pyarrow.table(rows), "small.parquet")
        >>> model.fit()

    Leave such rows out with `missing="drop"`, give a number for what is missing (`missing=0`), or keep them and fill
    them in: `missing="keep"`, and `x = x |> fill("mean")` in the data section.

        data = parquet("small.parquet", x="x", label="y", missing="drop")
        >>> import pyarrow
        >>> from pyarrow import parquet
        >>> rows = {"x": [[1.0] * 8, None], "y": [0, 1]}
        >>> parquet.write_table(pyarrow.table(rows), "small.parquet")
        >>> model.fit(verbose=0)
    """

    code = "NN546"
    title = "a column of a parquet file does not fit"

    path: str
    column: str
    reason: str
    cure: str | None = None

    @property
    def headline(self) -> str:
        return f"column `{self.column}` of `{self.path}` {self.reason}"

    @property
    def help(self) -> str | None:
        return self.cure


FAMILY: tuple[type[Problem], ...] = (NotLearned, StepMisfit, NamesForNumbers, TooManyNames, ColumnFault)
