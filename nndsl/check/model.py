"""A `model` definition becomes an ir Model: elaborated for training, and for inference where that may differ."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nndsl.check.binding import ROLES, Given, const_kind, fill_config
from nndsl.check.builtins import BUILTINS
from nndsl.check.context import Context, Ports, Registry, Stop, as_updates
from nndsl.check.lints import lints_of
from nndsl.check.ports import targets_in_outputs
from nndsl.check.scope import Scope
from nndsl.check.statements import run_body
from nndsl.check.values import POISON, Builtin, DtypeWord, Function, Instance, Module, Poison, Value
from nndsl.diagnostics import Problem, did_you_mean
from nndsl.ir import graph as ir
from nndsl.ir.types import TensorType
from nndsl.problems import building, names
from nndsl.syntax import ast

if TYPE_CHECKING:
    from nndsl.check.notes import Notes


MAX_OPERATIONS = 32_000  # to compile more takes many minutes
FEW_STEPS = 4_000


@dataclass(frozen=True, eq=False)
class Elaborated:
    """What became of a model: None for it where something is wrong; its consts are known even then."""

    model: ir.Model | None
    consts: Mapping[str, Value]
    registry: Registry = field(default_factory=Registry)
    scope: Scope | None = None
    """The names of the inference program, where nothing is wrong."""
    layers: Mapping[str, TensorType] = field(default_factory=dict)
    steps: int = 0


def elaborate_model(
    function: Function, consts: Mapping[str, object], problems: list[Problem], notes: Notes | None = None
) -> Elaborated:
    """The checked model; everything found wrong is added to `problems`, what is learnt of places to `notes`."""
    registry, leaves = Registry(), dict[str, ir.Node]()
    parameters = function.definition.config or ()
    values: Mapping[str, Value] = {p.name: POISON for p in parameters}
    done: list[tuple[Context, Scope]] = []
    steps = 0
    found: list[Problem] = []
    for training in (True, False):
        if done and not done[0][0].asked_training:
            break  # nothing depends on it: the inference program is the training program
        ctx = Context(training, registry, Ports(leaves=leaves), notes=notes)
        scope = Scope(function.scope, role="model")
        if notes is not None:
            notes.bodies.setdefault(function.name, (ctx, scope))
        try:
            bound = bind_consts(ctx, function, consts, scope)
            values = bound if bound is not None else values
            run_body(ctx, scope, function.definition.body)
        except Stop:
            found += news(ctx.problems, found)
            break
        finally:
            steps += ctx.steps
        found += news(ctx.problems, found)
        if ctx.steps > FEW_STEPS and not found and (count := operations(ctx)) > MAX_OPERATIONS:
            found.append(oversized(function, count))
            break
        done.append((ctx, scope))
    poisoned = any(ctx.poisoned for ctx, _ in done)
    if done and not found and not poisoned:
        found += differences(done[0][0].ports, done[-1][0].ports)
        found += targets_in_outputs(done[-1][0].ports)
        if not done[0][0].ports.outputs and not done[0][0].losses:
            found.append(
                names.NothingToCompute(
                    function.definition.name_span, note="it has no output", cure="add `output y = …`"
                )
            )
    problems += found
    if found or poisoned:
        return Elaborated(None, values, steps=steps)
    (ctx, scope), (inference, inference_scope) = done[0], done[-1]
    ports = ctx.ports
    model = ir.Model(
        name=function.name,
        doc=function.definition.doc,
        consts={name: outward(value) for name, value in values.items()},
        inputs=tuple(p for p in ports.inputs.values() if p.role == "input"),
        targets=tuple(p for p in ports.inputs.values() if p.role == "target"),
        params=tuple(registry.params.values()),
        states=tuple(registry.states.values()),
        training=forward(ctx),
        inference=forward(inference),
        layers=tuple(inference.layers),
        span=function.definition.name_span,
        constraints=tuple(dict.fromkeys([*ctx.constraints, *inference.constraints])),
        leaves=leaves,
    )
    problems += lints_of(model, scope, scope.used | inference_scope.used, ports, function.definition)
    layers = {note.name: note.output for note in inference.layers}
    return Elaborated(model, values, registry, inference_scope, layers, steps)


def operations(ctx: Context) -> int:
    """How many operations the graph has."""
    made = forward(ctx)
    measured = [*(loss.value for loss in made.losses), *(metric.value for metric in made.metrics)]
    roots = [*(node for _, node in made.outputs), *measured, *(update.value for update in made.updates)]
    return sum(not node.is_leaf for node in ir.topological(roots))


def oversized(function: Function, count: int) -> Problem:
    """The Problem of a network with so many operations."""
    return building.TooLarge(
        function.definition.name_span,
        note=f"it has {count:,} operations, nndsl compiles up to {MAX_OPERATIONS:,}",
        cure="make it less deep: a shorter loop, fewer layers",
    )


def news(problems: list[Problem], told: list[Problem]) -> list[Problem]:
    """Those that were not told of the training program: the types in them may differ, the mistake is the same."""
    before = {_where(problem) for problem in told}
    return [problem for problem in problems if _where(problem) not in before]


def _where(problem: Problem) -> tuple[object, ...]:
    return (problem.code, problem.span, *(label.span for label in problem.labels))


def forward(ctx: Context) -> ir.Forward:
    outputs = tuple((name, node) for name, (node, _) in ctx.ports.outputs.items())
    return ir.Forward(outputs, tuple(ctx.losses), tuple(ctx.metrics), as_updates(ctx.updates), ctx.traced.done())


def differences(training: Ports, inference: Ports) -> list[Problem]:
    """Inputs and outputs that only one of the two programs has."""
    out: list[Problem] = []
    for one, other in ((training, inference), (inference, training)):
        for name, port in one.inputs.items():
            if name not in other.inputs:
                message = f"the {port.role} `{name}` depends on `training`"
                out.append(names.Misplaced(port.span, message=message, cure="declare it outside of the `if`"))
        for name, (_, span) in one.outputs.items():
            if name not in other.outputs:
                message = f"the output `{name}` depends on `training`"
                out.append(names.Misplaced(span, message=message, cure="declare it outside of the `if`"))
    return out


# --- consts --------------------------------------------------------------------------------------------------


def bind_consts(
    ctx: Context, function: Function, consts: Mapping[str, object], scope: Scope
) -> dict[str, Value] | None:
    """The model's consts: those set from outside, the rest by default. What is wrong is bound as poison."""
    parameters = function.definition.config or ()
    known = {p.name: p for p in parameters}
    bound: dict[str, Given] = {}
    for name, value in consts.items():
        if name in known:
            bound[name] = Given(name, outside_value(ctx, function, known[name], value), known[name].span)
            continue
        cure = did_you_mean(name, known) or (f"its consts are {', '.join(known)}" if known else "it has no consts")
        message = f"the model `{function.name}` has no const `{name}`"
        ctx.report(names.UnknownConst(function.definition.name_span, message=message, cure=cure))
    for parameter in parameters:
        if parameter.name not in bound and parameter.default is None and not parameter.rest:
            ctx.report(
                names.MissingArgument(
                    parameter.span,
                    note="this const has no default",
                    cure=f"what is fed is declared in the body: `input {parameter.span.text}`"
                    if parameter.type is not None and parameter.type.dims is not None
                    else f"set it: `--set {parameter.name}=…`, or give it a default here",
                )
            )
    return fill_config(ctx, function, parameters, bound, scope)


def outside_value(ctx: Context, function: Function, parameter: ast.Parameter, value: object) -> Value:
    """A const given in Python or on the command line, as a compile-time value."""
    named = isinstance(parameter.default, ast.Name | ast.Attribute) and parameter.type is None
    if isinstance(value, str) and (named or const_kind(parameter) in ROLES):
        return named_value(ctx, function, parameter, value)
    if isinstance(value, Function | Instance | Builtin):  # from a test of the file
        return value
    plain = plain_value(value)
    if isinstance(plain, Poison):
        ctx.report(
            names.WrongArgument(
                parameter.span,
                message=f"`{parameter.name}` of `{function.name}` is set to something else than "
                "a number, a text, a truth value, none or a list",
                note=f"it was given {type(value).__name__}",
            )
        )
    return plain


def named_value(ctx: Context, function: Function, parameter: ast.Parameter, text: str) -> Value:
    """What a name means where the model stands: `tanh`, or `blocks.swish` of an imported file."""
    first, *members = text.split(".")
    holder = function.scope.find(first)
    value: Value = holder.get(first) if holder is not None else BUILTINS.get(first)
    known: Collection[str] = [*function.scope.visible(), *BUILTINS]
    hidden: str | None = None
    if isinstance(value, Module) and len(members) == 1:
        known, hidden = [f"{first}.{name}" for name in value.members], value.kept.get(members[0])
        value = value.members.get(members[0])
    elif members:
        value = None
    if value is not None:
        return value
    return ctx.report(
        names.UnknownName(
            parameter.span,
            message=f"`{text}` is not known where the model `{function.name}` stands",
            note="set to it from outside",
            cure=hidden or (str(near) if (near := did_you_mean(text, known)) else None),
        )
    )


def outward(value: Value) -> object:
    """A const as the model shows it: numbers, texts and lists as they are, functions and layers by what names them."""
    match value:
        case Function() | Builtin() | DtypeWord():
            return value.name
        case Instance():
            return " ".join(value.span.text.split())
        case list() | tuple():
            return [outward(v) for v in value]
    return value


def plain_value(value: object, depth: int = 0) -> Value:
    """A Python value as the language has it, NumPy's numbers too; POISON where it has nothing like it."""
    if isinstance(value, bool | int | float | str) or value is None:
        return value
    if isinstance(value, list | tuple) and depth < 8:
        items = [plain_value(v, depth + 1) for v in value]
        return POISON if any(isinstance(v, Poison) for v in items) else items
    if hasattr(value, "tolist") and depth < 8:
        return plain_value(value.tolist(), depth + 1)
    return POISON
