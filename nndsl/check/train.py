"""The `train` section: settings, where data comes from, and the optimizer's update rule for every type of param."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nndsl.check.context import Context, Registry, Stop
from nndsl.check.data import read_data
from nndsl.check.expressions import evaluate
from nndsl.check.feeding import feeding_problems
from nndsl.check.model import Elaborated, plain_value
from nndsl.check.optimizer import high_rate, make_optimizer, optimizer_calls
from nndsl.check.scope import Scope, file_of
from nndsl.check.sections import SOURCES, callback_call, plain, settings_in, source_call
from nndsl.diagnostics import Label, Problem, Span, did_you_mean
from nndsl.ir.experiment import TrainSpec
from nndsl.problems import names
from nndsl.syntax import ast

if TYPE_CHECKING:
    from nndsl.check.notes import Notes

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
    """What the section says, before it becomes a TrainSpec. `data` is the data section that it names."""

    values: dict[str, Any] = field(default_factory=dict)
    spans: dict[str, Span] = field(default_factory=dict)
    data: ast.Section | None = None


def elaborate_train(
    section: ast.Section | None,
    scope: Scope,
    made: Elaborated,
    overrides: Mapping[str, object],
    span: Span,
    problems: list[Problem],
    notes: Notes | None = None,
) -> TrainSpec | None:
    """The settings of a train section (or Keras' defaults without one) and the optimizer for the model.

    The settings are checked even where the model is wrong; there is no TrainSpec then. `span` is the model's name.
    """
    ctx = Context(True, Registry(), notes=notes)
    inner = Scope(scope, dict(made.consts), role="train")
    place = section.name_span if section is not None else span
    optimizer = None
    try:
        settings = read_settings(ctx, inner, section, overrides, place)
        add_data(ctx, inner, section.name if section is not None else span.text, settings)
        if made.model is not None and (
            settings.values.get("optimizer") is not None or "optimizer" not in settings.spans
        ):
            optimizer = make_optimizer(ctx, inner, settings.values.get("optimizer"), made.model, place)
    except Stop:
        optimizer = None
    problems += ctx.problems
    if not ctx.problems:
        problems += high_rate(settings.values.get("optimizer"))
    if made.model is not None and (settings.values or section is not None):
        problems += feeding_problems(made.model, settings.values, section is not None)
    if optimizer is None or made.model is None or ctx.problems:
        return None
    known = {k: v for k, v in settings.values.items() if k != "optimizer"}
    return TrainSpec(made.model.name, section.span if section is not None else None, optimizer, **known)


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
    for statement in settings_in(ctx, section, KEYS) if section is not None else ():
        out.spans[statement.name] = statement.value.span
        if statement.name not in overrides:
            setting(ctx, scope, statement.name, statement.value, out)
    for name, value in overrides.items():
        if name in KEYS:
            out.values |= plain(ctx, name, plain_value(value), out.spans.get(name, span))
    return out


def add_data(ctx: Context, scope: Scope, model: str, out: Settings) -> None:
    """What the data section says, the one named in the train section or the model's own. The train section stands
    above it, setting by setting, but may not say once more what to train on."""
    file = file_of(scope)
    own = file.data.get(model) if file is not None else None
    section = out.data or own
    if section is None:
        return
    found = read_data(ctx, scope, section)
    if section is own and "data" in found and "data" in out.values:
        ctx.say(
            names.DuplicateName,
            out.spans["data"],
            f"what `{model}` trains on is said twice",
            related=(Label(section.name_span, "this section has `train`"),),
            cure="remove this line, or that one",
        )
    if "validation" in out.spans or "validation_split" in {*out.spans, *out.values}:
        found = {name: value for name, value in found.items() if not name.startswith("validation")}
    out.values = found | out.values


def setting(ctx: Context, scope: Scope, name: str, expr: ast.Expr, out: Settings) -> None:
    """One line of the section."""
    if name in ("data", "validation", "test"):
        if name == "validation" and isinstance(expr, ast.Number):
            out.values |= plain(ctx, "validation_split", expr.value, expr.span, name)
            return
        if name == "data" and isinstance(expr, ast.Name) and named_data(ctx, scope, expr, out):
            return
        source = source_call(ctx, scope, expr)
        if source is not None:
            out.values[name] = source
    elif name == "callbacks":
        items = expr.items if isinstance(expr, ast.ListExpr) else (expr,)
        out.values[name] = tuple(c for c in (callback_call(ctx, scope, item) for item in items) if c is not None)
    elif name == "optimizer":
        out.values[name] = optimizer_calls(ctx, scope, expr)
    else:
        out.values |= plain(ctx, name, evaluate(ctx, scope, expr), expr.span)


def named_data(ctx: Context, scope: Scope, expr: ast.Name, out: Settings) -> bool:
    """`data = Newswires`: whether that names a data section, or nothing (after a Problem)."""
    file = file_of(scope)
    sections = file.data if file is not None else {}
    if expr.id in SOURCES and expr.id not in sections:
        return False
    if expr.id in sections:
        out.data = sections[expr.id]
    else:
        cure = did_you_mean(expr.id, [*sections, *SOURCES]) or f"write `data {expr.id} {{ … }}`"
        ctx.say(names.UnknownName, expr.span, f"there is no data section `{expr.id}`", cure=cure)
    return True
