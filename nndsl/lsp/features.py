"""What is answered to each question of the protocol."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from nndsl.check.lints import MARK
from nndsl.diagnostics import Edit, NndslError, Problem, Source, Span
from nndsl.editor.colors import MODIFIERS, TYPES
from nndsl.editor.completion import complete
from nndsl.editor.cursor import read_cursor
from nndsl.editor.document import Document
from nndsl.editor.hover import hover
from nndsl.editor.mending import mend
from nndsl.editor.names import Names, Occurrence
from nndsl.editor.project import users_of
from nndsl.editor.rename import CannotRename, renamable, rename
from nndsl.editor.signatures import signature_of
from nndsl.lsp.convert import (
    completion_item,
    fix_edits,
    message,
    offset_of,
    range_of,
    text_edit,
    uri_of,
)
from nndsl.lsp.whole_files import on_folding, on_inlay_hint, on_semantic_tokens, on_symbols
from nndsl.syntax.format import format_source

if TYPE_CHECKING:
    from nndsl.lsp.server import Server

MARKDOWN = types.MarkupKind.Markdown


# --- what is here ------------------------------------------------------------------------------------------------


async def on_hover(server: Server, params: types.HoverParams) -> types.Hover | None:
    """Shape, signature and doc comment of what is under the pointer."""
    uri = params.text_document.uri
    document = server.known(uri) or await server.whole(uri)
    if document is None:
        return None
    offset = offset_of(document.source, params.position, server.encoding)
    if document.changed_at(offset):
        document = await server.whole(uri)
    if document is None or document.analysis is None:
        return None
    found = hover(document.analysis, document.offset(offset))
    place = document.place(found.span) if found is not None else None
    if found is None or place is None:
        return None
    return types.Hover(types.MarkupContent(MARKDOWN, found.text), range_of(place, server.encoding))


async def on_definition(server: Server, params: types.DefinitionParams) -> list[types.Location] | None:
    """Where a name is given its value, or where a definition stands; for the path of an import, that file."""
    found = await _name(server, params)
    document = server.known(params.text_document.uri)
    if document is None or document.analysis is None:
        return None
    offset = offset_of(document.source, params.position, server.encoding)
    for item, unit in document.analysis.notes.units[0].imports:
        if unit is not None and item.path_span.start <= document.offset(offset) <= item.path_span.end:
            return [types.Location(uri_of(unit.source), types.Range(types.Position(0, 0), types.Position(0, 0)))]
    if found is None:
        return None
    names, one = found
    target = names.defined_before(one)
    if target is None:
        return None
    return [
        types.Location(uri_of(target.source, document, params.text_document.uri), range_of(target, server.encoding))
    ]


async def on_references(server: Server, params: types.ReferenceParams) -> list[types.Location] | None:
    """Every place of a name, in the files that import this one too."""
    found = await _name(server, params)
    document = server.known(params.text_document.uri)
    if found is None or document is None:
        return None
    names, one = found
    with_home = params.context.include_declaration
    spans = [o.span for o in names.of(one.symbol) if with_home or o.span != one.symbol.home]
    for other in _others(server, document, one):
        assert one.symbol.home is not None
        spans += [o.span for o in other.alike(one.symbol.home)]
    uri = params.text_document.uri
    return [types.Location(uri_of(s.source, document, uri), range_of(s, server.encoding)) for s in spans]


async def on_highlight(server: Server, params: types.DocumentHighlightParams) -> list[types.DocumentHighlight] | None:
    """The places of a name in this file."""
    found = await _name(server, params)
    if found is None:
        return None
    names, one = found
    write, read = types.DocumentHighlightKind.Write, types.DocumentHighlightKind.Read
    return [
        types.DocumentHighlight(range_of(o.span, server.encoding), write if o.binds else read)
        for o in names.of(one.symbol)
    ]


def _others(server: Server, document: Document, one: Occurrence) -> list[Names]:
    """The names of other files that use what this file defines."""
    folder = server.folder_of(document)
    if one.symbol.owner is not None or not one.symbol.own or document.path is None or folder is None:
        return []
    return list(users_of(document.path, folder))


async def _name(server: Server, params: Any) -> tuple[Names, Occurrence] | None:
    """The name at a position of a file of which all is known."""
    document = await server.whole(params.text_document.uri)
    if document is None or document.analysis is None:
        return None
    names = document.analysis.names
    one = names.at(offset_of(document.source, params.position, server.encoding))
    return (names, one) if one is not None else None


# --- renaming ----------------------------------------------------------------------------------------------------


async def on_prepare_rename(server: Server, params: types.PrepareRenameParams) -> types.Range | None:
    """Whether a name can be changed, and where it stands."""
    document = await server.whole(params.text_document.uri)
    if document is None or document.analysis is None:
        return None
    try:
        one = renamable(document.analysis, offset_of(document.source, params.position, server.encoding))
    except CannotRename as fault:
        raise _refused(str(fault)) from None
    return range_of(one.span, server.encoding)


async def on_rename(server: Server, params: types.RenameParams) -> types.WorkspaceEdit | None:
    """The edits that give a name another form."""
    uri = params.text_document.uri
    document = await server.whole(uri)
    if document is None or document.analysis is None:
        return None
    offset = offset_of(document.source, params.position, server.encoding)
    try:
        one = renamable(document.analysis, offset)
        edits = rename(document.analysis, offset, params.new_name, _others(server, document, one))
    except CannotRename as fault:
        raise _refused(str(fault)) from None
    changes: dict[str, list[types.TextEdit]] = {}
    for edit in edits:
        changes.setdefault(uri_of(edit.span.source, document, uri), []).append(text_edit(edit, server.encoding))
    return types.WorkspaceEdit(changes=changes)


def _refused(text: str) -> Exception:
    from pygls.exceptions import JsonRpcInvalidRequest

    return JsonRpcInvalidRequest(text)


# --- writing -----------------------------------------------------------------------------------------------------


async def on_completion(server: Server, params: types.CompletionParams) -> types.CompletionList | None:
    """What can be written at the cursor."""
    uri = params.text_document.uri
    document = server.known(uri) or await server.whole(uri)
    if document is None or document.analysis is None:
        return None
    source = document.source
    offset = offset_of(source, params.position, server.encoding)
    cursor = read_cursor(source, offset)
    place = range_of(Span(source, cursor.start, offset), server.encoding)
    found = complete(document.analysis, cursor, document.offset(offset))
    return types.CompletionList(is_incomplete=False, items=[completion_item(item, place) for item in found])


async def on_signature(server: Server, params: types.SignatureHelpParams) -> types.SignatureHelp | None:
    """The signature of the call around the cursor."""
    uri = params.text_document.uri
    document = server.known(uri) or await server.whole(uri)
    if document is None or document.analysis is None:
        return None
    offset = offset_of(document.source, params.position, server.encoding)
    call = read_cursor(document.source, offset).call
    found = signature_of(document.analysis, call, document.offset(offset)) if call is not None else None
    if found is None:
        return None
    start = found.label.index("(") + 1
    parameters: list[types.ParameterInformation] = []
    for slot in found.parameters:
        parameters.append(types.ParameterInformation((start, start + len(slot.text))))
        start += len(slot.text) + 2
    doc = types.MarkupContent(MARKDOWN, found.doc) if found.doc else None
    one = types.SignatureInformation(found.label, doc, parameters)
    # Behind the last parameter: none is marked.
    active = found.active if found.active is not None else len(parameters)
    return types.SignatureHelp([one], active_signature=0, active_parameter=active)


def on_formatting(server: Server, params: types.DocumentFormattingParams) -> list[types.TextEdit] | None:
    """The file as `nndsl fmt` writes it; nothing where it does not parse."""
    document = server.open.get(params.text_document.uri)
    if document is None or document.refused:
        return None
    source = document.source
    try:
        text = format_source(source)
    except NndslError:
        return None
    if text == source.text:
        return []
    return [types.TextEdit(range_of(Span(source, 0, len(source.text)), server.encoding), text)]


# --- mending -----------------------------------------------------------------------------------------------------


async def on_code_action(server: Server, params: types.CodeActionParams) -> list[types.CodeAction] | None:
    """The fixes of the Problems at a place, comments that allow a warning, and all safe fixes of the file together."""
    uri = params.text_document.uri
    document = server.known(uri)
    if document is None or document.analysis is None:
        return None
    encoding = server.encoding
    start = offset_of(document.source, params.range.start, encoding)
    end = offset_of(document.source, params.range.end, encoding)
    wanted = params.context.only
    found: list[types.CodeAction] = []
    if _asked(wanted, types.CodeActionKind.QuickFix):
        for problem in document.problems:
            span = document.place(problem.span) if problem.span is not None else None
            if span is not None and span.source is document.source and span.start <= end and start <= span.end:
                found += _fixes(document, uri, problem, params, encoding)
    if _asked(wanted, FIX_ALL) and not document.refused:
        from nndsl.driver import problems_of

        if any(fix.safe for problem in document.problems for fix in problem.fixes):
            text, done = mend(document.source, problems_of)
            if done:
                whole = range_of(Span(document.source, 0, len(document.source.text)), encoding)
                edit = types.WorkspaceEdit(changes={uri: [types.TextEdit(whole, text)]})
                found.append(types.CodeAction("nndsl: carry out all safe fixes", FIX_ALL, edit=edit))
    return found


FIX_ALL = "source.fixAll.nndsl"


def _asked(wanted: Any, kind: str) -> bool:
    """Whether a client that names kinds asks for this one. The fixes of a whole file are made for those alone."""
    if not wanted:
        return kind == types.CodeActionKind.QuickFix
    return any(kind == one or kind.startswith(f"{one}.") for one in (str(getattr(w, "value", w)) for w in wanted))


def _fixes(
    document: Document, uri: str, problem: Problem, params: types.CodeActionParams, encoding: str
) -> list[types.CodeAction]:
    mine = [d for d in params.context.diagnostics if d.code == problem.code and d.message == message(problem)]
    found: list[types.CodeAction] = []
    for i, fix in enumerate(problem.fixes):
        edits = fix_edits(document, fix, encoding)
        if edits is not None:
            found.append(
                types.CodeAction(
                    title=fix.title,
                    kind=types.CodeActionKind.QuickFix,
                    diagnostics=mine or None,
                    edit=types.WorkspaceEdit(changes={uri: edits}),
                    is_preferred=True if i == 0 and fix.safe else None,
                )
            )
    if problem.severity == "warning" and problem.span is not None:
        place = document.place(problem.span)
        if place is not None:
            edit = text_edit(allowing(place.source, place, problem.code), encoding)
            title = f"allow {problem.code} here"
            kind = types.CodeActionKind.QuickFix
            found.append(types.CodeAction(title, kind, mine or None, edit=types.WorkspaceEdit(changes={uri: [edit]})))
    return found


def allowing(source: Source, place: Span, code: str) -> Edit:
    """A comment above a line that allows a warning there."""
    line = source.line(place.line)
    start = source.line_starts[place.line - 1]
    indent = line[: len(line) - len(line.lstrip())]
    return Edit(Span(source, start, start), f"{indent}# {MARK} {code}\n")


PLAIN: dict[str, Callable[..., object]] = {
    types.TEXT_DOCUMENT_HOVER: on_hover,
    types.TEXT_DOCUMENT_DEFINITION: on_definition,
    types.TEXT_DOCUMENT_REFERENCES: on_references,
    types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT: on_highlight,
    types.TEXT_DOCUMENT_PREPARE_RENAME: on_prepare_rename,
    types.TEXT_DOCUMENT_FORMATTING: on_formatting,
    types.TEXT_DOCUMENT_DOCUMENT_SYMBOL: on_symbols,
    types.TEXT_DOCUMENT_FOLDING_RANGE: on_folding,
    types.TEXT_DOCUMENT_INLAY_HINT: on_inlay_hint,
}
WITH_OPTIONS: dict[str, tuple[Callable[..., object], Any]] = {
    types.TEXT_DOCUMENT_RENAME: (on_rename, types.RenameOptions(prepare_provider=True)),
    types.TEXT_DOCUMENT_COMPLETION: (
        on_completion,
        types.CompletionOptions(trigger_characters=[".", ">", "(", ",", "=", " ", '"']),
    ),
    types.TEXT_DOCUMENT_SIGNATURE_HELP: (
        on_signature,
        types.SignatureHelpOptions(trigger_characters=["(", ","], retrigger_characters=["="]),
    ),
    types.TEXT_DOCUMENT_CODE_ACTION: (
        on_code_action,
        types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix, FIX_ALL]),
    ),
    types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL: (
        on_semantic_tokens,
        types.SemanticTokensLegend(list(TYPES), list(MODIFIERS)),
    ),
}

__all__ = ["PLAIN", "WITH_OPTIONS", "allowing", "replace"]
