"""Text into tokens, in one pass of one regular expression.

What no `.nn` text has (an unfinished string, `&&`, `'x'`, `True`) goes to `oddities.py`, which reports it and says
what it is read as.
"""

from __future__ import annotations

import re
from functools import cache
from types import ModuleType
from typing import NamedTuple

from nndsl.diagnostics import Problem, Source
from nndsl.syntax.tables import Tables


class Token(NamedTuple):
    """A piece of text. `kind` is a terminal of the grammar; keywords have kind NAME until the parser asks."""

    kind: str
    text: str
    start: int
    end: int


PYTHON_WORDS = frozenset(("True", "False", "None"))

MAX_OPEN = 100
"""How many brackets may be open at once."""

MAX_PROBLEMS = 25
"""A file with so many faults is no `.nn` file: what follows is not looked at."""


def short(text: str) -> str:
    """Text as messages quote it: cut where it is long."""
    return text if len(text) <= 40 else text[:39] + "…"


def odd() -> ModuleType:
    """The module for what no `.nn` text has. A good file is read without it: Problem classes take long to import."""
    from nndsl.syntax import oddities

    return oddities


class Tokens(NamedTuple):
    """What `tokenize` gives: tokens with an `$END` at the end, doc comments by the offset of what they precede.

    There are no tokens at all where the text is hopeless; the problems say why.
    """

    tokens: list[Token]
    docs: dict[int, str]
    problems: list[Problem]


# Kinds of fault that only a regular expression of their own can tell; each has a branch in `oddities.read_as`.
FAULTS = (
    ("triple", r'"""(?:[^"\\]|\\.|"(?!""))*(?:"""|\Z)|\'\'\'(?:[^\'\\]|\\.|\'(?!\'\'))*(?:\'\'\'|\Z)'),
    ("prefixed", r'[fFrRbBuU]{1,2}"(?:[^"\\\n]|\\.)*"|[fFrRbBuU]{1,2}\'(?:[^\'\\\n]|\\.)*\''),
    ("quoted", r"'(?:[^'\\\n]|\\.)*'"),
    ("open", r'"(?:[^"\\\n]|\\.)*\\?|\'[^\n]*'),
    ("curly", r"[“”„«»][^“”„«»\n\"]*[“”«»\"]?|[‘’][^‘’\n]*[‘’]?"),
    ("comment", r"//[^\n]*|/\*(?:[^*]|\*(?!/))*(?:\*/|\Z)"),
    ("fence", r"```[^\n]*"),
    ("symbol", r"&&?|\|\||\|(?!>)|!(?!=)|===|!==|=>|=<|<>|[-+*/%@]=|\*\*=|\+\+|--(?=[ \t]*(?:\n|\Z))|[;^$?~\\`]"),
)


@cache
def _scanner(words: tuple[str, ...], name: str, number: str, string: str) -> re.Pattern[str]:
    symbols = sorted((w for w in words if not w[0].isalpha()), key=len, reverse=True)
    faults = dict(FAULTS)
    parts = [
        ("SPACE", r"[ \t\f\r\v]+"),
        ("NL", r"\n"),
        ("DOC", r"##[^\n]*"),
        ("COMMENT", r"#[^\n]*"),
        *((kind, faults[kind]) for kind in ("triple", "prefixed")),
        ("NAME", name),
        ("NUMBER", number + r"(?P<tail>[A-Za-z_0-9]*)"),
        ("STRING", string),
        *((kind, pattern) for kind, pattern in FAULTS if kind not in ("triple", "prefixed")),
        ("SYMBOL", "|".join(map(re.escape, symbols))),
        ("other", r"[^\W\x00-\x7f]\w*|."),
    ]
    return re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in parts))


def tokenize(source: Source, start: int, end: int, tables: Tables) -> Tokens:
    """Cut `source.text[start:end]` into tokens; offsets count from the start of the source."""
    words = tables.words
    patterns = tables.patterns
    scanner = _scanner(tuple(words), patterns["NAME"], patterns["NUMBER"], patterns["STRING"])
    text = source.text
    tokens: list[Token] = []
    docs: dict[int, str] = {}
    problems: list[Problem] = []
    pending: list[str] = []
    depth = 0
    joining = False
    for match in scanner.finditer(text, start, end):
        kind = match.lastgroup
        if kind == "tail":
            kind = "NUMBER"
        if kind == "SPACE" or kind == "COMMENT":
            continue
        where, until = match.span()
        if kind == "NL":
            # A blank line parts a doc comment from what follows it no more than a newline does.
            if tokens and tokens[-1].kind != "_NL" and not joining:
                tokens.append(Token("_NL", "\n", where, until))
            joining = False
            continue
        if kind == "DOC":
            pending.append(match.group()[2:].strip())
            continue
        if pending:
            docs[where] = "\n".join(pending)
            pending = []
        assert kind is not None
        word = match.group()
        if kind == "NAME":
            token = Token(kind, word, where, until)
            tokens.append(odd().python_word(token, source, problems) if word in PYTHON_WORDS else token)
        elif kind == "SYMBOL":
            tokens.append(Token(words[word], word, where, until))
            if word in "([{":
                depth += 1
                if depth > MAX_OPEN:
                    problems.append(odd().too_many_brackets(Token(kind, word, where, until), source, MAX_OPEN))
                    return Tokens([], {}, problems)
            elif word in ")]}":
                depth -= 1
                if depth < -MAX_OPEN:
                    break  # nothing but closing brackets: the first of them are reported
        elif kind == "STRING" or (kind == "NUMBER" and not match["tail"]):
            tokens.append(Token(kind, word, where, until))
        else:
            token = Token(kind, word, where, until)
            made = odd().read_as(token, source, problems, words, tokens)
            if made is not None and made.kind == "JOIN":
                joining = True
            elif made is not None:
                tokens.append(made)
            if len(problems) >= MAX_PROBLEMS:
                return Tokens([], {}, problems)
    tokens.append(Token("$END", "", end, end))
    if any(token.text == "self" for token in tokens):
        odd().drop_self(tokens, source, problems)
    return Tokens(tokens, docs, problems)
