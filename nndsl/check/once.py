"""One mistake, one error: where a character at fault also makes a value wrong, one of the two is told."""

from __future__ import annotations

from nndsl.diagnostics import Problem, Span

QUOTES_AND_WORDS = ("NN011", "NN012", "NN014", "NN021")
C_LOOP = ("NN018", "NN020")
LETTERS = ("NN016", "NN026", "NN027")


def once(found: list[Problem]) -> list[Problem]:
    """Without one of two errors that are one mistake: text as in `activation='relu'` or `f32[None, 4]`, which the
    lexer told and whose value then is wrong. What is said of the value tells more, unless a name cannot be read."""
    odd = [p for p in found if p.code in (*QUOTES_AND_WORDS, *LETTERS, *C_LOOP, "NN022") and p.span is not None]
    if not odd:
        return found
    dropped = {id(p) for p in odd if any(_follows(p, other) for other in found)}
    for problem in (p for p in odd if p.code in QUOTES_AND_WORDS + LETTERS):
        for other in found:
            if other.code not in QUOTES_AND_WORDS + LETTERS and _is_value_of(other.span, problem.span):
                dropped.add(id(problem if problem.code in QUOTES_AND_WORDS else other))
    return [p for p in found if id(p) not in dropped]


def _follows(problem: Problem, other: Problem) -> bool:
    """Whether a problem of the lexer is part of one of a statement: `self` in a class, `;` in `for (i = 0; …)`."""
    if problem.span is None or other.span is None or problem.span.source is not other.span.source:
        return False
    if problem.code == "NN022":
        return other.code == "NN031"
    same_line = problem.span.line == other.span.line and other.span.start < problem.span.start
    return problem.code in C_LOOP and other.code == "NN066" and same_line and other.span.text == "("


def _is_value_of(outer: Span | None, inner: Span | None) -> bool:
    """Whether a place is another one, or that with the name of the argument before it."""
    if outer is None or inner is None or outer.source is not inner.source or outer.end != inner.end:
        return False
    before = outer.source.text[outer.start : inner.start]
    return outer.start <= inner.start and (not before or before.rstrip().removesuffix("=").strip().isidentifier())
