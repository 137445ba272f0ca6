"""What is told of the place under the pointer."""

from __future__ import annotations

from dataclasses import dataclass

from nndsl.check.values import Instance
from nndsl.diagnostics import Span
from nndsl.editor.analysis import Analysis
from nndsl.editor.names import Occurrence, Symbol
from nndsl.editor.settings import setting_doc
from nndsl.editor.show import fenced, head, layer_text, parameter_text, value_text, values_text, where
from nndsl.syntax import ast

DECLARED = {"input": "input", "target": "target", "param": "param", "state": "state", "output": "output"}


@dataclass(frozen=True)
class Hover:
    """A text in Markdown, and the place it is about."""

    span: Span
    text: str


def hover(analysis: Analysis, offset: int) -> Hover | None:
    """What is known of a name, a setting or an expression at an offset."""
    one = analysis.names.at(offset)
    if one is not None:
        return Hover(one.span, named(analysis, one))
    return _setting(analysis, offset) or _expression(analysis, offset)


def named(analysis: Analysis, one: Occurrence) -> str:
    """What is known of a name where it stands."""
    symbol = one.symbol
    if symbol.definition is not None or symbol.builtin is not None:
        return _joined(fenced(_called(symbol)), *_use(analysis, one), symbol_doc(symbol), where(symbol))
    if symbol.sort == "module" and isinstance(symbol.declared, ast.Import):
        return _joined(fenced(symbol.declared.span.text), "an imported file")
    if symbol.sort == "data":
        return fenced(f"data {symbol.name}")
    text, others = values_text(analysis.values_of(one))
    if symbol.sort == "parameter" and isinstance(symbol.declared, ast.Parameter):
        owner = symbol.owner
        of = f"{_article(owner.role)} `{owner.name}`" if isinstance(owner, ast.Definition) else ""
        here = [f"here `{text}`"] if text and symbol.own and text not in symbol.declared.span.text else []
        return _joined(fenced(parameter_text(symbol.declared)), *here, *_others(others), of)
    if symbol.sort == "dim":
        sized = f"{symbol.name} = {text}" if text and text != symbol.name else symbol.name
        return _joined(fenced(sized), *_others(others), _dim(symbol, text))
    shown = f"{symbol.name}: {text}" if text and not text[0].isdigit() else f"{symbol.name} = {text}"
    line = f"{DECLARED[symbol.sort]} {shown}" if symbol.sort in DECLARED else shown
    return _joined(fenced(line if text else symbol.name), *_others(others), *_layer(analysis, one), symbol.doc)


def symbol_doc(symbol: Symbol) -> str:
    """Its doc comment."""
    return symbol.builtin.doc if symbol.builtin is not None else symbol.doc


def _called(symbol: Symbol) -> str:
    if symbol.builtin is not None:
        return symbol.builtin.signature
    assert symbol.definition is not None
    if isinstance(symbol.declared, ast.Alias):
        return f"{head(symbol.declared)}\n{head(symbol.definition)}"
    return head(symbol.definition)


def _use(analysis: Analysis, one: Occurrence) -> list[str]:
    """What a layer or function gives where it is applied, and its params."""
    applied = analysis.applied(one.span)
    if applied is None:
        return []
    place, values = applied
    text, others = values_text(values)
    layers = [layer_text(note, params) for note, params in analysis.layers.get(place, [])[:1]]
    return [f"gives `{text}`", *_others(others), *layers]


def _layer(analysis: Analysis, one: Occurrence) -> list[str]:
    """The params of a layer that has a name."""
    found = [v for v in analysis.values_of(one) if isinstance(v, Instance) and v.params]
    return [
        "its params: " + ", ".join(f"`{name}: {spec.type}`" for name, spec in sorted(layer.params.items()))
        for layer in found[:1]
    ]


def _others(texts: list[str]) -> list[str]:
    return [f"in other uses {', '.join(f'`{text}`' for text in texts)}"] if texts else []


def _dim(symbol: Symbol, text: str) -> str:
    of_data = isinstance(symbol.owner, ast.Definition) and symbol.owner.role == "model" and not text[:1].isdigit()
    return "a size that data gives" if of_data else "a size"


def _setting(analysis: Analysis, offset: int) -> Hover | None:
    item = analysis.item_at(offset)
    if not isinstance(item, ast.Section):
        return None
    for line in item.body:
        if isinstance(line, ast.Setting) and line.name_span.start <= offset <= line.name_span.end:
            doc = setting_doc(item.role, line.name)
            return Hover(line.name_span, _joined(fenced(line.name), doc)) if doc else None
    return None


def _expression(analysis: Analysis, offset: int) -> Hover | None:
    """The innermost value around an offset."""
    around = [place for place in analysis.notes.values if place[0] <= offset < place[1]]
    around += [place for place in analysis.notes.stages if place[0] <= offset < place[1]]
    if not around:
        return None
    place = min(around, key=lambda p: p[1] - p[0])
    values = analysis.notes.stages.get(place) or analysis.notes.values[place]
    text, others = values_text(values)
    return Hover(Span(analysis.source, *place), _joined(fenced(text), *_others(others))) if text else None


def _article(role: str) -> str:
    return f"of the {role}"


def _joined(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)


__all__ = ["Hover", "hover", "named", "symbol_doc", "value_text"]
