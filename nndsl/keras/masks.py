"""Masks in the calls that Keras recorded, and masks that ride on values here: one made the other.

`Embedding(…, mask_zero=True)` before an LSTM is saved as `lstm(e, mask=words != 0)`; what rides here by itself is taken
out, and a mask that somebody passed stays. The other way round masks ride on here where they are lost in Keras, by
functions such as `a + b`: there a call says `mask=none`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from nndsl.keras.network import Call, Layer, Network, Tensor

PASS_ON = (
    "Dense", "Dropout", "SpatialDropout1D", "GaussianNoise", "GaussianDropout", "AlphaDropout", "Activation", "ReLU",
    "LeakyReLU", "ELU", "PReLU", "Identity", "LayerNormalization", "RMSNormalization", "BatchNormalization",
    "TimeDistributed", "MultiHeadAttention", "GroupQueryAttention",
)  # fmt: skip
JOIN = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")
RECURRENT = ("SimpleRNN", "LSTM", "GRU", "Bidirectional")
TAKING = (*RECURRENT, "GlobalAveragePooling1D")
DEEPEST = 200


@dataclass(frozen=True)
class NoMask:
    """What stands for `none` in a call that turns off the mask that would ride in."""


def riding_masks(network: Network) -> Network:
    """The model with calls that name those masks that do not ride here by themselves."""
    by_name = {layer.name: layer for layer in network.layers}
    sources = any(layer.kind == "Masking" or layer.config.get("mask_zero") is True for layer in network.layers)

    def slim(layer: Layer, call: Call) -> Call:
        kept: dict[str, object] = {}
        passed = _passed(call)
        riding = {_rides(tensor, by_name) for key, tensor in passed if not key.endswith("mask")} - {None}
        for key, value in call.kwargs.items():
            masked = key.endswith("mask") and key != "attention_mask"
            if not (masked and isinstance(value, Tensor) and _meaning(value, by_name) in riding):
                kept[key] = value
        off = layer.kind in TAKING and call.recorded and call.kwargs.get("mask") is None
        if off and (sources or len(passed) > 1):
            kept["mask"] = NoMask()
        return replace(call, kwargs=kept)

    def of(layer: Layer) -> Layer:
        inner = None if layer.inner is None else riding_masks(layer.inner)
        return replace(layer, calls=tuple(slim(layer, call) for call in layer.calls), inner=inner)

    return replace(network, layers=tuple(map(of, network.layers)))


def _passed(call: Call) -> list[tuple[str, Tensor]]:
    named: list[tuple[str, object]] = [("", value) for value in call.args]
    named += [
        (key, each) for key, value in call.kwargs.items() for each in (value if isinstance(value, list) else [value])
    ]
    return [(key, value) for key, value in named if isinstance(value, Tensor)]


Meaning = tuple[Tensor, object]
"""A mask: the tensor that is looked at, and the value that only fills up."""


def _rides(tensor: Tensor, layers: Mapping[str, Layer], depth: int = 0) -> Meaning | None:
    """The mask that rides on a value in Keras, by what made it."""
    layer = layers.get(tensor.layer)
    if depth > DEEPEST or layer is None or tensor.node >= len(layer.calls) or not layer.calls[tensor.node].args:
        return None
    first = layer.calls[tensor.node].args[0]
    if layer.kind in JOIN and isinstance(first, list) and not layer.is_operation:
        met = {_rides(each, layers, depth + 1) for each in first[:8] if isinstance(each, Tensor)}
        return met.pop() if len(met) == 1 else None
    if not isinstance(first, Tensor):
        return None
    if layer.kind == "Embedding":
        return (first, 0) if layer.config.get("mask_zero") is True else None
    if layer.kind == "Masking":
        return first, layer.config.get("mask_value")
    if layer.kind in RECURRENT:
        config = layer.wrapped[0].config if layer.wrapped else layer.config
        sequence = config.get("return_sequences") is True and not tensor.index
        return _rides(first, layers, depth + 1) if sequence else None
    return _rides(first, layers, depth + 1) if layer.kind in PASS_ON else None


def is_lost(tensor: Tensor, layers: Mapping[str, Layer]) -> bool:
    """Whether a mask may ride on a value here that Keras lost: behind a function."""
    for _ in range(DEEPEST):
        layer = layers.get(tensor.layer)
        if layer is None or tensor.node >= len(layer.calls):
            return False
        if layer.is_operation:
            return any(other.kind == "Masking" or other.config.get("mask_zero") is True for other in layers.values())
        first = layer.calls[tensor.node].args[:1]
        if layer.kind not in (*PASS_ON, *RECURRENT) or not first or not isinstance(first[0], Tensor):
            return False
        tensor = first[0]
    return False


def _meaning(mask: Tensor, layers: Mapping[str, Layer]) -> Meaning | None:
    """What a mask says, where it is `words != 0` or `any(x != value)`."""
    layer = layers.get(mask.layer)
    if layer is None or mask.node >= len(layer.calls):
        return None
    match layer.kind, layer.calls[mask.node].args:
        case "NotEqual", (Tensor() as seen, int() | float() as filler):
            return seen, filler
        case "Any", (Tensor() as inner,):
            return _meaning(inner, layers)
    return None
