"""`npz` and `ragged`: real files, good, damaged and hostile."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from nndsl.data import archives
from nndsl.data.archives import RaggedKeys
from nndsl.data.context import SourceContext
from nndsl.data.sources import SOURCES
from nndsl.diagnostics import NndslError, Problem, Source, Span

TEXT = 'data = npz("a.npz", x="x")'
SPAN = Span(Source("m.nn", TEXT), 7, len(TEXT))
npz, ragged = SOURCES["npz"], SOURCES["ragged"]


def read(folder: Path, *args, **named):
    return npz(SourceContext(folder), SPAN, *args, **named)


def texts(*args, **named) -> RaggedKeys:
    return ragged(SourceContext(Path()), SPAN, *args, **named)


def fault(folder: Path, *args, **named) -> Problem:
    with pytest.raises(NndslError) as error:
        read(folder, *args, **named)
    (problem,) = error.value.problems
    assert problem.span == SPAN
    return problem


def object_array(items: list) -> np.ndarray:
    array = np.empty(len(items), dtype=object)
    for i, item in enumerate(items):
        array[i] = item
    return array


def npy(array: np.ndarray, pickled: bytes | None = None) -> bytes:
    """A `.npy` as old and new NumPy write it; `pickled` stands for the content of an object array."""
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(out, np.lib.format.header_data_from_array_1_0(array))
    return out.getvalue() + (array.tobytes() if pickled is None else pickled)


def archive(path: Path, **members: bytes) -> None:
    with zipfile.ZipFile(path, "w") as file:
        for name, content in members.items():
            file.writestr(f"{name}.npy", content)


# --- plain arrays -----------------------------------------------------------------------------------------


def test_arrays_keep_their_dtype_and_take_the_names_of_the_inputs(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", x_train=np.ones((3, 2), dtype=np.uint8), y_train=np.arange(3))
    data = read(tmp_path, "a.npz", image="x_train", label="y_train")
    assert data.describe() == "image: u8 array of shape (3, 2)\nlabel: i64 array of shape (3,)"


def test_an_input_may_bear_the_name_of_a_parameter(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.ones(3))
    assert list(read(tmp_path, "a.npz", context="x", span="x")) == ["context", "span"]
    assert list(read(tmp_path, path="a.npz", x="x")) == ["x"]


def test_fortran_order_is_kept_as_values(tmp_path):
    array = np.asfortranarray(np.arange(6.0).reshape(3, 2))
    np.savez(tmp_path / "a.npz", x=array)
    assert read(tmp_path, "a.npz", x="x")["x"].array.tolist() == array.tolist()


def test_only_the_named_arrays_are_read(tmp_path):
    archive(tmp_path / "a.npz", x=npy(np.ones(3)), broken=b"nonsense")
    assert read(tmp_path, "a.npz", x="x").rows == 3


def test_a_missing_key_is_nn502_with_the_near_name_and_the_list(tmp_path):
    np.savez(tmp_path / "a.npz", x_train=np.ones(3), y_train=np.ones(3))
    problem = fault(tmp_path, "a.npz", x="x_trian")
    assert problem.code == "NN502"
    assert problem.help == "did you mean `x_train`?\nit has `x_train`, `y_train`"


def test_arrays_of_different_lengths_are_nn525(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.ones(3), y=np.ones(4))
    problem = fault(tmp_path, "a.npz", x="x", y="y")
    assert problem.code == "NN525"
    assert "`x` has 3, `y` has 4" in problem.headline


# --- where files are --------------------------------------------------------------------------------------


def test_a_missing_file_is_nn500_with_its_neighbour(tmp_path):
    np.savez(tmp_path / "reuters.npz", x=np.ones(3))
    problem = fault(tmp_path, "retuers.npz", x="x")
    assert problem.code == "NN500"
    assert problem.help == "did you mean `reuters.npz`?"


@pytest.mark.parametrize("path", ["no/such/folder/a.npz", "a\0b.npz", "n" * 5000])
def test_an_impossible_path_is_a_problem(tmp_path, path):
    assert fault(tmp_path, path, x="x").code in ("NN500", "NN501")


def test_a_folder_is_nn501(tmp_path):
    (tmp_path / "a.npz").mkdir()
    assert fault(tmp_path, "a.npz", x="x").code == "NN501"


def test_an_override_folder_is_looked_in_first(tmp_path):
    (tmp_path / "other").mkdir()
    np.savez(tmp_path / "a.npz", x=np.zeros(3))
    np.savez(tmp_path / "b.npz", x=np.zeros(3))
    np.savez(tmp_path / "other" / "a.npz", x=np.zeros(5))
    context = SourceContext(tmp_path, tmp_path / "other")
    assert npz(context, SPAN, "a.npz", x="x").rows == 5
    assert npz(context, SPAN, "data/a.npz", x="x").rows == 5
    assert npz(context, SPAN, "b.npz", x="x").rows == 3


def test_an_override_file_stands_for_the_only_source(tmp_path):
    np.savez(tmp_path / "new.npz", x=np.zeros(5))
    context = SourceContext(tmp_path, tmp_path / "new.npz", ("a.npz", "a.npz"))
    assert npz(context, SPAN, "a.npz", x="x").rows == 5


def test_an_override_file_stands_for_the_source_of_its_name(tmp_path):
    (tmp_path / "other").mkdir()
    np.savez(tmp_path / "a.npz", x=np.zeros(3))
    np.savez(tmp_path / "b.npz", x=np.zeros(3))
    np.savez(tmp_path / "other" / "a.npz", x=np.zeros(5))
    context = SourceContext(tmp_path, tmp_path / "other" / "a.npz", ("a.npz", "b.npz"))
    assert npz(context, SPAN, "a.npz", x="x").rows == 5
    assert npz(context, SPAN, "b.npz", x="x").rows == 3


def test_an_override_file_that_fits_none_of_several_is_nn511(tmp_path):
    np.savez(tmp_path / "new.npz", x=np.zeros(5))
    with pytest.raises(NndslError) as error:
        npz(SourceContext(tmp_path, tmp_path / "new.npz", ("a.npz", "b.npz")), SPAN, "a.npz", x="x")
    assert [p.code for p in error.value.problems] == ["NN511"]


def test_an_override_that_is_not_there_is_nn500(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.zeros(5))
    with pytest.raises(NndslError) as error:
        npz(SourceContext(tmp_path, tmp_path / "gone"), SPAN, "a.npz", x="x")
    assert [p.code for p in error.value.problems] == ["NN500"]


# --- damaged files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"just text", "no .npz archive"),
        (npy(np.ones(3)), "single .npy"),
        (b"PK\x03\x04 and then nothing", "cut off"),
    ],
)
def test_what_is_no_archive_is_nn501(tmp_path, content, reason):
    (tmp_path / "a.npz").write_bytes(content)
    problem = fault(tmp_path, "a.npz", x="x")
    assert problem.code == "NN501"
    assert reason in problem.headline


def test_an_archive_cut_off_or_changed_anywhere_is_a_problem_or_whole(tmp_path):
    path = tmp_path / "a.npz"
    np.savez_compressed(path, x=np.arange(40))
    whole = path.read_bytes()
    for cut in range(0, len(whole), 7):
        path.write_bytes(whole[:cut])
        assert fault(tmp_path, "a.npz", x="x").code == "NN501"
    outcomes = []
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x5A]) + whole[place + 1 :])
        try:
            outcomes.append(read(tmp_path, "a.npz", x="x")["x"].array.tolist())
        except NndslError as error:
            outcomes.append(error.problems[0].code)
    assert outcomes.count("NN501") > len(whole) // 2
    assert all(outcome in ("NN501", "NN502", "NN504", list(range(40))) for outcome in outcomes)


@pytest.mark.parametrize(
    "content", [b"", b"\x93NUMPY", b"\x93NUMPY\x09\x00", b"\x93NUMPY\x01\x00\x05\x00{'a':", b"x" * 99]
)
def test_a_member_that_is_no_array_is_nn501(tmp_path, content):
    archive(tmp_path / "a.npz", x=content)
    assert fault(tmp_path, "a.npz", x="x").code == "NN501"


def test_a_header_that_promises_more_than_there_is_is_nn501(tmp_path):
    archive(tmp_path / "a.npz", x=npy(np.ones(100))[:-8])
    assert fault(tmp_path, "a.npz", x="x").code == "NN501"


def header_of(shape: tuple[int, ...], dtype: str) -> bytes:
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(out, {"descr": dtype, "fortran_order": False, "shape": shape})
    return out.getvalue()


def test_a_header_that_promises_terabytes_is_nn504(tmp_path):
    archive(tmp_path / "a.npz", x=header_of((1 << 40,), "<f8"))
    assert fault(tmp_path, "a.npz", x="x").code == "NN504"


@pytest.mark.parametrize("shape", [(-1, 8), (1 << 70,), (0, 1 << 80)])
def test_an_impossible_shape_is_a_problem(tmp_path, shape):
    archive(tmp_path / "a.npz", x=header_of(shape, "<f8"))
    assert fault(tmp_path, "a.npz", x="x").code in ("NN501", "NN504")


def test_more_than_is_free_is_nn504_before_anything_is_unpacked(tmp_path, monkeypatch):
    np.savez_compressed(tmp_path / "a.npz", x=np.zeros(1 << 20))
    monkeypatch.setattr(archives, "free_memory", lambda: 1 << 20)
    problem = fault(tmp_path, "a.npz", x="x")
    assert problem.code == "NN504"
    assert "8.0 MiB" in problem.headline


def test_a_single_number_is_nn501(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.array(3.0))
    assert fault(tmp_path, "a.npz", x="x").code == "NN501"


# --- ragged texts -----------------------------------------------------------------------------------------


def test_flat_texts(tmp_path):
    np.savez(tmp_path / "a.npz", w=np.array([1, 5, 2, 9], dtype=np.uint16), o=np.array([0, 3, 4]), y=np.arange(2))
    data = read(tmp_path, "a.npz", words=texts("w", "o", num_words=8), y="y")
    assert data["words"].take(slice(None)).tolist() == [[1, 5, 2], [2, 0, 0]]


def test_flat_texts_that_do_not_fit_are_nn510_with_the_name(tmp_path):
    np.savez(tmp_path / "a.npz", w=np.arange(4), o=np.array([0, 5]), square=np.ones((2, 2), dtype=int))
    problem = fault(tmp_path, "a.npz", words=texts("w", "o"))
    assert problem.code == "NN510"
    assert "`words`" in problem.headline
    assert fault(tmp_path, "a.npz", words=texts("square")).code == "NN510"
    assert fault(tmp_path, "a.npz", words=texts("square", "o")).code == "NN510"
    assert fault(tmp_path, "a.npz", words=texts("w", "offsets")).code == "NN502"


TEXTS = [[1, 14, 22, 16, 43], [1, 70000, 3], []]


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("module", ["numpy.core", "numpy._core"])
def test_the_keras_archives_of_every_numpy_are_read(tmp_path, protocol, module):
    array = object_array(TEXTS)
    content = pickled(array, protocol, module)
    archive(tmp_path / "imdb.npz", x_train=npy(array, content), y_train=npy(np.arange(3)))
    data = read(tmp_path, "imdb.npz", words=texts("x_train", num_words=10000), label="y_train")
    assert data["words"].take(slice(None)).tolist() == [[1, 14, 22, 16, 43], [1, 2, 3, 0, 0], [0] * 5]
    assert data["words"].words.dtype == np.int32


def pickled(array: np.ndarray, protocol: int, module: str) -> bytes:
    """A pickle of `array` as a NumPy writes it whose functions lie in `module`."""
    content = pickle.dumps(array, protocol)
    now = "numpy._core" if b"numpy._core" in content else "numpy.core"
    old, new = f"{now}.multiarray".encode(), f"{module}.multiarray".encode()
    # From protocol 4 on there is a length before the name, and a frame length which has to hold as well.
    if protocol < 4:
        return content.replace(old, new)
    content = content.replace(bytes([len(old)]) + old, bytes([len(new)]) + new)
    frame = int.from_bytes(content[3:11], "little") + len(new) - len(old)
    return content[:3] + frame.to_bytes(8, "little") + content[11:]


def test_what_savez_writes_today_is_read(tmp_path):
    np.savez_compressed(tmp_path / "imdb.npz", x=object_array(TEXTS))
    assert read(tmp_path, "imdb.npz", words=texts("x"))["words"].take(np.array([1])).tolist() == [[1, 70000, 3]]


def test_arrays_of_integers_are_texts_too(tmp_path):
    items = [np.array([1, 2], dtype=">i4"), np.array([], dtype=np.uint8), np.array([300], dtype=np.int64)]
    np.savez(tmp_path / "a.npz", x=object_array(items))
    assert read(tmp_path, "a.npz", words=texts("x"))["words"].take(slice(None)).tolist() == [[1, 2], [0, 0], [300, 0]]


def test_keras_numbering_can_be_asked_for(tmp_path):
    np.savez(tmp_path / "a.npz", x=object_array([[1, 9], [2]]))
    data = read(tmp_path, "a.npz", words=texts("x", num_words=10, index_from=3, start=1))
    assert data["words"].take(slice(None)).tolist() == [[1, 4, 2], [1, 5, 0]]


def test_lists_without_ragged_are_nn503_and_the_message_says_ragged(tmp_path):
    np.savez(tmp_path / "a.npz", x=object_array(TEXTS))
    problem = fault(tmp_path, "a.npz", words="x")
    assert problem.code == "NN503"
    assert 'ragged("x")' in problem.headline


class RunsACommand:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


class MakesAnArray:
    def __reduce__(self):
        return np.ndarray, ((1 << 40,),)


class IsADtype:
    def __reduce__(self):
        return np.dtype, ("i8",)


@pytest.mark.parametrize("key", ["x", texts("x")])
def test_a_pickle_that_runs_a_command_is_nn503_and_runs_nothing(tmp_path, key):
    np.savez(tmp_path / "a.npz", x=object_array([[1], RunsACommand(tmp_path / "touched")]))
    problem = fault(tmp_path, "a.npz", x=key)
    assert problem.code == "NN503"
    assert not (tmp_path / "touched").exists()
    assert isinstance(key, str) or ".system" in problem.headline


@pytest.mark.parametrize(
    "items",
    [
        [[1], [2.5]],
        [[1], ["a"]],
        [[1], [True]],
        [[1], [[2]]],
        [[1], None],
        [[1], (2, 3)],
        [[1], {"a": 1}],
        [[1], [2**40]],
        [[1], np.array([2.5])],
        [[1], np.array([2**40])],
        [[1], np.array([-1])],
        [[1], object_array([[1]])],
        [[1], np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")])],
        [[1], np.float64(2)],
        [MakesAnArray()],
        [IsADtype()],
    ],
)
def test_anything_but_lists_of_integers_is_nn503(tmp_path, items):
    np.savez(tmp_path / "a.npz", x=object_array(items))
    assert fault(tmp_path, "a.npz", x=texts("x")).code == "NN503"


def test_a_pickle_cannot_change_the_functions_it_may_name(tmp_path):
    change = b"\x80\x02cnumpy\ndtype\n}X\x04\x00\x00\x00codeX\x01\x00\x00\x00asb."
    archive(tmp_path / "a.npz", x=npy(object_array([1]), change))
    assert fault(tmp_path, "a.npz", x=texts("x")).code == "NN503"


def test_lists_that_unfold_without_end_are_nn503(tmp_path):
    same = [0] * 100_000
    np.savez(tmp_path / "a.npz", x=object_array([same] * 50_000))
    problem = fault(tmp_path, "a.npz", x=texts("x"))
    assert problem.code == "NN503"
    assert "5000000000 words" in problem.headline


def test_damaged_pickles_are_problems(tmp_path):
    array = object_array(TEXTS)
    content = pickle.dumps(array, protocol=2)
    for cut in range(0, len(content), 5):
        archive(tmp_path / "a.npz", x=npy(array, content[:cut]))
        assert fault(tmp_path, "a.npz", x=texts("x")).code in ("NN501", "NN503")


def test_a_pickle_of_another_length_than_the_header_is_nn503(tmp_path):
    archive(tmp_path / "a.npz", x=npy(object_array([[1]] * 5), pickle.dumps(object_array([[1]]))))
    assert fault(tmp_path, "a.npz", x=texts("x")).code == "NN503"


# --- arguments --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "named"),
    [
        ((), {}),
        ((), {"x": "x"}),
        ((3,), {"x": "x"}),
        (("a.npz", "x"), {}),
        (("a.npz",), {}),
        (("a.npz",), {"x": 3}),
        (("a.npz",), {"x": ["x"]}),
    ],
)
def test_wrong_arguments_of_npz_are_nn505(tmp_path, args, named):
    np.savez(tmp_path / "a.npz", x=np.ones(3))
    assert fault(tmp_path, *args, **named).code == "NN505"


@pytest.mark.parametrize(
    ("args", "named"),
    [
        ((), {}),
        ((1,), {}),
        (("w", 2), {}),
        (("w", "o", "p"), {}),
        (("w",), {"num_words": 0}),
        (("w",), {"num_words": "many"}),
        (("w",), {"num_words": True}),
        (("w",), {"start": -1}),
        (("w",), {"numwords": 10}),
    ],
)
def test_wrong_arguments_of_ragged_are_nn505(args, named):
    with pytest.raises(NndslError) as error:
        texts(*args, **named)
    assert [p.code for p in error.value.problems] == ["NN505"]


def test_ragged_takes_its_keys_by_name():
    assert texts(words="w", offsets="o") == RaggedKeys("w", "o")
