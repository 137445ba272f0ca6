"""Problems NN607 to NN614: weights files, run folders, files that cannot be written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from nndsl.diagnostics import Problem, did_you_mean

SHOWN = 12


def listed(names: tuple[str, ...]) -> str:
    """Names for a help line: the first dozen, in backquotes."""
    text = ", ".join(f"`{name}`" for name in names[:SHOWN])
    more = len(names) - SHOWN
    return f"{text} and {more} more" if more > 0 else text


@dataclass(frozen=True)
class WeightsUnreadable(Problem):
    """A weights file is not there, is damaged, or is no safetensors file.

        >>> model.load_weights("small.nn")

    nndsl reads what `model.save` and `nndsl train` write. A file that was cut short cannot be repaired:
    copy it again or train again.

        >>> model.save("small.safetensors")
        >>> model.load_weights("small.safetensors")
    """

    code: ClassVar[str] = "NN607"
    title: ClassVar[str] = "a weights file cannot be read"

    path: str
    reason: str

    @property
    def headline(self) -> str:
        return f"the weights file `{self.path}` cannot be read: {self.reason}"


@dataclass(frozen=True)
class WeightsDoNotFit(Problem):
    """A weights file belongs to another model, or to the same model built with other consts.

        >>> nndsl.load("small.nn", units=32).save("small32.safetensors")
        >>> model.load_weights("small32.safetensors")           # its kernels have 16 columns

    The message lists each array that is missing, is too much, or has another shape or dtype, and those with
    NaN or infinite numbers. Nothing was loaded. Build the model as it was when the weights were saved; the
    file keeps its consts, and they are shown.

        >>> wide = nndsl.load("small.nn", units=32)
        >>> wide.save("small32.safetensors")
        >>> wide.load_weights("small32.safetensors")
    """

    code: ClassVar[str] = "NN608"
    title: ClassVar[str] = "weights do not fit the model"

    path: str
    differences: tuple[str, ...]
    saved_with: str = ""

    @property
    def headline(self) -> str:
        return f"the weights in `{self.path}` do not fit this model"

    @property
    def help(self) -> str:
        lines = list(self.differences[:SHOWN])
        if len(self.differences) > SHOWN:
            lines.append(f"and {len(self.differences) - SHOWN} more differences")
        if self.saved_with:
            lines.append(f"the file was saved from {self.saved_with}")
        return "\n".join(lines)


@dataclass(frozen=True)
class WrongParamValue(Problem):
    """An array put into `model.params` does not fit the parameter, or there is no parameter of that name.

        >>> model.params["Dense_1.kernel"] = np.zeros((3, 3))        # it is f32[8, 16]

    The new array needs the shape of the old one, numbers that its dtype holds, and no NaN.

        >>> model.params["Dense_1.kernel"] = np.zeros((8, 16))
    """

    code: ClassVar[str] = "NN609"
    title: ClassVar[str] = "this array does not fit the parameter"

    name: str
    reason: str
    known: tuple[str, ...] = ()

    @property
    def headline(self) -> str:
        return f"parameter `{self.name}`: {self.reason}"

    @property
    def help(self) -> str | None:
        if not self.known:
            return None
        return did_you_mean(self.name, self.known) or f"there are {listed(self.known)}"


@dataclass(frozen=True)
class RunFolderTaken(Problem):
    """The run folder exists and holds files. A run never overwrites another.

        data = npz("small.npz", x="x_train", label="y_train")
        $ nndsl train m.nn --run runs/a
        $ nndsl train m.nn --run runs/a

    Give another name, leave `--run` out to have a folder made with the date and time, or remove the old
    folder.

        data = npz("small.npz", x="x_train", label="y_train")
        $ nndsl train m.nn --run runs/a
        $ nndsl train m.nn --run runs/b
    """

    code: ClassVar[str] = "NN611"
    title: ClassVar[str] = "the run folder is taken"

    path: str

    @property
    def headline(self) -> str:
        return f"`{self.path}` is there already and is not empty"

    @property
    def help(self) -> str:
        return "give another folder to --run, or leave --run out; no run overwrites another"


@dataclass(frozen=True)
class CannotWrite(Problem):
    """A file or folder cannot be written: no permission, a full disk, a folder that is not there.

        >>> model.save("results/small.safetensors")

    The message holds what the system says. Choose another place or make room.

        >>> model.save("small.safetensors")
    """

    code: ClassVar[str] = "NN612"
    title: ClassVar[str] = "a file cannot be written"

    path: str
    reason: str

    @property
    def headline(self) -> str:
        return f"`{self.path}` cannot be written: {self.reason}"


@dataclass(frozen=True)
class NotARunFolder(Problem):
    """The folder given to `--run` is not one that `nndsl train` left, or it is damaged.

        test = npz("small.npz", x="x_test", label="y_test")
        $ nndsl evaluate m.nn --run data

    A run folder holds settings.json and best.safetensors. Give one of the folders in `runs/`, or a weights
    file with `--weights FILE`.

        data = npz("small.npz", x="x_train", label="y_train")
        test = npz("small.npz", x="x_test", label="y_test")
        $ nndsl train m.nn --run runs/a
        $ nndsl evaluate m.nn --run runs/a
    """

    code: ClassVar[str] = "NN613"
    title: ClassVar[str] = "this is no run folder"

    path: str
    reason: str
    neighbours: tuple[str, ...] = ()

    @property
    def headline(self) -> str:
        return f"`{self.path}` is no run folder: {self.reason}"

    @property
    def help(self) -> str:
        if self.neighbours:
            return f"there are {listed(self.neighbours)}"
        return "`nndsl train FILE --run DIR` makes one; `--weights FILE` takes a weights file"


@dataclass(frozen=True)
class FileTaken(Problem):
    """`nndsl new` and `nndsl import` found a file of that name, and overwrite nothing.

        $ nndsl new small

    Choose another name, or move the old file away; `nndsl import --force` writes over it.

        $ nndsl new larger
    """

    code: ClassVar[str] = "NN614"
    title: ClassVar[str] = "there is such a file already"

    path: str

    @property
    def headline(self) -> str:
        return f"`{self.path}` is there already"

    @property
    def help(self) -> str:
        return "choose another name; nothing is overwritten"


FAMILY: tuple[type[Problem], ...] = (
    WeightsUnreadable, WeightsDoNotFit, WrongParamValue, RunFolderTaken, CannotWrite, NotARunFolder, FileTaken,
)  # fmt: skip
