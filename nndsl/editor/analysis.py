"""A text as an editor sees it: its syntax, what is wrong with it, what its names mean and what its values are.

It works for any text: what did not parse is poison, and the rest is known all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from nndsl.check.file import check_file
from nndsl.check.notes import Notes, Place
from nndsl.check.values import Value
from nndsl.diagnostics import Problem, Source, Span
from nndsl.editor.names import Frame, Names, Occurrence
from nndsl.editor.resolve import resolve
from nndsl.ir.graph import LayerNote, Node, ParamSpec
from nndsl.syntax import ast
from nndsl.syntax.parse import parse


@dataclass(frozen=True, eq=False)
class Analysis:
    """All that is known of one version of a text."""

    source: Source
    file: ast.File
    problems: tuple[Problem, ...]
    notes: Notes
    broken: bool
    """Whether some of it did not parse."""

    @cached_property
    def names(self) -> Names:
        """What its names mean."""
        return resolve(self.notes.units[0], self.notes)

    @cached_property
    def layers(self) -> dict[Place, list[tuple[LayerNote, tuple[ParamSpec, ...]]]]:
        """The layers that each place applies, with their params, where the model is right."""
        found: dict[Place, list[tuple[LayerNote, tuple[ParamSpec, ...]]]] = {}
        for made in self.notes.made.values():
            owned: dict[str, list[ParamSpec]] = {}
            for spec in made.registry.params.values():
                owned.setdefault(spec.name.partition(".")[0], []).append(spec)
            for note in made.model.layers if made.model is not None else ():
                if note.span.source is self.source and "." not in note.name:
                    place = (note.span.start, note.span.end)
                    found.setdefault(place, []).append((note, tuple(owned.get(note.name, ()))))
        return found

    def values(self, span: Span) -> Sequence[Value]:
        """What stands at a place is, or was each time it was carried out."""
        return self.notes.values.get((span.start, span.end), ())

    def values_of(self, one: Occurrence) -> Sequence[Value]:
        """The values of a name at a place; where nothing was noted there, those at the nearest place behind."""
        found = self.values(one.span)
        if found or one.symbol.definition is not None:
            return found
        others = sorted(self.names.of(one.symbol), key=lambda o: (o.span.start < one.span.start, o.span.start))
        return next((values for other in others if (values := self.values(other.span))), ())

    def applied(self, span: Span) -> tuple[Place, Sequence[Value]] | None:
        """What a layer or function that is named at a place gives there: a stage or call, and its value."""
        stages = [(place, values) for place, values in self.notes.stages.items() if place[0] == span.start]
        calls = [
            (place, values)
            for place, values in self.notes.values.items()
            if place[0] == span.start and place[1] > span.end and self.source.text[span.end] in "( "
        ]
        tensors = [(p, v) for p, v in (*stages, *sorted(calls, key=lambda c: c[0][1])) if isinstance(v[0], Node)]
        return tensors[0] if tensors else None

    def frame_at(self, offset: int) -> Frame | None:
        """The names of the definition or section around an offset."""
        item = self.item_at(offset)
        return self.names.frames.get(id(item)) if item is not None else None

    def item_at(self, offset: int) -> ast.Item | None:
        """The declaration around an offset."""
        return next((i for i in self.file.items if i.span.start <= offset <= i.span.end), None)


def analyse(source: Source, notes: Notes | None = None) -> Analysis:
    """Parse and check a text, and keep what is learnt on the way."""
    file, found = parse(source)
    notes = notes or Notes(source)
    checked = check_file(file, source, found, notes=notes)
    return Analysis(source, file, checked.problems, notes, bool(found))
