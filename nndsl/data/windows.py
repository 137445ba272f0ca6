"""`windows(csv("weather.csv", x=["wind", "rain"], y="rain"), length=24, target="y")`: pieces of a series."""

from __future__ import annotations

import numpy as np

from nndsl.data.columns import Array, Column, DataSet, Dense
from nndsl.data.context import Call, SourceContext, kind_of
from nndsl.data.streams import Stream
from nndsl.diagnostics import Span


def windows(context: SourceContext, span: Span | None, /, *args: object, **named: object) -> DataSet:
    """`windows(source, length, stride=1, horizon=1, steps=none, target=none)`: the rows of `source` are a series.

    A window is `length` rows that follow one another, `[batch, length, …]`; the next one begins `stride` rows later.
    `target` names the columns (one, or a list) that give no window but their value `horizon` rows behind its last row,
    `[batch, …]`, or with `steps` that value and the next ones, `[batch, steps, …]`. Nothing is copied: windows overlap
    in memory. Raises NndslError (NN505), and what the source raises.
    """
    call = Call("windows", span, args, named)
    usage = 'as in windows(csv("weather.csv", x=["wind", "rain"], y="rain"), length=24, target="y")'
    call.at_most(2, usage)
    source = args[0] if args else named.pop("source", None)
    if len(args) > 1:
        named["length"] = args[1]
    if isinstance(source, Stream):
        call.refuse("a series is held in memory", "say stream=false in its source")
    if not isinstance(source, DataSet):
        call.refuse(f"its first argument is {kind_of(source)}, a source of data is needed", usage)
    length = call.number("length", 1)
    if length is None:
        call.refuse("the argument `length` is missing", usage)
    stride, steps = call.number("stride", 1) or 1, call.number("steps", 1)
    horizon = call.number("horizon", 0)
    horizon = 1 if horizon is None else horizon
    targets = _targets(call, source)
    if named:
        call.refuse(f"there is no argument `{next(iter(named))}`", "it takes length, stride, horizon, steps and target")
    reach = length + (horizon + (steps or 1) - 1 if targets else 0)
    count = (source.rows - reach) // stride + 1
    if count < 1:
        call.refuse(f"the series has {source.rows} rows, and a window takes {reach}", "shorten `length` or `horizon`")
    out: dict[str, Column] = {}
    for name, column in source.items():
        if not isinstance(column, Dense):
            call.refuse(f"`{name}` is {column.describe()}, a series of numbers is needed")
        if name in targets:
            values = column.array[length + horizon - 1 :]
            cut = values if steps is None else _windows(values, steps)
        else:
            cut = _windows(column.array, length)
        out[name] = Dense(cut[::stride][:count])
    return DataSet(out)


def _targets(call: Call, source: DataSet) -> tuple[str, ...]:
    given = call.named.pop("target", None)
    names = tuple(given) if isinstance(given, list | tuple) else () if given is None else (given,)
    for name in names:
        if not isinstance(name, str):
            call.refuse(f"`target` is {kind_of(name)}, the name of a column is needed")
        if name not in source:
            call.refuse(f"the source has no column `{name}`", f"it has {', '.join(source)}")
    return names


def _windows(array: Array, length: int) -> Array:
    """[rows, …] as overlapping [windows, length, …], a view."""
    if len(array) < length:
        return np.empty((0, length, *array.shape[1:]), dtype=array.dtype)
    view: Array = np.lib.stride_tricks.sliding_window_view(array, length, axis=0)
    return np.moveaxis(view, -1, 1)
