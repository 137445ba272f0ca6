"""onnxruntime as the judge of what is exported and imported; tests that need it skip where it is not installed."""

from __future__ import annotations

from typing import Any

import pytest

onnx = pytest.importorskip("onnx")
ort = pytest.importorskip("onnxruntime")


def judged(proto: Any, data: dict[str, Any]) -> dict[str, Any]:
    """What onnxruntime makes of a model, without optimizations of its own."""
    onnx.checker.check_model(proto, full_check=True)
    options = ort.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])
    names = [port.name for port in session.get_inputs()]
    found = session.run(None, {name: data[name] for name in names})
    return dict(zip((port.name for port in session.get_outputs()), found, strict=True))
