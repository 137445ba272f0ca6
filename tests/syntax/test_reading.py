"""Getting at the text of a file, and the cache of the parser tables."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path

import pytest

from nndsl.diagnostics import NndslError, Source
from nndsl.syntax import tables
from nndsl.syntax.load import MAX_BYTES, load_source, source_from_text
from nndsl.syntax.parse import parse


def failure(path: Path) -> tuple[str, str]:
    with pytest.raises(NndslError) as caught:
        load_source(path)
    (problem,) = caught.value.problems
    return problem.code, str(problem)


def test_newlines_and_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "a.nn"
    path.write_bytes(b"\xef\xbb\xbffn f(x) {\r\n\treturn x\r}\n")
    source = load_source(path, shown_as="a.nn")
    assert (source.name, source.text) == ("a.nn", "fn f(x) {\n\treturn x\n}\n")
    assert parse(source)[1] == ()


def test_missing_file_names_its_neighbour(tmp_path: Path) -> None:
    (tmp_path / "reuters.nn").write_text("")
    code, text = failure(tmp_path / "reuter.nn")
    assert code == "NN080"
    assert "did you mean `reuters.nn`?" in text
    assert "did you mean `reuters.nn`?" in failure(tmp_path / "reuters")[1]


def test_folder(tmp_path: Path) -> None:
    (tmp_path / "x.nn").write_text("")
    code, text = failure(tmp_path)
    assert code == "NN081"
    assert "x.nn" in text


def test_file_in_the_place_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("")
    assert failure(tmp_path / "x" / "y.nn")[0] in ("NN080", "NN082")


def test_unreadable(tmp_path: Path) -> None:
    path = tmp_path / "x.nn"
    path.write_text("")
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    assert failure(path)[0] == "NN082"


def test_too_large(tmp_path: Path) -> None:
    path = tmp_path / "x.nn"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    assert failure(path)[0] == "NN902"


@pytest.mark.parametrize("content", [b"PK\x03\x04\0\0", "fn f".encode("utf-16")])
def test_binary(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.nn"
    path.write_bytes(content)
    assert failure(path)[0] == "NN083"


def test_not_utf8_names_line_and_byte(tmp_path: Path) -> None:
    path = tmp_path / "x.nn"
    path.write_bytes(b"# fine\r\n# caf\xe9\n")
    code, text = failure(path)
    assert code == "NN084"
    assert "line 2 has the byte 0xe9" in text


@pytest.mark.parametrize(
    ("text", "code"), [("a\0b", "NN083"), ("\ud800", "NN084"), ("é" * (MAX_BYTES // 2 + 1), "NN902")]
)
def test_strings_are_held_to_the_same_rules(text: str, code: str) -> None:
    with pytest.raises(NndslError) as caught:
        source_from_text(text)
    assert caught.value.problems[0].code == code


@pytest.mark.parametrize("text", ["", "\n\n", "# only this\n"])
def test_a_file_that_describes_nothing(text: str) -> None:
    assert [problem.code for problem in parse(Source("x.nn", text))[1]] == ["NN069"]


def test_grammar_has_no_conflicts_and_is_cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NNDSL_CACHE_DIR", str(tmp_path))
    tables.load_tables.cache_clear()
    made = tables.load_tables()  # a conflict in the grammar would raise here
    (kept,) = tmp_path.glob("grammar-*.json")
    tables.load_tables.cache_clear()
    monkeypatch.setattr(tables, "build_tables", None)  # so that it can only come from the file
    assert tables.load_tables() == made
    monkeypatch.undo()
    monkeypatch.setenv("NNDSL_CACHE_DIR", str(tmp_path))
    kept.write_bytes(kept.read_bytes()[:-100])
    tables.load_tables.cache_clear()
    assert tables.load_tables() == made
    tables.load_tables.cache_clear()


# --- files that change while they are read ---------------------------------------------------------------------


class Fleeting(type(Path())):  # type: ignore[misc]
    """A path whose file goes away between the look at it and its opening."""

    def open(self, *rest: str) -> object:
        os.unlink(self)
        return super().open(*rest)


class Shrinking(type(Path())):  # type: ignore[misc]
    """A path whose file is emptied once it is open."""

    def open(self, *rest: str) -> object:
        self.seen = super().open(*rest)
        return self.seen

    def stat(self, **rest: bool) -> os.stat_result:
        if hasattr(self, "seen"):
            os.truncate(self, 0)
        return super().stat(**rest)


def test_a_file_that_goes_away_before_it_is_opened_is_told(tmp_path: Path) -> None:
    (tmp_path / "m.nn").write_text("model M { }\n")
    code, text = failure(Fleeting(tmp_path / "m.nn"))
    assert code == "NN082"
    assert "No such file" in text


def test_a_large_file_that_shrinks_is_told_as_it_was_read(tmp_path: Path) -> None:
    (tmp_path / "m.nn").write_bytes(b"#" * (MAX_BYTES + 7))
    code, text = failure(Shrinking(tmp_path / "m.nn"))
    assert code == "NN902"
    assert f"{MAX_BYTES + 1:,} bytes" in text


def test_a_file_that_is_written_while_it_is_read_gives_a_text_or_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "m.nn"
    good, other = b"model M { input x: f32[batch, 4]\n output y = x }\n" * 50, b"\xff\0 no text"
    path.write_bytes(good)
    stop = threading.Event()

    def change() -> None:
        while not stop.is_set():
            path.write_bytes(other)
            path.unlink()
            path.write_bytes(good)

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for _ in range(200):
            with contextlib.suppress(NndslError):  # anything else is a fault
                assert good.decode().startswith(load_source(path).text)
    finally:
        stop.set()
        thread.join()
    assert load_source(path).text == good.decode()
