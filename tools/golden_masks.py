"""Golden values of layers over padded sequences: masks that ride on values, against those of Keras.

KERAS_BACKEND=torch /tmp/goldens/bin/python tools/golden_masks.py
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import keras
import torch
from golden_case import Case, golden
from golden_files import write
from golden_layers import transformed
from keras.src.backend.common import dtypes

L = keras.layers
# Padded behind, in front, within, and not at all.
WORDS = [[3, 1, 4, 0], [0, 2, 2, 5], [1, 0, 3, 0], [5, 4, 3, 2]]
SHORT = [[1, 2, 0], [3, 0, 0], [0, 4, 1], [2, 2, 2]]
TYPE = "index<6>[batch, time]"


def words(name: str, text: str, parts: dict[str, Any], run: Callable[..., Any], body: str, size: int = 3) -> Case:
    """A network over the same padded words; `run(e, training)` goes on from their embedding, `body` from `h`."""
    embed = L.Embedding(6, size, mask_zero=True)
    body = f"e = Embedding(6, {size}, mask_zero=true)\n  h = e(x0)\n  {body}"

    def whole(x: Any, training: bool) -> Any:
        return run(embed(x), training=training)

    return Case(name, text, [[4, 4]], {"e": embed, **parts}, whole, body, [TYPE], counts=[6], root="", values=[WORDS])


def recurrent() -> Iterator[Case]:
    for name, make in {"SimpleRNN": L.SimpleRNN, "LSTM": L.LSTM, "GRU": L.GRU}.items():
        for option in ("", "return_sequences=true", "go_backwards=true"):
            keywords = {option.partition("=")[0]: True} if option else {}
            layer = make(2, **keywords)
            text = f"{name}(2{', ' + option if option else ''})"
            yield words(f"{text} of padded words", text, {"l": layer}, layer, "y = l(h)")
    for merge in ("concat", "sum"):
        for every in (False, True):
            two = L.Bidirectional(L.LSTM(2, return_sequences=every), merge_mode=merge)
            text = f'Bidirectional(LSTM(2, return_sequences={str(every).lower()}), merge_mode="{merge}")'
            parts = {"l.LSTM_1": two.forward_layer, "l.LSTM_2": two.backward_layer}
            yield words(f"{text} of padded words", text, parts, two, "y = l(h)")


def both_states() -> Iterator[Case]:
    """States handed in and out of both directions."""
    for name, make, count in (("LSTM", L.LSTM, 4), ("GRU", L.GRU, 2)):
        two = L.Bidirectional(make(2, return_state=True), merge_mode="ave")

        def run(x: Any, *first: Any, training: bool, two: Any = two) -> Any:
            return torch.cat(two(x, initial_state=list(first), training=training), dim=-1)

        given = ", ".join(f"x{i}" for i in range(1, count + 1))
        states = [f"s{i}" for i in range(count)]
        yield Case(
            f"Bidirectional {name} with states in and out",
            f'Bidirectional({name}(2, return_state=true), merge_mode="ave")',
            [[2, 3, 2], *[[2, 2]] * count],
            {f"l.{name}_1": two.forward_layer, f"l.{name}_2": two.backward_layer},
            run,
            f"a, {', '.join(states)} = l(x0, initial_state=[{given}])\n  y = concat(a, {', '.join(states)})",
            ["f32[batch, time, 2]", *["f32[batch, 2]"] * count],
            root="",
        )


def stacked() -> Iterator[Case]:
    """Masks that go through other layers on their way."""
    first, last = L.LSTM(3, return_sequences=True), L.GRU(2)
    yield words(
        "two recurrent layers over padded words",
        "GRU(2)",
        {"a": first, "l": last},
        lambda h, training: last(first(h)),
        "a = LSTM(3, return_sequences=true)\n  y = h |> a |> l",
    )
    dense, norm, end = L.TimeDistributed(L.Dense(3, activation="tanh")), L.LayerNormalization(), L.SimpleRNN(2)
    yield words(
        "a mask through dense layers, sums and normalization",
        "SimpleRNN(2)",
        {"d.Dense_1": dense.layer, "n": norm, "l": end},
        lambda h, training: end(norm(L.Add()([h, L.Dropout(0.0)(dense(h))]))),
        "d = TimeDistributed(Dense(3, activation=tanh))\n  n = LayerNormalization()\n"
        "  y = [h, d(h) |> Dropout(0.0)] |> Add() |> n |> l",
    )
    two, after = L.Bidirectional(L.GRU(2, return_sequences=True)), L.LSTM(2)
    yield words(
        "a recurrent layer over both directions of padded words",
        "LSTM(2)",
        {"b.GRU_1": two.forward_layer, "b.GRU_2": two.backward_layer, "l": after},
        lambda h, training: after(two(h)),
        "b = Bidirectional(GRU(2, return_sequences=true))\n  y = h |> b |> l",
    )
    batch = L.BatchNormalization(momentum=0.5)
    run = L.LSTM(2, return_sequences=True)
    yield words(
        "BatchNormalization of padded words",
        "BatchNormalization(momentum=0.5)",
        {"l": batch, "r": run},
        lambda h, training: run(batch(h, training=training)),
        "r = LSTM(2, return_sequences=true)\n  y = h |> l |> r",
    )
    pool = L.GlobalAveragePooling1D()
    yield words("the mean of padded words", "GlobalAveragePooling1D()", {}, lambda h, training: pool(h), "y = l(h)")
    for value in (0.0, 0.5):
        mask, rnn = L.Masking(value), L.LSTM(2)
        steps = [[[0.3, -1.2], [value, value], [0.7, value]], [[value, value], [1.1, 0.2], [value, value]]]
        yield Case(
            f"Masking({value}) of steps",
            f"Masking(mask_value={value})",
            [[2, 3, 2]],
            {"r": rnn},
            lambda x, training, mask=mask, rnn=rnn: rnn(mask(x)),
            "r = LSTM(2)\n  y = x0 |> l |> r",
            ["f32[batch, time, 2]"],
            root="",
            values=[steps],
        )


def attention() -> Iterator[Case]:
    """With scores: without them Keras takes another way on PyTorch, where a step that may look nowhere gets a mean."""
    attend = L.MultiHeadAttention(2, 2)
    yield words(
        "MultiHeadAttention of padded words to themselves",
        "MultiHeadAttention(2, 2)",
        {"l": attend},
        lambda h, training: attend(h, h, return_attention_scores=True)[0],
        "y, _ = l(h, return_attention_scores=true)",
        4,
    )
    causal = L.MultiHeadAttention(1, 2)
    yield words(
        "MultiHeadAttention of padded words to those before",
        "MultiHeadAttention(1, 2)",
        {"l": causal},
        lambda h, training: causal(h, h, use_causal_mask=True, return_attention_scores=True)[0],
        "y, _ = l(h, use_causal_mask=true, return_attention_scores=true)",
    )
    for text, make in (
        ("MultiHeadAttention(1, 2)", L.MultiHeadAttention(1, 2)),
        ("GroupQueryAttention(2, 4, 2)", L.GroupQueryAttention(2, 4, 2)),
    ):
        left, right = L.Embedding(6, 2, mask_zero=True), L.Embedding(5, 3, mask_zero=True)
        yield Case(
            f"{text} of padded words to others",
            text,
            [[4, 4], [4, 3]],
            {"a": left, "b": right, "l": make},
            lambda x, z, training, left=left, right=right, make=make: make(
                left(x), right(z), return_attention_scores=True
            )[0],
            "a = Embedding(6, 2, mask_zero=true)\n  b = Embedding(5, 3, mask_zero=true)\n"
            "  y, _ = l(a(x0), b(x1), return_attention_scores=true)",
            [TYPE, "index<5>[batch, source]"],
            counts=[6, 5],
            root="",
            values=[WORDS, SHORT],
        )
    for first in (False, True):
        parts = {
            "self_attention": L.MultiHeadAttention(2, 2),
            "self_attention_layer_norm": L.LayerNormalization(epsilon=1e-5),
            "feedforward_intermediate_dense": L.Dense(3, activation="gelu"),
            "feedforward_output_dense": L.Dense(4),
            "feedforward_layer_norm": L.LayerNormalization(epsilon=1e-5),
        }
        named = {("self_attention_layer" if k == "self_attention" else k): v for k, v in parts.items()}
        text = f"TransformerEncoder(3, 2, activation=gelu, normalize_first={str(first).lower()})"
        end = L.GRU(2)
        yield words(
            f"{text} of padded words",
            text,
            {**{f"l.{k}": v for k, v in named.items()}, "g": end},
            lambda h, training, parts=parts, first=first, end=end: end(
                transformed(parts, h, None, False, first), mask=torch.tensor(WORDS) != 0
            ),
            "g = GRU(2)\n  y = h |> l |> g",
            4,
        )


def masks() -> None:
    keras.config.set_floatx("float64")
    # On PyTorch, Keras rounds what it joins to f32 even then; this keeps it from that.
    dtypes.BIT64_TO_BIT32_DTYPE.pop("float64", None)
    cases = [*recurrent(), *both_states(), *stacked(), *attention()]
    write("layers_masks", {}, [golden(case, seed) for seed, case in enumerate(cases)])


if __name__ == "__main__":
    masks()
