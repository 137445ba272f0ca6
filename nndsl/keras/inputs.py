"""The inputs of a model: their names and types. What an Embedding looks up are indices, whatever Keras calls them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nndsl.keras.names import Names, is_made_up
from nndsl.keras.network import Layer, Malformed, Network, Tensor, shape_of

VIEWS = ("Flatten", "Reshape", "Identity", "Permute")
AXES = {2: ("time",), 3: ("time", "width"), 4: ("height", "width", "channels"),
        5: ("depth", "height", "width", "channels")}  # fmt: skip
COUNTED = {"Embedding": "input_dim", "CategoryEncoding": "num_tokens"}
"""Layers that take indices, and the setting that says how many there are."""

WISHED = {4: "image", 5: "volume"}


@dataclass
class Input:
    """One input: `count` is the number of indices, where it has indices."""

    name: str
    tensor: Tensor
    dims: tuple[str, ...]
    dtype: str
    count: int | None
    count_text: str = ""

    def rename_count(self, const: str) -> None:
        """Say the number of indices by a const."""
        self.count_text = const if self.count is not None else ""

    @property
    def type(self) -> str:
        """`f32[batch, 784]` or `index<vocabulary>[batch, time]`."""
        dtype = f"index<{self.count_text or self.count}>" if self.count is not None else self.dtype
        return f"{dtype}[{', '.join(self.dims)}]"


def inputs_of(network: Network, names: Names, apart: bool) -> list[Input]:
    """The inputs in their order. With `apart` unknown sizes of the second input are others than those of the first."""
    out: list[Input] = []
    for place, tensor in enumerate(network.inputs):
        layer = network.layer(tensor.layer)
        shape = shape_of(layer.config.get("batch_shape", layer.config.get("batch_input_shape")))
        if layer.kind != "InputLayer" or shape is None:
            raise Malformed(f"input `{layer.name}` does not say its shape")
        count = _count(network, Tensor(tensor.layer, 0, 0))
        dtype = "bool" if layer.config.get("dtype") == "bool" else "f32"
        ending = f"_{place + 1}" if apart and place else ""
        known = AXES.get(len(shape), ())
        dims = ["batch"]
        for axis, size in enumerate(shape[1:]):
            name = known[axis] if axis < len(known) else f"size_{axis + 1}"
            dims.append(f"{name}{ending}" if size is None else str(size))
        wished = layer.name
        if is_made_up(wished):
            wished = "words" if count is not None else WISHED.get(len(shape), "x")
        out.append(Input(names.give(wished, "input"), tensor, tuple(dims), dtype, count))
    return out


def _count(network: Network, tensor: Tensor) -> int | None:
    """How many indices a value may have: what the layers that look it up allow; None where none does."""
    counts = []
    for layer in network.layers:
        for call in layer.calls:
            passed = [each for value in call.args for each in (value if isinstance(value, list) else [value])]
            for place, each in enumerate(passed):
                if not isinstance(each, Tensor) or (each.layer, each.node, each.index) != (tensor.layer, 0, 0):
                    continue
                found = layer.config.get(COUNTED.get(layer.kind, ""))
                if layer.inner is not None and place < len(layer.inner.inputs):
                    found = _count(layer.inner, layer.inner.inputs[place])
                elif layer.kind in VIEWS:
                    found = _count(network, Tensor(layer.name, 0, 0)) if layer.name != tensor.layer else None
                if isinstance(found, int) and not isinstance(found, bool) and found > 0:
                    counts.append(found)
    return min(counts, default=None)


def is_index(network: Network, tensor: Tensor, inputs: Sequence[Input]) -> bool:
    """Whether a value is known to be indices: an input of them, or what a layer makes so."""
    for _ in range(len(network.layers) + 1):
        for each in inputs:
            if (each.tensor.layer, each.tensor.node) == (tensor.layer, tensor.node):
                return each.count is not None
        layer: Layer = network.layer(tensor.layer)
        if layer.kind == "Discretization":
            return True
        first = layer.calls[tensor.node].args[:1]
        if layer.kind not in VIEWS or not first or not isinstance(first[0], Tensor):
            return False
        tensor = first[0]
    return False
