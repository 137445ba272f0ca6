"""A few hundred programs of tools/fuzz.py: whatever the text, there are Problems and nothing else."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))

from fuzz_programs import make
from fuzz_stages import EXTRAS, carry_out


@pytest.mark.parametrize("block", range(4))
def test_programs_give_problems_and_no_other_exception(block: int) -> None:
    checked = 0
    for number in range(block * 50, block * 50 + 50):
        case = make(2024, number)
        try:
            done = carry_out(case, lambda stage: None, [name for k, name in enumerate(EXTRAS) if number % 3 == k])
        except Exception as error:
            error.add_note(f"tools/fuzz.py --seed 2024 --first {number} --programs 1 ({case.kind})")
            raise
        checked += done.checked
    assert checked >= 5  # else the generators write nothing that gets far


def test_the_same_number_gives_the_same_program() -> None:
    assert [make(7, number) for number in range(40)] == [make(7, number) for number in range(40)]


def test_all_sources_take_their_part() -> None:
    kinds = Counter(make(1, number).kind.split()[0] for number in range(200))
    assert set(kinds) == {"syntax", "changed", "model", "hostile"}
