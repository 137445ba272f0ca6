"""What is refused: files that contradict themselves, weights elsewhere, sizes that cannot be meant."""
# ruff: noqa: E402

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

import nndsl.onnx
from nndsl.diagnostics import NndslError


def graph(nodes: list[Any], weights: tuple[Any, ...] = (), shape: tuple[Any, ...] = ("N", 4)) -> Any:
    ports = [onnx.helper.make_tensor_value_info("x", 1, shape)]
    results = [onnx.helper.make_empty_tensor_value_info("y")]
    made = onnx.helper.make_graph(nodes, "net", ports, results, list(weights))
    return onnx.helper.make_model(made, opset_imports=[onnx.helper.make_opsetid("", 18)])


def node(op: str, inputs: str, outputs: str, **attributes: Any) -> Any:
    return onnx.helper.make_node(op, inputs.split(), outputs.split(), **attributes)


def told(model: Any, folder: Path) -> str:
    path = folder / "m.onnx"
    path.write_bytes(model.SerializeToString() if not isinstance(model, bytes) else model)
    with pytest.raises(NndslError) as caught:
        nndsl.onnx.import_model(path)
    return str(caught.value)


@pytest.mark.parametrize("place", ["weights.bin", "../../secret", "/etc/passwd"])
def test_weights_in_other_files(place: str, tmp_path: Path) -> None:
    tensor = onnx.TensorProto(name="w", data_type=1, dims=[4], data_location=onnx.TensorProto.EXTERNAL)
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", place
    assert "NN703" in (said := told(graph([node("Add", "x w", "y")], (tensor,)), tmp_path))
    assert "weights in another file" in said
    inside = graph([node("Constant", "", "w", value=tensor), node("Add", "x w", "y")])
    assert "weights in another file" in told(inside, tmp_path)


def test_a_circle(tmp_path: Path) -> None:
    said = told(graph([node("Add", "x b", "a"), node("Add", "a x", "b"), node("Relu", "b", "y")]), tmp_path)
    assert "NN702" in said
    assert "the graph goes in a circle" in said


def test_a_value_that_nothing_makes(tmp_path: Path) -> None:
    assert "nothing makes it" in told(graph([node("Add", "x nowhere", "y")]), tmp_path)


def test_a_value_made_twice(tmp_path: Path) -> None:
    assert "made twice" in told(graph([node("Relu", "x", "y"), node("Neg", "x", "y")]), tmp_path)


def test_a_huge_array(tmp_path: Path) -> None:
    tensor = onnx.TensorProto(name="w", data_type=1, dims=[2**20, 2**20])
    assert "[1048576, 1048576]" in told(graph([node("Add", "x w", "y")], (tensor,)), tmp_path)


def test_an_array_with_too_few_numbers(tmp_path: Path) -> None:
    tensor = onnx.TensorProto(name="w", data_type=1, dims=[1000], raw_data=b"\0" * 8)
    assert "NN702" in told(graph([node("Add", "x w", "y")], (tensor,)), tmp_path)


@pytest.mark.parametrize("shape", [[2**40], [2**20, 2**20], [-5]])
def test_a_huge_array_from_nothing(shape: list[int], tmp_path: Path) -> None:
    sizes = onnx.numpy_helper.from_array(np.array(shape), "s")
    said = told(graph([node("ConstantOfShape", "s", "c"), node("Add", "x c", "y")], (sizes,)), tmp_path)
    assert "NN70" in said


def test_a_huge_result(tmp_path: Path) -> None:
    times = onnx.numpy_helper.from_array(np.array([2**40, 1]), "t")
    assert "NN703" in told(graph([node("Tile", "x t", "y")], (times,), (1024, 4)), tmp_path)


def test_a_huge_axis(tmp_path: Path) -> None:
    assert "NN702" in told(graph([node("Relu", "x", "y")], (), (2**50, 4)), tmp_path)


@pytest.mark.parametrize("content", [b"", b"no model", b"\x08\x07\x3a\xff"])
def test_no_model(content: bytes, tmp_path: Path) -> None:
    assert "NN702" in told(content, tmp_path)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(NndslError, match="NN702"):
        nndsl.onnx.import_model(tmp_path / "none.onnx")


def test_any_bytes_of_a_model_may_be_wrong(tmp_path: Path) -> None:
    """Whatever is damaged, it is read or told, and nothing else happens."""
    weight = onnx.numpy_helper.from_array(np.ones((4, 3), np.float32), "w")
    nodes = [node("Gemm", "x w", "h"), node("Reshape", "h s", "r"), node("Softmax", "r", "y", axis=1)]
    whole = graph(nodes, (weight, onnx.numpy_helper.from_array(np.array([-1, 3]), "s"))).SerializeToString()
    numbers = np.random.default_rng(0)
    path = tmp_path / "m.onnx"
    for _ in range(150):
        content = bytearray(whole)
        for _ in range(int(numbers.integers(1, 4))):
            content[int(numbers.integers(len(content)))] = int(numbers.integers(256))
        path.write_bytes(bytes(content))
        try:
            nndsl.onnx.import_model(path)
        except NndslError as error:
            told_codes = {problem.code for problem in error.problems}
        else:
            told_codes = set()
        assert told_codes <= {"NN702", "NN703"}
