"""`csv`: number columns, and what is said about the others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nndsl.data import tables
from nndsl.data.context import SourceContext
from nndsl.data.named import Named
from nndsl.data.streams import held
from nndsl.data.tables import csv
from nndsl.data.wanted import text_cells
from nndsl.diagnostics import NndslError, Problem

CONTEXT = SourceContext(Path())
IRIS = "length,width,species\n5.1,3.5,0\n4.9,3,1\n\n6,2.5,2\n"


def write(folder: Path, text: str | bytes) -> None:
    (folder / "a.csv").write_bytes(text.encode() if isinstance(text, str) else text)


def read(folder: Path, **named):
    return csv(SourceContext(folder), None, "a.csv", **named)


def fault(folder: Path, **named) -> Problem:
    with pytest.raises(NndslError) as error:
        read(folder, **named)
    (problem,) = error.value.problems
    return problem


def test_columns_by_title_and_by_number(tmp_path):
    write(tmp_path, IRIS)
    data = read(tmp_path, x=["length", 1], label="species")
    assert data["x"].array.tolist() == [[5.1, 3.5], [4.9, 3.0], [6.0, 2.5]]
    assert (data["label"].array.dtype, data["label"].array.tolist()) == (np.int64, [0, 1, 2])


def test_one_column_in_a_list_has_two_dimensions(tmp_path):
    write(tmp_path, IRIS)
    assert read(tmp_path, x=["width"])["x"].shape == (3, 1)


def test_without_header_and_with_another_delimiter(tmp_path):
    write(tmp_path, "1;2\n3;4\n")
    data = read(tmp_path, x=[0, 1], header=False, delimiter=";")
    assert data["x"].array.tolist() == [[1, 2], [3, 4]]


def test_quotes_spaces_byte_order_mark_and_windows_lines(tmp_path):
    write(tmp_path, b'\xef\xbb\xbf"a, b", c\r\n" 1", -2e3\r\n')
    data = read(tmp_path, x="a, b", y="c")
    assert (data["x"].array.tolist(), data["y"].array.tolist()) == ([1], [-2000.0])


def test_a_fraction_in_a_later_block_makes_the_column_f64(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "BLOCK", 2)
    write(tmp_path, "a\n1\n2\n3\n4.5\n")
    assert read(tmp_path, x="a")["x"].array.tolist() == [1.0, 2.0, 3.0, 4.5]


def test_a_missing_column_is_nn502(tmp_path):
    write(tmp_path, IRIS)
    problem = fault(tmp_path, x="lenght")
    assert problem.code == "NN502"
    assert problem.help == "did you mean `length`?\nit has `length`, `width`, `species`"
    assert fault(tmp_path, x=3).code == "NN502"
    assert fault(tmp_path, x=-1).code == "NN502"


@pytest.mark.parametrize("cell", ["wide", "", "1_000", "2,5"])
def test_a_cell_that_is_no_number_is_nn507_with_its_line(tmp_path, cell):
    write(tmp_path, f'a,b\n1,2\n\n"{cell}",3\n')
    problem = fault(tmp_path, x="a")
    assert problem.code == "NN507"
    assert "line 4" in problem.headline
    assert "column `a`" in problem.headline


def test_a_column_without_any_number_is_one_of_classes(tmp_path):
    write(tmp_path, "a,b\n1,setosa\n2,virginica\n3, setosa\n")
    column = read(tmp_path, x="a", y="b")["y"]
    assert isinstance(column, Named)
    assert [column.names[code] for code in column.codes.array] == ["setosa", "virginica", "setosa"]


def test_a_text_column_among_numbers_is_nn508(tmp_path):
    write(tmp_path, "a,b\n1,setosa\n2,virginica\n3,setosa\n")
    problem = fault(tmp_path, x=["a", "b"])
    assert problem.code == "NN508"
    assert problem.help == "feed it to an input of its own: `index<2>[batch]` (`setosa`, `virginica`)"


def test_a_column_of_many_texts_is_nn508(tmp_path):
    write(tmp_path, "a\n" + "".join(f"name{i}\n" for i in range(100)))
    problem = fault(tmp_path, x=["a"])
    assert problem.code == "NN508"
    assert "leave the column out" in (problem.help or "")


def test_an_empty_cell_among_classes_is_nn507(tmp_path):
    write(tmp_path, "a,b\n1,setosa\n2,\n")
    assert fault(tmp_path, y="b").headline == "the empty cell in column `b`, line 3 of `a.csv`, is no class"


@pytest.mark.parametrize("cell", ["", "NA", "nan", " null ", "?"])
def test_what_becomes_of_a_missing_number(tmp_path, cell):
    write(tmp_path, f"a,b\n1,x\n{cell},y\n3,z\n")
    assert read(tmp_path, x="a", missing="drop")["x"].array.tolist() == [1, 3]
    assert read(tmp_path, x="a", missing=-1)["x"].array.tolist() == [1, -1, 3]
    kept = read(tmp_path, x="a", missing="keep")["x"].array
    assert np.isnan(kept).tolist() == [False, True, False]
    assert len(read(tmp_path, x="a", y="b", missing="drop")["y"]) == 2  # the row goes, not the cell


def test_a_missing_class_is_a_class_of_its_own(tmp_path):
    write(tmp_path, "a\nred\n\"\"\nblue\n")
    assert read(tmp_path, x="a", missing="keep")["x"].names == ("red", "missing", "blue")
    assert read(tmp_path, x="a", missing="drop")["x"].names == ("red", "blue")


def test_a_word_among_numbers_is_no_missing_value(tmp_path):
    write(tmp_path, "a\n1\nwide\n\"\"\n")
    problem = fault(tmp_path, x="a", missing="drop")
    assert (problem.code, problem.line, problem.cell) == ("NN507", 3, "wide")


def test_a_file_in_pieces_gives_what_the_whole_of_it_gives(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "BLOCK", 3)
    rows = [f'{i},{i / 2 if i > 4 else i},"a\n{i % 3}",{"" if i == 7 else i}' for i in range(10)]
    write(tmp_path, "\ufeffn,m,c,d\r\n" + "\r\n".join(rows))
    named = {"x": ["n", "m"], "c": "c", "d": "d", "missing": "drop"}
    stream = read(tmp_path, stream=True, **named)
    whole, pieces = read(tmp_path, **named), held(stream)
    assert stream.starts.tolist() == [0, 3, 6, 8, 9]
    assert stream.outlines["x"].shape == (9, 2)
    for name in ("x", "d"):
        assert pieces[name].array.tolist() == whole[name].array.tolist()
    assert [pieces["c"].names[code] for code in pieces["c"].codes.array] == [f"a\n{i % 3}" for i in range(10) if i != 7]
    some = stream.read(np.array([3, 1]))
    assert some["d"].array.tolist() == [9, 3, 4, 5]
    assert stream.numbers(np.array([3, 1])).tolist() == [8, 3, 4, 5]


def test_texts_of_a_column(tmp_path):
    write(tmp_path, 'review,y\n"Good, good film",1\nbad,0\n')
    column = read(tmp_path, x=text_cells(CONTEXT, None, "review", size=4), y="y")["x"]
    assert column.numbered(("\0", "?", "good", "film"), "x").take(slice(None)).tolist() == [[2, 2, 3], [1, 0, 0]]


def test_a_line_with_other_cells_is_nn509(tmp_path):
    write(tmp_path, "a,b\n1,2\n3\n")
    problem = fault(tmp_path, x="a")
    assert problem.code == "NN509"
    assert "line 3" in problem.headline


def test_a_text_over_two_lines_counts_as_lines(tmp_path):
    write(tmp_path, 'a,b\n1,"x\ny"\n3\n')
    assert "line 4" in fault(tmp_path, x="a").headline


@pytest.mark.parametrize("content", [b"", b"\n\n", b"a,b\n\xff\xfe,1\n", b'a,b\n"1,2\n', b"a\n" + b"1" * 200_000])
def test_what_is_no_csv_is_nn501(tmp_path, content):
    write(tmp_path, content)
    assert fault(tmp_path, x="a").code == "NN501"


def test_a_nul_is_a_problem(tmp_path):
    write(tmp_path, b"a,b\n\x001,2\n")
    assert fault(tmp_path, x="a").code in ("NN501", "NN507", "NN508")


def test_titles_alone_give_no_rows(tmp_path):
    write(tmp_path, "a,b\n")
    assert read(tmp_path, x=["a", "b"])["x"].shape == (0, 2)


def test_the_wrong_delimiter_is_noticed(tmp_path):
    write(tmp_path, "a;b\n1;2\n")
    problem = fault(tmp_path, x="a")
    assert problem.code == "NN505"
    assert problem.help == "say delimiter=';'"


@pytest.mark.parametrize(
    "named",
    [
        {},
        {"x": 1.5},
        {"x": True},
        {"x": []},
        {"x": ["a", None]},
        {"x": "a", "delimiter": ",,"},
        {"x": "a", "delimiter": 3},
        {"x": "a", "header": "yes"},
        {"x": "a", "header": False},
        {"x": "twice"},
    ],
)
def test_wrong_arguments_are_nn505(tmp_path, named):
    write(tmp_path, "a,twice,twice\n1,2,3\n")
    assert fault(tmp_path, **named).code == "NN505"


def test_a_missing_file_is_nn500(tmp_path):
    assert fault(tmp_path, x="a").code == "NN500"
