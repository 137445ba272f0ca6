"""How much of ONNX is understood: its node tests through `nndsl.onnx.Backend`, and the light models imported.

    python tools/onnx_report.py [--engine numpy|numba] [--no-light]

Needs the packages onnx and onnxruntime. Of the node tests those count that `tests/onnx/node_tests.py` asks for; beside
ours stands what onnxruntime passes. The nine light models of the onnx package get random weights in place of constants,
are written as `.nn`, and predict one image; the difference is the greatest to onnxruntime, relative to its greatest
output.
"""

# ruff: noqa: E402
from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path[:0] = [str(Path(__file__).parents[1] / "tests" / "onnx")]
warnings.simplefilter("ignore")

import onnxruntime as ort
from light import MODELS, with_random_weights
from node_tests import SKIPPED, cases
from onnx.backend.test.runner import Runner, _normalize_tensor

import nndsl
from nndsl.onnx.backend import Backend
from nndsl.onnx.importing.model import imported


def session(model: Any) -> Any:
    """onnxruntime with a model, and without its remarks."""
    options = ort.SessionOptions()
    options.log_severity_level = 4
    return ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def theirs(model: Any) -> Callable[[list[Any]], Any]:
    opened = session(model)
    names = [port.name for port in opened.get_inputs()]
    return lambda inputs: opened.run(None, dict(zip(names, map(np.asarray, inputs), strict=True)))


def passes(case: Any, prepare: Callable[[Any], Callable[[list[Any]], Any]]) -> bool:
    """Whether a test passes, by the tolerance that it has in ONNX."""
    try:
        run = prepare(case.model)
        for inputs, outputs in case.data_sets:
            found = run([_normalize_tensor(array) for array in inputs])
            Runner.assert_similar_outputs([_normalize_tensor(a) for a in outputs], found, case.rtol, case.atol)
    except Exception:
        return False
    return True


def node_tests(engine: str) -> None:
    """The counts, and the tests that do not pass with their reasons."""
    asked = cases()
    ours = {case.name: passes(case, lambda m: Backend.prepare(m, engine=engine).run) for case in asked}
    others = sum(passes(case, theirs) for case in asked)
    print(f"node tests: nndsl ({engine}) {sum(ours.values())}, onnxruntime {others}, of {len(asked)}")
    for name in sorted(name for name, fine in ours.items() if not fine):
        print(f"  {name}: {SKIPPED.get(name, 'NOT EXPECTED')}")


def light_models(engine: str) -> None:
    """Each light model, imported, beside onnxruntime."""
    for name in MODELS:
        model = with_random_weights(name)
        begin = time.perf_counter()
        found = imported(model)
        seconds = time.perf_counter() - begin
        made = nndsl.compile(found.text, engine=engine, seed=0)
        made.set_weights({**found.params, **found.states})
        opened = session(model)
        (port,) = opened.get_inputs()
        x = np.random.default_rng(1).normal(size=(1, *port.shape[1:])).astype(np.float32)
        (expected,) = opened.run(None, {port.name: x})
        got = np.asarray(made.predict(x)).reshape(expected.shape)
        off = np.abs(got - expected).max() / np.abs(expected).max()
        print(
            f"{name:<14} {found.text.count(chr(10)):4d} lines, imported in {seconds:.1f} s, off by {off:.1e}",
            flush=True,
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", choices=("numpy", "numba"), default="numpy")
    parser.add_argument("--no-light", action="store_true", help="node tests only")
    arguments = parser.parse_args()
    node_tests(arguments.engine)
    if not arguments.no_light:
        light_models(arguments.engine)
