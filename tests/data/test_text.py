"""`text` and `windows`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nndsl.data.columns import DataSet, Dense, Ragged
from nndsl.data.context import SourceContext
from nndsl.data.text import text
from nndsl.data.windows import windows
from nndsl.diagnostics import NndslError

CONTEXT = SourceContext(Path())


def read(folder: Path, path: str, **named):
    return text(SourceContext(folder), None, path, **named)


def refused(function, *args, **named) -> str:
    with pytest.raises(NndslError) as error:
        function(*args, **named)
    (problem,) = error.value.problems
    return problem.code


def test_a_folder_of_texts(tmp_path):
    for name, content in {"good/1": "a good film", "good/2": "good", "bad/1": "no film"}.items():
        (tmp_path / f"t/{name}.txt").parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / f"t/{name}.txt").write_text(content)
    data = read(tmp_path, "t", words="text", mood="label")
    assert data["mood"].names == ("bad", "good")
    assert data["mood"].codes.array.tolist() == [0, 1, 1]
    assert data["words"].counts() == {"\0": 0, "no": 1, "film": 2, "a": 1, "good": 2}
    assert isinstance(data["words"].codes, Ragged)
    assert data.strata.tolist() == [0, 1, 1]


def test_lines_of_a_file_and_rows_of_a_file(tmp_path):
    (tmp_path / "a.txt").write_text("\ufeffOne two\n\nthree\n", encoding="utf-8")
    lines = read(tmp_path, "a.txt")["text"]
    assert [lines.names[code] for code in lines.codes.words] == ["one", "two", "three"]
    rows = read(tmp_path, "a.txt", x="text", by="character", length=4)["x"]
    assert rows.shape == (3, 4)
    assert "".join(rows.names[code] for code in rows.codes.array.ravel()) == "One two\n\nth"[:12] + "r"


def test_what_is_wrong_with_texts(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"\xff\xfe")
    (tmp_path / "b.txt").write_text("ab")
    (tmp_path / "c").mkdir()
    assert refused(read, tmp_path, "a.txt") == "NN501"
    assert refused(read, tmp_path, "b.txt", by="character", length=3) == "NN501"
    assert refused(read, tmp_path, "c") == "NN513"
    assert refused(read, tmp_path, "b.txt", x="label") == "NN502"
    assert refused(read, tmp_path, "../b.txt") == "NN518"
    for named in ({"by": "line"}, {"size": 2}, {"length": 0}, {"lower": 1}, {"x": 1}):
        assert refused(read, tmp_path, "b.txt", **named) == "NN505"


# --- windows -----------------------------------------------------------------------------------------------

SERIES = DataSet({"x": Dense(np.arange(20.0).reshape(10, 2)), "y": Dense(np.arange(10))})


def cut(*args, **named):
    return windows(CONTEXT, None, *args, **named)


@pytest.mark.parametrize(
    ("named", "firsts", "targets"),
    [
        ({"target": "y"}, [0, 1, 2, 3, 4, 5, 6], [3, 4, 5, 6, 7, 8, 9]),
        ({"target": "y", "stride": 3}, [0, 3, 6], [3, 6, 9]),
        ({"target": "y", "horizon": 4}, [0, 1, 2, 3], [6, 7, 8, 9]),
        ({"target": "y", "horizon": 0}, list(range(8)), list(range(2, 10))),
        ({"target": ["y"], "steps": 2, "stride": 2}, [0, 2, 4], [[3, 4], [5, 6], [7, 8]]),
    ],
)
def test_windows_and_what_comes_behind_them(named, firsts, targets):
    data = cut(SERIES, length=3, **named)
    assert data["x"].shape == (len(firsts), 3, 2)
    assert (data["x"].array[:, 0, 0] / 2).tolist() == firsts
    assert data["y"].array.tolist() == targets
    np.testing.assert_array_equal(data["x"].take(np.array([1]))[0], SERIES["x"].array[firsts[1] : firsts[1] + 3])


def test_windows_without_targets_go_to_the_end():
    data = cut(SERIES, 4)
    assert data["x"].shape == (7, 4, 2)
    assert data["y"].array[-1].tolist() == [6, 7, 8, 9]


def test_windows_overlap_in_memory():
    series = DataSet({"x": Dense(np.zeros(1_000_000, np.float32))})
    window = cut(series, 500)["x"]
    assert np.shares_memory(window.array, series["x"].array)
    assert window.take(np.array([3, 999_500])).shape == (2, 500)  # copies two windows, not a million


@pytest.mark.parametrize(
    "named", [{}, {"length": 11}, {"length": 0}, {"length": 9, "horizon": 2, "target": "y"},
              {"length": 3, "target": "z"}, {"length": 3, "target": 1}, {"length": 3, "strides": 1}]
)  # fmt: skip
def test_wrong_windows_are_nn505(named):
    assert refused(cut, SERIES, **named) == "NN505"
    assert refused(cut, 3, length=3) == "NN505"
