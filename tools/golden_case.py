"""One golden case of a layer: outputs and gradients of Keras in f64, for weights and inputs of three decimals.

A case is a body of `.nn` that makes `y` from the inputs `x0`, `x1`, … with a layer `l`. Its loss is sum(y * c), where
c is cos(0), cos(1), … in the shape of y. The gradients are those of a training step, the value that of inference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import torch
from golden_files import Json

L = keras.layers
DIGITS = 12


@dataclass
class Case:
    """`parts` are Keras layers by the `.nn` path of their weights below `root`; `run(inputs, training)` applies them.

    Inputs are drawn, or given as `values`.
    """

    name: str
    layer: str
    shapes: list[list[int]]
    parts: dict[str, Any]
    run: Callable[..., Any]
    body: str = "y = l(x0)"
    types: list[str] = field(default_factory=list)
    counts: list[int | None] = field(default_factory=list)
    masks: dict[str, list[Any]] = field(default_factory=dict)
    root: str = "l."
    values: list[Any] = field(default_factory=list)


def numbers(value: Any) -> Json:
    """Nested lists of twelve digits."""
    array = np.asarray(value.detach() if isinstance(value, torch.Tensor) else value, np.float64)
    return [numbers(v) for v in array] if array.ndim else float(f"{float(array):.{DIGITS}g}")


def drawn(draw: np.random.Generator, shape: Any) -> np.ndarray:
    return np.round(draw.normal(size=tuple(shape)) * 0.7, 3)


def named_weights(case: Case) -> Iterator[tuple[str, Any]]:
    """Keras' variables with the path of the param they are to us, below `l`."""
    for prefix, layer in case.parts.items():
        keep = 2 if isinstance(layer, L.MultiHeadAttention | L.GroupQueryAttention) else 1
        for weight in layer.weights:
            yield ".".join([*([prefix] if prefix else []), *weight.path.split("/")[-keep:]]), weight


def golden(case: Case, seed: int) -> dict[str, Json]:
    """Weights, inputs, value, loss, gradients and states of one case."""
    draw = np.random.default_rng(seed)
    counts = case.counts or [None] * len(case.shapes)
    inputs = [drawn(draw, s) if n is None else draw.integers(0, n, s) for s, n in zip(case.shapes, counts, strict=True)]
    inputs = [np.array(given, x.dtype) for given, x in zip(case.values or inputs, inputs, strict=True)]
    masks = {name: torch.tensor(np.array(m, bool)) for name, m in case.masks.items()}
    tensors = [torch.tensor(x, requires_grad=x.dtype == np.float64) for x in inputs]
    case.run(*tensors, training=False, **masks)
    weights: dict[str, np.ndarray] = {}
    for name, weight in named_weights(case):
        values = drawn(draw, weight.shape)
        weights[name] = np.abs(values) + 0.5 if name.endswith("variance") else values
        weight.assign(weights[name])
    value = case.run(*tensors, training=False, **masks)
    out = case.run(*tensors, training=True, **masks)
    factors = torch.cos(torch.arange(out.numel(), dtype=torch.float64)).reshape(out.shape)
    loss = (out * factors).sum()
    loss.backward()
    gradients = {f"x{i}": numbers(t.grad) for i, t in enumerate(tensors) if t.requires_grad}
    states = {}
    for name, weight in named_weights(case):
        if weight.trainable:
            slope = weight.value.grad
            gradients[f"{case.root}{name}"] = numbers(slope if slope is not None else 0 * weight.value)
        else:
            states[f"{case.root}{name}"] = numbers(keras.ops.convert_to_numpy(weight))
    facts: dict[str, Json] = {
        "name": case.name,
        "layer": case.layer,
        "body": case.body,
        "types": case.types,
        "counts": counts,
        "inputs": [x.tolist() for x in inputs],
        "masks": case.masks,
        "weights": {f"{case.root}{k}": v.tolist() for k, v in weights.items()},
        "value": numbers(value),
        "loss": numbers(loss),
        "gradients": gradients,
        "states": states,
    }
    return {k: v for k, v in facts.items() if v not in ({}, [])}


def plain_case(
    name: str, text: str, layer: Any, *shapes: list[int], types: list[str], note: str = "", **more: Any
) -> Case:
    """One Keras layer applied to its inputs."""

    def run(*inputs: Any, training: bool, **masks: Any) -> Any:
        return layer(*inputs, training=training, **masks) if name != "merge" else layer(list(inputs))

    shown = " and ".join(" ".join(map(str, s)) for s in shapes)
    return Case(f"{text} of {shown}{note}", text, list(shapes), {"": layer}, run, types=types, **more)
