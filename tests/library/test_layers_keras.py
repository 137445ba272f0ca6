"""Layers with weights, attention and merging: values and gradients are Keras', in f64."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from golden import golden

from nndsl import driver
from nndsl.diagnostics import Source
from nndsl.passes.promote import promote
from nndsl.runtime.interpreter import run

ROOMS = ("sequences", "normalization", "merging", "attention", "masks", "convolution", "pooling", "images")
CASES = [case for room in ROOMS for case in golden(f"layers_{room}")["cases"]]
EVERY = pytest.mark.parametrize("case", CASES, ids=[c["name"] for c in CASES])
SCALARS = {"key": 0, "step": 1, "learning_rate": 0.0}


def listed(shape: tuple[int, ...]) -> str:
    return ", ".join(map(str, shape))


def fixed(case: dict[str, Any]) -> str:
    """The case with inputs that are params, so that their gradients are among those of the program."""
    lines = [f"input factors: f32[{listed(np.shape(case['value']))}]"]
    for i, (values, count) in enumerate(zip(case["inputs"], case["counts"], strict=True)):
        shape = listed(np.shape(values))
        lines.append(f"param x{i}: f32[{shape}] = zeros" if count is None else f"input x{i}: index<{count}>[{shape}]")
    lines += [f"input {name}: bool[{listed(np.shape(values))}]" for name, values in case.get("masks", {}).items()]
    lines += [f"l = {case['layer']}", case["body"], "output y", "loss total = sum(y * factors)"]
    return "model Case {\n  " + "\n  ".join(lines) + "\n}\n"


def symbolic(case: dict[str, Any]) -> str:
    """The case with sizes that only data knows, and a loss of its own."""
    lines = [f"input x{i}: {kind}" for i, kind in enumerate(case["types"])]
    for name, values in case.get("masks", {}).items():
        rest = ["batch", "source" if name == "value_mask" else "time", "source"][: np.ndim(values)]
        lines.append(f"input {name}: bool[{', '.join(rest)}]")
    lines += [f"l = {case['layer']}", case["body"], "output y", "loss total = sum(y * cos(y)) / 10"]
    return "model Case {\n  " + "\n  ".join(lines) + "\n}\n"


def checked(text: str) -> driver.Checked:
    return driver.check_source(Source("case.nn", text))


def fed(case: dict[str, Any]) -> dict[str, np.ndarray]:
    """Inputs, masks, weights and factors by name."""
    out = {f"x{i}": np.array(v, np.float64 if n is None else np.int32)
           for i, (v, n) in enumerate(zip(case["inputs"], case["counts"], strict=True))}  # fmt: skip
    out |= {name: np.array(v, bool) for name, v in case.get("masks", {}).items()}
    out |= {name: np.array(v, np.float64) for name, v in case.get("weights", {}).items()}
    shape = np.shape(case["value"])
    return out | {"factors": np.cos(np.arange(np.prod(shape, dtype=int))).reshape(shape)}


def close(found: Any, wanted: Any, what: str) -> None:
    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-9, err_msg=what)


@EVERY
def test_values_and_gradients_are_those_of_keras(case: dict[str, Any]) -> None:
    made, arrays = checked(fixed(case)), fed(case)
    owned = {p.name for p in (*made.model.params, *made.model.states) if "." in p.name}
    assert owned == set(case.get("weights", {}))
    outputs, _ = run(promote(driver.graph_of(made, "predict")), arrays, SCALARS, {})
    close(outputs["out.y"], case["value"], "value")
    outputs, _ = run(promote(driver.graph_of(made, "gradient")), arrays, SCALARS, {})
    close(outputs["loss"], case["loss"], "loss")
    for name, wanted in case["gradients"].items():
        close(outputs[f"grad.{name}"], wanted, f"gradient of {name}")


@EVERY
def test_sizes_may_come_from_the_data(case: dict[str, Any]) -> None:
    graph = promote(driver.graph_of(checked(symbolic(case)), "predict"))
    arrays = fed(case)
    names = [re.split(r"\W+", kind.partition("[")[2].rstrip("]")) for kind in case["types"]]
    sizes = {n: size for k, dims in enumerate(names) for n, size in zip(dims, arrays[f"x{k}"].shape, strict=True)}
    outputs, _ = run(graph, arrays, SCALARS, sizes)
    close(outputs["out.y"], case["value"], "value")


@EVERY
def test_gradients_agree_with_finite_differences(case: dict[str, Any]) -> None:
    for name, error in driver.gradcheck(checked(symbolic(case)), seed=3):
        # The bias of keys adds the same to all scores: its gradient is 0, and the error has nothing to relate to.
        assert error <= 1e-6 or name.endswith("key.bias"), name


MOVING = [c for c in CASES if "states" in c]


@pytest.mark.parametrize("case", MOVING, ids=[c["name"] for c in MOVING])
def test_moving_statistics_go_on_as_in_keras(case: dict[str, Any]) -> None:
    _, states = run(promote(driver.graph_of(checked(fixed(case)), "gradient")), fed(case), SCALARS, {})
    for name, wanted in case["states"].items():
        close(states[name], wanted, name)
