"""Every stage has text."""

from __future__ import annotations

import re

import pytest

from nndsl.diagnostics import Source
from nndsl.driver import STAGES, Checked, check_source, emit

TEXT = """model Small() {
  input  x: f32[batch, 4]
  target t: f32[batch, 2]
  output y = x |> Dense(2, activation=relu)
  loss mse(t, y)
}
train Small { optimizer = SGD(learning_rate=0.1) }
"""
SAYS = {
    "ast": r"Dense",
    "graph": r"^graph train$(?s:.*)maximum",
    "gradient": r"output grad\.Dense_1\.kernel",
    "optimized": r"update Dense_1\.kernel := ",
    "plan": r"^plan train: \d+ kernels$(?s:.*)^peak: ",
    "loops": r"^@kernel\ndef (?s:.*)product_nn_passing\(x, Dense_1_kernel",
    "source": r"^# small\.nn:4  output y = x \|> Dense",
    "llvm": r"^define ",
    "asm": r"^\s+ret",
}


@pytest.fixture(scope="module")
def checked() -> Checked:
    return check_source(Source("small.nn", TEXT))


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_says_what_it_made(checked: Checked, stage: str) -> None:
    assert re.search(SAYS[stage], emit(checked, stage), re.MULTILINE)


def test_source_stands_by_itself(checked: Checked) -> None:
    """It parses, and no line is longer than a person would write."""
    text = emit(checked, "source")
    compile(text, "source", "exec")
    assert max(map(len, text.splitlines())) <= 120
