"""Layers that draw, positions, and what the checker says of layers put together wrongly."""

from __future__ import annotations

import numpy as np
import pytest
from golden import compiled, f32

from nndsl import driver
from nndsl.diagnostics import NndslError, Source

# The gradient for `w` of ones is what the layer multiplies with.
FACTORS = """
model Net {
  input x: f32[batch]
  param w: f32[%s] = ones
  loss total = sum(w |> %s) + 0 * sum(x)
}
"""
ROWS = """
model Net {
  input x: f32[batch, %s]
  output y = x |> %s
}
"""


DRAW = np.random.default_rng(4)


def factors(sizes: str, layer: str) -> np.ndarray:
    gradients = compiled(FACTORS % (sizes, layer)).value_and_grad({"x": f32([1])})[1]
    return np.asarray(gradients["w"])


@pytest.mark.parametrize(
    ("layer", "sizes"),
    [("SpatialDropout1D", "40, 5, 30"), ("SpatialDropout2D", "40, 2, 3, 30"), ("SpatialDropout3D", "40, 2, 1, 3, 30")],
)
def test_spatial_dropout_takes_whole_features(layer: str, sizes: str) -> None:
    values = factors(sizes, f"{layer}(0.25)")
    flat = values.reshape(40, -1, 30)
    assert (flat == flat[:, :1]).all()
    assert set(np.unique(values)) == {np.float32(0), np.float32(1 / 0.75)}
    assert abs((flat[:, 0] == 0).mean() - 0.25) < 0.04


def test_a_noise_shape_says_what_is_dropped_together() -> None:
    values = factors("40, 5, 30", "Dropout(0.25, noise_shape=[none, 1, none])")
    assert (values == values[:, :1]).all()
    assert set(np.unique(values)) == {np.float32(0), np.float32(1 / 0.75)}
    assert abs((values[:, 0] == 0).mean() - 0.25) < 0.04


def test_gaussian_dropout_multiplies_with_mean_1_and_the_variance_of_dropout() -> None:
    values = factors("100, 100", "GaussianDropout(0.2)")
    assert abs(values.mean() - 1) < 0.02
    assert abs(values.var() - 0.25) < 0.02


def test_alpha_dropout_keeps_mean_and_deviation() -> None:
    text = """
    model Net {
      input x: f32[batch, 300]
      loss mean_of = mean(selu(x) |> AlphaDropout(0.3))
      loss variance = var(selu(x) |> AlphaDropout(0.3))
    }
    """
    x = f32(np.random.default_rng(0).normal(size=(300, 300)))
    total, _ = compiled(text).value_and_grad({"x": x})
    assert total == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize(
    "layer",
    [
        "SpatialDropout1D(0.5)",
        "GaussianNoise(1.0)",
        "GaussianDropout(0.5)",
        "AlphaDropout(0.5)",
        "LSTM(3, return_sequences=true, dropout=0.5, recurrent_dropout=0.5) |> Activation(linear)",
    ],
)
def test_nothing_is_drawn_in_inference(layer: str) -> None:
    model = compiled(ROWS % ("4, 3", layer))
    x = f32(np.random.default_rng(0).normal(size=(2, 4, 3)))
    np.testing.assert_array_equal(model.predict(x), model.predict(x))
    if "LSTM" not in layer:
        np.testing.assert_array_equal(model.predict(x), x)


@pytest.mark.parametrize("layer", ["SimpleRNN", "LSTM", "GRU"])
def test_recurrent_dropout_has_one_mask_for_a_sequence(layer: str) -> None:
    text = f"""
    model Net {{
      input x: f32[batch, 1]
      param w: f32[1, 6, 50] = ones
      layer_in = {layer}(1, dropout=0.5, kernel_initializer=ones, recurrent_initializer=zeros)
      loss total = sum(layer_in(w, initial_state=none)) + 0 * sum(x)
      loss all_steps = sum(w |> {layer}(1, dropout=0.5, return_sequences=true))
    }}
    """
    gradient = compiled(text).value_and_grad({"x": f32([[1]])})[1]["w"][0]
    dropped = gradient == 0
    assert (dropped[:-1] == dropped[0]).all(), "the same features in each step"
    assert 5 < dropped[0].sum() < 45


def test_dropout_between_the_steps_uses_one_mask() -> None:
    text = """
    model Net {
      input x: f32[batch, time, 1]
      r = SimpleRNN(1, activation=linear, recurrent_dropout=0.5, kernel_initializer=ones, recurrent_initializer=ones)
      loss total = sum(r(x))
    }
    """
    # With one mask m (0 or 2) for a sequence of four 1s the end is 1 + m + m ** 2 + m ** 3: 1 or 15.
    total, _ = compiled(text).value_and_grad({"x": np.ones((64, 4, 1), np.float32)})
    kept = (total - 64) / 14
    assert kept == int(kept)
    assert 16 <= kept <= 48


ONES = "use_bias=false, kernel_initializer=ones"


@pytest.mark.parametrize(
    "line",
    [
        f"x |> MultiHeadAttention(1, 1, dropout=0.5, {ONES})",
        f"x |> GroupQueryAttention(1, 1, 1, dropout=0.5, {ONES})",
        "(x, x) |> Attention(dropout=0.5)",
        "(x, x) |> AdditiveAttention(dropout=0.5)",
    ],
)
def test_dropout_of_attention_takes_shares(line: str) -> None:
    """Four steps of 1, each with a quarter: what is kept counts twice."""
    text = f"""
    model Net {{
      input x: f32[batch, 4, 1]
      y = {line}
      loss mean_of = mean(y)
      loss odd = 100 * mean(abs(sin(2 * pi * y)))
    }}
    """
    total, _ = compiled(text).value_and_grad({"x": np.ones((500, 4, 1), np.float32)})
    assert total == pytest.approx(1, abs=0.05), "multiples of a half, 1 in the mean"


@pytest.mark.parametrize("layer", ["TransformerEncoder", "TransformerDecoder"])
def test_dropout_of_a_block_is_behind_both_branches(layer: str) -> None:
    """Weights of 0 and biases of 1: each branch adds 0 or 2."""
    text = f"""
    model Net {{
      input x: f32[batch, time, 2]
      y = x |> {layer}(2, 1, dropout=0.5, normalize_first=true, kernel_initializer=zeros, bias_initializer=ones)
      loss zeros = mean(cast(abs(y - x) < 0.01, f32))
      loss twos = 10 * mean(cast(abs(y - x - 2) < 0.01, f32))
      loss fours = 100 * mean(cast(abs(y - x - 4) < 0.01, f32))
    }}
    """
    model = compiled(text)
    losses = model.train_on_batch({"x": np.ones((200, 10, 2), np.float32)})
    assert losses["zeros"] == pytest.approx(0.25, abs=0.03)
    assert losses["twos"] == pytest.approx(5.0, abs=0.4)
    assert losses["fours"] == pytest.approx(25, abs=3)


@pytest.mark.parametrize("layer", ["SimpleRNN", "LSTM", "GRU"])
def test_what_a_recurrent_layer_gives_is_penalized_per_sample(layer: str) -> None:
    options = "activity_regularizer=L1(1.0), return_sequences=true"
    text = f"model Net {{\n input x: f32[batch, time, 2]\n y = x |> {layer}(3, {options})\n loss total = 0 * sum(y)\n}}"
    x = f32(DRAW.normal(size=(4, 5, 2)))
    plain = compiled(text.replace(options, "return_sequences=true").replace("loss", "output y\n loss"))
    model = compiled(text)
    for name, value in model.params.items():
        plain.params[name] = value
    assert model.value_and_grad({"x": x})[0] == pytest.approx(np.abs(plain.predict(x)).sum() / 4, rel=1e-5)


def test_heads_of_their_own_are_multi_head_attention() -> None:
    """Penalties on what is projected among them."""
    options = "activity_regularizer=L1(1.0), kernel_regularizer=L2(0.1)"
    text = "model Net {{\n input x: f32[batch, time, 4]\n a = {}\n y = a(x)\n output y\n loss total = sum(y)\n}}"
    one = compiled(text.format(f"MultiHeadAttention(2, 3, {options})"))
    two = compiled(text.format(f"GroupQueryAttention(3, 2, 2, {options})"))
    for name, value in one.params.items():
        two.params[name] = value
    x = f32(DRAW.normal(size=(2, 5, 4)))
    assert two.value_and_grad({"x": x})[0] == pytest.approx(one.value_and_grad({"x": x})[0], rel=1e-6)


def test_forget_gates_start_from_1() -> None:
    model = compiled(ROWS % ("4, 3", "LSTM(2)"))
    np.testing.assert_array_equal(model.params["LSTM_1.bias"], [0, 0, 1, 1, 0, 0, 0, 0])
    plain = compiled(ROWS % ("4, 3", "LSTM(2, unit_forget_bias=false, bias_initializer=constant(0.5))"))
    np.testing.assert_array_equal(plain.params["LSTM_1.bias"], [0.5] * 8)


def test_batch_norm_is_the_short_name_with_params_of_its_own() -> None:
    model = compiled(ROWS % ("3", "BatchNorm()"))
    assert list(model.params) == ["BatchNorm_1.gamma", "BatchNorm_1.beta"]


def test_penalties_of_recurrent_layers_add_to_the_loss() -> None:
    options = "kernel_initializer=ones, recurrent_initializer=ones, bias_initializer=ones, unit_forget_bias=false"
    text = f"""
    model Net {{
      input x: f32[batch, time, 2]
      h = x |> LSTM(1, {options}, kernel_regularizer=L1(1.0), recurrent_regularizer=L1(10.0),
                    bias_regularizer=L1(100.0))
      loss total = 0 * sum(h)
    }}
    """
    total, _ = compiled(text).value_and_grad({"x": np.zeros((1, 2, 2), np.float32)})
    assert total == pytest.approx(8 + 40 + 400)


def test_activity_is_penalized_per_sample() -> None:
    layer = "ActivityRegularization(l1=1.0, l2=10.0)"
    text = f"model Net {{\n input x: f32[batch, 2]\n loss total = 0 * sum(x |> {layer})\n}}"
    total, _ = compiled(text).value_and_grad({"x": f32([[1, -2], [3, 0]])})
    assert total == pytest.approx((6 + 10 * 14) / 2)


# --- positions -----------------------------------------------------------------------------------------------


def test_sine_positions_alternate() -> None:
    model = compiled(ROWS % ("5, 6", "SinePositionEncoding(max_wavelength=100.0)"))
    found = model.predict(np.zeros((2, 5, 6), np.float32))
    for position in range(5):
        for k in range(3):
            angle = position / 100 ** (2 * k / 6)
            np.testing.assert_allclose(found[1, position, 2 * k : 2 * k + 2], [np.sin(angle), np.cos(angle)], atol=1e-6)


def test_rotations_make_products_depend_on_distances() -> None:
    model = compiled(ROWS % ("7, 2, 4", "RotaryEmbedding()"))
    x = np.broadcast_to(f32(np.random.default_rng(0).normal(size=(2, 4))), (1, 7, 2, 4))
    turned = np.asarray(model.predict(np.ascontiguousarray(x)))[0]
    np.testing.assert_allclose(turned[0], x[0, 0], atol=1e-6)
    products = np.einsum("ihk,jhk->hij", turned, turned)
    for head in products:
        for distance in range(7):
            np.testing.assert_allclose(np.diag(head, distance), head[0, distance], rtol=1e-4, atol=1e-5)
    assert abs(products[0, 0, 0] - products[0, 0, 3]) > 0.01


def test_learned_positions_are_the_first_rows() -> None:
    model = compiled(ROWS % ("5, 3", "PositionEmbedding(9)"))
    found = model.predict(np.zeros((2, 5, 3), np.float32))
    np.testing.assert_array_equal(found[1], model.params["PositionEmbedding_1.embeddings"][:5])


def test_attention_of_one_head_is_the_function() -> None:
    text = """
    model Net {
      input q: f32[batch, time, 4]
      input v: f32[batch, source, 4]
      output a = scaled_dot_product_attention(q, v, v)
      output causal = scaled_dot_product_attention(q, v, v, is_causal=true, scale=1.0)
      output masked = scaled_dot_product_attention(q, v, v, mask=v[:, none, :, 0] > 0)
    }
    """
    draw = np.random.default_rng(0)
    q, v = f32(draw.normal(size=(2, 3, 4))), f32(draw.normal(size=(2, 5, 4)))
    found = compiled(text).predict({"q": q, "v": v})
    allowed = {"a": np.ones((2, 3, 5), bool), "causal": np.tri(3, 5, dtype=bool)[None], "masked": v[:, None, :, 0] > 0}
    for name, may in allowed.items():
        scores = np.exp(q @ v.transpose(0, 2, 1) * (1.0 if name == "causal" else 0.5)) * may
        np.testing.assert_allclose(found[name], scores / scores.sum(-1, keepdims=True) @ v, rtol=1e-4, atol=1e-5)


# --- what does not fit ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "code", "part"),
    [
        ("words |> Embedding(40, 8)", "NN303", "room for 40"),
        ('x |> Bidirectional(LSTM(4), merge_mode="mean")', "NN116", "merge_mode is one of"),
        ("x |> MultiHeadAttention(2, 4) |> GroupNormalization(4)", "NN116", "groups"),
        ("[x] |> Subtract()", "NN116", "two values"),
        ("x |> TransformerEncoder(8, 4)", "NN116", "num_heads"),
    ],
)
def test_mistakes_are_named(line: str, code: str, part: str) -> None:
    text = f"model Net {{\n input words: index<50>[batch, time]\n input x: f32[batch, time, 6]\n output y = {line}\n}}"
    with pytest.raises(NndslError) as caught:
        driver.check_source(Source("net.nn", text))
    problem = next(p for p in caught.value.problems if p.code == code)
    assert part in f"{problem.headline} {problem.label} {problem.help}"
