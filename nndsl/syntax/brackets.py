"""Brackets that do not fit each other.

A bracket that is never closed is reported where it was opened and becomes a `BAD` token, one that closes nothing is
reported and left out, and a `{` that is never closed gets its `}` where the indentation says that it ends.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from nndsl.diagnostics import Problem, Source, Span
from nndsl.problems import syntax as say
from nndsl.syntax.layout import CLOSERS, GOES_ON_AFTER, OPENERS
from nndsl.syntax.tokens import Token

SHOWN = {"LPAR": "(", "RPAR": ")", "LSQB": "[", "RSQB": "]", "LBRACE": "{", "RBRACE": "}"}

DECLARING = frozenset(
    ("model", "layer", "fn", "optimizer", "init", "schedule", "private", "train", "data", "weights", "test", "import")
)
"""Words that start a declaration and no statement."""


def balance(source: Source, tokens: list[Token]) -> tuple[list[Token], list[Problem]]:
    """The tokens with every bracket in a pair, and what was wrong with them."""
    brackets = Brackets(source, tokens)
    brackets.match()
    return brackets.balanced(), brackets.problems


@dataclass
class Brackets:
    """One pass over the tokens with a stack of the open brackets (indices of tokens)."""

    source: Source
    tokens: list[Token]
    problems: list[Problem] = field(default_factory=list)
    changed: dict[int, Token | None] = field(default_factory=dict)
    """Tokens to put in place of others, None to leave one out."""
    inserted: dict[int, list[Token]] = field(default_factory=dict)
    """Closing braces to put in front of a token."""
    stack: list[int] = field(default_factory=list)

    def match(self) -> None:
        for i, token in enumerate(self.tokens):
            if token.kind in OPENERS:
                self.stack.append(i)
            elif token.kind in CLOSERS:
                self._close(i, token)
            elif self.stack and (token.kind == "$END" or self._declares(i, token)):
                while self.stack:
                    self._unclosed(i)

    def balanced(self) -> list[Token]:
        """The tokens with what `match` found put right."""
        out: list[Token] = []
        for i, token in enumerate(self.tokens):
            out += self.inserted.get(i, ())
            replaced = self.changed.get(i, token)
            if replaced is not None:
                out.append(replaced)
        return out

    def _close(self, i: int, token: Token) -> None:
        closer = token.kind
        if closer == "RBRACE":
            while self.stack and self.tokens[self.stack[-1]].kind != "LBRACE":
                self._unclosed(i)
            while len(self.stack) > 1 and self._stands(i) < 0:
                self._unclosed(i)
            if self.stack and self._stands(i) > 0:
                self._stray(i, token)
                return
        top = self.tokens[self.stack[-1]].kind if self.stack else ""
        if OPENERS.get(top) == closer:
            self.stack.pop()
        elif top in ("LPAR", "LSQB"):
            below = self.tokens[self.stack[-2]].kind if len(self.stack) > 1 else ""
            if OPENERS.get(below) == closer:
                self._unclosed(i)
                self.stack.pop()
            else:
                opened = self.tokens[self.stack.pop()]
                right = OPENERS[top]
                self.problems.append(say.MismatchedBracket(self._span(token), self._span(opened), SHOWN[right]))
                self.changed[i] = token._replace(kind=right)
        else:
            self._stray(i, token)

    def _stray(self, i: int, token: Token) -> None:
        self.problems.append(say.StrayBracket(self._span(token), SHOWN[CLOSERS[token.kind]]))
        # What it follows may lack a value now; BAD keeps that from being reported as well.
        lacks_value = i > 0 and self.tokens[i - 1].text in GOES_ON_AFTER
        self.changed[i] = token._replace(kind="BAD") if lacks_value else None

    def _unclosed(self, i: int) -> None:
        """The innermost open bracket has no partner before token `i`."""
        index = self.stack.pop()
        opener = self.tokens[index]
        closer = OPENERS[opener.kind]
        missed = None
        if opener.kind == "LBRACE":
            here = self.tokens[i]
            # Before the newline in front of a declaration, so that the declaration starts on a line of its own.
            at = i - 1 if here.kind != "RBRACE" and i and self.tokens[i - 1].kind == "_NL" else i
            self.inserted.setdefault(at, []).append(Token(closer, "}", here.start, here.start))
            missed = self._span(here) if here.kind != "$END" else None
        else:
            self.changed[index] = opener._replace(kind="BAD")
            if self._line_has_bad(index):
                return
        self.problems.append(say.UnclosedBracket(self._span(opener), SHOWN[opener.kind], SHOWN[closer], missed))

    def _line_has_bad(self, index: int) -> bool:
        """Whether the rest of the line was swallowed by a fault that is reported already."""
        for token in self.tokens[index:]:
            if token.kind in ("_NL", "$END"):
                return False
            if token.kind == "BAD":
                return True
        return False

    def _declares(self, i: int, token: Token) -> bool:
        """Whether a declaration starts here, at the left edge of the text."""
        following = self.tokens[i + 1] if i + 1 < len(self.tokens) else token
        return (
            token.text in DECLARING
            and token.kind == "NAME"
            and (token.start == 0 or self.source.text[token.start - 1] == "\n")
            and following.kind in ("NAME", "STRING")
        )

    def _stands(self, i: int) -> int:
        """Where token `i` stands against the line of the innermost open bracket: -1 left of it, 1 right, else 0.

        Tells something only of a token that is the first of its line.
        """
        if i and self.tokens[i - 1].kind != "_NL":
            return 0
        mine, opened = self._line_indent(i), self._line_indent(self.stack[-1])
        return (mine > opened) - (mine < opened)

    def _line_indent(self, i: int) -> int:
        text = self.source.text
        start = text.rfind("\n", 0, self.tokens[i].start) + 1
        indent = start
        while indent < len(text) and text[indent] in " \t":
            indent += 1
        return indent - start

    def _span(self, token: Token) -> Span:
        return Span(self.source, token.start, token.end)
