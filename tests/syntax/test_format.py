"""The formatter: one style, which keeps what a text means and what its writer said in comments."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

import pytest
from casefile import case_paths, check_case, load_case
from generated_programs import Programs
from hypothesis import given, settings
from hypothesis import strategies as st
from test_language import DENSE, EVERYTHING, REUTERS, RMSPROP, SIMPLE_RNN

from nndsl.diagnostics import NndslError, Source
from nndsl.syntax.format import format_source
from nndsl.syntax.load import source_from_text
from nndsl.syntax.parse import parse, parse_range
from nndsl.syntax.pieces import WIDTH
from nndsl.syntax.tables import load_tables
from nndsl.syntax.tokens import tokenize

ROOT = Path(__file__).parents[2]
FILES = sorted([*(ROOT / "nndsl" / "library").glob("*.nn"), *(ROOT / "samples").glob("*.nn")])


def formatted(text: str) -> str:
    return format_source(source_from_text(text, "x.nn"))


def tree(text: str) -> str:
    """The tree with its doc comments, which equality of trees leaves out."""
    return repr(parse_range(Source("x.nn", text), 0, len(text))[0])


def words(text: str) -> list[str]:
    """The tokens as written, without newlines and commas: the last one of a list comes and goes."""
    tokens = tokenize(Source("x.nn", text), 0, len(text), load_tables()).tokens
    return [token.text for token in tokens if token.kind not in ("_NL", "COMMA")]


def comments(text: str) -> list[str]:
    without_strings = re.sub(r'"(?:[^"\\\n]|\\.)*"|(#[^\n]*)', lambda match: match[1] or "", text)
    return [comment.rstrip() for comment in re.findall(r"#[^\n]*", without_strings)]


def programs() -> st.SearchStrategy[str]:
    # From a seed: drawn choice by choice, a program takes more than Hypothesis gives.
    return st.integers(0, 2**32).map(lambda seed: Programs(Random(seed)).program())


@settings(max_examples=60, deadline=None)
@given(programs())
def test_formatting_keeps_what_a_program_means(text: str) -> None:
    assert parse(Source("x.nn", text))[1] == ()  # else the generator is at fault
    assert tree(formatted(text)) == tree(text)


@settings(max_examples=60, deadline=None)
@given(programs())
def test_formatting_twice_is_formatting_once(text: str) -> None:
    once = formatted(text)
    assert formatted(once) == once


@settings(max_examples=60, deadline=None)
@given(programs())
def test_words_and_comments_stay_as_written(text: str) -> None:
    once = formatted(text)
    assert words(once) == words(text)
    assert sorted(comments(once)) == sorted(comments(text))


@settings(max_examples=40, deadline=None)
@given(programs())
def test_ends_of_lines_and_a_mark_in_front_make_no_difference(text: str) -> None:
    assert formatted(text.replace("\n", "\r\n")) == formatted("\ufeff" + text) == formatted(text)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_shipped_files_keep_their_meaning(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    once = formatted(text)
    assert (tree(once), comments(once)) == (tree(text), comments(text))
    assert formatted(once) == once


@pytest.mark.parametrize("text", [REUTERS, DENSE, RMSPROP, SIMPLE_RNN], ids=["reuters", "dense", "rmsprop", "rnn"])
def test_the_examples_of_the_language_are_in_the_style(text: str) -> None:
    assert formatted(text) == text


@pytest.mark.parametrize("path", case_paths("format"), ids=lambda path: path.stem)
def test_case(path: Path, request: pytest.FixtureRequest) -> None:
    got = formatted(load_case(path)["input"])
    check_case(path, got, request)
    assert formatted(got) == got


@pytest.mark.parametrize("text", ["fn f(x) { return x + }\n", "x = 1\n", "fn f(x) {\n", "é\n"])
def test_errors_are_told_and_nothing_is_formatted(text: str) -> None:
    with pytest.raises(NndslError) as caught:
        formatted(text)
    assert [p.code for p in caught.value.problems] == [p.code for p in parse(Source("x.nn", text))[1]]


@pytest.mark.parametrize(("text", "like"), [("", ""), ("\n \n", ""), ("\n\n# a \n\n\n# b", "# a\n\n# b\n")])
def test_files_without_code(text: str, like: str) -> None:
    assert formatted(text) == like


@pytest.mark.parametrize(
    ("value", "like"),
    [
        ("a*- b", "a * -b"),
        ("- -a", "--a"),
        ("2**-1", "2 ** -1"),
        ("not( a )", "not (a)"),
        ("f (a , b = 1,)", "f(a, b=1)"),
        ("x [ : , -1 ]", "x[:, -1]"),
        ("x[a+1:b]", "x[a + 1 : b]"),
        ("x[a+1::2]", "x[a + 1 :: 2]"),
        ("x[f(a + 1):2]", "x[f(a + 1):2]"),
        ("[ ]", "[]"),
        ("[1,2,]", "[1, 2]"),
        ("((a))", "((a))"),
        ("1 .x", "1 .x"),
        ("a<b", "a < b"),
        ("x|>f", "x |> f"),
        ("axis (1)", "axis(1)"),
        ("1_0+.50", "1_0 + .50"),
        ('"a\t,b"', '"a\t,b"'),
    ],
)
def test_expressions(value: str, like: str) -> None:
    assert formatted(f"fn f() {{ return {value} }}\n") == f"fn f() {{ return {like} }}\n"


@pytest.mark.parametrize(
    ("line", "like"),
    [
        ("for i in 0 .. n { a = i }", "for i in 0..n { a = i }"),
        ("for i in 0 .. .5 { a = i }", "for i in 0.. .5 { a = i }"),
        ("for i in 1. ..n { a = i }", "for i in 1. ..n { a = i }"),
        ("loss (a)/b", "loss (a) / b"),
        ("input x :index < n+1 > [ b ]", "input x: index<n + 1>[b]"),
        ("scan(h=0,)over t in x axis(1) { }", "scan (h = 0) over t in x axis (1) { }"),
        ("a,b=c", "a, b = c"),
        ("v:=v", "v := v"),
    ],
)
def test_statements(line: str, like: str) -> None:
    assert formatted(f"model M() {{\n{line}\n}}\n") == f"model M() {{\n  {like}\n}}\n"


@settings(max_examples=60, deadline=None)
@given(programs())
def test_lines_are_indented_by_twos_and_end_in_no_space(text: str) -> None:
    lines = formatted(text).split("\n")
    assert not [line for line in lines if line != line.rstrip()]
    assert "\n\n\n" not in "\n".join(lines)
    assert lines[-1] == ""
    assert lines[0]


def test_no_line_is_too_long_that_has_a_list_to_break() -> None:
    names = [f"argument_number_{i}" for i in range(30)]
    text = f"fn f({', '.join(names)}) {{ return g({', '.join(f'{name}=h({name}, 1)' for name in names)}) }}\n"
    assert max(map(len, formatted(text).splitlines())) <= WIDTH


def test_brackets_as_deep_as_the_language_allows() -> None:
    text = f"fn f(x) {{ return {'(' * 49}{'[' * 49}x{']' * 49}{')' * 49} }}\n"
    assert tree(formatted(text)) == tree(text)
    text = f"fn f(x) {{ {'if x { ' * 98} return x {'}' * 99}\n"
    assert tree(formatted(text)) == tree(text)


def test_everything() -> None:
    assert tree(formatted(EVERYTHING)) == tree(EVERYTHING)
