"""The JSON of a model as layers, calls and tensors: Sequential and functional models, as Keras 2 and 3 write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

WRAPPERS = ("Bidirectional", "TimeDistributed")
NETWORKS = ("Sequential", "Functional", "Model")
UNSAID = "keras"
"""The module of a layer in files that name none."""

DEEPEST = 24  # models within models, and lists within lists


class Malformed(Exception):
    """The JSON is not of the form that Keras writes; the text says where."""


@dataclass(frozen=True)
class Tensor:
    """Result `index` of call `node` of a layer. `shape` is what Keras noted of it, where it did."""

    layer: str
    node: int
    index: int
    shape: tuple[int | None, ...] | None = field(default=None, compare=False)


Argument = object
"""A Tensor, a list of arguments, or what JSON has: numbers, texts, truth values, None."""


@dataclass(frozen=True)
class Call:
    """One application of a layer. `recorded` where Keras wrote down all that was passed, masks too."""

    args: tuple[Argument, ...]
    kwargs: Mapping[str, Argument]
    recorded: bool = False

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """All that is passed, in order."""
        return tuple(_tensors((*self.args, *self.kwargs.values())))


@dataclass(frozen=True)
class Layer:
    """A layer, an operation or a model within a model (`inner`). `wrapped` are the layers that a wrapper holds."""

    kind: str
    name: str
    module: str
    config: Mapping[str, object]
    shape: tuple[int | None, ...] | None
    calls: tuple[Call, ...]
    inner: Network | None = None
    registered: str | None = None
    wrapped: tuple[Layer, ...] = ()

    @property
    def is_operation(self) -> bool:
        """Whether it is a function of `keras.ops` in a functional model: those keep no weights."""
        return ".ops" in self.module


@dataclass(frozen=True)
class Network:
    """A model. `layers` have Keras' order, which is that of the weights."""

    name: str
    layers: tuple[Layer, ...]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    trainable: bool = True

    def layer(self, name: str) -> Layer:
        """The layer of a name. Raises Malformed."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise Malformed(f"`{self.name}` speaks of a layer `{name}`, which it does not have")


def network_of(described: object, shape: tuple[int | None, ...] | None = None, depth: int = 0) -> Network:
    """A model from its JSON, `{"class_name": "Sequential", "config": …}`. Raises Malformed."""
    if depth > DEEPEST:
        raise Malformed("models are nested too deeply")
    kind, config = text_at(described, "class_name"), mapping_at(described, "config")
    match kind:
        case "Sequential":
            network = _sequential(config, shape, depth)
        case "Functional" | "Model":
            network = _functional(config, depth)
        case _:
            raise Malformed(f"a {kind[:50]} is neither a Sequential nor a functional model: its JSON does not show it")
    names = [layer.name for layer in network.layers]
    if len(set(names)) < len(names):
        raise Malformed(f"`{network.name}` has two layers of one name")
    return network


def _sequential(config: Mapping[str, object], shape: tuple[int | None, ...] | None, depth: int) -> Network:
    described = list_at(config, "layers")
    layers = [layer_of(each, depth) for each in described]
    if not layers or layers[0].kind != "InputLayer":
        first = None
        if layers:
            first = shape_of(layers[0].config.get("batch_input_shape")) or layers[0].shape
        known = first or shape_of(config.get("build_input_shape")) or shape
        if known is None:
            raise Malformed("the Sequential model was never built: it does not say the shape of its input")
        dtype = layers[0].config.get("dtype") if layers else None
        start = {"batch_shape": list(known), "dtype": dtype if isinstance(dtype, str) else "float32"}
        name = "input"
        while any(layer.name == name for layer in layers):
            name += "_"
        layers.insert(0, Layer("InputLayer", name, "keras.layers", start, None, ()))
    now = Tensor(layers[0].name, 0, 0, _input_shape(layers[0]))
    first_tensor = now
    chained = [layers[0]]
    for layer in layers[1:]:
        if layer.kind == "InputLayer":
            raise Malformed("a Sequential model has an InputLayer that is not the first layer")
        chained.append(replace(layer, calls=(Call((now,), {}),)))
        now = Tensor(layer.name, 0, 0)
    trainable, called = config.get("trainable") is not False, config.get("name")
    network = called if isinstance(called, str) else "sequential"
    return Network(network, tuple(chained), (first_tensor,), (now,), trainable)


def _functional(config: Mapping[str, object], depth: int) -> Network:
    name = config.get("name")
    layers = tuple(layer_of(each, depth) for each in list_at(config, "layers"))
    inputs = tuple(_ends(config.get("input_layers"), "input_layers"))
    outputs = tuple(_ends(config.get("output_layers"), "output_layers"))
    if not inputs or not outputs:
        raise Malformed("a functional model has no inputs or no outputs")
    trainable = config.get("trainable") is not False
    return Network(name if isinstance(name, str) else "model", layers, inputs, outputs, trainable)


def layer_of(described: object, depth: int = 0) -> Layer:
    """A layer from its JSON; what wraps another layer holds that in its config. Raises Malformed."""
    kind, config = text_at(described, "class_name"), mapping_at(described, "config")
    about: Mapping[str, object] = described if isinstance(described, Mapping) else {}
    name = about.get("name", config.get("name"))
    if not isinstance(name, str):
        raise Malformed(f"a layer of the class {kind[:60]} has no name")
    shape = None
    built = about.get("build_config")
    if isinstance(built, Mapping):
        shape = shape_of(built.get("input_shape"))
    nodes = about.get("inbound_nodes") or []
    if not isinstance(nodes, list):
        raise Malformed(f"the calls of layer `{name}` are no list")
    calls = tuple(_call(node, name) for node in nodes)
    module = about.get("module")
    registered = about.get("registered_name")
    own = isinstance(registered, str) and ">" in registered and not registered.startswith("keras")
    inner = network_of(described, shape, depth + 1) if kind in NETWORKS and not own else None
    wrapped: list[Layer] = []
    if kind in WRAPPERS:
        if depth > DEEPEST:
            raise Malformed("layers are nested too deeply")
        held = [config.get(key) for key in ("layer", "backward_layer")]
        wrapped = [layer_of(each, depth + 1) for each in held if each is not None]
        if not wrapped:
            raise Malformed(f"layer `{name}` wraps none")
    return Layer(kind, name, module if isinstance(module, str) else UNSAID, config, shape, calls, inner,
                 registered if own and isinstance(registered, str) else None, tuple(wrapped))  # fmt: skip


def _call(node: object, name: str) -> Call:
    match node:
        case {"args": list(args), "kwargs": dict(kwargs)}:  # Keras 3
            return Call(tuple(_argument(a) for a in args), {str(k): _argument(v) for k, v in kwargs.items()}, True)
        case [[str(), *_], *_] as entries:  # Keras 2: [[layer, node, index, kwargs], …]
            tensors = []
            more: dict[str, Argument] = {}
            for entry in entries:
                tensors.append(_history(entry))
                if isinstance(entry, list) and len(entry) > 3 and isinstance(entry[3], dict):
                    more |= {str(k): _argument(v, keras_2=True) for k, v in entry[3].items()}
            first: Argument = tensors[0] if len(tensors) == 1 else list(tensors)
            return Call((first,), more)
    raise Malformed(f"a call of layer `{name}` is written in a way that is not known")


def _argument(value: object, depth: int = 0, keras_2: bool = False) -> Argument:
    """What is passed in a call, with tensors in place of what stands for them."""
    if depth > DEEPEST:
        raise Malformed("lists are nested too deeply")
    match value:
        case {"class_name": "__keras_tensor__", "config": {"keras_history": history, **about}}:
            found = _history(history)
            return Tensor(found.layer, found.node, found.index, shape_of(about.get("shape")))
        case [str(), int(), int()] if keras_2:
            return _history(value)
        case list():
            return [_argument(each, depth + 1, keras_2) for each in value]
    return value


def _history(value: object) -> Tensor:
    match value:
        case [str(layer), int(node), int(index), *_] if node >= 0 and index >= 0:
            return Tensor(layer, node, index)
    raise Malformed("a tensor is written in a way that is not known")


def _ends(value: object, name: str) -> list[Tensor]:
    """The inputs or outputs of a model: one, a list of them, or a mapping."""
    match value:
        case [str(), int(), int()]:
            return [_history(value)]
        case list():
            return [tensor for each in value for tensor in _ends(each, name)]
        case dict():
            return [tensor for each in value.values() for tensor in _ends(each, name)]
    raise Malformed(f"`{name}` is written in a way that is not known")


def _tensors(values: Sequence[object]) -> list[Tensor]:
    out: list[Tensor] = []
    for value in values:
        if isinstance(value, Tensor):
            out.append(value)
        elif isinstance(value, list):
            out += _tensors(value)
    return out


def _input_shape(layer: Layer) -> tuple[int | None, ...] | None:
    return shape_of(layer.config.get("batch_shape", layer.config.get("batch_input_shape")))


# --- JSON ----------------------------------------------------------------------------------------------------


def shape_of(value: object) -> tuple[int | None, ...] | None:
    """A shape, where it is one: a list of sizes and nulls."""
    if not isinstance(value, list | tuple):
        return None
    if not all(size is None or (isinstance(size, int) and not isinstance(size, bool)) for size in value):
        return None
    return tuple(value)


def mapping_at(owner: object, key: str) -> Mapping[str, object]:
    """An object of JSON. Raises Malformed."""
    found = owner.get(key) if isinstance(owner, Mapping) else None
    if not isinstance(found, Mapping):
        raise Malformed(f"`{key}` is missing or no object of JSON")
    return found


def list_at(owner: object, key: str) -> list[object]:
    """A list. Raises Malformed."""
    found = owner.get(key) if isinstance(owner, Mapping) else None
    if not isinstance(found, list):
        raise Malformed(f"`{key}` is missing or no list")
    return found


def text_at(owner: object, key: str) -> str:
    """A text. Raises Malformed."""
    found = owner.get(key) if isinstance(owner, Mapping) else None
    if not isinstance(found, str):
        raise Malformed(f"`{key}` is missing or no text")
    return found
