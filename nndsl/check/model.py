"""A `model` definition becomes an ir Model: elaborated once for training and once for inference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from nndsl.check.calls import Given, arguments, fill_config, invoke
from nndsl.check.context import Context, MetricFrame, Registry, Stop, as_updates
from nndsl.check.expressions import as_node, evaluate
from nndsl.check.scope import Scope
from nndsl.check.sizes import declared_type
from nndsl.check.statements import bind, called_name, foresee, run
from nndsl.check.values import POISON, Function, Instance, Node, Poison, Value
from nndsl.diagnostics import Label, Problem, Span, did_you_mean
from nndsl.ir import graph as ir
from nndsl.ir.types import FLOATS
from nndsl.ops import build as b
from nndsl.problems import lints, names, shapes
from nndsl.syntax import ast


@dataclass(eq=False)
class Ports:
    """Inputs, targets and outputs in order of declaration; input leaves are shared by both elaborations."""

    inputs: dict[str, ir.Port] = field(default_factory=dict)
    leaves: dict[str, Node] = field(default_factory=dict)
    outputs: dict[str, tuple[Node, Span]] = field(default_factory=dict)


def elaborate_model(function: Function, consts: Mapping[str, object], problems: list[Problem]) -> ir.Model | None:
    """The checked model, or None; everything found wrong is added to `problems`."""
    registry, leaves = Registry(), dict[str, Node]()
    contexts: list[tuple[Context, Ports, Scope]] = []
    for training in (True, False):
        ctx = Context(training, registry)
        ports = Ports(leaves=leaves)
        scope = Scope(function.scope, role="model")
        try:
            if bind_consts(ctx, function, consts, scope):
                run_model(ctx, scope, function.definition.body, ports)
        except Stop:
            problems += ctx.problems
            return None
        problems += ctx.problems
        contexts.append((ctx, ports, scope))
        if ctx.problems and training:
            break
    (ctx, ports, scope), *more = contexts
    if any(p.severity == "error" for p in problems) or not more:
        return None
    inference, inference_ports, _ = more[0]
    if not ports.outputs and not ctx.losses:
        problems.append(names.NothingToCompute(function.definition.name_span, note="it has no output", cure="add `output y = …`"))
        return None
    used = scope.used | more[0][2].used
    problems += unused(scope, used, ports)
    const_values = {p.name: scope.names[p.name] for p in function.definition.config or ()}
    return ir.Model(
        name=function.name,
        doc=function.definition.doc,
        consts=const_values,
        inputs=tuple(p for p in ports.inputs.values() if p.role == "input"),
        targets=tuple(p for p in ports.inputs.values() if p.role == "target"),
        params=tuple(registry.params.values()),
        states=tuple(registry.states.values()),
        training=forward(ctx, ports),
        inference=forward(inference, inference_ports),
        layers=tuple(inference.layers),
        span=function.definition.name_span,
        constraints=tuple(dict.fromkeys([*ctx.constraints, *inference.constraints])),
        leaves=leaves,
    )


def forward(ctx: Context, ports: Ports) -> ir.Forward:
    outputs = tuple((name, node) for name, (node, _) in ports.outputs.items())
    return ir.Forward(outputs, tuple(ctx.losses), tuple(ctx.metrics), as_updates(ctx.updates))


def bind_consts(ctx: Context, function: Function, consts: Mapping[str, object], scope: Scope) -> bool:
    """The model's consts: those set from outside, the rest by default."""
    parameters = function.definition.config or ()
    span = function.definition.name_span
    known = [p.name for p in parameters]
    bound: dict[str, Given] = {}
    good = True
    for name, value in consts.items():
        if name not in known:
            cure = did_you_mean(name, known) or (f"its consts are {', '.join(known)}" if known else "it has no consts")
            ctx.report(names.UnknownConst(span, message=f"the model `{function.name}` has no const `{name}`", cure=cure))
            good = False
        else:
            bound[name] = Given(name, outside_value(value), next(p for p in parameters if p.name == name).span)
    for parameter in parameters:
        if parameter.name not in bound and parameter.default is None:
            ctx.report(names.MissingArgument(parameter.span, note="this const has no default",
                                             cure=f"set it: `--set {parameter.name}=…`, or give it a default here"))  # fmt: skip
            good = False
    return good and fill_config(ctx, function, parameters, bound, scope) is not None


def outside_value(value: object) -> Value:
    """A const given in Python or on the command line, as a compile-time value."""
    if isinstance(value, (bool, int, float, str)) or value is None:
        return value
    if isinstance(value, (list, tuple)):
        return [outside_value(v) for v in value]
    if hasattr(value, "item"):
        return outside_value(value.item())
    return str(value)


def run_model(ctx: Context, scope: Scope, body: ast.Block, ports: Ports) -> None:
    """The statements of a model; inputs, outputs and metrics are handled here, the rest as in any body."""
    foresee(scope, body)
    for statement in body:
        match statement:
            case ast.InputDecl():
                declare_input(ctx, scope, statement, ports)
            case ast.OutputDecl():
                declare_output(ctx, scope, statement, ports)
            case ast.MetricLine():
                metric_line(ctx, scope, statement)
            case _:
                run(ctx, scope, statement)


def declare_input(ctx: Context, scope: Scope, statement: ast.InputDecl, ports: Ports) -> None:
    """`input words: f32[batch, vocabulary]`."""
    declared = declared_type(ctx, scope, statement.type, free=True)
    if statement.name in ports.inputs:
        ctx.say(names.DuplicateName, statement.name_span, f"there is an input `{statement.name}` already",
                related=(Label(ports.inputs[statement.name].span, "declared here"),), cure="rename one of them")  # fmt: skip
        return
    if declared is None:
        scope.bind(statement.name, POISON, statement.name_span)
        return
    if not declared.shape:
        ctx.say(shapes.BadDim, statement.type.span, "an input has at least the batch axis", cure=f"write `{statement.type.dtype}[batch]`")
    leaf = ports.leaves.get(statement.name)
    if leaf is None:
        leaf = ir.Node("input", (), {"name": statement.name}, declared, statement.span, statement.name)
        ports.leaves[statement.name] = leaf
    ports.inputs[statement.name] = ir.Port(statement.role, statement.name, declared, statement.span, statement.doc)
    scope.bind(statement.name, leaf, statement.name_span)


def declare_output(ctx: Context, scope: Scope, statement: ast.OutputDecl, ports: Ports) -> None:
    """`output probability = softmax(logits)`; the name is bound too."""
    expr = statement.value or ast.Name(statement.name, span=statement.name_span)
    value = evaluate(ctx, scope, expr)
    if statement.name in ports.outputs:
        ctx.say(names.DuplicateName, statement.name_span, f"there is an output `{statement.name}` already",
                related=(Label(ports.outputs[statement.name][1], "the first one"),), cure="rename one of them")  # fmt: skip
        return
    node = as_node(ctx, value, None, expr.span)
    if node is None:
        scope.bind(statement.name, POISON, statement.name_span)
        return
    bind(ctx, scope, statement.name, node, statement.name_span, expr)
    bound = scope.get(statement.name)
    assert isinstance(bound, Node)
    if bound.is_leaf:
        bound = b.apply("reshape", bound, shape=bound.shape)
    ports.outputs[statement.name] = (bound, statement.name_span)


# --- metrics -----------------------------------------------------------------------------------------------


def metric_line(ctx: Context, scope: Scope, statement: ast.MetricLine) -> None:
    """`metric accuracy(topic, probability)` in whichever of the three exact forms its definition has."""
    name = statement.name or called_name(statement.value) or f"metric_{len(ctx.metrics) + 1}"
    taken = {m.name for m in ctx.metrics}
    if statement.name is not None and name in taken:
        ctx.say(names.DuplicateName, statement.span, f"there is a metric `{name}` already", cure="give each metric a name of its own")
        return
    if name in taken:
        name = next(f"{name}_{i}" for i in range(2, len(taken) + 3) if f"{name}_{i}" not in taken)
    ctx.metric = MetricFrame(name)
    try:
        value = evaluate(ctx, scope, statement.value)
    finally:
        frame, ctx.metric = ctx.metric, None
    node = as_node(ctx, value, None, statement.value.span)
    if node is None:
        return
    span = statement.span
    with b.at(span):
        if frame.states:
            if node.type.rank:
                ctx.say(shapes.NotANumber, span, "a metric with states returns one number", note=f"this is {node.type}")
                return
            made = ir.Metric(name, "state", as_number(node), span, states=tuple(frame.states), updates=as_updates(frame.updates))
        elif node.type.rank:
            made = ir.Metric(name, "mean", as_number(node), span)
        else:
            whole = whole_set(ctx, scope, statement, name)
            if whole is None:
                return
            made = whole
    ctx.metrics.append(made)


def as_number(node: Node) -> Node:
    return node if node.dtype in FLOATS else b.cast(node, "f32")


def whole_set(ctx: Context, scope: Scope, statement: ast.MetricLine, name: str) -> ir.Metric | None:
    """A metric that is one number of all its data: elaborated again over leaves that stand for its arguments."""
    expr = statement.value
    if not isinstance(expr, ast.Call):
        ctx.say(names.BadValue, expr.span, "this metric is one number of a whole data set and must be a plain call",
                cure="define `metric name(y, p) { return … }` and write `metric name(target, output)`")  # fmt: skip
        return None
    function = evaluate(ctx, scope, expr.function)
    given = arguments(ctx, scope, expr.arguments)
    kept: list[Node] = []
    swapped: list[Given] = []
    for g in given:
        if isinstance(g.value, Node) and not g.value.op == "const":
            leaf = ir.Node("input", (), {"name": f"arg{len(kept)}"}, g.value.type, g.span, f"arg{len(kept)}")
            kept.append(g.value)
            swapped.append(Given(g.name, leaf, g.span))
        else:
            swapped.append(g)
    value = invoke(ctx, function, swapped, expr.span, expr.function.span)
    node = as_node(ctx, value, None, expr.span)
    return None if node is None else ir.Metric(name, "whole", as_number(node), statement.span, arguments=tuple(kept))


# --- lints -------------------------------------------------------------------------------------------------


def unused(scope: Scope, used: set[str], ports: Ports) -> list[Problem]:
    """Inputs and named values that nothing reads."""
    found: list[Problem] = []
    for name, span in scope.spans.items():
        value = scope.names[name]
        if name in used or name in ports.outputs or isinstance(value, Poison) or name.startswith("_"):
            continue
        if name in ports.inputs:
            found.append(lints.UnusedInput(span, note=f"nothing reads this {ports.inputs[name].role}"))
        elif isinstance(value, (Node, Instance)):
            found.append(lints.UnusedValue(span, note="nothing reads this value"))
    return found
