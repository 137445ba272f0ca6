"""How signatures, values and layers are written for a reader, in Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from nndsl.check.library import LibrarySource
from nndsl.check.values import Builtin, Function, Instance, Module, Poison, Value, describe
from nndsl.editor.names import Symbol
from nndsl.ir.dims import Dim, written
from nndsl.ir.graph import LayerNote, Node, ParamSpec
from nndsl.syntax import ast

MAX_LINE = 88


def fenced(text: str) -> str:
    """Text as a block of `.nn`."""
    return f"```nn\n{text}\n```"


def value_text(value: Value) -> str:
    """A value in a few words; empty where there is nothing to say."""
    match value:
        case Node():
            return str(value.type)
        case Poison():
            return ""
        case Dim():
            return written(value)
        case list() | tuple() if any(isinstance(v, Node) for v in value):
            shown = ", ".join(value_text(v) for v in value[:8]) + (", …" if len(value) > 8 else "")
            return f"[{shown}]" if isinstance(value, list) else f"({shown})"
        case Function() | Instance() | Builtin() | Module():
            return describe(value).replace("`", "")
    return describe(value)


def values_text(values: Sequence[Value]) -> tuple[str, list[str]]:
    """The first value, and the others that the same place had."""
    texts = list(dict.fromkeys(text for value in values if (text := value_text(value))))
    return (texts[0], texts[1:]) if texts else ("", [])


def head(definition: ast.Definition | ast.Alias) -> str:
    """A definition up to its brace: `layer Dense(units: int, …)(x: f32[..., n]) -> f32[..., units]`."""
    if isinstance(definition, ast.Alias):
        return " ".join(definition.span.text.split())
    one_line = f"{definition.role} {definition.name}{lists(definition)}"
    if len(one_line) <= MAX_LINE:
        return one_line
    return f"{definition.role} {definition.name}{lists(definition, broken=True)}"


def lists(definition: ast.Definition, broken: bool = False) -> str:
    """The parameter lists and the result."""
    out = ""
    for parameters in (definition.config, definition.inputs):
        if parameters is not None:
            shown = [parameter_text(p) for p in parameters]
            long = broken and len(", ".join(shown)) > MAX_LINE // 2
            out += "(\n  " + ",\n  ".join(shown) + "\n)" if long else f"({', '.join(shown)})"
    returns = [" ".join(r.span.text.split()) for r in definition.returns]
    if returns:
        out += f" -> {returns[0] if len(returns) == 1 else '(' + ', '.join(returns) + ')'}"
    return out


def parameter_text(parameter: ast.Parameter) -> str:
    """A parameter as it is declared, on one line."""
    return " ".join(parameter.span.text.split())


def where(symbol: Symbol) -> str:
    """Where a definition of another file stands."""
    if symbol.own or symbol.home is None:
        return ""
    source = symbol.home.source
    return "from the library" if isinstance(source, LibrarySource) else f"from {source.name}"


def layer_text(note: LayerNote, params: Sequence[ParamSpec]) -> str:
    """`Dense_1`, what it gives, and its params."""
    total = sum(_count(spec) for spec in params)
    if not params:
        return f"`{note.name}` has no parameters"
    listed = ", ".join(f"`{spec.name.removeprefix(note.name + '.')}: {spec.type}`" for spec in params[:6])
    more = f" and {len(params) - 6} more" if len(params) > 6 else ""
    return f"`{note.name}` has {total:,} parameters: {listed}{more}"


def _count(spec: ParamSpec) -> int:
    total = 1
    for size in spec.type.shape:
        total *= size if isinstance(size, int) else 1
    return total
