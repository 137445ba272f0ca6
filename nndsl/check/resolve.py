"""Names in text that was never carried out: definitions nobody used, branches not taken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from functools import cache

from nndsl.check.builtins import BUILTINS
from nndsl.check.context import MAX_PROBLEMS
from nndsl.check.expressions import CONSTANTS
from nndsl.check.modules import unknown_member
from nndsl.check.scope import FileScope, Scope
from nndsl.check.values import Module
from nndsl.diagnostics import Label, Problem
from nndsl.problems import names
from nndsl.syntax import ast

ALWAYS = frozenset({*CONSTANTS, *BUILTINS, "training", "generating", "past", "step"})


def unknown_names(file: ast.File, scope: Scope, found: Iterable[Problem]) -> list[Problem]:
    """Names that nothing in their definition, the file or the library binds, where nothing was reported yet.

    This asks only whether a name is bound anywhere in its definition, so it says nothing wrong of text that was
    carried out.
    """
    out: list[Problem] = []
    found = list(found)
    told = {(p.span.source, p.span.start, p.span.end) for p in found if p.span is not None}
    blamed = {label.span for p in found if isinstance(p, names.TooManyArguments) for label in p.labels}
    incomplete = isinstance(scope, FileScope) and scope.incomplete
    hidden = scope.hidden if isinstance(scope, FileScope) else {}
    cures: dict[str, str | None] = {}
    for item in file.items:
        if not isinstance(item, ast.Definition):
            continue
        out += _twice(item)
        out += _rests(item)
        if item.name_span in blamed and item.inputs is None:
            continue  # it lacks the list that would bind its names
        text = list(parts(item))
        bound = set(_bound(text))
        for name, chain in _read(text):
            known = name.id in bound or name.id in ALWAYS or scope.find(name.id) is not None
            whole = (chain or name).span
            if known or incomplete or not told.isdisjoint(_places(name, chain)):
                continue
            if len(out) + len(found) >= MAX_PROBLEMS:
                break
            from nndsl.check import foreign  # files without faults do not ask for it

            visible = [*bound, *scope.visible(), *ALWAYS]
            if chain is not None:
                out.append(foreign.unknown_member(chain, visible, is_value=False))
                continue
            if name.id not in cures:
                cures[name.id] = hidden.get(name.id) or foreign.name_cure(name.id, visible)
            out.append(names.UnknownName(whole, message=f"`{name.id}` is not known here", cure=cures[name.id]))
        out += [p for p in _unknown_members(text, bound, scope) if len(out) + len(found) < MAX_PROBLEMS]
    return out


def _unknown_members(text: list[ast.Syntax], bound: set[str], scope: Scope) -> list[Problem]:
    """`blocks.Residul`, where `blocks` is an imported file that has no such name."""
    out: list[Problem] = []
    for part in text:
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


def _rests(item: ast.Definition) -> list[Problem]:
    """`...values` where it cannot be: twice in one list, or in a definition that takes single values."""
    out: list[Problem] = []
    for parameters in (item.config or (), item.inputs or ()):
        rests = [parameter for parameter in parameters if parameter.rest]
        if rests and item.role in ("model", "optimizer", "schedule"):
            message = f"{'an' if item.role[0] == 'o' else 'a'} {item.role} takes single values"
            cure = f"make it one value: `{rests[0].name}: list = []`"
            out.append(names.Misplaced(rests[0].span, message=message, cure=cure))
        elif len(rests) > 1:
            first = (Label(rests[0].span, "this takes all values"),)
            message = f"`{item.name}` takes any number of values twice in one list"
            out.append(names.Misplaced(rests[1].span, message=message, related=first, cure="keep one of the two"))
    return out


def parts(node: object) -> Iterator[ast.Syntax]:
    """All syntax under a node, itself first, in source order. Iterative: text may nest deep."""
    stack = [node]
    while stack:
        current = stack.pop()
        if isinstance(current, ast.Syntax):
            yield current
            sort: type = type(current)
            stack += [getattr(current, name) for name in _children(sort)]
        elif isinstance(current, tuple):
            stack += reversed(current)


@cache
def _children(sort: type) -> tuple[str, ...]:
    """The fields that may hold more syntax, last first: places and docs are those that equality leaves out."""
    return tuple(f.name for f in reversed(fields(sort)) if f.compare and f.name not in ("id", "name", "names"))


def _bound(text: list[ast.Syntax]) -> Iterator[str]:
    """Every name that is bound somewhere in a definition; those of dims in types are solved for."""
    for part in text:
        match part:
            case ast.Assign() | ast.PoisonStatement():
                yield from part.names
            case ast.TensorTypeExpr():
                yield from (name.id for name in parts(part) if isinstance(name, ast.Name))
            case (
                ast.Parameter()
                | ast.ParamDecl()
                | ast.StateDecl()
                | ast.InputDecl()
                | ast.OutputDecl()
                | ast.Carry()
                | ast.Sequence()
                | ast.Collect()
                | ast.For()
                | ast.Update()
            ):
                yield part.name


def _read(text: list[ast.Syntax]) -> Iterator[tuple[ast.Name, ast.Attribute | None]]:
    """Every name that is read, with the whole of `a.b.c` that it starts."""
    chain: ast.Attribute | None = None
    for part in text:
        match part:
            case ast.Attribute() if chain is None or not _starts(chain, part):
                chain = part
            case ast.Name():
                yield part, chain if chain is not None and _starts(chain, part) else None


def _starts(chain: ast.Attribute, part: ast.Expr) -> bool:
    """Whether `part` is what `chain` begins with, members of it aside."""
    inner: ast.Expr = chain
    while isinstance(inner, ast.Attribute):
        inner = inner.value
        if inner is part:
            return True
    return False


def _places(name: ast.Name, chain: ast.Attribute | None) -> set[tuple[object, int, int]]:
    """Where a Problem about a name would stand: on the name, or on any part of the chain it starts."""
    found: set[tuple[object, int, int]] = {(name.span.source, name.span.start, name.span.end)}
    while isinstance(chain, ast.Attribute):
        found.add((chain.span.source, chain.span.start, chain.span.end))
        chain = chain.value if isinstance(chain.value, ast.Attribute) else None
    return found
