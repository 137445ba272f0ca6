"""The `train` section: settings, where data comes from, and the optimizer's update rule for every param."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from nndsl.check.context import Context, Registry, Stop
from nndsl.check.expressions import evaluate
from nndsl.check.model import Elaborated, plain_value
from nndsl.check.optimizer import make_optimizer, optimizer_call
from nndsl.check.scope import Scope
from nndsl.check.values import Poison, Value, describe
from nndsl.diagnostics import Label, Problem, Span, did_you_mean
from nndsl.ir.experiment import CallbackCall, SourceCall, TrainSpec
from nndsl.problems import names
from nndsl.syntax import ast

SOURCES = ("npz", "csv", "digits", "iris", "wine", "breast_cancer", "diabetes", "ragged")
CALLBACKS = ("EarlyStopping", "ModelCheckpoint", "ReduceLROnPlateau", "CSVLogger", "TerminateOnNaN")
KEYS = (
    "optimizer",
    "epochs",
    "batch_size",
    "shuffle",
    "seed",
    "data",
    "validation",
    "validation_split",
    "test",
    "callbacks",
)


@dataclass(eq=False)
class Settings:
    """What the section says, before it becomes a TrainSpec."""

    values: dict[str, Any] = field(default_factory=dict)
    spans: dict[str, Span] = field(default_factory=dict)


def elaborate_train(
    section: ast.Section | None,
    scope: Scope,
    made: Elaborated,
    overrides: Mapping[str, object],
    span: Span,
    problems: list[Problem],
) -> TrainSpec | None:
    """The settings of a train section (or Keras' defaults without one) and the optimizer for the model.

    The settings are checked even where the model is wrong; there is no TrainSpec then. `span` is the model's name.
    """
    ctx = Context(True, Registry())
    inner = Scope(scope, dict(made.consts), role="train")
    place = section.name_span if section is not None else span
    optimizer = None
    try:
        settings = read_settings(ctx, inner, section, overrides, place)
        if made.model is not None and (
            settings.values.get("optimizer") is not None or "optimizer" not in settings.spans
        ):
            optimizer = make_optimizer(ctx, inner, settings.values.get("optimizer"), made.model, place)
    except Stop:
        optimizer = None
    problems += ctx.problems
    if optimizer is None or made.model is None or ctx.problems:
        return None
    known = {k: v for k, v in settings.values.items() if k != "optimizer"}
    return TrainSpec(
        model=made.model.name, span=section.span if section is not None else None, optimizer=optimizer, **known
    )


def read_settings(
    ctx: Context, scope: Scope, section: ast.Section | None, overrides: Mapping[str, object], span: Span
) -> Settings:
    """Every key once, each checked; overrides replace what the file says."""
    out = Settings()
    for name in overrides:
        if name not in KEYS or name in ("optimizer", "data", "validation", "test", "callbacks"):
            settable = [k for k in KEYS if k not in ("optimizer", "data", "validation", "test", "callbacks")]
            ctx.report(
                names.UnknownSetting(
                    None,
                    message=f"there is no setting `train.{name}` that can be given from outside",
                    cure=did_you_mean(name, settable) or f"these can: {', '.join(settable)}",
                )
            )
    for statement in section.body if section is not None else ():
        if isinstance(statement, ast.PoisonStatement):
            continue
        if not isinstance(statement, ast.Setting):
            ctx.say(names.Misplaced, statement.span, "a `train` section holds settings", cure="write `name = value`")
            continue
        if statement.name not in KEYS:
            ctx.say(
                names.UnknownSetting,
                statement.name_span,
                f"there is no setting `{statement.name}`",
                cure=did_you_mean(statement.name, KEYS) or f"the settings are {', '.join(KEYS)}",
            )
            continue
        if statement.name in out.spans:
            ctx.say(
                names.DuplicateName,
                statement.name_span,
                f"`{statement.name}` is set twice",
                cure="remove one of the two lines",
                related=(Label(out.spans[statement.name], "the first time here"),),
            )
            continue
        out.spans[statement.name] = statement.value.span
        if statement.name not in overrides:
            setting(ctx, scope, statement.name, statement.value, out)
    for name, value in overrides.items():
        if name in KEYS:
            plain(ctx, name, plain_value(value), out.spans.get(name, span), out)
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
    if name not in RULES or (isinstance(value, Poison) and ctx.problems):
        return
    needs, test = RULES[name]
    if (isinstance(value, bool) and name != "shuffle") or isinstance(value, Poison) or not test(value):
        ctx.say(names.WrongArgument, span, f"`{name}` is {needs}", note=f"this is {describe(value)}")
        return
    out.values[name] = value


# --- data and callbacks: calls kept as data, carried out when training starts ---------------------------------


Kept = TypeVar("Kept", SourceCall, CallbackCall)


def kept_call(ctx: Context, scope: Scope, expr: ast.Expr, known: tuple[str, ...], make: type[Kept]) -> Kept | None:
    """A call of a known name with plain values as arguments, or None with a Problem."""
    what = "data source" if make is SourceCall else "callback"
    if isinstance(expr, ast.Poison):
        return None
    name_expr = expr.function if isinstance(expr, ast.Call) else expr
    if not isinstance(name_expr, ast.Name):
        example = 'npz("file.npz", …)' if make is SourceCall else "EarlyStopping(patience=3)"
        ctx.say(
            names.WrongArgument,
            expr.span,
            f"a {what} is a call such as `{example}`",
            cure=f"there are {', '.join(known)}",
        )
        return None
    if name_expr.id not in known:
        ctx.say(
            names.UnknownName,
            name_expr.span,
            f"there is no {what} `{name_expr.id}`",
            cure=did_you_mean(name_expr.id, known) or f"there are {', '.join(known)}",
        )
        return None
    args: list[object] = []
    kwargs: dict[str, object] = {}
    for argument in expr.arguments if isinstance(expr, ast.Call) else ():
        value: Any
        inner = argument.value
        if isinstance(inner, ast.Call) and isinstance(inner.function, ast.Name) and inner.function.id in SOURCES:
            value = source_call(ctx, scope, inner)
            if value is None:
                return None
        else:
            value = evaluate(ctx, scope, inner)
        if isinstance(value, Poison):
            return None
        if not _plain(value):
            ctx.say(
                names.WrongArgument,
                inner.span,
                f"a {what} takes numbers, texts and lists",
                note=f"this is {describe(value)}",
            )
            return None
        if argument.name is None:
            args.append(value)
        elif argument.name in kwargs:
            ctx.say(names.TooManyArguments, argument.span, f"`{argument.name}` is given twice")
        else:
            kwargs[argument.name] = value
    return make(name_expr.id, tuple(args), kwargs, expr.span)


def _plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(_plain(v) for v in value)
    return value is None or isinstance(value, bool | int | float | str | SourceCall)


def source_call(ctx: Context, scope: Scope, expr: ast.Expr) -> SourceCall | None:
    return kept_call(ctx, scope, expr, SOURCES, SourceCall)


def callback_call(ctx: Context, scope: Scope, expr: ast.Expr) -> CallbackCall | None:
    return kept_call(ctx, scope, expr, CALLBACKS, CallbackCall)
