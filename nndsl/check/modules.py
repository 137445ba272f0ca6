"""Files that import one another: each is read once, none from outside the project folder, none in a circle.

The project folder is the folder of the file that was given to the command. An import brings the public definitions of
one file, not what that file imports itself, so names can be bound in any order.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from nndsl.check.scope import FileScope, Scope
from nndsl.check.values import POISON, Function, Module, Value
from nndsl.diagnostics import Imported, Label, NndslError, Problem, Source, did_you_mean
from nndsl.problems import imports, names
from nndsl.syntax import ast
from nndsl.syntax.load import files_like, load_source
from nndsl.syntax.parse import parse

MAX_FILES = 200
MAX_TEXT = 4 * 1024 * 1024
MAX_SHOWN = 8
MAX_PROBLEMS = 100


@dataclass(eq=False)
class Unit:
    """One file of the project.

    `place` is its path from the project folder; `links` are other paths by which it was imported; `imports` are its
    import lines, with None for a file that could not be had.
    """

    place: str
    source: Source
    file: ast.File
    scope: FileScope
    imports: list[tuple[ast.Import, Unit | None]] = field(default_factory=list)
    links: set[str] = field(default_factory=set)
    own: dict[str, Value] = field(default_factory=dict)

    @cached_property
    def module(self) -> Module:
        """What others can have of it: complete once its definitions are bound."""
        members: dict[str, Value] = {}
        kept: dict[str, str] = {}
        for name, value in self.own.items():
            if isinstance(value, Function) and value.named.private:
                kept[name] = f"`{name}` is private to {self.place}"
            elif isinstance(value, Function) and value.role == "model":
                kept[name] = f"`{name}` is a model of {self.place}: imports bring layers and functions, no models"
            else:
                members[name] = value
        items = self.file.items
        whole = bool(items) and all(item.names for item in items if isinstance(item, ast.PoisonItem))
        return Module(self.place, members, kept, whole)


def gather(file: ast.File, source: Source, outermost: Scope, problems: list[Problem]) -> list[Unit]:
    """The file itself and all that it imports, with their names bound. What is wrong is added to `problems`."""
    root = Unit(source.path.name if source.path else source.name, source, file, FileScope(outermost, role="file"))
    units = [root]
    if any(isinstance(item, ast.Import) for item in file.items):
        units = _Reader(root, outermost, problems).read()
        _cycles(units, problems)
    for unit in units:
        _define(unit, problems)
    if any(isinstance(item, ast.Alias) for unit in units for item in unit.file.items):
        from nndsl.check.aliases import Aliases  # few files have such lines

        missing = Aliases(units, outermost, problems).bind()
        problems += [unknown_member(unit.module, expr) for unit, expr in missing]
    for unit in units:
        _bind_imports(unit, problems)
    return units


def copies(units: list[Unit]) -> tuple[Imported, ...]:
    """What has to be kept beside the first file so that it can be used elsewhere."""
    return tuple(Imported(unit.place, unit.source.text, tuple(sorted(unit.links))) for unit in units[1:])


# --- reading -------------------------------------------------------------------------------------------------


class _Reader:
    """Reads what is imported, breadth first, each file once."""

    def __init__(self, root: Unit, outermost: Scope, problems: list[Problem]) -> None:
        self.root, self.outermost, self.problems = root, outermost, problems
        self.units = [root]
        path = root.source.path
        self.folder = Path(os.path.realpath(path.parent)) if path is not None else None
        self.known = {os.path.realpath(path): root} if path is not None else {}
        self.places: dict[str, Unit | None] = {}
        self.text = self.refused = 0
        self.full = False

    def read(self) -> list[Unit]:
        """All files, the first one first."""
        for unit in self.units:  # grows as it goes
            for item in unit.file.items:
                if isinstance(item, ast.Import):
                    unit.imports.append((item, self._target(unit, item)))
        return self.units

    def _target(self, unit: Unit, item: ast.Import) -> Unit | None:
        """The file that an import names, read when it is new."""
        if self.folder is None:
            self._refuse(item, "this text stands in no folder, so it can import nothing", "put it into a file")
            return None
        if self.refused >= MAX_PROBLEMS:
            return None
        place = self._place(unit, item)
        if place is not None and place not in self.places:
            self.places[place] = self._found(place, item)
        return self.places[place] if place is not None else None

    def _found(self, place: str, item: ast.Import) -> Unit | None:
        """The file at a place of the project folder, read when it is new."""
        assert self.folder is not None
        if place == self.root.place:
            return self.root
        real = Path(os.path.realpath(self.folder / place))
        if not real.is_relative_to(self.folder):
            self._refuse(
                item,
                f"{_shown(item.path)} is a link that leads out of the project folder",
                "copy the file to where the link is",
            )
            return None
        if str(real) not in self.known:
            found = self._load(real, item)
            if found is None:
                return None
            self.known[str(real)] = found
            self.units.append(found)
        target = self.known[str(real)]
        if place != target.place and target is not self.root:
            target.links.add(place)
        return target

    def _place(self, unit: Unit, item: ast.Import) -> str | None:
        """Where in the project folder an import points, None (after a Problem) where it points elsewhere."""
        path, shown = item.path, _shown(item.path)
        if not path.isprintable() or not path.strip():
            self._refuse(item, f"{shown} is no path", 'write the path of a file: `import "blocks.nn"`')
        elif "\\" in path:
            self._refuse(item, f"{shown} has `\\` in it", f'write `import "{path.replace(chr(92), "/")}"`')
        elif path.startswith(("/", "~")) or re.match(r"[A-Za-z]+:", path):
            cure = "write the path from the folder of this file to it"
            if "://" in path:
                cure = "nothing is fetched from elsewhere: put the file beside this one, and import it by its name"
            self._refuse(item, f"{shown} is not relative to this file", cure)
        elif not path.endswith(".nn"):
            self._refuse(item, f"{shown} does not end in .nn", f'did you mean `import "{path}.nn"`?')
        else:
            place = posixpath.normpath(posixpath.join(posixpath.dirname(unit.place), path))
            if not place.startswith("../"):
                return place
            self._refuse(
                item,
                f"{shown} lies outside of the project folder",
                f"imports stay in the folder of {self.root.source.name} and below: move the file there",
            )
        return None

    def _load(self, real: Path, item: ast.Import) -> Unit | None:
        """Read and parse a file that is new."""
        from nndsl.problems import limits, reading  # a file without imports needs neither

        assert self.folder is not None
        if self.full:
            return None
        place = real.relative_to(self.folder).as_posix()
        name = str(Path(self.root.source.name).parent / place)
        try:
            if not real.exists():
                raise NndslError(reading.FileMissing(None, name, _alike(real, item.path)))
            if not real.is_file() and not real.is_dir():
                raise NndslError(reading.FileUnreadable(None, name, "it is no regular file"))
            source = load_source(real, name)
        except NndslError as error:
            self.refused += 1
            self.problems += [replace(problem, span=item.path_span) for problem in error.problems]
            return None
        except OSError as error:
            reason = error.strerror or type(error).__name__
            self.problems.append(reading.FileUnreadable(item.path_span, name, reason))
            return None
        self.text += len(source.text)
        if len(self.units) > MAX_FILES or self.text > MAX_TEXT:
            self.full = True
            self.problems.append(limits.TooManyImports(item.path_span, MAX_FILES, MAX_TEXT))
            return None
        file, found = parse(source)
        self.problems += found
        return Unit(place, source, file, FileScope(self.outermost, role="file"))

    def _refuse(self, item: ast.Import, message: str, cure: str) -> None:
        self.refused += 1
        self.problems.append(imports.ImportRefused(item.path_span, message=message, cure=cure))


def _shown(path: str) -> str:
    """A path as a message shows it."""
    text = path if path.isprintable() else ascii(path)[1:-1]
    return f'"{text}"' if len(text) <= 80 else f'"{text[:80]}…"'


def _alike(real: Path, written: str) -> str:
    """A help line for a file that is not there."""
    folder = posixpath.dirname(written)
    if not real.parent.is_dir():
        return f"the folder {folder} is not there either" if folder else ""
    return files_like(real.name, real.parent, f"{folder}/" if folder else "")


# --- circles -------------------------------------------------------------------------------------------------


def _cycles(units: list[Unit], problems: list[Problem]) -> None:
    """Say each circle once, at the import of its first file that is reached."""
    trail: list[tuple[Unit, ast.Import | None]] = [(units[0], None)]
    open_: dict[Unit, int] = {units[0]: 0}
    ahead: list[Iterator[tuple[ast.Import, Unit | None]]] = [iter(units[0].imports)]
    seen = {units[0]}
    while ahead:
        item, target = next(ahead[-1], (None, None))
        if item is None:
            ahead.pop()
            open_.pop(trail.pop()[0])
        elif target in open_:
            steps = [*trail[open_[target] + 1 :], (target, item)]
            problems.append(_cycle(target, [(unit, step) for unit, step in steps if step is not None]))
        elif target is not None and target not in seen:
            seen.add(target)
            open_[target] = len(trail)
            trail.append((target, item))
            ahead.append(iter(target.imports))


def _cycle(first: Unit, steps: list[tuple[Unit, ast.Import]]) -> Problem:
    """The Problem for a circle: `steps` are the files in it after `first`, each with the import that leads there."""
    (_, item), *rest = steps
    if not rest:
        return imports.ImportCycle(item.path_span, message="this file imports itself", cure="remove this line")
    files = [first.place, *(unit.place for unit, _ in steps)]
    if len(files) > MAX_SHOWN:
        files = [*files[: MAX_SHOWN - 2], "…", *files[-2:]]
    return imports.ImportCycle(
        item.path_span,
        message=f"these files import each other: {' → '.join(files)}",
        related=tuple(Label(step.path_span, f"which imports {unit.place}") for unit, step in rest[:MAX_SHOWN]),
        cure="move what both need into a third file, and import that one in both",
    )


# --- names ---------------------------------------------------------------------------------------------------


def _define(unit: Unit, problems: list[Problem]) -> None:
    """Bind the definitions of a file in its scope."""
    scope = unit.scope
    for item in unit.file.items:
        if isinstance(item, ast.PoisonItem):
            for name in item.names:
                scope.bind(name, POISON)
                unit.own[name] = POISON
        elif isinstance(item, ast.Definition | ast.Alias):
            if item.name in scope.spans:
                problems.append(
                    names.DuplicateName(
                        item.name_span,
                        message=f"`{item.name}` is defined twice",
                        related=(Label(scope.spans[item.name], "the first time here"),),
                        cure="rename one of them",
                    )
                )
                continue
            # What a second name stands for is found when all definitions are known.
            unit.own[item.name] = Function(item, scope) if isinstance(item, ast.Definition) else POISON
            scope.bind(item.name, unit.own[item.name], item.name_span)


def _bind_imports(unit: Unit, problems: list[Problem]) -> None:
    """Bind what a file imports beside its own definitions, which stand above it in a clash."""
    scope = unit.scope
    bound: set[Unit] = set()
    for item, target in unit.imports:
        if item.alias is not None:
            _bind_alias(scope, item, item.alias, target, problems)
            continue
        if target is None:
            scope.incomplete = True
            continue
        if target in bound:
            continue
        bound.add(target)
        module = target.module
        scope.incomplete |= not module.whole
        for name, cure in module.kept.items():
            scope.hidden.setdefault(name, cure)
        clashes: list[str] = []
        for name, value in module.members.items():
            if name not in scope.names:
                scope.bind(name, value, value.named.name_span if isinstance(value, Function) else None)
            elif scope.names[name] is not value and POISON not in (value, scope.names[name]):
                clashes.append(name)
        if clashes and target is not unit:
            problems.append(_clash(scope, item, target, clashes))


def _bind_alias(scope: FileScope, item: ast.Import, alias: str, target: Unit | None, problems: list[Problem]) -> None:
    if alias in scope.names:
        taken = scope.spans.get(alias)
        problems.append(
            imports.ImportClash(
                item.span,
                message=f"`{alias}` is taken",
                related=(Label(taken, "this has the name"),) if taken is not None else (),
                cure="give the import another name",
            )
        )
        return
    scope.bind(alias, target.module if target is not None else POISON, item.span)


def _clash(scope: FileScope, item: ast.Import, target: Unit, clashes: list[str]) -> Problem:
    related: list[Label] = []
    for name in clashes[:3]:
        other = target.own[name]
        related += [Label(scope.spans[name], f"`{name}` is defined here")] if name in scope.spans else []
        related += [Label(other.named.name_span, "and here")] if isinstance(other, Function) else []
    listed = ", ".join(f"`{name}`" for name in clashes[:3]) + (f" and {len(clashes) - 3} more" * (len(clashes) > 3))
    alias = re.sub(r"\W", "_", posixpath.basename(item.path).removesuffix(".nn"))
    return imports.ImportClash(
        item.path_span,
        message=f"this import brings {listed}, which this file has already",
        related=tuple(related),
        cure=f'write `import "{item.path}" as {alias}`, and then `{alias}.{clashes[0]}`',
    )


def unknown_member(module: Module, expr: ast.Attribute) -> Problem:
    """What is said of a name that a module does not have."""
    cure = module.kept.get(expr.name) or did_you_mean(expr.name, module.members)
    if cure is None:
        known = [f"`{name}`" for name in module.members]
        more = ", …" if len(known) > MAX_SHOWN else ""
        cure = f"it has {', '.join(known[:MAX_SHOWN])}{more}" if known else "it has no public definitions"
    return names.UnknownName(expr.name_span, message=f"{module.name} has no `{expr.name}` to import", cure=cure)
