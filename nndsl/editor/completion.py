"""What can be written at the cursor."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from nndsl.check.binding import CONST_KINDS
from nndsl.check.builtins import BUILTINS
from nndsl.check.scope import Library, LibraryScope, Scope
from nndsl.check.sections import CALLBACKS, SOURCES
from nndsl.check.values import Builtin, Function, Module, Value
from nndsl.editor.analysis import Analysis
from nndsl.editor.cursor import Cursor, OpenCall, read_cursor
from nndsl.editor.names import Frame
from nndsl.editor.settings import KEYS, setting_doc
from nndsl.editor.show import lists, parameter_text, values_text
from nndsl.editor.signatures import Signature, signature_of
from nndsl.ir.types import DTYPES, KINDS
from nndsl.problems import catalogue
from nndsl.syntax import ast
from nndsl.syntax.parse import ROLES

SECTION_WORDS = {
    "train": "train ${1:Name} {\n  epochs = ${2:10}\n  $0\n}",
    "data": "data ${1:Name} {\n  train = $0\n}",
    "test": 'test "${1:what holds}" {\n  expect $0\n}',
    "import": 'import "$0"',
}
DEFINITION_WORDS = {
    "model": "model ${1:Name}() {\n  input x: f32[batch, ${2:n}]\n  $0\n}",
    "layer": "layer ${1:Name}(${2:units: int})(x: f32[..., n]) -> f32[..., ${3:units}] {\n  $0\n}",
    "fn": "fn ${1:name}(x: f32[...]) {\n  return $0\n}",
    "loss": "loss ${1:name}(y: f32[...], p: f32[...]) {\n  return $0\n}",
    "metric": "metric ${1:name}(y: f32[...], p: f32[...]) {\n  return $0\n}",
}
STATEMENT_WORDS = {
    "model": ("input", "target", "output", "loss", "metric", "param", "state", "if", "for", "repeat", "assert", "scan"),
    "test": ("expect", "if", "for", "repeat", "assert"),
    "scan": ("next", "collect"),
}
BODY_WORDS = ("param", "state", "loss", "return", "if", "for", "repeat", "assert", "scan", "next", "collect")
BY_KEY = {"optimizer": "optimizer", "callbacks": "callback", "data": "source", "validation": "source",
          "test": "source", "train": "source"}  # fmt: skip
# What stands first in the list: arguments and names of the file, then imports, then the library, then words.
OWN, NEAR, FAR, WORD = "0", "1", "2", "3"


@dataclass(frozen=True)
class Completion:
    """One thing that can be written. `insert` replaces the word under way; `snippet` where it has `$1` in it. `source`
    is what its documentation is of, which is put together when somebody looks at it."""

    label: str
    sort: str
    detail: str = ""
    doc: str = ""
    insert: str = ""
    snippet: bool = False
    rank: str = WORD

    @property
    def text(self) -> str:
        """What is put in."""
        return self.insert or self.label


def complete(analysis: Analysis, cursor_at: Cursor, offset: int) -> list[Completion]:
    """What can be written, most fitting first. `offset` is the place in the text of the analysis."""
    found = list(_choices(analysis, cursor_at, offset))
    return list({item.label: item for item in reversed(found)}.values())[::-1]


def complete_at(analysis: Analysis, offset: int) -> list[Completion]:
    """What can be written at an offset of the analysed text."""
    return complete(analysis, read_cursor(analysis.source, offset), offset)


def _choices(analysis: Analysis, cursor: Cursor, offset: int) -> Iterator[Completion]:
    match cursor.sort:
        case "none" | "name":
            return
        case "top":
            yield from _words({**DEFINITION_WORDS, **SECTION_WORDS})
            yield from (Completion(word, "keyword") for word in (*ROLES, "private"))
        case "path":
            yield from _files(analysis.source.path)
        case "model":
            models = (i for i in analysis.file.items if isinstance(i, ast.Definition) and i.role == "model")
            yield from (Completion(model.name, "model", doc=model.doc, rank=OWN) for model in models)
        case "code":
            yield from (Completion(code, "code", kind.title) for code, kind in sorted(catalogue().items()))
        case "type":
            yield from _types()
        case "dims":
            frame = analysis.frame_at(offset)
            if frame is not None:
                yield from _local(analysis, frame, ("dim", "parameter"))
        case "member":
            yield from _members(analysis, cursor.owner or "", offset)
        case "setting":
            yield from _settings(analysis, cursor, offset)
        case "pipe":
            yield from _callables(analysis, offset, ("layer", "fn"), piped=True)
        case _:
            yield from _values(analysis, cursor, offset)


def _values(analysis: Analysis, cursor: Cursor, offset: int) -> Iterator[Completion]:
    if cursor.call is not None:
        yield from _arguments(analysis, cursor.call, offset)
    if cursor.section is not None and (cursor.call is None or cursor.key == "callbacks"):
        wanted = BY_KEY.get(cursor.key or "")
        if wanted == "optimizer":
            yield from _callables(analysis, offset, ("optimizer",))
            return
        if wanted is not None:
            names = CALLBACKS if wanted == "callback" else SOURCES
            yield from (Completion(name, "function", rank=NEAR) for name in names)
            sections = (i for i in analysis.file.items if isinstance(i, ast.Section) and i.role == "data")
            yield from (Completion(s.name, "data", rank=OWN) for s in sections if cursor.key == "data")
            return
    item = analysis.item_at(offset)
    if cursor.sort == "statement":
        role = item.role if isinstance(item, ast.Definition | ast.Section) else ""
        words = (*STATEMENT_WORDS.get(role, BODY_WORDS), *(STATEMENT_WORDS["scan"] if role == "model" else ()))
        yield from (Completion(word, "keyword", rank=OWN) for word in words)
    frame = analysis.frame_at(offset)
    while frame is not None and frame.owner is not None:
        yield from _local(analysis, frame, None)
        frame = frame.outer
    yield from _callables(analysis, offset, None)
    words = ("true", "false", "none", "not", "and", "or", "training", "if", "else")
    yield from (Completion(word, "keyword") for word in words)


def _words(snippets: dict[str, str]) -> Iterator[Completion]:
    for word, text in snippets.items():
        yield Completion(word, "snippet", "…", insert=text, snippet=True, rank=OWN)


def _types() -> Iterator[Completion]:
    for word in (*DTYPES, *KINDS, "any"):
        text = f"{word}<${{1:n}}>[${{2:batch}}]" if word == "index" else f"{word}[${{1:batch}}]"
        yield Completion(word, "type", insert=text, snippet=True, rank=OWN)
    yield from (Completion(word, "type", rank=NEAR) for word in CONST_KINDS if word != "none")


def _files(path: Path | None) -> Iterator[Completion]:
    """The `.nn` files of the folder and below."""
    if path is None:
        return
    folder = path.parent
    try:
        files = sorted(p for p in [*folder.glob("*.nn"), *folder.glob("*/*.nn")] if p.name != path.name)
    except OSError:
        return
    yield from (Completion(p.relative_to(folder).as_posix(), "file", rank=OWN) for p in files[:200])


def _settings(analysis: Analysis, cursor: Cursor, offset: int) -> Iterator[Completion]:
    """The keys of a section that are not said yet."""
    item = analysis.item_at(offset)
    said = {s.name for s in item.body if isinstance(s, ast.Setting)} if isinstance(item, ast.Section) else set()
    for key in KEYS.get(cursor.section or "", ()):
        if key not in said:
            doc = setting_doc(cursor.section or "", key)
            yield Completion(key, "setting", doc=doc, insert=f"{key} = $0", snippet=True, rank=OWN)


def _local(analysis: Analysis, frame: Frame, sorts: tuple[str, ...] | None) -> Iterator[Completion]:
    """The names of a definition, with what they are."""
    for name, symbol in frame.symbols.items():
        if sorts is not None and symbol.sort not in sorts:
            continue
        values = next((v for one in analysis.names.of(symbol)[::-1] if (v := analysis.values(one.span))), ())
        detail = values_text(values)[0]
        if not detail and isinstance(symbol.declared, ast.Parameter):
            detail = parameter_text(symbol.declared)
        yield Completion(name, symbol.sort, detail, symbol.doc, rank=OWN)


def _arguments(analysis: Analysis, call: OpenCall, offset: int) -> Iterator[Completion]:
    """The parameters that a call does not have yet."""
    if call.name is not None:
        return
    signature = signature_of(analysis, call, offset)
    for parameter in signature.parameters if signature is not None else ():
        if parameter.name not in call.given and not parameter.rest and not parameter.flows_in:
            yield Completion(f"{parameter.name}=", "argument", parameter.text, rank=OWN)
    yield from _ports(analysis, call, offset)


def _ports(analysis: Analysis, call: OpenCall, offset: int) -> Iterator[Completion]:
    """What a data source feeds: the inputs and targets of the model."""
    item = analysis.item_at(offset)
    if call.parts[-1] not in SOURCES or not isinstance(item, ast.Section):
        return
    frame = analysis.frame_at(offset)
    while frame is not None:
        for name, symbol in frame.symbols.items():
            if symbol.sort in ("input", "target") and name not in call.given:
                yield Completion(f"{name}=", "argument", symbol.sort, rank=OWN)
        frame = frame.outer


def _members(analysis: Analysis, owner: str, offset: int) -> Iterator[Completion]:
    module = analysis.notes.units[0].scope.names.get(owner)
    if isinstance(module, Module):
        for name, value in module.members.items():
            yield from _of_value(name, value, OWN)


def _callables(
    analysis: Analysis, offset: int, roles: tuple[str, ...] | None, piped: bool = False
) -> Iterator[Completion]:
    """Definitions of the file, of imports and of the library, and functions of the compiler."""
    frame = analysis.frame_at(offset) if piped else None
    if frame is not None:
        layers = {n: s for n, s in frame.symbols.items() if s.sort in ("value", "parameter")}
        for name, symbol in layers.items():
            detail = values_text(next((v for o in analysis.names.of(symbol) if (v := analysis.values(o.span))), ()))[0]
            declared = parameter_text(symbol.declared) if isinstance(symbol.declared, ast.Parameter) else ""
            if detail.startswith(("the layer", "the fn")) or ": layer" in declared or ": fn" in declared:
                yield Completion(name, symbol.sort, detail or declared, rank=OWN)
    scope: Scope | None = analysis.notes.units[0].scope
    while scope is not None:
        if not isinstance(scope, Library | LibraryScope):
            for name, value in scope.names.items():
                yield from (c for c in _of_value(name, value, NEAR) if _wanted(value, roles))
        scope = scope.parent
    yield from _library(roles)
    if roles is None or "fn" in roles:
        for name, builtin in BUILTINS.items():
            yield from _of_value(name, builtin, FAR)


def _wanted(value: Value, roles: tuple[str, ...] | None) -> bool:
    if isinstance(value, Function) and value.role in ("model", "optimizer") and roles is None:
        return False
    return roles is None or isinstance(value, Module) or (isinstance(value, Function) and value.role in roles)


_LIBRARY: list[tuple[Function, Completion]] = []


def _library(roles: tuple[str, ...] | None) -> Iterable[Completion]:
    """The definitions of the library, read once: it does not change."""
    from nndsl.check import library

    if not _LIBRARY:
        outermost = Library(inside=LibraryScope(index=library.index()))
        for name in outermost.known():
            value = outermost.get(name)
            if isinstance(value, Function):
                _LIBRARY.extend((value, item) for item in _of_value(name, value, FAR))
    return [item for value, item in _LIBRARY if _wanted(value, roles)]


def _of_value(name: str, value: Value, rank: str) -> Iterator[Completion]:
    match value:
        case Function(definition=definition):
            yield Completion(name, value.role, lists(definition), value.named.doc or definition.doc, rank=rank)
        case Builtin():
            yield Completion(name, "function", value.signature.removeprefix(value.name), value.doc, rank=rank)
        case Module():
            yield Completion(name, "module", value.name, rank=rank)


def shifted(item: Completion, rank: str) -> Completion:
    """The same, at another place of the list."""
    return replace(item, rank=rank)


__all__ = ["Completion", "Signature", "complete", "complete_at"]
