"""Names: scopes one inside the other, the standard library as the outermost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from nndsl.check.values import POISON, Function, Value
from nndsl.diagnostics import Source, Span
from nndsl.ir.graph import Node
from nndsl.syntax import ast


@dataclass(eq=False)
class Scope:
    """Names bound at one level.

    `fixed` remembers where a dim got its size, `role` what kind of body this is, `later` what is defined further down,
    `states` the leaves that `:=` may change.
    """

    parent: Scope | None = None
    names: dict[str, Value] = field(default_factory=dict)
    spans: dict[str, Span] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    fixed: dict[str, tuple[Span, str]] = field(default_factory=dict)
    role: str = ""
    later: dict[str, Span] = field(default_factory=dict)
    states: dict[str, Node] = field(default_factory=dict)

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
        """Where a dim was given its size."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.fixed:
                return scope.fixed[name]
            scope = scope.parent
        return None


@dataclass(eq=False)
class LibraryScope(Scope):
    """The standard library: a definition is parsed when its name is first looked up."""

    index: dict[str, tuple[Source, int, int]] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        return name in self.names or name in self.index

    def get(self, name: str) -> Value:
        if name not in self.names:
            self.names[name] = self._parse(name)
        return self.names[name]

    def known(self) -> Iterator[str]:
        yield from self.names
        yield from (n for n in self.index if n not in self.names)

    def _parse(self, name: str) -> Value:
        from nndsl.syntax.parse import parse_range

        file, problems = parse_range(*self.index[name])
        assert not problems, f"library definition {name}: {problems}"
        for item in file.items:
            if isinstance(item, ast.Definition):
                return Function(item, self)
        return POISON
