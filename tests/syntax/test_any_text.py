"""Whatever the text, `parse` gives a tree and Problems and raises nothing."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from test_language import DENSE, EVERYTHING, REUTERS, SIMPLE_RNN

from nndsl.diagnostics import Source, render_all
from nndsl.syntax.parse import parse
from nndsl.syntax.show import show

PIECES = [
    *'(){}[]"\'.,:;=+-*/%@<>|&!#\\\n\t $~`^?', "|>", "->", ":=", "**", "..", "...", "##", "\n\n", '"""',
    "True", "self.", "def ", "elif", "else", "if ", "not ", "and ", "for i in ", "model ", "layer X(", "input ",
    "output ", "param k", "scan (", "train M {", "import ", "expect error N {", "1e", "0x1", "9" * 30,
    "é", "×", "\u00a0", "\u200b", "“",
    "x = ", "private ", "in ", "axis ", "return ", "f'", "//", "/*", "+=", "=>",
]  # fmt: skip
SAMPLES = [REUTERS, DENSE, SIMPLE_RNN, EVERYTHING]


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A good program with a few stretches cut out, put in or moved."""
    text = draw(st.sampled_from(SAMPLES))
    for _ in range(draw(st.integers(1, 4))):
        a = draw(st.integers(0, len(text)))
        b = min(len(text), a + draw(st.integers(0, 12)))
        put = draw(st.one_of(st.sampled_from(PIECES), st.just(""), st.text(max_size=3)))
        text = text[:a] + put + text[b:]
    return text


def check(text: str) -> None:
    source = Source("x.nn", text)
    file, problems = parse(source)
    assert problems == () or render_all(problems)
    for problem in problems:
        assert problem.facts["message"]
        assert problem.span is not None
        assert 0 <= problem.span.start <= problem.span.end <= len(text) + 1
    assert file.items or problems
    assert show(file)


@settings(max_examples=250, deadline=None)
@given(mutated())
def test_mutated_programs(text: str) -> None:
    check(text)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_pieces_of_programs(text: str) -> None:
    check(text)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80))
def test_random_text(text: str) -> None:
    check(text)
