"""Where workers wait inside scans: only where a step reads another row of the batch."""

from __future__ import annotations

import pytest

from nndsl.diagnostics import Source
from nndsl.driver import check_source, emit

TEXT = """
model Steps() {{
  input x: f32[batch, time, 4]
  param recurrent: f32[4, 4] = orthogonal
  scan (h = zeros([batch, 4])) over s in x axis 1 {{
    next h = tanh(s + h @ recurrent{more})
  }}
  output last = h
}}
"""


def barriers_in_the_loop(more: str) -> int:
    """Barriers among the lines that are indented as those of a step."""
    checked = check_source(Source("steps.nn", TEXT.format(more=more)))
    program = emit(checked, "source", "predict").split("@sequence")[1]
    return sum(line.startswith("        barrier(") for line in program.splitlines())


def test_rows_that_stay_by_themselves_need_none() -> None:
    assert barriers_in_the_loop("") == 0


@pytest.mark.parametrize("more", [" - mean(h, axis=0)", " + h[::-1]"])
def test_steps_that_read_other_rows_have_them(more: str) -> None:
    assert barriers_in_the_loop(more) > 0
