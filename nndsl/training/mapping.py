"""Weights that others wrote, PyTorch say, made into those of a model as its `weights` section has it."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence

import numpy as np

from nndsl.diagnostics import NndslError, Problem, Span, did_you_mean
from nndsl.ir.mapping import Arrays, Computed, Cut, Joined, Mapped, Reshaped, Stored, Turned
from nndsl.problems.mapping import WeightsNotMapped
from nndsl.problems.weights import listed
from nndsl.training.trainable import Array

SIGNS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}


def mapped(
    expected: Mapping[str, Array], given: Mapping[str, Array], lines: Sequence[Mapped], path: str
) -> dict[str, Array]:
    """The arrays of a model by their names. `expected` are its own ones, `given` those of the file.

    Raises NndslError (NN721) with everything that does not fit.
    """
    out: dict[str, Array] = {}
    problems: list[Problem] = []
    for line in lines:
        try:
            array = _value(line.value, given, path)
        except _Misfit as misfit:
            problems.append(WeightsNotMapped(misfit.span, message=misfit.message, cure=misfit.cure))
            continue
        wanted = expected[line.name]
        fault = _fault(line, array, wanted)
        if fault is not None:
            problems.append(fault)
        out[line.name] = array.astype(wanted.dtype)
    left = tuple(name for name in expected if name not in {line.name for line in lines})
    if left:
        span = lines[0].span if lines else None
        message = f"the `weights` section leaves out {listed(left)}"
        problems.append(WeightsNotMapped(span, message=message, cure="add a line for each: nothing is loaded by half"))
    if problems:
        raise NndslError(problems)
    return out


def _fault(line: Mapped, array: Array, wanted: Array) -> Problem | None:
    if array.shape != wanted.shape:
        message = f"`{line.name}` is {list(wanted.shape)}, and this is {list(array.shape)}"
        turned = array.ndim == 2 and array.T.shape == wanted.shape
        cure = "turn it round: put `.T` behind it" if turned else None
        return WeightsNotMapped(line.value.span, message=message, cure=cure)
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        return WeightsNotMapped(line.value.span, message=f"what `{line.name}` is made of has NaN or infinite numbers")
    return None


class _Misfit(Exception):
    """Arrays of the file cannot be put together so."""

    def __init__(self, span: Span, message: str, cure: str | None = None) -> None:
        self.span, self.message, self.cure = span, message, cure


def _value(value: Arrays, given: Mapping[str, Array], path: str) -> Array:
    if isinstance(value, Stored):
        if value.key not in given:
            cure = did_you_mean(value.key, given) or f"it has {listed(tuple(given))}"
            raise _Misfit(value.span, f"`{path}` has no array `{value.key}`", cure)
        return given[value.key]
    try:
        return _made(value, given, path)
    except (ValueError, IndexError, TypeError, MemoryError) as fault:
        raise _Misfit(value.span, f"this does not go together ({str(fault).splitlines()[0]})") from None


def _made(value: Arrays, given: Mapping[str, Array], path: str) -> Array:
    match value:
        case Turned(of=of, axes=axes):
            return np.transpose(_value(of, given, path), axes)
        case Reshaped(of=of, shape=shape):
            return np.reshape(_value(of, given, path), shape)
        case Cut(of=of, places=places):
            return np.asarray(_value(of, given, path)[places])
        case Joined(parts=parts, axis=axis, stacked=stacked):
            arrays = [_value(part, given, path) for part in parts]
            return np.stack(arrays, axis) if stacked else np.concatenate(arrays, axis)
        case Computed(sign=sign, left=left, right=right):
            sides = [side if isinstance(side, float) else _value(side, given, path) for side in (left, right)]
            with np.errstate(all="ignore"):
                return np.asarray(SIGNS[sign](*sides))
    raise TypeError("no array")
