"""Layers: what they compute, their weights' names, and penalties."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from golden import compiled, f32

TEXT = """
model Net {
  input x: f32[batch, %s]
  output y = x |> %s
  loss total = mean(y)
}
"""

DRAW = np.random.default_rng(4)


def net(stage: str, sizes: str = "6") -> Any:
    return compiled(TEXT % (sizes, stage))


def test_dense_is_activation_of_x_kernel_plus_bias() -> None:
    model = net("Dense(4, activation=tanh, bias_initializer=constant(0.5))")
    x = f32(DRAW.normal(size=(5, 6)))
    assert list(model.params) == ["Dense_1.kernel", "Dense_1.bias"]
    wanted = np.tanh(x @ model.params["Dense_1.kernel"] + 0.5)
    np.testing.assert_allclose(model.predict(x), wanted, rtol=1e-5, atol=1e-6)


def test_dense_without_bias_has_one_weight() -> None:
    assert list(net("Dense(4, use_bias=false)").params) == ["Dense_1.kernel"]


def test_dense_takes_any_leading_axes() -> None:
    model = net("Dense(4)", "3, 6")
    x = f32(DRAW.normal(size=(2, 3, 6)))
    np.testing.assert_allclose(model.predict(x), x @ model.params["Dense_1.kernel"], rtol=1e-5, atol=1e-6)


def test_penalties_add_to_the_loss() -> None:
    plain, x = net("Dense(4)"), f32(DRAW.normal(size=(5, 6)))
    kernel, bias = plain.params["Dense_1.kernel"], f32([1, -2, 3, 0.5])
    y = x @ kernel + bias
    for arguments, penalty in (("kernel_regularizer=L1(0.1)", 0.1 * np.abs(kernel).sum()),
                               ("kernel_regularizer=L2(0.1)", 0.1 * (kernel**2).sum()),
                               ("kernel_regularizer=L2()", 0.01 * (kernel**2).sum()),
                               ("kernel_regularizer=L2", 0.01 * (kernel**2).sum()),
                               ("bias_regularizer=L1L2(l1=0.1, l2=0.2)", 0.1 * 6.5 + 0.2 * 14.25),
                               ("activity_regularizer=L1(0.1)", 0.1 * np.abs(y).sum() / 5)):  # fmt: skip
        model = net(f"Dense(4, {arguments})")
        model.params["Dense_1.kernel"], model.params["Dense_1.bias"] = kernel, bias
        total, _ = model.value_and_grad({"x": x})
        assert total == pytest.approx(y.mean() + penalty, rel=1e-5), arguments


def test_the_weights_of_a_shared_layer_are_penalized_once() -> None:
    text = """
    model Net {
      input x: f32[batch, 2]
      shared = Dense(2, kernel_initializer=ones, kernel_regularizer=L2(1.0))
      loss total = mean(shared(shared(x))) * 0
    }
    """
    total, _ = compiled(text).value_and_grad({"x": f32([[1, 1]])})
    assert total == 4


def test_dropout_in_inference_is_the_identity() -> None:
    x = f32(DRAW.normal(size=(5, 6)))
    np.testing.assert_array_equal(net("Dropout(0.5)").predict(x), x)


def test_dropout_in_training_drops_the_share_and_scales_the_rest() -> None:
    text = """
    model Net {
      input x: f32[batch, 1]
      param w: f32[1, 4000] = ones
      loss total = sum(x @ w |> Dropout(0.25))
    }
    """
    _, gradients = compiled(text).value_and_grad({"x": f32([[1]])})
    values = gradients["w"]
    assert set(np.unique(values)) == {np.float32(0), np.float32(1 / 0.75)}
    assert abs((values == 0).mean() - 0.25) < 0.04


def test_dropout_of_nothing_and_of_all() -> None:
    text = "model Net {\n input x: f32[batch, 4]\n param w: f32[4] = ones\n loss total = sum(x * w |> Dropout(%s))\n}"
    x = f32([[1, 2, 3, 4]])
    np.testing.assert_array_equal(compiled(text % "0.0").value_and_grad({"x": x})[1]["w"], x[0])
    np.testing.assert_array_equal(compiled(text % "1.0").value_and_grad({"x": x})[1]["w"], 0 * x[0])


def test_flatten_and_reshape_keep_the_batch() -> None:
    x = f32(DRAW.normal(size=(5, 4, 6)))
    np.testing.assert_array_equal(net("Flatten()", "4, 6").predict(x), x.reshape(5, 24))
    np.testing.assert_array_equal(net("Reshape([2, 12])", "4, 6").predict(x), x.reshape(5, 2, 12))
    np.testing.assert_array_equal(net("Reshape([3, -1])", "4, 6").predict(x), x.reshape(5, 3, 8))


def test_softmax_layer_works_on_any_axis() -> None:
    x = f32(DRAW.normal(size=(2, 3, 4)))
    for axis in (1, -1):
        e = np.exp(x)
        found = net(f"Softmax(axis={axis})", "3, 4").predict(x)
        np.testing.assert_allclose(found, e / e.sum(axis, keepdims=True), rtol=1e-5)
