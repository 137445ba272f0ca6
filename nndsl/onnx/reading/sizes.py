"""Computing with sizes: the ops that stand between Shape and Reshape in the files of others, on known arrays.

Their numbers may be sizes that only data fixes, so arrays are of dtype object then. What is all numbers goes the common
way, by a graph that is computed when somebody asks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from nndsl.ir.dims import Dim, divide, product
from nndsl.onnx.reading.call import Call, Value


def _list(c: Call, position: int, attribute: str) -> list[int] | None:
    return c.ints(position, attribute)


def _first(c: Call) -> Any:
    return np.asarray(c.args[0])


def gather(c: Call) -> Value:
    return np.asarray(np.take(_first(c), np.asarray(c.known(1), np.int64), axis=c.attr("axis", 0)), object)


def concat(c: Call) -> Value:
    return np.concatenate([np.asarray(value) for value in c.args], axis=c.attr("axis", 0))


def unsqueeze(c: Call) -> Value:
    return np.expand_dims(_first(c), tuple(_list(c, 1, "axes") or ()))


def squeeze(c: Call) -> Value:
    axes = _list(c, 1, "axes")
    return np.squeeze(_first(c), tuple(axes) if axes is not None else None)


def slice_(c: Call) -> Value:
    starts, ends = (_list(c, k, name) or [] for k, name in ((1, "starts"), (2, "ends")))
    axes, steps = _list(c, 3, "axes") or range(len(starts)), _list(c, 4, "steps") or [1] * len(starts)
    places: list[Any] = [slice(None)] * _first(c).ndim
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        places[axis] = slice(start, end, step)
    return _first(c)[tuple(places)]


def reshape(c: Call) -> Value:
    return np.reshape(_first(c), [int(n) for n in c.known(1)])


def quotient(x: Any, y: Any) -> Any:
    return np.frompyfunc(divide, 2, 1)(x, y)


def total(c: Call) -> Value:
    found = product(tuple(_first(c).reshape(-1).tolist()))
    keep = c.attr("keepdims", 1)
    return _array([found]) if keep else _array([found]).reshape(())


def _array(values: list[Any]) -> Any:
    out = np.empty(len(values), object)
    out[:] = values
    return out


def _two(compute: Callable[[Any, Any], Any]) -> Callable[[Call], Value]:
    return lambda c: np.asarray(compute(np.asarray(c.args[0], object), np.asarray(c.args[1], object)), object)


TABLE: dict[str, Callable[[Call], Value]] = {
    "Gather": gather,
    "Concat": concat,
    "Unsqueeze": unsqueeze,
    "Squeeze": squeeze,
    "Slice": slice_,
    "Reshape": reshape,
    "Add": _two(lambda x, y: x + y),
    "Sub": _two(lambda x, y: x - y),
    "Mul": _two(lambda x, y: x * y),
    "Div": _two(quotient),
    "ReduceProd": total,
    "Identity": lambda c: c.args[0],
}


def applies(c: Call) -> bool:
    """Whether a node computes with sizes that data fixes, in a way known here."""
    return (
        c.op in TABLE
        and all(isinstance(v, np.ndarray) for v in c.args if v is not None)
        and any(isinstance(v, np.ndarray) and v.dtype == object for v in c.args)
    )


def settled(value: Value) -> Value:
    """Sizes that came out as plain numbers are numbers."""
    if isinstance(value, np.ndarray) and value.dtype == object:
        flat = value.reshape(-1).tolist()
        if not any(isinstance(size, Dim) for size in flat):
            return value.astype(np.int64)
    return value
