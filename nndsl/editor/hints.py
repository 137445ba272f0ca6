"""Shapes shown in the text: behind names that are given a value, and at the end of each line of a pipe."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nndsl.check.resolve import parts
from nndsl.editor.analysis import Analysis
from nndsl.editor.show import values_text
from nndsl.ir.graph import Node
from nndsl.syntax import ast


@dataclass(frozen=True)
class Hint:
    """A text to show at an offset, and what to say of it."""

    offset: int
    text: str
    remark: str = ""


def hints(analysis: Analysis, start: int, end: int) -> list[Hint]:
    """The hints of a stretch of the text, in source order."""
    found = [hint for hint in _all(analysis, start, end) if start <= hint.offset <= end]
    return sorted(found, key=lambda hint: hint.offset)


def _all(analysis: Analysis, start: int, end: int) -> Iterator[Hint]:
    for item in analysis.file.items:
        if item.span.end < start or item.span.start > end or not isinstance(item, ast.Definition):
            continue
        for statement in item.body:
            if statement.span.end < start or statement.span.start > end:
                continue
            for part in parts(statement):
                match part:
                    case ast.Assign():
                        for span in part.name_spans:
                            yield from _shape(analysis, (span.start, span.end), span.end)
                    case ast.OutputDecl(value=value, name_span=span) if value is not None:
                        yield from _shape(analysis, (span.start, span.end), span.end)
                    case ast.Pipe():
                        yield from _stages(analysis, part)


def _stages(analysis: Analysis, pipe: ast.Pipe) -> Iterator[Hint]:
    """What the stages give that end their lines; the last one's value is told by the name that gets it."""
    text = analysis.source.text
    for stage, following in zip(pipe.stages, pipe.stages[1:], strict=False):
        if "\n" in text[stage.span.end : following.span.start]:
            values = analysis.notes.stages.get((stage.span.start, stage.span.end), [])
            yield from _hint([v for v in values if isinstance(v, Node)], stage.span.end, "  ")


def _shape(analysis: Analysis, place: tuple[int, int], offset: int) -> Iterator[Hint]:
    yield from _hint([v for v in analysis.notes.values.get(place, []) if isinstance(v, Node)], offset, ": ")


def _hint(values: list[Node], offset: int, lead: str) -> Iterator[Hint]:
    text, others = values_text(values)
    if text:
        more = f" or {len(others)} more" if len(others) > 1 else f" or {others[0]}" if others else ""
        yield Hint(offset, f"{lead}{text}{more}", f"in other uses {', '.join(others)}" if others else "")
