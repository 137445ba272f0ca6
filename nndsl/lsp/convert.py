"""Places, Problems and suggestions as the protocol has them."""

from __future__ import annotations

from bisect import bisect_right
from pathlib import Path

from lsprotocol import types
from pygls import uris

from nndsl.diagnostics import Edit, Fix, Problem, Source, Span
from nndsl.editor.completion import Completion
from nndsl.editor.document import Document
from nndsl.editor.explain import page_file
from nndsl.editor.outline import Entry

SEVERITIES = {"error": types.DiagnosticSeverity.Error, "warning": types.DiagnosticSeverity.Warning}
UNNECESSARY = frozenset(("NN401", "NN402", "NN410", "NN411", "NN414", "NN415"))
K = types.CompletionItemKind
COMPLETIONS = {
    "keyword": K.Keyword, "snippet": K.Snippet, "type": K.TypeParameter, "file": K.File, "model": K.Class,
    "layer": K.Class, "optimizer": K.Class, "schedule": K.Class, "fn": K.Function, "loss": K.Function,
    "metric": K.Function, "init": K.Function, "function": K.Function, "builtin": K.Function, "argument": K.Field,
    "setting": K.Property, "module": K.Module, "data": K.Module, "code": K.Constant, "dim": K.TypeParameter,
    "param": K.Field, "state": K.Field, "parameter": K.Variable,
}  # fmt: skip
S = types.SymbolKind
SYMBOLS = {
    "model": S.Class, "layer": S.Class, "optimizer": S.Class, "schedule": S.Class, "fn": S.Function,
    "loss": S.Function, "metric": S.Function, "init": S.Function, "module": S.Module, "train": S.Namespace,
    "data": S.Namespace, "test": S.Namespace, "input": S.Variable, "target": S.Variable, "output": S.Variable,
    "param": S.Field, "state": S.Field, "setting": S.Property,
}  # fmt: skip


def units(text: str, encoding: str) -> int:
    """How many units of the client's encoding a text is long."""
    if text.isascii() or encoding == "utf-32":
        return len(text)
    return len(text.encode("utf-8")) if encoding == "utf-8" else len(text.encode("utf-16-le", "surrogatepass")) // 2


def position(source: Source, offset: int, encoding: str) -> types.Position:
    """An offset as line and character."""
    line = bisect_right(source.line_starts, offset) - 1
    return types.Position(line, units(source.text[source.line_starts[line] : offset], encoding))


def offset_of(source: Source, place: types.Position, encoding: str) -> int:
    """A line and character as an offset; what lies behind the end of a line is its end."""
    if place.line >= len(source.line_starts):
        return len(source.text)
    line = source.line(place.line + 1)
    start = source.line_starts[place.line]
    if line.isascii() or encoding == "utf-32":
        return start + min(place.character, len(line))
    count = 0
    for i, character in enumerate(line):
        if count >= place.character:
            return start + i
        count += units(character, encoding)
    return start + len(line)


def range_of(span: Span, encoding: str) -> types.Range:
    """A place as a range."""
    return types.Range(position(span.source, span.start, encoding), position(span.source, span.end, encoding))


def uri_of(source: Source, document: Document | None = None, uri: str = "") -> str:
    """Where a text can be opened; that of an open file has its own address."""
    if document is not None and (source is document.source or source.path == document.path):
        return uri
    return uris.from_fs_path(str(Path(source.path or "").resolve())) or ""


# --- diagnostics -------------------------------------------------------------------------------------------------


def diagnostics(document: Document, uri: str, encoding: str) -> list[types.Diagnostic]:
    """All Problems of a file, as they stand in its text now."""
    found: list[types.Diagnostic] = []
    for problem in document.problems:
        span = _shown_at(document, problem)
        if span is not None:
            found.append(_diagnostic(document, uri, problem, span, encoding))
    return found


def _shown_at(document: Document, problem: Problem) -> Span | None:
    """Where a Problem is shown: one of an imported file at the line that imports it."""
    span = problem.span
    if span is None:
        return Span(document.source, 0, 0)
    analysis = document.analysis
    if analysis is None or span.source is document.source or span.source is analysis.source:
        return document.place(span)
    imports = analysis.notes.units[0].imports
    direct = [item for item, unit in imports if unit is not None and unit.source is span.source]
    lines = direct or [item for item, _ in imports]
    return document.place(lines[0].path_span) if lines else Span(document.source, 0, 0)


def _diagnostic(document: Document, uri: str, problem: Problem, span: Span, encoding: str) -> types.Diagnostic:
    elsewhere = problem.span is not None and span.source.path != problem.span.source.path
    related: list[types.DiagnosticRelatedInformation] = []
    places = [(label.span, label.text) for label in problem.labels]
    if elsewhere and problem.span is not None:
        places.insert(0, (problem.span, problem.label or problem.headline))
    for place, text in places:
        now = document.place(place)
        if now is not None:
            location = types.Location(uri_of(now.source, document, uri), range_of(now, encoding))
            related.append(types.DiagnosticRelatedInformation(location, text))
    page = page_file(problem.code)
    return types.Diagnostic(
        range=range_of(_at_least_one(span), encoding),
        message=message(problem, elsewhere),
        severity=SEVERITIES[problem.severity],
        code=problem.code,
        code_description=types.CodeDescription(uris.from_fs_path(str(page)) or "") if page is not None else None,
        source="nndsl",
        tags=[types.DiagnosticTag.Unnecessary] if problem.code in UNNECESSARY else None,
        related_information=related or None,
    )


def _at_least_one(span: Span) -> Span:
    """A place that can be seen: editors draw nothing below an empty one."""
    text = span.source.text
    if span.end > span.start or span.start >= len(text) or text[span.start] == "\n":
        return span
    return Span(span.source, span.start, span.start + 1)


def message(problem: Problem, elsewhere: bool = False) -> str:
    """Headline, remark and help, as `nndsl check` prints them."""
    lines = [problem.headline]
    if elsewhere and problem.span is not None:
        lines[0] = f"{problem.span.where}: {problem.headline}"
    if problem.label:
        lines.append(problem.label)
    if problem.help:
        lines.append(f"help: {problem.help}")
    return "\n".join(lines)


def text_edit(edit: Edit, encoding: str) -> types.TextEdit:
    """An edit of a text."""
    return types.TextEdit(range_of(edit.span, encoding), edit.text)


def fix_edits(document: Document, fix: Fix, encoding: str) -> list[types.TextEdit] | None:
    """The edits of a fix in the text as it is now; None where a place of them was changed."""
    out: list[types.TextEdit] = []
    for edit in fix.edits:
        place = document.place(edit.span)
        if place is None or place.source is not document.source:
            return None
        out.append(text_edit(Edit(place, edit.text), encoding))
    return out


# --- suggestions -------------------------------------------------------------------------------------------------


def completion_item(item: Completion, place: types.Range) -> types.CompletionItem:
    """One suggestion."""
    style = types.InsertTextFormat.Snippet if item.snippet else types.InsertTextFormat.PlainText
    details = types.CompletionItemLabelDetails(detail=item.detail if item.detail.startswith("(") else f" {item.detail}")
    return types.CompletionItem(
        label=item.label,
        kind=COMPLETIONS.get(item.sort, K.Variable),
        detail=item.detail or None,
        label_details=details if item.detail else None,
        documentation=types.MarkupContent(types.MarkupKind.Markdown, item.doc) if item.doc else None,
        sort_text=f"{item.rank}{item.label}",
        insert_text_format=style,
        text_edit=types.TextEdit(place, item.text),
    )


def symbol(entry: Entry, encoding: str) -> types.DocumentSymbol:
    """A declaration with what is in it."""
    return types.DocumentSymbol(
        name=entry.name or " ",
        kind=SYMBOLS.get(entry.sort, S.Variable),
        range=range_of(entry.span, encoding),
        selection_range=range_of(entry.name_span, encoding),
        detail=entry.detail or None,
        children=[symbol(child, encoding) for child in entry.children] or None,
    )
