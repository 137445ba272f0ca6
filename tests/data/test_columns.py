"""Columns keep what they were given, and hand out batches."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nndsl.data.columns import DataSet, Dense, Ragged
from nndsl.diagnostics import NndslError

texts_of_words = st.lists(st.lists(st.integers(0, 40), max_size=7), min_size=1, max_size=9)


def codes(error: pytest.ExceptionInfo[NndslError]) -> list[str]:
    return [problem.code for problem in error.value.problems]


@given(texts_of_words, st.integers(3, 50), st.data())
def test_ragged_batch_is_each_text_padded_at_the_end(texts, num_words, data):
    column = Ragged.from_lists(texts, num_words=num_words)
    rows = data.draw(st.lists(st.integers(0, len(texts) - 1), min_size=1, max_size=6))
    batch = column.take(np.array(rows), np.dtype(np.int32))
    longest = max(1, *(len(texts[row]) for row in rows), 1)
    expected = [[w if w < num_words else 2 for w in texts[row]] + [0] * (longest - len(texts[row])) for row in rows]
    assert batch.tolist() == expected
    assert batch.dtype == np.int32
    assert batch.flags.c_contiguous


@given(texts_of_words, st.data())
def test_ragged_selection_holds_the_selected_texts(texts, data):
    column = Ragged.from_lists(texts)
    rows = np.array(data.draw(st.lists(st.integers(0, len(texts) - 1), min_size=1, max_size=6)))
    middle = data.draw(st.integers(0, len(texts)))
    assert column.select(rows).take(slice(None)).tolist() == column.take(rows).tolist()
    tail = column.select(slice(middle, None))
    assert [tail.words[tail.offsets[i] : tail.offsets[i + 1]].tolist() for i in range(len(tail))] == texts[middle:]


def test_ragged_selection_by_slice_shares_the_words():
    column = Ragged.from_lists([[1, 2], [3], [4, 5]])
    assert np.shares_memory(column.select(slice(1, 3)).words, column.words)


def test_ragged_step_slice():
    column = Ragged.from_lists([[1], [2], [3], [4]])
    assert column.select(slice(None, None, 2)).take(slice(None)).tolist() == [[1], [3]]


def test_an_unknown_word_too_large_for_the_dtype_widens_it():
    column = Ragged(np.array([1, 90], dtype=np.uint8), np.array([0, 2]), num_words=50, unknown=1000)
    assert column.take(slice(None)).tolist() == [[1, 1000]]


def test_shift_and_start_are_those_of_keras():
    column = Ragged.from_lists([[1, 2], [], [5]], num_words=8).shifted(3, start=1)
    assert column.take(slice(None)).tolist() == [[1, 4, 5], [1, 0, 0], [1, 2, 0]]


def test_shift_of_a_selection_that_does_not_begin_at_word_0():
    column = Ragged.from_lists([[7, 7], [1], [2]]).select(slice(1, 3))
    assert column.shifted(1, start=9).take(slice(None)).tolist() == [[9, 2], [9, 3]]


@pytest.mark.parametrize(
    ("words", "offsets", "reason"),
    [
        ([1, 2], [0, 3], "there are 2 words"),
        ([1, 2], [0, 2, 1], "fall from 2 to 1"),
        ([1, 2], [-1, 2], "-1"),
        ([1, 2], [], "no offsets"),
        ([1.5, 2], [0, 2], "f64 instead of whole numbers"),
        ([[1, 2]], [0, 1], "2 dimensions"),
        ([1, -2], [0, 2], "negative"),
        (np.array([2**63, 1], dtype=np.uint64), [0, 2], "negative"),
    ],
)
def test_words_and_offsets_that_do_not_fit_are_nn510(words, offsets, reason):
    with pytest.raises(NndslError) as error:
        Ragged(np.array(words), np.array(offsets, dtype=np.int64))
    assert codes(error) == ["NN510"]
    assert reason in str(error.value)


def test_texts_that_are_no_integers_are_nn510():
    with pytest.raises(NndslError) as error:
        Ragged.from_lists([[1], [0.5]])  # type: ignore[list-item]
    assert codes(error) == ["NN510"]


def test_dense_keeps_its_array_and_converts_a_batch():
    array = np.arange(12, dtype=np.uint8).reshape(4, 3)
    column = Dense(array)
    assert column.array is array
    batch = column.take(np.array([2, 0]), np.dtype(np.float32))
    assert (batch.dtype, batch.tolist()) == (np.float32, [[6, 7, 8], [0, 1, 2]])


def test_dense_batch_of_a_fortran_array_is_c_contiguous():
    column = Dense(np.asfortranarray(np.arange(12.0).reshape(4, 3)))
    assert column.take(np.array([1, 2])).flags.c_contiguous
    assert column.take(slice(1, 3)).flags.c_contiguous


def test_dense_slice_without_conversion_is_a_view():
    array = np.zeros((4, 3), dtype=np.float32)
    assert np.shares_memory(Dense(array).take(slice(1, 3), np.dtype(np.float32)), array)


def test_descriptions():
    assert Dense(np.zeros((8, 28, 28), dtype=np.uint8)).describe() == "u8 array of shape (8, 28, 28)"
    assert Ragged.from_lists([[1, 2, 3], [4]]).describe() == "2 ragged texts of up to 3 words (i64)"


def test_data_set_of_different_lengths_is_nn525():
    with pytest.raises(NndslError) as error:
        DataSet({"a": Dense(np.zeros(3)), "b": Dense(np.zeros(2))})
    assert codes(error) == ["NN525"]
    assert "`a` has 3, `b` has 2" in str(error.value)


def test_data_set_selects_the_same_rows_of_each_column():
    data = DataSet({"a": Dense(np.arange(5)), "t": Ragged.from_lists([[i] for i in range(5)])})
    part = data.select(np.array([3, 1]))
    assert part.rows == 2
    assert part["a"].take(slice(None)).tolist() == [3, 1]
    assert part["t"].take(slice(None)).tolist() == [[3], [1]]


def test_data_set_cannot_be_changed():
    data = DataSet({"a": Dense(np.arange(5))})
    with pytest.raises(TypeError):
        data.columns["b"] = data["a"]  # type: ignore[index]
