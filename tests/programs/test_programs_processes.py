"""A model in many threads, in a forked child, and in a fresh process."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nndsl

ROOT = Path(__file__).parents[2]
TEXT = """
model Net() {
  input  x: f32[batch, 8]
  target t: f32[batch, 2]
  output y = x |> Dense(16, activation=tanh) |> Dense(2)
  loss mse(t, y)
}
train Net { optimizer = SGD(learning_rate=0.01) }
"""


@pytest.fixture(scope="module")
def model() -> Any:
    made = nndsl.compile(TEXT, seed=1, threads=2)
    numbers = np.random.default_rng(0)
    x = numbers.normal(size=(40, 8)).astype("f4")
    made.fit(x, x[:, :2], epochs=1, verbose=0)
    return made


def in_threads(work: Any, count: int) -> list[BaseException]:
    """Run `work(number)` in several threads; what they raised."""
    failures: list[BaseException] = []

    def guarded(number: int) -> None:
        try:
            work(number)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(k,)) for k in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


def test_eight_threads_predict_a_thousand_times_each(model: Any) -> None:
    """Batches of different sizes; every answer has the right bits."""
    numbers = np.random.default_rng(3)
    batches = [numbers.normal(size=(rows, 8)).astype("f4") for rows in (1, 3, 8, 20)]
    expected = [model.predict(batch) for batch in batches]

    def work(number: int) -> None:
        for k in range(1000):
            which = (number + k) % len(batches)
            assert np.array_equal(model.predict(batches[which]), expected[which])

    assert in_threads(work, 8) == []


def test_predict_while_another_thread_trains(model: Any) -> None:
    numbers = np.random.default_rng(4)
    x = numbers.normal(size=(64, 8)).astype("f4")

    def work(number: int) -> None:
        if number == 0:
            model.fit(x, x[:, :2], epochs=15, batch_size=8, verbose=0)
        else:
            for _ in range(300):
                assert np.isfinite(model.predict(x)).all()

    assert in_threads(work, 3) == []


def in_process(source: str) -> str:
    """What a script prints that finds `TEXT` and data ready."""
    head = (
        f"import numpy as np, os, sys\nimport nndsl\nTEXT = {TEXT!r}\n"
        "x = np.random.default_rng(0).normal(size=(40, 8)).astype('f4')\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", head + source],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


FORK = """
model = nndsl.compile(TEXT, seed=1, threads=2)
model.fit(x, x[:, :2], epochs=2, verbose=0)
expected = model.predict(x)
child = os.fork()
if child == 0:
    fine = all(np.array_equal(model.predict(x), expected) for _ in range(50))
    model.fit(x, x[:, :2], epochs=1, verbose=0)
    os._exit(0 if fine else 1)
_, status = os.waitpid(child, 0)
print(os.waitstatus_to_exitcode(status), np.array_equal(model.predict(x), expected))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_process_that_forked_after_fit_predicts() -> None:
    assert in_process(FORK).split() == ["0", "True"]


WARM = """
model = nndsl.compile(TEXT, seed=1, threads=2)
model.fit(x, x[:, :2], epochs=1, verbose=0)
model.predict(x)
print([r.from_cache for r in model.session.report], "numba" in sys.modules)
"""


def test_a_fresh_process_compiles_nothing(model: Any) -> None:
    """What this process compiled is there for the next one, which does not even import numba."""
    model.predict(np.zeros((1, 8), "f4"))
    assert in_process(WARM).split() == ["[True,", "True]", "False"]
