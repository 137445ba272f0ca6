"""Which params and losses an optimizer is for: `Adam(trains=[encode, head], loss=drawing)`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nndsl.check.context import Context
from nndsl.diagnostics import Span, did_you_mean
from nndsl.ir.graph import Forward, Model, ParamSpec
from nndsl.problems import names
from nndsl.syntax import ast

OPTIONS = ("trains", "loss")
EXAMPLES = {"trains": "trains=[encode, head]", "loss": "loss=drawing"}
MEANT = {"trains": "layers or params of the model", "loss": "losses of the model"}


@dataclass(frozen=True)
class Part:
    """A name of the model as the section has it, with its dots: `encode.Dense_1`."""

    path: str
    span: Span


def named_parts(ctx: Context, argument: ast.Argument) -> tuple[Part, ...] | None:
    """The names that `trains` or `loss` lists, or None after a Problem."""
    option = argument.name or ""
    value = argument.value
    items: Sequence[ast.Expr] = value.items if isinstance(value, ast.ListExpr | ast.TupleExpr) else (value,)
    found = [Part(path, item.span) for item in items if (path := _path(item)) is not None]
    if items and len(found) == len(items):
        return tuple(found)
    wrong = next((item for item in items if _path(item) is None), value)
    note = "" if items else "this list is empty"
    cure = f"for example: `{EXAMPLES[option]}`"
    if isinstance(wrong, ast.String):
        cure = f"write it without quotes: `{wrong.value}`"
    if not isinstance(wrong, ast.Poison):
        ctx.say(names.WrongArgument, wrong.span, f"`{option}` names {MEANT[option]}, one or a list of them", note, cure)
    return None


def _path(expr: ast.Expr) -> str | None:
    match expr:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=inner, name=name):
            before = _path(inner)
            return None if before is None else f"{before}.{name}"
    return None


def trained(ctx: Context, parts: tuple[Part, ...] | None, model: Model) -> tuple[ParamSpec, ...] | None:
    """The params that an optimizer moves, all of them where it names none; None after a Problem."""
    if parts is None:
        return model.params
    chosen: set[str] = set()
    good = True
    for part in parts:
        matching = [p.name for p in model.params if p.name == part.path or p.name.startswith(f"{part.path}.")]
        if not matching:
            known = dict.fromkeys(path for p in model.params for path in _prefixes(p.name))
            _unknown(ctx, part, f"the model has no layer with params and no param `{part.path}`", known)
            good = False
        chosen |= set(matching)
    return tuple(p for p in model.params if p.name in chosen) if good else None


def minimized(ctx: Context, parts: tuple[Part, ...] | None, forward: Forward) -> tuple[str, ...] | None:
    """The names of the losses an optimizer makes small, () for all of them; None after a Problem."""
    known = [term.name for term in forward.losses if not term.penalty]
    strange = [part for part in parts or () if part.path not in known]
    for part in strange:
        _unknown(ctx, part, f"the model has no loss `{part.path}`", known)
    return tuple(part.path for part in parts or ()) if not strange else None


def _prefixes(name: str) -> list[str]:
    """`a.b.c` gives `a`, `a.b` and itself."""
    steps = name.split(".")
    return [".".join(steps[:n]) for n in range(1, len(steps) + 1)]


def _unknown(ctx: Context, part: Part, message: str, known: Iterable[str]) -> None:
    listed = list(known)
    outer = [name for name in listed if "." not in name]
    cure = did_you_mean(part.path, listed) or (f"there is {', '.join(outer)}" if outer else None)
    ctx.say(names.UnknownName, part.span, message, cure=cure)
