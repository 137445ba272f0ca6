"""Problems NN513 to NN519, NN538, NN539 and NN546: folders and files of data, steps, and what is learned."""

from __future__ import annotations

from dataclasses import dataclass

from nndsl.diagnostics import Label, Problem, Span, did_you_mean
from nndsl.problems.arrays import ArrayProblem, listed
from nndsl.problems.data import SourceProblem


@dataclass(frozen=True)
class NothingInFolder(SourceProblem):
    """A folder of data has no files of the kind that is asked for, or has them beside folders of classes.

        data = text("texts", x="text", label="label")
        >>> Path("texts/good").mkdir(parents=True)
        >>> Path("texts/good/first.md").write_text("a fine day")
        >>> model.fit()

    Each folder below the one that is named is a class, and the files in it are its rows: `.txt` for `text`, and
    `.png`, `.jpg`, `.jpeg`, `.bmp`, `.gif`, `.webp`, `.tif`, `.tiff`, `.pgm` and `.ppm` for `images`. Without such
    folders, the files in the folder are rows without classes. Names that begin with a point are left out.

        model M() {
          input  words: index<50>[batch, time]
          target label: index<2>[batch]
          p = words |> Embedding(50, 4) |> GlobalAveragePooling1D() |> Dense(2, activation=softmax)
          output p
          loss   sparse_categorical_crossentropy(label, p)
        }

        train M { data = text("texts", words="text", label="label") }
        >>> for name, words in {"good/first": "a fine day", "bad/first": "nothing but rain"}.items():
        ...     Path(f"texts/{name}.txt").parent.mkdir(parents=True)
        ...     _ = Path(f"texts/{name}.txt").write_text(words)
        >>> model.fit(verbose=0)
    """

    code = "NN513"
    title = "a folder holds no such data"

    path: str
    reason: str
    cure: str

    @property
    def headline(self) -> str:
        return f"folder `{self.path}` {self.reason}"

    @property
    def help(self) -> str:
        return self.cure


@dataclass(frozen=True)
class BrokenImage(SourceProblem):
    """An image file cannot be decoded: cut off, damaged, of no known format, or so large that it looks like an attack.

        data = images("pictures", x="image", label="label")
        >>> Path("pictures/cats").mkdir(parents=True)
        >>> Path("pictures/cats/a.png").write_bytes(b"no picture at all")
        >>> model.fit()

    The message names the file. Remove it or fetch it again.

        model M() {
          input  image: f32[batch, 4, 4]
          flat = image |> Flatten() |> Dense(16)
          output flat
          loss   mse(image |> Flatten(), flat)
        }

        train M { data = images("pictures", image="image", color="grey") }
        >>> from PIL import Image
        >>> Path("pictures").mkdir()
        >>> Image.new("L", (4, 4)).save("pictures/a.png")
        >>> model.fit(verbose=0)
    """

    code = "NN514"
    title = "an image cannot be read"

    path: str
    reason: str

    @property
    def headline(self) -> str:
        return f"the image `{self.path}` cannot be read: {self.reason}"

    @property
    def help(self) -> str:
        return "remove the file or fetch it again"


@dataclass(frozen=True)
class ImageSizes(SourceProblem):
    """The images of a folder differ in size, and an array has one size for all of them.

        data = images("pictures", x="image", label="label")
        >>> from PIL import Image
        >>> Path("pictures/cats").mkdir(parents=True)
        >>> Image.new("L", (4, 4)).save("pictures/cats/a.png")
        >>> Image.new("L", (6, 4)).save("pictures/cats/b.png")
        >>> model.fit()

    `size=[height, width]` brings them all to one size. What does not fit its shape is cut off at both ends, so that
    nothing is distorted.

        model M() {
          input  image: f32[batch, 4, 4]
          flat = image |> Flatten() |> Dense(16)
          output flat
          loss   mse(image |> Flatten(), flat)
        }

        train M { data = images("pictures", image="image", size=[4, 4], color="grey") }
        >>> from PIL import Image
        >>> Path("pictures").mkdir()
        >>> Image.new("L", (4, 4)).save("pictures/a.png")
        >>> Image.new("L", (6, 4)).save("pictures/b.png")
        >>> model.fit(verbose=0)
    """

    code = "NN515"
    title = "images of different sizes"

    path: str
    height: int
    width: int
    first: str
    first_height: int
    first_width: int

    @property
    def headline(self) -> str:
        return (
            f"`{self.path}` is {self.height} x {self.width} pixels, and `{self.first}` is "
            f"{self.first_height} x {self.first_width}"
        )

    @property
    def help(self) -> str:
        return f"bring all to one size: `size=[{self.first_height}, {self.first_width}]`"


@dataclass(frozen=True)
class UnknownClass(Problem):
    """Data has a class that the training part did not have, so that no output of the model stands for it.

        # train.csv
        width,kind
        1.0,cat
        2.0,dog
        # test.csv
        width,kind
        1.5,cow
        # m.nn
        model M() {
          input  width: f32[batch]
          target kind: index<2>[batch]
          p = width[:, none] |> Dense(2, activation=softmax)
          output p
          loss   sparse_categorical_crossentropy(kind, p)
        }

        train M {
          data = csv("train.csv", width="width", kind="kind")
          test = csv("test.csv", width="width", kind="kind")
        }
        $ nndsl train m.nn

    Classes get their numbers from what is trained on, in the order of their names, and keep them with the weights.
    Correct the name, leave the rows out, or train with such rows.

        # train.csv
        width,kind
        1.0,cat
        2.0,dog
        # test.csv
        width,kind
        1.5,dog
        # m.nn
        model M() {
          input  width: f32[batch]
          target kind: index<2>[batch]
          p = width[:, none] |> Dense(2, activation=softmax)
          output p
          loss   sparse_categorical_crossentropy(kind, p)
        }

        train M {
          data = csv("train.csv", width="width", kind="kind")
          test = csv("test.csv", width="width", kind="kind")
        }
        $ nndsl train m.nn
    """

    code = "NN516"
    title = "a class that was not trained on"

    name: str
    found: str
    known: tuple[str, ...]
    rows: int = 1

    @property
    def headline(self) -> str:
        several = f" ({self.rows} rows)" if self.rows > 1 else ""
        return f"`{self.name}` has the class `{self.found}`{several}, which was not in the training data"

    @property
    def help(self) -> str:
        near = did_you_mean(self.found, self.known)
        there = f"the classes are {listed(self.known)}"
        return f"{near}\n{there}" if near else there


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
class PathOutside(SourceProblem):
    """A path of data leads out of the project folder, which is the folder of the `.nn` file.

        data = npz("../../somewhere/small.npz", x="x_train", label="y_train")
        $ nndsl train m.nn

    A `.nn` file that somebody sends you may not reach for your other files. Put the data below the folder of the
    `.nn` file (a link to where it lies will do), or name the place yourself: `--data PATH`.

        data = npz("data/small.npz", x="x_train", label="y_train")
        $ nndsl train m.nn
        $ nndsl train m.nn --data data
    """

    code = "NN518"
    title = "data outside of the project folder"

    path: str

    @property
    def headline(self) -> str:
        return f"`{self.path}` leads out of the folder of the `.nn` file"

    @property
    def help(self) -> str:
        return "put the data below that folder (a link will do), or name its place: `--data PATH`"


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


FAMILY: tuple[type[Problem], ...] = (
    NothingInFolder, BrokenImage, ImageSizes, UnknownClass, NotLearned, PathOutside, StepMisfit,
    NamesForNumbers, TooManyNames, ColumnFault,
)  # fmt: skip
