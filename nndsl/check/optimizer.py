"""The optimizer of a train section: its arguments, its learning rate, and its update rule for every type of param."""

from __future__ import annotations

from dataclasses import dataclass

from nndsl.check.applying import apply, bind_inputs, build
from nndsl.check.binding import Given, arguments, bind, fill_config
from nndsl.check.context import Context, RuleFrame, as_updates
from nndsl.check.expressions import evaluate
from nndsl.check.library import is_library
from nndsl.check.scope import Scope
from nndsl.check.statements import run_body
from nndsl.check.turns import OPTIONS, Part, minimized, named_parts, trained
from nndsl.check.values import POISON, Function, Instance, Poison, Value, describe
from nndsl.diagnostics import Fix, InternalError, Problem, Span
from nndsl.ir import graph as ir
from nndsl.ir.experiment import Optimizer, Turn, UpdateRule, gradient_of
from nndsl.ir.graph import Node, scalar_leaf
from nndsl.ir.types import FLOATS, TensorType
from nndsl.ops import build as b
from nndsl.problems import lints, names
from nndsl.syntax import ast

COMMON = ("weight_decay", "clipnorm", "clipvalue", "global_clipnorm")


@dataclass(frozen=True)
class Chosen:
    """An optimizer as named in the section: its definition, its own config, the common options, and what it is for."""

    function: Function
    config: dict[str, Value]
    common: dict[str, float]
    span: Span
    rate_span: Span
    trains: tuple[Part, ...] | None = None
    losses: tuple[Part, ...] | None = None


def optimizer_calls(ctx: Context, scope: Scope, expr: ast.Expr) -> tuple[Chosen, ...] | None:
    """An optimizer, or a list of those that take turns; None after a Problem."""
    if not isinstance(expr, ast.ListExpr):
        chosen = optimizer_call(ctx, scope, expr)
        return None if chosen is None else (chosen,)
    if not expr.items:
        ctx.say(names.WrongArgument, expr.span, "`optimizer` is an optimizer, or a list of some that take turns",
                note="this list is empty", cure="for example: `Adam(learning_rate=0.001)`")  # fmt: skip
        return None
    found = [optimizer_call(ctx, scope, item) for item in expr.items]
    good = tuple(chosen for chosen in found if chosen is not None)
    return good if len(good) == len(found) else None


def optimizer_call(ctx: Context, scope: Scope, expr: ast.Expr) -> Chosen | None:
    """`RMSprop(learning_rate=0.001)` or `RMSprop`."""
    target = evaluate(ctx, scope, expr.function if isinstance(expr, ast.Call) else expr)
    own = {p.name for p in target.definition.config or ()} if isinstance(target, Function) else set()
    written = expr.arguments if isinstance(expr, ast.Call) else ()
    options = [a for a in written if a.name in OPTIONS and a.name not in own]
    given = arguments(ctx, scope, tuple(a for a in written if a not in options))
    if isinstance(target, Poison) or any(isinstance(g.value, Poison) for g in given):
        return None
    if not isinstance(target, Function) or target.role != "optimizer":
        cure: str | None = "for example: `Adam(learning_rate=0.001)`"
        mends: tuple[Fix, ...] = ()
        if isinstance(target, str):
            from nndsl.check.quotes import optimizer_in_quotes  # sections without faults do not ask for it

            cure, mends = optimizer_in_quotes(target, expr.span)
        ctx.say(
            names.WrongArgument,
            expr.span,
            "`optimizer` needs an optimizer",
            note=f"this is {describe(target)}",
            cure=cure,
            mends=mends,
        )
        return None
    parts = {str(a.name): named_parts(ctx, a) for a in options}
    common: dict[str, float] = {}
    rest: list[Given] = []
    good = None not in parts.values()
    for g in given:
        if g.name is None or g.name not in COMMON or g.name in own:
            rest.append(g)
        elif isinstance(g.value, int | float) and not isinstance(g.value, bool) and g.value >= 0:
            common[g.name] = float(g.value)
        elif g.value is not None:
            ctx.say(
                names.WrongArgument,
                g.span,
                f"`{g.name}` is a number of at least 0, or none",
                note=f"this is {describe(g.value)}",
            )
            good = False
    # The arguments are checked here as well: where the model is wrong, no rule is made of them.
    config = Scope(target.scope)
    bound = bind(ctx, target, target.definition.config or (), rest, expr.span)
    if bound is None or not good:
        return None
    with ctx.applied_at(expr.span):
        filled = fill_config(ctx, target, target.definition.config or (), bound, config)
    if filled is None or not rate_is_good(ctx, filled.get("learning_rate"), bound, expr.span):
        return None
    place = bound["learning_rate"].span if "learning_rate" in bound else expr.span
    return Chosen(target, filled, common, expr.span, place, parts.get("trains"), parts.get("loss"))


def rate_is_good(ctx: Context, value: Value, bound: dict[str, Given], span: Span) -> bool:
    """Whether a learning rate that is a number is one to go forward with."""
    if not isinstance(value, int | float) or value >= 0:
        return True
    place = bound["learning_rate"].span if "learning_rate" in bound else span
    ctx.say(
        names.WrongArgument,
        place,
        "`learning_rate` is at least 0",
        note=f"this is {describe(value)}",
        cure=f"write {-value}",
    )
    return False


HIGHEST = {"SGD": 1.0, "Adam": 0.1, "AdamW": 0.1, "Adamax": 0.1, "Nadam": 0.1, "RMSprop": 0.1, "Lion": 0.01}
"""The learning rates of the library's optimizers above which hardly anything trains."""


def high_rate(chosen: tuple[Chosen, ...] | None) -> list[Problem]:
    """A warning about each constant learning rate that is very high."""
    found: list[Problem] = []
    for one in chosen or ():
        name, rate = one.function.name, one.config.get("learning_rate")
        highest = HIGHEST.get(name) if is_library(one.function.definition.span) else None
        if highest is None or not isinstance(rate, int | float) or rate <= highest:
            continue
        message = f"a learning rate of {rate:g} is very high for {name}"
        note = f"above {highest:g} training seldom goes well"
        cure = f"start with the default, `{name}()`, and change it by factors of 3"
        found.append(lints.HighRate(one.rate_span, message=message, note=note, cure=cure))
    return found


def from_library(scope: Scope, name: str) -> Function:
    """A definition of the library, whatever the file calls by that name."""
    outermost = scope
    while outermost.parent is not None:
        outermost = outermost.parent
    value = outermost.get(name)
    if not isinstance(value, Function):
        raise InternalError(f"the library has no {name}")
    return value


def make_optimizer(
    ctx: Context, scope: Scope, chosen: tuple[Chosen, ...] | None, model: ir.Model, span: Span
) -> Optimizer | None:
    """A turn for each optimizer named. Without a choice it is RMSprop, as in Keras."""
    if chosen is None:
        function = from_library(scope, "RMSprop")
        config = fill_config(ctx, function, function.definition.config or (), {}, Scope(function.scope))
        chosen = (Chosen(function, config or {}, {}, span, span),)
    turns: list[Turn] = []
    moved: set[str] = set()
    first: float | None = None
    for number, one in enumerate(chosen, 1):
        turn = _turn(ctx, one, model, first, f".{number}", moved)
        if turn is None:
            continue
        turns.append(turn)
        moved |= {param.name for param, _ in turn.drafts}
        first = turn.learning_rate if first is None else first
    return Optimizer(tuple(turns)) if len(turns) == len(chosen) else None


def _turn(
    ctx: Context, chosen: Chosen, model: ir.Model, first: float | None, mark: str, moved: set[str]
) -> Turn | None:
    """Elaborate the update rule once per type of param. `first` is the number that the learning rates of a step are in
    proportion to, `moved` what earlier turns train."""
    params = trained(ctx, chosen.trains, model)
    losses = minimized(ctx, chosen.losses, model.training)
    config = dict(chosen.config)
    rate, schedule = learning_rate(ctx, config, chosen.span, first)
    if params is None or losses is None or isinstance(rate, Poison):
        return None
    drafts: list[tuple[ir.ParamSpec, UpdateRule]] = []
    known: dict[TensorType, UpdateRule] = {}
    for spec in params:
        streams, rule = ctx.streams, known.get(spec.type)
        if rule is None:
            rule = update_rule(ctx, chosen, config, spec)
        if rule is None:
            return None
        drafts.append((spec, rule))
        if ctx.streams == streams:  # a rule that draws random numbers draws others for each param
            known[spec.type] = rule
    again = any(spec.name in moved for spec in params)
    clip = chosen.common.get("global_clipnorm")
    return Turn(chosen.function.name, tuple(drafts), rate, schedule, clip, losses, mark if again else "")


def learning_rate(
    ctx: Context, config: dict[str, Value], span: Span, first: float | None = None
) -> tuple[float | Poison | None, Node | None]:
    """The learning rate becomes a number supplied at run time, or the graph of a schedule over `step`.

    Where `first` is what the runtime supplies, another number is a multiple of that.
    """
    value = config.get("learning_rate")
    if value is None:
        return None, None
    if isinstance(value, int | float):
        config["learning_rate"] = _in_proportion(scalar_leaf("learning_rate", "f32"), float(value), first)
        return float(value), None
    if isinstance(value, Function) and value.takes_config:
        value = build(ctx, value, [], span)
    if isinstance(value, Poison):
        return POISON, None
    if isinstance(value, Function | Instance):
        role = value.role if isinstance(value, Function) else value.function.role
        if role in ("schedule", "fn"):
            with b.at(span):
                before = b.sub(ctx.step, 1.0)
            node = apply(ctx, value, [Given(None, before, span)], span)
            if isinstance(node, int | float):
                node = ir.const(float(node), "f32")
            if isinstance(node, Poison):
                return POISON, None
            if isinstance(node, Node) and not node.type.rank and node.dtype in FLOATS:
                config["learning_rate"] = node
                return None, node
            ctx.say(
                names.WrongArgument,
                span,
                "a schedule gives one number for each step",
                note=f"this gives {describe(node)}",
            )
            return POISON, None
    ctx.say(names.WrongArgument, span, "`learning_rate` is a number or a schedule", note=f"this is {describe(value)}")
    return POISON, None


def _in_proportion(supplied: Node, rate: float, first: float | None) -> Node:
    """A rate that goes with the one that is supplied; by itself where that one starts from 0."""
    if first is None or rate == first:
        return supplied
    return b.mul(supplied, rate / first) if first else ir.const(rate, "f32")


def update_rule(ctx: Context, chosen: Chosen, config: dict[str, Value], spec: ir.ParamSpec) -> UpdateRule | None:
    """One param's rule: clip the gradient, decay the weight, then the optimizer's own body."""
    function, definition = chosen.function, chosen.function.definition
    gradient = gradient_of(spec, chosen.span)
    scope = Scope(function.scope, dict(config), role="optimizer")
    scope.bind("step", ctx.step)
    frame = RuleFrame(spec)
    ctx.rule = frame
    try:
        with ctx.applied_at(chosen.span):
            g: Value = clipped(ctx, chosen, gradient)
            p: Node = decayed(ctx, chosen, config, spec, frame)
            inputs = definition.inputs or ()
            if len(inputs) != 2:
                ctx.say(
                    names.MissingArgument,
                    definition.name_span,
                    "an optimizer is applied to a param and its gradient",
                    cure="write `optimizer Name(…)(p, g) { … }`",
                )
                return None
            given = {inputs[0].name: Given(None, p, chosen.span), inputs[1].name: Given(None, g, chosen.span)}
            if isinstance(g, Poison) or not bind_inputs(ctx, function, inputs, given, scope):
                return None
            scope.states[inputs[0].name] = spec.leaf
            if isinstance(run_body(ctx, scope, definition.body), Poison):
                return None
    finally:
        ctx.rule = None
    if spec.leaf not in frame.updates:
        ctx.say(
            names.NoEffect,
            definition.name_span,
            f"`{function.name}` does not change `{inputs[0].name}`",
            cure=f"write `{inputs[0].name} := …`",
        )
        return None
    return UpdateRule(spec, gradient, as_updates(frame.updates), tuple(frame.slots))


def clipped(ctx: Context, chosen: Chosen, gradient: Node) -> Value:
    """`clipnorm` and `clipvalue`, as in Keras."""
    g: Value = gradient
    for option, helper in (("clipnorm", "clip_by_norm"), ("clipvalue", "clip_by_value")):
        if option in chosen.common and isinstance(g, Node):
            limit = Given(None, chosen.common[option], chosen.span)
            g = apply(
                ctx, from_library(chosen.function.scope, helper), [Given(None, g, chosen.span), limit], chosen.span
            )
    return g


def decayed(ctx: Context, chosen: Chosen, config: dict[str, Value], spec: ir.ParamSpec, frame: RuleFrame) -> Node:
    """`weight_decay`: p - learning_rate * weight_decay * p before the step, as in Keras."""
    decay = chosen.common.get("weight_decay")
    rate = config.get("learning_rate")
    if decay is None or not isinstance(rate, Node):
        return spec.leaf
    with b.at(chosen.span):
        p = b.sub(spec.leaf, b.mul(spec.leaf, b.mul(rate, decay)))
    frame.updates[spec.leaf] = p
    return p
