"""The layers of Keras that nndsl has: by what name, with which settings, and where their weights lie.

A setting that is left out here and is null or false in a file counts as not there; any other value of it is told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from nndsl.keras.arguments import (
    Said,
    constraint,
    each_axis,
    function,
    initializer,
    number,
    numbers,
    one_axis,
    optional,
    penalty,
    truth,
    whole,
    word,
)


@dataclass(frozen=True)
class Setting:
    """One argument: `key` in Keras, `name` in nndsl. It is left out where its text is `default`, nndsl's own.

    One without a default is given by place. `training` marks what matters only where the model is trained on.
    """

    key: str
    said: Said
    default: str | None = None
    name: str = ""
    training: bool = False


@dataclass(frozen=True)
class Weight:
    """An array of a layer: its path below the layer in an archive, and the name that nndsl has for it."""

    place: tuple[str, ...]
    param: str
    state: bool = False


Config = Mapping[str, object]


@dataclass(frozen=True)
class Kind:
    """A layer that both have. `calls` are the arguments by name that a call may have, `usual` what others may be."""

    name: str
    settings: tuple[Setting, ...] = ()
    weights: Callable[[Config], tuple[Weight, ...]] = lambda config: ()
    calls: frozenset[str] = frozenset()
    usual: Mapping[str, object] = field(default_factory=dict)


def own(*names: str, below: tuple[str, ...] = (), inside: str = "") -> Callable[[Config], tuple[Weight, ...]]:
    """Weights in the order of their variables. `bias?use_bias` is there unless the setting is false; `!` is a state."""

    def weights(config: Config) -> tuple[Weight, ...]:
        out: list[Weight] = []
        for name in names:
            plain, _, flag = name.partition("?")
            if not flag or config.get(flag) is not False:
                place = (*below, "vars", str(len(out)))
                out.append(Weight(place, inside + plain.strip("!"), plain.startswith("!")))
        return tuple(out)

    return weights


def _attention(start: str) -> Callable[[Config], tuple[Weight, ...]]:
    parts = {"query": "query", "key": "key", "value": "value", "attention_output": "output"}

    def weights(config: Config) -> tuple[Weight, ...]:
        return tuple(
            weight
            for name, place in parts.items()
            for weight in own("kernel", "bias?use_bias", below=(f"{start}{place}_dense",), inside=f"{name}.")(config)
        )

    return weights


def _scores(config: Config) -> tuple[Weight, ...]:
    """The weights of Attention: how much scores count, and how much those of joined values do."""
    names = (["scale"] if config.get("use_scale") is True else []) + (
        ["concat_score_weight"] if config.get("score_mode") == "concat" else []
    )
    return own(*names)(config)


def _trained(weight: str, start: str, *, more: bool = True, constrained: bool = True) -> tuple[Setting, ...]:
    """The settings about the training of a weight: where it starts, its penalty and its constraint."""
    out = [Setting(f"{weight}_initializer", initializer, start, training=True)]
    out += [Setting(f"{weight}_regularizer", penalty, "none", training=True)] if more else []
    out += [Setting(f"{weight}_constraint", constraint, "none", training=True)] if more and constrained else []
    return tuple(out)


ACTIVATION = Setting("activation", function, "linear")
USE_BIAS = Setting("use_bias", truth, "true")
ACTIVITY = Setting("activity_regularizer", penalty, "none", training=True)
KEEPDIMS = Setting("keepdims", truth, "false")
AXIS = Setting("axis", one_axis, "-1")
RATE = Setting("rate", number)
KERNEL_AND_BIAS = (*_trained("kernel", "glorot_uniform"), *_trained("bias", "zeros"), ACTIVITY)
PADDING = Setting("padding", word("valid", "same"), '"valid"')
WINDOW = (Setting("kernel_size", each_axis), Setting("strides", each_axis, "1"), PADDING)
MULTIPLIER = Setting("depth_multiplier", whole, "1")
DILATION = Setting("dilation_rate", each_axis, "1")
SCORED = frozenset({"return_attention_scores", "use_causal_mask"})
MASKED = frozenset({"mask"})
RECURRENT_CALLS = frozenset({"initial_state", "mask"})
ATTENTION_CALLS = frozenset({
    "value", "key", "query_mask", "value_mask", "key_mask", "attention_mask", "return_attention_scores",
    "use_causal_mask",
})  # fmt: skip


def _conv(name: str, padding: Setting = PADDING) -> Kind:
    window = (Setting("kernel_size", each_axis), Setting("strides", each_axis, "1"), padding)
    settings = (Setting("filters", whole), *window, DILATION, Setting("groups", whole, "1"), ACTIVATION, USE_BIAS)
    return Kind(name, (*settings, *KERNEL_AND_BIAS), own("kernel", "bias?use_bias"))


def _depthwise(name: str) -> Kind:
    settings = (*WINDOW, MULTIPLIER, DILATION, ACTIVATION, USE_BIAS)
    trained = (*_trained("depthwise", "glorot_uniform"), *_trained("bias", "zeros"), ACTIVITY)
    return Kind(name, (*settings, *trained), own("kernel", "bias?use_bias"))


def _separable(name: str) -> Kind:
    settings = (Setting("filters", whole), *WINDOW, DILATION, MULTIPLIER, ACTIVATION, USE_BIAS)
    trained = (*_trained("depthwise", "glorot_uniform"), *_trained("pointwise", "glorot_uniform"),
               *_trained("bias", "zeros"), ACTIVITY)  # fmt: skip
    return Kind(name, (*settings, *trained), own("depthwise_kernel", "pointwise_kernel", "bias?use_bias"))


def _transposed(name: str) -> Kind:
    settings = (Setting("filters", whole), *WINDOW, Setting("output_padding", optional(each_axis), "none"), DILATION,
                ACTIVATION, USE_BIAS)  # fmt: skip
    return Kind(name, (*settings, *KERNEL_AND_BIAS), own("kernel", "bias?use_bias"))


def _pool(name: str) -> Kind:
    return Kind(name, (Setting("pool_size", each_axis), Setting("strides", optional(each_axis), "none"), PADDING))


def _recurrent(name: str, *settings: Setting) -> Kind:
    trained = (
        *_trained("kernel", "glorot_uniform"),
        *_trained("recurrent", "orthogonal"),
        *_trained("bias", "zeros"), ACTIVITY,
        Setting("dropout", number, "0.0", training=True), Setting("recurrent_dropout", number, "0.0", training=True),
    )  # fmt: skip
    results = (Setting("return_sequences", truth, "false"), Setting("return_state", truth, "false"),
               Setting("go_backwards", truth, "false"))  # fmt: skip
    first = (Setting("units", whole), Setting("activation", function, "tanh"))
    weights = own("kernel", "recurrent_kernel", "bias?use_bias", below=("cell",))
    return Kind(name, (*first, *settings, USE_BIAS, *results, *trained), weights, RECURRENT_CALLS)


GATES = Setting("recurrent_activation", function, "sigmoid")
CENTER_SCALE = (Setting("center", truth, "true"), Setting("scale", truth, "true"))
BETA_GAMMA = (*_trained("beta", "zeros", constrained=False), *_trained("gamma", "ones", constrained=False))
GAMMA_BETA = own("gamma?scale", "beta?center")
ATTENTION = (
    Setting("dropout", number, "0.0", training=True), USE_BIAS,
    *_trained("kernel", "glorot_uniform", more=False), *_trained("bias", "zeros", more=False),
)  # fmt: skip

_KINDS = (
    Kind("Dense", (Setting("units", whole), ACTIVATION, USE_BIAS, *KERNEL_AND_BIAS), own("kernel", "bias?use_bias")),
    Kind("Dropout", (RATE,)),
    Kind("Flatten"),
    Kind("Reshape", (Setting("target_shape", numbers),)),
    Kind("Identity"),
    Kind("Activation", (Setting("activation", function),)),
    Kind("ReLU", (
        Setting("max_value", optional(number), "none"), Setting("negative_slope", number, "0.0"),
        Setting("threshold", number, "0.0"),
    )),
    Kind("LeakyReLU", (Setting("negative_slope", number, "0.3"),)),
    Kind("PReLU", (*_trained("alpha", "zeros"), Setting("shared_axes", optional(numbers), "none")), own("alpha")),
    Kind("ELU", (Setting("alpha", number, "1.0"),)),
    Kind("Softmax", (AXIS,)),
    _conv("Conv1D", Setting("padding", word("valid", "same", "causal"), '"valid"')), _conv("Conv2D"), _conv("Conv3D"),
    _depthwise("DepthwiseConv1D"), _depthwise("DepthwiseConv2D"),
    _separable("SeparableConv1D"), _separable("SeparableConv2D"),
    _transposed("Conv1DTranspose"), _transposed("Conv2DTranspose"), _transposed("Conv3DTranspose"),
    *(_pool(f"{how}Pooling{rank}D") for how in ("Max", "Average") for rank in (1, 2, 3)),
    *(Kind(f"GlobalMaxPooling{rank}D", (KEEPDIMS,)) for rank in (1, 2, 3)),
    Kind("GlobalAveragePooling1D", (KEEPDIMS,), calls=MASKED),
    *(Kind(f"GlobalAveragePooling{rank}D", (KEEPDIMS,)) for rank in (2, 3)),
    *(Kind(f"Adaptive{how}Pooling{rank}D", (Setting("output_size", each_axis),))
      for how in ("Max", "Average") for rank in (1, 2, 3)),
    Kind("UpSampling1D", (Setting("size", whole),)),
    Kind("UpSampling2D", (
        Setting("size", each_axis), Setting("interpolation", word("nearest", "bilinear"), '"nearest"'),
    )),
    Kind("UpSampling3D", (Setting("size", each_axis),)),
    Kind("Resizing", (
        Setting("height", whole), Setting("width", whole),
        Setting("interpolation", word("nearest", "bilinear"), '"bilinear"'),
    )),
    *(Kind(f"ZeroPadding{rank}D", (Setting("padding", each_axis),)) for rank in (1, 2, 3)),
    *(Kind(f"Cropping{rank}D", (Setting("cropping", each_axis),)) for rank in (1, 2, 3)),
    Kind("CenterCrop", (Setting("height", whole), Setting("width", whole))),
    Kind("RandomFlip", (Setting("mode", word("horizontal", "vertical", "horizontal_and_vertical")),)),
    Kind("Rescaling", (Setting("scale", numbers), Setting("offset", numbers, "0.0"))),
    Kind("CategoryEncoding", (
        Setting("num_tokens", whole), Setting("output_mode", word("multi_hot", "one_hot", "count"), '"multi_hot"'),
    )),
    Kind("Discretization", (Setting("bin_boundaries", numbers),), usual={"output_mode": "int", "epsilon": 0.01}),
    Kind("Embedding", (
        Setting("input_dim", whole), Setting("output_dim", whole), *_trained("embeddings", "uniform"),
        Setting("mask_zero", truth, "false"),
    ), own("embeddings")),
    Kind("Masking", (Setting("mask_value", number, "0.0"),)),
    _recurrent("SimpleRNN"),
    _recurrent("LSTM", GATES, Setting("unit_forget_bias", truth, "true", training=True)),
    _recurrent("GRU", GATES, Setting("reset_after", truth, "true")),
    Kind("MultiHeadAttention", (
        Setting("num_heads", whole), Setting("key_dim", whole), Setting("value_dim", optional(whole), "none"),
        Setting("output_shape", optional(one_axis), "none"), *ATTENTION,
    ), _attention(""), ATTENTION_CALLS),
    Kind("GroupQueryAttention", (
        Setting("head_dim", whole), Setting("num_query_heads", whole), Setting("num_key_value_heads", whole),
        *ATTENTION,
    ), _attention("_"), ATTENTION_CALLS),
    Kind("Attention", (
        Setting("use_scale", truth, "false"), Setting("score_mode", word("dot", "concat"), '"dot"'),
        Setting("dropout", number, "0.0", training=True),
    ), _scores, SCORED),
    Kind("AdditiveAttention", (
        Setting("use_scale", truth, "true"), Setting("dropout", number, "0.0", training=True),
    ), own("scale?use_scale"), SCORED),
    Kind("BatchNormalization", (
        AXIS, Setting("momentum", number, "0.99"), Setting("epsilon", number, "0.001"), *CENTER_SCALE, *BETA_GAMMA,
        *_trained("moving_mean", "zeros", more=False), *_trained("moving_variance", "ones", more=False),
    ), own("gamma?scale", "beta?center", "!moving_mean", "!moving_variance"), MASKED),
    Kind("LayerNormalization", (AXIS, Setting("epsilon", number, "0.001"), *CENTER_SCALE, *BETA_GAMMA), GAMMA_BETA),
    Kind("RMSNormalization", (AXIS, Setting("epsilon", number, "1e-06")), own("scale")),
    Kind("GroupNormalization", (
        Setting("groups", whole, "32"), AXIS, Setting("epsilon", number, "0.001"), *CENTER_SCALE, *BETA_GAMMA,
    ), GAMMA_BETA),
    Kind("UnitNormalization", (Setting("axis", numbers, "-1"),)),
    *(Kind(f"SpatialDropout{rank}D", (RATE,)) for rank in (1, 2, 3)),
    Kind("GaussianNoise", (Setting("stddev", number),)),
    Kind("GaussianDropout", (RATE,)),
    Kind("AlphaDropout", (RATE,)),
    Kind("ActivityRegularization", (Setting("l1", number, "0.0"), Setting("l2", number, "0.0"))),
    Kind("Average"), Kind("Maximum"), Kind("Minimum"),
    Kind("Concatenate", (AXIS,)),
    Kind("Dot", (Setting("axes", numbers), Setting("normalize", truth, "false"))),
    Kind("Permute", (Setting("dims", numbers),)),
    Kind("RepeatVector", (Setting("n", whole),)),
)  # fmt: skip

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _KINDS}

OPERATORS = {"Add": "+", "Subtract": "-", "Multiply": "*"}
"""Layers of Keras that are an operator here."""

SILENT = frozenset({
    "name", "trainable", "dtype", "seed", "batch_shape", "batch_input_shape", "sparse", "ragged", "unroll",
    "synchronized", "implementation", "input_length", "renorm_momentum", "epsilon_in_sqrt", "autocast", "fill_mode",
    "fill_value", "registered_name", "build_config",
})  # fmt: skip
"""Settings without a meaning for what a layer computes here."""


STATISTICS = own("!mean", "!variance", "!count")


def weights_of(kind: str, config: Config) -> tuple[Weight, ...]:
    """The arrays that a layer keeps, in the order of Keras; wrappers and models are not asked here."""
    if kind == "Normalization":  # given numbers stand in the text
        return STATISTICS(config) if config.get("mean") is None else ()
    found = KINDS.get(kind)
    return found.weights(config) if found is not None else ()
