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


FAMILY: tuple[type[Problem], ...] = (OnnxMissing, CannotExport)
