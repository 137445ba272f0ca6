"""Names in text that was never carried out: definitions nobody used, branches not taken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields

from nndsl.check.builtins import BUILTINS
from nndsl.check.context import MAX_PROBLEMS
from nndsl.check.expressions import CONSTANTS
from nndsl.check.modules import unknown_member
from nndsl.check.scope import FileScope, Scope
from nndsl.check.values import Module
from nndsl.diagnostics import Label, Problem, did_you_mean
from nndsl.problems import names
from nndsl.syntax import ast

_FIELDS: dict[type[ast.Syntax], tuple[str, ...]] = {}
ALWAYS = frozenset({*CONSTANTS, *BUILTINS, "training", "step"})


def unknown_names(file: ast.File, scope: Scope, found: Iterable[Problem]) -> list[Problem]:
    """Names that nothing in their definition, the file or the library binds, where nothing was reported yet.

    This asks only whether a name is bound anywhere in its definition, so it says nothing wrong of text that was
    carried out.
    """
    out: list[Problem] = []
    found = list(found)
    told = {(p.span.source, p.span.start, p.span.end) for p in found if p.span is not None}
    incomplete = isinstance(scope, FileScope) and scope.incomplete
    hidden = scope.hidden if isinstance(scope, FileScope) else {}
    cures: dict[str, str | None] = {}
    for item in file.items:
        if not isinstance(item, ast.Definition):
            continue
        out += _twice(item)
        bound = set(_bound(item))
        for name in _read(item):
            known = name.id in bound or name.id in ALWAYS or scope.find(name.id) is not None
            place = (name.span.source, name.span.start, name.span.end)
            if known or incomplete or place in told or len(out) + len(found) >= MAX_PROBLEMS:
                continue
            if name.id not in cures:
                cures[name.id] = hidden.get(name.id) or did_you_mean(name.id, [*bound, *scope.visible(), *ALWAYS])
            out.append(names.UnknownName(name.span, message=f"`{name.id}` is not known here", cure=cures[name.id]))
        out += [p for p in _unknown_members(item, bound, scope) if len(out) + len(found) < MAX_PROBLEMS]
    return out


def _unknown_members(item: ast.Definition, bound: set[str], scope: Scope) -> list[Problem]:
    """`blocks.Residul`, where `blocks` is an imported file that has no such name."""
    out: list[Problem] = []
    for part in parts(item):
        if not isinstance(part, ast.Attribute) or not isinstance(part.value, ast.Name) or part.value.id in bound:
            continue
        owner = scope.names.get(part.value.id)
        if isinstance(owner, Module) and part.name not in owner.members and (owner.whole or part.name in owner.kept):
            out.append(unknown_member(owner, part))
    return out


def _twice(item: ast.Definition) -> list[Problem]:
    """Parameters of one name."""
    first: dict[str, ast.Parameter] = {}
    out: list[Problem] = []
    for parameter in (*(item.config or ()), *(item.inputs or ())):
        if parameter.name in first:
            out.append(
                names.DuplicateName(
                    parameter.name_span,
                    message=f"`{item.name}` has two parameters `{parameter.name}`",
                    related=(Label(first[parameter.name].name_span, "the first one"),),
                    cure="rename one of them",
                )
            )
        first.setdefault(parameter.name, parameter)
    return out


def parts(node: object) -> Iterator[ast.Syntax]:
    """All syntax under a node, itself first, in source order. Iterative: text may nest deep."""
    stack = [node]
    while stack:
        current = stack.pop()
        if isinstance(current, ast.Syntax):
            yield current
            stack += [getattr(current, name) for name in _children(current)]
        elif isinstance(current, tuple):
            stack += reversed(current)


def _children(node: ast.Syntax) -> tuple[str, ...]:
    """The fields that may hold more syntax, last first."""
    sort = type(node)
    if sort not in _FIELDS:
        _FIELDS[sort] = tuple(
            f.name for f in reversed(fields(node)) if f.name not in ("span", "doc", "id", "name", "names")
        )
    return _FIELDS[sort]


def _bound(item: ast.Definition) -> Iterator[str]:
    """Every name that is bound somewhere in a definition; those of dims in types are solved for."""
    for part in parts(item):
        match part:
            case ast.Assign() | ast.PoisonStatement():
                yield from part.names
            case ast.TensorTypeExpr():
                yield from (name.id for name in parts(part) if isinstance(name, ast.Name))
            case ast.Scan():
                yield part.item
            case (
                ast.Parameter()
                | ast.ParamDecl()
                | ast.StateDecl()
                | ast.InputDecl()
                | ast.OutputDecl()
                | ast.Carry()
                | ast.Collect()
                | ast.For()
            ):
                yield part.name


def _read(item: ast.Definition) -> Iterator[ast.Name]:
    """Every name that is read. Patterns bind their names, so those in types are left out."""
    return (part for part in parts(item) if isinstance(part, ast.Name))
