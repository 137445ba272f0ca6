"""A text as the formatter sees it: pieces with the comments before them, in brackets, blocks and lines.

The pieces are the tokens of a file without faults, so what stands in brackets that mean nothing, and how a number
or a string is written, is kept. What a piece is (`x - 1` or `-1`, `f(a=1)` or `a = 1`) follows from what is around it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from nndsl.diagnostics import Source
from nndsl.syntax.layout import OPENERS, lay_out
from nndsl.syntax.tables import load_tables
from nndsl.syntax.tokens import Token, tokenize

WIDTH = 100
"""How long a line may be where there is a place to break it. Comments do not count."""

LINES = frozenset(
    ("input", "target", "output", "loss", "metric", "param", "state", "return", "if", "for", "repeat", "assert",
     "scan", "next", "collect", "expect")
)  # fmt: skip
"""Words that start a statement, and are never the first name of one."""

ITEMS = frozenset(
    ("private", "model", "layer", "fn", "loss", "metric", "optimizer", "init", "schedule", "train", "data",
     "weights", "test", "import")
)  # fmt: skip
ROLES = ITEMS - {"private", "train", "data", "weights", "test", "import"}
WORDS = frozenset(("and", "or", "not", "in", "if", "else", "for", "return"))

TIGHT_AFTER = frozenset(("open", "unary", "dot", "named", "range", "angle", "slice"))
TIGHT_BEFORE = frozenset(("close", "dot", "named", "range", "angle", "angle_end", "slice", "colon", "comma"))
ENDS_OPERAND = frozenset(("operand", "close", "angle_end"))

PLAIN = {
    "NUMBER": "operand", "STRING": "operand", "UPDATE": "assign", "COMMA": "comma", "DOT": "dot",
    "RANGE": "range", "PIPE": "pipe", "ARROW": "arrow", "LBRACE": "brace", "RBRACE": "brace", "$END": "end",
}  # fmt: skip
"""Tokens whose role does not depend on what is around them."""


class Comment(NamedTuple):
    """A comment. `own_line` where nothing stands before it on its line, `blank` where a blank line does."""

    text: str
    own_line: bool
    blank: bool


@dataclass(frozen=True, slots=True)
class Piece:
    """A token: its role, whether a space goes before it, the newline or blank line before it, and comments."""

    text: str
    role: str
    space: bool
    broken: bool
    blank: bool
    before: tuple[Comment, ...]


@dataclass(frozen=True, slots=True)
class Sequence:
    """Parts that follow each other: an item between commas, or a line. `flat` is its text on one line.

    `flat` is None where it has to take several lines: for a comment in it, because it was written so, or since it
    is longer than any line.
    """

    parts: tuple[Part, ...]
    flat: str | None


@dataclass(frozen=True, slots=True)
class Bracket:
    """`( … )` or `[ … ]`. `hanging` where a newline follows the opening one: then each item has its own line.

    `kind` is params, carries, returns, call, group, index or list. Commas are not kept; comments before one stand
    after it.
    """

    kind: str
    open: Piece
    items: tuple[Sequence, ...]
    close: Piece
    hanging: bool
    flat: str | None


@dataclass(frozen=True, slots=True)
class Block:
    """`{ … }`; `settings` for that of a train or data section."""

    open: Piece
    lines: tuple[Sequence, ...]
    close: Piece
    settings: bool
    flat: str | None


Part: TypeAlias = Piece | Bracket | Block


def first(part: Part) -> Piece:
    """The piece a part starts with."""
    return part if isinstance(part, Piece) else part.open


def flatten(parts: tuple[Part, ...]) -> str | None:
    """The parts on one line; None where that cannot be (see Sequence)."""
    out = ""
    for part in parts:
        leaf = first(part)
        if out and (leaf.before or (leaf.role == "pipe" and leaf.broken)):
            return None
        text = leaf.text if isinstance(part, Piece) else part.flat
        if text is None or len(out) > WIDTH:
            return None
        out += f" {text}" if leaf.space and out else text
    return out if len(out) <= WIDTH else None


def read(source: Source, tokens: list[Token]) -> Block:
    """The pieces of a file that parses without problems, as the block that its lines would be in."""
    return _Reader(source.text, tokens).file()


def tokens_of(source: Source) -> list[Token]:
    """What the parser sees of a text: its tokens, without the newlines that end nothing."""
    return lay_out(source, tokenize(source, 0, len(source.text), load_tables()).tokens)[0]


_IN_GAP = re.compile(r"#[^\n]*|\n")


class _Reader:
    """One pass over the tokens. `context` holds the kinds of the open brackets, `line` where there is none."""

    def __init__(self, text: str, laid: list[Token]) -> None:
        self.tokens = [token for token in laid if token.kind != "_NL"]
        self.starts = {after.start for newline, after in pairwise(laid) if newline.kind == "_NL"}
        self.gaps = _gaps(text, self.tokens)
        self.i = 0
        self.context = ["line"]
        self.last = self.last_but_one = ""  # roles of the two pieces before this one on the line
        self.last_text = ""
        self.defines = False
        self.depth = 0

    def file(self) -> Block:
        lines = self._lines()
        end = self._piece()
        return Block(end, lines, end, False, None)

    def _lines(self) -> tuple[Sequence, ...]:
        lines = []
        while self.tokens[self.i].kind not in ("RBRACE", "$END"):
            self.last = self.last_but_one = self.last_text = ""
            self.defines = self._is_definition()
            lines.append(self._sequence(line=True))
        return tuple(lines)

    def _sequence(self, line: bool = False) -> Sequence:
        """A line, or an item up to the comma or bracket after it."""
        parts: list[Part] = []
        ends = ("RBRACE", "$END") if line else ("COMMA", "RPAR", "RSQB")
        while (token := self.tokens[self.i]).kind not in ends:
            if line and parts and token.start in self.starts:
                # Only the second list of a definition stands on a new line.
                last = parts[-1]
                if not (self.defines and token.kind == "LPAR" and isinstance(last, Bracket) and last.kind == "params"):
                    break
            if token.kind == "LBRACE":
                parts.append(self._block(first(parts[0]).text))
            elif token.kind in OPENERS:
                parts.append(self._bracket())
            else:
                parts.append(self._piece())
        return Sequence(tuple(parts), flatten(tuple(parts)))

    def _is_definition(self) -> bool:
        words = [token.text for token in self.tokens[self.i : self.i + 4]]
        kinds = [token.kind for token in self.tokens[self.i : self.i + 4]]
        if words[0] == "private":
            del words[0], kinds[0]
        at_top = self.depth == 0 or words[0] not in LINES
        return words[0] in ROLES and at_top and kinds[1:2] == ["NAME"] and kinds[2:3] != ["ASSIGN"]

    def _block(self, word: str) -> Block:
        opened, defines = self._piece(), self.defines
        self.depth += 1
        lines = self._lines()
        self.depth -= 1
        self.defines = defines  # again that of the line which goes on behind the block
        close = self._piece()
        flat: str | None = None
        if not lines and not close.before:
            flat = "{ }"
        elif len(lines) == 1 and not first(lines[0].parts[0]).broken and not close.broken and lines[0].flat:
            flat = f"{{ {lines[0].flat} }}"
        return Block(opened, lines, close, word in ("train", "data"), flat)

    def _bracket(self) -> Bracket:
        kind = self._bracket_kind()
        opened = self._piece()
        self.context.append(kind)
        items: list[Sequence] = []
        while self.tokens[self.i].kind not in ("RPAR", "RSQB"):
            item = self._sequence()
            items.append(replace(item, parts=_airy(item.parts)) if kind == "index" else item)
            if self.tokens[self.i].kind == "COMMA":
                self._piece()
        self.context.pop()
        close = self._piece()
        leaves = [first(item.parts[0]) for item in items]
        hanging = bool(leaves and leaves[0].broken) or any(piece.before for piece in (*leaves, close))
        flats = [flatten(item.parts) for item in items]
        known = [flat for flat in flats if flat is not None]
        flat = f"{opened.text}{', '.join(known)}{close.text}"
        fits = not hanging and len(known) == len(items) and len(flat) <= WIDTH
        sequences = tuple(Sequence(item.parts, flat) for item, flat in zip(items, flats, strict=True))
        return Bracket(kind, opened, sequences, close, hanging, flat if fits else None)

    def _bracket_kind(self) -> str:
        if self.tokens[self.i].kind == "LSQB":
            return "index" if self.last in ENDS_OPERAND else "list"
        if self.context[-1] == "line" and self.last_text == "scan":
            return "carries"
        if self.context[-1] == "line" and self.defines:
            return "returns" if self.last == "arrow" else "params"
        return "call" if self.last in ENDS_OPERAND else "group"

    def _piece(self) -> Piece:
        token = self.tokens[self.i]
        role = self._role(token)
        comments, broken, blank = self.gaps[self.i]
        if role == "open":
            tight = self.last in ENDS_OPERAND
        else:
            # `1 .x` and `1. ..n` would be other numbers without the space.
            dots = token.text[0:1] == "." and (self.last_text[-1:] == "." or self.last_text[0:1].isdigit())
            tight = role in TIGHT_BEFORE and not (dots and (role == "dot" or self.last_text[-1:] == "."))
        after_range = self.last == "range" and token.text[0:1] == "."
        space = not (tight or (self.last in TIGHT_AFTER and not after_range))
        self.last_but_one, self.last, self.last_text = self.last, role, token.text
        self.i += 1
        return Piece(token.text, role, space, broken, blank, comments)

    def _role(self, token: Token) -> str:
        kind = token.kind
        if kind in PLAIN:
            return PLAIN[kind]
        match kind:
            case "NAME":
                return self._word(token.text)
            case "LPAR" | "LSQB":
                return "open"
            case "RPAR" | "RSQB":
                return "close"
            case "DOTS":  # `...values` in a parameter list
                return "unary" if self.context[-1] == "params" else "operand"
            case "COLON":
                return "slice" if self.context[-1] in ("index", "list") else "colon"
            case "ASSIGN":
                return "named" if self.context[-1] == "call" else "assign"
            case "MINUS" if self.last not in ENDS_OPERAND:
                return "unary"
            case "LESS" if self._after_type_word():
                self.context.append("angle")
                return "angle"
            case "MORE" if self.context[-1] == "angle":
                self.context.pop()
                return "angle_end"
        return "binary"

    def _word(self, text: str) -> str:
        """Whether a word is a keyword here or an operand."""
        if self.context[-1] == "line":
            following = self.tokens[self.i + 1].kind
            if not self.last and (text in LINES or (text in ITEMS and following in ("NAME", "STRING"))):
                return "keyword"
            if self.last_text == "private":
                return "keyword"
        return "keyword" if text in WORDS or self.last in ENDS_OPERAND else "operand"

    def _after_type_word(self) -> bool:
        if self.last != "operand":
            return False
        in_returns = self.context[-1] == "returns" and self.last_but_one in ("open", "comma")
        return in_returns or self.last_but_one in ("colon", "arrow")


def _airy(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """Spaces around the colons of a slice that has operators: `x[:-1]`, `x[i + 1 : n]`, `x[i + 1 :: 2]`."""
    roles = [first(part).role for part in parts]
    if "slice" not in roles or "binary" not in roles:
        return parts
    out: list[Part] = []
    for i, part in enumerate(parts):
        beside = i > 0 and (roles[i] == "slice") != (roles[i - 1] == "slice")
        out.append(_spaced(part) if beside else part)
    return tuple(out)


def _spaced(part: Part) -> Part:
    if isinstance(part, Piece):
        return replace(part, space=True)
    return replace(part, open=replace(part.open, space=True))


def _gaps(text: str, tokens: list[Token]) -> list[tuple[tuple[Comment, ...], bool, bool]]:
    """What stands before each token: comments, whether a newline, whether a blank line (after the comments)."""
    out: list[tuple[tuple[Comment, ...], bool, bool]] = []
    comments: list[Comment] = []
    end = 0
    for token in tokens:
        newlines, broken = 0, not end
        for match in _IN_GAP.finditer(text, end, token.start):
            broken = True
            if match.group() == "\n":
                newlines += 1
                continue
            comments.append(Comment(match.group().rstrip(), newlines > 0 or not end, newlines > 1))
            newlines = 0
        end = token.end
        if token.kind == "COMMA":
            out.append(((), False, False))  # its comments go to what follows
            continue
        out.append((tuple(comments), broken or bool(comments), newlines > 1))
        comments = []
    return out
