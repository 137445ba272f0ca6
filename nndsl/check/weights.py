"""`weights` sections: which arrays of a file that others wrote become which params."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nndsl.check.values import Function
from nndsl.diagnostics import Label, Problem, Span, did_you_mean
from nndsl.ir.graph import Model
from nndsl.ir.mapping import Arrays, Computed, Cut, Joined, Mapped, Reshaped, Stored, Turned
from nndsl.problems import names
from nndsl.problems.mapping import WeightsLine
from nndsl.syntax import ast

SIGNS = ("+", "-", "*", "/")
FORMS = '`"key"`, `"key".T`, `"key".permute(2, 3, 1, 0)`, `"key"[:64]`, `concat("a", "b", axis=0)`'


def unplaced(sections: Sequence[ast.Section], models: Mapping[str, Function]) -> list[Problem]:
    """Sections that are no model's: of a wrong name, without one beside several models, or the second of a model."""
    problems: list[Problem] = []
    first: dict[str, ast.Section] = {}
    for section in sections:
        name = section.name or (next(iter(models)) if len(models) == 1 else "")
        if name not in models:
            message = (
                f"there is no model `{name}` to map weights to" if name else "this does not say which model is meant"
            )
            cure = did_you_mean(name, models) or (f"write `weights {next(iter(models))} {{ … }}`" if models else None)
            problems.append(names.UnknownModel(section.name_span, message=message, cure=cure))
        elif name in first:
            told = (Label(first[name].name_span, "the first one"),)
            message = f"`{name}` has two weights sections"
            problems.append(names.DuplicateName(section.name_span, message=message, related=told, cure="join the two"))
        first.setdefault(name, section)
    return problems


def read_weights(section: ast.Section, model: Model, problems: list[Problem]) -> tuple[Mapped, ...]:
    """The lines of a section. What is wrong with one is reported, and the line left out."""
    known = [param.name for param in (*model.params, *model.states)]
    first: dict[str, Span] = {}
    out: list[Mapped] = []
    for line in section.body:
        if not isinstance(line, ast.Setting):
            continue
        if line.name not in known:
            message = f"`{model.name}` has no param or state `{line.name}`"
            cure = did_you_mean(line.name, known) or f"it has {', '.join(known[:8])}"
            problems.append(WeightsLine(line.name_span, message=message, cure=cure))
            continue
        if line.name in first:
            told = (Label(first[line.name], "the first time here"),)
            message = f"`{line.name}` is mapped twice"
            problems.append(
                names.DuplicateName(line.name_span, message=message, related=told, cure="remove one of them")
            )
            continue
        first[line.name] = line.name_span
        try:
            out.append(Mapped(line.name, line.name_span, _arrays(line.value)))
        except _Wrong as wrong:
            problems.append(WeightsLine(wrong.span, message=wrong.message, cure=wrong.cure))
    return tuple(out)


class _Wrong(Exception):
    """An expression that means no arrays of a file."""

    def __init__(self, span: Span, message: str, cure: str = f"write {FORMS}") -> None:
        self.span, self.message, self.cure = span, message, cure


def _arrays(value: ast.Expr) -> Arrays:
    match value:
        case ast.String():
            return Stored(value.value, value.span)
        case ast.Attribute(value=inner, name="T"):
            return Turned(_arrays(inner), None, value.span)
        case ast.Call(function=ast.Attribute(value=inner, name="permute" | "transpose"), arguments=args):
            return Turned(_arrays(inner), _whole_numbers(args, value.span), value.span)
        case ast.Call(function=ast.Attribute(value=inner, name="reshape"), arguments=args):
            return Reshaped(_arrays(inner), _whole_numbers(args, value.span), value.span)
        case ast.Call(function=ast.Name(id="concat" | "stack" as name), arguments=args):
            parts = tuple(_arrays(each.value) for each in args if each.name is None)
            axes = [each for each in args if each.name is not None]
            if not parts or any(each.name != "axis" for each in axes):
                raise _Wrong(value.span, f"`{name}` joins arrays, along `axis`")
            axis = _whole(axes[0].value) if axes else 0
            return Joined(parts, axis, name == "stack", value.span)
        case ast.Index(value=inner, items=items):
            return Cut(_arrays(inner), tuple(_place(each) for each in items), value.span)
        case ast.Binary(op=sign, left=left, right=right) if sign in SIGNS:
            sides = _operand(left), _operand(right)
            if isinstance(sides[0], float) and isinstance(sides[1], float):
                raise _Wrong(value.span, "there is no array in this")
            return Computed(sign, *sides, value.span)
        case ast.Name() | ast.Attribute():
            raise _Wrong(
                value.span, "this is no array of a file", f'keys of a file stand in quotes: `"{value.span.text[:60]}"`'
            )
    raise _Wrong(value.span, "this is no array of a file")


def _operand(value: ast.Expr) -> Arrays | float:
    match value:
        case ast.Number():
            return float(value.value)
        case ast.Unary(op="-", operand=ast.Number() as inner):
            return -float(inner.value)
    return _arrays(value)


def _whole(value: ast.Expr) -> int:
    match value:
        case ast.Number(value=int() as number):
            return number
        case ast.Unary(op="-", operand=ast.Number(value=int() as number)):
            return -number
    raise _Wrong(value.span, "a whole number is needed here")


def _whole_numbers(args: tuple[ast.Argument, ...], span: Span) -> tuple[int, ...]:
    """`(2, 3, 1, 0)`, or a list of them."""
    values: list[ast.Expr] = [each.value for each in args]
    if len(values) == 1 and isinstance(values[0], ast.ListExpr):
        values = list(values[0].items)
    if not values or any(each.name is not None for each in args):
        raise _Wrong(span, "whole numbers are needed here")
    return tuple(_whole(each) for each in values)


def _place(item: ast.Expr | ast.Slice | ast.Ellipsis_) -> slice | int:
    match item:
        case ast.Slice(start=start, stop=stop, step=step):
            ends = [None if each is None else _whole(each) for each in (start, stop, step)]
            if ends[2] == 0:
                raise _Wrong(item.span, "steps of 0 lead nowhere")
            return slice(*ends)
        case ast.Ellipsis_():
            raise _Wrong(item.span, "say the rows and columns: `[:64]`")
    return _whole(item)
