"""Carrying out the fixes that Problems offer. A text is checked after each round, and never left with more errors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from nndsl.diagnostics import Fix, Problem, Source

MAX_ROUNDS = 10
Check = Callable[[Source], Sequence[Problem]]


@dataclass(frozen=True)
class Done:
    """A fix that was carried out: for which Problem, on which line at that time, and its title."""

    code: str
    line: int
    title: str


@dataclass(frozen=True)
class _State:
    """A text on the way, with how many errors it has and what was done to it."""

    source: Source
    problems: Sequence[Problem]
    done: tuple[Done, ...]

    @property
    def errors(self) -> int:
        return sum(problem.severity == "error" for problem in self.problems)


def mend(source: Source, check: Check, unsafe: bool = False) -> tuple[str, tuple[Done, ...]]:
    """The text with all fixes carried out that apply, and which they were. Safe ones only, unless `unsafe`.

    Errors may come to light when others are mended, so rounds go on for a while even then; what is returned is the
    last text among those with the fewest errors.
    """
    state = best = _State(source, tuple(check(source)), ())
    seen = {source.text}
    for _ in range(MAX_ROUNDS):
        following = _round(state, check, unsafe)
        if following is None or following.source.text in seen:
            break
        state = following
        seen.add(state.source.text)
        best = state if state.errors <= best.errors else best
    return best.source.text, best.done


def _round(state: _State, check: Check, unsafe: bool) -> _State | None:
    """All fixes that do not touch each other; one by one where they do harm together. None where nothing is left."""
    chosen = _chosen(state, unsafe)
    if not chosen:
        return None
    together = _carried_out(state, chosen, check)
    if together.errors <= state.errors or len(chosen) == 1:
        return together
    singly = (_carried_out(state, [one], check) for one in chosen)
    return next((one for one in singly if one.errors <= state.errors), together)


def _chosen(state: _State, unsafe: bool) -> list[tuple[Problem, Fix]]:
    """The first fix of each Problem of this file, none of which overlaps another."""
    chosen: list[tuple[Problem, Fix]] = []
    taken: list[tuple[int, int]] = []
    for problem in state.problems:
        fix = next((fix for fix in problem.fixes if fix.safe or unsafe), None)
        if fix is None or any(edit.span.source is not state.source for edit in fix.edits):
            continue
        places = [(edit.span.start, edit.span.end) for edit in fix.edits]
        if not any((a < d and c < b) or a == c or b == d for a, b in places for c, d in taken):
            chosen.append((problem, fix))
            taken += places
    return chosen


def _carried_out(state: _State, chosen: Sequence[tuple[Problem, Fix]], check: Check) -> _State:
    text = state.source.text
    edits = [edit for _, fix in chosen for edit in fix.edits]
    for edit in sorted(edits, key=lambda edit: -edit.span.start):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    source = replace(state.source, text=text)
    done = tuple(Done(p.code, p.span.line if p.span is not None else 1, fix.title) for p, fix in chosen)
    return _State(source, tuple(check(source)), state.done + done)
