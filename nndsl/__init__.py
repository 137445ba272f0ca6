"""nndsl: a compiler for neural networks. `nndsl.load("model.nn")` gives a Model to fit and to predict with.

Names are imported when they are first used, so `import nndsl` itself loads neither NumPy nor Numba.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nndsl import picture
    from nndsl.data.columns import Ragged
    from nndsl.diagnostics import InternalError, NndslError, Problem
    from nndsl.model import Model, compile, load
    from nndsl.training import callbacks
    from nndsl.training.callbacks import (
        Callback,
        CSVLogger,
        EarlyStopping,
        History,
        LambdaCallback,
        LearningRateScheduler,
        ModelCheckpoint,
        ReduceLROnPlateau,
        TensorBoard,
        TerminateOnNaN,
    )

__version__ = "0.1.0"

_CALLBACKS = (
    "CSVLogger", "Callback", "EarlyStopping", "History", "LambdaCallback", "LearningRateScheduler", "ModelCheckpoint",
    "ReduceLROnPlateau", "TensorBoard", "TerminateOnNaN",
)  # fmt: skip
_MODULES = {"callbacks": "nndsl.training.callbacks", "picture": "nndsl.picture"}
_HOMES = {
    "Model": "nndsl.model", "compile": "nndsl.model", "load": "nndsl.model", "Ragged": "nndsl.data.columns",
    "InternalError": "nndsl.diagnostics", "NndslError": "nndsl.diagnostics", "Problem": "nndsl.diagnostics",
    **dict.fromkeys(_CALLBACKS, "nndsl.training.callbacks"),
}  # fmt: skip

__all__ = [
    "CSVLogger", "Callback", "EarlyStopping", "History", "InternalError", "LambdaCallback", "LearningRateScheduler",
    "Model", "ModelCheckpoint", "NndslError", "Problem", "Ragged", "ReduceLROnPlateau", "TensorBoard", "TerminateOnNaN",
    "__version__", "callbacks", "compile", "load", "picture",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    import importlib

    if name in _MODULES:
        value: Any = importlib.import_module(_MODULES[name])
    elif name in _HOMES:
        value = getattr(importlib.import_module(_HOMES[name]), name)
    else:
        raise AttributeError(f"module 'nndsl' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
