"""Calls of the library's layers that Keras or PyTorch judge: each layer over three shapes at least, with each option.

This is data alone. tests/library/test_layers_judged.py holds it against the two where they are installed, and
tests/library/test_coverage.py looks whether it leaves anything out, wherever it runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Name:
    """What is written alike in both languages: `L2(0.1)`, `constant(0.5)`, `relu`."""

    text: str


@dataclass(frozen=True)
class Judged:
    """A layer with its options, applied to inputs of some shapes with other options.

    Inputs with a count are indices below it. `masks` are bool arrays, by option, of the axes that they name as (input,
    axis). `listed`: the inputs go in as one list. `judge` names a function of test_layers_judged.py that stands
    for the layer where Keras has none of its name.
    """

    layer: str
    options: dict[str, Any]
    shapes: tuple[tuple[Shape, ...], ...]
    applied: dict[str, Any] = field(default_factory=dict)
    masks: dict[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    counts: tuple[int | None, ...] = ()
    listed: bool = False
    judge: str = ""

    @property
    def text(self) -> str:
        """The layer, built."""
        return f"{self.layer}({', '.join(f'{k}={nn(v)}' if k else nn(v) for k, v in self.options.items())})"

    @property
    def body(self) -> str:
        """`y`, the layer applied."""
        inputs = [f"x{i}" for i in range(len(self.shapes[0]))]
        given = [f"[{', '.join(inputs)}]"] if self.listed else inputs
        given += [f"{name}={nn(value)}" for name, value in self.applied.items()]
        given += [f"{name}={name}" for name in self.masks]
        scores = "y, _" if self.applied.get("return_attention_scores") else "y"
        return f"{scores} = l({', '.join(given)})"

    @property
    def title(self) -> str:
        return f"{self.text} {self.body}"


def nn(value: Any) -> str:
    """A Python value as `.nn` text."""
    match value:
        case Name(text=text):
            return text
        case bool():
            return str(value).lower()
        case str():
            return f'"{value}"'
        case tuple() | list():
            return f"[{', '.join(map(nn, value))}]"
    return "none" if value is None else str(value)


def one(*shapes: Shape) -> tuple[tuple[Shape, ...], ...]:
    """Shapes of layers with one input."""
    return tuple((shape,) for shape in shapes)


ROWS = one((5, 4), (2, 3, 4), (1, 2, 3, 2))
STEPS = one((2, 6, 4), (1, 9, 2), (3, 5, 6))
IMAGES = one((2, 5, 6, 4), (1, 7, 4, 2), (2, 4, 9, 6))
VOLUMES = one((1, 4, 5, 3, 4), (2, 3, 3, 4, 2), (1, 5, 3, 3, 6))
SPACES = {1: STEPS, 2: IMAGES, 3: VOLUMES}


def weighted(
    layer: str,
    options: dict[str, Any],
    shapes: tuple[tuple[Shape, ...], ...],
    weights: Sequence[str],
    activity: bool = True,
) -> Iterator[Judged]:
    """A layer plain, and with penalties, constraints and first values for each of its weights."""
    yield Judged(layer, options, shapes)
    penalties = {
        f"{w}_regularizer": Name(p) for w, p in zip(weights, ("L2(0.3)", "L1(0.2)", "L1L2(0.1, 0.2)"), strict=False)
    }
    if activity:
        penalties["activity_regularizer"] = Name("L2(0.1)")
    yield Judged(layer, options | penalties, shapes)
    limits = ("max_norm(0.5)", "non_neg", "min_max_norm(0.5, 0.8, rate=0.5)")
    held = {f"{w}_constraint": Name(c) for w, c in zip(weights, limits, strict=False)}
    first = {f"{w}_initializer": Name(f"constant({0.25 * k})") for k, w in enumerate(weights, 1)}
    yield Judged(layer, options | held | first, shapes)


def dense() -> Iterator[Judged]:
    yield from weighted("Dense", {"units": 3}, ROWS, ("kernel", "bias"))
    yield Judged("Dense", {"units": 2, "activation": Name("gelu"), "use_bias": False}, ROWS)
    yield Judged("Flatten", {}, ROWS)
    yield Judged("Reshape", {"target_shape": (-1, 2)}, ROWS)
    yield Judged("Activation", {"activation": Name("selu")}, ROWS)
    for options in ({}, {"max_value": 0.7, "negative_slope": 0.2, "threshold": 0.1}, {"max_value": 0.5}):
        yield Judged("ReLU", options, ROWS)
    for options in ({}, {"negative_slope": 0.1}):
        yield Judged("LeakyReLU", options, ROWS)
    for options in ({}, {"alpha": 0.5}):
        yield Judged("ELU", options, ROWS)
    for options in ({}, {"axis": 1}):
        yield Judged("Softmax", options, ROWS)
    yield from weighted("PReLU", {}, ROWS, ("alpha",), activity=False)
    yield Judged("PReLU", {"shared_axes": (1,)}, ROWS[1:] + one((2, 3, 2, 2, 1)))
    yield Judged("Identity", {}, ROWS)
    yield Judged("ActivityRegularization", {"l1": 0.1, "l2": 0.3}, ROWS)
    yield Judged("Sequential", {"": (Name("Dense(3, activation=tanh)"), Name("Dense(2)"))}, ROWS, judge="sequential")


def convolutions() -> Iterator[Judged]:
    bent = Name("tanh")
    for n, shapes in SPACES.items():
        mixed = (2, 1, 2)[:n] if n > 1 else 2
        k = {"filters": 4, "kernel_size": (2, 3, 2)[:n] if n > 1 else 3}
        yield from weighted(f"Conv{n}D", k, shapes, ("kernel", "bias"))
        yield Judged(f"Conv{n}D", {**k, "strides": mixed, "padding": "same", "activation": bent}, shapes)
        yield Judged(f"Conv{n}D", {**k, "dilation_rate": 2, "groups": 2, "padding": "same", "use_bias": False}, shapes)
        yield from weighted(f"Conv{n}DTranspose", k, shapes, ("kernel", "bias"))
        yield Judged(f"Conv{n}DTranspose", {**k, "strides": 2, "padding": "same", "activation": bent}, shapes)
        yield Judged(f"Conv{n}DTranspose", {**k, "strides": 2, "output_padding": 1, "use_bias": False}, shapes)
        yield Judged(f"Conv{n}DTranspose", {**k, "dilation_rate": 2}, shapes)
    yield Judged("Conv1D", {"filters": 3, "kernel_size": 2, "padding": "causal", "dilation_rate": 2}, STEPS)
    for n in (1, 2):
        shapes = SPACES[n]
        k = {"kernel_size": (2, 3)[:n] if n > 1 else 3}
        narrow = {"kernel_size": 2}
        weights = ("depthwise", "pointwise", "bias")
        yield from weighted(f"DepthwiseConv{n}D", k, shapes, (weights[0], weights[2]))
        yield Judged(f"DepthwiseConv{n}D", {**k, "strides": 2, "padding": "same", "depth_multiplier": 2}, shapes)
        yield Judged(
            f"DepthwiseConv{n}D", {**narrow, "dilation_rate": 2, "use_bias": False, "activation": bent}, shapes
        )
        k = {"filters": 3, **k}
        yield from weighted(f"SeparableConv{n}D", k, shapes, weights)
        yield Judged(f"SeparableConv{n}D", {**k, "strides": 2, "padding": "same", "depth_multiplier": 2}, shapes)
        yield Judged(
            f"SeparableConv{n}D",
            {"filters": 3, **narrow, "dilation_rate": 2, "use_bias": False, "activation": bent},
            shapes,
        )


def windows() -> Iterator[Judged]:
    for n, shapes in SPACES.items():
        for kind in ("Max", "Average"):
            yield Judged(f"{kind}Pooling{n}D", {"pool_size": 2}, shapes)
            yield Judged(f"{kind}Pooling{n}D", {"pool_size": (2, 3, 2)[:n] if n > 1 else 3, "strides": 1}, shapes)
            for options in ({}, {"keepdims": True}):
                yield Judged(f"Global{kind}Pooling{n}D", options, shapes)
            yield Judged(
                f"Adaptive{kind}Pooling{n}D", {"output_size": (2, 3, 2)[:n] if n > 1 else 3}, shapes, judge="adaptive"
            )
        yield Judged(f"UpSampling{n}D", {"size": (2, 1, 3)[:n] if n > 1 else 3}, shapes)
        yield Judged(f"ZeroPadding{n}D", {"padding": ((1, 0), (2, 1), (0, 1))[:n] if n > 1 else (2, 1)}, shapes)
        yield Judged(f"Cropping{n}D", {"cropping": ((1, 0), (1, 1), (0, 1))[:n] if n > 1 else (2, 1)}, shapes)
    yield Judged("UpSampling2D", {"size": (2, 3), "interpolation": "bilinear"}, IMAGES)
    for way in ("nearest", "bilinear"):
        yield Judged("Resizing", {"height": 6, "width": 5, "interpolation": way}, IMAGES)
    yield Judged("CenterCrop", {"height": 3, "width": 4}, IMAGES)
    yield Judged("PixelShuffle", {"upscale_factor": 2}, one((1, 2, 3, 8), (2, 1, 1, 4), (1, 3, 2, 12)), judge="shuffle")
    even = one((1, 4, 6, 3), (2, 2, 2, 1), (1, 6, 2, 2))
    yield Judged("PixelUnshuffle", {"downscale_factor": 2}, even, judge="unshuffle")


def normalizations() -> Iterator[Judged]:
    rows = one((5, 4), (4, 3, 4), (2, 3, 2, 4))
    both = ("beta", "gamma")
    for name, options in (
        ("BatchNormalization", {"momentum": 0.7, "epsilon": 0.01}),
        ("LayerNormalization", {"epsilon": 0.01}),
        ("GroupNormalization", {"groups": 2, "epsilon": 0.01}),
    ):
        yield from weighted(name, options, rows, both, activity=False)
        yield Judged(name, {**options, "center": False}, rows)
        yield Judged(name, {**options, "scale": False}, rows)
    moved = {"moving_mean_initializer": Name("constant(0.5)"), "moving_variance_initializer": Name("constant(2.0)")}
    yield Judged("BatchNormalization", moved, rows)
    masks = {"mask": ((0, 0), (0, 1))}
    yield Judged("BatchNormalization", {}, one((2, 3, 4), (3, 5, 2), (4, 2, 3)), masks=masks)
    yield Judged("RMSNormalization", {"epsilon": 0.01}, rows)
    yield Judged("UnitNormalization", {}, rows)
    yield Judged("UnitNormalization", {"axis": (1, 2)}, one((2, 3, 4), (1, 2, 5), (3, 2, 2, 2)))
    samples = one((2, 3, 4), (1, 5, 2), (2, 3, 2, 3))
    for j in weighted("InstanceNormalization", {"epsilon": 0.01}, samples, both, activity=False):
        yield replace(j, judge="instance")
    yield Judged("InstanceNormalization", {"center": False, "scale": False}, samples, judge="instance")
    yield Judged("Rescaling", {"scale": 0.5, "offset": -1.0}, ROWS)
    yield Judged("Normalization", {"mean": 0.5, "variance": 4.0}, ROWS)
    yield Judged("Normalization", {"mean": 0.5, "variance": 4.0, "invert": True}, ROWS)


def sequences() -> Iterator[Judged]:
    bent = {"activation": Name("softsign"), "recurrent_activation": Name("tanh")}
    masks = {"mask": ((0, 0), (0, 1))}
    for name in ("SimpleRNN", "LSTM", "GRU"):
        # Keras' SimpleRNN takes a penalty on what it gives, and forgets it.
        yield from weighted(name, {"units": 3}, STEPS, ("kernel", "recurrent", "bias"), activity=name != "SimpleRNN")
        own = bent if name != "SimpleRNN" else {"activation": Name("relu")}
        yield Judged(name, {"units": 2, "return_sequences": True, "use_bias": False, **own}, STEPS)
        yield Judged(name, {"units": 2, "go_backwards": True, "return_sequences": True}, STEPS, masks=masks)
        yield Judged(name, {"units": 2, "go_backwards": True}, STEPS, masks=masks)
    yield Judged("LSTM", {"units": 2, "unit_forget_bias": False}, STEPS)
    yield Judged("GRU", {"units": 2, "reset_after": False}, STEPS, masks=masks)
    words = one((2, 3), (4, 5), (1, 2, 2))
    for j in weighted("Embedding", {"input_dim": 5, "output_dim": 3}, words, ("embeddings",), activity=False):
        yield replace(j, counts=(5,))
    yield Judged(
        "TimeDistributed", {"layer": Name("Dense(3)")}, one((2, 3, 4), (1, 5, 2), (3, 2, 2, 3)), judge="distributed"
    )
    yield Judged("Permute", {"dims": (2, 1)}, STEPS)
    yield Judged("RepeatVector", {"n": 3}, one((2, 4), (1, 3), (5, 2)))


def attention() -> Iterator[Judged]:
    pair = ((2, 3, 4), (2, 5, 3)), ((1, 4, 2), (1, 2, 2)), ((3, 2, 6), (3, 4, 1))
    three = ((2, 3, 4), (2, 5, 3), (2, 5, 2)), ((1, 4, 2), (1, 2, 2), (1, 2, 3)), ((3, 2, 6), (3, 4, 1), (3, 4, 2))
    alone = tuple((first, first) for first, _ in pair)
    first = {"kernel_initializer": Name("constant(0.1)"), "bias_initializer": Name("constant(0.2)")}
    held = {"kernel_constraint": Name("max_norm(0.3, axis=1)"), "bias_constraint": Name("non_neg")}
    penalties = {"kernel_regularizer": Name("L2(0.3)"), "bias_regularizer": Name("L1(0.2)")}
    scores = {"return_attention_scores": True}
    masks = {"query_mask": ((0, 0), (0, 1)), "value_mask": ((1, 0), (1, 1)), "key_mask": ((2, 0), (2, 1))}
    look = {"attention_mask": ((0, 0), (0, 1), (1, 1))}
    for name, options in (
        ("MultiHeadAttention", {"num_heads": 2, "key_dim": 3}),
        ("GroupQueryAttention", {"head_dim": 2, "num_query_heads": 4, "num_key_value_heads": 2}),
    ):
        yield Judged(name, options, pair)
        yield Judged(name, {**options, "use_bias": False}, three)
        yield Judged(name, {**options, **first, **held}, pair)
        # Keras' GroupQueryAttention counts the penalty on the last projection twice.
        activity = {"activity_regularizer": Name("L2(0.1)")} if name == "MultiHeadAttention" else {}
        yield Judged(name, {**options, **penalties, **activity}, pair)
        yield Judged(name, options, three, applied=scores, masks=masks)
        yield Judged(name, options, pair, applied=scores, masks=look)
        yield Judged(name, options, alone, applied={"use_causal_mask": True})
    yield Judged("MultiHeadAttention", {"num_heads": 2, "key_dim": 3, "value_dim": 4, "output_shape": 5}, pair)


def weightless() -> Iterator[Judged]:
    """Attention and AdditiveAttention, whose inputs and masks Keras takes as lists."""
    pair = ((2, 3, 4), (2, 5, 4)), ((1, 4, 2), (1, 2, 2)), ((3, 2, 6), (3, 4, 6))
    three = ((2, 3, 4), (2, 5, 3), (2, 5, 4)), ((1, 4, 2), (1, 2, 3), (1, 2, 2)), ((3, 2, 6), (3, 4, 1), (3, 4, 6))
    masks = {"query_mask": ((0, 0), (0, 1)), "value_mask": ((1, 0), (1, 1))}
    scores = {"return_attention_scores": True}
    for name, forms in (
        ("Attention", ({}, {"use_scale": True}, {"score_mode": "concat"}, {"score_mode": "concat", "use_scale": True})),
        ("AdditiveAttention", ({}, {"use_scale": False})),
    ):
        for options in forms:
            yield Judged(name, options, pair, judge="attended")
            yield Judged(name, options, three, scores, masks, judge="attended")
        yield Judged(name, {}, pair, {"use_causal_mask": True}, judge="attended")


def transformers() -> Iterator[Judged]:
    alone = one((2, 3, 4), (1, 5, 4), (3, 2, 4))
    pair = ((2, 3, 4), (2, 5, 4)), ((1, 4, 4), (1, 2, 4)), ((3, 2, 4), (3, 4, 4))
    options = {"intermediate_dim": 3, "num_heads": 2}
    others = {**options, "activation": Name("tanh"), "layer_norm_epsilon": 0.01}
    first = {"kernel_initializer": Name("constant(0.1)"), "bias_initializer": Name("constant(0.2)")}
    there, look = ((0, 0), (0, 1)), ((0, 0), (0, 1), (0, 1))
    behind = {"encoder_padding_mask": ((1, 0), (1, 1)), "encoder_attention_mask": ((0, 0), (0, 1), (1, 1))}
    for form in ({}, {"normalize_first": True}):
        yield Judged("TransformerEncoder", {**options, **form}, alone, judge="transformer")
        masks = {"padding_mask": there, "attention_mask": look}
        yield Judged("TransformerEncoder", {**others, **first, **form}, alone, masks=masks, judge="transformer")
        yield Judged("TransformerDecoder", {**options, **form}, pair, judge="transformer")
        masks = {"decoder_padding_mask": there, "decoder_attention_mask": look, **behind}
        yield Judged(
            "TransformerDecoder",
            {**others, **first, **form},
            pair,
            {"use_causal_mask": False},
            masks,
            judge="transformer",
        )
    yield Judged("TransformerDecoder", options, alone, judge="transformer")
    for wave in ({}, {"max_wavelength": 50.0}):
        yield Judged("SinePositionEncoding", wave, alone, judge="sines")
        yield Judged("RotaryEmbedding", wave, alone, judge="rotary")
    yield Judged(
        "RotaryEmbedding", {"scaling_factor": 4.0}, one((2, 3, 2, 4), (1, 5, 1, 2), (3, 2, 3, 6)), judge="rotary"
    )
    yield Judged(
        "PositionEmbedding", {"sequence_length": 7, "initializer": Name("constant(0.5)")}, alone, judge="places"
    )


def joined() -> Iterator[Judged]:
    for name in ("Add", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Subtract"):
        count = 2 if name == "Subtract" else 3
        yield Judged(name, {}, tuple((shape,) * count for (shape,) in ROWS), listed=True)
    sides = ((2, 3, 2), (2, 1, 2)), ((1, 2, 4), (1, 3, 4)), ((3, 1, 1), (3, 1, 1))
    yield Judged("Concatenate", {"axis": 1}, sides, listed=True)
    rows = ((3, 2), (3, 2)), ((2, 5), (2, 5)), ((1, 3), (1, 3))
    yield Judged("Dot", {"axes": 1}, rows, listed=True)
    steps = ((2, 3, 4), (2, 5, 4)), ((1, 2, 3), (1, 2, 3)), ((3, 1, 2), (3, 4, 2))
    yield Judged("Dot", {"axes": 2, "normalize": True}, steps, listed=True)


JUDGED = (
    *dense(),
    *convolutions(),
    *windows(),
    *normalizations(),
    *sequences(),
    *attention(),
    *weightless(),
    *transformers(),
    *joined(),
)
