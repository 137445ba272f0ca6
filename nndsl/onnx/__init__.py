"""ONNX: models written for other runtimes, and models of others read.

`exporting` writes the inference program of a checked model, `reading` makes graphs of the ops of ONNX, `importing`
writes `.nn` files from the same, and `Backend` is what ONNX's own tests drive. All of it needs the extra:
`pip install "nndsl[onnx]"`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nndsl.onnx.backend import Backend
    from nndsl.onnx.importing.model import import_model


def __getattr__(name: str) -> Any:
    """The interface of `onnx.backend`, loaded when it is asked for: the class, and its functions by themselves."""
    if name == "Backend" or name in FUNCTIONS:
        from nndsl.onnx.backend import Backend

        return Backend if name == "Backend" else getattr(Backend, name)
    if name == "import_model":
        from nndsl.onnx.importing.model import import_model

        return import_model
    raise AttributeError(name)


FUNCTIONS = ("prepare", "run_model", "run_node", "supports_device", "is_compatible")
__all__ = ["Backend", "import_model"]
