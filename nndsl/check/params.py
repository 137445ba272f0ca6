"""`param` and `state`: leaves with names, and the graphs of their first values."""

from __future__ import annotations

from nndsl.check.context import Context
from nndsl.check.expressions import as_node, evaluate
from nndsl.check.scope import Scope
from nndsl.check.sizes import declared_type
from nndsl.check.values import POISON, Function, Instance, Poison, Value, describe
from nndsl.diagnostics import Label, Span
from nndsl.ir.graph import Node, ParamSpec
from nndsl.ir.types import TensorType
from nndsl.ops import build as b
from nndsl.problems import names, shapes
from nndsl.syntax import ast


def param(ctx: Context, scope: Scope, statement: ast.ParamDecl) -> None:
    """`param kernel: f32[features, units] = glorot_uniform`."""
    scope.bind(statement.name, POISON, statement.name_span)
    if scope.role not in ("model", "layer"):
        cure = f"make this {scope.role} a `layer`" if scope.role in ("fn", "loss") else None
        ctx.say(names.Misplaced, statement.span, "`param` belongs into a layer or a model",
                note=f"this is the body of a {scope.role}", cure=cure)  # fmt: skip
        return
    declared = declared_type(ctx, scope, statement.type)
    if declared is None or not _known_sizes(ctx, declared, statement.type.span):
        return
    if statement.value is None:
        ctx.say(names.MissingArgument, statement.span, "a param needs an initial value", cure="write `= glorot_uniform` or `= zeros`")
        return
    spec = _owned(ctx, scope, statement.name, declared, statement.span, ctx.registry.params)
    if spec is None:
        initial = initial_value(ctx, scope, statement.value, declared)
        if initial is None:
            return
        spec = _register(ctx, scope, statement.name, declared, initial, statement.span, "param", statement.doc)
    if spec.type != declared:
        first = spec.span
        ctx.say(shapes.SharedSizes, statement.span, f"`{spec.name}` is {spec.type} and is needed as {declared}",
                related=(Label(ctx.place(first), "made for the first use"),) if first.source is statement.span.source else (),
                cure="a layer that is built once owns one set of weights; build a second one for other sizes")  # fmt: skip
        return
    scope.bind(statement.name, spec.leaf, statement.name_span)
    scope.states[statement.name] = spec.leaf


def state(ctx: Context, scope: Scope, statement: ast.StateDecl) -> None:
    """`state mean: f32[n] = zeros`, `state v = zeros_like(p)`."""
    scope.bind(statement.name, POISON, statement.name_span)
    if scope.role not in ("model", "layer", "metric", "optimizer"):
        ctx.say(names.Misplaced, statement.span, "`state` belongs into a layer, a model, a metric or an optimizer",
                note=f"this is the body of a {scope.role}")  # fmt: skip
        return
    declared = declared_type(ctx, scope, statement.type) if statement.type is not None else None
    if statement.type is not None and declared is None:
        return
    if declared is not None and not _known_sizes(ctx, declared, statement.span):
        return
    initial = initial_value(ctx, scope, statement.value, declared)
    if initial is None:
        return
    kind = initial.type.without_kind()
    if not _known_sizes(ctx, kind, statement.span):
        return
    frame = ctx.metric or ctx.rule
    if frame is not None:
        base = ctx.rule.param.name if ctx.rule is not None else ctx.metric.name if ctx.metric is not None else ""
        name = f"{base}/{statement.name}"
        leaf = Node("state", (), {"name": name}, kind, ctx.place(statement.span), name)
        spec = ParamSpec(name, leaf, initial, ctx.place(statement.span), statement.doc)
        (ctx.metric.states if ctx.metric is not None else ctx.rule.slots if ctx.rule is not None else []).append(spec)
    else:
        found = _owned(ctx, scope, statement.name, kind, statement.span, ctx.registry.states)
        spec = found or _register(ctx, scope, statement.name, kind, initial, statement.span, "state", statement.doc)
    scope.bind(statement.name, spec.leaf, statement.name_span)
    scope.states[statement.name] = spec.leaf


def _known_sizes(ctx: Context, declared: TensorType, span: Span) -> bool:
    for size in declared.shape:
        if not isinstance(size, int):
            ctx.say(shapes.ParamSize, span, note=f"`{size}` is known only from the data",
                    cure="use a number or a const of the model for this size")  # fmt: skip
            return False
    return True


def _instance(scope: Scope) -> Instance | None:
    holder = scope.find("")
    value = holder.names[""] if holder is not None else None
    return value if isinstance(value, Instance) else None


def _owned(ctx: Context, scope: Scope, name: str, declared: TensorType, span: Span, registry: dict[str, ParamSpec]) -> ParamSpec | None:
    """The leaf this layer made earlier, or the other elaboration made under the same path."""
    instance = _instance(scope)
    if instance is not None and name in instance.params:
        return instance.params[name]
    path = ".".join([*ctx.path, name])
    if path in ctx.made:
        ctx.say(names.DuplicateName, span, f"`{path}` is declared twice", cure="a layer of its own makes new params each time it is built")
    ctx.made.add(path)
    spec = registry.get(path)
    if spec is not None and instance is not None:
        instance.params[name] = spec
    return spec


def _register(ctx: Context, scope: Scope, name: str, declared: TensorType, initial: Node, span: Span, role: str, doc: str) -> ParamSpec:
    path = ".".join([*ctx.path, name])
    leaf = Node(role, (), {"name": path}, declared, ctx.place(span), path)
    spec = ParamSpec(path, leaf, initial, ctx.place(span), doc)
    (ctx.registry.params if role == "param" else ctx.registry.states)[path] = spec
    instance = _instance(scope)
    if instance is not None:
        instance.params[name] = spec
    return spec


def initial_value(ctx: Context, scope: Scope, expr: ast.Expr, declared: TensorType | None) -> Node | None:
    """The graph of a first value: an initializer applied to the shape, a number, or an expression."""
    streams, ctx.streams = ctx.streams, 0
    try:
        value = evaluate(ctx, scope, expr)
        node = _initial_node(ctx, value, expr, declared)
    finally:
        ctx.streams = streams
    if node is None:
        return None
    if declared is None:
        return node
    if b.broadcast_shapes(node.shape, declared.shape) != declared.shape:
        ctx.say(shapes.ShapeClash, expr.span, "the initial value does not fit", note=f"it is {node.type}, {declared} is declared")
        return None
    with b.at(ctx.place(expr.span)):
        return b.broadcast_to(b.cast(node, declared.dtype), declared.shape)


def _initial_node(ctx: Context, value: Value, expr: ast.Expr, declared: TensorType | None) -> Node | None:
    if isinstance(value, Poison):
        return None
    if isinstance(value, (Function, Instance)):
        function = value if isinstance(value, Function) else value.function
        if function.role not in ("init", "fn"):
            ctx.say(names.WrongArgument, expr.span, "an initializer is needed here", note=f"this is {describe(value)}",
                    cure="for example `glorot_uniform`, `zeros`, `constant(0.5)`")  # fmt: skip
            return None
        if declared is None:
            ctx.say(names.MissingArgument, expr.span, "a state made by an initializer needs a type", cure="`state s: f32[n] = zeros`")
            return None
        from nndsl.check.calls import Given, apply

        value = apply(ctx, value, [Given(None, list(declared.shape), expr.span)], expr.span)
    if not isinstance(value, (Node, int, float, Poison)):
        ctx.say(names.WrongArgument, expr.span, "an initial value is an initializer, a number or a tensor", note=f"this is {describe(value)}")
        return None
    return as_node(ctx, value, None, expr.span)
