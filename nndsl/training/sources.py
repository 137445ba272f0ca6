"""The data that a `train` section names, read and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nndsl.data.feed import check_feed
from nndsl.data.ports import Port
from nndsl.data.sources import FILE_SOURCES, SOURCES, SourceContext
from nndsl.diagnostics import NndslError, did_you_mean
from nndsl.ir.experiment import SourceCall, TrainSpec
from nndsl.problems.data import WrongSourceArgument
from nndsl.problems.training import NoData
from nndsl.training.feed import Feed


@dataclass(frozen=True)
class DataPlace:
    """Where the files of a `.nn` file are: its folder, and what `--data` put in their place."""

    folder: Path
    override: Path | None = None


def section_feed(
    spec: TrainSpec, settings: Sequence[str], ports: Sequence[Port], place: DataPlace, purpose: str
) -> Feed:
    """The data of the first of `settings` ("test", "validation", "data") that the section has.

    Raises NndslError: NN602 where it has none of them, and all that reading and checking data can say (NN5xx).
    """
    for setting in settings:
        call = getattr(spec, setting)
        if call is not None:
            return read_source(call, spec, ports, place, f"`{setting}`")
    raise NndslError(NoData(spec.span, spec.model, purpose, tuple(settings)))


def read_source(call: SourceCall, spec: TrainSpec, ports: Sequence[Port], place: DataPlace, what: str) -> Feed:
    """One source, called, and its columns checked against the ports."""
    context = SourceContext(place.folder, place.override, _paths(spec))
    given = _evaluated(call, context)
    if not isinstance(given, Mapping):
        raise NndslError(WrongSourceArgument(call.span, call.name, "it is no source of data by itself"))
    # Columns for targets are no fault where a model only predicts; an input that is missing is told with all names.
    wanted = {port.name for port in ports}
    fits = wanted <= set(given)
    columns = {name: column for name, column in given.items() if name in wanted or not fits}
    try:
        return Feed(check_feed(ports, columns, what), tuple(ports))
    except NndslError as error:
        raise NndslError([p if p.span else replace(p, span=call.span) for p in error.problems]) from None


def _evaluated(call: SourceCall, context: SourceContext) -> object:
    """What a call gives; calls among its arguments come first."""
    function = SOURCES.get(call.name)
    if function is None:
        cure = did_you_mean(call.name, SOURCES) or f"there are {', '.join(SOURCES)}"
        raise NndslError(WrongSourceArgument(call.span, call.name, "there is no such source", cure))

    def value(argument: object) -> object:
        return _evaluated(argument, context) if isinstance(argument, SourceCall) else argument

    kwargs = {name: value(argument) for name, argument in call.kwargs.items()}
    return function(context, call.span, *(value(argument) for argument in call.args), **kwargs)


def _paths(spec: TrainSpec) -> tuple[str, ...]:
    """The texts of all file paths that the section names."""
    calls = [call for call in (spec.data, spec.validation, spec.test) if call is not None]
    files = [call for call in calls if call.name in FILE_SOURCES]
    firsts = [call.args[0] if call.args else call.kwargs.get("path") for call in files]
    return tuple(path for path in firsts if isinstance(path, str))
