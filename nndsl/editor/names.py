"""Which name means what: each place where a name stands, with the thing it names."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from nndsl.check.values import Builtin
from nndsl.diagnostics import Source, Span
from nndsl.syntax import ast

Declaring = ast.Definition | ast.Alias | ast.Import | ast.Section | ast.Parameter | ast.Statement


@dataclass(frozen=True, eq=False)
class Symbol:
    """Something that has a name.

    `sort` is a role (`layer`), a sort of value (`input target output param state value dim parameter`), or `module`,
    `data` or `builtin`. `home` is the name where it is declared first, None for builtins. `declared` is the syntax
    that declares it, `definition` the definition it stands for, with second names followed, `owner` the definition or
    section around it. `own` where it stands in the file itself.
    """

    name: str
    sort: str
    home: Span | None
    declared: Declaring | None = None
    definition: ast.Definition | None = None
    builtin: Builtin | None = None
    owner: ast.Definition | ast.Section | None = None
    own: bool = True

    @property
    def doc(self) -> str:
        """Its doc comment, that of what it stands for where it has none."""
        own = getattr(self.declared, "doc", "")
        return own or (self.definition.doc if self.definition is not None else "")


@dataclass(frozen=True, eq=False)
class Occurrence:
    """A place where a name stands; `binds` where it is given a value there."""

    span: Span
    symbol: Symbol
    binds: bool = False


@dataclass(eq=False)
class Frame:
    """The names of one definition or section, and from which offset on each of them has a value."""

    owner: ast.Definition | ast.Section | None
    outer: Frame | None = None
    symbols: dict[str, Symbol] = field(default_factory=dict)
    since: dict[str, int] = field(default_factory=dict)

    def declare(self, name: str, sort: str, span: Span, declared: Declaring, since: int = -1) -> Symbol:
        """The symbol of a name that is bound here; the first line that binds it says what it is."""
        if name not in self.symbols:
            self.symbols[name] = Symbol(name, sort, span, declared, owner=self.owner)
            self.since[name] = since
        self.since[name] = min(self.since[name], since)
        return self.symbols[name]

    def find(self, name: str, offset: int) -> Symbol | None:
        """What a name means at an offset, in this frame and those around it."""
        frame: Frame | None = self
        while frame is not None:
            if name in frame.symbols and frame.since[name] <= offset:
                return frame.symbols[name]
            frame = frame.outer
        return None


@dataclass(eq=False)
class Names:
    """All names of a file, in source order."""

    source: Source
    occurrences: list[Occurrence]
    frames: Mapping[int, Frame]
    """The names of each definition and section, by `id` of its syntax."""
    top: Mapping[str, Symbol]
    """The definitions and modules of the file itself."""
    fed: Mapping[Symbol, Sequence[ast.Section]] = field(default_factory=dict)
    """For an input that a data section of several models feeds, those sections: its name is not its own there."""

    @cached_property
    def _starts(self) -> list[int]:
        return [one.span.start for one in self.occurrences]

    @cached_property
    def _by_symbol(self) -> dict[Symbol, list[Occurrence]]:
        found: dict[Symbol, list[Occurrence]] = {}
        for one in self.occurrences:
            found.setdefault(one.symbol, []).append(one)
        return found

    def at(self, offset: int) -> Occurrence | None:
        """The name that stands at an offset, or ends there."""
        i = bisect_right(self._starts, offset) - 1
        if i >= 0 and self.occurrences[i].span.start <= offset <= self.occurrences[i].span.end:
            return self.occurrences[i]
        return None

    def of(self, symbol: Symbol) -> list[Occurrence]:
        """Every place of a symbol in this file."""
        return self._by_symbol.get(symbol, [])

    def alike(self, home: Span) -> list[Occurrence]:
        """Every place of what is declared at a place, which may lie in another file."""
        return [one for one in self.occurrences if one.symbol.home is not None and same_place(one.symbol.home, home)]

    def defined_before(self, one: Occurrence) -> Span | None:
        """Where the value that a name has at a place was given to it: the last line above that binds it."""
        binding = [o.span for o in self.of(one.symbol) if o.binds]
        above = [span for span in binding if span.end <= one.span.start]
        return above[-1] if above and not one.binds else one.symbol.home


def same_place(a: Span, b: Span) -> bool:
    """Whether two places are the same, in texts that were read at different times."""
    if a.start != b.start or a.text != b.text:
        return False
    if a.source is b.source:
        return True
    return (
        a.source.path is not None and b.source.path is not None and a.source.path.resolve() == b.source.path.resolve()
    )


def sorted_once(found: Iterable[Occurrence]) -> list[Occurrence]:
    """In source order, each place once."""
    return list({one.span.start: one for one in sorted(found, key=lambda one: one.span.start)}.values())
