"""`parquet`: columns by pyarrow."""

from __future__ import annotations

import datetime
from pathlib import Path

import numpy as np
import pytest

from nndsl.data.columns import DataSet, Ragged
from nndsl.data.context import SourceContext
from nndsl.data.named import Named
from nndsl.data.parquet import parquet
from nndsl.data.streams import Stream, held
from nndsl.data.wanted import text_cells
from nndsl.diagnostics import NndslError, Problem

pyarrow = pytest.importorskip("pyarrow")


def write(folder: Path, columns: dict, **options) -> None:
    import pyarrow.parquet as files

    files.write_table(pyarrow.table(columns), folder / "a.parquet", **options)


def read(folder: Path, **named):
    return parquet(SourceContext(folder), None, "a.parquet", **named)


def fault(folder: Path, **named) -> Problem:
    with pytest.raises(NndslError) as error:
        read(folder, **named)
    (problem,) = error.value.problems
    return problem


TABLE = {
    "a": np.arange(7, dtype=np.int16),
    "b": np.arange(7) / 2,
    "c": ["x", "y", "x", "z", "y", "x", "x"],
    "rows": [[float(i), 2.0] for i in range(7)],
    "there": [True, False] * 3 + [True],
}


def test_numbers_classes_and_lists(tmp_path):
    write(tmp_path, TABLE)
    data = read(tmp_path, a="a", ab=["a", 1], c="c", rows="rows", there="there")
    assert data["a"].array.dtype == np.int16
    assert data["ab"].array[3].tolist() == [3, 1.5]
    assert data["rows"].array[6].tolist() == [6, 2]
    assert data["there"].array.dtype == bool
    assert [data["c"].names[code] for code in data["c"].codes.array] == TABLE["c"]


def test_row_groups_are_read_by_themselves(tmp_path):
    write(tmp_path, TABLE, row_group_size=3)
    stream = read(tmp_path, rows="rows", c="c", a="a", stream=True)
    assert isinstance(stream, Stream)
    assert stream.starts.tolist() == [0, 3, 6, 7]
    assert stream.outlines["rows"].shape == (7, 2)
    assert stream.outlines["c"].named
    assert stream.read(np.array([2, 0]))["a"].array.tolist() == [6, 0, 1, 2]
    assert held(stream)["a"].array.tolist() == list(range(7))
    assert stream.read(np.array([1]))["c"].counts() == {"z": 1, "y": 1, "x": 1}


def test_lists_of_different_lengths_are_ragged(tmp_path):
    write(tmp_path, {"words": [[1, 2], [], [3]]})
    column = read(tmp_path, words="words")["words"]
    assert isinstance(column, Ragged)
    assert column.take(slice(None)).tolist() == [[1, 2], [0, 0], [3, 0]]
    assert fault(tmp_path, words="words", stream=True).code == "NN505"
    write(tmp_path, {"words": [[1.5, 2], [], [3]]})
    assert fault(tmp_path, words="words").code == "NN546"


def test_dictionaries_decimals_and_texts(tmp_path):
    names = pyarrow.array(["p", "q", "p"]).dictionary_encode()
    money = pyarrow.array([1, 2, 3]).cast(pyarrow.decimal128(22, 2))
    write(tmp_path, {"n": names, "m": money, "t": ["good film", "bad", "good"]})
    data = read(tmp_path, n="n", m="m", t=text_cells(SourceContext(tmp_path), None, "t"))
    assert isinstance(data["n"], Named)
    assert data["m"].array.tolist() == [1, 2, 3]
    assert data["t"].counts() == {"\0": 0, "good": 2, "film": 1, "bad": 1}


def test_what_becomes_of_missing_values(tmp_path):
    write(tmp_path, {"a": [1, None, 3, 4], "c": ["x", "y", None, "z"], "r": [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], None]},
          row_group_size=2)  # fmt: skip
    problem = fault(tmp_path, a="a")
    assert (problem.code, problem.headline) == ("NN546", "column `a` of `a.parquet` has no value in 1 row")
    dropped = read(tmp_path, a="a", c="c", missing="drop")
    assert dropped["a"].array.tolist() == [1, 4]
    assert read(tmp_path, a="a", missing=0)["a"].array.tolist() == [1, 0, 3, 4]
    assert np.isnan(read(tmp_path, a="a", missing="keep")["a"].array).tolist() == [False, True, False, False]
    assert "missing" in read(tmp_path, c="c", missing="keep")["c"].names
    assert read(tmp_path, r="r", missing="drop")["r"].array.tolist() == [[1, 2], [3, 4], [5, 6]]
    assert read(tmp_path, a="a", c="c", missing="drop", stream=True).starts.tolist() == [0, 1, 2]


def test_other_types_are_nn546(tmp_path):
    write(tmp_path, {"when": [datetime.date(2026, 1, 1)], "deep": [[[1]]], "holes": [[1, None]]})
    for column in ("when", "deep", "holes"):
        assert fault(tmp_path, x=column).code == "NN546"


def test_what_is_wrong_with_a_file(tmp_path):
    assert fault(tmp_path, x="a").code == "NN500"
    for content in (b"", b"PAR1", b"a,b\n1,2\n"):
        (tmp_path / "a.parquet").write_bytes(content)
        assert fault(tmp_path, x="a").code == "NN501"
    write(tmp_path, TABLE)
    problem = fault(tmp_path, x="rws")
    assert (problem.code, problem.help.splitlines()[0]) == ("NN502", "did you mean `rows`?")
    assert fault(tmp_path, x=["a", "c"]).code == "NN508"
    content = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "a.parquet").write_bytes(content[:40] + bytes(60) + content[100:])
    with pytest.raises(NndslError, match=r"NN501|NN546"):
        read(tmp_path, a="a", b="b", rows="rows")


def test_a_file_without_rows_gives_columns_without_rows(tmp_path):
    write(tmp_path, {"a": np.zeros(0)})
    assert isinstance(read(tmp_path, a="a"), DataSet)
    assert len(read(tmp_path, a="a")["a"]) == 0
