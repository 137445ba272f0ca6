"""Names: scopes one inside the other, the standard library as the outermost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from nndsl.check.library import Entry
from nndsl.check.values import POISON, Function, Module, Value, describe
from nndsl.diagnostics import InternalError, Span
from nndsl.ir.graph import Node
from nndsl.ir.types import Shape, TensorType
from nndsl.syntax import ast
from nndsl.syntax.parse import parse_range


@dataclass(eq=False)
class Scope:
    """Names bound at one level.

    `fixed` remembers where a dim got its size and by what, `role` what kind of body this is and `body` its statements,
    `states` the leaves that `:=` may change, `declared` where each param and state of this body stands, and `row` what
    `...` stands for in the signature.
    """

    parent: Scope | None = None
    names: dict[str, Value] = field(default_factory=dict)
    spans: dict[str, Span] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    fixed: dict[str, tuple[Span, Value | TensorType]] = field(default_factory=dict)
    role: str = ""
    body: ast.Block = ()
    states: dict[str, Node] = field(default_factory=dict)
    declared: dict[str, tuple[Span, tuple[int, ...]]] = field(default_factory=dict)
    row: Shape | None = None

    def find(self, name: str) -> Scope | None:
        """The nearest scope that binds `name`."""
        scope: Scope | None = self
        while scope is not None:
            if scope.has(name):
                return scope
            scope = scope.parent
        return None

    def has(self, name: str) -> bool:
        return name in self.names

    def get(self, name: str) -> Value:
        """The value of a name bound here; marks it used."""
        self.used.add(name)
        return self.names[name]

    def bind(self, name: str, value: Value, span: Span | None = None) -> None:
        self.names[name] = value
        if span is not None:
            self.spans[name] = span

    def visible(self) -> Iterator[str]:
        """All names that can be written here, nearest first."""
        scope: Scope | None = self
        while scope is not None:
            yield from scope.known()
            scope = scope.parent

    def known(self) -> Iterator[str]:
        return iter(self.names)

    def fixed_at(self, name: str) -> tuple[Span, str] | None:
        """Where a dim was given its size, and by what."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.fixed:
                span, what = scope.fixed[name]
                return span, str(what) if isinstance(what, TensorType) else describe(what)
            scope = scope.parent
        return None

    def defined_later(self, name: str) -> Later | None:
        """Where a name that is not bound yet is bound further down, or in a branch that was not taken."""
        scope: Scope | None = self
        while scope is not None:
            found = next((later for bound, later in bindings(scope.body) if bound == name), None)
            if found is not None:
                return found
            scope = scope.parent
        return None

    def size_named(self, name: str) -> Scope | None:
        """The scope in which a dim's name is bound. Layers and functions are no sizes: a dim may share their names."""
        holder = self.find(name)
        if holder is None or isinstance(holder, Library | LibraryScope):
            return None
        return None if holder.role == "file" and isinstance(holder.names[name], Function | Module) else holder


@dataclass(eq=False)
class FileScope(Scope):
    """The names of one file.

    `hidden` says of names in imported files why they are not seen here. `incomplete` where an import could not be read:
    any name may come from there, so none is called unknown. `data` are the data sections.
    """

    hidden: dict[str, str] = field(default_factory=dict)
    incomplete: bool = False
    data: dict[str, ast.Section] = field(default_factory=dict)


def file_of(scope: Scope) -> FileScope | None:
    """The scope of the file around a scope."""
    around: Scope | None = scope
    while around is not None and not isinstance(around, FileScope):
        around = around.parent
    return around


@dataclass(frozen=True)
class Later:
    """Where a name is bound; `nested` inside an `if`, `for` or `repeat`, `of_step` inside a `scan`."""

    span: Span
    nested: bool
    of_step: bool = False


def bindings(body: ast.Block, nested: bool = False) -> Iterator[tuple[str, Later]]:
    """The names that statements bind, those in branches and loops too, in source order."""
    for statement in body:
        match statement:
            case ast.Assign():
                for name, span in zip(statement.names, statement.name_spans, strict=True):
                    yield name, Later(span, nested)
            case ast.ParamDecl() | ast.StateDecl() | ast.InputDecl() | ast.OutputDecl():
                yield statement.name, Later(statement.name_span, nested)
            case ast.If():
                yield from bindings((*statement.then, *statement.otherwise), True)
            case ast.For() | ast.Repeat():
                yield from bindings(statement.body, True)
            case ast.Scan():
                yield from ((s.name, Later(s.span, True, True)) for s in statement.sequences)
                yield from ((name, Later(later.span, True, True)) for name, later in bindings(statement.body, True))


@dataclass(eq=False)
class LibraryScope(Scope):
    """The standard library as its own definitions see it. One is parsed when its name is first looked up."""

    index: dict[str, Entry] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        return name in self.index

    def get(self, name: str) -> Value:
        if name not in self.names:
            self.names[name] = self._parse(name)
        return self.names[name]

    def known(self) -> Iterator[str]:
        return iter(self.index)

    def _parse(self, name: str) -> Value:
        entry = self.index[name]
        file, problems = parse_range(entry.source, entry.start, entry.end)
        if problems:
            raise InternalError(f"{problems[0]}")
        for item in file.items:
            if isinstance(item, ast.Definition):
                return Function(item, self)
            if isinstance(item, ast.Alias) and isinstance(item.target, ast.Name):
                target = self.get(item.target.id)
                return replace(target, alias=item) if isinstance(target, Function) else POISON
        return POISON


@dataclass(eq=False)
class Library(Scope):
    """The standard library as users see it: without what is private to it."""

    inside: LibraryScope = field(default_factory=LibraryScope)

    def has(self, name: str) -> bool:
        entry = self.inside.index.get(name)
        return entry is not None and not entry.private

    def get(self, name: str) -> Value:
        return self.inside.get(name)

    def known(self) -> Iterator[str]:
        return (name for name, entry in self.inside.index.items() if not entry.private)
