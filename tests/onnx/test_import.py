"""ONNX models as `.nn` files: the text is what one would write, and predicts what onnxruntime does."""
# ruff: noqa: E501

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from judge import judged, onnx
from light import with_random_weights
from test_export import moved, rows

import nndsl
from nndsl import driver
from nndsl.onnx.exporting.model import exported
from nndsl.onnx.importing.model import Imported, imported

numbers = np.random.default_rng(5)


def weight(name: str, *shape: int) -> Any:
    return onnx.numpy_helper.from_array(numbers.normal(0, 0.5, shape).astype(np.float32), name)


def node(op: str, inputs: str, outputs: str, **attributes: Any) -> Any:
    return onnx.helper.make_node(op, inputs.split(), outputs.split(), **attributes)


def model(
    nodes: list[Any], inputs: dict[str, list[Any]], outputs: list[str], weights: list[Any], version: int = 18
) -> Any:
    """A small model; inputs with integers of 64 bits have names that begin with `i`."""
    ports = [onnx.helper.make_tensor_value_info(n, 7 if n[0] == "i" else 1, shape) for n, shape in inputs.items()]
    results = [onnx.helper.make_empty_tensor_value_info(name) for name in outputs]
    graph = onnx.helper.make_graph(nodes, "small net", ports, results, weights)
    proto = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", version)], ir_version=8)
    return onnx.shape_inference.infer_shapes(proto)


def opened(found: Imported) -> nndsl.Model:
    """The imported model with its weights."""
    made = nndsl.compile(found.text, engine="numpy", seed=0)
    made.set_weights({**found.params, **found.states})
    return made


def agree(proto: Any, data: dict[str, Any]) -> str:
    """The text of the imported model, which predicts what onnxruntime does."""
    found = imported(proto)
    made = opened(found)
    names = [port.name for port in made.checked.model.inputs]
    result = made.session.predict(dict(zip(names, data.values(), strict=True)))
    expected = judged(proto, data)
    for got, want in zip(result.values(), expected.values(), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-5)
    return found.text


def drawn(*shape: int) -> Any:
    return np.random.default_rng(7).normal(size=shape).astype(np.float32)


def test_dense_layers_with_their_activations() -> None:
    weights = [weight("w1", 8, 4), weight("b1", 8), weight("w2", 8, 3), weight("b2", 3)]
    nodes = [node("Gemm", "x w1 b1", "h", transB=1), node("Relu", "h", "r"), node("MatMul", "r w2", "m"),
             node("Add", "m b2", "logits"), node("Softmax", "logits", "p")]  # fmt: skip
    text = agree(model(nodes, {"x": ["N", 4]}, ["p"], weights), {"x": drawn(5, 4)})
    assert (
        text
        == """\
model SmallNet() {
  input  x: f32[N, 4]
  output p = x |> Dense(8, activation=relu) |> Dense(3) |> softmax
}
"""
    )


def test_images_are_turned_once_at_each_end() -> None:
    weights = [weight("k1", 4, 3, 3, 3), weight("c1", 4), weight("g", 4), weight("bb", 4), weight("mm", 4),
               onnx.numpy_helper.from_array(np.full(4, 2, np.float32), "vv"), weight("k2", 4, 4, 1, 1)]  # fmt: skip
    nodes = [node("Conv", "x k1 c1", "a", pads=[1, 1, 1, 1], strides=[2, 2]), node("LeakyRelu", "a", "l", alpha=0.1),
             node("BatchNormalization", "l g bb mm vv", "n"), node("Conv", "n k2", "s"), node("Add", "n s", "sum"),
             node("MaxPool", "sum", "p", kernel_shape=[2, 2], strides=[2, 2]), node("GlobalAveragePool", "p", "g1"),
             node("Flatten", "g1", "y")]  # fmt: skip
    text = agree(model(nodes, {"x": ["N", 3, 12, 10]}, ["y"], weights), {"x": drawn(2, 3, 12, 10)})
    assert (
        text
        == """\
model SmallNet() {
  input x: f32[N, 3, 12, 10]
  n = transpose(x, [0, 2, 3, 1])
    |> Conv2D(4, 3, strides=2, padding=1)
    |> leaky_relu(negative_slope=0.1)
    |> BatchNormalization(epsilon=1e-05)
  output y = n + (n |> Conv2D(4, 1, use_bias=false))
    |> MaxPooling2D(2)
    |> GlobalAveragePooling2D(keepdims=true)
    |> Flatten()
}
"""
    )


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
def test_recurrent_layers(kind: str, direction: str) -> None:
    gates, ways = {"LSTM": 4, "GRU": 3, "RNN": 1}[kind], 2 if direction == "bidirectional" else 1
    weights = [weight("w", ways, gates * 5, 3), weight("r", ways, gates * 5, 5), weight("b", ways, gates * 10)]
    more = {"linear_before_reset": 1} if kind == "GRU" else {}
    nodes = [node(kind, "x w r b", "y h", hidden_size=5, direction=direction, **more)]
    text = agree(model(nodes, {"x": [6, "N", 3]}, ["y", "h"], weights), {"x": drawn(6, 2, 3)})
    assert text.count("SimpleRNN(" if kind == "RNN" else f"{kind}(") == ways


def test_an_embedding_asks_for_indices() -> None:
    nodes = [node("Gather", "table ids", "e"), node("ReduceMean", "e", "y", axes=[1], keepdims=0)]
    proto = model(nodes, {"ids": ["N", "time"]}, ["y"], [weight("table", 9, 4)], version=13)
    ids = np.array([[1, 8, 0], [2, 2, 5]])
    found = imported(proto)
    assert "ids: index<9>[N, time]" in found.text
    assert "Embedding(9, 4)" in found.text
    np.testing.assert_allclose(opened(found).predict(ids.astype(np.int32)), judged(proto, {"ids": ids})["y"], rtol=1e-5)


def test_shapes_that_are_computed_stay_open() -> None:
    """What PyTorch writes for `x.view(x.size(0), -1)`."""
    weights = [
        onnx.numpy_helper.from_array(np.array(n), name) for name, n in (("zero", 0), ("rest", [-1]), ("first", [0]))
    ]
    nodes = [node("Shape", "x", "s"), node("Gather", "s zero", "n"), node("Unsqueeze", "n first", "u"),
             node("Concat", "u rest", "to", axis=0), node("Reshape", "x to", "y")]  # fmt: skip
    text = agree(model(nodes, {"x": ["batch", 2, 3]}, ["y"], weights), {"x": drawn(5, 2, 3)})
    assert "output y = x |> Flatten()" in text


def test_ops_that_are_no_layers_are_functions() -> None:
    nodes = [node("Mul", "x c", "a"), node("Sqrt", "q", "d"), node("Mul", "x x", "q"), node("Where", "m a d", "w"),
             node("Less", "x z", "m"), node("ReduceSum", "w", "y", keepdims=0)]  # fmt: skip
    nodes = [nodes[k] for k in (0, 2, 1, 4, 3, 5)]
    weights = [weight("c", 4), onnx.numpy_helper.from_array(np.float32(0.25), "z")]
    agree(model(nodes, {"x": ["N", 4]}, ["y", "w"], weights), {"x": drawn(3, 4)})


BODIES = {
    "dense": "output y = x |> Dense(5, activation=gelu) |> LayerNorm() |> Dense(2, activation=tanh)",
    "convolutions": "output y = image |> Conv2D(4, 3, strides=2, activation=relu) |> MaxPooling2D(2) |> Flatten() |> Dense(3)",
    "a transposed convolution": "output y = image |> Conv2DTranspose(3, 3, strides=2, activation=sigmoid)",
    "several outputs": "h = x |> Dense(4)\n output h\n output y = relu(h) - 2 * h",
}


@pytest.mark.parametrize("name", BODIES)
def test_out_and_in_again(name: str) -> None:
    port = "input image: f32[batch, 9, 8, 2]" if "image" in BODIES[name] else "input x: f32[batch, 6]"
    first = moved(nndsl.compile(f"model M {{\n{port}\n{BODIES[name]}\n}}", engine="numpy", seed=1))
    proto = exported(first.checked.model, driver.graph_of(first.checked, "predict"), first.get_weights())
    data = rows(first, 3, 1)
    again = opened(imported(proto))
    expected = first.session.predict(data)
    for key, value in again.session.predict(data).items():
        np.testing.assert_allclose(value, expected[key], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", ["squeezenet", "shufflenet", "inception_v2"])
def test_light_model(name: str) -> None:
    """All nine are compared by tools/onnx_report.py; these are the quick ones."""
    proto = with_random_weights(name)
    (port,) = [p for p in proto.graph.input if p.name not in {t.name for t in proto.graph.initializer}]
    text = agree(proto, {port.name: drawn(1, 3, 224, 224)})
    assert "f32[batch, 3, 224, 224]" in text
    assert "param " not in text or name == "inception_v2"
    assert text.count("transpose(") <= 2 or name == "shufflenet"
