"""Runs the tests of `.nn` files: what checking could not decide is computed here."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from nndsl import driver
from nndsl.diagnostics import Problem
from nndsl.ir.dims import Dim
from nndsl.ir.facts import Close, Expectation, Gradients, Holds, NamedTest, Overfits, Refused
from nndsl.ir.graph import Graph, Model, Node, const
from nndsl.ir.types import NUMPY_NAMES
from nndsl.ops import build as b
from nndsl.ops.draws import step_key
from nndsl.passes import programs
from nndsl.passes.promote import promote
from nndsl.problems import find
from nndsl.problems.facts import DoesNotHold, NotClose, NotLearnt, NotRefused, WrongGradient
from nndsl.runtime import gradcheck
from nndsl.runtime.interpreter import run
from nndsl.runtime.parameters import draw

Arrays = Mapping[str, Any]
LEARNT = 0.01  # of the loss it began with
EVERY = 20  # steps between two looks at the loss
COMPILED_FROM = 100_000  # params from which compiling pays
SHOWN = 6  # numbers of an array in a message


@dataclass(frozen=True, eq=False)
class Result:
    """How a test went: passed without failures."""

    test: NamedTest
    failures: tuple[Problem, ...]
    seconds: float

    @property
    def passed(self) -> bool:
        return not self.failures


def run_tests(tests: Iterable[NamedTest], seed: int = 0) -> Iterator[Result]:
    """Each test in turn. Failures are Problems NN62x; random draws come from the seed."""
    for test in tests:
        begin = time.perf_counter()
        found = [failure(expectation, seed) for expectation in test.expectations]
        yield Result(test, tuple(p for p in found if p is not None), time.perf_counter() - begin)


def failure(expectation: Expectation, seed: int = 0) -> Problem | None:
    """What is wrong with one expectation, None where it is met."""
    match expectation:
        case Holds():
            if expectation.holds:
                return None
            return DoesNotHold(expectation.span, expectation.found, expectation.expected, expectation.op)
        case Close():
            return close(expectation, seed)
        case Gradients():
            return gradients(expectation, seed)
        case Overfits():
            return overfits(expectation, seed)
        case Refused():
            return refused(expectation)


# --- errors ------------------------------------------------------------------------------------------------------


def refused(expected: Refused) -> Problem | None:
    """The code has to be there, and no other error. Warnings beside an expected error are passed over."""
    codes = {p.code for p in expected.found}
    errors = {p.code for p in expected.found if p.severity == "error"}
    if expected.code in codes and errors <= {expected.code}:
        return None
    kind = find(expected.code)
    is_error = kind is not None and kind.severity == "error"
    shown = tuple(p for p in expected.found if not is_error or p.severity == "error")
    return NotRefused(expected.span, expected.code, shown)


# --- numbers -----------------------------------------------------------------------------------------------------


def close(expected: Close, seed: int) -> Problem | None:
    """Both sides by the NumPy engine, compared in double precision."""
    arrays = draw(expected.params, seed)
    outputs = [("value", expected.value)]
    if isinstance(expected.expected, Node):
        outputs.append(("expected", expected.expected))
    results, _ = run(Graph("close", tuple(outputs)), arrays, _scalars(seed, 1), {})
    value = np.asarray(results["value"], np.float64)
    wanted = np.asarray(results.get("expected", expected.expected), np.float64)
    near = np.isclose(value, wanted, rtol=expected.tolerance, atol=expected.tolerance, equal_nan=True)
    if near.all():
        return None
    with np.errstate(invalid="ignore"):
        apart = np.where(near, 0.0, np.abs(value - wanted))
    at = np.unravel_index(int(np.argmax(np.where(np.isnan(apart), np.inf, apart))), value.shape)
    place = f"[{', '.join(map(str, at))}]" if value.shape else ""
    return NotClose(expected.span, numbers(value), numbers(wanted), place, f"{apart[at]:.3g}")


def numbers(array: Any) -> str:
    """An array as a message shows it: `[0.5, 2.0]`, long ones cut short."""
    if not array.shape:
        return f"{float(array):.6g}"
    shown = [numbers(item) for item in array[:SHOWN]] + (["…"] if len(array) > SHOWN else [])
    return f"[{', '.join(shown)}]"


def _scalars(seed: int, step: int) -> dict[str, Any]:
    return {"key": step_key(seed, step), "step": step, "learning_rate": 0.0}


# --- training ------------------------------------------------------------------------------------------------------


def gradients(expected: Gradients, seed: int) -> Problem | None:
    """Finite differences, as `nndsl gradcheck` has them."""
    found = gradcheck.compare(expected.model, promote(programs.gradient(expected.model)), seed)
    wrong = tuple((name, error) for name, error in found if not error <= expected.tolerance)
    return WrongGradient(expected.span, wrong, expected.tolerance) if wrong else None


def overfits(expected: Overfits, seed: int) -> Problem | None:
    """Train on a few rows until they are known by heart."""
    model = expected.model
    batch = made_up_rows(model, expected.rows, seed)
    size = sum(math.prod(s for s in spec.type.shape if isinstance(s, int)) for spec in model.params)
    session = driver.open_session(expected, engine="numba" if size >= COMPILED_FROM else "numpy", threads=1, seed=seed)
    sizes = session.sizes(batch)
    measure = Graph("loss", (("loss", data_loss(model)),))

    def loss() -> float:
        arrays = {**batch, **session.params, **session.states}
        return float(run(measure, arrays, _scalars(seed, session.step), sizes)[0]["loss"])

    first = last = loss()
    while session.step < expected.steps and math.isfinite(last) and not last < LEARNT * first:
        for _ in range(min(EVERY, expected.steps - session.step)):
            session.train_step(batch)
        session.reset_metrics()
        last = loss()
    if first > 0 and last < LEARNT * first:
        return None
    return NotLearnt(expected.span, expected.rows, session.step, first, last, expected.train.optimizer.name)


def data_loss(model: Model) -> Node:
    """The loss as it is in use, without penalties: these do not fall to 0."""
    total: Node = const(0.0, "f32")
    for term in model.inference.losses:
        if not term.penalty:
            total = b.add(total, term.value)
    return total


def made_up_rows(model: Model, rows: int, seed: int) -> dict[str, Any]:
    """Arrays that fit the declarations: the first axis of each has `rows` places where its size is free."""
    generator = np.random.default_rng(seed)
    ports = (*model.inputs, *model.targets)
    sizes = gradcheck.sizes_for(model)
    for port in ports:
        leading = port.type.shape[0]
        if isinstance(leading, Dim) and leading.name:
            sizes[leading.name] = rows
    return {port.name: gradcheck.made_up(port, sizes, generator).astype(NUMPY_NAMES[port.type.dtype]) for port in ports}
