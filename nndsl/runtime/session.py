"""A model with its arrays: runs the programs, keeps params, states and slots, gathers metrics."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from nndsl.diagnostics import NndslError, Problem
from nndsl.ir.dims import Dim, evaluate, written
from nndsl.ir.experiment import Optimizer
from nndsl.ir.graph import Constraint, Graph, Metric, Model, Port
from nndsl.ops.draws import step_key
from nndsl.problems.running import FixedLearningRate, SizeDivides, SizeRelation, SizesRefused
from nndsl.runtime.executable import Executable
from nndsl.runtime.interpreter import run
from nndsl.runtime.parameters import draw

Batch = Mapping[str, Any]


@dataclass(frozen=True)
class Report:
    """What one program cost to make ready."""

    program: str
    seconds: float
    from_cache: bool


class Scalars(Mapping[str, Any]):
    """The numbers a program may ask for; the key of random draws is made only where it is."""

    __slots__ = ("learning_rate", "seed", "step")

    def __init__(self, step: int, learning_rate: float, seed: int) -> None:
        self.step, self.learning_rate, self.seed = step, learning_rate, seed

    def __getitem__(self, name: str) -> Any:
        match name:
            case "step":
                return self.step
            case "learning_rate":
                return self.learning_rate
            case "key":
                return step_key(self.seed, self.step)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(("step", "learning_rate", "key"))

    def __len__(self) -> int:
        return 3


class Gatherer:
    """Metrics of a run over data, exact over all of it."""

    def __init__(self, metrics: tuple[Metric, ...]) -> None:
        self.metrics = metrics
        self.store: dict[str, Any] = {}
        self.reset()

    def reset(self) -> None:
        """Start over."""
        for metric in self.metrics:
            for spec in metric.states:
                fresh = draw([spec], 0)[spec.name]
                self.store[spec.name] = fresh
        self.sums = {m.name: 0.0 for m in self.metrics}
        self.counts = {m.name: 0 for m in self.metrics}
        self.kept: dict[str, list[tuple[Any, ...]]] = {m.name: [] for m in self.metrics if m.form == "whole"}

    def add(self, outputs: Mapping[str, Any], sizes: Mapping[str, int]) -> None:
        """Take in what a program gave for one batch."""
        for metric in self.metrics:
            match metric.form:
                case "mean":
                    self.sums[metric.name] += float(outputs[f"metric.{metric.name}"])
                    count = 1
                    for size in metric.value.shape:
                        count *= evaluate(size, sizes)
                    self.counts[metric.name] += count
                case "state":
                    self.sums[metric.name] = float(outputs[f"metric.{metric.name}"])
                    self.counts[metric.name] = 1
                case "whole":
                    parts = tuple(np.array(outputs[f"arg.{metric.name}.{i}"]) for i in range(len(metric.arguments)))
                    self.kept[metric.name].append(parts)
                    self.counts[metric.name] += 1

    def results(self, whole: Callable[[Metric, tuple[Any, ...]], float]) -> dict[str, float]:
        """The value of each metric over all batches since the reset; NaN before the first."""
        out: dict[str, float] = {}
        for metric in self.metrics:
            name = metric.name
            if not self.counts[name]:
                out[name] = float("nan")
            elif metric.form == "whole":
                out[name] = whole(
                    metric,
                    tuple(_joined(metric, i, parts) for i, parts in enumerate(zip(*self.kept[name], strict=True))),
                )
            else:
                out[name] = self.sums[name] / self.counts[name]
        return out


def _joined(metric: Metric, position: int, parts: tuple[Any, ...]) -> Any:
    """Batches of one argument one after the other; what has no batch axis is the last one's."""
    batched = metric.arguments[position].shape and isinstance(metric.arguments[position].shape[0], Dim)
    return np.concatenate(parts) if batched else parts[-1]


class Session:
    """See the module. `build` turns a graph into an Executable; `programs` makes the graph of each name."""

    def __init__(
        self,
        model: Model,
        optimizer: Optimizer,
        build: Callable[[Graph], Executable],
        programs: Mapping[str, Callable[[], Graph]],
        engine: str,
        threads: int,
        seed: int,
    ) -> None:
        self.model = model
        self.optimizer = optimizer
        self.engine = engine
        self.threads = threads
        self.report: list[Report] = []
        self._build = build
        self._programs = programs
        self._ready: dict[str, Executable] = {}
        self._lock = threading.RLock()
        self._training = Gatherer(model.training.metrics)
        self._evaluation = Gatherer(model.inference.metrics)
        self._current = self._training
        self._places = _named_sizes((*model.inputs, *model.targets))
        self._rate = optimizer.learning_rate
        self.loss_names = tuple(t.name for t in model.training.losses if not t.penalty)
        self.metric_names = tuple(m.name for m in model.training.metrics)
        self.initialize(seed)

    @property
    def gatherers(self) -> tuple[Gatherer, Gatherer]:
        """What gathers the metrics of training and of evaluation."""
        return self._training, self._evaluation

    def initialize(self, seed: int) -> None:
        """Draw params and states anew; forget what the optimizer remembers."""
        self.seed = seed
        self.params: dict[str, Any] = draw(self.model.params, seed)
        self.states: dict[str, Any] = draw(self.model.states, seed, self.params)
        slots = [slot for rule in self.optimizer.rules for slot in rule.slots]
        self.slots: dict[str, Any] = draw(slots, seed, self.params)
        self.step = 0
        self.reset_metrics()

    # --- programs --------------------------------------------------------------------------------------

    def prepare(self, *names: str) -> None:
        """Compile programs ahead of their first use: "train", "evaluate", "predict", "gradient"."""
        for name in names:
            self._program(name)

    def _program(self, name: str) -> Executable:
        ready = self._ready.get(name)
        if ready is None:
            with self._lock:
                if name not in self._ready:
                    begin = time.perf_counter()
                    made = self._build(self._programs[name]())
                    self._ready[name] = made
                    self.report.append(Report(name, time.perf_counter() - begin, not made.compiled))
                ready = self._ready[name]
        return ready

    def build(self, graph: Graph) -> Executable:
        """A graph of one's own made ready for this session's engine."""
        return self._build(graph)

    def scalars(self) -> Mapping[str, Any]:
        """The run-time numbers of a program that does not train."""
        return self._scalars(self.step)

    def sizes(self, batch: Batch) -> dict[str, int]:
        """The symbolic sizes a batch fixes. Raises NndslError where an index of the model would be out of range."""
        found = {
            name: batch[port].shape[axis]
            for port, axis, name in self._places
            if port in batch
        }
        for constraint in self.model.constraints:
            if not constraint.holds(found):
                raise NndslError(_unmet(constraint, tuple(sorted(found.items()))))
        return found

    def _scalars(self, step: int) -> Scalars:
        return Scalars(step, self._rate or 0.0, self.seed)

    # --- training ----------------------------------------------------------------------------------------

    def train_step(self, batch: Batch) -> dict[str, float]:
        """One update from one batch; the losses before it. Metrics go on."""
        with self._lock:
            self._current = self._training
            sizes = self.sizes(batch)
            store = {**self.params, **self.states, **self.slots, **self._training.store}
            program = self._program("train")
            outputs = program.run(batch, store, self._scalars(self.step + 1), sizes)
            self.step += 1
            self._training.add(outputs, sizes)
            return _losses(outputs)

    def evaluate_step(self, batch: Batch) -> dict[str, float]:
        """The losses of one batch in inference mode. Metrics go on."""
        with self._lock:
            self._current = self._evaluation
            sizes = self.sizes(batch)
            store = {**self.params, **self.states, **self._evaluation.store}
            outputs = self._program("evaluate").run(batch, store, self._scalars(self.step), sizes)
            self._evaluation.add(outputs, sizes)
            return _losses(outputs)

    def predict(self, batch: Batch) -> dict[str, Any]:
        """The outputs for one batch of inputs. May be called from many threads at once."""
        sizes = self.sizes(batch)
        store = {**self.params, **self.states}
        outputs = self._program("predict").run(batch, store, self._scalars(self.step), sizes)
        return {name.removeprefix("out."): value for name, value in outputs.items()}

    def value_and_grad(self, batch: Batch) -> tuple[float, dict[str, Any]]:
        """The loss in training mode and its gradients by param name."""
        with self._lock:
            store = {**self.params, **{k: v.copy() for k, v in self.states.items()}}
            outputs = self._program("gradient").run(batch, store, self._scalars(self.step + 1), self.sizes(batch))
        grads = {name.removeprefix("grad."): value for name, value in outputs.items() if name.startswith("grad.")}
        return float(outputs["loss"]), grads

    # --- metrics -----------------------------------------------------------------------------------------

    def reset_metrics(self) -> None:
        """Start the metrics of training and of evaluation over."""
        self._training.reset()
        self._evaluation.reset()

    def metric_results(self) -> dict[str, float]:
        """The metrics of what ran last (training or evaluation) since the reset."""
        return self._current.results(self._whole)

    def _whole(self, metric: Metric, arguments: tuple[Any, ...]) -> float:
        """A metric of a whole set, by the NumPy engine: it runs once an epoch."""
        sizes = {
            s.name: n
            for node, value in zip(metric.arguments, arguments, strict=True)
            for s, n in zip(node.shape, value.shape, strict=True)
            if isinstance(s, Dim) and s.name
        }
        given = {f"arg{i}": value for i, value in enumerate(arguments)}
        outputs, _ = run(Graph("metric", (("value", metric.value),)), given, {}, sizes)
        return float(outputs["value"])

    # --- learning rate ---------------------------------------------------------------------------------------

    @property
    def learning_rate(self) -> float:
        """The rate of the next step. Setting it raises NndslError where a schedule computes it."""
        if self._rate is not None:
            return self._rate
        if self.optimizer.schedule is None:
            return float("nan")
        graph = Graph("rate", (("value", self.optimizer.schedule),))
        return float(run(graph, {}, self._scalars(self.step + 1), {})[0]["value"])

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        if self._rate is None:
            raise NndslError(FixedLearningRate(None, self.optimizer.name, self.optimizer.schedule is not None))
        self._rate = float(value)


def _named_sizes(ports: tuple[Port, ...]) -> tuple[tuple[str, int, str], ...]:
    """Each place where an array tells the size of a dim: the array's name, the axis, the dim."""
    return tuple(
        (port.name, axis, size.name)
        for port in ports
        for axis, size in enumerate(port.type.shape)
        if isinstance(size, Dim) and size.name is not None
    )


def _losses(outputs: Mapping[str, Any]) -> dict[str, float]:
    """`loss` and, where there are several terms, each under its own name."""
    return {name.removeprefix("loss."): float(value) for name, value in outputs.items() if name.startswith("loss")}


def _unmet(constraint: Constraint, sizes: tuple[tuple[str, int], ...]) -> Problem:
    """What is said of sizes of the data that the model cannot take."""
    if constraint.text:
        return SizesRefused(constraint.span, constraint.text, sizes)
    if constraint.divisor is not None:
        return SizeDivides(constraint.span, written(constraint.size), written(constraint.divisor), sizes)
    return SizeRelation(constraint.span, written(constraint.size), sizes)
