"""What the training part of the data says, once, and what is kept with the weights: means, classes, vocabularies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from types import MappingProxyType

import numpy as np

from nndsl.data.columns import Array, DataSet, Dense
from nndsl.data.named import Classes, Named, Rule, Words
from nndsl.data.steps import Fill, Normalize, Step

Chain = Sequence[Step]
CHUNK = 1 << 20  # numbers looked at together

_NONE: Mapping[str, Array] = MappingProxyType({})


@dataclass(frozen=True, eq=False)
class Learned:
    """`arrays` and `names` by input. `rules` says how texts became names, so that later texts do so as well."""

    arrays: Mapping[str, Mapping[str, Array]] = field(default_factory=dict)
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rules: Mapping[str, Rule] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.arrays or self.names)

    def of(self, name: str) -> Mapping[str, Array]:
        """The arrays of an input."""
        return self.arrays.get(name, _NONE)

    def flat(self) -> dict[str, Array]:
        """The arrays by `input/name`, as weights files hold them."""
        return {f"{port}/{name}": array for port, found in self.arrays.items() for name, array in found.items()}

    def described(self) -> dict[str, object]:
        """Names and rules as JSON has them."""
        return {
            port: {"names": list(names), "words": asdict(rule) if isinstance(rule, Words) else None}
            for port, names in self.names.items()
            for rule in (self.rules[port],)
        }

    @staticmethod
    def of_file(arrays: Mapping[str, Array], described: object) -> Learned:
        """What `flat` and `described` gave; what has another form is left out, and missed where it is needed."""
        found: dict[str, dict[str, Array]] = {}
        for key, array in arrays.items():
            port, _, name = key.rpartition("/")
            if array.dtype == np.float64 and array.ndim <= 1 and np.isfinite(array).all():
                found.setdefault(port, {})[name] = array
        names: dict[str, tuple[str, ...]] = {}
        rules: dict[str, Rule] = {}
        for port, entry in described.items() if isinstance(described, dict) else ():
            match entry:
                case {"names": list(texts), "words": rule} if all(isinstance(text, str) for text in texts):
                    read = Classes() if rule is None else _words(rule)
                    if read is not None and len(set(texts)) == len(texts):
                        names[port], rules[port] = tuple(texts), read
        return Learned(found, names, rules)

    def needs(self, port: str, chain: Chain, named: bool) -> str | None:
        """What the input needs and nothing here says, in words."""
        here = self.of(port)
        for step in chain:
            if isinstance(step, Normalize) and not {"mean", "deviation"} <= here.keys():
                return "the mean and the deviation"
            if isinstance(step, Fill) and step.value is None and "fill" not in here:
                return "the mean that is filled in"
        if named and port not in self.names:
            return "the classes or the words"
        return None


def _words(entry: object) -> Words | None:
    match entry:
        case {"by": "word" | "character" as by, "size": size, "lower": bool(lower), "length": length} if all(
            n is None or (type(n) is int and n > 0) for n in (size, length)
        ):
            return Words(by, size, lower, length)
    return None


def learn(pieces: Callable[[], Iterable[DataSet]], chains: Mapping[str, Chain], before: Learned | None) -> Learned:
    """What the training part says. `pieces` goes over it, once more at each call; what is known `before` stays."""
    known = before or Learned()
    arrays = {port: dict(found) for port, found in known.arrays.items()}
    names, rules = dict(known.names), dict(known.rules)
    counts: dict[str, Counter[str]] = {}
    fresh: dict[str, Rule] = {}
    for port, chain in chains.items():
        if known.needs(port, chain, named=False) is not None:
            arrays[port] = _statistics(lambda port=port: (piece[port] for piece in pieces()), chain)  # type: ignore[misc]
    for piece in pieces():
        named = {port: column for port, column in piece.items() if isinstance(column, Named) and port not in names}
        for port, column in named.items():
            fresh[port] = column.rule
            counts.setdefault(port, Counter()).update(column.counts())
        if not named:
            break  # what the columns are is the same in every piece
    for port, rule in fresh.items():
        names[port], rules[port] = rule.learn(counts[port]), rule
    return Learned(arrays, names, rules)


def _statistics(columns: Callable[[], Iterable[object]], chain: Chain) -> dict[str, Array]:
    """What the steps of a chain learn, one after the other: each from what those before it give."""
    out: dict[str, Array] = {}
    for place, step in enumerate(chain):
        before = chain[:place]
        match step:
            case Normalize():
                mean, deviation = _moments(columns(), before, out, step)
                out |= {"mean": mean, "deviation": np.where(deviation > 0, deviation, 1.0)}
            case Fill(value=None):
                out["fill"] = _means(columns(), before, out)
    return out


def _chunks(columns: Iterable[object], chain: Chain, learned: Mapping[str, Array]) -> Iterator[Array]:
    """The values behind some steps, outside of training, in f64."""
    for column in columns:
        if not isinstance(column, Dense):
            continue
        rows = max(1, CHUNK // max(1, column.array[:1].size))
        for start in range(0, len(column), rows):
            values = column.array[start : start + rows].astype(np.float64)
            for place, step in enumerate(chain):
                values = step.apply(values, None, place, learned)
            yield values


def _moments(
    columns: Iterable[object], chain: Chain, learned: Mapping[str, Array], step: Normalize
) -> tuple[Array, Array]:
    """Mean and standard deviation, chunk joined to chunk by the formula of Chan, Golub and LeVeque."""
    count, mean, spread = 0, np.zeros(()), np.zeros(())
    for values in _chunks(columns, chain, learned):
        over = step.over(values.ndim)
        size = int(np.prod([values.shape[axis] for axis in over]))
        own = values.mean(axis=over)
        own_spread = np.square(values - values.mean(axis=over, keepdims=True)).sum(axis=over)
        total = count + size
        spread = spread + own_spread + np.square(own - mean) * (count * size / total)
        mean = mean + (own - mean) * (size / total)
        count = total
    return np.asarray(mean), np.sqrt(spread / max(1, count))


def _means(columns: Iterable[object], chain: Chain, learned: Mapping[str, Array]) -> Array:
    """The mean of what is there, for each element of the last axis; 0 where nothing is."""
    total, count = np.zeros(()), np.zeros(())
    for values in _chunks(columns, chain, learned):
        over = tuple(range(max(1, values.ndim - 1)))
        total = total + np.nansum(values, axis=over)
        count = count + np.count_nonzero(~np.isnan(values), axis=over)
    return np.asarray(total / np.maximum(count, 1))
