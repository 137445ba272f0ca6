"""`param` and `state`: leaves with names, and the graphs of their first values."""

from __future__ import annotations

from dataclasses import replace

from nndsl.check.applying import apply, build
from nndsl.check.binding import Given
from nndsl.check.constraints import constrained
from nndsl.check.context import Context, MetricFrame
from nndsl.check.expressions import evaluate
from nndsl.check.library import is_library
from nndsl.check.nodes import as_node, too_large
from nndsl.check.scope import Scope
from nndsl.check.sizes import declared_type
from nndsl.check.values import POISON, Function, Instance, Poison, Value, describe
from nndsl.diagnostics import Fix, Label, Span
from nndsl.ir.dims import Dim, Size, symbols, written
from nndsl.ir.graph import Node, ParamSpec, topological
from nndsl.ir.types import FLOATS, TensorType
from nndsl.ops import build as b
from nndsl.problems import names, shapes
from nndsl.syntax import ast


def param(ctx: Context, scope: Scope, statement: ast.ParamDecl) -> None:
    """`param kernel: f32[features, units] = glorot_uniform`."""
    scope.bind(statement.name, POISON, statement.name_span)
    if scope.role not in ("model", "layer"):
        cure = f"make this {scope.role} a `layer`" if scope.role in ("fn", "loss") else None
        ctx.say(
            names.Misplaced,
            statement.span,
            "`param` belongs into a layer or a model",
            note=f"this is the body of a {scope.role}",
            cure=cure,
        )
        return
    declared = declared_type(ctx, scope, statement.type)
    if _declared_twice(ctx, scope, statement.name, statement.name_span) or declared is None:
        return
    if declared.dtype not in FLOATS:
        ctx.say(
            shapes.WrongDtype,
            statement.type.span,
            "a param is trained, so it is made of floats",
            note=f"this is {declared}",
            cure="write `f32[…]`; what is not trained is a `state`",
        )
        return
    if not _known_sizes(ctx, declared, statement.type.span):
        return
    if statement.value is None:
        ctx.say(
            names.MissingArgument,
            statement.span,
            "a param needs an initial value",
            cure="write `= glorot_uniform` or `= zeros`",
        )
        return
    spec = _owned(ctx, statement.name, ctx.registry.params)
    if spec is None:
        initial = initial_value(ctx, scope, statement.value, declared)
        if initial is None:
            return
        spec = _register(ctx, statement.name, declared, initial, statement.span, "param", statement.doc)
        if statement.constraint is not None:
            spec = _held_to(ctx, scope, spec, statement.constraint)
    if spec.type != declared:
        ctx.say(
            shapes.SharedSizes,
            statement.span,
            related=(Label(spec.span, "made for this use first"),),
            note=f"`{spec.name}` is {spec.type} and is needed as {declared}",
            cure="a layer that is built once owns one set of weights; build a second one for other sizes",
        )
        return
    scope.bind(statement.name, spec.leaf, statement.name_span)


def state(ctx: Context, scope: Scope, statement: ast.StateDecl) -> None:
    """`state mean: f32[n] = zeros`, `state v = zeros_like(p)`."""
    scope.bind(statement.name, POISON, statement.name_span)
    if scope.role not in ("model", "layer", "metric", "optimizer"):
        ctx.say(
            names.Misplaced,
            statement.span,
            "`state` belongs into a layer, a model, a metric or an optimizer",
            note=f"this is the body of a {scope.role}",
        )
        return
    if (scope.role == "metric" and ctx.metric is None) or (scope.role == "optimizer" and ctx.rule is None):
        where = "`metric` lines" if scope.role == "metric" else "train sections"
        ctx.say(
            names.Misplaced,
            statement.span,
            f"a {scope.role} with states works in {where} only",
            cure="in a loss, use a function without states" if scope.role == "metric" else None,
        )
        return
    if _declared_twice(ctx, scope, statement.name, statement.name_span):
        return
    declared = declared_type(ctx, scope, statement.type) if statement.type is not None else None
    if statement.type is not None and declared is None:
        return
    of_text = ctx.memories is not None and declared is not None and any(isinstance(s, Dim) for s in declared.shape)
    if declared is not None and not of_text and not _known_sizes(ctx, declared, statement.span):
        return
    initial = initial_value(ctx, scope, statement.value, declared)
    if initial is None:
        return
    if of_text and ctx.memories is not None and declared is not None:
        kept = ctx.memories.declare(ctx, statement.name, declared, initial, statement.span)
        scope.bind(statement.name, kept, statement.name_span)
        scope.states[statement.name] = kept
        return
    kind = initial.type.without_kind()
    if not _known_sizes(ctx, kind, statement.span):
        return
    frame = ctx.metric or ctx.rule
    if frame is not None:
        base = frame.name if isinstance(frame, MetricFrame) else frame.param.name
        name = f"{base}/{statement.name}"
        leaf = Node("state", (), {"name": name}, kind, ctx.place(statement.span), name)
        spec = ParamSpec(name, leaf, initial, ctx.place(statement.span), statement.doc)
        (frame.states if isinstance(frame, MetricFrame) else frame.slots).append(spec)
    else:
        found = _owned(ctx, statement.name, ctx.registry.states)
        spec = found or _register(ctx, statement.name, kind, initial, statement.span, "state", statement.doc)
        if spec.type != kind:
            ctx.say(
                shapes.SharedSizes,
                statement.span,
                related=(Label(spec.span, "made for this use first"),),
                note=f"`{spec.name}` is {spec.type} and is needed as {kind}",
            )
            return
    # A layer applied twice goes on from what its first application left.
    scope.bind(statement.name, ctx.held(spec.leaf), statement.name_span)
    scope.states[statement.name] = spec.leaf


def _declared_twice(ctx: Context, scope: Scope, name: str, span: Span) -> bool:
    """Whether this body has a param or state of that name already."""
    first = scope.declared.setdefault(name, (span, tuple(ctx.turns)))
    if first == (span, tuple(ctx.turns)):
        return False
    loop = first[0] == span
    cure = "what a loop makes anew in each turn is a layer: move the param into one" if loop else "rename one of them"
    related = () if loop else (Label(first[0], "declared here"),)
    ctx.say(names.DuplicateName, span, f"`{name}` is declared twice", related=related, cure=cure)
    return True


def _known_sizes(ctx: Context, declared: TensorType, span: Span) -> bool:
    """Whether a leaf of this type can be made now; reports what is in the way."""
    for size in declared.shape:
        if not isinstance(size, int):
            ctx.say(
                shapes.ParamSize,
                span,
                note=f"`{written(size)}` is known only from the data",
                cure=_size_cure(size, span),
            )
            return False
    return not too_large(ctx, Node("param", (), {}, declared), span)


def _size_cure(size: Size, span: Span) -> str:
    """What to do about a size that only the data has: most often a layer stands on the wrong axis."""
    if not is_library(span):
        return "use a number or a const of the model for this size"
    if isinstance(size, Dim) and str(size).isidentifier():
        return f"give the last axis a fixed size: `f32[batch, 784]` has the batch first; `{size}` stands last here"
    named = " and ".join(f"`{name}`" for name in sorted(symbols(size)))
    return f"keep the axis {named} apart, give it a fixed size in the input's type, or reduce it: `mean(x, axis=1)`"


def _owned(ctx: Context, name: str, registry: dict[str, ParamSpec]) -> ParamSpec | None:
    """The leaf this layer made earlier, or the other elaboration made under the same path."""
    spec = registry.get(".".join([*ctx.path, name]))
    if spec is not None and ctx.owner is not None:
        ctx.owner.params[name] = spec
    return spec


def _register(
    ctx: Context, name: str, declared: TensorType, initial: Node, span: Span, role: str, doc: str
) -> ParamSpec:
    path = ".".join([*ctx.path, name])
    leaf = Node(role, (), {"name": path}, declared, ctx.place(span), path)
    spec = ParamSpec(path, leaf, initial, ctx.place(span), doc)
    (ctx.registry.params if role == "param" else ctx.registry.states)[path] = spec
    if ctx.owner is not None:
        ctx.owner.params[name] = spec
    return spec


def _held_to(ctx: Context, scope: Scope, spec: ParamSpec, constraint: ast.Expr) -> ParamSpec:
    """The param with its constraint."""
    spec = replace(spec, constrained=constrained(ctx, scope, spec.leaf, constraint))
    ctx.registry.params[spec.name] = spec
    if ctx.owner is not None:
        ctx.owner.params[spec.leaf.attrs["name"].rpartition(".")[2]] = spec
    return spec


def initial_value(ctx: Context, scope: Scope, expr: ast.Expr, declared: TensorType | None) -> Node | None:
    """The graph of a first value: an initializer applied to the shape, a number, or an expression."""
    before, ctx.streams, ctx.initial = (ctx.streams, ctx.initial), 0, True
    try:
        value = evaluate(ctx, scope, expr)
        # What an initializer gives depends on the type alone, and a network has many params of few types.
        known = ctx.initials.get((value, declared)) if isinstance(value, Function) else None
        if known is not None:
            return known
        node = _initial_node(ctx, value, expr, declared)
    finally:
        ctx.streams, ctx.initial = before
    if node is None:
        return None
    fed = next((n for n in topological([node]) if n.op in ("input", "param", "state", "dim")), None)
    if fed is not None:
        ctx.say(
            names.NotConstant,
            expr.span,
            "a first value is made before any data is seen",
            note=f"this depends on {f'`{fed.name}`' if fed.name else 'a size of the data'}",
            cure="use an initializer, a number, or `zeros_like`",
        )
        return None
    if declared is None:
        return node
    if b.broadcast_shapes(node.shape, declared.shape) != declared.shape:
        ctx.say(
            shapes.ShapeClash,
            expr.span,
            "the first value does not fit the declared type",
            note=f"this is {node.type}, {declared} is declared",
        )
        return None
    with b.at(ctx.place(expr.span)):
        node = b.broadcast_to(b.cast(node, declared.dtype), declared.shape)
    if isinstance(value, Function):
        ctx.initials[value, declared] = node
    return node


def _initial_node(ctx: Context, value: Value, expr: ast.Expr, declared: TensorType | None) -> Node | None:
    if isinstance(value, Poison):
        return None
    if isinstance(value, (Function, Instance)):
        function = value if isinstance(value, Function) else value.function
        if function.role not in ("init", "fn"):
            ctx.say(
                names.WrongArgument,
                expr.span,
                "an initializer is needed here",
                note=f"this is {describe(value)}",
                cure="for example `glorot_uniform`, `zeros`, `constant(0.5)`",
            )
            return None
        if declared is None:
            ctx.say(
                names.MissingArgument,
                expr.span,
                "a state made by an initializer needs a type",
                cure="`state s: f32[n] = zeros`",
            )
            return None
        if isinstance(value, Function) and value.takes_config:
            value = build(ctx, value, [], expr.span)
            if not isinstance(value, Instance):
                return None
        value = apply(ctx, value, [Given(None, list(declared.shape), expr.span)], expr.span)
    if not isinstance(value, Node | int | float | list | Poison):
        cure: str | None = None
        mends: tuple[Fix, ...] = ()
        if isinstance(value, str):
            from nndsl.check.quotes import name_in_quotes  # params without faults do not ask for it

            cure, mends = name_in_quotes("init", value, expr.span)
        ctx.say(
            names.WrongArgument,
            expr.span,
            "a first value is an initializer, a number or a tensor",
            note=f"this is {describe(value)}",
            cure=cure,
            mends=mends,
        )
        return None
    return as_node(ctx, value, None, expr.span)
