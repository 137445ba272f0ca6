"""Renaming: every place of a name in a file and in those that import it, where nothing changes what it means."""

from __future__ import annotations

import re
from collections.abc import Iterable

from nndsl.diagnostics import Edit, Span
from nndsl.editor.analysis import Analysis
from nndsl.editor.names import Frame, Names, Occurrence, Symbol
from nndsl.syntax.engine import RESERVED

NAME = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")


class CannotRename(Exception):
    """Why a name cannot be changed; the text is for the user."""


def renamable(analysis: Analysis, offset: int) -> Occurrence:
    """The name at an offset. Raises CannotRename where it cannot be changed."""
    one = analysis.names.at(offset)
    if one is None:
        raise CannotRename("there is no name here that can be changed")
    symbol = one.symbol
    if not symbol.own:
        where = symbol.home.source.name if symbol.home is not None else "the language"
        raise CannotRename(f"`{symbol.name}` belongs to {where}: it is changed there")
    if one.span.text != symbol.name:
        raise CannotRename(f"`{symbol.name}` has another name here")
    if analysis.broken:
        raise CannotRename("a part of this file cannot be read: mend it first")
    if symbol in analysis.names.fed:
        sections = analysis.names.fed[symbol]
        raise CannotRename(f"the data section `{sections[0].name}` feeds several models by this name")
    return one


def rename(analysis: Analysis, offset: int, new: str, others: Iterable[Names] = ()) -> list[Edit]:
    """The edits that give a name another form, in `others` too: the files that import this one. Raises CannotRename."""
    one = renamable(analysis, offset)
    symbol = one.symbol
    if not NAME.fullmatch(new) or new in RESERVED:
        raise CannotRename(f"`{new}` is no name")
    if new == symbol.name:
        return []
    _refuse_clashes(analysis.names, symbol, new)
    found = [o.span for o in analysis.names.of(symbol)]
    if symbol.home is not None:
        for names in others:
            elsewhere = [o for o in names.alike(symbol.home) if o.span.text == symbol.name]
            if elsewhere and new in names.top:
                raise CannotRename(f"{names.source.name} has a `{new}` already")
            found += [o.span for o in elsewhere]
    return [Edit(span, new) for span in found]


def _refuse_clashes(names: Names, symbol: Symbol, new: str) -> None:
    """Another thing of the new name that can be seen where this one is, or the other way round."""
    frames = _frames(names, symbol)
    for frame in frames:
        if new in frame.symbols:
            raise _taken(new, frame.symbols[new].home)
    if symbol.owner is None and new in names.top:
        raise _taken(new, names.top[new].home)
    around = [frame.owner.span for frame in frames if frame.owner is not None]
    for other in names.occurrences:
        if other.span.text == new and any(span.start <= other.span.start < span.end for span in around):
            raise _taken(new, other.span)


def _frames(names: Names, symbol: Symbol) -> list[Frame]:
    """The definitions and sections in which a symbol is seen."""
    places = [o.span.start for o in names.of(symbol)]
    seen = []
    for frame in names.frames.values():
        owner = frame.owner
        if owner is not None and any(owner.span.start <= place < owner.span.end for place in places):
            seen.append(frame)
    return seen


def _taken(new: str, at: Span | None) -> CannotRename:
    return CannotRename(f"`{new}` is taken" + (f": line {at.line}" if at is not None else ""))
