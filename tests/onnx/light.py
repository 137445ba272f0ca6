"""The light models of the onnx package: architectures of well-known networks, with constants in place of weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

FOLDER = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
MODELS = sorted(path.stem.removeprefix("light_") for path in FOLDER.glob("*.onnx"))


def with_random_weights(name: str, seed: int = 0) -> Any:
    """A light model with random weights in place of the constant ones, small enough that nothing overflows."""
    model = onnx.load(FOLDER / f"light_{name}.onnx")
    graph, numbers = model.graph, np.random.default_rng(seed)
    shapes = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}
    variances = {node.input[4] for node in graph.node if node.op_type == "BatchNormalization"}
    kept = []
    for node in graph.node:
        if node.op_type != "ConstantOfShape":
            kept.append(node)
            continue
        shape = tuple(int(n) for n in shapes[node.input[0]])
        fan_in = int(np.prod(shape[1:])) if len(shape) > 1 else 4
        drawn = numbers.normal(0, np.sqrt(1 / fan_in), shape)
        if node.output[0] in variances:
            drawn = numbers.uniform(0.5, 1.5, shape)
        graph.initializer.append(onnx.numpy_helper.from_array(drawn.astype(np.float32), node.output[0]))
    model.ir_version = 8  # before, weights had to be inputs too
    del graph.node[:]
    graph.node.extend(kept)
    stored = {tensor.name for tensor in graph.initializer}
    ports = [port for port in graph.input if port.name not in stored]
    del graph.input[:]
    graph.input.extend(ports)
    return model
