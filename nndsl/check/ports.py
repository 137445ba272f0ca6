"""What only a model has: inputs, targets, outputs and metrics."""

from __future__ import annotations

from nndsl.check.binding import Given, arguments
from nndsl.check.calls import invoke
from nndsl.check.context import Context, MetricFrame, Ports, as_updates
from nndsl.check.expressions import evaluate
from nndsl.check.masks import masked_metric
from nndsl.check.naming import bind_name, called_name, free_name
from nndsl.check.nodes import as_node, too_large
from nndsl.check.scope import Scope
from nndsl.check.sizes import declared_type
from nndsl.check.values import POISON, Poison, Value
from nndsl.diagnostics import Label, Problem
from nndsl.ir import graph as ir
from nndsl.ir.graph import Node, topological
from nndsl.ir.types import FLOATS
from nndsl.ops import build as b
from nndsl.problems import kinds, names, shapes
from nndsl.syntax import ast


def declare_input(ctx: Context, scope: Scope, statement: ast.InputDecl) -> None:
    """`input words: f32[batch, vocabulary]`."""
    declared = declared_type(ctx, scope, statement.type, free=True)
    if statement.name in ctx.ports.inputs:
        ctx.say(
            names.DuplicateName,
            statement.name_span,
            f"there is an input `{statement.name}` already",
            related=(Label(ctx.ports.inputs[statement.name].span, "declared here"),),
            cure="rename one of them",
        )
        return
    if scope.has(statement.name) and scope.names[statement.name] is not POISON:
        first = scope.spans.get(statement.name)
        ctx.say(
            names.DuplicateName,
            statement.name_span,
            f"`{statement.name}` has a value already",
            related=(Label(first, "it is bound here"),) if first is not None else (),
            cure="rename one of them",
        )
    if declared is None or too_large(ctx, ir.Node("input", (), {}, declared), statement.type.span):
        scope.bind(statement.name, POISON, statement.name_span)
        return
    if not declared.shape:
        ctx.say(
            shapes.BadDim,
            statement.type.span,
            "an input has at least the batch axis",
            cure=f"write `{statement.type.dtype}[batch]`",
        )
    leaf = ctx.ports.leaves.get(statement.name)
    if leaf is None:
        leaf = ir.Node("input", (), {"name": statement.name}, declared, statement.span, statement.name)
        ctx.ports.leaves[statement.name] = leaf
    ctx.ports.inputs[statement.name] = ir.Port(statement.role, statement.name, declared, statement.span, statement.doc)
    scope.bind(statement.name, leaf, statement.name_span)


def declare_output(ctx: Context, scope: Scope, statement: ast.OutputDecl) -> None:
    """`output probability = softmax(logits)`; the name is bound too."""
    expr = statement.value or ast.Name(statement.name, span=statement.name_span)
    value = evaluate(ctx, scope, expr)
    if statement.name in ctx.ports.outputs:
        ctx.say(
            names.DuplicateName,
            statement.name_span,
            f"there is an output `{statement.name}` already",
            related=(Label(ctx.ports.outputs[statement.name][1], "the first one"),),
            cure="rename one of them",
        )
        return
    node = as_node(ctx, value, None, expr.span)
    if node is None:
        scope.bind(statement.name, POISON, statement.name_span)
        return
    # An output of its own: a leaf or a value under another name is seen through a view.
    bound = bind_name(ctx, scope, statement.name, node, statement.name_span, expr)
    scope.used.add(statement.name)
    if not isinstance(bound, Node) or bound.is_leaf:
        with b.at(statement.span):
            bound = b.apply("reshape", node, shape=node.shape)
    ctx.ports.outputs[statement.name] = (bound, statement.name_span)


def targets_in_outputs(ports: Ports) -> list[Problem]:
    """Outputs that are computed from targets: when the model predicts, there are none."""
    leaves = {ports.leaves[name]: port for name, port in ports.inputs.items() if port.role == "target"}
    if not leaves:
        return []
    found: list[Problem] = []
    for name, (node, span) in ports.outputs.items():
        read = next((leaves[n] for n in topological([node]) if n in leaves), None)
        if read is not None:
            found.append(
                kinds.OutputOfTarget(
                    span,
                    message=f"the output `{name}` depends on the target `{read.name}`",
                    note="when the model predicts, there are no targets",
                    related=(Label(read.span, "this is what is to be found out"),),
                    cure="compute outputs from inputs; what is known beforehand is an `input`",
                )
            )
    return found


# --- metrics -----------------------------------------------------------------------------------------------


def metric_line(ctx: Context, scope: Scope, statement: ast.MetricLine) -> None:
    """`metric accuracy(topic, probability)` in whichever of the three exact forms its definition has."""
    if statement.name is not None and statement.name in ctx.metric_names:
        ctx.say(
            names.DuplicateName,
            statement.span,
            f"there is a metric `{statement.name}` already",
            cure="give each metric a name of its own",
        )
        return
    wished = statement.name or called_name(statement.value) or f"metric_{len(ctx.metrics) + 1}"
    name = free_name(wished, ctx.metric_names)
    expr = statement.value
    frame = ctx.metric = MetricFrame(name)
    call: tuple[Value, list[Given]] | None = None
    try:
        if isinstance(expr, ast.Call):  # its parts are kept: a metric of the whole set is called once more
            call = evaluate(ctx, scope, expr.function), arguments(ctx, scope, expr.arguments)
            value = called(ctx, expr, *call)
        else:
            value = evaluate(ctx, scope, expr)
    finally:
        ctx.metric = None
    node = as_node(ctx, value, None, expr.span)
    if node is None:
        return
    if frame.states and node.type.rank:
        ctx.say(
            shapes.NotANumber, statement.span, "a metric with states returns one number", note=f"this is {node.type}"
        )
        return
    with b.at(statement.span):
        if frame.states:
            states, updates = tuple(frame.states), as_updates(frame.updates)
            ctx.metrics.append(
                ir.Metric(name, "state", as_number(node), statement.span, states=states, updates=updates)
            )
        elif (mask := ctx.marks.mask(node)) is not None:
            ctx.metrics.append(masked_metric(name, as_number(node), mask, statement.span))
        elif node.type.rank or not any(n.op == "input" for n in topological([node])):
            ctx.metrics.append(ir.Metric(name, "mean", as_number(node), statement.span))
        else:
            whole = whole_set(ctx, statement, call, name)
            ctx.metrics += [whole] if whole is not None else []


def as_number(node: Node) -> Node:
    return node if node.dtype in FLOATS else b.cast(node, "f32")


def called(ctx: Context, expr: ast.Call, function: Value, given: list[Given]) -> Value:
    """The call carried out, unless a part of it is wrong."""
    if isinstance(function, Poison) or any(isinstance(g.value, Poison) for g in given):
        return POISON
    return invoke(ctx, function, given, expr.span, expr.function.span)


def whole_set(
    ctx: Context, statement: ast.MetricLine, call: tuple[Value, list[Given]] | None, name: str
) -> ir.Metric | None:
    """A metric that is one number of all its data: elaborated again over leaves that stand for its arguments."""
    expr, cure = statement.value, "define `metric name(y, p) { return … }` and write `metric name(target, output)`"
    if not isinstance(expr, ast.Call) or call is None:
        ctx.say(
            names.BadValue,
            expr.span,
            "this metric is one number of a whole data set and must be a plain call",
            cure=cure,
        )
        return None
    function, given = call
    kept: list[Node] = []
    swapped: list[Given] = []
    for g in given:
        if isinstance(g.value, Node) and g.value.op != "const":
            leaf = ir.Node("input", (), {"name": f"arg{len(kept)}"}, g.value.type, g.span, f"arg{len(kept)}")
            kept.append(g.value)
            swapped.append(Given(g.name, leaf, g.span))
        else:
            swapped.append(g)
    node = as_node(ctx, called(ctx, expr, function, swapped), None, expr.span)
    if node is None:
        return None
    if any(
        n.op in ("input", "param", "state") and not str(n.attrs["name"]).startswith("arg") for n in topological([node])
    ):
        ctx.say(
            names.BadValue,
            expr.span,
            "this metric is one number of a whole data set and reads more than its arguments",
            cure=cure,
        )
        return None
    return ir.Metric(name, "whole", as_number(node), statement.span, arguments=tuple(kept))
