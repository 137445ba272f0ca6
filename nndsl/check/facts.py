"""`test` sections: what they expect of a model, decided where it can be decided while checking, else kept to be run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nndsl.check.builtin import Site, define, wrong
from nndsl.check.context import MAX_STEPS, Context, Registry, Stop
from nndsl.check.expects import Expects
from nndsl.check.expressions import evaluate
from nndsl.check.model import Elaborated, elaborate_model
from nndsl.check.scope import Scope
from nndsl.check.statements import run_block
from nndsl.check.train import elaborate_train
from nndsl.check.updating import UPDATED
from nndsl.check.values import Count, Function, Instance, Poison, Value
from nndsl.diagnostics import Label, Problem, Span, did_you_mean
from nndsl.ir.experiment import TrainSpec
from nndsl.ir.facts import NamedTest
from nndsl.ir.graph import Model, Node, ParamSpec
from nndsl.problems import names
from nndsl.syntax import ast

if TYPE_CHECKING:
    from nndsl.check.notes import Notes

FIRST_LINE = "model"
# What things cost, in steps of the context: a test, and building a model anew beside the steps of that; and how many
# names of a model are copied for one step.
STARTED, REBUILT, COPIED = 20, 500, 50


@dataclass(eq=False)
class Room:
    """What the tests of a file share.

    `made` holds each model as elaborated already, `default` the one that a test means which names none, `overrides`
    the settings given from outside. `steps` counts the work of all tests together, so that they are refused in time.
    """

    scope: Scope
    models: Mapping[str, Function]
    made: Mapping[str, Elaborated]
    default: Function | None
    trains: Mapping[str, ast.Section]
    overrides: Mapping[str, object]
    notes: Notes | None = None
    steps: int = 0
    tests: list[NamedTest] = field(default_factory=list)
    specs: dict[int, tuple[Elaborated, TrainSpec | None]] = field(default_factory=dict)


def check_tests(room: Room, sections: Sequence[ast.Section], problems: list[Problem]) -> tuple[NamedTest, ...]:
    """All tests, as far as they are well formed; what is wrong with them is added to `problems`."""
    first: dict[str, ast.Section] = {}
    for section in sections:
        if section.name in first:
            problems.append(
                names.DuplicateName(
                    section.name_span,
                    message=f'there is a test "{section.name}" already',
                    related=(Label(first[section.name].name_span, "the first one"),),
                    cure="give each test a name of its own",
                )
            )
        first.setdefault(section.name, section)
        check_test(room, section, problems)
        if room.steps > MAX_STEPS:  # reported once, at the test that went too far
            break
    return tuple(room.tests)


def check_test(room: Room, section: ast.Section, problems: list[Problem]) -> None:
    """One test. A test of a model that is wrong is left alone: the model is reported."""
    ctx = Context(False, Registry(), steps=room.steps, notes=room.notes)
    try:
        ctx.count(section.span, STARTED)
        function, made, body = subject(ctx, room, section)
        if not ctx.problems and (function is None or (made is not None and made.model is not None)):
            expectations = carry_out(ctx, room, function, made, section, body)
            if not ctx.problems:
                room.tests.append(NamedTest(section.name, section.name_span, tuple(expectations.found)))
    except Stop:
        pass
    room.steps = ctx.steps
    problems += ctx.problems


def carry_out(
    ctx: Context,
    room: Room,
    function: Function | None,
    made: Elaborated | None,
    section: ast.Section,
    body: ast.Block,
) -> Expects:
    """Run the statements over the names of the model."""
    outer = made.scope if made is not None and made.scope is not None else room.scope
    scope = Scope(outer, role="test")
    if made is not None and made.model is not None:
        ctx.count(section.span, (len(made.layers) + len(made.registry.paths) + len(made.model.params)) // COPIED)
        ctx.registry = made.registry.copy()
        for name, output in made.layers.items():
            if "." not in name and outer.find(name) is None:
                scope.bind(name, Node("input", (), {"name": name}, output, section.span, name))
        scope.bind("parameters", parameters_of(made.model))
    if outer.find("updated") is None:
        scope.bind("updated", UPDATED)

    def train() -> TrainSpec | None:
        if function is None or made is None:
            return None
        return training(room, function, made, section.name_span)

    expects = Expects(ctx, made.model if made is not None else None, train)
    ctx.expect = expects.expect
    scope.body = body
    for statement in body:
        if isinstance(statement, ast.Assign) and FIRST_LINE in statement.names:
            ctx.say(
                names.Misplaced,
                statement.span,
                "which model a test is about stands in its first line",
                cure="begin the test with this line, or choose another name than `model`",
            )
        if run_block(ctx, scope, (statement,)) is not None:
            break
    if not expects.seen and not ctx.problems and not any(isinstance(s, ast.PoisonStatement) for s in body):
        ctx.say(
            names.NoEffect, section.name_span, "this test expects nothing", cure="add a line such as `expect gradients`"
        )
    return expects


def parameters_of(model: Model) -> Count:
    """How many numbers are trained: `parameters` of the whole model, `parameters(enc)` of a layer that it applies."""

    def of_layer(site: Site, layer: Value) -> Value:
        match layer:
            case Instance(path=str()):
                mine = owned(layer)
                return sum(_count(spec) for spec in model.params if spec in mine)
            case Node(op="input", name=str() as path) if path not in (port.name for port in model.inputs):
                return sum(_count(spec) for spec in model.params if spec.name.startswith(f"{path}."))
        cure = "name the layer in the model, `enc = Dense(64)`, and ask for `parameters(enc)`"
        raise wrong(site, "layer", "is a layer that the model applies", layer, cure=cure)

    return Count.make(sum(map(_count, model.params)), define("parameters", ["layer"], of_layer, ""))


def owned(layer: Instance) -> set[ParamSpec]:
    """The params of a layer, of those that its body builds, and of those that it was given."""
    found = set(layer.params.values())
    given: list[Value] = [*layer.config.values(), *layer.children.values()]
    while given:
        part = given.pop()
        if isinstance(part, Instance):
            found |= owned(part)
        elif isinstance(part, list | tuple):
            given += part
    return found


def _count(spec: ParamSpec) -> int:
    total = 1
    for size in spec.type.shape:
        total *= size if isinstance(size, int) else 1
    return total


# --- which model -------------------------------------------------------------------------------------------------


def subject(ctx: Context, room: Room, section: ast.Section) -> tuple[Function | None, Elaborated | None, ast.Block]:
    """The model a test is about, and its other lines. Without a line `model = …` it is the one of the file."""
    match section.body:
        case (ast.Assign(names=(name,), value=value), *rest) if name == FIRST_LINE:
            function, made = named(ctx, room, value)
            return function, made, tuple(rest)
    if room.default is None and len(room.models) > 1:
        some = next(iter(room.models))
        ctx.say(
            names.NoModel,
            section.name_span,
            "this file has several models",
            cure=f"say in the first line of the test which one is meant: `model = {some}`",
        )
        return None, None, section.body
    function = room.default
    return function, room.made.get(function.name) if function is not None else None, section.body


def named(ctx: Context, room: Room, expr: ast.Expr) -> tuple[Function | None, Elaborated | None]:
    """`model = Reuters`, or `model = Reuters(hidden=8)` with other consts."""
    ctx.count(expr.span)
    name = expr.function if isinstance(expr, ast.Call) else expr
    if isinstance(name, ast.Poison):
        raise Stop
    function = room.models.get(name.id) if isinstance(name, ast.Name) else None
    if function is None:
        text = name.span.text.split("\n")[0]
        cure = did_you_mean(text, room.models) or (
            f"this file has {', '.join(room.models)}" if room.models else "write `model Name { … }`"
        )
        ctx.say(names.UnknownModel, name.span, f"there is no model `{text}` to test", cure=cure)
        return None, None
    if not isinstance(expr, ast.Call) or not expr.arguments:
        return function, room.made.get(function.name)
    consts = given_consts(ctx, room, function, expr)
    if ctx.problems:
        return function, None
    found: list[Problem] = []
    made = elaborate_model(function, consts, found)
    ctx.count(expr.span, made.steps + REBUILT)
    default = room.made.get(function.name)
    if made.model is None and default is not None and default.model is not None:
        ctx.say(
            names.WrongArgument,
            expr.span,
            f"the model `{function.name}` cannot be built with these consts",
            note="with these",
            related=tuple(Label(p.span, f"{p.headline}: {p.label}") for p in found[:1] if p.span is not None),
        )
    return function, made


def given_consts(ctx: Context, room: Room, function: Function, expr: ast.Call) -> dict[str, Value]:
    """The consts in brackets, by name."""
    known = [p.name for p in function.definition.config or ()]
    consts: dict[str, Value] = {}
    for argument in expr.arguments:
        value = evaluate(ctx, room.scope, argument.value)
        if argument.name is None:
            some = f"{known[0]}=" if known else "name="
            ctx.say(names.TooManyArguments, argument.span, "consts are given by name", cure=f"write `{some}…`")
        elif argument.name not in known:
            cure = did_you_mean(argument.name, known) or (f"its consts are {', '.join(known)}" if known else None)
            message = f"the model `{function.name}` has no const `{argument.name}`"
            ctx.say(names.UnknownArgument, argument.span, message, cure=cure)
        elif not isinstance(value, Poison):
            consts[argument.name] = value
    return consts


# --- how it is trained --------------------------------------------------------------------------------------------


def training(room: Room, function: Function, made: Elaborated, span: Span) -> TrainSpec | None:
    """What the model's train section says; Adam where it has none. Mistakes in the section are reported elsewhere."""
    if id(made) not in room.specs:
        section = room.trains.get(function.name) or _adam(function.name, span)
        overrides = room.overrides if function is room.default else {}
        spec = elaborate_train(section, room.scope, made, overrides, span, [])
        room.specs[id(made)] = (made, spec)
    return room.specs[id(made)][1]


def _adam(name: str, span: Span) -> ast.Section:
    """`train NAME { optimizer = Adam(learning_rate=0.01) }`"""
    rate = ast.Argument("learning_rate", ast.Number(0.01, span=span), span=span)
    call = ast.Call(ast.Name("Adam", span=span), (rate,), span=span)
    setting = ast.Setting("optimizer", span, call, span=span)
    return ast.Section("train", name, span, (setting,), span=span)
