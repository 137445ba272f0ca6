"""A whole file: its definitions, the model that is meant, its train section."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nndsl.check import library
from nndsl.check.data import bind_data, unclaimed
from nndsl.check.lints import settled
from nndsl.check.model import Elaborated, elaborate_model
from nndsl.check.modules import Unit, copies, gather
from nndsl.check.resolve import unknown_names
from nndsl.check.scope import Library, LibraryScope
from nndsl.check.text_lints import unused_imports
from nndsl.check.train import elaborate_train
from nndsl.check.values import Function
from nndsl.diagnostics import Imported, Label, Problem, Source, Span, did_you_mean
from nndsl.ir.experiment import TrainSpec
from nndsl.ir.graph import Model
from nndsl.ir.mapping import Mapped
from nndsl.problems import building, names
from nndsl.syntax import ast

if TYPE_CHECKING:
    from nndsl.check.notes import Notes
    from nndsl.ir.facts import NamedTest

TRAIN = "train."


@dataclass(frozen=True, eq=False)
class CheckedFile:
    """What is known of a file: its model and settings (None when wrong or absent) and all that was found."""

    model: Model | None
    train: TrainSpec | None
    problems: tuple[Problem, ...]
    tests: tuple[NamedTest, ...] = ()
    imported: tuple[Imported, ...] = ()
    weights: tuple[Mapped, ...] = ()

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(p for p in self.problems if p.severity == "error")


def check_file(
    file: ast.File,
    source: Source,
    found: tuple[Problem, ...] = (),
    consts: Mapping[str, object] | None = None,
    model: str | None = None,
    need_model: bool = False,
    notes: Notes | None = None,
) -> CheckedFile:
    """Check everything; `found` are the Problems of parsing. Consts named `train.x` override the train section.

    What is learnt of places in the file goes to `notes`, where there are any.
    """
    problems: list[Problem] = list(found)
    given = dict(consts or {})
    overrides = {k.removeprefix(TRAIN): v for k, v in given.items() if k.startswith(TRAIN)}
    own = {k: v for k, v in given.items() if not k.startswith(TRAIN)}
    units, models, sections = collect(file, source, problems)
    scope = units[0].scope
    if notes is not None:
        notes.units = units
    chosen = choose(models, sections, model, source, problems, bool(found), need_model, scope.hidden)
    problems += unclaimed(scope, models, sections) if not found else []
    result: Model | None = None
    spec: TrainSpec | None = None
    all_made: dict[str, Elaborated] = {}
    tests: tuple[NamedTest, ...] = ()
    weights: tuple[Mapped, ...] = ()
    place = Span(source, 0, 0)
    try:
        for function in models.values():
            place = function.definition.name_span
            made = elaborate_model(function, own if function is chosen else {}, problems, notes)
            all_made[function.name] = made
            section = next((s for s in sections if s.name == function.name), None)
            if section is None and function is not chosen and function.name not in scope.data:
                continue
            chosen_over = overrides if function is chosen else {}
            settings = elaborate_train(section, scope, made, chosen_over, place, problems, notes)
            if section is not None and made.model is not None and not made.model.training.losses:
                problems.append(
                    names.NothingToCompute(
                        section.name_span,
                        message=f"the model `{function.name}` has no loss to train by",
                        cure="add a line such as `loss mse(y, prediction)` to the model",
                    )
                )
            if function is chosen:
                result, spec = made.model, settings
        weights = map_weights(file, models, chosen, result, problems)
        written = [s for s in file.items if isinstance(s, ast.Section) and s.role == "test"]
        if written and not found:
            from nndsl.check.facts import Room, check_tests  # most files that are checked have no tests

            place = written[0].name_span
            trains = {s.name: s for s in reversed(sections)}
            clear = model is not None or len(models) == 1 or not trains.keys().isdisjoint(models)
            room = Room(scope, models, all_made, chosen if clear else None, trains, overrides, notes)
            tests = check_tests(room, written, problems)
    except RecursionError:
        problems.append(
            building.TooDeep(
                place,
                note="expressions and definitions nest too deep together",
                cure="give inner parts names on lines of their own",
            )
        )
        result = spec = None
    if notes is not None:
        notes.made = all_made
    for unit in units:
        problems += unknown_names(unit.file, unit.scope, problems)
    if not any(problem.severity == "error" for problem in problems):
        problems += unused_imports(units[0])
    return CheckedFile(result, spec, settled(file, scope, source, problems), tests, copies(units), weights)


def collect(
    file: ast.File, source: Source, problems: list[Problem]
) -> tuple[list[Unit], dict[str, Function], list[ast.Section]]:
    """The file and all that it imports, with names bound above the library; its models and its train sections."""
    units = gather(file, source, Library(inside=LibraryScope(index=library.index())), problems)
    scope = units[0].scope
    own = units[0].own.items()
    models = {name: value for name, value in own if isinstance(value, Function) and value.role == "model"}
    sections: list[ast.Section] = []
    for item in file.items:
        match item:
            case ast.Section(role="train"):
                sections.append(item)
            case ast.Section(role="data"):
                bind_data(scope, item, problems)
    return units, models, sections


def map_weights(
    file: ast.File,
    models: Mapping[str, Function],
    chosen: Function | None,
    model: Model | None,
    problems: list[Problem],
) -> tuple[Mapped, ...]:
    """The `weights` section of the model that is meant; one without a name is that of the only model."""
    written = [item for item in file.items if isinstance(item, ast.Section) and item.role == "weights"]
    if not written:
        return ()
    from nndsl.check.weights import read_weights, unplaced

    problems += unplaced(written, models)
    if chosen is None or model is None:
        return ()
    names = (chosen.name, "") if len(models) == 1 else (chosen.name,)
    return next((read_weights(section, model, problems) for section in written if section.name in names), ())


def choose(
    models: dict[str, Function],
    sections: list[ast.Section],
    wanted: str | None,
    source: Source,
    problems: list[Problem],
    broken: bool,
    need_model: bool,
    hidden: Mapping[str, str],
) -> Function | None:
    """The model that is meant: the one asked for, the only one, or the one a train section names."""
    for section in sections:
        if section.name not in models and not broken:
            cure = (
                hidden.get(section.name)
                or did_you_mean(section.name, models)
                or (f"this file has {', '.join(models)}" if models else "write `model Name { … }`")
            )
            problems.append(
                names.UnknownModel(section.name_span, message=f"there is no model `{section.name}` to train", cure=cure)
            )
    seen: dict[str, ast.Section] = {}
    for section in sections:
        if section.name in seen:
            problems.append(
                names.DuplicateName(
                    section.name_span,
                    message=f"`{section.name}` has two train sections",
                    related=(Label(seen[section.name].name_span, "the first one"),),
                    cure="join the two",
                )
            )
        seen.setdefault(section.name, section)
    if wanted is not None:
        if wanted not in models and not broken:
            problems.append(
                names.UnknownModel(
                    None, message=f"{source.name} has no model `{wanted}`", cure=did_you_mean(wanted, models)
                )
            )
        return models.get(wanted)
    trained = [models[s.name] for s in sections if s.name in models]
    if len(models) == 1 or not trained:
        if len(models) > 1 and need_model:
            problems.append(
                names.NoModel(
                    Span(source, 0, 0), message="this file has several models", cure=f"choose one: {', '.join(models)}"
                )
            )
            return None
        if not models and need_model and not broken:
            problems.append(
                names.NoModel(Span(source, 0, 0), message="this file has no model", cure="write `model Name { … }`")
            )
        return next(iter(models.values()), None)
    return trained[0]
