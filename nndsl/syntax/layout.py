"""Which newlines end a statement. The parser sees those alone, and balanced brackets."""

from __future__ import annotations

from nndsl.diagnostics import Problem, Source
from nndsl.syntax.tokens import Token

OPENERS = {"LPAR": "RPAR", "LSQB": "RSQB", "LBRACE": "RBRACE"}
CLOSERS = {closer: opener for opener, closer in OPENERS.items()}

NO_END_BEFORE = frozenset(("PIPE", "ARROW", "LBRACE", "RBRACE", "$END"))
"""A newline before one of these ends no statement."""

GOES_ON_AFTER = frozenset(("(", "[", ",", "+", "-", "*", "/", "@", "%", "**", "|>", "="))
"""Inside an unclosed bracket, a line that ends with one of these is taken to go on."""

def lay_out(source: Source, tokens: list[Token]) -> tuple[list[Token], list[Problem]]:
    """Balance the brackets and drop the newlines that end nothing."""
    problems: list[Problem] = []
    if not _balanced(tokens):
        from nndsl.syntax.brackets import balance  # with the Problem classes, which take long to import

        tokens, problems = balance(source, tokens)
    return _drop_newlines(tokens), problems


def _balanced(tokens: list[Token]) -> bool:
    """Whether every bracket has its partner."""
    expected: list[str] = []
    for token in tokens:
        closer = OPENERS.get(token.kind)
        if closer is not None:
            expected.append(closer)
        elif token.kind in CLOSERS and (not expected or expected.pop() != token.kind):
            return False
    return not expected


def _drop_newlines(tokens: list[Token]) -> list[Token]:
    """Drop newlines inside ( ) and [ ], at the edges of a block, and before a line that goes on with the last."""
    kept: list[Token] = []
    open_brackets: list[str] = []
    unclosed = False
    for i, token in enumerate(tokens):
        kind = token.kind
        if kind in OPENERS:
            open_brackets.append(kind)
        elif kind in CLOSERS and open_brackets:
            open_brackets.pop()
        elif kind == "BAD":
            unclosed = True
        elif kind == "_NL":
            following = tokens[i + 1]
            if (
                (open_brackets and open_brackets[-1] != "LBRACE")
                or not kept
                or kept[-1].kind in ("LBRACE", "_NL")
                or following.kind in NO_END_BEFORE
                or (following.kind == "NAME" and following.text == "else")
                or (unclosed and kept[-1].text in GOES_ON_AFTER)
            ):
                continue
            unclosed = False
        kept.append(token)
    return kept
