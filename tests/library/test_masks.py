"""Masks that ride on values: where they go, who takes them, and that padding changes nothing."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest
from golden import compiled

import nndsl
from nndsl.diagnostics import Source
from nndsl.driver import problems_of

HEAD = """
model M() {
  input words: index<9>[batch, time]
  h = words |> Embedding(9, 4, mask_zero=true)
  there = words != 0
"""
WORDS = np.array([[3, 1, 4, 0], [0, 2, 0, 5], [5, 4, 3, 2]], np.int32)


def model(body: str, head: str = HEAD) -> str:
    return f"{head}{body}\n}}\n"


def rides(value: str) -> str:
    """What is known of the mask that rides on a value, decided while the network is built."""
    body = f'  v = {value}\n  m = mask_of(v)\n  assert m != none, "no mask"\n  output y = there\n  output shown = m'
    found = [p for p in problems_of(Source("m.nn", model(body))) if p.severity == "error"]
    if any(p.code == "NN116" for p in found):
        return "nothing"
    assert not found, found
    out = compiled(model(body)).predict({"words": WORDS})
    if out["shown"].shape != out["y"].shape:
        return f"shape {out['shown'].shape}"
    return "the mask" if np.array_equal(out["shown"], out["y"]) else "another mask"


# --- where masks go --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        "h", "2 * h + 1", "relu(h)", "h |> Dense(3, activation=tanh) |> Dropout(0.5)", "h |> LayerNorm()",
        "h[:, :, 1:]", "h[..., 0]", "mean(h, axis=-1)", "concat(h, 2 * h, axis=-1)",
        "[h, h |> Dense(4)] |> Add()", "softmax(h)",
        "where(there[:, :, none], h, 0)", "h + ones([4])",
        "reshape(reshape(h, [batch * time, 2, 2]), [batch, time, 4])",
        "h |> BatchNorm()", "h |> TimeDistributed(Dense(3))", "h |> LSTM(2, return_sequences=true)",
        "h |> Bidirectional(GRU(2, return_sequences=true))", "h |> MultiHeadAttention(1, 2)",
        "h |> SpatialDropout1D(0.5)",
        "h |> TransformerEncoder(3, 2)", "h |> TransformerDecoder(3, 2)", "h |> GaussianNoise(0.1) |> Activation(relu)",
        "h + (h |> SinePositionEncoding())", "transpose(reshape(h, [batch, time, 2, 2]), [0, 1, 3, 2])",
        "broadcast_to(h, shape(h))", "stack(h, h, axis=-1)", "h @ ones([4, 2])", "h > 0",
        "reshape(reshape(h, [batch * time, 4]) @ ones([4, 6]), [batch, time, 2, 3])",
    ],
)  # fmt: skip
def test_masks_go_through_what_keeps_the_steps(value: str) -> None:
    assert rides(value) == "the mask"


@pytest.mark.parametrize(
    "value",
    [
        "words", "h[:, 0]", "h[:, ::-1]", "h[:, 1:]", "mean(h, axis=1)", "sum(h)", "transpose(h, [1, 0, 2])",
        "h |> LSTM(2)", "h |> GlobalAveragePooling1D()", "reshape(h, [batch, time * 4])", "concat(h, h, axis=1)",
        "with_mask(h, none)", "h[:, 0] |> RepeatVector(4)", "softmax(h, axis=1)", "cast(there, f32)",
        "h |> Permute([2, 1])",
    ],
)  # fmt: skip
def test_masks_end_where_steps_are_moved_mixed_or_gone(value: str) -> None:
    assert rides(value) == "nothing"


def test_of_different_masks_steps_count_that_are_in_any() -> None:
    assert rides("h + with_mask(h, there)") == "the mask"
    assert rides("h + with_mask(h, there) * with_mask(h, words > 100)") == "the mask"
    assert rides("with_mask(h, words > 3) + with_mask(h, words == 3)") == "another mask"


def test_a_layer_for_steps_sees_the_steps_of_all_texts() -> None:
    assert rides("reshape(h, [batch * time, 4])") == "shape (12,)"


# --- who takes them --------------------------------------------------------------------------------------------

LAYER = """
layer Asked()(x: f32[batch, time, n], mask: bool[batch, time] = none) {
  if mask == none { return zeros([1]) }
  return cast(mask, f32)
}
layer Other()(x: f32[batch, time, n], y: f32[batch, time, n], mask = none) {
  if mask == none { return zeros([1]) }
  return cast(mask, f32)
}
"""


@pytest.mark.parametrize(
    ("call", "taken"),
    [
        ("h |> Asked()", True), ("Asked()(h, mask=there)", True), ("Asked()(h, mask=none)", False),
        ("with_mask(h, none) |> Asked()", False), ("Other()(h, with_mask(h, none))", True),
        ("Other()(with_mask(h, none), h)", False), ("transpose(h, [0, 2, 1]) |> Asked()", False),
    ],
)  # fmt: skip
def test_a_layer_with_an_input_mask_takes_that_of_its_first_input(call: str, taken: bool) -> None:
    found = compiled(LAYER + model(f"  output y = {call}")).predict({"words": WORDS})
    np.testing.assert_array_equal(found, (WORDS != 0).astype(np.float32) if taken else [0])


def test_a_mask_of_another_type_is_named() -> None:
    for mask, code in (("cast(there, f32)", "NN208"), ("there[:, 1:]", "NN202"), ("h > 0", "NN203")):
        text = LAYER + model(f"  output y = Asked()(h, mask={mask})")
        assert {p.code for p in problems_of(Source("m.nn", text)) if p.severity == "error"} == {code}


# --- padding changes nothing -----------------------------------------------------------------------------------

STAGES = [
    "LSTM(3)",
    "GRU(3, go_backwards=true)",
    "SimpleRNN(3, return_sequences=true) |> Bidirectional(LSTM(2))",
    'Bidirectional(GRU(2, return_sequences=true), merge_mode="ave") |> GlobalAveragePooling1D()',
    "MultiHeadAttention(2, 2) |> LayerNorm() |> GRU(2)",
    "TransformerEncoder(6, 2) |> TransformerDecoder(6, 2) |> GlobalAveragePooling1D()",
    "GroupQueryAttention(2, 4, 2) |> TimeDistributed(Dense(3, activation=relu)) |> LSTM(2)",
    "Own(3)",
    'Bidirectional(Own(3), merge_mode="sum")',
]
OWN = """
## A layer as users write it.
layer Own(units: int)(x: f32[batch, time, features], mask: bool[batch, time] = none) -> f32[batch, units] {
  param kernel: f32[features, units] = glorot_uniform
  param recurrent: f32[units, units] = orthogonal
  scan (h = zeros([batch, units])) over x_t in x, there in mask axis 1 {
    new = tanh(x_t @ kernel + h @ recurrent)
    if there != none { new = where(there[:, none], new, h) }
    next h = new
  }
  return h
}
"""
ALL = OWN + HEAD + "\n".join(f"  output y{k} = h |> {stage}" for k, stage in enumerate(STAGES)) + "\n}\n"


def test_padding_changes_nothing() -> None:
    words = np.random.default_rng(0).integers(1, 9, (4, 5)).astype(np.int32)
    net = compiled(ALL)
    expected = net.predict({"words": words})
    behind = net.predict({"words": np.pad(words, ((0, 0), (0, 3)))})
    for name, value in expected.items():
        np.testing.assert_allclose(behind[name], value, rtol=1e-5, atol=1e-6, err_msg=name)


def test_padding_of_words_and_of_sentences_changes_nothing() -> None:
    text = """
    model M() {
      input words: index<9>[batch, sentences, time]
      h = words |> Embedding(9, 4, mask_zero=true)
      output y = h |> TimeDistributed(Bidirectional(LSTM(3))) |> GRU(2)
      output z = h |> TimeDistributed(GRU(3, return_sequences=true)) |> TimeDistributed(GRU(2)) |> LSTM(2)
    }
    """
    net = compiled(text)
    words = np.random.default_rng(0).integers(1, 9, (3, 2, 4)).astype(np.int32)
    expected = net.predict({"words": words})
    padded = net.predict({"words": np.pad(words, ((0, 0), (0, 2), (0, 3)))})
    for name, value in expected.items():
        np.testing.assert_allclose(padded[name], value, rtol=1e-5, atol=1e-6, err_msg=name)


# --- losses and metrics ----------------------------------------------------------------------------------------

MEASURED = """
model M() {
  input  words: index<9>[batch, time]
  target label: index<3>[batch, time]
  param w: f32[4, 3] = glorot_uniform
  h = words |> Embedding(9, 4, mask_zero=true)
  output p = softmax(h @ w)
  loss   sparse_categorical_crossentropy(label, p)
  metric accuracy(label, p)
}

train M { optimizer = SGD(learning_rate=0.0) }
"""


def test_losses_and_metrics_pass_over_padding() -> None:
    draw = np.random.default_rng(2)
    words, label = draw.integers(0, 9, (10, 6)).astype(np.int32), draw.integers(0, 3, (10, 6)).astype(np.int32)
    words[4] = 0
    net: Any = nndsl.compile(MEASURED, engine=os.environ.get("NNDSL_TEST_ENGINE", "numpy"), seed=1)
    data = {"words": words, "label": label}
    p, there = net.predict({"words": words}), words != 0
    each = -np.log(np.take_along_axis(p, label[..., None], -1)[..., 0])
    hit = p.argmax(-1) == label
    loss, _ = net.value_and_grad(data)
    assert loss == pytest.approx(each[there].mean(), rel=1e-5)
    # Batches of 3 have different numbers of steps; the metric is exact over the whole set all the same.
    assert net.evaluate(data, batch_size=3)["accuracy"] == pytest.approx(hit[there].mean(), rel=1e-6)


def test_a_batch_of_nothing_but_padding_has_loss_0() -> None:
    net: Any = compiled(MEASURED)
    loss, gradients = net.value_and_grad({"words": np.zeros((2, 3), np.int32), "label": np.zeros((2, 3), np.int32)})
    assert loss == 0
    assert all(np.isfinite(g).all() for g in gradients.values())


def test_the_warning_of_padding_can_be_turned_off() -> None:
    line = "  output y = mean(h, axis=1)"
    for comment, told in (("", ["NN412"]), ("  # nndsl: allow NN412", [])):
        found = problems_of(Source("m.nn", model(line + comment).replace("  there = words != 0\n", "")))
        assert [p.code for p in found] == told


def test_a_mask_costs_nothing_where_nobody_asks() -> None:
    from nndsl.driver import check_source, graph_of
    from nndsl.passes import run

    with_one, without = (
        run(graph_of(check_source(Source("m.nn", model(f"  output y = {value} |> Dense(3)"))), "predict"))
        for value in ("h", "with_mask(h, none)")
    )
    assert [n.op for n in with_one.nodes()] == [n.op for n in without.nodes()]
