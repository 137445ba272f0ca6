"""Problems: folders of data, and the images in them."""

from __future__ import annotations

from dataclasses import dataclass

from nndsl.diagnostics import Problem, did_you_mean
from nndsl.problems.arrays import listed
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


FAMILY: tuple[type[Problem], ...] = (NothingInFolder, BrokenImage, ImageSizes, UnknownClass, PathOutside)
