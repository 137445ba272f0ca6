"""Gradients against finite differences, in f64 on the NumPy engine."""

from __future__ import annotations

from typing import Any

import numpy as np

from nndsl.ir.dims import Dim, evaluate, symbols
from nndsl.ir.graph import Graph, Model, Port
from nndsl.runtime.interpreter import run
from nndsl.runtime.parameters import draw

ROWS = 3
STEPS = (1e-5, 6e-7, 4e-8)
"""How far apart the two points of a difference lie. A kink between them (relu, max) is no fault of the gradient: where
the difference is another one, it is taken once more between points that lie nearer."""
CLOSE = 1e-6
PROBES = 24


def made_up(port: Port, sizes: dict[str, int], numbers: np.random.Generator) -> Any:
    """Random data that fits a declaration and its value kind."""
    shape = tuple(evaluate(s, sizes) for s in port.type.shape)
    kind = port.type.kind.name if port.type.kind else ""
    if kind == "index":
        count = evaluate(port.type.kind.count, sizes) if port.type.kind and port.type.kind.count is not None else 2
        return numbers.integers(0, count, shape).astype(np.int32)
    if kind == "onehot":
        return np.eye(shape[-1])[numbers.integers(0, shape[-1], shape[:-1])]
    if kind == "binary":
        return numbers.integers(0, 2, shape).astype(np.float64)
    if kind == "prob":
        return numbers.uniform(0.1, 0.9, shape)
    if port.type.dtype in ("i32", "i64"):
        return numbers.integers(0, 5, shape)
    return numbers.normal(size=shape) if port.type.dtype != "bool" else numbers.integers(0, 2, shape).astype(bool)


def sizes_for(model: Model, rows: int = ROWS) -> dict[str, int]:
    """A small size for each symbolic dim, larger until the model's own indices fit."""
    found: dict[str, int] = {}
    for port in (*model.inputs, *model.targets):
        for size in port.type.shape:
            if isinstance(size, Dim) and size.name:
                found.setdefault(size.name, rows + len(found))
    while max(found.values(), default=4096) < 4096:
        unmet = next((c for c in model.constraints if not c.holds(found)), None)
        if unmet is None:
            break
        if unmet.divisor is not None:
            found[symbols(unmet.size)[-1]] += 1
        else:
            found = {name: (size * 2 if position else size) for position, (name, size) in enumerate(found.items())}
    return found


def compare(model: Model, gradient: Graph, seed: int) -> list[tuple[str, float]]:
    """The error of each param's gradient, relative to its largest entry: central differences at up to 24 places."""
    numbers = np.random.default_rng(seed)
    sizes = sizes_for(model)
    inputs = {p.name: made_up(p, sizes, numbers) for p in (*model.inputs, *model.targets)}
    store: dict[str, Any] = {k: v.astype(np.float64) if v.dtype == np.float32 else v
                             for k, v in {**draw(model.params, seed), **draw(model.states, seed)}.items()}  # fmt: skip
    for name in [p.name for p in model.params]:
        store[name] = store[name] + numbers.normal(0, 0.05, store[name].shape)
    scalars = {"key": seed, "step": 1, "learning_rate": 0.0}
    outputs, _ = run(gradient, {**store, **inputs}, scalars, sizes)
    if not np.isfinite(outputs["loss"]):  # a logarithm or a root of what is below zero
        inputs = {name: abs(x) if x.dtype.kind == "f" else x for name, x in inputs.items()}
        outputs, _ = run(gradient, {**store, **inputs}, scalars, sizes)
    loss = Graph("loss", tuple(o for o in gradient.outputs if o[0] == "loss"))

    def value_at(name: str, place: Any, shift: float) -> float:
        moved = store[name].copy()
        moved[place] += shift
        return float(run(loss, {**store, name: moved, **inputs}, scalars, sizes)[0]["loss"])

    # A gradient that is zero for reasons of symmetry is measured against the others, not against its own rounding.
    largest = max((float(np.max(np.abs(outputs[f"grad.{p.name}"]))) for p in model.params), default=0.0)
    errors: list[tuple[str, float]] = []
    for spec in model.params:
        grad = outputs[f"grad.{spec.name}"]
        places = list(np.ndindex(grad.shape))
        chosen = [places[i] for i in numbers.permutation(len(places))[:PROBES]]
        scale = max(1e-8, 1e-3 * largest, float(np.max(np.abs(grad))))
        worst = 0.0
        for place in chosen:
            error = float("inf")
            for width in STEPS:
                step = width * max(1.0, abs(float(store[spec.name][place])))
                slope = (value_at(spec.name, place, step) - value_at(spec.name, place, -step)) / (2 * step)
                error = min(error, abs(slope - float(grad[place])) / scale)
                if error <= CLOSE:
                    break
            worst = max(worst, error)
        errors.append((spec.name, worst))
    return errors
