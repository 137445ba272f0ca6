"""`data` sections: where arrays come from, and which input or target each one feeds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from nndsl.check.context import Context
from nndsl.check.scope import FileScope, Scope
from nndsl.check.sections import SOURCES, plain, settings_in, source_call, step_call
from nndsl.check.values import Function
from nndsl.diagnostics import Label, Problem, did_you_mean
from nndsl.ir.experiment import StepCall
from nndsl.ir.steps import ONCE
from nndsl.problems import names
from nndsl.syntax import ast

KEYS = ("train", "validation", "test")


def read_data(ctx: Context, scope: Scope, section: ast.Section) -> dict[str, Any]:
    """What the section says, by the names that a train section has for it."""
    out: dict[str, Any] = {}
    steps: dict[str, tuple[StepCall, ...]] = {}
    for line in settings_in(ctx, section, KEYS, lambda line: isinstance(line.value, ast.Pipe)):
        if isinstance(line.value, ast.Pipe) and line.name not in KEYS:
            steps[line.name] = _steps(ctx, scope, line, line.value)
            continue
        if line.name == "validation" and isinstance(line.value, ast.Number):
            out |= plain(ctx, "validation_split", line.value.value, line.value.span, line.name)
            continue
        source = source_call(ctx, scope, line.value)
        if source is not None:
            out["data" if line.name == "train" else line.name] = source
    return out | {"steps": steps} if steps else out


def _steps(ctx: Context, scope: Scope, line: ast.Setting, pipe: ast.Pipe) -> tuple[StepCall, ...]:
    """`image = image |> rescale(1 / 255) |> normalize()`: the steps on the way of an input."""
    if not isinstance(pipe.value, ast.Name) or pipe.value.id != line.name:
        ctx.say(
            names.WrongArgument,
            pipe.value.span,
            f"what `{line.name}` becomes begins with `{line.name}`",
            cure=f"write `{line.name} = {line.name} |> …`",
        )
    found = [step_call(ctx, scope, stage) for stage in pipe.stages]
    steps = tuple(step for step in found if step is not None)
    for name in ONCE:
        several = [step for step in steps if step.name == name]
        if len(several) > 1:
            ctx.say(
                names.DuplicateName,
                several[1].span,
                f"`{line.name}` goes through `{name}` twice",
                cure="remove one of the two",
                related=(Label(several[0].span, "the first time here"),),
            )
    return steps


def bind_data(scope: FileScope, section: ast.Section, problems: list[Problem]) -> None:
    """Note a section under its name."""
    if section.name in scope.data:
        problems.append(
            names.DuplicateName(
                section.name_span,
                message=f"`{section.name}` has two data sections",
                related=(Label(scope.data[section.name].name_span, "the first one"),),
                cure="join the two",
            )
        )
    scope.data.setdefault(section.name, section)


def unclaimed(scope: FileScope, models: Mapping[str, Function], trains: Iterable[ast.Section]) -> list[Problem]:
    """Sections that are named after no model, and that no train section names."""
    claimed = {
        line.value.id
        for train in trains
        for line in train.body
        if isinstance(line, ast.Setting) and line.name == "data" and isinstance(line.value, ast.Name)
    }
    if not claimed <= {*scope.data, *SOURCES}:
        return []  # the name of one of them is misspelt there, and that is told
    return [
        names.UnknownModel(
            section.name_span,
            message=f"there is no model `{name}` to feed",
            cure=did_you_mean(name, models) or f"name it in a train section: `data = {name}`",
        )
        for name, section in scope.data.items()
        if name not in models and name not in claimed
    ]
