"""A model of Keras as the text of a `.nn` file: layers with weights get names, values are piped through them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from nndsl.diagnostics import Problem
from nndsl.keras.arguments import Unsaid, number
from nndsl.keras.building import Builder, results_of
from nndsl.keras.inputs import Input, inputs_of, is_index
from nndsl.keras.layers import KINDS, OPERATORS, weights_of
from nndsl.keras.masks import NoMask, is_lost
from nndsl.keras.names import Names, capitals
from nndsl.keras.network import WRAPPERS, Call, Layer, Malformed, Network, Tensor
from nndsl.keras.operations import expression

LINE = 88
JOINING = ("Average", "Maximum", "Minimum", "Concatenate", "Dot")


@dataclass(frozen=True)
class Written:
    """The text; the names of layers and definitions in it, by the id of the Layer; and what was found wrong."""

    text: str
    names: Mapping[int, str]
    problems: tuple[Problem, ...]


def written(
    network: Network,
    name: str,
    origin: str,
    version: str,
    statistics: Mapping[int, tuple[object, object]],
    apart: bool = True,
) -> Written:
    """The text of a model. Sizes that only data knows have names of their own for each input, or with `apart=False`
    the same ones. Raises Malformed."""
    writer = _Writer(version, statistics, apart)
    main = writer.model(network, name)
    head = f"## {_clean(origin)}"
    text = "\n\n".join([*writer.definitions, f"{head}\n{main}"]) + "\n"
    return Written(text, writer.names, tuple(writer.builder.problems))


def _clean(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


class _Writer:
    """What all parts of a file share: names of definitions, and problems."""

    def __init__(self, version: str, statistics: Mapping[int, tuple[object, object]], apart: bool) -> None:
        self.builder = Builder(version, self.define, statistics)
        self.definitions: list[str] = []
        self.names: dict[int, str] = {}
        self.apart = apart
        self._heads = Names()
        self._defined: dict[int, str] = {}

    def define(self, layer: Layer) -> str:
        """The definition that a model within the model becomes, written where it is first asked for."""
        if id(layer) not in self._defined and layer.inner is not None:
            name = self._heads.give(capitals(layer.name), "Part")
            self._defined[id(layer)] = name
            if layer.inner is not None:
                self.definitions.append(self._part(layer.inner, name))
        return self._defined[id(layer)]

    def model(self, network: Network, name: str) -> str:
        """`model NAME(…) { … }`."""
        name = self._heads.give(name, "Network")
        names = Names(frozenset((name,)))
        inputs = inputs_of(network, names, self.apart)
        consts, known = _consts(network, inputs, names)
        body = _Body(self, network, names, inputs, known)
        lines = [f"input {each.name}: {each.type}" for each in inputs]
        lines += ["", *body.declared(), "", *body.lines(), *body.outputs()]
        listed = ", ".join(f"{const}: {kind} = {value}" for const, kind, value in consts)
        return _block(f"model {name}({listed})", lines)

    def _part(self, network: Network, name: str) -> str:
        """`layer NAME()(…) { … }`."""
        names = Names(frozenset((name,)))
        inputs = inputs_of(network, names, self.apart)
        body = _Body(self, network, names, inputs, {})
        lines = [*body.declared(), "", *body.lines(), body.returned()]
        listed = ", ".join(f"{each.name}: {each.type}" for each in inputs)
        return _block(f"layer {name}()({listed})", lines)


def _block(head: str, lines: Sequence[str]) -> str:
    text, blank = [], True
    for line in lines:
        if line or not blank:
            text.append(f"  {line}".rstrip())
        blank = not line
    return "\n".join([f"{head} {{", *text, "}"])


Known = Mapping[tuple[str, str], str]
"""Consts by the setting and the text that they stand for."""


def _consts(network: Network, inputs: Sequence[Input], names: Names) -> tuple[list[tuple[str, str, str]], Known]:
    """The consts of a model: how many words there are, and the rate of dropout where there is one."""
    consts: list[tuple[str, str, str]] = []
    known: dict[tuple[str, str], str] = {}
    counts = {each.count for each in inputs if each.count is not None}
    if len(counts) == 1:
        count = counts.pop()
        const = names.give("vocabulary")
        consts.append((const, "int", str(count)))
        known["input_dim", str(count)] = const
        known["num_tokens", str(count)] = const
        for each in inputs:
            each.rename_count(const)
    rates = {layer.config.get("rate") for layer in network.layers if layer.kind == "Dropout"}
    rate = rates.pop() if len(rates) == 1 else None
    if isinstance(rate, int | float) and not isinstance(rate, bool) and 0 < rate <= 1:
        const = names.give("dropout")
        consts.append((const, "float", repr(float(rate))))
        known["rate", repr(rate)] = const
    return consts, known


@dataclass
class _Body:
    """The lines of one model: each call, in the order in which values are needed."""

    writer: _Writer
    network: Network
    names: Names
    inputs: Sequence[Input]
    known: Known
    values: dict[Tensor, list[str]] = field(default_factory=dict)
    written: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.builder = self.writer.builder
        self.by_name = {layer.name: layer for layer in self.network.layers}
        self.order = self._ordered()
        self.uses = Counter(tensor for layer, node in self.order for tensor in layer.calls[node].tensors)
        self.uses.update(self.network.outputs)
        self.called = Counter(layer.name for layer, _ in self.order)
        self.built: dict[str, str] = {}
        for each in self.inputs:
            self.values[each.tensor] = [each.name]

    def _ordered(self) -> list[tuple[Layer, int]]:
        """The calls that the outputs need, each behind those it needs itself. Raises Malformed for a cycle."""
        order: list[tuple[Layer, int]] = []
        state: dict[tuple[str, int], bool] = {(each.tensor.layer, each.tensor.node): True for each in self.inputs}
        stack = [(tensor.layer, tensor.node) for tensor in reversed(self.network.outputs)]
        while stack:
            key = stack[-1]
            layer = self._layer(key[0])
            if key[1] >= len(layer.calls):
                if key not in state:
                    raise Malformed(f"call {key[1]} of layer `{layer.name}` is spoken of and not there")
                stack.pop()
                continue
            if state.get(key):
                stack.pop()
                continue
            needed = [(t.layer, t.node) for t in layer.calls[key[1]].tensors]
            missing = [each for each in needed if not state.get(each)]
            if not missing:
                state[key] = True
                order.append((layer, key[1]))
                stack.pop()
                continue
            if key in state:
                raise Malformed(f"layer `{layer.name}` needs its own result")
            state[key] = False
            stack += reversed(missing)
        return order

    def _layer(self, name: str) -> Layer:
        found = self.by_name.get(name)
        if found is None:
            raise Malformed(f"`{self.network.name}` speaks of a layer `{name}`, which it does not have")
        return found

    # --- layers ------------------------------------------------------------------------------------------

    def declared(self) -> list[str]:
        """A line for each layer that has weights, or is called with more than one value."""
        lines = []
        for layer in self.network.layers:
            if layer.is_operation or not self.called[layer.name] or layer.kind == "InputLayer":
                continue
            text = self._text(layer)
            if text is None:
                continue
            if self._is_named(layer):
                name = self.names.give(layer.name)
                self.writer.names[id(layer)] = name
                lines.append(f"{name} = {text}")
                self.built[layer.name] = name
            else:
                self.built[layer.name] = text
            for inner in (layer, *layer.wrapped):  # a model that a wrapper holds is known by its definition
                if inner is not layer and inner.inner is not None:
                    self.writer.names[id(inner)] = self.writer.define(inner)
        return lines

    def _text(self, layer: Layer) -> str | None:
        """What builds a layer; None for what is an operator."""
        if layer.kind in OPERATORS and layer.registered is None:
            return None
        text = self.builder.built(layer, self.known)
        return f"Activation({text[11:-1]})" if text.startswith("Activation(") else text

    def _is_named(self, layer: Layer) -> bool:
        if layer.kind in JOINING or layer.kind == "Normalization":
            return False
        if layer.inner is not None or layer.kind in WRAPPERS or weights_of(layer.kind, layer.config):
            return True
        return any(len(call.args) > 1 or _given(call) for call in layer.calls)

    # --- calls -------------------------------------------------------------------------------------------

    def lines(self) -> list[str]:
        """A line for each value that has a name."""
        for layer, node in self.order:
            try:
                stages = self._stages(layer, layer.calls[node])
            except Unsaid as unsaid:
                self.builder.refuse(layer, str(unsaid))
                stages = ["0"]
            self._keep(layer, node, stages)
        return self.written

    def _stages(self, layer: Layer, call: Call) -> list[str]:
        """A call as the stages of a pipe."""
        if layer.is_operation:
            return [_bare(expression(layer, call.args, call.kwargs, self._atom))]
        more = _given(call)
        if layer.kind in OPERATORS and layer.registered is None:
            return [self._operator(layer, call)]
        built = self.built[layer.name]
        arguments = self._arguments(layer, more)
        if layer.kind in JOINING:
            return [self._joined(layer, _listed(call), built)]
        args = call.args
        listing = layer.inner is not None or layer.kind in ("Attention", "AdditiveAttention")
        if listing and len(args) == 1 and isinstance(args[0], list):
            args = tuple(args[0])
        if not args or not all(isinstance(each, Tensor) for each in args):
            if layer.kind == "Bidirectional" or "initial_state" in self._calls(layer):
                args, arguments = self._with_states(args, arguments)
            if not args or not all(isinstance(each, Tensor) for each in args):
                raise Unsaid("it is called with something else than tensors")
        tensors = [each for each in args if isinstance(each, Tensor)]
        if layer.kind in ("Embedding", "CategoryEncoding") and not is_index(self.network, tensors[0], self.inputs):
            count = layer.config.get("input_dim", layer.config.get("num_tokens"))
            return [f"as_index(cast({self._atom(tensors[0])}, i32), {number(count)})", built]
        if layer.kind in ("MultiHeadAttention", "GroupQueryAttention") and len(tensors) > 1:
            sequences = [self._as_masked(each) for each in tensors]
            return [f"{built}({', '.join((*sequences, *arguments))})"]
        if len(tensors) > 1:
            return [f"{built}({', '.join((*map(self._atom, tensors), *arguments))})"]
        if arguments:
            return [f"{built}({', '.join((self._atom(tensors[0]), *arguments))})"]
        stage = built
        if layer.kind == "Activation":
            stage = built[len("Activation(") : -1]
        return [*self._open(tensors[0]), stage]

    @staticmethod
    def _calls(layer: Layer) -> frozenset[str]:
        if layer.kind == "Bidirectional":
            return frozenset({"initial_state", "mask"})
        kind = KINDS.get(layer.kind)
        return kind.calls if kind is not None else frozenset()

    def _arguments(self, layer: Layer, more: Mapping[str, object]) -> list[str]:
        """The arguments by name. Raises Unsaid for those that a layer here does not take."""
        out = []
        for key, value in more.items():
            if key == "training":
                raise Unsaid("it is called with training=True, always")
            if key not in self._calls(layer):
                raise Unsaid(f"it is called with `{key}`, which nndsl does not have")
            out.append(f"{key}={self._value(value)}")
        return out

    def _value(self, value: object) -> str:
        match value:
            case NoMask():
                return "none"
            case Tensor():
                return self._atom(value)
            case list():
                return f"[{', '.join(self._value(each) for each in value)}]"
            case bool():
                return "true" if value else "false"
        raise Unsaid("it is called with something else than tensors")

    def _as_masked(self, tensor: Tensor) -> str:
        """A sequence for attention, without a mask that Keras lost."""
        atom = self._atom(tensor)
        return f"with_mask({atom}, none)" if is_lost(tensor, self.by_name) else atom

    def _with_states(self, args: Sequence[object], arguments: list[str]) -> tuple[tuple[object, ...], list[str]]:
        """Keras 2 passes the first states behind the sequence in one list."""
        if len(args) == 1 and isinstance(args[0], list) and len(args[0]) > 1:
            first, *states = args[0]
            given = self._value(states[0] if len(states) == 1 else states)
            return (first,), [*arguments, f"initial_state={given}"]
        return tuple(args), arguments

    def _operator(self, layer: Layer, call: Call) -> str:
        tensors = _listed(call)
        if len(tensors) < 2 or (layer.kind == "Subtract" and len(tensors) != 2):
            raise Unsaid(f"it joins {len(tensors)} values")
        self._equal_ranks(tensors)
        return f" {OPERATORS[layer.kind]} ".join(map(self._atom, tensors))

    def _joined(self, layer: Layer, tensors: Sequence[Tensor], built: str) -> str:
        if not tensors:
            raise Unsaid("it joins no values")
        atoms = ", ".join(map(self._atom, tensors))
        if layer.kind == "Concatenate":
            inside = built[len("Concatenate(") : -1]
            return f"concat({atoms}{', ' if inside else ''}{inside})"
        if layer.kind != "Dot":
            self._equal_ranks(tensors)
        return f"{built}({atoms})"

    @staticmethod
    def _equal_ranks(tensors: Sequence[Tensor]) -> None:
        if len({len(t.shape) for t in tensors if t.shape is not None}) > 1:
            raise Unsaid("it joins values with different numbers of axes, which Keras and nndsl line up differently")

    # --- values ------------------------------------------------------------------------------------------

    def _open(self, tensor: Tensor) -> list[str]:
        """The stages of a value that a pipe may go on from."""
        return self.values[tensor]

    def _atom(self, tensor: Tensor) -> str:
        """A value by its name."""
        stages = self.values[tensor]
        if len(stages) > 1 or not stages[0].isidentifier():
            layer = self._layer(tensor.layer)
            self._assign(layer, tensor, stages)
        return self.values[tensor][0]

    def _keep(self, layer: Layer, node: int, stages: list[str]) -> None:
        count = results_of(layer, layer.calls[node].kwargs)
        results = [Tensor(layer.name, node, index) for index in range(count)]
        if count == 1:
            self.values[results[0]] = stages
            if self.uses[results[0]] > 1:
                self._assign(layer, results[0], stages)
            return
        names = []
        for index, result in enumerate(results):
            name = self.names.give(self._wished(layer, index), "out") if self.uses[result] else "_"
            self.values[result] = [name]
            names.append(name)
        self.written.append(f"{', '.join(names)} = {_piped(stages, len(', '.join(names)))}")

    def _assign(self, layer: Layer, tensor: Tensor, stages: list[str]) -> None:
        name = self.names.give(self._wished(layer, 0), "out")
        self.values[tensor] = [name]
        self.written.append(f"{name} = {_piped(stages, len(name))}")

    def _wished(self, layer: Layer, index: int) -> str:
        named = id(layer) in self.writer.names
        ending = ("out", "h", "c")[index] if index < 3 and layer.kind in ("LSTM", "GRU", "SimpleRNN") else "out"
        return f"{layer.name}_{ending}" if named or index else layer.name

    # --- ends --------------------------------------------------------------------------------------------

    def outputs(self) -> list[str]:
        """The `output` lines of a model."""
        several = len(self.network.outputs) > 1
        lines, given = [], set()
        for tensor in self.network.outputs:
            layer = self._layer(tensor.layer)
            stages = self.values[tensor]
            if tensor in given:
                continue
            given.add(tensor)
            if len(stages) == 1 and stages[0].isidentifier() and not any(tensor == each.tensor for each in self.inputs):
                lines.append(f"output {stages[0]}")
                continue
            likely = layer.config.get("activation") in ("softmax", "sigmoid") or layer.kind == "Softmax"
            wished = self._wished(layer, 0) if several else "probability" if likely else "prediction"
            name = self.names.give(wished, "output")
            lines.append(f"output {name} = {_piped(stages, len(name) + 7)}")
        return lines

    def returned(self) -> str:
        """The last line of a part."""
        tensors = self.network.outputs
        if len(tensors) == 1:
            return f"return {_piped(self.values[tensors[0]], 7)}"
        return "return " + ", ".join(self._atom(tensor) for tensor in tensors)


def _given(call: Call) -> dict[str, object]:
    """The arguments by name that say something."""
    return {key: value for key, value in call.kwargs.items() if value not in (None, False) and value != []}


def _listed(call: Call) -> list[Tensor]:
    """What a layer joins: values in a list, or one by one."""
    values = call.args[0] if len(call.args) == 1 and isinstance(call.args[0], list) else list(call.args)
    return [each for each in values if isinstance(each, Tensor)]


def _bare(text: str) -> str:
    """An expression without brackets around all of it."""
    if not (text.startswith("(") and text.endswith(")")):
        return text
    depth = 0
    for place, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0 and place < len(text) - 1:
            return text
    return text[1:-1]


def _piped(stages: Sequence[str], before: int) -> str:
    """Stages in one line, or each in its own where they are many."""
    line = " |> ".join(stages)
    if len(stages) <= 2 or (len(stages) <= 5 and before + len(line) + 5 <= LINE):
        return line
    return "\n    |> ".join(stages)
