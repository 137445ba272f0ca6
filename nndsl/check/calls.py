"""Calls: binding arguments, building layers, applying them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nndsl.check.context import Context
from nndsl.check.expressions import as_node, evaluate
from nndsl.check.scope import Scope
from nndsl.check.sizes import Signature, match
from nndsl.check.values import POISON, Builtin, Function, Instance, Poison, Value, describe
from nndsl.diagnostics import Label, Span, did_you_mean
from nndsl.ir.graph import LayerNote, Node
from nndsl.problems import names
from nndsl.syntax import ast


@dataclass(frozen=True)
class Given:
    """One argument of a call: its name (None by place), its value and where it stands."""

    name: str | None
    value: Value
    span: Span


def call(ctx: Context, scope: Scope, expr: ast.Call) -> Value:
    """`f(a, b, k=c)`."""
    function = evaluate(ctx, scope, expr.function)
    given = arguments(ctx, scope, expr.arguments)
    if isinstance(function, Poison) or any(isinstance(g.value, Poison) for g in given):
        return POISON
    return invoke(ctx, function, given, expr.span, expr.function.span)


def arguments(ctx: Context, scope: Scope, written: tuple[ast.Argument, ...]) -> list[Given]:
    return [Given(a.name, evaluate(ctx, scope, a.value), a.name_span.to(a.value.span) if a.name_span else a.value.span)
            for a in written]  # fmt: skip


def pipe(ctx: Context, scope: Scope, expr: ast.Pipe) -> Value:
    """`x |> f |> g(2)`: each stage is applied to what came before."""
    value = evaluate(ctx, scope, expr.value)
    before = expr.value.span
    for stage in expr.stages:
        value = pipe_stage(ctx, scope, value, before, stage)
        before = stage.span
    return value


def pipe_stage(ctx: Context, scope: Scope, value: Value, before: Span, stage: ast.Expr) -> Value:
    """One stage. A stage that is wrong in itself is reported even when what comes before is poison."""
    passed = [Given(None, v, before) for v in value] if isinstance(value, tuple) else [Given(None, value, before)]
    bad = any(isinstance(g.value, Poison) for g in passed)
    if isinstance(stage, ast.Call):
        function = evaluate(ctx, scope, stage.function)
        given = arguments(ctx, scope, stage.arguments)
        if isinstance(function, Poison) or any(isinstance(g.value, Poison) for g in given):
            return POISON
        if isinstance(function, Function) and function.takes_config:
            built = build(ctx, function, given, stage.span)
            if bad or isinstance(built, Poison):
                return POISON
            return apply(ctx, built, passed, stage.span)
        return POISON if bad else invoke(ctx, function, [*passed, *given], stage.span, stage.function.span)
    function = evaluate(ctx, scope, stage)
    if isinstance(function, Poison):
        return POISON
    if not isinstance(function, (Function, Instance, Builtin)):
        return ctx.say(names.NotCallable, stage.span, f"{describe(function)} cannot stand right of `|>`",
                       cure="put a layer or a function there: `x |> Dense(64)`")  # fmt: skip
    if isinstance(function, Function) and function.takes_config:
        built = build(ctx, function, [], stage.span)
        return POISON if bad or isinstance(built, Poison) else apply(ctx, built, passed, stage.span)
    return POISON if bad else invoke(ctx, function, passed, stage.span, stage.span)


def invoke(ctx: Context, function: Value, given: list[Given], span: Span, name_span: Span) -> Value:
    """Apply whatever was called: builds a layer from its config list, applies everything else."""
    match function:
        case Builtin():
            return call_builtin(ctx, function, given, span)
        case Function() if function.takes_config:
            return build(ctx, function, given, span)
        case Function() if function.inputs is None:
            return ctx.say(names.NotCallable, name_span, f"{describe(function)} is not applied to values")
        case Function() | Instance():
            return apply(ctx, function, given, span)
        case Poison():
            return POISON
    return ctx.say(names.NotCallable, name_span, f"{describe(function)} cannot be called",
                   cure="only layers and functions can")  # fmt: skip


# --- builtins --------------------------------------------------------------------------------------------


def call_builtin(ctx: Context, builtin: Builtin, given: list[Given], span: Span) -> Value:
    """Split by place and by name; the builtin checks the rest."""
    return builtin.call(ctx, builtin, given, span)


# --- binding ---------------------------------------------------------------------------------------------


def signature(function: Function, parameters: tuple[ast.Parameter, ...]) -> str:
    """`Dense(units: int, activation: fn = linear, …)` as messages show it."""
    return f"{function.name}({', '.join(p.span.text for p in parameters)})"


def bind(ctx: Context, function: Function, parameters: tuple[ast.Parameter, ...], given: list[Given], span: Span,
         scope: Scope) -> dict[str, Given] | None:  # fmt: skip
    """Which argument goes to which parameter; None with Problems when they do not fit. Defaults are not filled in."""
    known = [p.name for p in parameters]
    bound: dict[str, Given] = {}
    good = True
    by_place = [g for g in given if g.name is None]
    for parameter, argument in zip(parameters, by_place, strict=False):
        bound[parameter.name] = argument
    takes = f"the signature is `{signature(function, parameters)}`"
    for extra in by_place[len(parameters) :]:
        ctx.say(names.TooManyArguments, extra.span, f"`{function.name}` takes {len(parameters) or 'no'} "
                f"{'argument' if len(parameters) == 1 else 'arguments'}", note="this one is too many", cure=takes)  # fmt: skip
        good = False
    for argument in given:
        if argument.name is None:
            continue
        if argument.name not in known:
            cure = did_you_mean(argument.name, known) or takes
            ctx.say(names.UnknownArgument, argument.span, f"`{function.name}` has no argument `{argument.name}`", cure=cure)
            good = False
        elif argument.name in bound:
            ctx.say(names.TooManyArguments, argument.span, f"`{argument.name}` is given twice", cure=takes,
                    related=(Label(bound[argument.name].span, "the first time here"),))  # fmt: skip
            good = False
        else:
            bound[argument.name] = argument
    missing = [p for p in parameters if p.name not in bound and p.default is None]
    if missing and good:
        listed = ", ".join(f"`{p.name}`" for p in missing)
        ctx.say(names.MissingArgument, span, f"`{function.name}` needs {listed}", cure=takes)
        good = False
    return bound if good else None


CONST_KINDS = ("int", "float", "bool", "str", "fn", "init", "layer", "loss", "metric", "schedule", "list", "pair", "none")
ACTIVATION_ROLES = ("fn", "loss", "metric")


def fits(kind: str, value: Value) -> bool:
    """Whether a compile-time value is of a declared kind. `none` fits every kind but the numbers'."""
    match kind, value:
        case "int", int():
            return not isinstance(value, bool)
        case "float", int() | float():
            return not isinstance(value, bool)
        case "bool", bool():
            return True
        case "str", str():
            return True
        case "list", list() | tuple():
            return True
        case "pair", int():
            return not isinstance(value, bool)
        case "pair", (int(), int()) | [int(), int()]:
            return True
        case "fn", Builtin():
            return True
        case ("fn" | "init" | "layer" | "loss" | "metric" | "schedule"), Function() | Instance():
            role = value.role if isinstance(value, Function) else value.function.role
            return role == kind or (kind == "fn" and role in ("layer", "loss")) or (kind == "layer" and role == "fn")
        case _, None:
            return True
    return False


def convert(ctx: Context, function_name: str, parameter: ast.Parameter, given: Given) -> Value:
    """A value for a const parameter, checked against its kind; POISON with a Problem when it does not fit."""
    kind = parameter.type.dtype if parameter.type is not None and parameter.type.dims is None else None
    value = given.value
    if isinstance(value, Poison) or kind is None:
        return value
    if kind not in CONST_KINDS:
        assert parameter.type is not None
        cure = did_you_mean(kind, CONST_KINDS) or f"use one of {' '.join(CONST_KINDS)}, or a tensor type with brackets"
        return ctx.say(names.UnknownType, parameter.type.span, f"`{kind}` is no kind of argument", cure=cure)
    if kind == "float" and parameter.name == "learning_rate" and isinstance(value, (Node, Instance, Function)):
        return value
    if kind == "int" and not isinstance(value, bool) and isinstance(value, float) and value.is_integer():
        return int(value)
    if not fits(kind, value):
        article = "an" if kind[0] in "aeiou" else "a"
        return ctx.say(names.WrongArgument, given.span, f"`{parameter.name}` of `{function_name}` takes {article} {kind}",
                       note=f"this is {describe(value)}", cure=_convert_cure(kind, value))  # fmt: skip
    if kind == "float" and isinstance(value, int):
        return float(value)
    if kind == "pair" and isinstance(value, int):
        return [value, value]
    return list(value) if isinstance(value, tuple) else value


def _convert_cure(kind: str, value: Value) -> str | None:
    if isinstance(value, str) and kind in ("int", "float"):
        return "write the number without quotes"
    if isinstance(value, str) and kind in ("fn", "init", "layer"):
        return f"write the name without quotes: `{value}`"
    if isinstance(value, Node) and kind == "int":
        return "the value flows in with `|>`; only what builds the layer stands in the brackets"
    return None


def fill_config(ctx: Context, function: Function, parameters: tuple[ast.Parameter, ...], bound: dict[str, Given],
                scope: Scope) -> dict[str, Value] | None:  # fmt: skip
    """Values for all const parameters, defaults evaluated in the scope of the definition."""
    values: dict[str, Value] = {}
    good = True
    for parameter in parameters:
        if parameter.name in bound:
            value = convert(ctx, function.name, parameter, bound[parameter.name])
        else:
            assert parameter.default is not None
            value = evaluate(ctx, scope, parameter.default)
            value = convert(ctx, function.name, parameter, Given(None, value, parameter.default.span))
        good = good and not isinstance(value, Poison)
        values[parameter.name] = value
        scope.bind(parameter.name, value, parameter.name_span)
        scope.fixed[parameter.name] = (bound[parameter.name].span if parameter.name in bound else parameter.span, describe(value))
    return values if good else None


def build(ctx: Context, function: Function, given: list[Given], span: Span) -> Value:
    """`Dense(64)`: the config list is filled in; params are made when it is first applied."""
    parameters = function.config or ()
    scope = Scope(function.scope)
    bound = bind(ctx, function, parameters, given, span, scope)
    if bound is None:
        return POISON
    with ctx.applied_at(span):
        values = fill_config(ctx, function, parameters, bound, scope)
    return POISON if values is None else Instance(function, values, span)


# --- applying --------------------------------------------------------------------------------------------


def apply(ctx: Context, target: Function | Instance, given: list[Given], span: Span) -> Value:
    """Apply a built layer, or a function, to values."""
    from nndsl.check.statements import run_body

    function = target.function if isinstance(target, Instance) else target
    definition = function.definition
    if ctx.active.count(definition) > 0:
        return ctx.say(names.Recursion, span, f"`{function.name}` contains itself",
                       cure="build a number of layers known at compile time with `repeat n { … }` or `for`")  # fmt: skip
    scope = Scope(function.scope, role=function.role)
    if isinstance(target, Instance):
        for name, value in target.config.items():
            scope.bind(name, value, target.span)
            scope.fixed[name] = (target.span, describe(value))
    elif function.config:
        if bind(ctx, function, function.config, [], span, scope) is None or fill_config(ctx, function, function.config, {}, scope) is None:
            return POISON
    inputs = function.inputs or ()
    bound = bind(ctx, function, inputs, given, span, scope)
    if bound is None:
        return POISON
    with ctx.applied_at(span):
        if not bind_inputs(ctx, function, inputs, bound, scope):
            return POISON
        ctx.active.append(definition)
        try:
            if function.role == "layer":
                return apply_layer(ctx, target, definition, scope, span)
            result = run_body(ctx, scope, definition.body)
        finally:
            ctx.active.pop()
        return finish(ctx, function, scope, result, span)


def bind_inputs(ctx: Context, function: Function, inputs: tuple[ast.Parameter, ...], bound: dict[str, Given], scope: Scope) -> bool:
    """Tensor parameters are matched against their types, const ones are converted, untyped ones taken as they are."""
    sig = Signature(function.name)
    good = True
    for parameter in inputs:
        declared = parameter.type
        if parameter.name not in bound:
            assert parameter.default is not None
            given = Given(None, evaluate(ctx, scope, parameter.default), parameter.default.span)
        else:
            given = bound[parameter.name]
        value: Any = given.value
        if isinstance(value, Poison):
            good = False
            continue
        if declared is not None and declared.dims is not None:
            node = as_node(ctx, value, None, given.span)
            if node is None:
                good = False
                continue
            good = match(ctx, scope, sig, declared, node, given.span) and good
            value = node
        else:
            value = convert(ctx, function.name, parameter, given)
            good = good and not isinstance(value, Poison)
        scope.bind(parameter.name, value, parameter.name_span)
    return good


def apply_layer(ctx: Context, target: Function | Instance, definition: ast.Definition, scope: Scope, span: Span) -> Value:
    """A layer's body, with its own path for the names of its params."""
    from nndsl.check.statements import run_body

    instance = target if isinstance(target, Instance) else Instance(target, {}, span)
    function = instance.function
    if instance.path is None:
        name = instance.name or ctx.layer_name(function.name)
        instance.path = ctx.unique_path(".".join([*ctx.path, name]))
    before, ctx.path = ctx.path, instance.path.split(".")
    scope.bind("", instance)
    note_at, depth = len(ctx.layers), len(before)
    try:
        result = run_body(ctx, scope, definition.body)
        out = finish(ctx, function, scope, result, span)
    finally:
        ctx.path = before
    if isinstance(out, Node):
        own = tuple(s.name for s in instance.params.values())
        ctx.layers.insert(note_at, LayerNote(instance.path, function.name, out.type, own, ctx.site or span, depth))
    return out


def finish(ctx: Context, function: Function, scope: Scope, result: Value | None, span: Span) -> Value:
    """The value returned, checked against the declared type."""
    from nndsl.check.statements import MISSING

    definition = function.definition
    if result is MISSING:
        return ctx.say(names.NoReturn, definition.name_span, f"`{function.name}` returns nothing", cure="end its body with `return …`")
    if isinstance(result, Poison) or not definition.returns:
        return result
    results = list(result) if isinstance(result, tuple) else [result]
    if len(results) != len(definition.returns):
        from nndsl.problems import shapes

        return ctx.say(shapes.ReturnType, definition.name_span, f"`{function.name}` declares {len(definition.returns)} results",
                       note=f"it returns {len(results)}")  # fmt: skip
    checked: list[Value] = []
    for value, declared in zip(results, definition.returns, strict=True):
        one = _returned(ctx, function, scope, value, declared)
        if isinstance(one, Poison):
            return POISON
        checked.append(one)
    return tuple(checked) if isinstance(result, tuple) else checked[0]


def _returned(ctx: Context, function: Function, scope: Scope, value: Value, declared: ast.TensorTypeExpr) -> Value:
    from nndsl.check.returns import check_result

    return check_result(ctx, function, scope, value, declared)


def bind_builtin(ctx: Context, builtin: Builtin, order: list[str], defaults: dict[str, Any], given: list[Given], span: Span,
                 variadic: str | None) -> tuple[dict[str, Any], dict[str, Span]] | None:  # fmt: skip
    """Arguments of a builtin by name, with defaults; None with Problems when they do not fit."""
    values: dict[str, Any] = dict(defaults)
    spans: dict[str, Span] = {}
    good = True
    by_place = [g for g in given if g.name is None]
    takes = f"the signature is `{builtin.signature}`"
    if variadic is not None:
        values[variadic] = [g.value for g in by_place]
        for i, g in enumerate(by_place):
            spans[f"{variadic}{i}"] = g.span
    else:
        for name, g in zip(order, by_place, strict=False):
            values[name], spans[name] = g.value, g.span
        for extra in by_place[len(order) :]:
            ctx.say(names.TooManyArguments, extra.span, f"`{builtin.name}` takes {len(order)} arguments", note="this one is too many", cure=takes)
            good = False
    for g in given:
        if g.name is None:
            continue
        if g.name not in order:
            ctx.say(names.UnknownArgument, g.span, f"`{builtin.name}` has no argument `{g.name}`", cure=did_you_mean(g.name, order) or takes)
            good = False
        elif g.name in spans:
            ctx.say(names.TooManyArguments, g.span, f"`{g.name}` is given twice", cure=takes)
            good = False
        else:
            values[g.name], spans[g.name] = g.value, g.span
    missing = [name for name in order if name not in values]
    if missing and good:
        ctx.say(names.MissingArgument, span, f"`{builtin.name}` needs {', '.join(f'`{m}`' for m in missing)}", cure=takes)
        good = False
    return (values, spans) if good else None
