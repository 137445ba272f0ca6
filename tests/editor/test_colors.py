"""Colours of `.nn` text: the TextMate grammar is fresh, no word of the language is left out, and all text is kept."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

import pytest
from pygments.lexers import get_lexer_for_filename
from pygments.token import Comment, Error, Keyword, Name, String

from nndsl.editor import words
from nndsl.editor.highlight import NnLexer
from nndsl.syntax.parse import ROLES

ROOT = Path(__file__).parent.parent.parent


def _tool():
    spec = importlib.util.spec_from_file_location("make_editors", ROOT / "tools" / "make_editors.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_textmate_grammar_is_that_of_the_language():
    tool = _tool()
    assert tool.PATH.read_text(encoding="utf-8") == tool.text(), "run `make docs`"


def test_every_word_of_the_grammar_is_coloured_by_a_pattern():
    patterns = [p for p in _tool().textmate()["patterns"] if "variable.other" not in json.dumps(p)]
    for word in words.grammar_words():
        lines = (
            f"{word} Name(",
            f"{word} layer Name(",
            f"  {word} x = 1",
            f"{word} ",
            f"a {word} b",
            f"expect {word} NN101",
            f'{word} "x"',
        )
        found = any(_colours(pattern, line, word) for pattern in patterns for line in lines)
        assert found, word


def _colours(pattern: dict, line: str, word: str) -> bool:
    """Whether a pattern gives a word of a line a colour."""
    if "match" not in pattern:
        return False
    match = re.search(pattern["match"], line)
    if match is None:
        return False
    if "name" in pattern:
        return match.group() == word
    return any(match[int(group)] == word for group in pattern["captures"])


def test_the_lists_of_words_have_none_that_the_grammar_does_not_know():
    assert {*ROLES, *words.SECTIONS, *words.STARTING, *words.CONTROL, *words.LOGIC} <= words.grammar_words()


def test_pygments_finds_the_lexer_by_the_name_of_a_file():
    assert isinstance(get_lexer_for_filename("a.nn"), NnLexer)


@pytest.mark.parametrize("path", sorted((ROOT / "samples").glob("*.nn")), ids=lambda path: path.stem)
def test_the_lexer_keeps_the_text_and_knows_all_of_it(path):
    text = path.read_text(encoding="utf-8")
    found = list(NnLexer(stripnl=False, ensurenl=False).get_tokens(text))
    assert "".join(part for _, part in found) == text
    assert not [part for kind, part in found if kind is Error]


def test_words_are_keywords_where_they_are_words_of_the_language_only():
    text = "## Doc.\nmodel M() { # c\n  input x: f32[batch]\n  y = sum(x, axis=0)\n  input = 3\n}\n"
    found = [(part, kind) for kind, part in NnLexer().get_tokens(text) if part.strip()]
    assert found[0] == ("## Doc.", String.Doc)
    assert ("model", Keyword.Declaration) in found
    assert ("# c", Comment.Single) in found
    assert ("f32", Keyword.Type) in found
    assert ("axis", Name.Variable) in found
    assert [kind for part, kind in found if part == "input"] == [Keyword, Name.Variable]
