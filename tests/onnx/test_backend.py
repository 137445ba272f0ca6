"""ONNX's own node tests, through the Backend."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from node_tests import SKIPPED, cases, onnx

    CASES = cases()

import nndsl.onnx
from nndsl.diagnostics import NndslError
from nndsl.onnx import Backend

COMPILED = {"Gemm", "Conv", "LSTM", "GatherND", "Resize", "SoftmaxCrossEntropyLoss", "AveragePool"}
"""Ops of which one test each runs compiled: what is interpreted and what is compiled are the same program."""


def test_the_rule_finds_the_tests_of_networks() -> None:
    assert len(CASES) > 800
    assert set(SKIPPED) <= {case.name for case in CASES}


def passes(case: Any, engine: str) -> None:
    from onnx.backend.test.runner import Runner, _normalize_tensor

    prepared = Backend.prepare(case.model, "CPU", engine=engine)
    for inputs, outputs in case.data_sets:
        found = prepared.run([_normalize_tensor(array) for array in inputs])
        expected = [_normalize_tensor(array) for array in outputs]
        Runner.assert_similar_outputs(expected, found, case.rtol, case.atol)


@pytest.mark.parametrize("case", [c for c in CASES if c.name not in SKIPPED], ids=lambda case: case.name)
def test_node(case: Any) -> None:
    passes(case, "numpy")


@pytest.mark.parametrize("case", [c for c in CASES if c.name in SKIPPED], ids=lambda case: case.name)
def test_what_is_skipped_is_refused_and_not_wrong(case: Any) -> None:
    with pytest.raises(NndslError, match="NN703"):
        passes(case, "numpy")


FIRST = {case.model.graph.node[0].op_type: case for case in reversed(CASES)}


@pytest.mark.parametrize("op", sorted(COMPILED))
def test_node_compiled(op: str) -> None:
    passes(FIRST[op], "numba")


def node(op: str, inputs: list[str], outputs: list[str], **attributes: Any) -> Any:
    return onnx.helper.make_node(op, inputs, outputs, **attributes)


def test_the_module_is_a_backend_itself() -> None:
    x = np.array([[-1.0, 2.0]], np.float32)
    (found,) = nndsl.onnx.run_node(node("Relu", ["x"], ["y"]), [x], engine="numpy")
    np.testing.assert_array_equal(found, [[0.0, 2.0]])
    assert nndsl.onnx.supports_device("CPU")
    assert not nndsl.onnx.supports_device("CUDA:1")


def test_a_shape_that_is_fed_may_change_from_run_to_run() -> None:
    ports = [onnx.helper.make_tensor_value_info("x", 1, [6]), onnx.helper.make_tensor_value_info("s", 7, [2])]
    out = [onnx.helper.make_tensor_value_info("y", 1, [None, None])]
    graph = onnx.helper.make_graph([node("Reshape", ["x", "s"], ["y"])], "g", ports, out)
    prepared = Backend.prepare(onnx.helper.make_model(graph), engine="numpy")
    x = np.arange(6, dtype=np.float32)
    for shape in ((2, 3), (3, 2), (1, 6)):
        assert prepared.run([x, np.array(shape)])[0].shape == shape
