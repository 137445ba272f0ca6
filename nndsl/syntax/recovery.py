"""After a fault: how far the statement at fault goes, and which names it seems to bind."""

from __future__ import annotations

from nndsl.diagnostics import Source
from nndsl.syntax.engine import Fault, Resume
from nndsl.syntax.layout import CLOSERS, OPENERS
from nndsl.syntax.tokens import Token

DEFINING = frozenset(
    ("model", "layer", "fn", "loss", "metric", "optimizer", "init", "schedule", "def", "class", "function")
)
BINDING = frozenset(("input", "target", "param", "state", "output", "for", "as", "over"))
STARTING = DEFINING | {"private", "train", "data", "weights", "test", "import", "from"}
"""First words of the lines at which the top of a file goes on after a fault."""


def resume_after(source: Source, tokens: list[Token], fault: Fault) -> Resume:
    """Where to go on, and the names that uses further down should not be blamed for."""
    end = _end_of_line(tokens, fault.first, fault.token)
    if fault.context == "item":
        end = _next_declaration(source, tokens, end)
    elif end > fault.first and tokens[end - 1].kind in ("COLON", "PIPE"):
        end = _past_deeper_lines(source, tokens, fault.first, end)
    return Resume(end, names_bound(tokens[fault.first : end], fault.context == "item"))


def _end_of_line(tokens: list[Token], first: int, at_least: int) -> int:
    """Index of the newline or bracket that ends the statement starting at `first`; blocks in it are skipped."""
    depth = 0
    for i in range(first, len(tokens)):
        kind = tokens[i].kind
        if kind == "$END":
            return i
        if kind in OPENERS:
            depth += 1
        elif kind in CLOSERS:
            if depth == 0:
                return i
            depth -= 1
        elif kind == "_NL" and depth == 0 and (i >= at_least or tokens[i + 1].kind != "LPAR"):
            return i
    return len(tokens) - 1


def _next_declaration(source: Source, tokens: list[Token], i: int) -> int:
    """Index of the newline before the next line at the left edge that looks like a declaration."""
    while tokens[i].kind != "$END":
        if tokens[i].kind == "_NL" and _looks_like_declaration(source, tokens, i + 1):
            return i
        i = _end_of_line(tokens, i + 1, i + 1)
        if tokens[i].kind in CLOSERS:
            i += 1
    return i


def _looks_like_declaration(source: Source, tokens: list[Token], i: int) -> bool:
    token = tokens[i]
    if token.kind != "NAME" or _column(source, token) > 0 or i + 2 >= len(tokens):
        return False
    if token.text in STARTING and tokens[i + 1].kind in ("NAME", "STRING", "LBRACE"):
        return True
    if token.text in DEFINING and tokens[i + 1].kind == "LPAR":
        return True
    return tokens[i + 1].kind == "NAME" and tokens[i + 2].kind in ("LPAR", "LBRACE")


def _past_deeper_lines(source: Source, tokens: list[Token], first: int, end: int) -> int:
    """A line that ends with `:` or `|>` was meant to have the deeper indented lines below it: skip them too."""
    edge = _column(source, tokens[first])
    while tokens[end].kind == "_NL" and _column(source, tokens[end + 1]) > edge:
        end = _end_of_line(tokens, end + 1, end + 1)
    return end


def _column(source: Source, token: Token) -> int:
    return token.start - (source.text.rfind("\n", 0, token.start) + 1)


def _declares(tokens: list[Token], i: int) -> bool:
    """Whether the name at `i` is followed by what makes it one that is declared."""
    return i + 1 < len(tokens) and tokens[i + 1].kind in ("COLON", "ASSIGN")


def names_bound(tokens: list[Token], at_top: bool) -> tuple[str, ...]:
    """Names that a stretch of text seems to bind: left of `=` outside brackets, and after `input`, `param`, `for` …

    At the top of a file what stands in braces binds nothing.
    """
    found: dict[str, None] = {}
    closing_in = ("RPAR", "RSQB", "RBRACE") if at_top else ("RPAR", "RSQB")
    depth = 0
    line_start = 0
    for i, token in enumerate(tokens):
        if OPENERS.get(token.kind) in closing_in:
            depth += 1
            if i == line_start + 1 and tokens[i - 1].text in ("input", "target"):  # `input(x, …)`
                found.update({t.text: None for t in tokens[i + 1 : i + 2] if t.kind == "NAME"})
        elif token.kind in closing_in:
            depth -= 1
        elif at_top and depth:
            continue
        elif token.kind == "_NL" or token.kind in ("LBRACE", "RBRACE"):
            line_start = i + 1
        elif token.kind == "ASSIGN" and depth == 0:
            before = tokens[line_start:i]
            if len(before) == 2 and before[0].text in ("next", "loss", "metric"):
                continue
            found.update({t.text: None for t in before if t.kind == "NAME" and t.text not in BINDING})
        elif token.kind == "NAME" and i > 0 and tokens[i - 1].kind == "NAME":
            introduces = tokens[i - 1].text
            # At the start of a line this may be a misspelt `input`, or a definition that stands where none can.
            starts_line = i - 1 == line_start and (introduces in DEFINING or _declares(tokens, i))
            if introduces in BINDING or (at_top and (introduces in DEFINING or i - 1 == 0)) or starts_line:
                found[token.text] = None
    return tuple(found)
