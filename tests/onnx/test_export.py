"""Whole models: what is exported gives what `predict` gives."""
# ruff: noqa: E501

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from judge import judged, onnx

import nndsl
from nndsl import driver
from nndsl.onnx.exporting.model import exported
from nndsl.runtime.gradcheck import made_up

FOLDER = Path(__file__).parents[2] / "samples"
SAMPLES = sorted(path for path in FOLDER.glob("*.nn") if "\nmodel " in path.read_text())
DRAWN = {("vae", "invented"), ("gan", "invented"), ("unet", "noisy"), ("unet", "belongs"), ("convlstm", "frame"),
         ("convlstm", "wanted")}  # fmt: skip
"""Outputs that are drawn anew each time."""


def moved(model: nndsl.Model) -> nndsl.Model:
    """All weights away from what they start from: a bias of zeros would hide that it is not there."""
    numbers = np.random.default_rng(3)
    for name, values in model.get_weights().items():
        if values.dtype == np.float32:
            model.set_weights({name: np.abs(values + numbers.normal(0, 0.1, values.shape)).astype(np.float32)
                               if name.endswith("variance") else
                               (values + numbers.normal(0, 0.1, values.shape)).astype(np.float32)})  # fmt: skip
    return model


def rows(model: nndsl.Model, batch: int, seed: int) -> dict[str, Any]:
    """Made-up inputs; sizes that data fixes but for the batch are 7."""
    checked = model.checked
    names = driver.symbolic_sizes(checked.model)
    sizes = dict.fromkeys(names, 7) | dict.fromkeys(names[:1], batch)
    numbers = np.random.default_rng(seed)
    dtypes = {"f32": np.float32, "i32": np.int32, "bool": np.bool_, "f64": np.float64, "i64": np.int64}
    return {port.name: np.ascontiguousarray(made_up(port, sizes, numbers).astype(dtypes[port.type.dtype]))
            for port in checked.model.inputs}  # fmt: skip


def agree(model: nndsl.Model, leave_out: frozenset[str] = frozenset()) -> Any:
    """The exported model, which gives what `predict` gives, for batches of several sizes."""
    graph = driver.graph_of(model.checked, "predict")
    proto = exported(model.checked.model, graph, model.get_weights())
    for batch in (1, 4):
        data = rows(model, batch, batch)
        expected = model.session.predict(data)
        found = judged(proto, data)
        for name in expected.keys() - leave_out:
            assert found[name].dtype == expected[name].dtype
            np.testing.assert_allclose(found[name], expected[name], rtol=1e-5, atol=1e-5, err_msg=name)
    return proto


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_exported_sample(path: Path) -> None:
    drawn = frozenset(name for sample, name in DRAWN if sample == path.stem)
    agree(moved(nndsl.load(path, engine="numpy", seed=1)), drawn)


BODIES = {
    "a convolution on its own": "output y = image |> Conv2D(3, 3)",
    "strides, dilation, groups": 'output y = image |> Conv2D(4, 3, strides=2, padding="same") |> Conv2D(4, 2, groups=2)',
    "separable": "output y = image |> DepthwiseConv2D(3) |> SeparableConv2D(4, 2)",
    "transposed": 'output y = image |> Conv2DTranspose(3, 3, strides=2) |> Conv2DTranspose(2, 2, strides=3, padding="same")',
    "one axis": 'output y = steps |> Conv1D(4, 3, padding="causal") |> MaxPooling1D(2, padding="same")',
    "pooling": 'output y = image |> AveragePooling2D(3, strides=2, padding="same") |> GlobalAveragePooling2D()',
    "adaptive pooling": "output y = image |> AdaptiveAveragePooling2D([3, 4])",
    "normalization": "output y = image |> BatchNormalization() |> LayerNormalization() |> GroupNormalization(2)",
    "a residual block": "h = image |> Conv2D(2, 1)\n output y = relu(h + (h |> Conv2D(2, 3, padding=\"same\") |> BatchNorm()))",
    "channels joined": "a = image |> Conv2D(2, 1)\n b = image |> Conv2D(3, 1)\n output y = concat(a, b) |> MaxPooling2D(2) |> Flatten()",
    "images resized": 'output y = image |> UpSampling2D(2) |> Resizing(5, 9) |> ZeroPadding2D(1) |> Cropping2D([[1, 0], [2, 1]])',
    "attention": "output y = steps |> MultiHeadAttention(2, 4)(steps, steps) |> LayerNorm()",
    "recurrence": "output y = steps |> Bidirectional(LSTM(3, return_sequences=true)) |> GRU(4) |> Dense(2)",
    "backwards": "output y = steps |> SimpleRNN(3, go_backwards=true, return_sequences=true)",
    "sorted": "output y = sort(steps, axis=1, descending=true)\n values, places = top_k(steps, 2)\n output values\n output places",
    "cumulated": "output y = cumsum(steps, axis=1, exclusive=true) * cumprod(steps, axis=2)",
    "an input as it is, and a weight": "output steps\n d = Dense(3)\n output y = steps |> d",
    "sizes as numbers": "output y = sum(steps, axis=1) / shape(steps)[1]",
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
def test_exported_layers(name: str) -> None:
    port = "input image: f32[batch, 9, 8, 2]\n" if "image" in BODIES[name] else ""
    port += "input steps: f32[batch, time, 4]\n" if "steps" in BODIES[name] else ""
    agree(moved(nndsl.compile(f"model M {{\n{port}{BODIES[name]}\n}}", engine="numpy", seed=1)))


def test_convolutions_in_a_row_turn_their_image_twice() -> None:
    body = "output y = image |> Conv2D(3, 3, activation=relu) |> MaxPooling2D(2) |> BatchNorm() |> Conv2D(4, 2)"
    proto = agree(nndsl.compile(f"model M {{\ninput image: f32[batch, 9, 8, 2]\n{body}\n}}", engine="numpy"))
    assert [node.op_type for node in proto.graph.node].count("Transpose") == 2


def test_a_dense_layer_is_one_op_named_after_the_source() -> None:
    body = "input x: f32[batch, 4]\n hidden = x |> Dense(3, activation=relu)\n output y = hidden |> Dense(2)"
    proto = agree(nndsl.compile(f"model Small {{\n{body}\n}}", engine="numpy"))
    assert [node.op_type for node in proto.graph.node] == ["Gemm", "Relu", "Gemm"]
    assert {tensor.name for tensor in proto.graph.initializer} == {
        "Dense_1.kernel", "Dense_1.bias", "Dense_2.kernel", "Dense_2.bias",
    }  # fmt: skip
    assert (proto.graph.name, proto.graph.output[0].name) == ("Small", "y")
    assert proto.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"


def test_export_writes_a_file(tmp_path: Path) -> None:
    model = nndsl.compile("model M {\ninput x: f32[batch, 4]\n output y = x |> Dense(2)\n}", engine="numpy")
    model.export(tmp_path / "m.onnx")
    data = rows(model, 3, 1)
    np.testing.assert_allclose(judged(onnx.load(tmp_path / "m.onnx"), data)["y"], model.predict(data["x"]), rtol=1e-5)
