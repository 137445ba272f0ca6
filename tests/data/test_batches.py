"""Which rows go where."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nndsl.data.batches import batches, shuffled, split_rows
from nndsl.diagnostics import NndslError


@given(st.integers(0, 200), st.integers(1, 50), st.integers(0, 2**63), st.integers(0, 5), st.booleans())
def test_an_epoch_has_every_row_once_in_batches_of_the_size(n, size, seed, epoch, shuffle):
    parts = list(batches(n, size, seed, epoch, shuffle))
    assert sorted(row for part in parts for row in part.tolist()) == list(range(n))
    assert all(len(part) == size for part in parts[:-1])


def test_the_order_depends_on_seed_and_epoch_alone():
    assert shuffled(50, 1, 2).tolist() == shuffled(50, 1, 2).tolist()
    assert shuffled(50, 1, 2).tolist() != shuffled(50, 1, 3).tolist()
    assert shuffled(50, 1, 2).tolist() != shuffled(50, 2, 2).tolist()
    assert shuffled(50, 1, 2).tolist() != shuffled(50, 2, 1).tolist()


def test_the_order_is_the_same_on_every_machine():
    assert shuffled(10, 7, 0).tolist() == ORDER_OF_SEED_7


def test_a_negative_seed_is_a_seed():
    assert sorted(shuffled(9, -1).tolist()) == list(range(9))


def test_without_shuffling_rows_come_in_order():
    assert [part.tolist() for part in batches(5, 2, shuffle=False)] == [[0, 1], [2, 3], [4]]


def test_every_row_comes_first_about_equally_often():
    firsts = np.bincount([int(shuffled(4, seed)[0]) for seed in range(2000)], minlength=4)
    assert firsts.min() > 400


def test_validation_is_the_last_part_as_in_keras():
    assert split_rows(10, 0.2) == (slice(0, 8), slice(8, 10))
    assert split_rows(7, 0.5) == (slice(0, 3), slice(3, 7))


@pytest.mark.parametrize(("n", "fraction"), [(10, 0.0), (10, 1.0), (10, -1.0), (1, 0.5), (10, float("nan"))])
def test_a_split_without_rows_is_nn535(n, fraction):
    with pytest.raises(NndslError) as error:
        split_rows(n, fraction)
    assert [problem.code for problem in error.value.problems] == ["NN535"]


ORDER_OF_SEED_7 = [8, 4, 1, 6, 3, 2, 7, 5, 9, 0]
