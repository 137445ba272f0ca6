"""What stands in the sections `train` and `data`: settings, and calls that are kept as data until training starts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from nndsl.check.context import Context
from nndsl.check.expressions import evaluate
from nndsl.check.scope import Scope
from nndsl.check.values import Poison, Value, describe
from nndsl.diagnostics import Fix, Label, Span, did_you_mean
from nndsl.ir.experiment import CallbackCall, SourceCall, StepCall
from nndsl.ir.steps import REQUIRED, STEPS
from nndsl.problems import names
from nndsl.syntax import ast

SOURCES = (
    "npz", "npy", "csv", "parquet", "images", "text", "windows", "digits", "iris", "wine", "breast_cancer", "diabetes",
    "ragged",
)  # fmt: skip
CALLBACKS = ("EarlyStopping", "ModelCheckpoint", "ReduceLROnPlateau", "CSVLogger", "TensorBoard", "TerminateOnNaN")


def settings_in(
    ctx: Context, section: ast.Section, keys: Sequence[str], also: Callable[[ast.Setting], bool] = lambda line: False
) -> Iterator[ast.Setting]:
    """The settings of a section, each key once; what is no setting, or neither one of `keys` nor one that `also` lets
    through, is reported."""
    first: dict[str, Span] = {}
    for statement in section.body:
        if isinstance(statement, ast.PoisonStatement):
            continue
        if not isinstance(statement, ast.Setting):
            message = f"a `{section.role}` section holds settings"
            ctx.say(names.Misplaced, statement.span, message, cure="write `name = value`")
        elif statement.name not in keys and not also(statement):
            ctx.say(
                names.UnknownSetting,
                statement.name_span,
                f"there is no setting `{statement.name}`",
                cure=_setting_cure(statement, section.role, keys),
            )
        elif statement.name in first:
            ctx.say(
                names.DuplicateName,
                statement.name_span,
                f"`{statement.name}` is set twice",
                cure="remove one of the two lines",
                related=(Label(first[statement.name], "the first time here"),),
            )
        else:
            first[statement.name] = statement.value.span
            yield statement


def _setting_cure(statement: ast.Setting, role: str, keys: Sequence[str]) -> str:
    """What to write for a setting that there is not."""
    from nndsl.check.foreign import SETTINGS

    name, value = statement.name, statement.value
    called = value.function if isinstance(value, ast.Call) else None
    if role == "data" and isinstance(called, ast.Name) and called.id in STEPS:
        return f"write `{name} = {name} |> {value.span.text}`"
    elsewhere = SETTINGS.get(name) if role == "train" else None
    return elsewhere or did_you_mean(name, keys) or f"the settings are {', '.join(keys)}"


RULES: dict[str, tuple[str, Any]] = {
    "epochs": ("a whole number of at least 1", lambda v: isinstance(v, int) and v >= 1),
    "batch_size": ("a whole number of at least 1", lambda v: isinstance(v, int) and v >= 1),
    "shuffle": ("true or false", lambda v: isinstance(v, bool)),
    "seed": ("a whole number of at least 0, or none", lambda v: v is None or (isinstance(v, int) and 0 <= v < 2**63)),
    "validation_split": ("a number from 0 to below 1", lambda v: isinstance(v, (int, float)) and 0 <= v < 1),
}


def plain(ctx: Context, name: str, value: Value, span: Span, written: str | None = None) -> dict[str, Any]:
    """A setting that is a number or a truth value, by its name; nothing (after a Problem) where it is none.

    `written` is the key in the file where that is another.
    """
    if name not in RULES or (isinstance(value, Poison) and ctx.problems):
        return {}
    needs, test = RULES[name]
    if (isinstance(value, bool) and name != "shuffle") or isinstance(value, Poison) or not test(value):
        share = name == "validation_split" and isinstance(value, int) and 1 < value < 100
        cure = f"{value} percent is {value / 100}" if share and isinstance(value, int) else None
        mends: tuple[Fix, ...] = ()
        if isinstance(value, str):
            from nndsl.check.quotes import number_in_quotes  # settings without faults do not ask for it

            cure, mends = number_in_quotes("bool" if name == "shuffle" else "float", value, span)
        message, note = f"`{written or name}` is {needs}", f"this is {describe(value)}"
        ctx.say(names.WrongArgument, span, message, note=note, cure=cure, mends=mends)
        return {}
    return {name: value}


Kept = TypeVar("Kept", SourceCall, CallbackCall, StepCall)
NOUNS = {SourceCall: "data source", CallbackCall: "callback", StepCall: "step"}
EXAMPLES = {
    SourceCall: 'npz("file.npz", …)', CallbackCall: "EarlyStopping(patience=3)", StepCall: "rescale(1 / 255)"
}  # fmt: skip


def kept_call(ctx: Context, scope: Scope, expr: ast.Expr, known: tuple[str, ...], make: type[Kept]) -> Kept | None:
    """A call of a known name with plain values as arguments, or None with a Problem."""
    what = NOUNS[make]
    if isinstance(expr, ast.Poison):
        return None
    name_expr = expr.function if isinstance(expr, ast.Call) else expr
    if not isinstance(name_expr, ast.Name):
        ctx.say(
            names.WrongArgument,
            expr.span,
            f"a {what} is a call such as `{EXAMPLES[make]}`",
            cure=_call_cure(name_expr, known, make is SourceCall),
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


def _call_cure(expr: ast.Expr, known: tuple[str, ...], is_source: bool) -> str:
    """What to write for `"mnist.npz"` and `keras.callbacks.EarlyStopping(…)`."""
    if isinstance(expr, ast.Attribute) and expr.name in known:
        return f"write `{expr.name}(…)`: what the library has needs no module in front"
    if isinstance(expr, ast.String) and is_source and expr.value.endswith((".npz", ".csv")):
        return f'write `{expr.value[-3:]}("{expr.value}", x="…", y="…")`, with each input and target by its name'
    return f"there are {', '.join(name for name in known if name != 'ragged')}"


def _plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(_plain(v) for v in value)
    return value is None or isinstance(value, bool | int | float | str | SourceCall)


def source_call(ctx: Context, scope: Scope, expr: ast.Expr) -> SourceCall | None:
    return kept_call(ctx, scope, expr, SOURCES, SourceCall)


def callback_call(ctx: Context, scope: Scope, expr: ast.Expr) -> CallbackCall | None:
    return kept_call(ctx, scope, expr, CALLBACKS, CallbackCall)


def step_call(ctx: Context, scope: Scope, expr: ast.Expr) -> StepCall | None:
    """`rescale(1 / 255)`, with its arguments checked."""
    call = kept_call(ctx, scope, expr, tuple(STEPS), StepCall)
    if call is None:
        return None
    known = STEPS[call.name]
    if len(call.args) > len(known):
        takes = f"it takes {', '.join(argument.name for argument in known)}"
        ctx.say(names.TooManyArguments, call.span, f"`{call.name}` is given {len(call.args)} arguments", note=takes)
        return None
    given = dict(zip((argument.name for argument in known), call.args, strict=False))
    for name, value in call.kwargs.items():
        if name not in {argument.name for argument in known}:
            cure = did_you_mean(name, [a.name for a in known]) or f"it takes {', '.join(a.name for a in known)}"
            ctx.say(names.UnknownArgument, call.span, f"`{call.name}` has no argument `{name}`", cure=cure)
            return None
        given[name] = value
    for argument in known:
        if argument.name not in given and argument.default == REQUIRED:
            ctx.say(names.MissingArgument, call.span, f"`{call.name}` needs `{argument.name}`, {argument.needs}")
            return None
        if argument.name in given and not argument.test(given[argument.name]):
            message = f"`{argument.name}` of `{call.name}` is {argument.needs}"
            ctx.say(names.WrongArgument, call.span, message, note=f"this is {describe(_value(given[argument.name]))}")
            return None
    return call


def _value(value: object) -> Any:
    return value
