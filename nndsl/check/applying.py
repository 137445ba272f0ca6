"""Building layers and applying them: the body of a definition is carried out over its arguments."""

from __future__ import annotations

from collections.abc import Mapping

from nndsl.check.again import Before, key_of
from nndsl.check.binding import Given, bind, convert, default_of, fill_config, not_built
from nndsl.check.context import Context
from nndsl.check.matching import Signature, match, swapped
from nndsl.check.nodes import as_node
from nndsl.check.returns import check_result
from nndsl.check.scope import Scope
from nndsl.check.values import POISON, Function, Instance, Missing, Poison, Stage, Value
from nndsl.diagnostics import Label, Span
from nndsl.ir.graph import LayerNote, Node
from nndsl.ops import build as b
from nndsl.problems import names, shapes
from nndsl.syntax import ast

APPLYING = 20  # what it costs, in steps of the context
CONTAINS = "build a number of layers known at compile time with `repeat n { … }` or `for`"


def build(ctx: Context, function: Function, given: list[Given], span: Span) -> Value:
    """`Dense(64)`: the config list is filled in; params are made when it is first applied."""
    if function.passed is not None and function.needed and not given:
        return not_built(ctx, function, function.passed)
    if _active(ctx, function.definition):
        return ctx.say(names.Recursion, span, f"`{function.name}` contains itself", cure=CONTAINS)
    parameters = function.config or ()
    bound = bind(ctx, function, parameters, given, span)
    if bound is None:
        return POISON
    with ctx.applied_at(span):
        values = fill_config(ctx, function, parameters, bound, Scope(function.scope))
    if values is None:
        return POISON
    built = made(ctx, function, values, span)
    built.given = tuple(bound)
    return built


def made(ctx: Context, function: Function, values: Mapping[str, Value], span: Span) -> Instance:
    """A function with what builds it."""
    if function.role != "layer":
        return Instance(function, values, span)
    key = ctx.build_key(span)
    if ctx.owner is None:
        return Instance(function, values, span, key)
    # A layer that is applied again has its inner layers from the first time.
    known = ctx.owner.children.get(key)
    if known is None or known.function.named is not function.named:
        known = ctx.owner.children[key] = Instance(function, values, span, key)
    known.config = values
    return known


def _active(ctx: Context, definition: ast.Definition) -> bool:
    return any(other is definition for other in ctx.active)


def apply(ctx: Context, target: Function | Instance, given: list[Given], span: Span) -> Value:
    """Apply a built layer, or a function, to values."""
    function = target.function if isinstance(target, Instance) else target
    if isinstance(target, Function) and _active(ctx, function.definition):
        return ctx.say(names.Recursion, span, f"`{function.name}` contains itself", cure=CONTAINS)
    ctx.count(span, APPLYING)
    scope = Scope(function.scope, role=function.role)
    if isinstance(target, Instance):
        for name, value in target.config.items():
            scope.bind(name, value, target.span)
            scope.fixed[name] = (target.span, value)
    elif function.config:
        bound_config = bind(ctx, function, function.config, [], span)
        if bound_config is None or fill_config(ctx, function, function.config, bound_config, scope) is None:
            return POISON
    inputs = function.inputs or ()
    if function.role == "layer" and function.inputs is None and given:
        return _no_inputs(ctx, function, given[0].span)
    bound = bind(ctx, function, inputs, given, span)
    if bound is None:
        return POISON
    if function.role == "layer":
        take_mask(ctx, inputs, bound, span)
    if function.role in ("loss", "metric") and len(inputs) > 1 and swapped(ctx, function, bound):
        return POISON
    with ctx.applied_at(span):
        if not bind_inputs(ctx, function, inputs, bound, scope):
            return POISON
        ctx.active.append(function.definition)
        begun = ctx.traced.begin()
        flowing = [scope.names.get(p.name) for p in inputs]  # a body may give these names other values
        out: Value = POISON
        try:
            if isinstance(target, Instance) and function.role == "layer":
                out = apply_layer(ctx, target, scope, span)
            else:
                out = carry_out(ctx, function, scope, span)
            return out
        finally:
            ctx.active.pop()
            ctx.traced.end(begun, target, flowing, out, ctx.site or span)


def take_mask(ctx: Context, inputs: tuple[ast.Parameter, ...], bound: dict[str, Given], span: Span) -> None:
    """An input `mask = none` that is not given is the mask [batch, time] that rides on the first input, if any does."""
    wanted = any(p.name == "mask" and isinstance(p.default, ast.NoneValue) for p in inputs[1:])
    first = bound.get(inputs[0].name) if wanted and "mask" not in bound else None
    if first is not None and isinstance(first.value, Node):
        with b.at(ctx.place(span)):
            mask = ctx.marks.mask(first.value)
        if mask is not None and mask.type.rank == 2:
            bound["mask"] = Given("mask", mask, span)


def _no_inputs(ctx: Context, function: Function, span: Span) -> Value:
    """Report a layer that is applied, and is written as if nothing could flow in."""
    return ctx.say(
        names.TooManyArguments,
        span,
        f"`{function.name}` is applied to a value, and has no list for it",
        related=(Label(function.definition.name_span, "what flows in has a second list here"),),
        cure=f"write `layer {function.name}({'…' if function.config else ''})(x: f32[...]) {{ … }}`",
    )


def bind_inputs(
    ctx: Context, function: Function, inputs: tuple[ast.Parameter, ...], bound: dict[str, Given], scope: Scope
) -> bool:
    """Tensor parameters are matched against their types, const ones are converted, untyped ones taken as they are."""
    sig = Signature(function.name)
    good = True
    for parameter in inputs:
        declared = parameter.type
        given = bound.get(parameter.name) or default_of(ctx, parameter, scope)
        if isinstance(given.value, Poison):
            good = False
            continue
        value: Value
        if given.value is None and isinstance(parameter.default, ast.NoneValue):
            value = None
        elif declared is not None and declared.dims is not None:
            nodes = [matched(ctx, scope, sig, declared, g) for g in (given.parts if parameter.rest else (given,))]
            good = good and None not in nodes
            found = tuple(POISON if node is None else node for node in nodes)
            value = found if parameter.rest else found[0]
        else:
            value = convert(ctx, function.name, parameter, given)
            good = good and not isinstance(value, Poison)
        scope.bind(parameter.name, value, parameter.name_span)
    scope.row = sig.row.sizes if sig.row is not None else None
    return good


def matched(ctx: Context, scope: Scope, sig: Signature, declared: ast.TensorTypeExpr, given: Given) -> Node | None:
    """A value as a tensor of the declared type, None with a Problem."""
    node = as_node(ctx, given.value, None, given.span)
    return node if node is not None and match(ctx, scope, sig, declared, node, given.span) else None


def apply_layer(ctx: Context, instance: Instance, scope: Scope, span: Span) -> Value:
    """A layer's body, with its own path for the names of its params."""
    if instance.path is None:
        instance.path = ctx.path_of(instance)
    instance.applications += 1
    before = (ctx.path, ctx.owner, ctx.owner_site, ctx.turns, ctx.reached)
    note_at, depth = len(ctx.layers), len(ctx.path)
    ctx.path, ctx.owner, ctx.owner_site, ctx.turns, ctx.reached = instance.path.split("."), instance, ctx.site, [], {}
    try:
        out = made_by(ctx, instance, scope, span)
    finally:
        ctx.path, ctx.owner, ctx.owner_site, ctx.turns, ctx.reached = before
    if isinstance(out, Node):
        own = tuple(s.name for s in instance.params.values())
        ctx.layers.insert(
            note_at, LayerNote(instance.path, instance.function.name, out.type, own, ctx.site or span, depth)
        )
    return out


def made_by(ctx: Context, instance: Instance, scope: Scope, span: Span) -> Value:
    """What a layer's body makes, copied from what it made elsewhere where that comes to the same."""
    flowing = [scope.names.get(p.name) for p in instance.function.inputs or ()]
    key = key_of(ctx, instance, flowing)
    if key is None:
        return carry_out(ctx, instance.function, scope, span, instance.stages)
    before = Before.of(ctx)
    out = ctx.again.copy(ctx, instance, key, flowing)
    if out is None:
        out = carry_out(ctx, instance.function, scope, span)
        ctx.again.learn(ctx, instance, key, flowing, out, before)
    return out


def run_stages(ctx: Context, scope: Scope, stages: tuple[Stage, ...]) -> Value:
    """What layers joined by `|>` make of values: as the body of `Sequential`, with each blamed where it is written."""
    from nndsl.check.calls import put_through  # calls apply layers

    value, before = scope.get("values"), scope.spans["values"]
    for turn, stage in enumerate(stages):
        ctx.turns.append(turn)
        try:
            value = put_through(ctx, value, before, stage)
        finally:
            ctx.turns.pop()
        before = stage.span
    return value


def carry_out(ctx: Context, function: Function, scope: Scope, span: Span, stages: tuple[Stage, ...] = ()) -> Value:
    """The body, or the stages in its place, and its result checked against the declared type."""
    from nndsl.check.statements import run_body  # statements hold expressions, and expressions apply layers

    definition = function.definition
    result = run_body(ctx, scope, definition.body) if not stages else run_stages(ctx, scope, stages)
    if isinstance(result, Missing) and ctx.poisoned:
        return POISON
    if isinstance(result, Missing):
        return ctx.say(
            names.NoReturn,
            definition.name_span,
            f"`{function.name}` returns nothing",
            cure="end its body with `return …`",
        )
    if isinstance(result, Poison) or not definition.returns:
        return result
    results = list(result) if isinstance(result, tuple) else [result]
    if len(results) != len(definition.returns):
        amount = len(definition.returns)
        return ctx.say(
            shapes.ReturnType,
            definition.name_span,
            note=f"it returns {len(results)}",
            message=f"`{function.name}` declares {amount} {'result' if amount == 1 else 'results'}",
        )
    checked = [
        check_result(ctx, function, scope, value, declared)
        for value, declared in zip(results, definition.returns, strict=True)
    ]
    if any(isinstance(one, Poison) for one in checked):
        return POISON
    return tuple(checked) if isinstance(result, tuple) else checked[0]
