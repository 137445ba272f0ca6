"""Arguments of calls: which goes to which parameter, and whether it is of the kind asked for."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from nndsl.check.context import Context
from nndsl.check.expressions import evaluate
from nndsl.check.ratios import Ratio
from nndsl.check.scope import Scope
from nndsl.check.values import POISON, Builtin, Function, Instance, Passed, Poison, Value, describe
from nndsl.diagnostics import Fix, Label, Span, did_you_mean
from nndsl.ir.dims import Dim
from nndsl.ir.graph import Node
from nndsl.problems import names
from nndsl.syntax import ast

CONST_KINDS = (
    "int",
    "float",
    "bool",
    "str",
    "fn",
    "init",
    "layer",
    "loss",
    "metric",
    "schedule",
    "list",
    "pair",
    "none",
)
MAX_SIGNATURE = 90
ROLES = ("fn", "init", "layer", "loss", "metric", "schedule")


@dataclass(frozen=True)
class Given:
    """One argument of a call: its name (None by place), its value and where it stands.

    What is given to `...values` is one Given with a tuple for its value and each of them in `parts`.
    """

    name: str | None
    value: Value
    span: Span
    parts: tuple[Given, ...] = ()


def arguments(ctx: Context, scope: Scope, written: tuple[ast.Argument, ...]) -> list[Given]:
    """The arguments of a call, evaluated from left to right."""
    return [
        Given(a.name, evaluate(ctx, scope, a.value), a.name_span.to(a.value.span) if a.name_span else a.value.span)
        for a in written
    ]


def signature(function: Function, parameters: tuple[ast.Parameter, ...]) -> str:
    """`Dense(units: int, activation: fn = linear, …)` as messages show it."""
    shown = [" ".join(p.span.text.split()) for p in parameters]
    needed = sum(p.default is None for p in parameters)
    while len(shown) > max(needed, 2) and sum(map(len, shown)) > MAX_SIGNATURE:
        shown = [*shown[: -2 if shown[-1] == "…" else -1], "…"]
    return f"{function.name}({', '.join(shown)})"


def bind(
    ctx: Context, function: Function, parameters: tuple[ast.Parameter, ...], given: list[Given], span: Span
) -> dict[str, Given] | None:
    """Which argument goes to which parameter; None with Problems when they do not fit. Defaults are not filled in."""

    def takes() -> str:
        from nndsl.check.hints import call_cure  # calls without faults do not ask for it

        builds = parameters is not function.definition.inputs
        return call_cure(function, given, builds) or f"the signature is `{signature(function, parameters)}`"

    by_place = [g for g in given if g.name is None]
    rest = next((i for i, p in enumerate(parameters) if p.rest), None)
    good = rest is not None or not too_many(ctx, function.name, by_place, len(parameters), takes)
    bound = {p.name: g for p, g in zip(parameters[:rest], by_place, strict=False)}
    if rest is not None:
        bound[parameters[rest].name] = gathered(by_place[rest:], span)
        named = next((g for g in given if g.name == parameters[rest].name), None)
        if named is not None:
            message = f"what `{function.name}` takes as `{named.name}` is given by place"
            ctx.say(names.UnknownArgument, named.span, message, cure=f"leave out `{named.name}=`: {takes()}")
            return None
    good = by_name(ctx, function.name, given, [p.name for p in parameters if not p.rest], bound, takes) and good
    missing = [p.name for p in parameters if p.name not in bound and p.default is None and not p.rest]
    if missing and good:
        ctx.say(names.MissingArgument, span, f"`{function.name}` needs {_listed(missing)}", cure=takes())
        good = False
    return bound if good else None


def gathered(given: list[Given], span: Span) -> Given:
    """What `...values` takes. One list in their place counts as what is in it, as Keras passes several values."""
    if len(given) == 1 and isinstance(given[0].value, list | tuple):
        given = [Given(None, value, given[0].span) for value in given[0].value]
    whole = given[0].span.to(given[-1].span) if given and given[0].span.source is given[-1].span.source else span
    return Given(None, tuple(g.value for g in given), whole, tuple(given))


def not_built(ctx: Context, function: Function, passed: Passed) -> Poison:
    """Report an argument that is a layer without what builds it, where the body applies it and does not build it."""
    return ctx.say(
        names.WrongArgument,
        passed.span,
        f"{passed.argument} is given a {function.role} that is not built",
        note=f"`{function.name}` needs {_listed(function.needed)}",
        cure=f"build it: `{function.name}({', '.join('…' for _ in function.needed)})`",
    )


def _listed(wanted: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in wanted)


def too_many(ctx: Context, name: str, by_place: list[Given], count: int, takes: Callable[[], str]) -> bool:
    """Report the arguments for which there is no parameter. `takes` writes the signature."""
    for extra in by_place[count:]:
        amount = f"{count or 'no'} {'argument' if count == 1 else 'arguments'}"
        message, note = f"`{name}` takes {amount}", "this one is too many"
        ctx.say(names.TooManyArguments, extra.span, message, note=note, cure=takes())
    return len(by_place) > count


def by_name(
    ctx: Context, function: str, given: list[Given], known: list[str], bound: dict[str, Given], takes: Callable[[], str]
) -> bool:
    """Add the arguments given by name to `bound`. `takes` writes the signature."""
    good = True
    for argument in given:
        if argument.name is None:
            continue
        if argument.name not in known:
            from nndsl.check.foreign import argument_cure  # calls without faults do not ask for it

            cure = argument_cure(argument.name, known) or takes()
            ctx.say(names.UnknownArgument, argument.span, f"`{function}` has no argument `{argument.name}`", cure=cure)
            good = False
        elif argument.name in bound:
            ctx.say(
                names.TooManyArguments,
                argument.span,
                f"`{argument.name}` is given twice",
                cure=takes(),
                related=(Label(bound[argument.name].span, "the first time here"),),
            )
            good = False
        else:
            bound[argument.name] = argument
    return good


def bind_builtin(
    ctx: Context,
    builtin: Builtin,
    order: list[str],
    defaults: dict[str, Any],
    given: list[Given],
    span: Span,
    variadic: str | None,
) -> tuple[dict[str, Any], dict[str, Span]] | None:
    """Arguments of a builtin by name, with defaults; None with Problems when they do not fit."""

    def takes() -> str:
        return f"the signature is `{builtin.signature}`"

    by_place = [g for g in given if g.name is None]
    values: dict[str, Any] = dict(defaults)
    spans: dict[str, Span] = {}
    bound: dict[str, Given] = {}
    good = True
    if variadic is not None:
        values[variadic] = [g.value for g in by_place]
        spans |= {f"{variadic}{i}": g.span for i, g in enumerate(by_place)}
    else:
        good = not too_many(ctx, builtin.name, by_place, len(order), takes)
        bound = dict(zip(order, by_place, strict=False))
    good = by_name(ctx, builtin.name, given, order, bound, takes) and good
    values |= {name: g.value for name, g in bound.items()}
    spans |= {name: bound[name].span for name in order if name in bound}
    missing = [name for name in order if name not in values]
    if missing and good:
        ctx.say(names.MissingArgument, span, f"`{builtin.name}` needs {_listed(missing)}", cure=takes())
        good = False
    return (values, spans) if good else None


# --- kinds of const parameters -----------------------------------------------------------------------------


def fits(kind: str, value: Value) -> bool:
    """Whether a compile-time value is of a declared kind."""
    match kind, value:
        case (("int" | "float"), bool()):
            return False
        case (
            ("int", int()) | ("float", int() | float()) | ("bool", bool()) | ("str", str()) | ("list", list() | tuple())
        ):
            return True
        case "pair", int():
            return not isinstance(value, bool)
        case "pair", (int(), int()) | [int(), int()]:
            return not any(isinstance(v, bool) for v in value)
        case (("fn" | "layer"), Builtin()):
            return True
        case _, Function() | Instance() if kind in ROLES:
            role = value.role if isinstance(value, Function) else value.function.role
            return role == kind or (kind == "fn" and role in ("layer", "loss")) or (kind == "layer" and role == "fn")
        case "none", None:
            return True
    return False


def const_kind(parameter: ast.Parameter) -> str | None:
    """The word that says what a const parameter takes; None for tensors and untyped ones."""
    return parameter.type.dtype if parameter.type is not None and parameter.type.dims is None else None


def convert(ctx: Context, function: str, parameter: ast.Parameter, given: Given) -> Value:
    """A value for a const parameter, checked against its kind; POISON with a Problem when it does not fit.

    `none` is taken where the parameter's default is `none`. Several for `...values` give a tuple.
    """
    if parameter.rest:
        parts = [_converted(ctx, function, parameter, part) for part in given.parts]
        return POISON if any(isinstance(part, Poison) for part in parts) else tuple(parts)
    return _converted(ctx, function, parameter, given)


def _converted(ctx: Context, function: str, parameter: ast.Parameter, given: Given) -> Value:
    """One value."""
    kind, value = const_kind(parameter), given.value
    if isinstance(value, Poison) or kind is None:
        return value
    if kind not in CONST_KINDS and parameter.type is not None:
        cure = did_you_mean(kind, CONST_KINDS) or f"use one of {' '.join(CONST_KINDS)}, or a tensor type with brackets"
        return ctx.say(names.UnknownType, parameter.type.span, f"`{kind}` is no kind of argument", cure=cure)
    if value is None and isinstance(parameter.default, ast.NoneValue):
        return None
    if kind == "float" and parameter.name == "learning_rate" and isinstance(value, Node | Instance | Function):
        return value  # a schedule
    if kind == "int" and isinstance(value, float) and value.is_integer():
        return int(value)
    if not fits(kind, value):
        article = "an" if kind[0] in "aeiou" else "a"
        advice, mends = _text_cure(kind, value, given.span) if isinstance(value, str) else (None, ())
        return ctx.say(
            names.WrongArgument,
            given.span,
            f"`{parameter.name}` of `{function}` takes {article} {_worded(kind)}",
            note=f"this is {describe(value)}",
            cure=advice or _convert_cure(kind, value, parameter),
            mends=mends,
        )
    if kind == "float" and isinstance(value, int):
        return float(value)
    if kind == "pair" and isinstance(value, int):
        return [value, value]
    if isinstance(value, list | tuple):
        return [marked(v, function, parameter, given.span) for v in value]
    return marked(value, function, parameter, given.span)


def marked(value: Value, function: str, parameter: ast.Parameter, span: Span) -> Value:
    """A layer that still has to be built remembers where it was given: the body may build it, or fail to."""
    if isinstance(value, Function) and value.needed:
        return replace(value, passed=Passed(span, f"`{parameter.name}` of `{function}`"))
    return value


def _worded(kind: str) -> str:
    return {
        "int": "int (a whole number)",
        "float": "float (a number)",
        "bool": "bool (true or false)",
        "str": "str (a text)",
        "fn": "fn (a function)",
        "init": "init (an initializer)",
        "pair": "pair (a whole number, or two)",
    }.get(kind, kind)


def _text_cure(kind: str, text: str, span: Span) -> tuple[str | None, tuple[Fix, ...]]:
    from nndsl.check.quotes import name_in_quotes, number_in_quotes  # calls without faults do not ask for it

    if kind in ("int", "float", "bool"):
        return number_in_quotes(kind, text, span)
    return name_in_quotes(kind, text, span) if kind in ROLES else (None, ())


def _convert_cure(kind: str, value: Value, parameter: ast.Parameter) -> str | None:
    match value:
        case int() if parameter.name == "activation" and not isinstance(value, bool):
            return "one size is enough, the size of what flows in is found: `Dense(10)`"
        case float() if kind == "int":
            return f"round it: `floor(…)` gives {math.floor(value)}" if math.isfinite(value) else None
        case Node() if kind in ("int", "float", "layer"):
            return "the value flows in with `|>`; only what builds the layer stands in the brackets"
        case Dim() | Ratio():
            return (
                "a size known only from the data cannot be used here: give that axis a fixed size in the input's type"
            )
        case None if parameter.default is not None:
            return f"leave it out for the default, `{parameter.default.span.text}`"
        case bool() if kind == "int":
            return "write a number such as 1"
    return None


def fill_config(
    ctx: Context, function: Function, parameters: tuple[ast.Parameter, ...], bound: dict[str, Given], scope: Scope
) -> dict[str, Value] | None:
    """Values for all const parameters, defaults evaluated in the scope of the definition, after those before them."""
    values: dict[str, Value] = {}
    good = True
    for parameter in parameters:
        given = bound.get(parameter.name)
        if given is None:
            given = default_of(ctx, parameter, scope)
        value = convert(ctx, function.name, parameter, given)
        if isinstance(value, Poison) and isinstance(given.value, Node) and given.name is None:
            return None  # a tensor among what builds the layer: the arguments behind it are out of place too
        good = good and not isinstance(value, Poison)
        values[parameter.name] = value
        scope.bind(parameter.name, value, parameter.name_span)
        where = given.span if parameter.name in bound else parameter.span
        scope.fixed[parameter.name] = (where, value)
    return values if good else None


def default_of(ctx: Context, parameter: ast.Parameter, scope: Scope) -> Given:
    """The default of a parameter that was not given; `bind` has made sure that there is one."""
    if parameter.default is None:
        return Given(None, POISON, parameter.span)
    return Given(None, evaluate(ctx, scope, parameter.default), parameter.default.span)
