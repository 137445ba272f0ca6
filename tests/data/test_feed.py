"""Arrays against declarations: each fault has its code, its place and its cure; what is right goes through."""

from __future__ import annotations

import numpy as np
import pytest

from nndsl.data import (
    Dense,
    Port,
    Ragged,
    bind_xy,
    check_array,
    check_batch,
    check_feed,
    fast_path,
    sizes,
    to_batch,
)
from nndsl.diagnostics import NndslError, Problem, Source, Span

TEXT = "model M {\n  input image: f32[batch, 8, 8]\n  target label: index<10>[batch]\n}\n"
SOURCE = Source("m.nn", TEXT)


def span_of(word: str) -> Span:
    start = TEXT.index(word)
    return Span(SOURCE, start, start + len(word))


IMAGE = Port("image", "input", "f32", ("batch", 8, 8), span=span_of("image"))
LABEL = Port("label", "target", "i32", ("batch",), "index", 10, span=span_of("label"))
images = np.zeros((6, 8, 8), dtype=np.uint8)
labels = np.arange(6)


def port(dtype="f32", dims=("batch", 2), kind=None, count=None, role="input", name="a") -> Port:
    return Port(name, role, dtype, dims, kind, count)


def faults(ports, given, **more) -> list[Problem]:
    with pytest.raises(NndslError) as error:
        check_feed(ports, given, **more)
    return list(error.value.problems)


def fault(a_port: Port, array: object) -> Problem:
    (problem,) = faults([a_port], {a_port.name: array})
    return problem


def test_right_arrays_become_batches_of_the_declared_dtypes():
    data = check_feed([IMAGE, LABEL], {"image": images, "label": labels})
    assert data["image"].array is images
    batch = to_batch(data, [IMAGE, LABEL], np.array([4, 1]))
    assert {name: (a.dtype, a.shape) for name, a in batch.items()} == {
        "image": (np.float32, (2, 8, 8)),
        "label": (np.int32, (2,)),
    }
    assert batch["label"].tolist() == [4, 1]
    assert sizes(data, [IMAGE, LABEL]) == {"batch": 6}


def test_all_faults_come_together_and_name_their_lines():
    problems = faults([IMAGE, LABEL], {"image": np.zeros((6, 64)), "label": np.full(5, 10), "lable": labels})
    assert [p.code for p in problems] == ["NN521", "NN522", "NN525", "NN530"]
    message = str(problems[1])
    assert "m.nn:2" in message
    assert "f64 array of shape (6, 64)" in message
    assert "f32[batch, 8, 8]" in message


def test_the_data_are_named_as_the_caller_says():
    (problem,) = faults([IMAGE], {"image": np.zeros((6, 64))}, what="the validation data")
    assert "`image` in the validation data has 2 dimensions, the model takes 3" in problem.headline


# --- names ------------------------------------------------------------------------------------------------


def test_missing_array_is_nn520():
    (problem,) = faults([IMAGE, LABEL], {"image": images})
    assert problem.code == "NN520"
    assert problem.span == LABEL.span


def test_unexpected_array_is_nn521_with_the_near_name():
    (problem,) = faults([IMAGE], {"image": images, "imgae": images})
    assert problem.code == "NN521"
    assert "did you mean `image`?" in (problem.help or "")


# --- shapes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dims", "kind", "shape", "cure"),
    [
        (("batch",), None, (5, 1), "give `y[:, 0]`"),
        (("batch", 3), None, (5, 3, 1), "give `y[:, :, 0]`"),
        (("batch", 1), None, (5,), "give `y.reshape(-1, 1)`, or declare `f32[batch]`"),
        (("batch", 8, 1), None, (5, 8), "give `y.reshape(-1, 8, 1)`"),
        (("batch", 784), None, (5, 28, 28), "give `y.reshape(len(y), -1)`, or declare `f32[batch, 28, 28]`"),
        (("batch", 4), None, (4,), "for a single row give `y[None]`"),
        (("batch", "n"), None, (5, 2, 2), "declare `f32[batch, 2, 2]`"),
        (("batch",), "index", (5, 3), "give `y.argmax(axis=-1)`"),
        (("batch", 3), "onehot", (5,), "declare `index<3>[…]`"),
    ],
)
def test_wrong_rank_is_nn522_with_a_cure(dims, kind, shape, cure):
    problem = fault(port(dims=dims, kind=kind, role="target"), np.zeros(shape))
    assert problem.code == "NN522"
    assert cure in (problem.help or "")


def test_a_scalar_is_nn522():
    assert fault(port(), 3.0).code == "NN522"


def test_ragged_texts_for_another_rank_are_nn522():
    assert fault(port(dims=("batch",), dtype="i32"), Ragged.from_lists([[1], [2, 3]])).code == "NN522"


def test_wrong_fixed_size_is_nn523():
    problem = fault(IMAGE, np.zeros((6, 8, 9)))
    assert problem.code == "NN523"
    assert "size 9 in axis 2, the model takes 8" in problem.headline


def test_ragged_texts_for_a_fixed_length_are_nn523():
    assert fault(port(dtype="i32", dims=("batch", 5)), Ragged.from_lists([[1], [2, 3]])).code == "NN523"


def test_an_expression_that_does_not_come_out_is_nn523():
    a, b = port(dims=("batch", "n")), port(dims=("batch", "2 * n + 1"), name="b")
    check_feed([a, b], {"a": np.zeros((4, 3)), "b": np.zeros((4, 7))})
    (problem,) = faults([b, a], {"a": np.zeros((4, 3)), "b": np.zeros((4, 6))})
    assert problem.code == "NN523"
    assert "2 * n + 1 = 7" in problem.headline


def test_two_sizes_of_one_name_are_nn524_and_both_are_named():
    a, b = port(dims=("batch", "time")), port(dims=("batch", "time"), name="b")
    (problem,) = faults([a, b], {"a": np.zeros((4, 80)), "b": np.zeros((4, 90))})
    assert problem.code == "NN524"
    assert "`b` in the data makes `time` 90, `a` makes it 80" in problem.headline


def test_two_sizes_of_one_name_within_one_array_are_nn524():
    assert fault(port(dims=("batch", "n", "n")), np.zeros((4, 3, 2))).code == "NN524"


def test_ragged_texts_share_a_length_only_text_by_text():
    a, b = port("i32", ("batch", "time")), port("i32", ("batch", "time"), name="b")
    one, other = Ragged.from_lists([[1], [2, 3]]), Ragged.from_lists([[1, 2], [3]])
    check_feed([a, b], {"a": one, "b": one})
    assert [p.code for p in faults([a, b], {"a": one, "b": other})] == ["NN524"]
    assert [p.code for p in faults([a, b], {"a": one, "b": np.zeros((2, 2), dtype=int)})] == ["NN524"]


def test_different_rows_are_nn525():
    (problem,) = faults([IMAGE, LABEL], {"image": images, "label": labels[:5]})
    assert problem.code == "NN525"
    assert "`image` has 6, `label` has 5" in problem.headline


@pytest.mark.parametrize("array", [np.zeros((0, 2)), np.zeros((3, 0))])
def test_an_empty_array_is_nn526(array):
    assert fault(port(dims=("batch", "n")), array).code == "NN526"


def test_empty_ragged_set_is_nn526():
    assert fault(port("i32", ("batch", "time")), Ragged.from_lists([])).code == "NN526"


@pytest.mark.parametrize("dims", [(32, 2), (), ("batch", "batch"), ("batch", "2 * batch"), ("2 * n", 2)])
def test_an_input_that_cannot_be_cut_by_rows_is_nn536(dims):
    problems = faults([port(dims=dims)], {"a": np.zeros((2,) * len(dims))})
    assert "NN536" in [p.code for p in problems]


# --- what is no array of numbers --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("array", "cure"),
    [
        (np.array([["a", "b"]]), "np.unique"),
        (np.array([[b"a", b"b"]]), "np.unique"),
        (np.array([[1, None]], dtype=object), "astype(float)"),
        (np.array([[1j, 2]]), ".real"),
        (np.array([["2020-01-01"] * 2], dtype="M8[D]"), "astype('int64')"),
        ([[10**30, 1]], "astype(float)"),
    ],
)
def test_what_holds_no_numbers_is_nn527(array, cure):
    problem = fault(port(), array)
    assert problem.code == "NN527"
    assert cure in (problem.help or "")


class Tensor:
    def __init__(self, array: np.ndarray | None) -> None:
        self.values = array

    def __array__(self, dtype=None, copy=None):
        if self.values is None:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad.")
        return self.values


class Sparse:
    def toarray(self) -> None: ...


@pytest.mark.parametrize(
    ("array", "cure"),
    [
        ([[1, 2], [3]], "nndsl.Ragged.from_lists"),
        (Tensor(None), "NumPy array"),
        (Sparse(), "toarray()"),
        (np.ma.masked_array([[1.0, 2.0]], [[False, True]]), "filled"),
        ("abc", ""),
        (iter([1, 2]), "list of numbers"),
    ],
)
def test_what_is_no_array_is_nn537(array, cure):
    problem = fault(port(), array)
    assert problem.code == "NN537"
    assert cure in (problem.help or "")


@pytest.mark.parametrize(
    "array",
    [[[1, 2], [3, 4]], [[0.5, True], [3, 4]], Tensor(np.ones((3, 2))), np.ma.masked_array([[1.0, 2.0]]),
     Dense(np.ones((3, 2)))],
)  # fmt: skip
def test_lists_and_foreign_arrays_are_taken(array):
    assert check_feed([port()], {"a": array})["a"].shape[1] == 2


# --- values -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dtype", "values"),
    [
        ("i32", [0.5, 1.0]),
        ("i32", [1.0, 3e9]),
        ("i32", np.array([1, 2**31])),
        ("i32", np.array([1, 2**63], dtype=np.uint64)),
        ("i64", np.array([1, 2**63], dtype=np.uint64)),
        ("i64", [1.0, 2.0**63]),
        ("bool", [1, 2]),
        ("bool", [0.0, 0.5]),
        ("f32", np.array([0, 2**24 + 1])),
        ("f32", np.array([0, -(2**24) - 1], dtype=np.int32)),
        ("f32", np.array([0, 2**63 - 1])),
        ("f64", np.array([0, 2**53 + 1])),
        ("f32", [0.0, 1e300]),
    ],
)
def test_values_that_the_dtype_cannot_hold_are_nn528(dtype, values):
    problem = fault(port(dtype, ("batch",)), np.asarray(values))
    assert problem.code == "NN528"
    assert problem.facts["message"] == problem.headline


@pytest.mark.parametrize(
    ("dtype", "values"),
    [
        ("i32", [0.0, -(2.0**31)]),
        ("i32", np.array([1.0, 200.0], dtype=np.float16)),
        ("i32", np.array([2**31 - 1, -(2**31)])),
        ("i32", [True, False]),
        ("i64", np.array([2**63 - 1], dtype=np.uint64)),
        ("i64", [-(2.0**63)]),
        ("bool", [0.0, 1.0]),
        ("f32", np.array([2**24, 2**24 + 2, -(2**63), 2**62])),
        ("f32", [0.1, 1e-300]),
        ("f64", np.array([2**53, 2**60])),
        ("f32", [True, False]),
    ],
)
def test_values_that_the_dtype_holds_pass(dtype, values):
    a_port = port(dtype, ("batch",))
    array = np.asarray(values)
    batch = to_batch(check_feed([a_port], {"a": array}), [a_port], slice(None))["a"]
    assert batch.dtype == a_port.numpy_dtype
    if dtype != "f32" or array.dtype.kind != "f":
        assert [int(v) for v in batch] == [int(v) for v in array]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_are_nn529_with_row_and_count(value):
    array = np.zeros((5, 2), dtype=np.float32)
    array[3, 1] = array[4, 0] = value
    problem = fault(port(), array)
    assert problem.code == "NN529"
    assert f"{value} in row 3 (2 such values)" in problem.headline


def test_nan_far_into_a_large_array_is_found():
    array = np.zeros((70_000, 8), dtype=np.float32)
    array[69_999, 7] = np.nan
    problem = fault(port(dims=("batch", 8)), array)
    assert "in row 69999" in problem.headline


@pytest.mark.parametrize(
    ("values", "row", "cure"),
    [
        ([0, 10, 3], 1, "declare `index<11>`"),
        ([0, -1], 1, "negative"),
        ([1, 2, 10], 2, "subtract 1"),
        ([0.0, 11.0], 1, "index<12>"),
    ],
)
def test_labels_out_of_range_are_nn530(values, row, cure):
    (problem,) = faults([LABEL], {"label": np.asarray(values)})
    assert problem.code == "NN530"
    assert f"in row {row}, the model takes 0 to 9" in problem.headline
    assert f"runs from {int(min(values))} to {int(max(values))}" in problem.headline
    assert cure in (problem.help or "")
    assert "m.nn:3" in str(problem)


def test_words_out_of_range_are_nn530_and_name_the_text():
    texts = Ragged.from_lists([[1, 2], [], [3, 50]])
    problem = fault(port("i32", ("batch", "time"), "index", 50), texts)
    assert problem.code == "NN530"
    assert "50 in row 2" in problem.headline
    assert "num_words=50" in (problem.help or "")
    check_feed([port("i32", ("batch", "time"), "index", 50)], {"a": Ragged.from_lists([[1, 2], [50]], num_words=50)})


def test_words_outside_of_a_selection_do_not_count():
    texts = Ragged.from_lists([[99], [1, 2], [99]]).select(slice(1, 2))
    check_feed([port("i32", ("batch", "time"), "index", 50)], {"a": texts})


def test_a_padding_out_of_range_is_nn530():
    texts = Ragged(np.array([1, 2]), np.array([0, 2]), padding=50)
    assert fault(port("i32", ("batch", "time"), "index", 50), texts).code == "NN530"


def test_what_is_not_binary_is_nn531():
    problem = fault(port(kind="binary"), [[0, 1], [-1, 1]])
    assert problem.code == "NN531"
    check_feed([port(kind="binary")], {"a": [[0, 1], [1, 1]]})


@pytest.mark.parametrize("row", [[0.2, 0.8, 0.0], [1, 1, 0], [0, 0, 0], [2, -1, 0]])
def test_what_is_not_onehot_is_nn532(row):
    problem = fault(port(dims=("batch", 3), kind="onehot"), [[0, 1, 0], row])
    assert problem.code == "NN532"
    assert "row 1" in problem.headline


def test_onehot_within_a_row_is_checked_along_the_last_axis():
    a_port = port(dims=("batch", 2, 2), kind="onehot")
    check_feed([a_port], {"a": [[[0, 1], [1, 0]]]})
    assert fault(a_port, [[[0, 1], [1, 0]], [[1, 0], [1, 1]]]).code == "NN532"


def test_a_single_onehot_vector_and_texts():
    vector = port(dims=(2,), kind="onehot")
    assert check_array(vector, [0, 1]).tolist() == [0, 1]
    with pytest.raises(NndslError) as error:
        check_array(vector, [1, 1])
    assert [p.code for p in error.value.problems] == ["NN532"]
    assert fault(port(dims=("batch", "n"), kind="onehot"), Ragged.from_lists([[1], [0]])).code == "NN532"


@pytest.mark.parametrize("value", [-0.1, 1.1, 35])
def test_what_is_no_probability_is_nn533(value):
    assert fault(port(kind="prob"), [[0.0, 1.0], [0.5, value]]).code == "NN533"
    check_feed([port(kind="prob")], {"a": [[0.0, 1.0], [0.5, 1.0 + 1e-7]]})


# --- binding x and y --------------------------------------------------------------------------------------

LEFT, RIGHT = port(name="left"), port(name="right")


def test_one_array_binds_to_the_only_input_and_target():
    bound = bind_xy([IMAGE, LABEL], images, labels)
    assert bound["image"] is images
    assert bound["label"] is labels


def test_a_list_of_numbers_is_one_array_where_there_is_one_input():
    assert bind_xy([LABEL], None, [1, 2]) == {"label": [1, 2]}


def test_a_list_binds_in_the_order_of_the_declarations():
    assert bind_xy([LEFT, LABEL, RIGHT], [1, 2], {"label": 3}) == {"left": 1, "right": 2, "label": 3}


@pytest.mark.parametrize(
    ("ports", "x", "y"),
    [
        ([LEFT, RIGHT], images, None),
        ([LEFT, RIGHT], [images], None),
        ([LEFT], images, labels),
        ([LEFT, LABEL], {1: images}, labels),
        ([LEFT, LABEL], {"label": labels}, {"label": labels}),
    ],
)
def test_what_cannot_be_bound_is_nn534(ports, x, y):
    with pytest.raises(NndslError) as error:
        bind_xy(ports, x, y)
    assert [p.code for p in error.value.problems] == ["NN534"]


# --- single batches ---------------------------------------------------------------------------------------


def test_an_array_that_is_right_is_handed_back_itself():
    array = np.ones((1, 8, 8), dtype=np.float32)
    assert check_array(IMAGE, array) is array
    assert fast_path(IMAGE)(array) is array


def test_a_batch_may_have_fixed_sizes_and_no_rows():
    ports = [port(dims=(4, 2)), port(dims=(), name="rate"), port(dims=("n", "n"), name="square")]
    out = check_batch(ports, {"a": np.ones((4, 2)), "rate": 0.5, "square": np.eye(3)})
    assert {name: (a.dtype, a.shape) for name, a in out.items()} == {
        "a": (np.float32, (4, 2)),
        "rate": (np.float32, ()),
        "square": (np.float32, (3, 3)),
    }


def test_in_a_batch_the_rows_have_to_agree_by_name():
    with pytest.raises(NndslError) as error:
        check_batch([IMAGE, LABEL], {"image": images, "label": labels[:3]})
    assert [p.code for p in error.value.problems] == ["NN524"]


def test_a_batch_of_ragged_texts_is_padded():
    a_port = port("i32", ("batch", "time"), "index", 50)
    assert check_array(a_port, Ragged.from_lists([[1], [2, 3]])).tolist() == [[1, 0], [2, 3]]


@pytest.mark.parametrize(
    "array",
    [
        np.ones((1, 8, 8)),
        np.ones((8, 8), dtype=np.float32),
        np.ones((1, 8, 9), dtype=np.float32),
        np.ones((0, 8, 8), dtype=np.float32),
        np.full((1, 8, 8), np.nan, dtype=np.float32),
        np.ones((2, 8, 16), dtype=np.float32)[:, :, ::2],
        [[1.0]],
    ],
)
def test_the_fast_path_leaves_the_rest_to_the_check(array):
    assert fast_path(IMAGE)(array) is None


def test_the_fast_path_looks_at_indices():
    fast = fast_path(LABEL)
    good = np.array([0, 9], dtype=np.int32)
    assert fast(good) is good
    assert fast(np.array([0, 10], dtype=np.int32)) is None
    assert fast(np.array([-1], dtype=np.int32)) is None


@pytest.mark.parametrize("a_port", [port(dims=("n", "n")), port(dims=("n", "2 * n")), port(kind="binary")])
def test_the_fast_path_does_not_take_what_it_cannot_check(a_port):
    assert fast_path(a_port)(np.full((2, 2), 5, dtype=np.float32)) is None
