"""Problems NN700 to NN704: models of ONNX, written and read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from nndsl.diagnostics import Problem


@dataclass(frozen=True)
class OnnxMissing(Problem):
    """Models of ONNX are read and written with the package `onnx`, and it is not there.

        >>> sys.modules["onnx"] = None                       # as if it were not installed
        >>> model.export("small.onnx")

    Install it with `pip install "nndsl[onnx]"`.

        >>> model.save("small.safetensors")
    """

    code: ClassVar[str] = "NN700"
    title: ClassVar[str] = "the package onnx is not installed"

    reason: str = "it is not installed"

    @property
    def headline(self) -> str:
        return f"ONNX needs the package `onnx`, and {self.reason}"

    @property
    def help(self) -> str:
        return 'install it: pip install "nndsl[onnx]"'


@dataclass(frozen=True)
class CannotExport(Problem):
    """Something in a model has no counterpart in ONNX.

        input x: f32[batch, 8]
        output y = random_truncated_normal(shape(x)) + x
        >>> model.export("small.onnx")

    What `predict` computes is exported. Metrics and losses are not part of it.

        input x: f32[batch, 8]
        output y = random_normal(shape(x)) + x
        >>> model.export("small.onnx")
    """

    code: ClassVar[str] = "NN701"
    title: ClassVar[str] = "this cannot be said in ONNX"

    what: str
    why: str

    @property
    def headline(self) -> str:
        return f"{self.what} cannot be exported to ONNX"

    @property
    def help(self) -> str:
        return self.why


@dataclass(frozen=True)
class OnnxUnreadable(Problem):
    """A file is no ONNX model, or one that contradicts itself.

        >>> import nndsl.onnx
        >>> Path("broken.onnx").write_bytes(b"no model")
        >>> nndsl.onnx.import_model("broken.onnx")

    A model has its nodes in an order in which each reads what is there before it, makes no value twice, and stores as
    many numbers for an array as its shape says. `onnx.checker.check_model` says the same of a file.

        >>> import nndsl.onnx
        >>> model.export("small.onnx")
        >>> nndsl.onnx.import_model("small.onnx").save("again.nn")
    """

    code: ClassVar[str] = "NN702"
    title: ClassVar[str] = "an ONNX model cannot be read"

    path: str
    reason: str

    @property
    def headline(self) -> str:
        return f"the ONNX model `{self.path}` cannot be read: {self.reason}"


@dataclass(frozen=True)
class CannotImport(Problem):
    """Something in an ONNX model has no counterpart here, or is refused.

        >>> import onnx
        >>> port = onnx.helper.make_tensor_value_info("x", 1, [4])
        >>> out = onnx.helper.make_tensor_value_info("y", 1, [4])
        >>> node = onnx.helper.make_node("Frobnicate", ["x"], ["y"])
        >>> graph = onnx.helper.make_graph([node], "g", [port], [out])
        >>> from nndsl.onnx import Backend
        >>> Backend.prepare(onnx.helper.make_model(graph)).run([np.ones(4, np.float32)])

    Weights must lie in the file itself: what lies in others is not read. Sizes are known, or open from the start;
    none may come out of numbers that only data has.

        >>> import onnx
        >>> port = onnx.helper.make_tensor_value_info("x", 1, [4])
        >>> out = onnx.helper.make_tensor_value_info("y", 1, [4])
        >>> node = onnx.helper.make_node("Relu", ["x"], ["y"])
        >>> graph = onnx.helper.make_graph([node], "g", [port], [out])
        >>> from nndsl.onnx import Backend
        >>> Backend.prepare(onnx.helper.make_model(graph), engine="numpy").run([np.ones(4, np.float32)])
    """

    code: ClassVar[str] = "NN703"
    title: ClassVar[str] = "this cannot be imported from ONNX"

    what: str
    node: str
    why: str

    @property
    def headline(self) -> str:
        where = f", at `{self.node}`," if self.node else ""
        return f"{self.what}{where} cannot be imported from ONNX"

    @property
    def help(self) -> str:
        return self.why


@dataclass(frozen=True)
class WrongInputs(Problem):
    """A prepared ONNX model is run with other arrays than its inputs.

        >>> import onnx
        >>> model.export("small.onnx")
        >>> from nndsl.onnx import Backend
        >>> Backend.prepare(onnx.load("small.onnx"), engine="numpy").run([])

    Give them in the order of the model's inputs, or by name.

        >>> import onnx
        >>> model.export("small.onnx")
        >>> from nndsl.onnx import Backend
        >>> Backend.prepare(onnx.load("small.onnx"), engine="numpy").run({"x": np.ones((2, 8), np.float32)})
    """

    code: ClassVar[str] = "NN704"
    title: ClassVar[str] = "an ONNX model is run with other inputs than it has"

    given: str
    wanted: tuple[str, ...]

    @property
    def headline(self) -> str:
        return f"the model was given {self.given}"

    @property
    def help(self) -> str:
        return "its inputs are " + ", ".join(f"`{name}`" for name in self.wanted)


FAMILY: tuple[type[Problem], ...] = (OnnxMissing, CannotExport, OnnxUnreadable, CannotImport, WrongInputs)
