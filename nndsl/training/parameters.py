"""`model.params`: the live arrays by name, with checked assignment."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any, NoReturn

import numpy as np

from nndsl.diagnostics import NndslError
from nndsl.problems.weights import WrongParamValue
from nndsl.training.checkpoint import describe
from nndsl.training.trainable import Array


class Parameters(MutableMapping[str, Array]):
    """Names as in the source (`"Dense_1.kernel"`) to the arrays that training changes in place.

    `params[name] = array` copies the values in. Raises NndslError (NN609) on a wrong shape, on what is no real number,
    on NaN, for an unknown name, and for `del`.
    """

    def __init__(self, arrays: dict[str, Array]) -> None:
        self._arrays = arrays

    def __getitem__(self, name: str) -> Array:
        if name not in self._arrays:
            raise UnknownParam(name, self._arrays)
        return self._arrays[name]

    def __setitem__(self, name: str, value: Any) -> None:
        array = self[name]
        try:
            given = np.asarray(value)
        except (ValueError, TypeError) as fault:
            raise _refused(name, f"this is no array ({str(fault).splitlines()[0]})") from None
        if given.dtype.kind not in "fiu":
            raise _refused(name, f"its values are {given.dtype}, it is {describe(array)}")
        if given.shape != array.shape:
            raise _refused(name, f"the new array has the shape {given.shape}, it is {describe(array)}")
        with np.errstate(over="ignore", invalid="ignore"):
            converted = given.astype(array.dtype)
        if array.dtype.kind == "f" and not np.isfinite(converted).all():
            raise _refused(name, "the new array holds NaN or numbers beyond the range of its dtype")
        np.copyto(array, converted)

    def __delitem__(self, name: str) -> NoReturn:
        raise _refused(name, "parameters cannot be removed")

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)

    def __repr__(self) -> str:
        return "{" + ", ".join(f"{name}: {describe(array)}" for name, array in self._arrays.items()) + "}"


class UnknownParam(NndslError, KeyError):
    """No such parameter: a KeyError too, so that `name in params` and `params.get(name)` work as for any mapping."""

    def __init__(self, name: str, arrays: dict[str, Array]) -> None:
        NndslError.__init__(self, WrongParamValue(None, str(name), "there is none of this name", tuple(arrays)))

    def __str__(self) -> str:
        return Exception.__str__(self)


def _refused(name: str, reason: str) -> NndslError:
    return NndslError(WrongParamValue(None, name, reason))
