"""All callbacks by name, and how a `train` section's `callbacks = [...]` becomes objects."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from nndsl.diagnostics import NndslError, Problem, Span, did_you_mean
from nndsl.problems.training import UnknownCallback, WrongCallbackArgument
from nndsl.training.callback import Callback, CallbackList, History, LambdaCallback
from nndsl.training.recording import CSVLogger, ModelCheckpoint
from nndsl.training.stopping import EarlyStopping, LearningRateScheduler, ReduceLROnPlateau, TerminateOnNaN
from nndsl.training.tensorboard import TensorBoard

NAMED: dict[str, type[Callback]] = {
    "EarlyStopping": EarlyStopping,
    "ModelCheckpoint": ModelCheckpoint,
    "ReduceLROnPlateau": ReduceLROnPlateau,
    "CSVLogger": CSVLogger,
    "TensorBoard": TensorBoard,
    "TerminateOnNaN": TerminateOnNaN,
}
PYTHON_ONLY = ("LambdaCallback", "LearningRateScheduler", "History", "Callback")
PATHS = {"filepath", "filename", "log_dir"}


class CallLike(Protocol):
    """A callback as the train section names it."""

    @property
    def name(self) -> str: ...
    @property
    def args(self) -> tuple[Any, ...]: ...
    @property
    def kwargs(self) -> Mapping[str, Any]: ...
    @property
    def span(self) -> Span: ...


def build_callbacks(calls: Iterable[CallLike], folder: Path) -> list[Callback]:
    """Make the callbacks that a train section names; their files go below `folder`.

    Raises NndslError with a Problem for each that does not exist (NN603) or has wrong arguments (NN604).
    """
    made: list[Callback] = []
    problems: list[Problem] = []
    for call in calls:
        try:
            made.append(_build(call, folder))
        except NndslError as error:
            problems += [replace(problem, span=call.span) for problem in error.problems]
    if problems:
        raise NndslError(problems)
    return made


def _build(call: CallLike, folder: Path) -> Callback:
    kind = NAMED.get(call.name)
    if kind is None:
        raise NndslError(UnknownCallback(call.span, call.name, tuple(NAMED), call.name in PYTHON_ONLY))
    signature = inspect.signature(kind)
    try:
        bound = signature.bind(*call.args, **call.kwargs)
    except TypeError as fault:
        known = tuple(signature.parameters)
        unknown = [name for name in call.kwargs if name not in known]
        near = did_you_mean(unknown[0], known) if unknown else None
        cure = near or (f"it takes {', '.join(known)}" if known else "it takes no arguments")
        raise NndslError(WrongCallbackArgument(call.span, call.name, str(fault), cure)) from None
    for name in PATHS & set(bound.arguments):
        bound.arguments[name] = _inside(call.name, name, bound.arguments[name], folder)
    return kind(*bound.args, **bound.kwargs)


def _inside(callback: str, name: str, value: object, folder: Path) -> str:
    """The path below `folder`. A `.nn` file comes from anywhere, so it may not write anywhere."""
    if not isinstance(value, str) or not value or "\0" in value:
        raise NndslError(WrongCallbackArgument(None, callback, f"{name} is {value!r}, it has to be a path"))
    if Path(value).is_absolute() or ".." in Path(value).parts:
        reason = f"{name} {value!r} leads out of the folder of the run"
        raise NndslError(WrongCallbackArgument(None, callback, reason, "give a path without `..` inside the folder"))
    return str(folder / value)


__all__ = [
    "NAMED", "CSVLogger", "Callback", "CallbackList", "EarlyStopping", "History", "LambdaCallback",
    "LearningRateScheduler", "ModelCheckpoint", "ReduceLROnPlateau", "TensorBoard", "TerminateOnNaN", "build_callbacks",
]  # fmt: skip
