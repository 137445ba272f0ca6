"""`# nndsl: allow NN404`: lints turned off in the file itself."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from nndsl.check.lints import MARK
from nndsl.diagnostics import Edit, Fix, Problem, Source, Span
from nndsl.problems import lints, suspicions

_COMMENT = re.compile(r'"(?:\\.|[^"\\\n])*"|#[^\n]*')
_ALLOW = re.compile(r"#+[ \t]*nndsl:[ \t]*allow\b(.*)")
_CODE = re.compile(r"\bNN\d{3}\b", re.IGNORECASE)


@dataclass(eq=False)
class Allow:
    """One code in one comment: for a line, or for the file where `line` is None. `used` once it hid something."""

    code: str
    span: Span
    line: int | None
    comment: Span
    used: bool = field(default=False)


def allowed(problems: Iterable[Problem], source: Source) -> list[Problem]:
    """The Problems without those that their files allow, and with a warning for each comment that allows nothing.

    Of a file with errors it is not known which lints there would be, so nothing is said of its comments then.
    """
    problems = list(problems)
    sources = {source, *(p.span.source for p in problems if p.span is not None)}
    allows = {s: comments(s) for s in sources if MARK in s.text}
    kept = [p for p in problems if not (p.severity == "warning" and _is_allowed(p, allows))]
    if not any(p.severity == "error" for p in problems):
        kept += [_unused(a) for a in allows.get(source, ()) if not a.used]
    return kept


def _is_allowed(problem: Problem, allows: dict[Source, list[Allow]]) -> bool:
    span = problem.span
    if span is None:
        return False
    of_file = allows.get(span.source, [])
    hits = [allow for allow in of_file if allow.code == problem.code and allow.line in (None, span.line)]
    for hit in hits:
        hit.used = True
    return bool(hits)


def comments(source: Source) -> list[Allow]:
    """All that the comments of a file allow."""
    out: list[Allow] = []
    for match in _COMMENT.finditer(source.text):
        words = _ALLOW.match(match[0])
        if words is None:
            continue
        comment = Span(source, *match.span())
        line = _line_meant(source, comment)
        start = match.start() + words.start(1)
        codes = list(_CODE.finditer(words[1]))
        out += [
            Allow(code[0].upper(), Span(source, start + code.start(), start + code.end()), line, comment)
            for code in codes
        ]
        if not codes:
            out.append(Allow("", comment, line, comment))
    return out


def _line_meant(source: Source, comment: Span) -> int | None:
    """The line of the comment, or the next one with code where it stands alone; None before all code."""
    number = comment.line
    if source.line(number)[: comment.column - 1].strip():
        return number
    if all(_is_empty(source.line(n)) for n in range(1, number)):
        return None
    last = len(source.line_starts)
    return next((n for n in range(number + 1, last + 1) if not _is_empty(source.line(n))), number)


def _is_empty(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _unused(allow: Allow) -> Problem:
    known = {kind.code for kind in (*lints.FAMILY, *suspicions.FAMILY)}
    where = "in this file" if allow.line is None else f"on line {allow.line}"
    if not allow.code:
        message, note = "this comment names no code", "a code such as NN405 belongs here"
    elif allow.code not in known:
        message, note = f"{allow.code} is no lint, it cannot be allowed", "only NN4xx can"
    else:
        message, note = f"there is no {allow.code} {where}", "nothing to allow"
    alone = allow.code == "" or len(_CODE.findall(allow.comment.text)) == 1
    return lints.UnusedAllow(
        allow.span,
        message=message,
        note=note,
        cure="remove this comment" if alone else "remove this code",
        mends=(_removal(allow.comment),) if alone else (),
    )


def _removal(comment: Span) -> Fix:
    """The comment taken away, with its line where it stands alone."""
    text, start, end = comment.source.text, comment.start, comment.end
    while start and text[start - 1] in " \t":
        start -= 1
    if (start == 0 or text[start - 1] == "\n") and end < len(text):
        end += 1
    return Fix("remove this comment", (Edit(Span(comment.source, start, end), ""),), True)
