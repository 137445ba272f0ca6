"""Where the arrays of each layer lie in a file, and what they are called in the text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from nndsl.keras.layers import Weight, weights_of
from nndsl.keras.names import snake
from nndsl.keras.network import Layer, Network


@dataclass(frozen=True)
class Step:
    """A layer on the way to a weight; one that a wrapper holds is known by its kind and its number."""

    layer: Layer
    number: int = 0


@dataclass(frozen=True)
class Held:
    """An array: where an archive has it, and by which layers it is reached, the first one of the model itself."""

    place: tuple[str, ...]
    steps: tuple[Step, ...]
    weight: Weight
    trained: bool

    @property
    def layer(self) -> Layer:
        """The layer that computes with it."""
        return self.steps[-1].layer

    def param(self, names: Mapping[int, str]) -> str:
        """`encoder.dense.kernel`; `names` has those of layers and definitions in the text, by the id of the Layer."""
        parts = []
        for step in self.steps:
            name = names.get(id(step.layer), step.layer.kind)
            parts.append(f"{name}_{step.number}" if step.number else name)
        return ".".join((*parts, self.weight.param))


def held(network: Network) -> Iterator[Held]:
    """All arrays of a model, in the order of Keras."""
    yield from _of_network(network, ("layers",), (), network.trainable)


def _of_network(network: Network, path: tuple[str, ...], steps: tuple[Step, ...], trained: bool) -> Iterator[Held]:
    counted: dict[str, int] = {}
    for layer in network.layers:
        if layer.is_operation:
            continue
        wished = snake(layer.kind)
        number = counted.get(wished, 0)
        counted[wished] = number + 1
        yield from _of_layer((*path, f"{wished}_{number}" if number else wished), (*steps, Step(layer)), trained)


def _of_layer(place: tuple[str, ...], steps: tuple[Step, ...], trained: bool) -> Iterator[Held]:
    layer = steps[-1].layer
    trained = trained and layer.config.get("trainable") is not False
    if layer.inner is not None:
        yield from _of_network(layer.inner, (*place, "layers"), steps, trained and layer.inner.trainable)
    for below, step in _wrapped(layer):
        yield from _of_layer((*place, below), (*steps, step), trained)
    for weight in weights_of(layer.kind, layer.config):
        yield Held((*place, *weight.place), steps, weight, trained and not weight.state)


def _wrapped(layer: Layer) -> list[tuple[str, Step]]:
    """What a wrapper holds: by which name an archive has it, and its number among those of its kind."""
    if layer.kind == "TimeDistributed":
        return [("layer", Step(layer.wrapped[0], 1))]
    if layer.kind != "Bidirectional":
        return []
    first, second = layer.wrapped[0], layer.wrapped[-1]
    return [("forward_layer", Step(first, 1)), ("backward_layer", Step(second, 2 if first.kind == second.kind else 1))]
