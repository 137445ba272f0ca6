"""Second names: `layer BatchNorm = BatchNormalization`.

They are bound with the definitions of their file and before its imports, since another file may import them. What they
name may itself be imported, so they are looked up through the files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from nndsl.check.builtins import BUILTINS
from nndsl.check.scope import Scope
from nndsl.check.values import POISON, Builtin, Function, Poison, Value
from nndsl.diagnostics import Problem, did_you_mean
from nndsl.problems import names
from nndsl.syntax import ast

if TYPE_CHECKING:
    from nndsl.check.modules import Unit

FOR_A_DEFINITION = "this gives a second name to a definition"


class Aliases:
    """Resolves the second names of all files, each once. What is wrong is added to `problems`."""

    def __init__(self, units: Sequence[Unit], outermost: Scope, problems: list[Problem]) -> None:
        self.outermost, self.problems = outermost, problems
        written = [(unit, item) for unit in units for item in unit.file.items if isinstance(item, ast.Alias)]
        self.waiting = {(unit, item.name): item for unit, item in reversed(written)}  # of two the first counts
        self.open: list[tuple[Unit, str]] = []
        self.members: list[tuple[Unit, ast.Attribute]] = []
        """Dotted names that their file does not have: what it has is known only at the end."""

    def bind(self) -> list[tuple[Unit, ast.Attribute]]:
        """Give every second name its meaning, in its file; the dotted names that lead nowhere."""
        for unit, name in list(self.waiting):
            self.own(unit, name)
        return self.members

    def own(self, unit: Unit, name: str) -> Value | None:
        """What a file itself calls by a name; None where it defines nothing of that name."""
        item = self.waiting.get((unit, name))
        if item is None or unit.scope.spans.get(name) != item.name_span:  # a definition above has the name
            return unit.own.get(name)
        if (unit, name) in self.open:
            self.say(names.Recursion(item.name_span, message=f"`{name}` stands for itself", cure="name a definition"))
            return POISON
        self.open.append((unit, name))
        value = self.named(unit, item)
        self.open.pop()
        del self.waiting[(unit, name)]
        unit.own[name] = value
        unit.scope.bind(name, value, item.name_span)
        return value

    def say(self, problem: Problem) -> Poison:
        self.problems.append(problem)
        return POISON

    def named(self, unit: Unit, item: ast.Alias) -> Value:
        """The definition under its second name."""
        target = self.target(unit, item)
        text = item.target.span.text
        match target:
            case Poison():
                return POISON
            case Function(role="model"):
                return self.say(names.BadValue(item.target.span, message="a model has one name", cure="use that"))
            case Function(role=role) if role == item.role:
                return replace(target, alias=item)
            case Builtin() if item.role == "fn":
                return replace(target, name=item.name, signature=item.name + target.signature[len(target.name) :])
            case Function() | Builtin():
                role = target.role if isinstance(target, Function) else "fn"
                return self.say(
                    names.BadValue(
                        item.target.span, message=f"`{text}` is a {role}", cure=f"write `{role} {item.name} = {text}`"
                    )
                )
        return self.say(names.BadValue(item.target.span, message=FOR_A_DEFINITION, note="this is none"))

    def target(self, unit: Unit, item: ast.Alias) -> Value | None:
        """What stands behind the `=`; POISON with a Problem where there is no such thing."""
        match item.target:
            case ast.Poison():
                return POISON
            case ast.Name(id=name) as place:
                found = self.seen(unit, name)
                if found is None:
                    known = [*unit.own, *self.outermost.known(), *BUILTINS]
                    cure = did_you_mean(name, [other for other in known if other != item.name])
                    return self.say(names.UnknownName(place.span, message=f"`{name}` is not known here", cure=cure))
                return found
            case ast.Attribute(value=ast.Name(id=module), name=name) as dotted:
                for line, other in unit.imports:
                    if line.alias == module:
                        found = self.public(other, name) if other is not None else POISON
                        if found is None and other is not None:
                            self.members.append((other, dotted))
                        return POISON if found is None else found
                message, cure = f"`{module}` is no imported file", f'write `import "{module}.nn" as {module}`'
                return self.say(names.UnknownName(dotted.value.span, message=message, cure=cure))
        built = f"write its body: `layer {item.name}()(x) {{ return x |> {item.target.span.text} }}`"
        cure = built if item.role == "layer" and isinstance(item.target, ast.Call | ast.Pipe) else None
        return self.say(names.BadValue(item.target.span, message=FOR_A_DEFINITION, note="this is no name", cure=cure))

    def seen(self, unit: Unit, name: str) -> Value | None:
        """What a name means in a file: its own definitions, what it imports, the library, the functions of ops."""
        found = self.own(unit, name)
        if found is not None:
            return found
        for line, other in unit.imports:
            if line.alias is None:
                found = self.public(other, name) if other is not None else None
                if found is not None:
                    return found
        if self.outermost.has(name):
            return self.outermost.get(name)
        if name in BUILTINS:
            return BUILTINS[name]
        broken = any(other is None for line, other in unit.imports if line.alias is None)
        return POISON if broken else None

    def public(self, unit: Unit, name: str) -> Value | None:
        """What another file can have of a file by a name."""
        value = self.own(unit, name)
        if isinstance(value, Function) and (value.named.private or value.role == "model"):
            return None
        return value
