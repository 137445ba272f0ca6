"""Golden values of the layers of sequences, normalization, merging and attention.

A program of its own, beside make_goldens.py, because it changes how Keras counts:

    KERAS_BACKEND=torch /tmp/goldens/bin/python tools/golden_layers.py
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import torch
from golden_case import Case, golden, plain_case
from golden_files import write
from keras.src.backend.common import dtypes

L = keras.layers
SEQUENCE = ["f32[batch, time, {}]"]
MASK = [[1, 1, 0, 1], [0, 1, 1, 0]]
MASK_RANK = "bool[batch, time]"


def recurrent() -> Iterator[Case]:
    kinds = {"SimpleRNN": L.SimpleRNN, "LSTM": L.LSTM, "GRU": L.GRU}
    for name, make in kinds.items():
        for shape, units in (([2, 4, 3], 2), ([1, 1, 2], 3), ([3, 2, 1], 1)):
            yield plain_case(name, f"{name}({units})", make(units), shape, types=[SEQUENCE[0].format(shape[-1])])
        options = [
            "return_sequences=true",
            "return_sequences=true, go_backwards=true",
            "go_backwards=true",
            "use_bias=false",
            "activation=relu",
        ]
        if name != "SimpleRNN":
            options.append("recurrent_activation=tanh, activation=sigmoid")
        if name == "LSTM":
            options.append("unit_forget_bias=false")
        if name == "GRU":
            options += ["reset_after=false", "reset_after=false, use_bias=false"]
        for option in options:
            words = dict(pair.split("=") for pair in option.split(", "))
            keywords = {k: {"true": True, "false": False}.get(v, v) for k, v in words.items()}
            yield plain_case(
                name, f"{name}(2, {option})", make(2, **keywords), [2, 3, 2], types=["f32[batch, time, 2]"]
            )
        for backwards in (False, True):
            text = f"{name}(2, return_sequences=true, go_backwards={str(backwards).lower()})"
            layer = make(2, return_sequences=True, go_backwards=backwards)
            yield plain_case(
                name,
                text,
                layer,
                [2, 4, 2],
                types=["f32[batch, time, 2]"],
                note=" with a mask",
                body="y = l(x0, mask=mask)",
                masks={"mask": MASK},
            )
        yield with_states(name, make(2, return_state=True), 2 if name == "LSTM" else 1)
    for merge in ("concat", "sum", "ave", "mul"):
        every = merge != "sum"
        two = L.Bidirectional(L.LSTM(2, return_sequences=every), merge_mode=merge)
        inner = f"LSTM(2, return_sequences={str(every).lower()}"
        text = f'Bidirectional({inner}), merge_mode="{merge}", backward_layer={inner}, go_backwards=true))'
        case = plain_case("Bidirectional", text, two, [2, 3, 2], types=["f32[batch, time, 2]"])
        case.parts = {"LSTM_1": two.forward_layer, "LSTM_2": two.backward_layer}
        yield case
    dense = L.Dense(2)
    case = plain_case(
        "TimeDistributed",
        "TimeDistributed(Dense(2))",
        L.TimeDistributed(dense),
        [2, 3, 2],
        types=["f32[batch, time, 2]"],
    )
    case.parts = {"Dense_1": dense}
    yield case
    for shape in ([2, 3], [4], [1, 2, 2]):
        types = [f"index<5>[{', '.join(['batch', 'time', 'more'][: len(shape)])}]"]
        yield plain_case("Embedding", "Embedding(5, 3)", L.Embedding(5, 3), shape, types=types, counts=[5])


def with_states(name: str, layer: Any, count: int) -> Case:
    """States handed in and handed out."""

    def run(x: Any, *first: Any, training: bool) -> Any:
        return torch.cat(layer(x, initial_state=list(first), training=training), dim=-1)

    given = "[x1, x2]" if count == 2 else "x1"
    states = ["a", "h", "c"][: count + 1]
    body = f"{', '.join(states)} = l(x0, initial_state={given})\n  y = concat({', '.join(states)})"
    return Case(
        f"{name} with states in and out",
        f"{name}(2, return_state=true)",
        [[2, 3, 2], *[[2, 2]] * count],
        {"": layer},
        run,
        body,
        ["f32[batch, time, 2]", *["f32[batch, 2]"] * count],
    )


def normalization() -> Iterator[Case]:
    image, rows = "f32[batch, 3, 2, 4]", "f32[batch, 4]"
    forms = [
        ("", {}),
        ("center=false", {"center": False}),
        ("scale=false", {"scale": False}),
        ("epsilon=0.1", {"epsilon": 0.1}),
    ]
    for name, short, make in (
        ("BatchNormalization", "BatchNorm", L.BatchNormalization),
        ("LayerNormalization", "LayerNorm", L.LayerNormalization),
    ):
        for text, keywords in forms:
            yield plain_case(name, f"{name}({text})", make(**keywords), [5, 4], types=[rows])
        yield plain_case(name, f"{short}()", make(), [2, 3, 2, 4], types=[image])
        yield along(f"{name}(axis=1)", make(), 1)
        yield along(f"{short}(axis=2)", make(), 2)
    yield plain_case(
        "BatchNormalization", "BatchNorm(momentum=0.5)", L.BatchNormalization(momentum=0.5), [5, 4], types=[rows]
    )
    yield plain_case("RMSNormalization", "RMSNormalization()", L.RMSNormalization(), [5, 4], types=[rows])
    yield plain_case("RMSNormalization", "RMSNorm()", L.RMSNormalization(), [2, 3, 2, 4], types=[image])
    yield along("RMSNormalization(axis=1, epsilon=0.1)", L.RMSNormalization(epsilon=0.1), 1)
    for text, keywords, shape in (
        ("GroupNormalization(2)", {"groups": 2}, [2, 3, 2, 4]),
        ("GroupNorm(4)", {"groups": 4}, [2, 3, 2, 4]),
        ("GroupNorm(2)", {"groups": 2}, [5, 4]),
        ("GroupNormalization(-1)", {"groups": -1}, [2, 3, 2, 4]),
        ("GroupNormalization(3, axis=1)", {"groups": 3, "axis": 1}, [2, 3, 2, 4]),
        (
            "GroupNormalization(1, center=false, epsilon=0.1)",
            {"groups": 1, "center": False, "epsilon": 0.1},
            [2, 3, 2, 4],
        ),
        ("GroupNormalization(2, scale=false)", {"groups": 2, "scale": False}, [2, 3, 2, 4]),
    ):
        make = L.GroupNormalization(**keywords)
        yield plain_case("GroupNormalization", text, make, shape, types=[rows if len(shape) == 2 else image])
    for text, axis, shape in (
        ("UnitNormalization()", -1, [5, 4]),
        ("UnitNormalization(axis=[1, 2])", [1, 2], [2, 3, 2, 4]),
        ("UnitNormalization(axis=1)", 1, [2, 3, 2, 4]),
    ):
        yield plain_case(
            "UnitNormalization", text, L.UnitNormalization(axis=axis), shape, types=[rows if len(shape) == 2 else image]
        )


def along(text: str, layer: Any, axis: int) -> Case:
    """An axis that is not the last: Keras on PyTorch normalizes along the last ones only, so it is moved there."""
    return Case(
        text,
        text,
        [[2, 3, 2, 4]],
        {"": layer},
        lambda x, training: layer(x.movedim(axis, -1), training=training).movedim(-1, axis),
        types=["f32[batch, 3, 2, 4]"],
    )


def merging() -> Iterator[Case]:
    names = ["Add", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Subtract"]
    for name in names:
        for shape in ([3, 2], [2, 3, 2]):
            count = 2 if name == "Subtract" else 3
            kind = f"f32[batch, {', '.join(map(str, shape[1:]))}]"
            body = f"y = [{', '.join(f'x{i}' for i in range(count))}] |> l"
            yield plain_case(
                "merge", f"{name}()", getattr(L, name)(), *[shape] * count, types=[kind] * count, body=body
            )
    yield plain_case(
        "merge",
        "Concatenate(axis=1)",
        L.Concatenate(axis=1),
        [2, 3, 2],
        [2, 1, 2],
        types=["f32[batch, 3, 2]", "f32[batch, 1, 2]"],
        body="y = l([x0, x1])",
    )
    for axes, normalize, left, right in (
        (1, False, [3, 2], [3, 2]),
        (1, True, [3, 2], [3, 2]),
        ([2, 2], False, [2, 3, 2], [2, 4, 2]),
        ([1, 2], True, [2, 3, 2], [2, 2, 3]),
        ([3, 1], False, [2, 2, 1, 3], [2, 3, 2]),
        ([2, 1], False, [2, 1, 3], [2, 3]),
    ):
        text = f"Dot({axes}, normalize={str(normalize).lower()})"
        types = [f"f32[batch, {', '.join(map(str, s[1:]))}]" for s in (left, right)]
        yield plain_case(
            "merge", text, L.Dot(axes=axes, normalize=normalize), left, right, types=types, body="y = l([x0, x1])"
        )
    yield plain_case("Permute", "Permute([2, 1])", L.Permute((2, 1)), [2, 3, 2], types=["f32[batch, time, 2]"])
    yield plain_case("Permute", "Permute([3, 1, 2])", L.Permute((3, 1, 2)), [2, 3, 2, 1], types=["f32[batch, 3, 2, 1]"])
    yield plain_case("RepeatVector", "RepeatVector(3)", L.RepeatVector(3), [2, 2], types=["f32[batch, 2]"])


def attention() -> Iterator[Case]:
    two = ["f32[batch, time, 4]", "f32[batch, source, 3]"]
    look = [[[1, 1, 0], [0, 1, 1]], [[1, 1, 1], [1, 0, 0]]]
    for text, keywords in (
        ("MultiHeadAttention(2, 3)", {"num_heads": 2, "key_dim": 3}),
        (
            "MultiHeadAttention(1, 2, value_dim=3, use_bias=false)",
            {"num_heads": 1, "key_dim": 2, "value_dim": 3, "use_bias": False},
        ),
        ("MultiHeadAttention(2, 2, output_shape=3)", {"num_heads": 2, "key_dim": 2, "output_shape": 3}),
        ("GroupQueryAttention(2, 4, 2)", {"head_dim": 2, "num_query_heads": 4, "num_key_value_heads": 2}),
    ):
        make = L.GroupQueryAttention if "GroupQ" in text else L.MultiHeadAttention
        yield plain_case("attention", text, make(**keywords), [2, 2, 4], [2, 3, 3], types=two, body="y = l(x0, x1)")
        yield plain_case(
            "attention",
            text,
            make(**keywords),
            [2, 2, 4],
            [2, 3, 3],
            types=two,
            note=" with a mask",
            body="y = l(x0, x1, attention_mask=attention_mask)",
            masks={"attention_mask": look},
        )
    short = [[1, 1, 0], [1, 0, 0]]
    yield plain_case(
        "attention",
        "MultiHeadAttention(2, 3)",
        L.MultiHeadAttention(2, 3),
        [2, 2, 4],
        [2, 3, 3],
        types=two,
        note=" with padding",
        body="y = l(x0, x1, value_mask=value_mask)",
        masks={"value_mask": short},
    )
    causal = L.MultiHeadAttention(2, 2)
    yield Case(
        "MultiHeadAttention causal",
        "MultiHeadAttention(2, 2)",
        [[2, 3, 4]],
        {"": causal},
        lambda x, training: causal(x, x, use_causal_mask=True, training=training),
        "y = l(x0, use_causal_mask=true)",
        ["f32[batch, time, 4]"],
    )
    keys = L.MultiHeadAttention(1, 2)
    yield Case(
        "MultiHeadAttention with keys",
        "MultiHeadAttention(1, 2)",
        [[1, 2, 2], [1, 3, 1], [1, 3, 2]],
        {"": keys},
        lambda q, v, k, training: keys(q, v, k, training=training),
        "y = l(x0, x1, x2)",
        ["f32[batch, time, 2]", "f32[batch, source, 1]", "f32[batch, source, 2]"],
    )
    for first in (False, True):
        yield encoder(first)
        yield decoder(first, cross=True)
    yield decoder(False, cross=False)


def block(cross: bool) -> dict[str, Any]:
    """Keras layers of a transformer block by the names that KerasHub gives them."""
    parts = {
        "self_attention": L.MultiHeadAttention(2, 2),
        "self_attention_layer_norm": L.LayerNormalization(epsilon=1e-5),
    }
    if cross:
        parts |= {
            "cross_attention": L.MultiHeadAttention(2, 2),
            "cross_attention_layer_norm": L.LayerNormalization(epsilon=1e-5),
        }
    return parts | {
        "feedforward_intermediate_dense": L.Dense(3, activation="gelu"),
        "feedforward_output_dense": L.Dense(4),
        "feedforward_layer_norm": L.LayerNormalization(epsilon=1e-5),
    }


def transformed(parts: dict[str, Any], x: Any, memory: Any, causal: bool, first: bool) -> Any:
    """A transformer block, written with Keras layers."""
    branches = [("self_attention_layer_norm", lambda v: parts["self_attention"](v, v, use_causal_mask=causal))]
    if memory is not None:
        branches.append(("cross_attention_layer_norm", lambda v: parts["cross_attention"](v, memory)))
    dense = parts["feedforward_output_dense"], parts["feedforward_intermediate_dense"]
    branches.append(("feedforward_layer_norm", lambda v: dense[0](dense[1](v))))
    for norm, branch in branches:
        x = x + branch(parts[norm](x)) if first else parts[norm](x + branch(x))
    return x


def encoder(first: bool) -> Case:
    parts = block(cross=False)
    named = {("self_attention_layer" if k == "self_attention" else k): v for k, v in parts.items()}
    text = f"TransformerEncoder(3, 2, activation=gelu, normalize_first={str(first).lower()})"
    return Case(
        text,
        text,
        [[2, 3, 4]],
        named,
        lambda x, training: transformed(parts, x, None, False, first),
        types=["f32[batch, time, 4]"],
    )


def decoder(first: bool, cross: bool) -> Case:
    parts = block(cross)
    text = f"TransformerDecoder(3, 2, activation=gelu, normalize_first={str(first).lower()})"
    shapes = [[2, 3, 4], [2, 2, 4]] if cross else [[2, 3, 4]]
    return Case(
        f"{text}{' with an encoder' if cross else ''}",
        text,
        shapes,
        parts,
        lambda x, memory=None, training=False: transformed(parts, x, memory, True, first),
        "y = l(x0, x1)" if cross else "y = l(x0)",
        ["f32[batch, time, 4]", "f32[batch, source, 4]"][: len(shapes)],
    )


def layers() -> None:
    """Four files, one for each room of the library."""
    keras.config.set_floatx("float64")
    # On PyTorch, Keras rounds what it joins to f32 even then; this keeps it from that.
    dtypes.BIT64_TO_BIT32_DTYPE.pop("float64")
    for name, room in (
        ("sequences", recurrent),
        ("normalization", normalization),
        ("merging", merging),
        ("attention", attention),
    ):
        write(f"layers_{name}", {}, [golden(case, seed) for seed, case in enumerate(room())])


if __name__ == "__main__":
    layers()
