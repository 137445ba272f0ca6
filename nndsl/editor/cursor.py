"""What is being written at the cursor, told from the tokens before it: such text rarely parses."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nndsl.diagnostics import Source
from nndsl.ir.types import DTYPES, KINDS
from nndsl.syntax.layout import CLOSERS, OPENERS
from nndsl.syntax.parse import ROLES
from nndsl.syntax.tables import load_tables
from nndsl.syntax.tokens import Token, tokenize

TYPED = ("input", "target", "param", "state")
SECTIONS = ("train", "data", "test")
TENSORS = (*DTYPES, *KINDS, "any")
_WORD = re.compile(r"[A-Za-z_][A-Za-z_0-9]*$")


@dataclass(frozen=True)
class OpenCall:
    """A call whose bracket is open at the cursor.

    `parts` is what is called, `offset` where that stands, `second` whether this is its second list, `piped` whether a
    pipe leads to it. `place` counts the arguments before the cursor, `name` is that of the one being written, `given`
    those that are there.
    """

    parts: tuple[str, ...]
    offset: int
    second: bool
    piped: bool
    place: int
    name: str | None
    given: tuple[str, ...]


@dataclass(frozen=True)
class Cursor:
    """What stands before the cursor.

    `sort` is what can be written there: a line of the file (`top`), of a body (`statement`) or of a section
    (`setting`), a `name` of one's own, a `path`, a stage of a `pipe`, a `type`, sizes (`dims`), a `member`, the name of
    a `model`, a `code`, an `expression`, or nothing (`none`, in comments and texts). `start` is where the word under
    way begins.
    """

    sort: str
    start: int
    word: str
    call: OpenCall | None = None
    section: str | None = None
    key: str | None = None
    owner: str | None = None


def read_cursor(source: Source, offset: int) -> Cursor:
    """What can be written at an offset."""
    line = source.text[source.text.rfind("\n", 0, offset) + 1 : offset]
    found = _WORD.search(line)
    word = found.group() if found else ""
    start = offset - len(word)
    if (path := re.match(r'\s*import\s+"([^"]*)$', line)) is not None:
        return Cursor("path", offset - len(path[1]), path[1])
    tokens = [t for t in tokenize(source, 0, start, load_tables()).tokens if t.kind != "$END"]
    if _in_comment_or_text(line, tokens, offset):
        return Cursor("none", start, word)
    return _read(tokens, start, word)


def _in_comment_or_text(line: str, tokens: list[Token], offset: int) -> bool:
    outside = re.sub(r'"(?:[^"\\]|\\.)*"', "", line)
    return (
        "#" in outside or '"' in outside or (bool(tokens) and tokens[-1].kind == "NUMBER" and tokens[-1].end == offset)
    )


def _read(tokens: list[Token], start: int, word: str) -> Cursor:
    opened = _opened(tokens)
    call = next((c for i in reversed(opened) if (c := _call(tokens, i)) is not None), None)
    innermost = opened[-1] if opened else None
    if innermost is not None and tokens[innermost].kind == "LBRACE":
        call = None
    brace = next((i for i in reversed(opened) if tokens[i].kind == "LBRACE"), None)
    head = _head(tokens, brace) if brace is not None else ("", "")
    section = head[0] if head[0] in ("train", "data") else None
    last = tokens[-1] if tokens else None
    before = tokens[-2] if len(tokens) > 1 else None
    first = _first_of_line(tokens)

    def at(sort: str, **more: str | None) -> Cursor:
        return Cursor(sort, start, word, call, section, **more)

    if last is None or (last.kind == "_NL" and not opened):
        return at("top")
    if last.kind == "DOT":
        return at("member", owner=before.text if before is not None else None)
    if brace is None and innermost is None:
        if last.text in ("train", "data"):
            return at("model")
        if last.kind == "ARROW":
            return at("type")
        if last.kind == "ASSIGN" and first is not None and first.text in ROLES:
            return at("expression")
        return at("top" if first is None or (first.text == "private" and last is first) else "name")
    if innermost is not None and tokens[innermost].kind == "LSQB" and _is_dims(tokens, innermost):
        return at("dims")
    if last.kind in ("COLON", "ARROW") and _types_follow(tokens, innermost, brace):
        return at("type")
    if last.kind == "PIPE":
        return at("pipe")
    if last.kind == "_NL" or last.kind in ("LBRACE", "RBRACE"):
        if innermost is not None and tokens[innermost].kind != "LBRACE":
            return at("expression")
        return at("setting" if section is not None else "statement")
    if first is not None and last is first and last.text in (*TYPED, "for", "repeat", "scan", "next"):
        return at("expression" if last.text == "repeat" else "name")
    if last.text == "error" and before is not None and before.text == "expect":
        return at("code")
    key = first.text if section is not None and first is not None else None
    return at("expression", key=key)


def _opened(tokens: list[Token]) -> list[int]:
    """The brackets that are open behind the last token, outermost first."""
    found: list[int] = []
    for i, token in enumerate(tokens):
        if token.kind in OPENERS:
            found.append(i)
        elif token.kind in CLOSERS:
            while found and tokens[found[-1]].kind != CLOSERS[token.kind] and tokens[found[-1]].kind != "LBRACE":
                found.pop()  # one that was not closed yet
            if found and tokens[found[-1]].kind == CLOSERS[token.kind]:
                found.pop()
    return found


def _first_of_line(tokens: list[Token]) -> Token | None:
    """The first token of the statement under way."""
    first: Token | None = None
    for token in reversed(tokens):
        if token.kind in ("_NL", "LBRACE", "RBRACE"):
            break
        first = token
    return first


def _head(tokens: list[Token], brace: int) -> tuple[str, str]:
    """The word and the name that an open brace belongs to: `train`, `Digits`."""
    i = brace - 1
    depth = 0
    while i >= 0:
        kind = tokens[i].kind
        if kind in CLOSERS:
            depth += 1
        elif kind in OPENERS:
            depth -= 1
            if depth < 0:
                return "", ""
        elif depth == 0 and kind == "NAME" and tokens[i].text in (*ROLES, *SECTIONS) and i + 1 < len(tokens):
            return tokens[i].text, tokens[i + 1].text
        i -= 1
    return "", ""


def _is_dims(tokens: list[Token], bracket: int) -> bool:
    """Whether `[` opens the sizes of a type."""
    named = tokens[bracket - 1] if bracket else None
    if named is not None and named.text == ">":  # index<10>[
        return any(t.text in KINDS for t in tokens[max(0, bracket - 6) : bracket])
    behind = tokens[bracket - 2].kind if bracket > 1 else ""
    return named is not None and named.text in TENSORS and behind in ("COLON", "ARROW", "LPAR", "COMMA")


def _types_follow(tokens: list[Token], innermost: int | None, brace: int | None) -> bool:
    """Whether a type stands behind `:` or `->` here: in parameter lists, and behind `input x`."""
    if tokens[-1].kind == "ARROW":
        return True
    if innermost is not None and tokens[innermost].kind == "LPAR" and brace is None:
        return True
    first = _first_of_line(tokens)
    return innermost == brace and first is not None and first.text in TYPED


def _call(tokens: list[Token], bracket: int) -> OpenCall | None:
    """The call that an open `(` belongs to, None for other brackets."""
    if tokens[bracket].kind != "LPAR" or bracket == 0:
        return None
    end, second = bracket - 1, False
    if tokens[end].kind == "RPAR":
        end, second = _opener(tokens, end) - 1, True
    if end < 0 or tokens[end].kind != "NAME" or tokens[end].end != tokens[end + 1].start:
        return None
    first = end
    while first >= 2 and tokens[first - 1].kind == "DOT" and tokens[first - 2].kind == "NAME":
        first -= 2
    lead = tokens[first - 1] if first else None
    if lead is not None and lead.kind == "NAME" and lead.text in (*ROLES, *SECTIONS) and not _in_braces(tokens, first):
        return None  # the parameters of a definition
    parts = tuple(t.text for t in tokens[first : end + 1] if t.kind == "NAME")
    place, name, given = _arguments(tokens[bracket + 1 :])
    piped = lead is not None and lead.kind == "PIPE"
    return OpenCall(parts, tokens[first].start, second, piped, place, name, given)


def _in_braces(tokens: list[Token], end: int) -> bool:
    return any(tokens[i].kind == "LBRACE" for i in _opened(tokens[:end]))


def _opener(tokens: list[Token], closer: int) -> int:
    depth = 0
    for i in range(closer, -1, -1):
        depth += (tokens[i].kind == "RPAR") - (tokens[i].kind == "LPAR")
        if depth == 0:
            return i
    return -1


def _arguments(tokens: list[Token]) -> tuple[int, str | None, tuple[str, ...]]:
    """How many arguments are done, the name of the one under way, and all names that were given."""
    place, name, given, depth = 0, None, [], 0
    for i, token in enumerate(tokens):
        if token.kind in OPENERS:
            depth += 1
        elif token.kind in CLOSERS:
            depth -= 1
        elif depth == 0 and token.kind == "COMMA":
            place, name = place + 1, None
        elif depth == 0 and token.kind == "ASSIGN" and i and tokens[i - 1].kind == "NAME":
            name = tokens[i - 1].text
            given.append(name)
    return place, name, tuple(given)
