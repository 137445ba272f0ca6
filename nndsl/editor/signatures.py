"""The signature of the call under way, and which of its parameters is being written."""

from __future__ import annotations

from dataclasses import dataclass

from nndsl.check.builtins import BUILTINS
from nndsl.check.values import Builtin, Function, Instance, Module, Value
from nndsl.editor.analysis import Analysis
from nndsl.editor.cursor import OpenCall, read_cursor
from nndsl.editor.show import parameter_text
from nndsl.syntax import ast


@dataclass(frozen=True)
class Slot:
    """One parameter. `flows_in` where a pipe gives it."""

    name: str
    text: str
    rest: bool = False
    flows_in: bool = False


@dataclass(frozen=True)
class Signature:
    """What a call takes: a line of text, its parameters, the one that is being written, and the doc comment."""

    label: str
    parameters: tuple[Slot, ...]
    active: int | None
    doc: str


def signature_help(analysis: Analysis, offset: int) -> Signature | None:
    """The signature of the call around an offset of the analysed text."""
    call = read_cursor(analysis.source, offset).call
    return signature_of(analysis, call, offset) if call is not None else None


def signature_of(analysis: Analysis, call: OpenCall, offset: int) -> Signature | None:
    """The signature of an open call; `offset` is its place in the text of the analysis."""
    value = _called(analysis, call, offset)
    match value:
        case Builtin():
            return _of_builtin(value, call)
        case Instance(function=function):
            return _of_lists(function, function.inputs, call, "")
        case Function():
            if call.second or not value.takes_config:
                return _of_lists(value, value.inputs, call, "")
            return _of_lists(value, value.config, call, value.role)
    return None


def _called(analysis: Analysis, call: OpenCall, offset: int) -> Value:
    """What a call means: a value of the definition around, or a definition."""
    name, *members = call.parts
    scope = analysis.notes.units[0].scope
    frame = analysis.frame_at(offset)
    symbol = frame.find(name, offset) if frame is not None else None
    if symbol is not None and symbol.definition is None and symbol.sort != "module":
        values = (v for one in analysis.names.of(symbol) for v in analysis.values(one.span))
        return next((v for v in values if isinstance(v, Instance | Function | Builtin)), None)
    holder = scope.find(name)
    value: Value = holder.get(name) if holder is not None else BUILTINS.get(name)
    if isinstance(value, Module) and len(members) == 1:
        return value.members.get(members[0])
    return value if not members else None


def _of_lists(
    function: Function, parameters: tuple[ast.Parameter, ...] | None, call: OpenCall, builds: str
) -> Signature | None:
    if parameters is None:
        return None
    piped = call.piped and not call.second and not builds
    slots = tuple(
        Slot(p.name, parameter_text(p), p.rest, piped and i == 0) for i, p in enumerate(parameters)
    )  # fmt: skip
    doc = function.named.doc or function.definition.doc
    return _signature(function.name, slots, call, doc)


def _of_builtin(builtin: Builtin, call: OpenCall) -> Signature:
    inside = builtin.signature[builtin.signature.index("(") + 1 : -1]
    texts = _split(inside)
    slots = tuple(
        Slot(text.lstrip("*").split("=")[0], text, text.startswith("*"), call.piped and i == 0)
        for i, text in enumerate(texts)
    )
    return _signature(builtin.name, slots, call, builtin.doc)


def _split(inside: str) -> list[str]:
    """The parameters of a signature: cut at commas outside of brackets."""
    parts, depth, start = [], 0, 0
    for i, c in enumerate(inside):
        depth += (c in "([") - (c in ")]")
        if c == "," and depth == 0:
            parts.append(inside[start:i].strip())
            start = i + 1
    return [*parts, inside[start:].strip()] if inside.strip() else []


def _signature(name: str, slots: tuple[Slot, ...], call: OpenCall, doc: str) -> Signature:
    label = f"{name}({', '.join(slot.text for slot in slots)})"
    return Signature(label, slots, _active(slots, call), doc)


def _active(slots: tuple[Slot, ...], call: OpenCall) -> int | None:
    """Which parameter is being written: the one that is named, or the next by place."""
    if call.name is not None:
        return next((i for i, slot in enumerate(slots) if slot.name == call.name), None)
    place = call.place + sum(slot.flows_in for slot in slots)
    if slots and slots[-1].rest and place >= len(slots):
        return len(slots) - 1
    return place if place < len(slots) else None
