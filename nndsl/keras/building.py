"""How a layer is built: `Dense(64, activation=relu)` from the settings that Keras wrote."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from nndsl.diagnostics import Problem
from nndsl.keras.arguments import Unsaid, numbers, penalty, truth
from nndsl.keras.layers import KINDS, OPERATORS, SILENT, Setting
from nndsl.keras.network import WRAPPERS, Layer
from nndsl.problems.keras import LayerReduced, LayerUnknown

NO_CODE = "what an archive holds as code is not run; build this part from layers of the library (docs/library.md)"
KERAS_2_NAMES = {"LeakyReLU": {"alpha": "negative_slope"}}


@dataclass
class Builder:
    """Texts of layers, and what was found wrong on the way.

    `definition` names the layer that a model within is made; `statistics` has the mean and the variance of
    Normalization layers that were adapted, by the id of the Layer; `trained` says whether there is a loss, to which
    penalties are added.
    """

    version: str
    definition: Callable[[Layer], str]
    statistics: Mapping[int, tuple[object, object]] = field(default_factory=dict)
    trained: bool = False
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, layer: Layer, reason: str, cure: str | None = None) -> str:
        """Note that a layer cannot be said; the text that stands for it in what is never shown."""
        self.problems.append(LayerUnknown(None, layer.name, layer.kind, reason, cure))
        return "Identity()"

    def reduce(self, layer: Layer, reason: str) -> None:
        """Note that something of a layer was left out."""
        self.problems.append(LayerReduced(None, layer.name, layer.kind, reason))

    def built(self, layer: Layer, known: Mapping[tuple[str, str], str] | None = None, wrapped: bool = False) -> str:
        """The text that builds a layer. `known` has names for values of settings: consts of the model."""
        try:
            if layer.registered is not None or not layer.module.startswith("keras"):
                raise Unsaid(f"it is a class of its own ({(layer.registered or layer.module)[:60]})")
            self._about_numbers(layer)
            if layer.inner is not None:
                return f"{self.definition(layer)}()"
            if layer.kind in WRAPPERS:
                return self._wrapper(layer)
            return self._plain(layer, known or {}, wrapped)
        except Unsaid as unsaid:
            return self.refuse(layer, str(unsaid), NO_CODE if "of its own" in str(unsaid) else None)

    def _plain(self, layer: Layer, known: Mapping[tuple[str, str], str], wrapped: bool) -> str:
        renamed = KERAS_2_NAMES.get(layer.kind, {})
        config = {renamed.get(key, key): value for key, value in layer.config.items()}
        if layer.kind == "Normalization":
            return self._normalization(layer, config)
        kind = KINDS.get(layer.kind)
        if kind is None:
            raise Unsaid("a Lambda layer is code of its own" if layer.kind == "Lambda" else "nndsl has no such layer")
        if "pool_size" in config and config.get("strides") == config["pool_size"]:
            config["strides"] = None
        if layer.kind == "MultiHeadAttention":
            config = self._attention_settings(config)
        usual = {key for key, value in kind.usual.items() if config.get(key) == value}
        self._nothing_else(layer, config, usual.union(setting.key for setting in kind.settings), wrapped)
        arguments = []
        for setting in kind.settings:
            text = self._setting(layer, setting, config)
            text = known.get((setting.key, text), text) if text is not None else None
            if text is None or text == setting.default:
                continue
            if setting.said is penalty and not self.trained:
                self.reduce(layer, f"`{setting.key}` was left out: the file says no loss to add it to")
                continue
            by_place = setting.default is None
            arguments.append(text if by_place else f"{setting.name or setting.key}={text}")
        return f"{kind.name}({', '.join(arguments)})"

    def _setting(self, layer: Layer, setting: Setting, config: Mapping[str, object]) -> str | None:
        """The text of a setting; None where it is not there, or only matters in training and has no text."""
        if setting.key not in config:
            if setting.default is None:
                raise Unsaid(f"its `{setting.key}` is missing")
            return None
        value = config[setting.key]
        if value is None and setting.default is not None:
            return None
        try:
            text = setting.said(value)
        except Unsaid as unsaid:
            if setting.training:
                self.reduce(layer, f"`{setting.key}` was left out: {unsaid}")
                return None
            raise Unsaid(f"`{setting.key}`: {unsaid}") from None
        if text == "hard_sigmoid" and self.version[:2] in ("1.", "2."):
            raise Unsaid("the hard_sigmoid of Keras 2 is another function than that of Keras 3 and nndsl")
        return text

    def _nothing_else(self, layer: Layer, config: Mapping[str, object], known: set[str], wrapped: bool) -> None:
        """Raise Unsaid, or note, where a setting says something that nndsl does not know."""
        for key, value in config.items():
            if key in known or key in SILENT or value in (None, False) or value == []:
                continue
            match key:
                case "data_format":
                    if value == "channels_first":
                        raise Unsaid("channels come first; nndsl has them last")
                case "zero_output_for_mask" if wrapped:
                    pass
                case _ if key.endswith("_initializer"):
                    pass
                case _ if key == "noise_shape" or key.endswith(("_regularizer", "_constraint")):
                    self.reduce(layer, f"`{key}` was left out: the layer here has none")
                case _:
                    raise Unsaid(f"`{key}` is {_short(value)}, which nndsl does not have")

    @staticmethod
    def _attention_settings(config: Mapping[str, object]) -> dict[str, object]:
        settings = dict(config)
        if settings.get("value_dim") == settings.get("key_dim"):
            settings["value_dim"] = None
        if settings.get("attention_axes") == [1]:
            settings["attention_axes"] = None
        return settings

    def _normalization(self, layer: Layer, config: Mapping[str, object]) -> str:
        axis = config.get("axis")
        if axis not in (-1, [-1], None, []):
            raise Unsaid(f"it goes along axis {_short(axis)}; nndsl has the last one, or all")
        mean, variance = self.statistics.get(id(layer), (config.get("mean"), config.get("variance")))
        if mean is None or variance is None:
            raise Unsaid("it was never adapted: there are no mean and variance")
        invert = ", invert=true" if truth(config.get("invert", False)) == "true" else ""
        return f"Normalization({numbers(mean)}, {numbers(variance)}{invert})"

    def _wrapper(self, layer: Layer) -> str:
        first = layer.wrapped[0]
        inner = self.built(first, wrapped=True)
        if layer.kind == "TimeDistributed":
            self._nothing_else(layer, layer.config, {"layer"}, False)
            return f"TimeDistributed({inner})"
        self._nothing_else(layer, layer.config, {"layer", "backward_layer", "merge_mode"}, False)
        modes: dict[object, str] = {None: ", merge_mode=none", "concat": ""}
        modes |= {mode: f', merge_mode="{mode}"' for mode in ("sum", "mul", "ave")}
        mode = layer.config.get("merge_mode", "concat")
        if not isinstance(mode, str | None) or mode not in modes:
            raise Unsaid(f"`merge_mode` is {_short(mode)}")
        behind = ""
        if len(layer.wrapped) > 1:
            told = len(self.problems)
            text = self.built(layer.wrapped[1], wrapped=True)
            if text == self.built(_turned(first), wrapped=True):
                del self.problems[told:]
            else:
                behind = f", backward_layer={text}"
        return f"Bidirectional({inner}{modes[mode]}{behind})"

    def _about_numbers(self, layer: Layer) -> None:
        """Note other dtypes than f32 and frozen weights. Raises Unsaid for quantized ones."""
        policy = layer.config.get("dtype")
        name: object = policy
        if isinstance(policy, Mapping):
            if policy.get("class_name") != "DTypePolicy":
                raise Unsaid("its weights are quantized")
            about = policy.get("config")
            name = about.get("name") if isinstance(about, Mapping) else None
        if isinstance(name, str) and name not in ("float32", "int32", "int64", "bool", "uint8", "int16", "int8"):
            self.reduce(layer, f"Keras computes it in {name[:40]}, nndsl in f32")
        if layer.config.get("trainable") is False and layer.kind not in ("InputLayer", *OPERATORS):
            self.reduce(layer, "its weights were frozen; here they are trained, unless `trains` leaves them out")


def _turned(layer: Layer) -> Layer:
    """A layer that goes over sequences the other way."""
    return replace(layer, config={**layer.config, "go_backwards": layer.config.get("go_backwards") is not True})


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


def results_of(layer: Layer, kwargs: Mapping[str, object]) -> int:
    """How many values a call of a layer gives."""
    if layer.inner is not None:
        return len(layer.inner.outputs)
    if kwargs.get("return_attention_scores") is True:
        return 2
    match layer.kind:
        case "SimpleRNN" | "GRU" | "LSTM" if layer.config.get("return_state") is True:
            return 3 if layer.kind == "LSTM" else 2
        case "Bidirectional":
            states = 2 * (results_of(layer.wrapped[0], {}) - 1)
            return states + (2 if layer.config.get("merge_mode", "concat") is None else 1)
    return 1
