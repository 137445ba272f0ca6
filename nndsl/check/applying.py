"""Building layers and applying them: the body of a definition is carried out over its arguments."""

from __future__ import annotations

from nndsl.check.binding import Given, bind, convert, default_of, fill_config
from nndsl.check.context import Context
from nndsl.check.matching import Signature, match
from nndsl.check.nodes import as_node
from nndsl.check.returns import check_result
from nndsl.check.scope import Scope
from nndsl.check.values import POISON, Function, Instance, Missing, Poison, Value, describe
from nndsl.diagnostics import Span
from nndsl.ir.graph import LayerNote, Node
from nndsl.problems import names, shapes
from nndsl.syntax import ast

APPLYING = 8  # what it costs, in steps of the context
CONTAINS = "build a number of layers known at compile time with `repeat n { … }` or `for`"


def build(ctx: Context, function: Function, given: list[Given], span: Span) -> Value:
    """`Dense(64)`: the config list is filled in; params are made when it is first applied."""
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
    if function.role != "layer":
        return Instance(function, values, span)
    key = ctx.build_key(span)
    if ctx.owner is None:
        return Instance(function, values, span, key)
    # A layer that is applied again has its inner layers from the first time.
    known = ctx.owner.children.get(key)
    if known is None or known.function is not function:
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
            scope.fixed[name] = (target.span, describe(value))
    elif function.config:
        bound_config = bind(ctx, function, function.config, [], span)
        if bound_config is None or fill_config(ctx, function, function.config, bound_config, scope) is None:
            return POISON
    inputs = function.inputs or ()
    bound = bind(ctx, function, inputs, given, span)
    if bound is None:
        return POISON
    with ctx.applied_at(span):
        if not bind_inputs(ctx, function, inputs, bound, scope):
            return POISON
        ctx.active.append(function.definition)
        try:
            if isinstance(target, Instance) and function.role == "layer":
                return apply_layer(ctx, target, scope, span)
            return carry_out(ctx, function, scope, span)
        finally:
            ctx.active.pop()


def bind_inputs(
    ctx: Context, function: Function, inputs: tuple[ast.Parameter, ...], bound: dict[str, Given], scope: Scope
) -> bool:
    """Tensor parameters are matched against their types, const ones are converted, untyped ones taken as they are."""
    sig = Signature(function.name)
    good = True
    for parameter in inputs:
        declared = parameter.type
        given = bound.get(parameter.name) or default_of(ctx, parameter, scope)
        value = given.value
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
    scope.row = sig.row.sizes if sig.row is not None else None
    return good


def apply_layer(ctx: Context, instance: Instance, scope: Scope, span: Span) -> Value:
    """A layer's body, with its own path for the names of its params."""
    if instance.path is None:
        instance.path = ctx.path_of(instance)
    instance.applications += 1
    before = (ctx.path, ctx.owner, ctx.owner_site, ctx.turns, ctx.reached)
    note_at, depth = len(ctx.layers), len(ctx.path)
    ctx.path, ctx.owner, ctx.owner_site, ctx.turns, ctx.reached = instance.path.split("."), instance, ctx.site, [], {}
    try:
        out = carry_out(ctx, instance.function, scope, span)
    finally:
        ctx.path, ctx.owner, ctx.owner_site, ctx.turns, ctx.reached = before
    if isinstance(out, Node):
        own = tuple(s.name for s in instance.params.values())
        ctx.layers.insert(
            note_at, LayerNote(instance.path, instance.function.name, out.type, own, ctx.site or span, depth)
        )
    return out


def carry_out(ctx: Context, function: Function, scope: Scope, span: Span) -> Value:
    """The body, and its result checked against the declared type."""
    from nndsl.check.statements import run_body  # statements hold expressions, and expressions apply layers

    definition = function.definition
    result = run_body(ctx, scope, definition.body)
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
