"""What reaches a model: the data of its sections and arrays of calls, checked, and behind the steps of its section."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from nndsl.data.feed import bind_xy, check_batch, check_feed, fast_path
from nndsl.data.learned import Learned
from nndsl.data.named import Named, Words
from nndsl.data.ports import Port
from nndsl.data.steps import chains_of
from nndsl.ir.experiment import TrainSpec
from nndsl.ir.graph import Model as ModelIr
from nndsl.training.feed import Feed
from nndsl.training.section import ports_of
from nndsl.training.sources import DataPlace, section_feed, without
from nndsl.training.trainable import Array


class Feeding:
    """`place` is where the files of the sections are, `learned` what the training data said."""

    def __init__(self, model: ModelIr, spec: TrainSpec, place: DataPlace) -> None:
        self.spec, self.place = spec, place
        self.inputs, self.targets = ports_of(model)
        self.ports = (*self.inputs, *self.targets)
        self.learned = Learned()
        self.chains = chains_of(spec.steps)

    @property
    def fast(self) -> Callable[[object], Array | None] | None:
        """For a model of one input that no step prepares: a quick look at an array that is right as it stands."""
        if len(self.inputs) != 1 or self.inputs[0].name in self.chains:
            return None
        return fast_path(self.inputs[0])

    @property
    def vocabulary(self) -> tuple[str, ...] | None:
        """The words of the only input of a model that reads texts, where they were learned."""
        name = self.inputs[0].name if len(self.inputs) == 1 else ""
        return self.learned.names.get(name) if isinstance(self.learned.rules.get(name), Words) else None

    def section(self, settings: Sequence[str], purpose: str) -> Feed:
        """The data of the first of those settings. Raises NndslError (NN5xx, NN602)."""
        return section_feed(self.spec, settings, self.ports, self.place, purpose)

    def section_inputs(self, settings: Sequence[str], place: DataPlace | None = None) -> Feed:
        """As `section`, of the inputs alone; `place` stands for the files' own. Raises NndslError (NN5xx, NN602)."""
        targets = {port.name for port in self.targets}
        calls = {name: getattr(self.spec, name) for name in settings}
        found: dict[str, Any] = {n: None if call is None else without(call, targets) for n, call in calls.items()}
        return section_feed(replace(self.spec, **found), settings, self.inputs, place or self.place, "predict")

    def given(self, x: object, y: object, what: str) -> Feed:
        """Arrays of a call. Raises NndslError (NN52x, NN53x)."""
        return self._feed(self.ports, bind_xy(self.ports, x, y), what)

    def of_inputs(self, x: object) -> Feed:
        """Arrays to predict from; targets beside them are no fault. Raises NndslError (NN52x, NN53x)."""
        given = bind_xy(self.inputs, x)
        inputs = {port.name for port in self.inputs}
        targets = {port.name for port in self.targets}
        kept = {name: array for name, array in given.items() if name in inputs or name not in targets}
        return self._feed(self.inputs, kept, "x")

    def _feed(self, ports: tuple[Port, ...], given: Mapping[str, object], what: str) -> Feed:
        chains = {port.name: self.chains[port.name] for port in ports if port.name in self.chains}
        return Feed(check_feed(ports, self._read(given), what, chains), ports, chains, what=what)

    def _read(self, given: Mapping[str, object]) -> dict[str, object]:
        """Texts and names as columns, where it was learned what they mean."""
        out = dict(given)
        for name, rule in self.learned.rules.items():
            texts = _texts(out.get(name))
            if texts is not None:
                out[name] = rule.column(texts) if isinstance(rule, Words) else Named.of(texts)
        return out

    def learn(self, feed: Feed) -> None:
        """Take in what the training data says, beside what is known."""
        self.learned = feed.learn(self.learned)

    def bound(self, feed: Feed) -> Feed:
        """The feed with what was learned. Raises NndslError (NN516, NN517, NN539)."""
        return feed.bound(self.learned)

    def batch(self, x: object, y: object) -> dict[str, Array]:
        """Arrays of one step, by hand. Raises NndslError (NN5xx)."""
        given = bind_xy(self.ports, x, y)
        if not self.chains and not self.learned.rules:
            return check_batch(self.ports, given)
        feed = self.bound(self._feed(self.ports, given, "the batch"))
        with feed.in_order(feed.rows) as batches:
            return dict(next(batches)[1])


def _texts(given: object) -> list[str] | None:
    """A list or an array of texts, or None."""
    if isinstance(given, np.ndarray) and given.dtype.kind in "UO" and given.ndim == 1:
        given = given.tolist()
    if isinstance(given, list | tuple) and given and all(isinstance(text, str) for text in given):
        return list(given)
    return None
