"""Source text, places in it, and what is said about them.

Everything a user can get wrong becomes a `Problem`: a frozen dataclass that holds the facts, not a sentence.
One renderer turns Problems into text; `Problem.facts` gives the same as plain data. `InternalError` is for
our own faults only.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import ClassVar


@dataclass(frozen=True, eq=False)
class Source:
    """The text of one file, with the name that messages use for it.

    `path` is where the text stands, or would stand: imports in it start at that folder. Text without one imports
    nothing.
    """

    name: str
    text: str
    path: Path | None = field(default=None, repr=False)

    @cached_property
    def line_starts(self) -> list[int]:
        """Offset of the first character of every line."""
        return [0, *(i + 1 for i, c in enumerate(self.text) if c == "\n")]

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both counted from 1."""
        line = bisect.bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of line `number` (from 1), without its newline."""
        start = self.line_starts[number - 1]
        end = self.text.find("\n", start)
        return self.text[start : end if end >= 0 else len(self.text)]


@dataclass(frozen=True)
class Imported:
    """A file that another imports: its path from the folder of that file, with `/`, its text, and other paths (links)
    by which it is imported."""

    place: str
    text: str
    links: tuple[str, ...] = ()


@dataclass(frozen=True)
class Span:
    """The half-open range `start:end` of characters of a source."""

    source: Source = field(repr=False)
    start: int
    end: int

    @property
    def line(self) -> int:
        """Line on which the span starts, from 1."""
        return self.source.position(self.start)[0]

    @property
    def column(self) -> int:
        """Column at which the span starts, from 1."""
        return self.source.position(self.start)[1]

    @property
    def text(self) -> str:
        """The text the span covers."""
        return self.source.text[self.start : self.end]

    @property
    def where(self) -> str:
        """`file:line`, as comments in generated code use it."""
        return f"{self.source.name}:{self.line}"

    def to(self, other: Span) -> Span:
        """The smallest span that covers both."""
        return Span(self.source, min(self.start, other.start), max(self.end, other.end))


@dataclass(frozen=True)
class Label:
    """A remark on a place: the secondary places of a Problem."""

    span: Span
    text: str


@dataclass(frozen=True)
class Edit:
    """The text of a place replaced by other text; an empty place is where text is put in."""

    span: Span
    text: str


@dataclass(frozen=True)
class Fix:
    """A cure that a program can carry out: all of its edits together.

    `safe` where it is what was meant as far as anyone can tell; what guesses or takes something away is not.
    """

    title: str
    edits: tuple[Edit, ...]
    safe: bool


@dataclass(frozen=True)
class Problem:
    """Base of everything said about what a user wrote or fed.

    A subclass sets `code` and `title`, adds its facts as fields, and says in `label`, `labels` and `help` what
    its facts mean. Its docstring is the page that `nndsl explain CODE` prints: what the code means, an example,
    the cure. `span` is None for what has no place in a `.nn` file (a missing file, a wrong command-line value).
    """

    code: ClassVar[str] = ""
    title: ClassVar[str] = ""
    severity: ClassVar[str] = "error"

    span: Span | None

    @property
    def headline(self) -> str:
        """The first line of the message. Defaults to the class title."""
        return self.title

    @property
    def label(self) -> str:
        """What is said right below the primary span."""
        return ""

    @property
    def labels(self) -> tuple[Label, ...]:
        """Secondary places: where the other half of a clash was fixed."""
        return ()

    @property
    def help(self) -> str | None:
        """What to do about it, where that is known."""
        return None

    @property
    def fixes(self) -> tuple[Fix, ...]:
        """Cures that a program can carry out, the best first; each mends this Problem by itself."""
        return ()

    @property
    def facts(self) -> dict[str, object]:
        """The Problem as plain data, ready for JSON."""

        def place(span: Span) -> dict[str, object]:
            end = span.source.position(span.end)
            return {"file": span.source.name, "line": span.line, "column": span.column,
                    "end_line": end[0], "end_column": end[1]}  # fmt: skip

        return {
            "code": self.code,
            "severity": self.severity,
            "message": self.headline,
            "label": self.label,
            "place": place(self.span) if self.span else None,
            "related": [{"place": place(label.span), "message": label.text} for label in self.labels],
            "help": self.help,
            "fixes": [
                {"title": fix.title, "safe": fix.safe,
                 "edits": [{"place": place(edit.span), "text": edit.text} for edit in fix.edits]}
                for fix in self.fixes
            ],
        }  # fmt: skip

    @property
    def order(self) -> tuple[str, int, str]:
        """Sort key: source order, Problems without a place first."""
        return (self.span.source.name, self.span.start, self.code) if self.span else ("", -1, self.code)

    def __str__(self) -> str:
        return render(self)


class NndslError(Exception):
    """Raised by the Python interface for faults in what the user wrote or fed; holds the Problems."""

    def __init__(self, problems: Problem | Sequence[Problem]) -> None:
        self.problems: tuple[Problem, ...] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__(render_all(self.problems))


class InternalError(Exception):
    """A fault of the compiler itself."""


def unique_sorted(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Problems in source order, each once."""
    seen: dict[tuple[object, ...], Problem] = {}
    for problem in problems:
        place = (problem.span.source.name, problem.span.start, problem.span.end) if problem.span else None
        seen.setdefault((problem.code, place, problem.headline, problem.label), problem)
    return tuple(sorted(seen.values(), key=lambda p: p.order))


def render_all(problems: Sequence[Problem]) -> str:
    """All messages, a blank line between them."""
    return "\n\n".join(render(problem) for problem in problems)


def render(problem: Problem) -> str:
    """One message: headline, place, the lines it speaks of with remarks below them, help."""
    out = [f"{problem.severity}[{problem.code}]: {problem.headline}"]
    gutter = 1
    if problem.span is not None:
        remarks = [Label(problem.span, problem.label), *problem.labels]
        gutter = max(len(str(remark.span.line)) for remark in remarks)
        out += _snippets(problem.span, remarks, gutter)
    elif problem.label:
        out.append(f"{' ' * gutter}  {problem.label}")
    if problem.help:
        first, *rest = problem.help.split("\n")
        out.append(f"{' ' * gutter} = help: {first}")
        out += [f"{' ' * gutter}   {'':6}{line}" for line in rest]
    return "\n".join(out)


def _snippets(primary: Span, remarks: list[Label], gutter: int) -> list[str]:
    """The source lines of all remarks, file by file, in order, primary file first."""
    pad = " " * gutter
    out: list[str] = []
    files = sorted(dict.fromkeys(r.span.source.name for r in remarks), key=lambda name: name != primary.source.name)
    for name in files:
        of_file = [r for r in remarks if r.span.source.name == name]
        head = primary if name == primary.source.name else of_file[0].span
        out += [f"{pad}--> {name}:{head.line}:{head.column}", f"{pad} |"]
        previous = 0
        for number in sorted({r.span.line for r in of_file}):
            if previous and number > previous + 1:
                out.append(f"{pad}...")
            previous = number
            out.append(f"{number:>{gutter}} | {_shown(of_file[0].span.source.line(number))}".rstrip())
            for r in sorted((r for r in of_file if r.span.line == number), key=lambda r: -r.span.start):
                out.append(f"{pad} | {_underline(r, '^' if r.span is primary else '-')}")
        out.append(f"{pad} |")
    return out[:-1]


MAX_SHOWN = 160


def _shown(line: str) -> str:
    """A source line as it is printed: tabs as one space, control characters hidden, cut when very long."""
    start = line[:MAX_SHOWN]
    clean = "".join(" " if c == "\t" else c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in start)
    return clean if len(line) <= MAX_SHOWN else clean + " …"


def _underline(remark: Label, mark: str) -> str:
    span = remark.span
    start = min(span.column - 1, MAX_SHOWN)
    line = span.source.line(span.line)
    width = max(1, min(span.end - span.start, len(line) - start, MAX_SHOWN - start))
    return f"{' ' * start}{mark * width} {remark.text}".rstrip()


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """A help line that names the nearest known name, or None."""
    known = list(known)
    folded = {k.lower(): k for k in known}
    if name.lower() in folded:
        return Guess(name, folded[name.lower()], sure=True)
    # One slip explains most wrong names, and is found in a tenth of the time that measuring likeness takes.
    slips = [other for other in folded if _one_slip(name.lower(), other)]
    near = _nearest(name.lower(), slips)
    if near is not None:
        return Guess(name, folded[near], sure=len(name) > 3 and len(slips) == 1)
    near = _nearest(name.lower(), folded)
    return Guess(name, folded[near], sure=False) if near is not None else None


LIKE = 0.6
"""How like two names are at least, as `difflib` measures it, for one to be told for the other."""


def _nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like a name. Those that promise most are measured first, so few are measured."""
    from difflib import SequenceMatcher

    matcher = SequenceMatcher(b=name)
    bounds: list[tuple[float, str]] = []
    for other in known:
        matcher.set_seq1(other)
        if matcher.real_quick_ratio() >= LIKE and matcher.quick_ratio() >= LIKE:
            bounds.append((matcher.quick_ratio(), other))
    best: tuple[float, str] | None = None
    for bound, other in sorted(bounds, reverse=True):
        if best is not None and bound < best[0]:
            break
        matcher.set_seq1(other)
        if matcher.ratio() >= LIKE:
            best = max(best or (0.0, ""), (matcher.ratio(), other))
    return best[1] if best is not None else None


class Guess(str):
    """The help line of `did_you_mean`, which remembers what was written and what may have been meant.

    `sure` where one slip of the finger explains what was written, and from one known name alone.
    """

    written: str
    meant: str
    sure: bool

    def __new__(cls, written: str, meant: str, sure: bool) -> Guess:
        line = super().__new__(cls, f"did you mean `{meant}`?")
        line.written, line.meant, line.sure = written, meant, sure
        return line


def _one_slip(a: str, b: str) -> bool:
    """Whether one letter too many, too few or wrong, or two exchanged, make `a` of `b`. Digits tell names apart."""
    if abs(len(a) - len(b)) > 1:
        return False
    start = 0
    while start < min(len(a), len(b)) and a[start] == b[start]:
        start += 1
    end = 0
    while end < min(len(a), len(b)) - start and a[-1 - end] == b[-1 - end]:
        end += 1
    x, y = a[start : len(a) - end], b[start : len(b) - end]
    if any(c.isdigit() for c in x + y):
        return False
    return max(len(x), len(y)) <= 1 or (len(x) == 2 and x == y[::-1])


__all__ = [
    "Edit", "Fix", "Guess", "Imported", "InternalError", "Label", "NndslError", "Problem", "Source", "Span",
    "did_you_mean", "render", "render_all", "unique_sorted",
]  # fmt: skip
