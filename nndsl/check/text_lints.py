"""Warnings about definitions as they are written, whether or not anything uses them."""

from __future__ import annotations

from collections.abc import Iterator

from nndsl.check.builtins import BUILTINS
from nndsl.check.resolve import parts
from nndsl.check.scope import Library, Scope
from nndsl.diagnostics import Problem, Span
from nndsl.problems import lints
from nndsl.syntax import ast

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
    return found


def hidden_names(item: ast.Definition, library: Scope) -> Iterator[Problem]:
    """Values that bear the name of a function of the library and are applied afterwards."""
    bound: dict[str, tuple[Span, int]] = {}
    applied: list[ast.Name] = []
    for part in parts(item):
        match part:
            case ast.Assign():
                for name, span in zip(part.names, part.name_spans, strict=True):
                    bound.setdefault(name, (span, part.span.end))
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
