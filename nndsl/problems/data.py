"""Problems NN500 to NN519: the sources of data. What is wrong with the arrays themselves is in `arrays`."""

from __future__ import annotations

from dataclasses import dataclass

from nndsl.diagnostics import Problem, did_you_mean
from nndsl.problems import arrays, values
from nndsl.problems.arrays import listed


@dataclass(frozen=True)
class SourceProblem(Problem):
    """Base: the place is the call in the `.nn` file that asked for the data."""

    @property
    def label(self) -> str:
        return "asked for here" if self.span else ""


@dataclass(frozen=True)
class DataFileMissing(SourceProblem):
    """A data file is not where the `.nn` file says it is.

        data = npz("smal.npz", x="x_train", label="y_train")
        $ nndsl train m.nn

    A relative path is taken from the folder of the `.nn` file, not from the folder you stand in. Correct
    the name, put the file there, or say where it is: `--data PATH` takes a file or a folder.

        data = npz("small.npz", x="x_train", label="y_train")
        $ nndsl train m.nn
    """

    code = "NN500"
    title = "a data file is not there"

    path: str
    neighbours: tuple[str, ...] = ()

    @property
    def headline(self) -> str:
        return f"there is no data file `{self.path}`"

    @property
    def help(self) -> str:
        name = self.path.replace("\\", "/").rsplit("/", 1)[-1]
        near = did_you_mean(name, self.neighbours)
        return near or "paths start at the folder of the `.nn` file; `--data PATH` names another place"


@dataclass(frozen=True)
class DataFileUnreadable(SourceProblem):
    """A data file is there, and is not what it should be: truncated, damaged, or of another format.

        data = npz("small.npz", x="x_train", label="y_train")
        >>> start = Path("small.npz").read_bytes()[:1000]
        >>> Path("small.npz").write_bytes(start)                # as if it were downloaded by half
        >>> model.fit()

    Fetch or write the file again. `npz` reads what `numpy.savez` and `numpy.savez_compressed` write; `csv`
    reads text in UTF-8.

        data = npz("small.npz", x="x_train", label="y_train")
        >>> np.savez("small.npz", x_train=x_train, y_train=y_train)
        >>> model.fit()
    """

    code = "NN501"
    title = "a data file cannot be read"

    path: str
    reason: str
    cure: str | None = None

    @property
    def headline(self) -> str:
        return f"`{self.path}` cannot be read: {self.reason}"

    @property
    def help(self) -> str | None:
        return self.cure


@dataclass(frozen=True)
class KeyMissing(SourceProblem):
    """A file or a bundled set has no array or column of that name.

        data = npz("small.npz", x="x_trian", label="y_train")
        $ nndsl train m.nn

    The help line lists what there is. In `npz` the name on the left is the model's input or target, the
    text on the right is the key in the file.

        data = npz("small.npz", x="x_train", label="y_train")
        $ nndsl train m.nn
    """

    code = "NN502"
    title = "no such array in the data"

    where: str
    key: str
    known: tuple[str, ...]
    noun: str = "array"

    @property
    def headline(self) -> str:
        return f"{self.where} has no {self.noun} `{self.key}`"

    @property
    def help(self) -> str:
        near = did_you_mean(self.key, self.known)
        have = f"it has {listed(self.known)}" if self.known else f"it has no {self.noun} at all"
        return f"{near}\n{have}" if near else have


@dataclass(frozen=True)
class PickleRefused(SourceProblem):
    """An array in an archive is a pickle of something else than lists of whole numbers, so it is not loaded.

    A pickle can run any program when it is loaded. nndsl reads pickled arrays only as the Keras archives
    have them, one list of integers for each text, and creates nothing else from a pickle.

        data = npz("rows.npz", x="x", label="y")
        >>> rows = [{"first": row} for row in x_train]
        >>> np.savez("rows.npz", x=np.array(rows, dtype=object), y=y_train)
        >>> model.fit()

    Save plain arrays: numbers in a rectangular array, or texts laid flat in two arrays, `words` and
    `offsets`, read by `ragged("words", "offsets")`.

        data = npz("rows.npz", x="x", label="y")
        >>> np.savez("rows.npz", x=x_train, y=y_train)
        >>> model.fit()
    """

    code = "NN503"
    title = "a pickled array is refused"

    path: str
    key: str
    reason: str

    @property
    def headline(self) -> str:
        return f"array `{self.key}` of `{self.path}` is a pickle that is not loaded: {self.reason}"

    @property
    def help(self) -> str:
        return (
            "only lists of integers are read from pickles; save plain arrays, and texts as `words` and\n"
            "`offsets` (text i is words[offsets[i]:offsets[i+1]])"
        )


@dataclass(frozen=True)
class DataTooLarge(SourceProblem):
    """An array of a file claims more bytes than there is room for.

    A file of a few kilobytes can promise terabytes. Arrays above 8 GiB, and arrays larger than the memory
    that is free now, are not read whole.

        data = npz("rows.npz", x="x", label="y")
        >>> promised = np.broadcast_to(np.float64(0), (10**11, 8))
        >>> with zipfile.ZipFile("rows.npz", "w") as file:
        ...     np.lib.format.write_array_header_2_0(
        ...         file.open("x.npy", "w"), np.lib.format.header_data_from_array_1_0(promised))
        >>> model.fit()

    Let the set be read in pieces (`stream=true`, which sets above 1 GiB do by themselves, where the file admits it: an
    archive that is not compressed), or store a smaller dtype (`uint8` instead of `float64`).

        data = npz("rows.npz", x="x", label="y")
        >>> np.savez("rows.npz", x=x_train.astype(np.float32), y=y_train.astype(np.uint8))
        >>> model.fit()
    """

    code = "NN504"
    title = "an array is too large to read"

    path: str
    key: str
    needed: int
    room: int

    @property
    def headline(self) -> str:
        if not self.needed:
            return f"`{self.path}` takes more memory than there is"
        return (
            f"array `{self.key}` of `{self.path}` asks for {_size(self.needed)} of memory, "
            f"and {_size(self.room)} is the most"
        )

    @property
    def help(self) -> str:
        return "let it be read in pieces, `stream=true`, or store a smaller dtype such as uint8"


def _size(count: int) -> str:
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{count / 2**20:.1f} MiB"


@dataclass(frozen=True)
class WrongSourceArgument(SourceProblem):
    """A data source is called with an argument it does not have, or with one of the wrong kind.

        data = csv("rows.csv", x=["a", "b"], label="class", delimiter=";;")
        $ nndsl train m.nn

    The sources are `npz(path, input="key", …)`, `npy(input="file.npy", …)`, `csv(path, input="column", …, header=true,
    delimiter=",", missing=none)`, `parquet(path, input="column", …)`, `images(path, …, size=none, color=none)`,
    `text(path, …, by="word", size=none, length=none)`, `windows(source, length, stride=1, horizon=1, target=none)`,
    `digits(part)`, `iris(part)`, `wine(part)`, `breast_cancer(part)`, `diabetes(part)`, where the parts are "train",
    "test" and "all". Values in `npz` are keys or `ragged(words, offsets, num_words=none)`, in `csv` and `parquet`
    titles, numbers, lists of both, or `text(column, …)`.

        # rows.csv
        a;b;class
        0.5;1.0;0
        2.5;1.5;2
        # m.nn
        model M() {
          input  x: f32[batch, 2]
          target label: index<3>[batch]
          logits = x |> Dense(3)
          output p = softmax(logits)
          loss   sparse_categorical_crossentropy(label, logits)
        }

        train M { data = csv("rows.csv", x=["a", "b"], label="class", delimiter=";") }
        $ nndsl train m.nn
    """

    code = "NN505"
    title = "wrong argument of a data source"

    function: str
    reason: str
    cure: str | None = None

    @property
    def headline(self) -> str:
        return f"`{self.function}`: {self.reason}"

    @property
    def help(self) -> str | None:
        return self.cure


@dataclass(frozen=True)
class DatasetsExtraMissing(SourceProblem):
    '''A bundled data set is asked for and scikit-learn, which holds it, is not installed.

        >>> sys.modules["sklearn"] = None                    # as if it were not there
        >>> iris = """
        ... model Iris() {
        ...   input  features: f32[batch, 4]
        ...   target label: index<3>[batch]
        ...   logits = features |> Dense(3)
        ...   output p = softmax(logits)
        ...   loss   sparse_categorical_crossentropy(label, logits)
        ... }
        ... train Iris { data = iris("train") }
        ... """
        >>> nndsl.compile(iris, engine="numpy").fit()

    Install it with `pip install "nndsl[datasets]"`, or feed arrays of your own with `npz` or `csv`.

        data = npz("small.npz", x="x_train", label="y_train")
        $ nndsl train m.nn
    '''

    code = "NN506"
    title = "scikit-learn is not installed"

    function: str
    reason: str = "it is not installed"

    @property
    def headline(self) -> str:
        return f"`{self.function}` takes its data from scikit-learn, and {self.reason}"

    @property
    def help(self) -> str:
        return 'install it: pip install "nndsl[datasets]"'


@dataclass(frozen=True)
class RaggedFault(SourceProblem):
    """The two arrays of ragged texts do not fit together.

    Text i is `words[offsets[i]:offsets[i+1]]`. So both arrays have one dimension and hold whole numbers,
    the offsets never fall, the first is at least 0 and the last at most the number of words.

        >>> nndsl.Ragged(words=[1, 5, 7], offsets=[0, 2, 9])      # there are only 3 words

    `Ragged.from_lists` makes both from lists.

        >>> nndsl.Ragged(words=[1, 5, 7], offsets=[0, 2, 3])
        >>> nndsl.Ragged.from_lists([[1, 5], [7]])
    """

    code = "NN510"
    title = "ragged words and offsets do not fit"

    reason: str
    name: str = ""

    @property
    def headline(self) -> str:
        return f"ragged texts{f' for `{self.name}`' if self.name else ''}: {self.reason}"

    @property
    def help(self) -> str:
        return "text i is words[offsets[i]:offsets[i+1]], so n texts have n + 1 offsets"


@dataclass(frozen=True)
class OverrideUnmatched(SourceProblem):
    """`--data FILE` was given, and the `.nn` file reads several files, none of which bears that name. Nothing says
    which of them the file should replace.

        data = npz("train.npz", x="x_train", label="y_train")
        validation = npz("validation.npz", x="x_test", label="y_test")
        $ nndsl train m.nn --data small.npz

    Give a folder that holds files of the same names (`--data FOLDER`), or a file that is named as one of them.

        data = npz("data/small.npz", x="x_train", label="y_train")
        validation = npz("data/small.npz", x="x_test", label="y_test")
        $ nndsl train m.nn --data small.npz
    """

    code = "NN511"
    title = "`--data` could replace several files"

    override: str
    paths: tuple[str, ...]

    @property
    def headline(self) -> str:
        return f"`--data {self.override}` fits none of {listed(self.paths)}"

    @property
    def help(self) -> str:
        return "give a folder that holds them all, or a file of the same name"


FAMILY: tuple[type[Problem], ...] = (
    DataFileMissing, DataFileUnreadable, KeyMissing, PickleRefused, DataTooLarge, WrongSourceArgument,
    DatasetsExtraMissing, RaggedFault, OverrideUnmatched, *arrays.FAMILY, *values.FAMILY,
)  # fmt: skip
