"""Finding what each name of a file means: from its syntax, and for layers in values from what the check noted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from functools import cache

from nndsl.check.builtins import BUILTINS
from nndsl.check.modules import Unit
from nndsl.check.notes import Notes
from nndsl.check.resolve import parts
from nndsl.check.sections import SOURCES
from nndsl.check.values import Builtin, Function, Instance, Module, Value
from nndsl.diagnostics import Span
from nndsl.editor.names import Frame, Names, Occurrence, Symbol, sorted_once
from nndsl.syntax import ast

NAMED = "train", "data"


def resolve(unit: Unit, notes: Notes | None) -> Names:
    """The names of a file. Text that did not parse has none."""
    return _Resolver(unit, notes).run()


class _Resolver:
    """One walk over a file, after the names that each definition binds were gathered."""

    def __init__(self, unit: Unit, notes: Notes | None) -> None:
        self.unit, self.notes, self.file = unit, notes, unit.file
        self.found: list[Occurrence] = []
        self.top = Frame(None)
        self.data: dict[str, Symbol] = {}
        self.frames: dict[int, Frame] = {}
        self.others: dict[tuple[int, str], Symbol] = {}
        self.fed: dict[Symbol, list[ast.Section]] = {}

    def run(self) -> Names:
        for item in self.file.items:
            self._declare(item)
        for item in self.file.items:
            if isinstance(item, ast.Definition | ast.Section):
                self._gather(item)
        for item in self.file.items:
            self._item(item)
        return Names(self.unit.source, sorted_once(self.found), self.frames, self.top.symbols, self.fed)

    def _add(self, span: Span, symbol: Symbol | None, binds: bool = False) -> None:
        if symbol is not None:
            self.found.append(Occurrence(span, symbol, binds))

    # --- what is declared ----------------------------------------------------------------------------------

    def _declare(self, item: ast.Item) -> None:
        match item:
            case ast.Definition() | ast.Alias() if item.name not in self.top.symbols:
                value = self.unit.own.get(item.name)
                stands = item if isinstance(item, ast.Definition) else None
                if stands is None and isinstance(value, Function):
                    stands = value.definition
                self.top.symbols[item.name] = Symbol(item.name, item.role, item.name_span, item, stands)
                self.top.since[item.name] = -1
            case ast.Import(alias=str() as alias):
                self.top.declare(alias, "module", alias_span(item), item)
            case ast.Section(role="data") if item.name not in self.data:
                self.data[item.name] = Symbol(item.name, "data", item.name_span, item)

    def _gather(self, item: ast.Definition | ast.Section) -> None:
        """What a definition or a section binds."""
        outer = self.top
        if isinstance(item, ast.Section):
            outer = self._model_frame(item) or self.top
        frame = self.frames[id(item)] = Frame(item, outer)
        if isinstance(item, ast.Definition):
            for parameter in (*(item.config or ()), *(item.inputs or ())):
                frame.declare(parameter.name, "parameter", parameter.name_span, parameter)
        bind_all(frame, item.body, None)
        if isinstance(item, ast.Definition):
            for part in parts(item):  # dims that nothing else names are solved for
                if isinstance(part, ast.TensorTypeExpr):
                    for name in names_in_type(part):
                        frame.declare(name.id, "dim", name.span, _line_of(item, name), -1)

    def _model_frame(self, section: ast.Section) -> Frame | None:
        """The names of the model that a section is about."""
        model = self._model_of(section)
        return self.frames.get(id(model)) if model is not None else None

    def _model_of(self, section: ast.Section) -> ast.Definition | None:
        models = {i.name: i for i in self.file.items if isinstance(i, ast.Definition) and i.role == "model"}
        if section.role in NAMED:
            return models.get(section.name)
        match section.body:
            case (ast.Assign(names=("model",), value=ast.Name(id=name) | ast.Call(function=ast.Name(id=name))), *_):
                return models.get(name)
        trained = [s.name for s in self.file.items if isinstance(s, ast.Section) and s.role == "train"]
        chosen = [name for name in trained if name in models]
        return models[chosen[0]] if chosen else next(iter(models.values()), None)

    # --- what is used --------------------------------------------------------------------------------------

    def _item(self, item: ast.Item) -> None:
        match item:
            case ast.Definition():
                self._add(item.name_span, self.top.symbols[item.name], True)
                self._definition(item, self.frames[id(item)])
            case ast.Alias():
                self._add(item.name_span, self.top.symbols[item.name], True)
                self._walk(item.target, self.top)
            case ast.Import(alias=str() as alias):
                self._add(alias_span(item), self.top.symbols[alias], True)
            case ast.Section():
                self._section(item)

    def _definition(self, item: ast.Definition, frame: Frame) -> None:
        for parameter in (*(item.config or ()), *(item.inputs or ())):
            self._walk(parameter, frame)
        for returned in item.returns:
            self._walk(returned, frame)
        for statement in item.body:
            self._walk(statement, frame)

    def _section(self, item: ast.Section) -> None:
        frame = self.frames[id(item)]
        if item.role in NAMED:
            self._add(item.name_span, self.data.get(item.name) if item.role == "data" else None, True)
            if not (item.role == "data" and item.name in self.data):
                self._add(item.name_span, self.top.symbols.get(item.name))
        for line in item.body:
            match line:
                case ast.Setting(name="data", value=ast.Name() as name) if name.id in self.data:
                    self._add(name.span, self.data[name.id])
                case ast.Assign(names=("model",)) if line is item.body[0]:
                    self._walk(line.value, frame)
                case ast.Setting():
                    self._feeding(line.value, item)
                    self._walk(line.value, frame)
                case _:
                    self._walk(line, frame)

    def _feeding(self, expr: ast.Expr, section: ast.Section) -> None:
        """`npz("file.npz", words="x_train")`: the names of inputs and targets in a call of a data source."""
        if not (isinstance(expr, ast.Call) and isinstance(expr.function, ast.Name) and expr.function.id in SOURCES):
            return
        models = self._fed_models(section)
        for argument in expr.arguments:
            ports = [self.frames[id(model)].symbols.get(argument.name or "") for model in models]
            inputs = [port for port in ports if port is not None and port.sort in ("input", "target")]
            if argument.name_span is not None and inputs:
                self._add(argument.name_span, inputs[0])
                for port in inputs if len(inputs) > 1 else ():
                    self.fed.setdefault(port, []).append(section)

    def _fed_models(self, section: ast.Section) -> list[ast.Definition]:
        """The models that the sources of a section feed."""
        sections = [s for s in self.file.items if isinstance(s, ast.Section) and s.role == "train"]
        naming = [
            s for s in sections for line in s.body
            if isinstance(line, ast.Setting) and line.name == "data" and isinstance(line.value, ast.Name)
            and line.value.id == section.name
        ]  # fmt: skip
        found = [self._model_of(s) for s in ([section, *naming] if section.role == "data" else [section])]
        return [model for model in dict.fromkeys(found) if model is not None]

    def _walk(self, node: object, frame: Frame) -> None:
        """Note the names of a piece of syntax."""
        match node:
            case ast.Name():
                self._add(node.span, self._meant(node.id, node.span.start, frame))
            case ast.Call():
                self._walk(node.function, frame)
                callee = self.callee(node.function, frame)
                for argument in node.arguments:
                    if argument.name is not None and argument.name_span is not None and callee is not None:
                        self._add(argument.name_span, self._parameter(callee, argument.name))
                    self._walk(argument.value, frame)
            case ast.Attribute():
                self._walk(node.value, frame)
                self._add(node.name_span, self._member(node, frame))
            case ast.TensorTypeExpr():
                for name in names_in_type(node):
                    self._add(name.span, frame.find(name.id, name.span.end))
            case ast.Expect(subject="error"):
                self._block(node, frame)
            case ast.Syntax():
                self._binding(node, frame)
                sort: type = type(node)
                for field in _children(sort):
                    self._walk(getattr(node, field), frame)
            case tuple():
                for part in node:
                    self._walk(part, frame)

    def _binding(self, node: ast.Syntax, frame: Frame) -> None:
        """The name that a statement binds. The order among a statement's names does not matter: they are sorted."""
        for name, span, binds in bound_by(node):
            self._add(span, frame.find(name, node.span.end + 1) or frame.symbols.get(name), binds)

    def _block(self, node: ast.Expect, frame: Frame) -> None:
        """`expect error CODE { … }`: definitions and lines of its own."""
        inner = Frame(frame.owner, frame)
        for item in node.items:
            inner.symbols[item.name] = Symbol(item.name, item.role, item.name_span, item, item)
            inner.since[item.name] = -1
        bind_all(inner, node.body or (), None)
        for item in node.items:
            self._gather(item)
            self.frames[id(item)].outer = inner
        for item in node.items:
            self._add(item.name_span, inner.symbols[item.name], True)
            self._definition(item, self.frames[id(item)])
        self._walk(node.body or (), inner)

    # --- meanings ------------------------------------------------------------------------------------------

    def _meant(self, name: str, offset: int, frame: Frame) -> Symbol | None:
        """What a name means where it is read."""
        return frame.find(name, offset) or self._outside(name) or self._used_early(name, frame)

    @staticmethod
    def _used_early(name: str, frame: Frame) -> Symbol | None:
        around: Frame | None = frame
        while around is not None:
            if name in around.symbols:
                return around.symbols[name]
            around = around.outer
        return None

    def _outside(self, name: str) -> Symbol | None:
        """What an import, the library or the compiler calls by a name."""
        holder = self.unit.scope.find(name)
        if holder is not None:
            return self.of_value(holder.get(name), name)
        return self._builtin(BUILTINS[name]) if name in BUILTINS else None

    def of_value(self, value: Value, name: str) -> Symbol | None:
        """The symbol of a definition or builtin."""
        match value:
            case Function(named=named, definition=definition):
                if (mine := self.top.symbols.get(named.name)) is not None and mine.declared is named:
                    return mine
                key = (id(named), "")
                if key not in self.others:
                    self.others[key] = Symbol(named.name, named.role, named.name_span, named, definition, own=False)
                return self.others[key]
            case Builtin():
                return self._builtin(value)
            case Module():
                return self.top.symbols.get(name)
        return None

    def _builtin(self, builtin: Builtin) -> Symbol:
        key = (id(builtin), "")
        if key not in self.others:
            self.others[key] = Symbol(builtin.name, "builtin", None, builtin=builtin, own=False)
        return self.others[key]

    def _member(self, node: ast.Attribute, frame: Frame) -> Symbol | None:
        """`blocks.Residual`."""
        if not isinstance(node.value, ast.Name) or frame.find(node.value.id, node.span.start) is None:
            return None
        module = self.unit.scope.names.get(node.value.id)
        return self.of_value(module.members.get(node.name), node.name) if isinstance(module, Module) else None

    def callee(self, expr: ast.Expr, frame: Frame) -> ast.Definition | None:
        """The definition that a call builds or applies."""
        if isinstance(expr, ast.Call):
            return self.callee(expr.function, frame)
        symbol: Symbol | None = None
        if isinstance(expr, ast.Name):
            symbol = self._meant(expr.id, expr.span.start, frame)
        elif isinstance(expr, ast.Attribute):
            symbol = self._member(expr, frame)
        if symbol is not None and symbol.definition is not None:
            return symbol.definition
        values = self.notes.values.get((expr.span.start, expr.span.end), []) if self.notes is not None else []
        for value in values:
            match value:
                case Function(definition=definition) | Instance(function=Function(definition=definition)):
                    return definition
        return None

    def _parameter(self, definition: ast.Definition, name: str) -> Symbol | None:
        """A parameter of a definition, in this file or another."""
        if id(definition) in self.frames:
            found = self.frames[id(definition)].symbols.get(name)
            return found if found is not None and found.sort == "parameter" else None
        key = (id(definition), name)
        if key not in self.others:
            parameters = (*(definition.config or ()), *(definition.inputs or ()))
            declared = next((p for p in parameters if p.name == name), None)
            if declared is None:
                return None
            self.others[key] = Symbol(name, "parameter", declared.name_span, declared, owner=definition, own=False)
        return self.others[key]


# --- what statements bind --------------------------------------------------------------------------------------


def bind_all(frame: Frame, body: ast.Block, loop: int | None) -> None:
    """Declare what statements bind. In a loop a name has its value from the start on: an earlier turn gave it."""
    for statement in body:
        inside = loop if loop is not None else statement.span.start
        match statement:
            case ast.For():
                frame.declare(statement.name, "value", statement.name_span, statement, inside)
                bind_all(frame, statement.body, inside)
            case ast.Repeat():
                bind_all(frame, statement.body, inside)
            case ast.Scan():
                heads: list[ast.Carry | ast.Sequence] = [*statement.carries, *statement.sequences]
                for part in heads:
                    frame.declare(part.name, "value", first_word(part.span, part.name), statement, inside)
                bind_all(frame, statement.body, inside)
            case ast.If():
                bind_all(frame, (*statement.then, *statement.otherwise), loop)
            case _:
                since = loop if loop is not None else statement.span.end
                for name, span, binds in bound_by(statement):
                    if binds and not isinstance(statement, ast.Update | ast.Next):
                        frame.declare(name, _sort(statement), span, statement, since)


def _sort(statement: ast.Statement) -> str:
    match statement:
        case ast.InputDecl(role=role):
            return role
        case ast.ParamDecl():
            return "param"
        case ast.StateDecl():
            return "state"
        case ast.OutputDecl():
            return "output"
    return "value"


def bound_by(node: ast.Syntax) -> Iterator[tuple[str, Span, bool]]:
    """The names that stand in a statement outside of its expressions, and whether it gives them values."""
    match node:
        case ast.Assign():
            yield from ((name, span, True) for name, span in zip(node.names, node.name_spans, strict=True))
        case ast.OutputDecl():
            yield node.name, node.name_span, node.value is not None
        case (
            ast.InputDecl() | ast.ParamDecl() | ast.StateDecl() | ast.Update() | ast.For() | ast.Parameter()
        ):  # fmt: skip
            yield node.name, node.name_span, True
        case ast.Carry() | ast.Sequence():
            yield node.name, first_word(node.span, node.name), True
        case ast.Next():
            yield node.name, first_word(Span(node.span.source, node.span.start + 4, node.span.end), node.name), True
        case ast.Collect():
            yield node.name, Span(node.span.source, node.span.end - len(node.name), node.span.end), True


def first_word(span: Span, name: str) -> Span:
    """The name with which a place begins, blanks aside."""
    start = span.source.text.find(name, span.start, span.end)
    return Span(span.source, max(start, span.start), max(start, span.start) + len(name))


def alias_span(item: ast.Import) -> Span:
    """The name behind `as`, with which an import ends."""
    return Span(item.span.source, item.span.end - len(item.alias or ""), item.span.end)


def _line_of(item: ast.Definition, name: ast.Name) -> ast.Parameter | ast.Statement | ast.Definition:
    """The parameter or statement in which a dim is named first."""
    places = (*(item.config or ()), *(item.inputs or ()), *item.body)
    return next((p for p in places if p.span.start <= name.span.start < p.span.end), item)


def names_in_type(node: ast.TensorTypeExpr) -> Iterator[ast.Name]:
    """The names of sizes in a type."""
    for part in parts((node.count, node.dims)):
        if isinstance(part, ast.Name):
            yield part


@cache
def _children(sort: type) -> tuple[str, ...]:
    """The fields that may hold more syntax."""
    return tuple(f.name for f in fields(sort) if f.compare and f.name not in ("id", "name", "names"))
