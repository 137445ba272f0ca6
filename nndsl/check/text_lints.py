"""Warnings about definitions as they are written, whether or not anything uses them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from nndsl.check.builtins import BUILTINS
from nndsl.check.loop_lints import replaced_values, shared_in_loops
from nndsl.check.resolve import parts
from nndsl.check.scope import Library, Scope
from nndsl.diagnostics import Problem, Span
from nndsl.problems import lints, suspicions
from nndsl.syntax import ast

if TYPE_CHECKING:
    from nndsl.check.modules import Unit

CONFIGURED = ("layer", "model", "optimizer", "init", "schedule")
"""Roles whose config list is theirs to choose. What a loss or a function is applied to, others decide."""


def definition_lints(file: ast.File, scope: Scope) -> list[Problem]:
    """All warnings of this kind about a file without errors."""
    outermost = scope
    while outermost.parent is not None and not isinstance(outermost, Library):
        outermost = outermost.parent
    found: list[Problem] = []
    for item in file.items:
        if isinstance(item, ast.Definition):
            found += hidden_names(item, outermost)
            found += unused_parameters(item, file)
            found += unused_values(item)
            found += replaced_values(item)
            found += shared_in_loops(item, scope)
    return [*found, *unused_definitions(file)]


def hidden_names(item: ast.Definition, library: Scope) -> Iterator[Problem]:
    """Values that bear the name of a function of the library and are applied afterwards."""
    bound: dict[str, tuple[Span, int]] = {}
    applied: list[ast.Name] = []
    for part in parts(item):
        match part:
            case ast.Assign():
                for name, span in zip(part.names, part.name_spans, strict=True):
                    bound.setdefault(name, (span, part.span.end))
            case ast.Parameter(type=ast.TensorTypeExpr(dtype="layer" | "fn", dims=None)):
                pass  # declared to be applied
            case ast.Parameter():
                bound.setdefault(part.name, (part.name_span, part.name_span.end))
            case ast.Call(function=ast.Name() as name):
                applied.append(name)
            case ast.Pipe():
                applied += [stage for stage in part.stages if isinstance(stage, ast.Name)]
    for name in bound:
        if name not in BUILTINS and not library.has(name):
            continue
        span, end = bound[name]
        use = next((use for use in applied if use.id == name and use.span.start >= end), None)
        if use is not None:
            yield lints.HiddenName(
                span,
                message=f"`{name}` hides a function of the library",
                note=f"line {use.span.line} applies this, not the function",
                cure="give it another name",
            )


def unused_parameters(item: ast.Definition, file: ast.File) -> Iterator[Problem]:
    """Parameters that the body, the types and the other parameters do not read; of a model, its train sections too."""
    if item.role not in CONFIGURED or not item.config:
        return
    texts: list[ast.Syntax] = [item]
    if item.role == "model":
        texts += [s for s in file.items if isinstance(s, ast.Section)]
    read = {part.id for text in texts for part in parts(text) if isinstance(part, ast.Name)}
    special = {"learning_rate"} if item.role == "optimizer" else set()
    for parameter in item.config:
        if parameter.name not in read | special and not parameter.name.startswith("_") and _is_config(item):
            what = "const" if item.role == "model" else "parameter"
            yield lints.UnusedParameter(
                parameter.name_span,
                message=f"the {what} `{parameter.name}` of `{item.name}` is not used",
                note="nothing reads it",
                cure=f"use it, remove it, or call it `_{parameter.name}`",
            )


def _is_config(item: ast.Definition) -> bool:
    """An initializer or schedule with one list has there what it is applied to."""
    return item.inputs is not None or item.role in ("model", "layer", "optimizer")


# --- names that nothing reads ----------------------------------------------------------------------------------


def names_read(node: ast.Syntax) -> set[str]:
    """The names that a file or a definition reads, or gives out."""
    found: set[str] = set()
    for part in parts(node):
        match part:
            case ast.Name(id=name) | ast.Update(name=name) | ast.Next(name=name) | ast.Carry(name=name):
                found.add(name)
            case ast.OutputDecl(name=name, value=None):
                found.add(name)
    return found


def unused_values(item: ast.Definition) -> Iterator[Problem]:
    """Values and params of a layer or function that its body does not read. Those of a model are known better when it
    is carried out."""
    if item.role == "model":
        return
    read = names_read(item)
    for part in parts(item):
        match part:
            case ast.Assign(names=names, name_spans=spans) if read.isdisjoint(names):
                name, span, what = ", ".join(names), spans[0], "this value"
            case ast.ParamDecl(name=name, name_span=span):
                what = "this param"
            case _:
                continue
        if name not in read and not name.startswith("_"):
            yield lints.UnusedValue(
                span,
                message=f"`{name}` is not used",
                note=f"nothing reads {what}",
                cure=f"use it, remove the line, or call it `_{name}`",
            )


def unused_definitions(file: ast.File) -> Iterator[Problem]:
    """Private definitions that nothing in their file uses."""
    hidden = [item for item in file.items if isinstance(item, ast.Definition | ast.Alias) and item.private]
    if not hidden:
        return
    readers = Counter(name for item in file.items for name in names_read(item))
    for item in hidden:
        if readers[item.name] == (item.name in names_read(item)):
            yield lints.UnusedValue(
                item.name_span,
                message=f"the {item.role} `{item.name}` is not used",
                note="it is private, and nothing in this file reads it",
                cure="use it, remove it, or take `private` away",
            )


def unused_imports(unit: Unit) -> list[Problem]:
    """Import lines of a file that bring nothing it uses."""
    if not unit.imports:
        return []
    own = {item.name for item in unit.file.items if isinstance(item, ast.Definition | ast.Alias)}
    read = {name for item in unit.file.items for name in names_read(item)} - own
    found: list[Problem] = []
    for item, target in unit.imports:
        if target is None or target is unit:
            continue
        brought = {item.alias} if item.alias is not None else set(target.module.members)
        if brought.isdisjoint(read):
            what = f"`{item.alias}`" if item.alias is not None else "anything that it brings"
            found.append(
                suspicions.UnusedImport(
                    item.path_span, note=f"nothing here uses {what}", cure="remove this line, or use what it brings"
                )
            )
    return found
