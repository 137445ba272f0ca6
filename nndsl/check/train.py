"""The `train` section: settings, where data comes from, and the optimizer's update rule for every param."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from nndsl.check.calls import Given, apply, arguments, bind, bind_inputs, fill_config
from nndsl.check.context import Context, Registry, RuleFrame, Stop, as_updates
from nndsl.check.expressions import evaluate
from nndsl.check.model import outside_value
from nndsl.check.scope import Scope
from nndsl.check.statements import run_body
from nndsl.check.values import POISON, Builtin, Function, Instance, Poison, Value, describe
from nndsl.diagnostics import Problem, Span, did_you_mean
from nndsl.ir import graph as ir
from nndsl.ir.experiment import CallbackCall, Optimizer, SourceCall, TrainSpec, UpdateRule
from nndsl.ir.graph import Node, scalar_leaf
from nndsl.ops import build as b
from nndsl.problems import names
from nndsl.syntax import ast

SOURCES = ("npz", "csv", "digits", "iris", "wine", "breast_cancer", "diabetes", "ragged")
CALLBACKS = ("EarlyStopping", "ModelCheckpoint", "ReduceLROnPlateau", "CSVLogger", "TerminateOnNaN")
COMMON = ("weight_decay", "clipnorm", "clipvalue", "global_clipnorm")
KEYS = ("optimizer", "epochs", "batch_size", "shuffle", "seed", "data", "validation", "validation_split", "test", "callbacks")


@dataclass(eq=False)
class Settings:
    """What the section says, before it becomes a TrainSpec."""

    values: dict[str, Any] = field(default_factory=dict)
    spans: dict[str, Span] = field(default_factory=dict)


def elaborate_train(section: ast.Section | None, scope: Scope, model: ir.Model, overrides: Mapping[str, object],
                    problems: list[Problem]) -> TrainSpec | None:  # fmt: skip
    """The settings of a train section (or Keras' defaults without one) and the optimizer for `model`."""
    ctx = Context(True, Registry())
    inner = Scope(scope, dict(model.consts), role="train")  # type: ignore[arg-type]
    span = section.name_span if section is not None else model.span
    try:
        settings = read_settings(ctx, inner, section, overrides, span)
        optimizer = make_optimizer(ctx, inner, settings, model, span)
    except Stop:
        optimizer = None
    problems += ctx.problems
    if optimizer is None or any(p.severity == "error" for p in ctx.problems):
        return None
    known = {k: v for k, v in settings.values.items() if k != "optimizer"}
    return TrainSpec(model=model.name, span=section.span if section is not None else None, optimizer=optimizer, **known)


def read_settings(ctx: Context, scope: Scope, section: ast.Section | None, overrides: Mapping[str, object], span: Span) -> Settings:
    """Every key once, each checked; overrides replace what the file says."""
    out = Settings()
    for name in overrides:
        if name not in KEYS or name in ("optimizer", "data", "validation", "test", "callbacks"):
            settable = [k for k in KEYS if k not in ("optimizer", "data", "validation", "test", "callbacks")]
            ctx.report(names.UnknownSetting(None, message=f"there is no setting `train.{name}` that can be given from outside",
                                            cure=did_you_mean(name, settable) or f"these can: {', '.join(settable)}"))  # fmt: skip
    for statement in section.body if section is not None else ():
        if isinstance(statement, ast.PoisonStatement):
            continue
        if not isinstance(statement, ast.Setting):
            ctx.say(names.Misplaced, statement.span, "a `train` section holds settings", cure="write `name = value`")
            continue
        if statement.name not in KEYS:
            ctx.say(names.UnknownSetting, statement.name_span, f"there is no setting `{statement.name}`",
                    cure=did_you_mean(statement.name, KEYS) or f"the settings are {', '.join(KEYS)}")  # fmt: skip
            continue
        if statement.name in out.spans:
            ctx.say(names.DuplicateName, statement.name_span, f"`{statement.name}` is set twice", cure="remove one of the two lines")
            continue
        out.spans[statement.name] = statement.value.span
        if statement.name not in overrides:
            setting(ctx, scope, statement.name, statement.value, out)
    for name, value in overrides.items():
        if name in KEYS:
            plain(ctx, name, outside_value(value), out.spans.get(name, span), out)
    return out


def setting(ctx: Context, scope: Scope, name: str, expr: ast.Expr, out: Settings) -> None:
    """One line of the section."""
    if name in ("data", "validation", "test"):
        if name == "validation" and isinstance(expr, ast.Number):
            plain(ctx, "validation_split", expr.value, expr.span, out)
            return
        source = source_call(ctx, scope, expr)
        if source is not None:
            out.values[name] = source
    elif name == "callbacks":
        items = expr.items if isinstance(expr, ast.ListExpr) else (expr,)
        out.values[name] = tuple(c for c in (callback_call(ctx, scope, item) for item in items) if c is not None)
    elif name == "optimizer":
        out.values[name] = optimizer_call(ctx, scope, expr)
    else:
        plain(ctx, name, evaluate(ctx, scope, expr), expr.span, out)


RULES: dict[str, tuple[str, Any]] = {
    "epochs": ("a whole number of at least 1", lambda v: isinstance(v, int) and v >= 1),
    "batch_size": ("a whole number of at least 1", lambda v: isinstance(v, int) and v >= 1),
    "shuffle": ("true or false", lambda v: isinstance(v, bool)),
    "seed": ("a whole number of at least 0, or none", lambda v: v is None or (isinstance(v, int) and 0 <= v < 2**63)),
    "validation_split": ("a number from 0 to below 1", lambda v: isinstance(v, (int, float)) and 0 <= v < 1),
}


def plain(ctx: Context, name: str, value: Value, span: Span, out: Settings) -> None:
    """A setting that is a number or a truth value."""
    if isinstance(value, Poison) or name not in RULES:
        return
    needs, test = RULES[name]
    if (isinstance(value, bool) and name != "shuffle") or not test(value):
        ctx.say(names.WrongArgument, span, f"`{name}` is {needs}", note=f"this is {describe(value)}")
        return
    out.values[name] = value


# --- data and callbacks: calls kept as data, carried out when training starts ---------------------------------


def kept_call(ctx: Context, scope: Scope, expr: ast.Expr, known: tuple[str, ...], what: str, make: Any) -> Any:
    """A call of a known name with plain values as arguments, or None with a Problem."""
    name_expr = expr.function if isinstance(expr, ast.Call) else expr
    if not isinstance(name_expr, ast.Name):
        ctx.say(names.WrongArgument, expr.span, f"{what} is a call", cure=f"one of {', '.join(known)}")
        return None
    if name_expr.id not in known:
        ctx.say(names.UnknownName, name_expr.span, f"there is no {what} `{name_expr.id}`",
                cure=did_you_mean(name_expr.id, known) or f"there are {', '.join(known)}")  # fmt: skip
        return None
    args: list[object] = []
    kwargs: dict[str, object] = {}
    for argument in expr.arguments if isinstance(expr, ast.Call) else ():
        value: Any
        inner = argument.value
        if isinstance(inner, ast.Call) and isinstance(inner.function, ast.Name) and inner.function.id in SOURCES:
            value = source_call(ctx, scope, inner)
        else:
            value = evaluate(ctx, scope, inner)
        if value is None and not isinstance(inner, (ast.NoneValue, ast.Name)):
            return None
        if isinstance(value, Poison):
            return None
        if not _plain(value):
            ctx.say(names.WrongArgument, inner.span, f"{what} takes plain values", note=f"this is {describe(value)}")
            return None
        if argument.name is None:
            args.append(value)
        elif argument.name in kwargs:
            ctx.say(names.TooManyArguments, argument.span, f"`{argument.name}` is given twice")
        else:
            kwargs[argument.name] = value
    return make(name_expr.id, tuple(args), kwargs, expr.span)


def _plain(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return all(_plain(v) for v in value)
    return value is None or isinstance(value, (bool, int, float, str, SourceCall))


def source_call(ctx: Context, scope: Scope, expr: ast.Expr) -> SourceCall | None:
    return kept_call(ctx, scope, expr, SOURCES, "data source", SourceCall)  # type: ignore[no-any-return]


def callback_call(ctx: Context, scope: Scope, expr: ast.Expr) -> CallbackCall | None:
    return kept_call(ctx, scope, expr, CALLBACKS, "callback", CallbackCall)  # type: ignore[no-any-return]


# --- the optimizer ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Chosen:
    """The optimizer as named in the section: its definition, its own arguments, and the common options."""

    function: Function
    given: list[Given]
    common: dict[str, Given]
    span: Span


def optimizer_call(ctx: Context, scope: Scope, expr: ast.Expr) -> Chosen | None:
    """`RMSprop(learning_rate=0.001)` or `RMSprop`."""
    target = evaluate(ctx, scope, expr.function if isinstance(expr, ast.Call) else expr)
    given = arguments(ctx, scope, expr.arguments) if isinstance(expr, ast.Call) else []
    if isinstance(target, Poison) or any(isinstance(g.value, Poison) for g in given):
        return None
    if not isinstance(target, Function) or target.role != "optimizer":
        ctx.say(names.WrongArgument, expr.span, "`optimizer` is an optimizer", note=f"this is {describe(target)}",
                cure='for example `Adam(learning_rate=0.001)`, without quotes')  # fmt: skip
        return None
    own = {p.name for p in target.definition.config or ()}
    common = {g.name: g for g in given if g.name in COMMON and g.name not in own}
    rest = [g for g in given if g.name not in common]
    good = True
    for name, g in common.items():
        if g.value is not None and (isinstance(g.value, bool) or not isinstance(g.value, (int, float)) or g.value < 0):
            ctx.say(names.WrongArgument, g.span, f"`{name}` is a number of at least 0, or none", note=f"this is {describe(g.value)}")
            good = False
    return Chosen(target, rest, {k: v for k, v in common.items() if v.value is not None and k}, expr.span) if good else None  # type: ignore[misc]


def default_optimizer(scope: Scope, span: Span) -> Chosen | None:
    """RMSprop, as in Keras."""
    holder = scope.find("RMSprop")
    function = holder.get("RMSprop") if holder is not None else None
    return Chosen(function, [], {}, span) if isinstance(function, Function) else None


def make_optimizer(ctx: Context, scope: Scope, settings: Settings, model: ir.Model, span: Span) -> Optimizer | None:
    """Elaborate the update rule once per param."""
    chosen = settings.values.get("optimizer") if "optimizer" in settings.spans else default_optimizer(scope, span)
    if chosen is None:
        return None
    function, parameters = chosen.function, chosen.function.definition.config or ()
    config_scope = Scope(function.scope)
    bound = bind(ctx, function, parameters, chosen.given, chosen.span, config_scope)
    if bound is None:
        return None
    with ctx.applied_at(chosen.span):
        config = fill_config(ctx, function, parameters, bound, config_scope)
    if config is None:
        return None
    rate, schedule = learning_rate(ctx, config, chosen.span)
    if isinstance(rate, Poison):
        return None
    rules: list[UpdateRule] = []
    for spec in model.params:
        rule = update_rule(ctx, chosen, config, spec)
        if rule is None:
            return None
        rules.append(rule)
    clip = chosen.common.get("global_clipnorm")
    return Optimizer(function.name, tuple(rules), rate, schedule, float(clip.value) if clip is not None else None)  # type: ignore[arg-type]


def learning_rate(ctx: Context, config: dict[str, Value], span: Span) -> tuple[Any, Node | None]:
    """The learning rate becomes a number supplied at run time, or the graph of a schedule over `step`."""
    value = config.get("learning_rate")
    if value is None:
        return None, None
    if isinstance(value, (int, float)):
        config["learning_rate"] = scalar_leaf("learning_rate", "f32")
        return float(value), None
    if isinstance(value, Function) and value.takes_config:
        value = Instance(value, {}, span)
    if isinstance(value, (Function, Instance)):
        role = value.role if isinstance(value, Function) else value.function.role
        if role in ("schedule", "fn"):
            with b.at(span):
                before = b.sub(ctx.step, 1.0)
            node = apply(ctx, value, [Given(None, before, span)], span)
            if isinstance(node, (int, float)):
                node = ir.const(float(node), "f32")
            if isinstance(node, Node):
                config["learning_rate"] = node
                return None, node
            return POISON, None
    ctx.say(names.WrongArgument, span, "`learning_rate` is a number or a schedule", note=f"this is {describe(value)}")
    return POISON, None


def update_rule(ctx: Context, chosen: Chosen, config: dict[str, Value], spec: ir.ParamSpec) -> UpdateRule | None:
    """One param's rule: clip the gradient, decay the weight, then the optimizer's own body."""
    function, definition = chosen.function, chosen.function.definition
    gradient = Node("input", (), {"name": "gradient"}, spec.type.without_kind(), chosen.span, f"{spec.name}.gradient")
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
                ctx.say(names.MissingArgument, definition.name_span, "an optimizer is applied to a param and its gradient",
                        cure="write `optimizer Name(…)(p, g) { … }`")  # fmt: skip
                return None
            given = {inputs[0].name: Given(None, p, chosen.span), inputs[1].name: Given(None, g, chosen.span)}
            if isinstance(g, Poison) or not bind_inputs(ctx, function, inputs, given, scope):
                return None
            scope.states[inputs[0].name] = spec.leaf
            run_body(ctx, scope, definition.body)
    finally:
        ctx.rule = None
    if spec.leaf not in frame.updates:
        ctx.say(names.NoEffect, definition.name_span, f"`{function.name}` does not change `{inputs[0].name}`",
                cure=f"write `{inputs[0].name} := …`")  # fmt: skip
        return None
    renamed = tuple(replace(s) for s in frame.slots)
    return UpdateRule(spec, gradient, as_updates(frame.updates), renamed)


def clipped(ctx: Context, chosen: Chosen, gradient: Node) -> Value:
    """`clipnorm` and `clipvalue`, as in Keras."""
    g: Value = gradient
    for option, helper in (("clipnorm", "clip_by_norm"), ("clipvalue", "clip_by_value")):
        if option in chosen.common and isinstance(g, Node):
            holder = chosen.function.scope.find(helper)
            assert holder is not None
            limit = float(chosen.common[option].value)  # type: ignore[arg-type]
            g = apply(ctx, holder.get(helper), [Given(None, g, chosen.span), Given(None, limit, chosen.span)], chosen.span)  # type: ignore[arg-type]
    return g


def decayed(ctx: Context, chosen: Chosen, config: dict[str, Value], spec: ir.ParamSpec, frame: RuleFrame) -> Node:
    """`weight_decay`: p - learning_rate * weight_decay * p before the step, as in Keras."""
    decay = chosen.common.get("weight_decay")
    rate = config.get("learning_rate")
    if decay is None or not isinstance(rate, Node):
        return spec.leaf
    with b.at(chosen.span):
        p = b.sub(spec.leaf, b.mul(spec.leaf, b.mul(rate, float(decay.value))))  # type: ignore[arg-type]
    frame.updates[spec.leaf] = p
    return p


_ = Builtin
