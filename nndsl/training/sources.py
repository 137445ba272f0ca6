"""The data that a `train` section names, read and checked."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nndsl.data.columns import DataSet
from nndsl.data.feed import check_feed, check_outlines
from nndsl.data.ports import Port
from nndsl.data.sources import COLUMNS, FILE_SOURCES, SOURCES, SourceContext
from nndsl.data.steps import chains_of
from nndsl.data.streams import Stream
from nndsl.diagnostics import NndslError, did_you_mean
from nndsl.ir.experiment import SourceCall, TrainSpec
from nndsl.problems.data import DataTooLarge, WrongSourceArgument
from nndsl.problems.training import NoData
from nndsl.training.feed import Feed


@dataclass(frozen=True)
class DataPlace:
    """Where the files of a `.nn` file are: its folder, and what `--data` put in their place."""

    folder: Path
    override: Path | None = None
    only: bool = False
    """Whether the override stands for every file, whatever its name."""


def section_feed(
    spec: TrainSpec, settings: Sequence[str], ports: Sequence[Port], place: DataPlace, purpose: str
) -> Feed:
    """The data of the first of `settings` ("test", "validation", "data") that the section has, not yet bound.

    Raises NndslError: NN602 where it has none of them, and all that reading and checking data can say (NN5xx).
    """
    for setting in settings:
        call = getattr(spec, setting)
        if call is not None:
            return read_source(call, spec, ports, place, f"`{setting}`")
    raise NndslError(NoData(spec.span, spec.model, purpose, tuple(settings)))


def read_source(call: SourceCall, spec: TrainSpec, ports: Sequence[Port], place: DataPlace, what: str) -> Feed:
    """One source, called, and its columns checked against the ports."""
    context = SourceContext(place.folder, place.override, () if place.only else _paths(spec))
    chains = {name: chain for name, chain in chains_of(spec.steps).items() if any(p.name == name for p in ports)}
    # Columns for targets are no fault where a model only predicts; an input that is missing is told with all names.
    wanted = {port.name for port in ports}
    try:
        try:
            given = _evaluated(call, context)
        except MemoryError:
            path = next(iter(_paths_of(call)), call.name)
            raise NndslError(DataTooLarge(call.span, path, "", 0, 0)) from None
        if isinstance(given, Stream):
            given = given.only(wanted)
            check_outlines(ports, given.outlines, what, chains)
            return Feed(given, tuple(ports), chains, what=what, span=call.span)
        if not isinstance(given, DataSet):
            raise NndslError(WrongSourceArgument(call.span, call.name, "it is no source of data by itself"))
        fits = wanted <= set(given)
        kept = {name: column for name, column in given.items() if name in wanted or not fits}
        checked = check_feed(ports, DataSet(kept, given.strata), what, chains)
        return Feed(checked, tuple(ports), chains, what=what, span=call.span)
    except NndslError as error:
        raise NndslError([p if p.span else replace(p, span=call.span) for p in error.problems]) from None


def without(call: SourceCall, targets: Collection[str]) -> SourceCall:
    """A source without the columns of targets: to predict, nobody has to know them."""

    def plain(argument: object) -> object:
        return without(argument, targets) if isinstance(argument, SourceCall) else argument

    kept = {name: plain(value) for name, value in call.kwargs.items() if name not in targets}
    if call.name == "windows":
        kept.pop("target", None)
    return replace(call, args=tuple(map(plain, call.args)), kwargs=kept)


def _evaluated(call: SourceCall, context: SourceContext, inside: bool = False) -> object:
    """What a call gives; calls among its arguments come first. `inside` another call, some mean something else."""
    function = (COLUMNS.get(call.name) if inside else None) or SOURCES.get(call.name)
    if function is None:
        cure = did_you_mean(call.name, SOURCES) or f"there are {', '.join(SOURCES)}"
        raise NndslError(WrongSourceArgument(call.span, call.name, "there is no such source", cure))

    def value(argument: object) -> object:
        return _evaluated(argument, context, inside=True) if isinstance(argument, SourceCall) else argument

    kwargs = {name: value(argument) for name, argument in call.kwargs.items()}
    return function(context, call.span, *(value(argument) for argument in call.args), **kwargs)


def _paths(spec: TrainSpec) -> tuple[str, ...]:
    """The texts of all file paths that the section names."""
    calls = [call for call in (spec.data, spec.validation, spec.test) if call is not None]
    return tuple(path for call in calls for path in _paths_of(call))


def _paths_of(call: SourceCall) -> list[str]:
    arguments = [*call.args, *call.kwargs.values()]
    inner = [path for argument in arguments if isinstance(argument, SourceCall) for path in _paths_of(argument)]
    own: list[object] = []
    if call.name in FILE_SOURCES:
        own = [call.args[0] if call.args else call.kwargs.get("path")]
    elif call.name == "npy":
        own = list(call.kwargs.values())
    return [*inner, *(path for path in own if isinstance(path, str))]
