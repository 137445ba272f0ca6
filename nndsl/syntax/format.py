"""The one style of `.nn` text: what `nndsl fmt` writes.

The tokens and comments of a text stay as they are and in their order; what changes is the space between them (and
the comma after the last item of a list). How lines are broken follows from what fits; a few choices of the writer
are kept: a block on one line, a chain of pipes over several, one item a line after an opening bracket.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Literal

from nndsl.diagnostics import InternalError, NndslError, Source
from nndsl.syntax.parse import parse_range
from nndsl.syntax.pieces import WIDTH, Block, Bracket, Part, Piece, Sequence, first, flatten, read, tokens_of

INDENT = 2

COLUMNS = frozenset(("input", "target", "output", "loss", "metric", "param", "state"))
"""Words whose lines, where they follow each other, are made to line up behind the word."""

LEVELS = {"or": 1, "and": 2, **dict.fromkeys(("<", "<=", ">", ">=", "==", "!="), 3), "+": 4, "-": 4,
          "*": 5, "/": 5, "%": 5, "@": 5}  # fmt: skip
"""Operators that a line may be broken before, inside brackets; the loosest are broken first."""


def format_source(source: Source) -> str:
    """The text in the style of `nndsl fmt`. It parses to the same tree. Raises NndslError where it has errors."""
    before, problems = parse_range(source, 0, len(source.text))
    if problems:
        raise NndslError(problems)
    tokens = tokens_of(source)
    layout = _Layout()
    layout.file(read(source, tokens))
    text = layout.text()
    written = Source(source.name, text)
    if [t[:2] for t in tokens] == [t[:2] for t in tokens_of(written)]:  # the parser would see no difference
        return text
    after, problems = parse_range(written, 0, len(text))
    if problems or after != before:
        raise InternalError(f"formatting {source.name} would change what it means; it is left as it is")
    return text


class _Layout:
    """Writes line by line. `line` is the line in the making, `remark` the comment that will end it."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []
        self.line = ""
        self.remark = ""
        self.opened = True  # at the start of a block, where no blank line goes

    def text(self) -> str:
        """All that was written."""
        lines = [*self.lines, (self.line, self.remark)]
        out: list[str] = []
        start = 0
        while start < len(lines):
            end = start + 1
            # Comments behind lines that follow each other stand in one column, where there is room.
            while lines[start][1] and end < len(lines) and lines[end][1]:
                if _indent(lines[end]) != _indent(lines[start]):
                    break
                end += 1
            column = max(len(code) for code, _ in lines[start:end])
            if any(column + 2 + len(remark) > WIDTH for _, remark in lines[start:end]):
                column = 0
            out += [f"{code:<{column}}  {remark}" if remark else code for code, remark in lines[start:end]]
            start = end
        return "\n".join(out).strip("\n") + "\n" if any(out) else ""

    # --- lines and comments ------------------------------------------------------------------------------

    def newline(self, indent: int, blank: bool = False) -> None:
        """End this line, and leave a blank one where `blank` says so."""
        if self.line or self.remark or self.lines:
            self.lines.append((self.line, self.remark))
        if blank and not self.opened:
            self.lines.append(("", ""))
        self.line, self.remark, self.opened = " " * indent, "", False

    def before(self, piece: Piece, indent: int, of_comments: int | None = None, blank: bool = True) -> None:
        """The comments before a piece, then a new line for it."""
        full = self.line.strip().startswith("#") or not self.line.strip()
        for comment in piece.before:
            if not (comment.own_line or full or self.remark):
                self.remark = comment.text
                continue
            self.newline(indent if of_comments is None else of_comments, comment.blank)
            self.line += comment.text
            full = True
        self.newline(indent, piece.blank and blank)

    # --- blocks ------------------------------------------------------------------------------------------

    def file(self, block: Block) -> None:
        self._lines(replace(block, lines=_apart(block.lines)), 0)
        self.before(block.close, 0, blank=False)

    def _lines(self, block: Block, indent: int) -> None:
        for line, pad in zip(block.lines, _pads(block), strict=True):
            self.before(first(line.parts[0]), indent)
            self._statement(line, indent, pad)

    def _block(self, block: Block, indent: int) -> None:
        if block.flat == "{ }":
            self.line += block.flat
            return
        self.line += "{"
        self.opened = True
        self._lines(block, indent + INDENT)
        self.before(block.close, indent, indent + INDENT, blank=False)
        self.line += "}"

    def _statement(self, line: Sequence, indent: int, pad: int) -> None:
        word, *rest = line.parts
        if line.flat is not None and len(self.line) + len(line.flat) + pad <= WIDTH:
            width = len(first(word).text) if pad else 0
            self.line += line.flat[:width] + " " * pad + line.flat[width:]
            return
        parts = line.parts
        if pad and isinstance(word, Piece):
            self.line += word.text + " " * (pad + first(rest[0]).space)
            parts = tuple(rest)
        # A line with blocks in it: `if … { … } else { … }`, a definition.
        start = 0
        for i, part in enumerate(parts):
            if isinstance(part, Block):
                self._head(parts[start:i], indent)
                self._go_on(part.open, indent)
                self._block(part, indent)
                start = i + 1
                if start < len(parts):
                    self._go_on(first(parts[start]), indent)
        if start < len(parts):
            self._free(parts[start:], indent, 0, indent + INDENT)

    def _go_on(self, piece: Piece, indent: int) -> None:
        """What goes before a piece that follows others on its line."""
        if piece.before:
            self.before(piece, indent)
        elif piece.space:
            self.line += " "

    def _head(self, parts: tuple[Part, ...], indent: int) -> None:
        """What stands before a `{`."""
        lists = [i for i, part in enumerate(parts) if isinstance(part, Bracket) and part.kind == "params"]
        flat = flatten(parts)
        if flat is not None and len(self.line) + len(flat) + 2 <= WIDTH:
            self.line += flat
        elif not lists:
            self._free(parts, indent, 2, indent + INDENT)
        else:
            self._definition(parts, lists, indent)

    def _definition(self, parts: tuple[Part, ...], lists: list[int], indent: int) -> None:
        """The head of a definition over several lines: a second list with types in it goes below the first."""
        self._run(parts[: lists[0]], indent, 0, indent)
        column = len(self.line)
        returns = parts[lists[-1] + 1 :]
        tail = len(flatten(returns) or "") + (3 if returns else 2)
        before, *second = (part for part in parts if isinstance(part, Bracket) and part.kind == "params")
        typed = any(len(item.parts) > 1 for bracket in second for item in bracket.items)
        short = sum(len(bracket.flat or "") for bracket in second) + tail  # `(p, g) {`
        self._bracket(before, indent, 0 if typed else short)
        for bracket in second:
            hung = self.line.strip() == ")" or _manner(bracket, column, tail) == "hanging"
            if bracket.open.before:
                self.before(bracket.open, column)
            elif not hung and (typed or len(self.line) + short > WIDTH):
                self.newline(column)
            self._bracket(bracket, indent, tail)
        if returns:
            arrow = first(returns[0])
            long = flatten(returns) is None or len(self.line) + tail > WIDTH
            if not arrow.before and long and self.line.strip() != ")":
                self.newline(column)
            else:
                self._go_on(arrow, column)
            self._run(returns, indent, 2, column)

    # --- expressions -------------------------------------------------------------------------------------

    def _free(self, parts: tuple[Part, ...], indent: int, rest: int, column: int) -> None:
        """Parts that do not fit on one line or were written over several: a pipe breaks before each `|>`.

        `indent` is that of the line, `rest` how many characters will follow, `column` where broken lines go on.
        """
        starts = [i for i, part in enumerate(parts) if i and first(part).role == "pipe"]
        end = starts[0] if starts else len(parts)
        self._run(parts[:end], indent, 0 if starts else rest, column)
        for start, end in pairwise([*starts, len(parts)]):
            self.before(first(parts[start]), column, blank=False)
            self._run(parts[start:end], column, rest if end == len(parts) else 0, column)

    def _run(self, parts: tuple[Part, ...], indent: int, rest: int, column: int) -> None:
        """Parts one after the other; brackets that do not fit are broken."""
        for i, part in enumerate(parts):
            if i:
                self._go_on(first(part), column)
            if isinstance(part, Piece):
                self.line += part.text
            elif isinstance(part, Bracket):
                self._bracket(part, indent, _until_bracket(parts[i + 1 :], rest))

    def _item(self, item: Sequence, indent: int, rest: int) -> None:
        """What stands between two commas."""
        if item.flat is not None and len(self.line) + len(item.flat) + rest <= WIDTH:
            self.line += item.flat
            return
        roles = {first(part).role for part in item.parts}
        column = len(self.line) + (INDENT if roles & {"named", "assign"} else 0)
        if "pipe" in roles:
            self._free(item.parts, indent, rest, column)
        else:
            self._operators(item.parts, indent, rest, column)

    def _operators(self, parts: tuple[Part, ...], indent: int, rest: int, column: int) -> None:
        """Parts broken before the operators that bind loosest, as many on a line as fit."""
        levels = [_level(part) if i else 0 for i, part in enumerate(parts)]
        loosest = min((level for level in levels if level), default=0)
        if not loosest:
            self._run(parts, indent, rest, column)
            return
        starts = [i for i, level in enumerate(levels) if level == loosest]
        for start, end in pairwise([0, *starts, len(parts)]):
            chunk = parts[start:end]
            after = rest if end == len(parts) else 0
            flat = flatten(chunk)
            if start:
                operator = first(chunk[0])
                if operator.before:
                    self.before(operator, column, blank=False)
                elif self._breaks(chunk, flat, after, column):
                    self.newline(column)
                else:
                    self.line += " "
            if flat is not None and len(self.line) + len(flat) + after <= WIDTH:
                self.line += flat
            elif start:
                self.line += first(chunk[0]).text
                self._go_on(first(chunk[1]), column)
                self._operators(chunk[1:], indent, after, column)
            else:
                self._operators(chunk, indent, after, column)

    def _breaks(self, chunk: tuple[Part, ...], flat: str | None, rest: int, column: int) -> bool:
        """Whether an operator and its right side go to a new line."""
        if flat is not None and len(self.line) + 1 + len(flat) + rest <= WIDTH:
            return False
        if flat is not None and column + len(flat) + rest <= WIDTH:
            return True
        return len(self.line) + 1 + _until_bracket(chunk, rest) > WIDTH

    def _bracket(self, bracket: Bracket, indent: int, rest: int) -> None:
        match _manner(bracket, len(self.line), rest):
            case "flat":
                self.line += bracket.flat or ""
            case "hanging":
                self.line += bracket.open.text
                self._hanging(bracket, indent)
            case "aligned":
                self.line += bracket.open.text
                self._fill(bracket, rest)
            case "last":
                *others, last = bracket.items
                self.line += bracket.open.text + "".join(f"{item.flat}, " for item in others)
                self._item(last, indent, 1 + rest)
                self.line += bracket.close.text

    def _fill(self, bracket: Bracket, rest: int) -> None:
        column = len(self.line)
        for i, item in enumerate(bracket.items):
            last = i == len(bracket.items) - 1
            text = f"{item.flat}{bracket.close.text if last else ','}"
            if i and len(self.line) + 1 + len(text) + (rest if last else 0) > WIDTH:
                self.newline(column)
            elif i:
                self.line += " "
            self.line += text

    def _hanging(self, bracket: Bracket, indent: int) -> None:
        self.opened = True
        for i, item in enumerate(bracket.items):
            self.before(first(item.parts[0]), indent + INDENT)
            more = i < len(bracket.items) - 1
            self._item(item, indent + INDENT, 1)
            # `(a,)` is no tuple, and an index of one item reads better without the comma.
            if more or len(bracket.items) > 1 or bracket.kind not in ("group", "index"):
                self.line += ","
        self.before(bracket.close, indent, indent + INDENT, blank=False)
        self.line += bracket.close.text


def _manner(bracket: Bracket, column: int, rest: int) -> Literal["flat", "aligned", "last", "hanging"]:
    """How a bracket is written at a column: on one line, else its items behind the opening one, else one a line.

    `last`: what has to take several lines is the last item, and it goes on behind the others.
    """
    room = WIDTH - column - 1
    # To break `(a + b)` or `x[i]` for the sake of what follows is worse than a line too long.
    counted = 0 if bracket.kind == "index" or (bracket.kind == "group" and len(bracket.items) == 1) else rest
    if bracket.flat is not None and (not bracket.items or len(bracket.flat) + counted <= room + 1):
        return "flat"
    if bracket.hanging:
        return "hanging"
    *others, last = bracket.items
    fit = all(item.flat is not None and len(item.flat) < room for item in others)
    if fit and last.flat is not None and len(last.flat) + 1 + rest <= room:
        return "aligned"
    ahead = sum(len(item.flat or "") + 2 for item in others)
    return "last" if not others or (last.flat is None and fit and ahead < room) else "hanging"


def _indent(line: tuple[str, str]) -> int:
    return len(line[0]) - len(line[0].lstrip())


def _level(part: Part) -> int:
    return LEVELS.get(part.text, 0) if isinstance(part, Piece) and part.role in ("binary", "keyword") else 0


def _until_bracket(parts: tuple[Part, ...], rest: int) -> int:
    """How many characters stay on this line at least: up to the next bracket, after which it may be broken."""
    width = 0
    for part in parts:
        leaf = first(part)
        if leaf.before:
            return width
        width += leaf.space + len(leaf.text)
        if not isinstance(part, Piece):
            return width
    return width + rest


def _pads(block: Block) -> list[int]:
    """How many spaces make the first words of the lines of a block as long as those of their neighbours.

    Neighbours are the settings of a section, or declarations, with no blank line between.
    """
    runs: list[list[int]] = [[]]
    widths = [len(first(line.parts[0]).text) for line in block.lines]
    for i, line in enumerate(block.lines):
        piece = first(line.parts[0])
        in_columns = block.settings or (piece.role == "keyword" and piece.text in COLUMNS)
        blank = piece.blank or any(comment.own_line and comment.blank for comment in piece.before)
        if blank or not in_columns:
            runs.append([])
        if in_columns:
            runs[-1].append(i)
    pads = [0] * len(block.lines)
    for run in runs:
        width = max((widths[i] for i in run), default=0)
        for i in run:
            pads[i] = width - widths[i]
    return pads


def _apart(lines: tuple[Sequence, ...]) -> tuple[Sequence, ...]:
    """The definitions and sections of a file, with a blank line around those that take several lines."""
    out = list(lines[:1])
    for above, line in pairwise(lines):
        head, *rest = line.parts
        if isinstance(head, Piece) and (above.flat is None or line.flat is None):
            line = replace(line, parts=(_below_blank(head), *rest))
        out.append(line)
    return tuple(out)


def _below_blank(piece: Piece) -> Piece:
    """A piece with a blank line before it and its comments, unless there is one among these."""
    own = [comment for comment in piece.before if comment.own_line]
    if piece.blank or any(comment.blank for comment in own):
        return piece
    if not own:
        return replace(piece, blank=True)
    before = tuple(comment._replace(blank=True) if comment is own[0] else comment for comment in piece.before)
    return replace(piece, before=before)


__all__ = ["format_source"]
