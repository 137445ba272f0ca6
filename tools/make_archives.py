"""Write the archives of Keras that the tests import, and what Keras predicts with them.

    KERAS_BACKEND=jax python tools/make_archives.py            # needs Keras 3 and safetensors

`tests/importing/keras/` gets one zip file for each family: `NAME.keras`, `NAME.h5` for a few, and `NAME.npz` with
inputs and outputs. Weights are drawn anew, moving statistics too, so that nothing is 0 or 1 by chance.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np
from keras import layers as L

OUT = Path(__file__).parent.parent / "tests" / "importing" / "keras"
ROWS = 3

Entry = tuple[str, Callable[[], Any]]


def of(layer: Callable[[], Any], *shape: int | None) -> Callable[[], Any]:
    """A Sequential model of one layer."""
    return lambda: keras.Sequential([keras.Input(shape), layer()])


def joined(layer: Callable[[], Any], *shapes: tuple[int, ...]) -> Callable[[], Any]:
    """A functional model of one layer that joins values."""

    def build() -> Any:
        inputs = [keras.Input(shape, name=f"part_{i}") for i, shape in enumerate(shapes)]
        return keras.Model(inputs, layer()(inputs))

    return build


def several(layer: Callable[[], Any], *shapes: tuple[int | None, ...], **named: Any) -> Callable[[], Any]:
    """A functional model of one layer that is called with several values."""

    def build() -> Any:
        inputs = [keras.Input(shape, name=f"part_{i}") for i, shape in enumerate(shapes)]
        return keras.Model(inputs, layer()(*inputs, **named))

    return build


def adapted() -> Any:
    layer = L.Normalization()
    layer.adapt(np.random.default_rng(5).normal(2, 3, (20, 4)).astype("float32"))
    return layer


def indices(layer: Callable[[], Any], *shape: int | None) -> Callable[[], Any]:
    return lambda: keras.Sequential([keras.Input(shape, dtype="int32"), layer()])


CORE: Sequence[Entry] = (
    ("dense", of(lambda: L.Dense(5, activation="relu"), 4)),
    ("dense_no_bias", of(lambda: L.Dense(5, use_bias=False, kernel_regularizer="l2", bias_constraint="non_neg"), 3, 4)),
    ("embedding", indices(lambda: L.Embedding(7, 3), 5)),
    ("activation", of(lambda: L.Activation("gelu"), 6)),
    ("re_lu", of(lambda: L.ReLU(max_value=1.0, negative_slope=0.1, threshold=0.2), 6)),
    ("leaky_re_lu", of(lambda: L.LeakyReLU(negative_slope=0.25), 6)),
    ("p_re_lu", of(lambda: L.PReLU(shared_axes=[1]), 3, 4)),
    ("elu", of(lambda: L.ELU(alpha=0.5), 6)),
    ("softmax", of(lambda: L.Softmax(), 6)),
    ("flatten", of(lambda: L.Flatten(), 3, 4)),
    ("reshape", of(lambda: L.Reshape((2, -1)), 3, 4)),
    ("permute", of(lambda: L.Permute((2, 1)), 3, 4)),
    ("repeat_vector", of(lambda: L.RepeatVector(3), 4)),
    ("identity", of(lambda: L.Identity(), 4)),
    ("masking", lambda: keras.Sequential([keras.Input((4, 2)), L.Masking(), L.LSTM(3)])),
    ("dropout", of(lambda: L.Dropout(0.3), 4)),
    ("spatial_dropout1d", of(lambda: L.SpatialDropout1D(0.3), 3, 4)),
    ("spatial_dropout2d", of(lambda: L.SpatialDropout2D(0.3), 3, 3, 2)),
    ("spatial_dropout3d", of(lambda: L.SpatialDropout3D(0.3), 2, 3, 3, 2)),
    ("gaussian_noise", of(lambda: L.GaussianNoise(0.3), 4)),
    ("gaussian_dropout", of(lambda: L.GaussianDropout(0.3), 4)),
    ("alpha_dropout", of(lambda: L.AlphaDropout(0.3), 4)),
    ("activity_regularization", of(lambda: L.ActivityRegularization(0.1, 0.2), 4)),
    ("batch_normalization", of(lambda: L.BatchNormalization(momentum=0.9, epsilon=0.01), 3, 4)),
    ("batch_normalization_axis", of(lambda: L.BatchNormalization(axis=1, scale=False), 3, 4)),
    ("layer_normalization", of(lambda: L.LayerNormalization(), 3, 4)),
    ("layer_normalization_axis", of(lambda: L.LayerNormalization(axis=1, center=False), 3, 4)),
    ("rms_normalization", of(lambda: L.RMSNormalization(), 3, 4)),
    ("group_normalization", of(lambda: L.GroupNormalization(2), 3, 3, 4)),
    ("unit_normalization", of(lambda: L.UnitNormalization(), 3, 4)),
    ("normalization", of(adapted, 4)),
    ("normalization_given", of(lambda: L.Normalization(mean=[1.0, 2.0], variance=[0.5, 2.0]), 2)),
    ("rescaling", of(lambda: L.Rescaling(1 / 255, offset=-0.5), 4)),
    ("category_encoding", indices(lambda: L.CategoryEncoding(6, output_mode="multi_hot"), 4)),
    ("category_encoding_count", indices(lambda: L.CategoryEncoding(6, output_mode="count"), 4)),
    ("discretization", of(lambda: L.Discretization([-0.5, 0.0, 0.7]), 4)),
    ("resizing", of(lambda: L.Resizing(5, 7), 4, 4, 2)),
    ("center_crop", of(lambda: L.CenterCrop(2, 3), 5, 5, 2)),
    ("random_flip", of(lambda: L.RandomFlip("horizontal"), 4, 4, 2)),
)  # fmt: skip

WINDOWS: Sequence[Entry] = (
    ("conv1d", of(lambda: L.Conv1D(4, 3, padding="causal", dilation_rate=2, activation="tanh"), 8, 2)),
    ("conv1d_long", of(lambda: L.Conv1D(4, 3, strides=2), None, 2)),
    ("conv2d", of(lambda: L.Conv2D(4, (3, 2), strides=2, padding="same", activation="relu"), 7, 6, 2)),
    ("conv2d_groups", of(lambda: L.Conv2D(4, 3, groups=2, use_bias=False), 6, 6, 4)),
    ("conv3d", of(lambda: L.Conv3D(3, 2), 4, 4, 4, 2)),
    ("depthwise_conv1d", of(lambda: L.DepthwiseConv1D(3, depth_multiplier=2), 6, 2)),
    ("depthwise_conv2d", of(lambda: L.DepthwiseConv2D(3, depth_multiplier=2, padding="same"), 6, 6, 2)),
    ("separable_conv1d", of(lambda: L.SeparableConv1D(4, 3, depth_multiplier=2), 6, 2)),
    ("separable_conv2d", of(lambda: L.SeparableConv2D(4, 3, padding="same", activation="relu"), 6, 6, 2)),
    ("conv1d_transpose", of(lambda: L.Conv1DTranspose(3, 3, strides=2, padding="same"), 5, 2)),
    ("conv2d_transpose", of(lambda: L.Conv2DTranspose(3, 3, strides=2, output_padding=1), 4, 4, 2)),
    ("conv3d_transpose", of(lambda: L.Conv3DTranspose(2, 2, strides=2, padding="same"), 2, 3, 3, 2)),
    ("max_pooling1d", of(lambda: L.MaxPooling1D(2), 6, 2)),
    ("max_pooling2d", of(lambda: L.MaxPooling2D((2, 3), strides=1, padding="same"), 6, 6, 2)),
    ("max_pooling3d", of(lambda: L.MaxPooling3D(2), 4, 4, 4, 2)),
    ("average_pooling1d", of(lambda: L.AveragePooling1D(2), 6, 2)),
    ("average_pooling2d", of(lambda: L.AveragePooling2D(3, strides=2, padding="same"), 6, 6, 2)),
    ("average_pooling3d", of(lambda: L.AveragePooling3D(2), 4, 4, 4, 2)),
    ("global_max_pooling1d", of(lambda: L.GlobalMaxPooling1D(), 6, 2)),
    ("global_max_pooling2d", of(lambda: L.GlobalMaxPooling2D(keepdims=True), 4, 4, 2)),
    ("global_max_pooling3d", of(lambda: L.GlobalMaxPooling3D(), 3, 3, 3, 2)),
    ("global_average_pooling1d", of(lambda: L.GlobalAveragePooling1D(), 6, 2)),
    ("global_average_pooling2d", of(lambda: L.GlobalAveragePooling2D(), 4, 4, 2)),
    ("global_average_pooling3d", of(lambda: L.GlobalAveragePooling3D(keepdims=True), 3, 3, 3, 2)),
    ("adaptive_max_pooling1d", of(lambda: L.AdaptiveMaxPooling1D(3), 7, 2)),
    ("adaptive_max_pooling2d", of(lambda: L.AdaptiveMaxPooling2D((2, 3)), 5, 7, 2)),
    ("adaptive_max_pooling3d", of(lambda: L.AdaptiveMaxPooling3D(2), 3, 4, 5, 2)),
    ("adaptive_average_pooling1d", of(lambda: L.AdaptiveAveragePooling1D(3), 7, 2)),
    ("adaptive_average_pooling2d", of(lambda: L.AdaptiveAveragePooling2D((2, 3)), 5, 7, 2)),
    ("adaptive_average_pooling3d", of(lambda: L.AdaptiveAveragePooling3D(2), 3, 4, 5, 2)),
    ("up_sampling1d", of(lambda: L.UpSampling1D(3), 3, 2)),
    ("up_sampling2d", of(lambda: L.UpSampling2D((2, 3), interpolation="bilinear"), 3, 3, 2)),
    ("up_sampling3d", of(lambda: L.UpSampling3D(2), 2, 2, 2, 2)),
    ("zero_padding1d", of(lambda: L.ZeroPadding1D((1, 2)), 3, 2)),
    ("zero_padding2d", of(lambda: L.ZeroPadding2D(((1, 2), (3, 0))), 3, 3, 2)),
    ("zero_padding3d", of(lambda: L.ZeroPadding3D((1, 2, 1)), 2, 2, 2, 1)),
    ("cropping1d", of(lambda: L.Cropping1D((1, 2)), 6, 2)),
    ("cropping2d", of(lambda: L.Cropping2D(((1, 0), (2, 1))), 6, 6, 2)),
    ("cropping3d", of(lambda: L.Cropping3D(1), 4, 4, 4, 1)),
)  # fmt: skip

SEQUENCES: Sequence[Entry] = (
    ("simple_rnn", of(lambda: L.SimpleRNN(3), 5, 2)),
    ("lstm", of(lambda: L.LSTM(3, return_sequences=True, go_backwards=True), None, 2)),
    ("gru", of(lambda: L.GRU(3, dropout=0.1), 5, 2)),
    ("gru_reset_before", of(lambda: L.GRU(3, reset_after=False, recurrent_activation="hard_sigmoid"), 5, 2)),
    ("bidirectional", of(lambda: L.Bidirectional(L.LSTM(3, return_sequences=True)), 5, 2)),
    ("bidirectional_sum", of(lambda: L.Bidirectional(L.GRU(3), merge_mode="sum"), 5, 2)),
    ("bidirectional_two", of(lambda: L.Bidirectional(
        L.LSTM(3, return_sequences=True),
        backward_layer=L.SimpleRNN(2, return_sequences=True, go_backwards=True)), 5, 2)),
    ("time_distributed", of(lambda: L.TimeDistributed(L.Dense(3)), 4, 2)),
    ("time_distributed_model", of(lambda: L.TimeDistributed(
        keras.Sequential([keras.Input((4, 4, 1)), L.Conv2D(2, 3), L.Flatten(), L.Dense(3)])), 3, 4, 4, 1)),
    ("multi_head_attention", several(lambda: L.MultiHeadAttention(2, 3), (4, 5), (6, 5))),
    ("multi_head_attention_causal", several(lambda: L.MultiHeadAttention(2, 3, use_bias=False), (4, 5), (4, 5),
                                            use_causal_mask=True)),
    ("grouped_query_attention", several(lambda: L.GroupQueryAttention(2, 4, 2), (4, 5), (6, 5))),
    ("attention", joined(lambda: L.Attention(use_scale=True, score_mode="concat"), (4, 3), (5, 3))),
    ("additive_attention", joined(lambda: L.AdditiveAttention(), (4, 3), (5, 3), (5, 3))),
    ("add", joined(lambda: L.Add(), (4,), (4,), (4,))),
    ("subtract", joined(lambda: L.Subtract(), (4,), (4,))),
    ("multiply", joined(lambda: L.Multiply(), (4,), (4,))),
    ("average", joined(lambda: L.Average(), (4,), (4,), (4,))),
    ("maximum", joined(lambda: L.Maximum(), (4,), (4,))),
    ("minimum", joined(lambda: L.Minimum(), (4,), (4,))),
    ("concatenate", joined(lambda: L.Concatenate(axis=1), (2, 4), (3, 4))),
    ("dot", joined(lambda: L.Dot(axes=(2, 1), normalize=True), (2, 4), (4, 3))),
)  # fmt: skip


# --- networks ------------------------------------------------------------------------------------------------


def mnist() -> Any:
    return keras.Sequential([
        keras.Input((28, 28), name="image"), L.Rescaling(1 / 255), L.Flatten(), L.Dense(16, activation="relu"),
        L.Dense(10, activation="softmax"),
    ], name="mnist")  # fmt: skip


def imdb() -> Any:
    return keras.Sequential([
        keras.Input((200,)), L.Dense(16, activation="relu"), L.Dense(16, activation="relu"),
        L.Dense(1, activation="sigmoid"),
    ])  # fmt: skip


def reuters() -> Any:
    return keras.Sequential([
        keras.Input((200,)), L.Dense(64, activation="relu"), L.Dropout(0.5), L.Dense(64, activation="relu"),
        L.Dropout(0.5), L.Dense(46, activation="softmax"),
    ])  # fmt: skip


def housing() -> Any:
    norm = L.Normalization()
    norm.adapt(np.random.default_rng(3).normal(5, 2, (50, 13)).astype("float32"))
    return keras.Sequential([
        keras.Input((13,)), norm, L.Dense(64, activation="relu", kernel_regularizer=keras.regularizers.L2(0.002)),
        L.Dense(64, activation="relu"), L.Dense(1),
    ])  # fmt: skip


def convnet() -> Any:
    inputs = keras.Input((28, 28, 1))
    x = inputs
    for filters in (8, 16):
        x = L.Conv2D(filters, 3, activation="relu")(x)
        x = L.MaxPooling2D(2)(x)
    x = L.Conv2D(16, 3, activation="relu")(x)
    x = L.Flatten()(x)
    return keras.Model(inputs, L.Dense(10, activation="softmax")(x))


def lstm() -> Any:
    inputs = keras.Input((None,), dtype="int64")
    x = L.Embedding(100, 16, mask_zero=True)(inputs)
    x = L.Bidirectional(L.LSTM(8))(x)
    x = L.Dropout(0.5)(x)
    return keras.Model(inputs, L.Dense(1, activation="sigmoid")(x))


def gru() -> Any:
    inputs = keras.Input((20, 14))
    x = L.GRU(8, recurrent_dropout=0.5, return_sequences=True)(inputs)
    x = L.GRU(8, recurrent_dropout=0.5)(x)
    return keras.Model(inputs, L.Dense(1)(x))


def residual() -> Any:
    """Blocks with skips, normalization and separable convolutions, some of them with projections."""
    inputs = keras.Input((16, 16, 3))
    x = L.Conv2D(4, 5, use_bias=False)(L.Rescaling(1 / 255)(inputs))
    for size in (4, 8):
        start = x
        x = L.Activation("relu")(L.BatchNormalization()(x))
        x = L.SeparableConv2D(size, 3, padding="same", use_bias=False)(x)
        x = L.MaxPooling2D(3, strides=2, padding="same")(x)
        x = L.add([x, L.Conv2D(size, 1, strides=2, padding="same", use_bias=False)(start)])
    return keras.Model(inputs, L.Dense(1, activation="sigmoid")(L.GlobalAveragePooling2D()(x)))


def tickets() -> Any:
    """Several inputs and outputs."""
    title = keras.Input((30,), name="title")
    tags = keras.Input((5,), name="tags")
    features = L.Dense(8, activation="relu", name="features")(L.Concatenate()([title, tags]))
    return keras.Model([title, tags], [L.Dense(1, activation="sigmoid", name="priority")(features),
                                       L.Dense(4, activation="softmax", name="department")(features)])  # fmt: skip


def siamese() -> Any:
    """A model within the model, applied twice, and arithmetic on what it gives."""
    encoder = keras.Sequential([keras.Input((6,)), L.Dense(5, activation="relu"), L.BatchNormalization(), L.Dense(3)],
                               name="encoder")  # fmt: skip
    left, right = keras.Input((6,), name="left"), keras.Input((6,), name="right")
    away = encoder(left) - encoder(right)
    return keras.Model([left, right], keras.ops.exp(-keras.ops.sum(keras.ops.square(away), axis=1, keepdims=True)))


def translation() -> Any:
    """An encoder whose states a decoder starts from; words are padded with 0."""
    source = keras.Input((None,), dtype="int64", name="source")
    target = keras.Input((None,), dtype="int64", name="target")
    x = L.Embedding(20, 6, mask_zero=True)(source)
    _, h, c = L.LSTM(5, return_state=True)(x)
    y = L.Embedding(15, 6, mask_zero=True)(target)
    y = L.LSTM(5, return_sequences=True)(y, initial_state=[h, c])
    return keras.Model([source, target], L.Dense(15, activation="softmax")(y))


def transformer() -> Any:
    """One block of an encoder of padded words, as functional layers."""
    words = keras.Input((None,), dtype="int64", name="words")
    x = L.Embedding(30, 8, mask_zero=True)(words)
    attended = L.MultiHeadAttention(2, 4)(x, x)
    x = L.LayerNormalization()(L.add([x, attended]))
    dense = L.Dense(8)(L.Dense(16, activation="relu")(x))
    x = L.LayerNormalization()(L.add([x, dense]))
    x = L.GlobalAveragePooling1D()(x)
    return keras.Model(words, L.Dense(1, activation="sigmoid")(x))


def shared() -> Any:
    """A layer applied twice, an index, a frozen layer, and names that are no names in nndsl."""
    inputs = keras.Input((4, 6), name="relu")
    dense = L.Dense(6, activation="tanh", name="twice.used-1")
    x = dense(dense(inputs))
    frozen = L.Dense(3, name="softmax")
    frozen.trainable = False
    return keras.Model(inputs, frozen(x[:, -1]) * 2.0 + 1)


NETWORKS: Sequence[Entry] = tuple((build.__name__, build) for build in (
    mnist, imdb, reuters, housing, convnet, lstm, gru, residual, tickets, siamese, translation, transformer, shared
))  # fmt: skip

FAMILIES: dict[str, Sequence[Entry]] = {"core": CORE, "windows": WINDOWS, "sequences": SEQUENCES, "networks": NETWORKS}
WHOLE_H5 = ("dense", "housing", "lstm", "residual", "siamese", "translation", "batch_normalization_axis", "shared",
            "time_distributed_model", "multi_head_attention")  # fmt: skip
"""Models that are saved as one HDF5 file too."""


def stirred(model: Any) -> None:
    """Give a model other weights than it starts from; variances and what counts stay positive."""
    draw = np.random.default_rng(7)
    for variable in model.weights:
        if variable.name in ("count", "mean", "variance") or "int" in str(variable.dtype):
            continue
        values = draw.normal(0, 0.4, variable.shape)
        variable.assign(np.abs(values) + 0.5 if variable.name == "moving_variance" else values)


def fed(model: Any, draw: np.random.Generator) -> list[np.ndarray]:
    """Inputs for a model: padded words where it looks them up."""
    out = []
    for tensor in model.inputs:
        shape = [ROWS if place == 0 else 6 if size is None else size for place, size in enumerate(tensor.shape)]
        if "int" in tensor.dtype:
            words = draw.integers(1, 6, shape).astype("int32")
            words[1:, -2:] = 0
            out.append(words)
        else:
            values = draw.normal(0, 1, shape).astype("float32")
            if any(isinstance(layer, L.Masking) for layer in model.layers):
                values[1:, -2:] = 0
            out.append(values)
    return out


def main(names: Sequence[str]) -> None:
    """Write all families, or those named."""
    OUT.mkdir(parents=True, exist_ok=True)
    for family in names or FAMILIES:
        with (
            zipfile.ZipFile(OUT / f"{family}.zip", "w", zipfile.ZIP_DEFLATED) as archive,
            tempfile.TemporaryDirectory() as folder,
        ):
            for name, build in FAMILIES[family]:
                keras.utils.clear_session()
                model = build()
                stirred(model)
                inputs = fed(model, np.random.default_rng(1))
                outputs = model.predict(inputs if len(inputs) > 1 else inputs[0], verbose=0)
                outputs = outputs if isinstance(outputs, list) else [outputs]
                for ending in (".keras", ".h5") if name in WHOLE_H5 else (".keras",):
                    place = Path(folder) / f"{name}{ending}"
                    model.save(place)
                    archive.write(place, place.name)
                content = io.BytesIO()
                np.savez(
                    content,
                    **{f"in_{i}": a for i, a in enumerate(inputs)},
                    **{f"out_{i}": a for i, a in enumerate(outputs)},
                )
                archive.writestr(f"{name}.npz", content.getvalue())
        print(f"{family}: {(OUT / f'{family}.zip').stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
