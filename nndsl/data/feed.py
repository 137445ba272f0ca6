"""Arrays against declarations: everything is checked here before any kernel runs.

    given = bind_xy(ports, x, y)                    # which array is for which input
    data = check_feed(ports, given)                 # all problems at once, or a data set
    batch = to_batch(data, ports, rows)             # C-contiguous arrays of the declared dtypes

`check_batch` and `check_array` do the same for arrays that go to a kernel as they are (predict, one step by hand).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TypeAlias

import numpy as np

from nndsl.data.columns import Array, Column, DataSet, Dense, Ragged, Rows
from nndsl.data.convert import as_column
from nndsl.data.learned import Chain
from nndsl.data.named import Named, Words
from nndsl.data.ports import Port, evaluate_dim
from nndsl.data.rank import rank_cure
from nndsl.data.scan import value_problem
from nndsl.data.steps import Fill, Misfit, name_of
from nndsl.data.streams import Outline
from nndsl.diagnostics import NndslError, Problem
from nndsl.problems.arrays import (
    ArrayMissing,
    ArrayUnexpected,
    EmptySet,
    NotByRows,
    RowsDisagree,
    SizesDisagree,
    WrongRank,
    WrongSize,
)
from nndsl.problems.binding import NotBound
from nndsl.problems.preparing import NamesForNumbers, StepMisfit

Given: TypeAlias = object  # an array, a column, a list of numbers, anything with __array__
NO_CHAINS: Mapping[str, Chain] = MappingProxyType({})


def bind_xy(ports: Sequence[Port], x: object, y: object = None) -> dict[str, Given]:
    """Names for the arrays of a call `fit(x, y)`: by the only input or target, by dict, or by a list in order.

    `y` is None where only inputs are given. Nothing is checked beyond the names that can be told apart; give the
    result to `check_feed`. Raises NndslError (NN534).
    """
    inputs = [port for port in ports if port.role == "input"]
    targets = [port for port in ports if port.role == "target"]
    bound = _bind("x", "input", inputs, x)
    for name, array in _bind("y", "target", targets, y).items():
        if name in bound:
            raise NndslError(NotBound(None, f"`{name}` is given both in x and in y", "give it once"))
        bound[name] = array
    return bound


def _bind(letter: str, role: str, ports: list[Port], given: object) -> dict[str, Given]:
    names = [port.name for port in ports]
    by_name = f"give a dict by name: {{{', '.join(f'{name!r}: …' for name in names)}}}"
    if given is None:
        return {}
    if isinstance(given, Mapping):
        odd = [key for key in given if not isinstance(key, str)]
        if odd:
            raise NndslError(NotBound(None, f"{letter} has the key {odd[0]!r}, which is no name", by_name))
        return dict(given)
    if not ports:
        raise NndslError(NotBound(None, f"{letter} is given, and the model has no {role}", f"leave {letter} out"))
    if len(ports) == 1:
        return {names[0]: given}
    several = ", ".join(f"`{name}`" for name in names)
    if isinstance(given, list | tuple):
        if len(given) == len(ports):
            return dict(zip(names, given, strict=True))
        reason = f"{letter} is a list of {len(given)}, and the model has {len(ports)} {role}s: {several}"
    else:
        reason = f"{letter} is one array, and the model has {len(ports)} {role}s: {several}"
    raise NndslError(NotBound(None, reason, by_name))


def check_feed(
    ports: Sequence[Port], given: Mapping[str, Given], what: str = "the data", chains: Mapping[str, Chain] = NO_CHAINS
) -> DataSet:
    """The arrays as a data set that suits the ports, to be cut into batches by rows.

    Values are arrays, columns, lists of numbers or objects with `__array__`; none is copied where it is an array
    already. `what` names the data in messages ("the validation data"); `chains` are the steps that come before the
    model. Raises NndslError with every problem: NN519 to NN539.
    """
    problems: list[Problem] = [_not_by_rows(port, what) for port in ports if not _by_rows(port)]
    columns = _checked(ports, given, what, problems, chains=chains)
    counts = tuple((name, len(column)) for name, column in columns.items() if column.shape)
    if len({count for _, count in counts}) > 1:
        problems.append(RowsDisagree(ports[0].span, what, counts))
    if problems:
        raise NndslError(sorted(problems, key=lambda problem: problem.order))
    return DataSet(columns, given.strata if isinstance(given, DataSet) else None)


def check_outlines(
    ports: Sequence[Port], outlines: Mapping[str, Outline], what: str, chains: Mapping[str, Chain]
) -> None:
    """What can be said of a set that is read in pieces before it is read: as `check_feed`, all but the values."""
    problems: list[Problem] = [_not_by_rows(port, what) for port in ports if not _by_rows(port)]
    _checked(ports, outlines, what, problems, chains=chains)
    if problems:
        raise NndslError(sorted(problems, key=lambda problem: problem.order))


def check_values(
    ports: Sequence[Port], piece: DataSet, what: str, numbers: Array, chains: Mapping[str, Chain]
) -> None:
    """The values of a piece of a set; `numbers` are its rows in the set. Raises NndslError: NN527 to NN533."""
    problems = []
    for port in ports:
        column = piece[port.name]
        bad = None if isinstance(column, Named) else value_problem(port, column, what, _fills(chains.get(port.name)))
        if bad is not None:
            row = getattr(bad, "row", None)
            problems.append(bad if row is None else replace(bad, row=int(numbers[row])))  # type: ignore[call-arg]
    if problems:
        raise NndslError(problems)


def check_batch(
    ports: Sequence[Port], given: Mapping[str, Given], what: str = "the batch"
) -> dict[str, Array]:
    """Arrays that go to a kernel as they are: checked as by `check_feed`, converted, C-contiguous.

    Here every size of a name has to agree, the rows too, and fixed first sizes are fine.
    """
    problems: list[Problem] = []
    columns = _checked(ports, given, what, problems, rows_too=True)
    if problems:
        raise NndslError(sorted(problems, key=lambda problem: problem.order))
    return {port.name: _whole(port, columns[port.name]) for port in ports}


def check_array(port: Port, array: Given, what: str = "the batch") -> Array:
    """One array for one port, checked and converted; the array itself where nothing has to change."""
    return check_batch((port,), {port.name: array}, what)[port.name]


def fast_path(port: Port) -> Callable[[object], Array | None]:
    """A function that gives back an array which is right as it stands, in a microsecond or two, else None.

    None does not mean wrong: ask `check_array` then, which converts or explains.
    """
    dtype, rank, kind = port.numpy_dtype, len(port.dims), port.kind
    fixed = tuple((axis, size) for axis, size in enumerate(port.dims) if isinstance(size, int))
    named = [dim for dim in port.dims if isinstance(dim, str)]
    simple = len(set(named)) == len(named) and all(dim.isidentifier() for dim in named)
    floats = dtype.kind == "f" and kind in (None, "logits")
    integers = dtype.kind in "ib" and kind is None
    top = port.count if kind == "index" else None
    if not simple or not (floats or integers or top is not None):
        return lambda array: None

    def fast(array: object) -> Array | None:
        if type(array) is not np.ndarray or array.dtype != dtype or array.ndim != rank:
            return None
        if not array.flags.c_contiguous or not 0 < array.size <= 1 << 20:
            return None
        for axis, size in fixed:
            if array.shape[axis] != size:
                return None
        if floats:
            return array if np.isfinite(array).all() else None
        return array if top is None or (array.min() >= 0 and array.max() < top) else None

    return fast


def to_batch(data: DataSet, ports: Iterable[Port], rows: Rows) -> dict[str, Array]:
    """Those rows of a checked data set for a kernel: C-contiguous arrays of the declared dtypes."""
    return {port.name: data[port.name].take(rows, port.numpy_dtype) for port in ports}


def sizes(data: Mapping[str, Column | Array], ports: Iterable[Port]) -> dict[str, int]:
    """What each named size is in a checked data set or batch; for ragged texts the longest."""
    found: dict[str, int] = {}
    for port in ports:
        for dim, size in zip(port.dims, data[port.name].shape, strict=True):
            if isinstance(dim, str) and dim.isidentifier():
                found[dim] = max(size, found.get(dim, 0))
    return found


def _whole(port: Port, column: Column) -> Array:
    if isinstance(column, Dense):
        # Not ascontiguousarray, which would turn a scalar into an array of one.
        return np.asarray(column.array, dtype=port.numpy_dtype, order="C")
    return column.take(slice(None), port.numpy_dtype)


def _by_rows(port: Port) -> bool:
    """Whether the port can be cut by its first size: a name that no other size of it is made of."""
    first = port.dims[0] if port.dims else 1
    if isinstance(first, int) or not first.isidentifier():
        return False
    return all(isinstance(dim, int) or evaluate_dim(dim, {first: 1}) is None for dim in port.dims[1:])


def _not_by_rows(port: Port, what: str) -> Problem:
    return NotByRows(port.span, port.name, what, "", port.declared)


def _checked(
    ports: Sequence[Port],
    given: Mapping[str, Given],
    what: str,
    problems: list[Problem],
    rows_too: bool = False,
    chains: Mapping[str, Chain] = NO_CHAINS,
) -> dict[str, Column]:
    """Columns for all ports whose array could be read; what is wrong goes to `problems`."""
    known = tuple(port.name for port in ports)
    problems += [ArrayUnexpected(None, name, what, known) for name in given if name not in known]
    columns: dict[str, Column] = {}
    fits: dict[str, Seen] = {}
    for port in ports:
        if given.get(port.name) is None:
            names = tuple(given)
            problems.append(ArrayMissing(port.span, port.name, what, port.role, port.declared, names))
            continue
        array = given[port.name]
        column = array if isinstance(array, Outline | Named) else as_column(port, array, what)
        if isinstance(column, Problem):
            problems.append(column)
            continue
        seen = _behind(port, column, chains.get(port.name, ()), what)
        wrong = [seen] if isinstance(seen, Problem) else _shape_problems(port, seen, what)
        if isinstance(column, Named) or (isinstance(column, Outline) and column.named):
            wrong = wrong or _name_problems(port, column, what)
        problems += wrong
        if not isinstance(column, Outline):
            columns[port.name] = column
        if not wrong and not isinstance(seen, Problem):
            fits[port.name] = seen
            if isinstance(column, Dense | Ragged):
                bad = value_problem(port, column, what, _fills(chains.get(port.name)))
                problems += [bad] if bad else []
    problems += _size_problems([p for p in ports if p.name in fits], fits, what, rows_too)
    return columns


@dataclass(frozen=True)
class Seen:
    """A column as a model sees it: the shape behind the steps, the description of what was given."""

    shape: tuple[int, ...]
    found: str
    column: Column | Outline

    def describe(self) -> str:
        return self.found


def _behind(port: Port, column: Column | Outline, chain: Chain, what: str) -> Seen | Problem:
    """A column behind the steps of its input, or what keeps them from being done (NN519)."""
    shape = column.shape
    found = column.describe()
    if isinstance(column, Named | Outline) and port.kind == "onehot" and len(shape) == 1 and len(port.dims) == 2:
        shape = (*shape, port.dims[1]) if isinstance(port.dims[1], int) else shape
    for step in chain:
        try:
            shape = step.shape(shape)
        except Misfit as misfit:
            return StepMisfit(port.span, port.name, what, found, port.declared, name_of(step), str(misfit))
    behind = f", {port.declared.split('[')[0]} of shape {shape} behind its steps" if shape != column.shape else ""
    return Seen(shape, found + behind, column)


def _fills(chain: Chain | None) -> bool:
    """Whether values may be missing, since a step fills them in."""
    return bool(chain) and any(isinstance(step, Fill) for step in chain or ())


def _name_problems(port: Port, column: Named | Outline, what: str) -> list[Problem]:
    """Names where the model takes numbers that are no numbers of classes or words (NN508)."""
    words = isinstance(column, Named) and isinstance(column.rule, Words)
    if port.kind == "index" or (port.kind == "onehot" and not words):
        return []
    count = len(column.names) if isinstance(column, Named) else None
    return [NamesForNumbers(port.span, port.name, what, column.describe(), port.declared, count, words)]


def _shape_problems(port: Port, column: Seen, what: str) -> list[Problem]:
    """Rank, emptiness and fixed sizes of one column."""
    place = (port.span, port.name, what, column.describe(), port.declared)
    shape = column.shape
    if len(shape) != len(port.dims):
        plain = column.column
        cure = rank_cure(port, plain) if isinstance(plain, Dense | Ragged) and shape == plain.shape else None
        return [WrongRank(*place, len(shape), len(port.dims), cure)]
    if 0 in shape:
        return [EmptySet(*place)]
    out: list[Problem] = []
    for axis, (dim, size) in enumerate(zip(port.dims, shape, strict=True)):
        if _ragged(column) is not None and axis == 1 and isinstance(dim, int):
            out.append(WrongSize(*place, axis, "the longest text", str(dim)))
        elif isinstance(dim, int) and dim != size:
            out.append(WrongSize(*place, axis, str(size), str(dim)))
    return out[:1]  # one array of another shape is one mistake


def _size_problems(
    ports: list[Port], columns: Mapping[str, Seen], what: str, rows_too: bool
) -> list[Problem]:
    """Names that get two sizes, and expressions that do not come out."""
    out: list[Problem] = []
    first: dict[str, tuple[int, Port]] = {}
    for port in ports:
        for axis, (dim, size) in enumerate(zip(port.dims, columns[port.name].shape, strict=True)):
            # How many rows each has is told once for all arrays, by RowsDisagree.
            if isinstance(dim, int) or not dim.isidentifier() or (axis == 0 and not rows_too):
                continue
            known, other = first.setdefault(dim, (size, port))
            same_texts = other is port or _same_lengths(columns[port.name], columns[other.name])
            if known != size or (axis == 1 and not same_texts):
                out.append(_disagreement(port, columns, what, dim, size, known, other))
    values = {name: size for name, (size, _) in first.items()}
    for port in ports:
        place = (port.span, port.name, what, columns[port.name].describe(), port.declared)
        for axis, (dim, size) in enumerate(zip(port.dims, columns[port.name].shape, strict=True)):
            wanted = evaluate_dim(dim, values) if isinstance(dim, str) and not dim.isidentifier() else None
            if wanted is not None and wanted != size:
                out.append(WrongSize(*place, axis, str(size), f"{dim} = {wanted}"))
    return out


def _ragged(seen: Seen) -> Ragged | None:
    """The texts of a column whose rows differ in length."""
    column = seen.column.codes if isinstance(seen.column, Named) else seen.column
    return column if isinstance(column, Ragged) else None


def _same_lengths(a: Seen, b: Seen) -> bool:
    """Whether a batch of any rows has one length in both: ragged texts agree only text by text."""
    one, other = _ragged(a), _ragged(b)
    if one is None or other is None:
        return one is other
    return np.array_equal(np.diff(one.offsets), np.diff(other.offsets))


def _disagreement(
    port: Port, columns: Mapping[str, Seen], what: str, symbol: str, size: int, known: int, other: Port
) -> Problem:
    found, other_found = columns[port.name].describe(), columns[other.name].describe()
    return SizesDisagree(
        port.span, port.name, what, found, port.declared, symbol, size, other.name, other_found, known, other.span
    )
