"""The standard library on both engines: every loss, activation and optimizer."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nndsl
from nndsl.diagnostics import Source
from nndsl.driver import builder, check_source, gradcheck, graph_of
from nndsl.ir.graph import Graph, Node, ParamSpec, Update
from nndsl.ir.rewrite import substitute
from nndsl.runtime.parameters import draw

LIBRARY = Path(nndsl.__file__).parent / "library"
BATCH = 7


def signatures(file: str, role: str) -> list[tuple[str, str]]:
    """(name, type of the first parameter) of the public definitions of a library file."""
    return re.findall(rf"^{role} (\w+)\(\w+: ([\w<>]+)\[", (LIBRARY / file).read_text(), re.MULTILINE)


# --- losses and activations: one program -----------------------------------------------------------------------

LOSSES = signatures("losses.nn", "loss")
ACTIVATIONS = [name for name, _ in signatures("activations.nn", "fn")] + [
    "softmax",
    "log_softmax",
    "sigmoid",
    "tanh",
    "softplus",
]
APPLIED = {"glu": "glu(concat({0}, 1 - {0}))", "threshold": "threshold({0}, 0.1, -1.0)"}
"""Calls of those that are no functions of one value, of any width."""
TARGETS = {
    "binary": ("truth", "sigmoid"),
    "onehot": ("hot", "softmax"),
    "index<n>": ("label", "softmax"),
    "f32": ("t", "softmax"),
}


def everything(losses: list[tuple[str, str]], activations: list[str]) -> str:
    """A model in which each loss and each activation has a param of its own, so that its gradient is its own."""
    lines = [
        "input x: f32[batch, 5]",
        "target truth: binary[batch, 5]",
        "target hot: onehot[batch, 5]",
        "target label: index<5>[batch]",
        "target t: f32[batch, 5]",
    ]
    for name, kind in losses:
        target, squash = TARGETS[kind]
        lines += [f"param w_{name}: f32[5] = normal(0.5)", f"loss {name}_p = {name}({target}, {squash}(x * w_{name}))"]
        if kind != "f32":
            lines += [f"param z_{name}: f32[5] = normal(0.5)", f"loss {name}_z = {name}({target}, x * z_{name})"]
    for name in activations:
        lines += [
            f"param a_{name}: f32[5] = normal(0.5)",
            f"output {name}_y = {APPLIED.get(name, name + '({0})').format(f'(x * a_{name})')}",
        ]
    if activations:
        lines.append(f"loss activations = mse(t, {' + '.join(f'{name}_y' for name in activations)})")
    return "model Everything() {\n" + "".join(f"  {line}\n" for line in lines) + "}\n"


def without_aliases(names: list[str], file: str) -> list[str]:
    """All but those that only call another one of them."""
    text = (LIBRARY / file).read_text()
    calls = dict(re.findall(r"^(?:fn|loss) (\w+)\(.*\{ return (\w+)\([\w, ]*\) \}$", text, re.MULTILINE))
    return [name for name in names if calls.get(name) not in names]


def batch() -> dict[str, Any]:
    numbers = np.random.default_rng(1)
    return {
        "x": numbers.normal(size=(BATCH, 5)).astype("f4"),
        "truth": numbers.integers(0, 2, (BATCH, 5)).astype("f4"),
        "hot": np.eye(5, dtype="f4")[numbers.integers(0, 5, BATCH)],
        "label": numbers.integers(0, 5, BATCH).astype("i4"),
        "t": numbers.uniform(0.1, 0.9, (BATCH, 5)).astype("f4"),
    }


def close(found: Any, expected: Any, tolerance: float = 1e-5) -> None:
    scale = max(1e-6, float(np.max(np.abs(expected))))
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * scale)


def test_every_loss_and_activation_is_the_same_on_both_engines() -> None:
    """Values and gradients, in one program."""
    kinds = dict(LOSSES)
    losses = without_aliases(list(kinds), "losses.nn")
    activations = without_aliases(ACTIVATIONS, "activations.nn")
    assert len(losses) > 12
    assert len(activations) > 15
    checked = check_source(Source("everything.nn", everything([(n, kinds[n]) for n in losses], activations)))
    graph = graph_of(checked, "gradient")
    graph = replace(graph, outputs=(*graph.outputs, *checked.model.training.outputs))
    store = draw(checked.model.params, 3)
    scalars = {"key": 1, "step": 1, "learning_rate": 0.0}
    found, expected = (builder(e, 2)(graph).run(batch(), store, scalars, {"batch": BATCH}) for e in ("numba", "numpy"))
    for name, value in expected.items():
        assert np.any(value), name
        close(found[name], value)


ALONE = [everything([loss], []) for loss in LOSSES] + [everything([], [name]) for name in ACTIVATIONS]


@pytest.mark.parametrize("text", ALONE, ids=[name for name, _ in LOSSES] + ACTIVATIONS)
def test_gradients_are_those_of_finite_differences(text: str) -> None:
    errors = gradcheck(check_source(Source("one.nn", text)))
    assert errors
    assert {name: error for name, error in errors if error > 1e-6} == {}


# --- optimizers: all rules in one program ----------------------------------------------------------------------

VARIANTS = (
    "SGD(0.1)",
    "SGD(0.1, momentum=0.9)",
    "SGD(0.1, momentum=0.9, nesterov=true)",
    "RMSprop(0.01)",
    "RMSprop(0.01, momentum=0.9, centered=true)",
    "Adagrad(0.1)",
    "Adadelta(1.0)",
    "Adam(0.1)",
    "Adam(0.1, amsgrad=true)",
    "AdamW(0.1)",
    "Adamax(0.1)",
    "Nadam(0.1)",
    "Lion(0.01)",
    "SGD(0.1, clipnorm=0.05)",
    "SGD(0.1, clipvalue=0.01)",
    "Adam(0.1, global_clipnorm=0.05)",
    "SGD(0.1, weight_decay=0.1)",
    "SGD(CosineDecay(0.1, 8))",
    "Adam(ExponentialDecay(0.1, 4, 0.5))",
    "SGD(PiecewiseConstantDecay([3, 6], [0.1, 0.05, 0.01]))",
    "SGD(StepDecay(0.1, every=4))",
    "SGD(LinearWarmup(0.1, 5))",
    "SGD(PolynomialDecay(0.1, 8))",
    "SGD(InverseTimeDecay(0.1, 4, 0.5))",
)
SLOPES = """
model Slopes() {
  input  x: f32[batch, 4]
  input  z: f32[batch, 3]
  param w: f32[4] = normal(0.5)
  param c: f32[3] = zeros
  loss sum(x * w) + sum(z * c)
}
train Slopes { optimizer = %s }
"""
"""The gradients of `w` and `c` are the one row fed as `x` and `z`, so that a rule is all there is to compile."""


def one_of_many(number: int, variant: str) -> tuple[Graph, dict[str, Any]]:
    """The updates of one optimizer with params that have names of their own, and their arrays."""
    checked = check_source(Source("slopes.nn", SLOPES % variant))
    graph, optimizer = graph_of(checked, "train"), checked.train.optimizer
    specs: list[ParamSpec] = [*checked.model.params, *(s for rule in optimizer.rules for s in rule.slots)]
    arrays = draw(specs, 5, draw(checked.model.params, 5))
    names = {spec.leaf: f"o{number}_{spec.name}" for spec in specs}
    new: dict[Node, Node] = {leaf: replace(leaf, attrs={"name": name}, name=name) for leaf, name in names.items()}
    made = substitute(graph.roots, new)
    updates = tuple(Update(new[u.target], made[u.value]) for u in graph.updates)
    return Graph("train", (), updates), {names[s.leaf]: arrays[s.name] for s in specs}


def test_ten_steps_of_every_optimizer_are_the_same_on_both_engines() -> None:
    library = set(re.findall(r"^optimizer (\w+)", (LIBRARY / "optimizers.nn").read_text(), re.MULTILINE))
    assert library == {variant.partition("(")[0] for variant in VARIANTS}
    parts = [one_of_many(k, variant) for k, variant in enumerate(VARIANTS)]
    graph = Graph("train", (), tuple(u for g, _ in parts for u in g.updates))
    start = {name: value for _, arrays in parts for name, value in arrays.items()}
    numbers = np.random.default_rng(2)
    x, z = numbers.normal(size=(10, 4)).astype("f4"), numbers.normal(size=(10, 3)).astype("f4")
    ends = []
    for engine in ("numba", "numpy"):
        program = builder(engine, 2)(graph)
        store = {name: value.copy() for name, value in start.items()}
        for step in range(10):
            scalars = {"step": step + 1, "learning_rate": 0.05, "key": step}
            program.run({"x": x[step : step + 1], "z": z[step : step + 1]}, store, scalars, {"batch": 1})
        ends.append(store)
    for number, variant in enumerate(VARIANTS):
        for name in (n for n in start if n.startswith(f"o{number}_")):
            assert np.isfinite(ends[0][name]).all(), variant
            close(ends[0][name], ends[1][name])
        assert not np.array_equal(ends[0][f"o{number}_w"], start[f"o{number}_w"]), variant


@pytest.mark.parametrize("name", ["mnist", "residual", "custom", "diabetes", "wine", "imdb"])
def test_gradients_of_the_samples(name: str) -> None:
    path = LIBRARY.parents[1] / "samples" / f"{name}.nn"
    small = {"imdb": {"vocabulary": 20}}.get(name)
    checked = check_source(Source(path.name, path.read_text()), small)
    assert {param: error for param, error in gradcheck(checked) if error > 1e-6} == {}
