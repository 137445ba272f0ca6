"""The structure of a file: what it declares, and what can be folded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from nndsl.check.resolve import parts
from nndsl.diagnostics import Source, Span
from nndsl.editor.analysis import Analysis
from nndsl.syntax import ast


@dataclass(frozen=True)
class Entry:
    """One thing that is declared: `span` is all of it, `name_span` its name."""

    name: str
    sort: str
    detail: str
    span: Span
    name_span: Span
    children: tuple[Entry, ...] = field(default=())


@dataclass(frozen=True)
class Fold:
    """Lines (from 1) that can be folded into the first of them."""

    first: int
    last: int
    comment: bool = False


def outline(analysis: Analysis) -> list[Entry]:
    """The declarations of a file, with inputs, outputs, params and settings inside them."""
    found: list[Entry] = []
    for item in analysis.file.items:
        match item:
            case ast.Definition():
                inner = tuple(_members(item.body))
                found.append(Entry(item.name, item.role, item.role, item.span, item.name_span, inner))
            case ast.Alias():
                found.append(Entry(item.name, item.role, item.role, item.span, item.name_span))
            case ast.Section():
                inner = tuple(_members(item.body))
                found.append(Entry(f"{item.role} {item.name}", item.role, "", item.span, item.name_span, inner))
            case ast.Import():
                found.append(Entry(item.path, "module", item.alias or "", item.span, item.path_span))
    return found


def _members(body: ast.Block) -> Iterator[Entry]:
    for statement in body:
        match statement:
            case ast.InputDecl(name=name, name_span=span):
                yield Entry(name, statement.role, statement.type.span.text, statement.span, span)
            case ast.ParamDecl(name=name, name_span=span):
                yield Entry(name, "param", statement.type.span.text, statement.span, span)
            case ast.StateDecl(name=name, name_span=span):
                yield Entry(name, "state", "state", statement.span, span)
            case ast.OutputDecl(name=name, name_span=span):
                yield Entry(name, "output", "output", statement.span, span)
            case ast.Setting(name=name, name_span=span):
                yield Entry(name, "setting", "", statement.span, span)
            case ast.If():
                yield from _members((*statement.then, *statement.otherwise))


def folds(analysis: Analysis) -> list[Fold]:
    """Declarations, blocks, brackets over several lines, and comments of several lines."""
    found: dict[int, Fold] = {}
    for part in parts(analysis.file):
        if isinstance(
            part,
            ast.Definition
            | ast.Section
            | ast.If
            | ast.For
            | ast.Repeat
            | ast.Scan
            | ast.Pipe
            | ast.Call
            | ast.ListExpr,
        ):
            first, last = part.span.line, analysis.source.position(part.span.end)[0]
            closing = 0 if isinstance(part, ast.Pipe) else 1
            if last - closing > first - 1 + closing and first not in found:
                found[first] = Fold(first, last - closing)
    return sorted([*found.values(), *_comments(analysis.source)], key=lambda fold: fold.first)


def _comments(source: Source) -> Iterator[Fold]:
    """Comments of two lines or more."""
    first = 0
    for number in range(1, len(source.line_starts) + 1):
        if source.line(number).lstrip().startswith("#"):
            first = first or number
        else:
            if first and number - 1 > first:
                yield Fold(first, number - 1, True)
            first = 0
    if first and len(source.line_starts) > first:
        yield Fold(first, len(source.line_starts), True)
