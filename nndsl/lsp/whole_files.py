"""What is answered to questions about a whole file: its outline, what folds, shapes in its lines, its colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from nndsl.diagnostics import Span
from nndsl.editor.colors import MODIFIERS, TYPES, colors
from nndsl.editor.hints import hints
from nndsl.editor.outline import folds, outline
from nndsl.lsp.convert import offset_of, position, symbol

if TYPE_CHECKING:
    from nndsl.lsp.server import Server


async def on_symbols(server: Server, params: types.DocumentSymbolParams) -> list[types.DocumentSymbol] | None:
    """The declarations of a file."""
    document = await server.whole(params.text_document.uri)
    if document is None or document.analysis is None:
        return None
    return [symbol(entry, server.encoding) for entry in outline(document.analysis)]


async def on_folding(server: Server, params: types.FoldingRangeParams) -> list[types.FoldingRange] | None:
    """What can be folded."""
    document = await server.whole(params.text_document.uri)
    if document is None or document.analysis is None:
        return None
    comment, region = types.FoldingRangeKind.Comment, types.FoldingRangeKind.Region
    return [
        types.FoldingRange(fold.first - 1, fold.last - 1, kind=comment if fold.comment else region)
        for fold in folds(document.analysis)
    ]


async def on_inlay_hint(server: Server, params: types.InlayHintParams) -> list[types.InlayHint] | None:
    """Shapes behind names and at the ends of lines."""
    document = server.known(params.text_document.uri)
    if document is None or document.analysis is None:
        return None
    encoding = server.encoding
    start = document.offset(offset_of(document.source, params.range.start, encoding))
    end = document.offset(offset_of(document.source, params.range.end, encoding))
    found: list[types.InlayHint] = []
    for hint in hints(document.analysis, start, end):
        place = document.place(Span(document.analysis.source, hint.offset, hint.offset))
        if place is not None:
            found.append(
                types.InlayHint(
                    position(place.source, place.start, encoding),
                    hint.text,
                    kind=types.InlayHintKind.Type,
                    tooltip=hint.remark or None,
                )
            )
    return found


async def on_semantic_tokens(server: Server, params: types.SemanticTokensParams) -> types.SemanticTokens | None:
    """What the names of a file are."""
    document = await server.whole(params.text_document.uri)
    if document is None or document.analysis is None:
        return None
    data: list[int] = []
    line = character = 0
    source = document.analysis.source
    for color in colors(document.analysis):
        place = position(source, color.start, server.encoding)
        end = position(source, color.end, server.encoding)
        if place.line != line:
            line, character, ahead = place.line, 0, place.line - line
        else:
            ahead = 0
        bits = sum(1 << MODIFIERS.index(name) for name in color.modifiers)
        data += [ahead, place.character - character, end.character - place.character, TYPES.index(color.type), bits]
        character = place.character
    return types.SemanticTokens(data)
