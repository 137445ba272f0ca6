"""Programs in which layers are values: towers, a mixture of experts, a shared encoder, branches, several heads.

They are checked without a warning, hold what their `test` sections expect, and learn.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import nndsl
from nndsl import driver
from nndsl.syntax.load import load_source
from nndsl.testing import run_tests

PROGRAMS = sorted((Path(__file__).parent / "layers").glob("*.nn"))


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_the_program_is_fine_and_holds_what_it_expects(path: Path) -> None:
    source = load_source(path)
    assert driver.problems_of(source) == ()
    tests, _ = driver.tests_of(source)
    assert [str(problem) for result in run_tests(tests) for problem in result.failures] == []


def test_branches_learn_on_any_length() -> None:
    model = nndsl.load(Path(__file__).parent / "layers" / "inception.nn", engine="numpy", seed=3)
    numbers = np.random.default_rng(0)
    losses: list[float] = []
    for steps in (9, 12):
        signal = numbers.normal(size=(48, steps, 2)).astype(np.float32)
        label = (signal.sum((1, 2)) > 0).astype(np.int32)
        losses += model.fit(signal, label, epochs=6, batch_size=24, verbose=0, seed=1).history["loss"]
    assert losses[-1] < 0.7 * losses[0]
    with pytest.raises(nndsl.NndslError, match="NN542"):
        model.predict(numbers.normal(size=(2, 3, 2)).astype(np.float32))
