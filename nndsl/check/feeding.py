"""Sources and callbacks of a train section against the model: what could only be told when training starts, told now.

The tables say what `nndsl.data` and `nndsl.training` take; tests hold them against those.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

from nndsl.diagnostics import Problem, Span, did_you_mean
from nndsl.ir.dims import Dim, symbols
from nndsl.ir.experiment import CallbackCall, SourceCall, StepCall
from nndsl.ir.graph import Model, Port
from nndsl.problems import names

OPTIONS = {
    "npz": ("stream",),
    "npy": ("stream",),
    "csv": ("header", "delimiter", "missing", "stream"),
    "parquet": ("missing", "stream"),
    "images": ("size", "color", "stream"),
    "text": ("by", "size", "lower", "length"),
}
"""Arguments by name of the sources that read files, which are not the names of inputs."""

_TABLE = ("features", "label")
COLUMNS = {"images": ("image", "label"), "text": ("text", "label"),
           "digits": ("image", "label"), "iris": _TABLE, "wine": _TABLE, "breast_cancer": _TABLE,
           "diabetes": ("features", "target")}  # fmt: skip
"""What the bundled sets and folders feed where no input is named."""

PARTS = ("train", "test", "all")

_MONITOR = ("monitor", "verbose", "mode")
ARGUMENTS = {
    "EarlyStopping": (*_MONITOR, "min_delta", "patience", "baseline", "restore_best_weights", "start_from_epoch"),
    "ModelCheckpoint": (*_MONITOR, "filepath", "save_best_only", "save_weights_only", "save_freq",
                        "initial_value_threshold"),
    "ReduceLROnPlateau": (*_MONITOR, "factor", "patience", "min_delta", "cooldown", "min_lr"),
    "CSVLogger": ("filename", "separator", "append"),
    "TensorBoard": ("log_dir", "histogram_freq", "update_freq"),
    "TerminateOnNaN": (),
}  # fmt: skip
"""Arguments of the callbacks."""


def feeding_problems(model: Model, settings: Mapping[str, Any], is_trained: bool) -> list[Problem]:
    """What is wrong with the sources and callbacks of a section, and with inputs that cannot be fed in batches."""
    found: list[Problem] = []
    ports = (*model.inputs, *model.targets)
    for source in (settings.get(name) for name in ("data", "validation", "test")):
        if isinstance(source, SourceCall):
            found += _source(source, ports)
    for name, steps in settings.get("steps", {}).items():
        found += _steps(name, steps, ports)
    known = ["loss", *(term.name for term in model.training.losses), *(m.name for m in model.training.metrics)]
    for call in settings.get("callbacks", ()):
        found += _callback(call)
        found += _monitor(call, tuple(dict.fromkeys([*known, *(f"val_{name}" for name in known)])))
    if is_trained:
        found += [
            _say().NotByRows(port.span, port.name, "", "", str(port.type)) for port in ports if not _by_rows(port)
        ]
    return found


def _say() -> ModuleType:
    """The Problems of arrays. A good file is checked without them: they take long to import."""
    from nndsl.problems import arrays

    return arrays


def _source(call: SourceCall, ports: tuple[Port, ...]) -> Iterator[Problem]:
    """Arrays that no input takes, and inputs that get no array."""
    if call.name in COLUMNS and call.name not in OPTIONS:
        part = call.args[0] if call.args else call.kwargs.get("part", "train")
        if isinstance(part, str) and part not in PARTS:
            message = f'`{call.name}` has no part "{part}"'
            cure = did_you_mean(part, PARTS) or 'the parts are "train", "test" and "all"'
            yield names.WrongArgument(call.span, message=message, cure=cure)
        options: tuple[str, ...] = ("part",)
    elif call.name in OPTIONS:
        options = OPTIONS[call.name]
    elif call.name == "windows":
        inner = call.args[0] if call.args else call.kwargs.get("source")
        if isinstance(inner, SourceCall):
            yield from _source(inner, ports)
        return
    else:
        return
    given = [name for name in call.kwargs if name not in options]
    known = tuple(port.name for port in ports)
    what = f"`{call.name}(…)`"
    for name in given:
        if name not in known:
            yield _say().ArrayUnexpected(_argument(call.span, name), name, what, known)
    fed = tuple(given) or COLUMNS.get(call.name, ())
    if not fed:
        path = call.args[0] if call.args else "file.npz"
        each = ", ".join(f'{name}="…"' for name in known)
        cure = f'say which array feeds which input: `{call.name}("{path}", {each})`'
        yield names.MissingArgument(call.span, message=f"`{call.name}` names no input", cure=cure)
        return
    unknown = len(set(given) - set(known))  # one misspelt name is told once
    for port in [port for port in ports if port.name not in fed][unknown:]:
        yield _say().ArrayMissing(port.span, port.name, what, port.role, str(port.type), fed, call.span)


def _steps(name: str, steps: tuple[StepCall, ...], ports: tuple[Port, ...]) -> Iterator[Problem]:
    """Steps for an input that there is not, or that holds no plain numbers."""
    port = next((port for port in ports if port.name == name), None)
    if not steps:
        return
    if port is None:
        known = tuple(port.name for port in ports)
        cure = did_you_mean(name, known) or f"there are {', '.join(known)}"
        yield names.UnknownName(steps[0].span, message=f"the model has no input `{name}` to prepare", cure=cure)
    elif port.type.dtype not in ("f32", "f64") or port.type.kind is not None:
        message = f"`{name}` is {port.type}, and steps compute with numbers"
        yield names.WrongArgument(steps[0].span, message=message, cure="declare it `f32[…]`, or remove this line")


def _callback(call: CallbackCall) -> Iterator[Problem]:
    known = ARGUMENTS.get(call.name, ())
    for name in call.kwargs:
        if name not in known:
            message = f"`{call.name}` has no argument `{name}`"
            listed = f"it takes {', '.join(known)}" if known else "it takes no arguments"
            cure = did_you_mean(name, known) or listed
            yield names.UnknownArgument(_argument(call.span, name), message=message, cure=cure)


def _monitor(call: CallbackCall, known: tuple[str, ...]) -> Iterator[Problem]:
    """A watched value that is misspelt. Whether there is validation data shows when training starts."""
    monitor = call.kwargs.get("monitor")
    if isinstance(monitor, str) and monitor not in (*known, "learning_rate"):
        from nndsl.problems.training import UnknownMonitor

        yield UnknownMonitor(_argument(call.span, "monitor"), call.name, monitor, known)


def _argument(span: Span, name: str) -> Span:
    """Where an argument of a call is named."""
    match = re.search(rf"\b{re.escape(name)}\s*=(?!=)", span.text)
    return Span(span.source, span.start + match.start(), span.start + match.start() + len(name)) if match else span


def _by_rows(port: Port) -> bool:
    """Whether the first size of an input is a name that stands for the rows alone."""
    first, *rest = port.type.shape or (1,)
    if not isinstance(first, Dim) or not str(first).isidentifier():
        return False
    return all(not isinstance(size, Dim) or str(first) not in symbols(size) for size in rest)
