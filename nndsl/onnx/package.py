"""The package `onnx`, an extra: imported when the first model is read or written."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from nndsl.diagnostics import NndslError
from nndsl.problems.onnx import OnnxMissing

Proto = Any
"""A message of ONNX; its classes are made at run time and have no types."""


def onnx_package() -> Any:
    """The module `onnx`. Raises NndslError (NN700) where it is not installed."""
    try:
        found = import_module("onnx")
        for part in ("helper", "numpy_helper", "checker", "external_data_helper"):
            import_module(f"onnx.{part}")
    except ImportError as fault:
        missing = isinstance(fault, ModuleNotFoundError) and (fault.name or "").split(".")[0] == "onnx"
        reason = "it is not installed" if missing else f"it cannot be imported: {fault}"
        raise NndslError(OnnxMissing(None, reason)) from None
    return found
