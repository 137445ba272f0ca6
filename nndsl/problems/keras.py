"""Problems NN710 to NN713: models that Keras saved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from nndsl.diagnostics import Problem


@dataclass(frozen=True)
class KerasUnreadable(Problem):
    """A file is no model that Keras saved, or it is damaged, or holds what nndsl does not open.

        >>> Path("cut.keras").write_bytes(Path("small.keras").read_bytes()[:100])
        >>> from nndsl.keras import import_model
        >>> import_model("cut.keras")

    What is read are archives (`model.save("net.keras")`) and whole models in HDF5 (`model.save("net.h5")`) of Keras 3,
    and those of Keras 2 that have the same form. A file of weights alone does not say what they are the weights of.
    Save the model again, whole.

        $ nndsl import small.keras -o net.nn
    """

    code: ClassVar[str] = "NN710"
    title: ClassVar[str] = "this is no Keras model that can be read"

    path: str
    reason: str
    cure: str | None = None

    @property
    def headline(self) -> str:
        return f"`{self.path}` cannot be read as a Keras model: {self.reason}"

    @property
    def help(self) -> str | None:
        return self.cure


@dataclass(frozen=True)
class LayerUnknown(Problem):
    """A layer of a Keras model has no counterpart in nndsl, or is set up in a way that has none. Each is named.

        $ nndsl import lambda.keras -o net.nn

    Code that an archive holds (Lambda layers, classes of its own) is never run. Build the model in Keras from layers
    that nndsl has (docs/library.md) and copy the weights over, or write that part in `.nn`.

        $ nndsl import small.keras -o net.nn
    """

    code: ClassVar[str] = "NN711"
    title: ClassVar[str] = "a layer of Keras that cannot be said in nndsl"

    layer: str
    kind: str
    reason: str
    cure: str | None = None

    @property
    def headline(self) -> str:
        return f"layer `{self.layer}` ({self.kind}): {self.reason}"

    @property
    def help(self) -> str | None:
        return self.cure


@dataclass(frozen=True)
class LayerReduced(Problem):
    """A layer of a Keras model was imported without something that does not change what it predicts, or hardly.

        $ nndsl import half.keras -o net.nn

    It matters where the model is trained on: nndsl computes in f32, freezes layers by `trains` of an
    optimizer, and has the initializers, penalties and constraints of docs/library.md. Complete the `.nn` file by hand
    where it does.

        $ nndsl import small.keras -o net.nn
    """

    code: ClassVar[str] = "NN712"
    title: ClassVar[str] = "something of a layer of Keras was left out"
    severity: ClassVar[str] = "warning"

    layer: str
    kind: str
    reason: str

    @property
    def headline(self) -> str:
        return f"layer `{self.layer}` ({self.kind}): {self.reason}"


@dataclass(frozen=True)
class H5pyMissing(Problem):
    """The weights of Keras are HDF5 files, which are read with the package h5py, and it is not there.

        >>> sys.modules["h5py"] = None                    # as if it were not installed
        >>> Path("net.h5").write_bytes(b"\\x89HDF and more")
        >>> from nndsl.keras import import_model
        >>> import_model("net.h5")

    Install it with `pip install "nndsl[keras]"`. Keras itself is not needed. Models without weights need neither.

        $ nndsl import small.keras -o net.nn
    """

    code: ClassVar[str] = "NN713"
    title: ClassVar[str] = "the package h5py is not installed"

    path: str

    @property
    def headline(self) -> str:
        return f"the weights in `{self.path}` are read with the package h5py, and it is not installed"

    @property
    def help(self) -> str:
        return 'install it: pip install "nndsl[keras]"'


FAMILY: tuple[type[Problem], ...] = (KerasUnreadable, LayerUnknown, LayerReduced, H5pyMissing)
