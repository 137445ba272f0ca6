"""The Python interface: `load` and `compile` give a Model; a Model trains, measures and predicts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nndsl import driver
from nndsl.data.learned import Learned
from nndsl.diagnostics import NndslError, Source
from nndsl.problems.training import NothingToTrain, WrongSetting
from nndsl.summary import summary_text
from nndsl.syntax.load import load_source, source_from_text
from nndsl.training import checkpoint
from nndsl.training import fit as loop
from nndsl.training.callback import Callback, CallbackList, History
from nndsl.training.callbacks import build_callbacks
from nndsl.training.feed import Feed
from nndsl.training.feeding import Feeding
from nndsl.training.monitor import is_number
from nndsl.training.parameters import Parameters
from nndsl.training.progress import Display, default_stream, make_display, values_text
from nndsl.training.section import (
    choice_setting,
    count_setting,
    fit_settings,
    fresh_seed,
    pair,
    share_setting,
)
from nndsl.training.sources import DataPlace
from nndsl.training.trainable import Array, Logs
from nndsl.training.warn import warn

if TYPE_CHECKING:
    from nndsl.driver import Checked
    from nndsl.generation.text import Writer
    from nndsl.runtime.session import Session

ENGINES = ("numba", "numpy")
PREDICT_ROWS = 1024  # rows a call of the compiled program; the results do not depend on it


def load(
    path: str | os.PathLike[str],
    /,
    *,
    engine: str = "numba",
    seed: int | None = None,
    threads: int | None = None,
    model: str | None = None,
    consts: Mapping[str, object] | None = None,
    **more: object,
) -> Model:
    """The model of a `.nn` file, compiled when first used: `nndsl.load("reuters.nn", hidden=64)`.

    Further names override the defaults of the model's consts; `consts` is for those whose names stand here already:
    `consts={"seed": 3}`. `model` picks one of several models. Raises NndslError with all that is wrong with the file
    or the consts.
    """
    place = Path(path)
    return _open(load_source(place), place.parent, engine, seed, threads, model, _all_consts(consts, more))


def compile(
    text: str,
    /,
    *,
    engine: str = "numba",
    seed: int | None = None,
    threads: int | None = None,
    model: str | None = None,
    consts: Mapping[str, object] | None = None,
    **more: object,
) -> Model:
    """As `load`, from text; paths in it start at the working folder."""
    if not isinstance(text, str):
        raise NndslError(WrongSetting(None, "text", f"a {type(text).__name__}", "the text of a .nn file"))
    return _open(source_from_text(text), Path(), engine, seed, threads, model, _all_consts(consts, more))


def _all_consts(consts: Mapping[str, object] | None, more: Mapping[str, object]) -> dict[str, object]:
    """The consts of both forms. Raises NndslError (NN600) where one is given twice."""
    given = {} if consts is None else consts
    if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
        raise NndslError(WrongSetting(None, "consts", f"a {type(given).__name__}", 'names and values: {"hidden": 64}'))
    for name in given.keys() & more.keys():
        raise NndslError(WrongSetting(None, f'consts["{name}"]', repr(given[name]), f"left out beside `{name}=`"))
    return {**given, **more}


def _open(
    source: Source,
    folder: Path,
    engine: str,
    seed: int | None,
    threads: int | None,
    model: str | None,
    consts: Mapping[str, object],
) -> Model:
    choice_setting("engine", engine, ENGINES)
    if threads is not None:
        count_setting("threads", threads)
    if seed is not None:
        count_setting("seed", seed, least=0)
    checked = driver.check_source(source, consts or None, model)
    for problem in checked.problems:
        warn(problem)
    return Model(checked, folder, engine, seed, threads)


class Model:
    """A compiled model with its parameters. Made by `nndsl.load` and `nndsl.compile`.

    `stop_training` ends a running fit after the current batch; `history` is the History of the last fit. `predict` may
    be called from several threads at once.
    """

    def __init__(
        self,
        checked: Checked,
        folder: Path,
        engine: str = "numba",
        seed: int | None = None,
        threads: int | None = None,
    ) -> None:
        self.checked = checked
        self.feeding = Feeding(checked.model, checked.train, DataPlace(folder))
        chosen = seed if seed is not None else checked.train.seed
        self.seed: int = chosen if chosen is not None else fresh_seed()
        self.session: Session = driver.open_session(checked, engine=engine, threads=threads, seed=self.seed)
        self.stop_training = False
        self.history: History | None = None
        self._fast = self.feeding.fast
        self._vocabulary: tuple[str, ...] | None = None
        self._writers: dict[str | None, Writer] = {}

    @property
    def name(self) -> str:
        """The name of the model in its file."""
        return self.checked.model.name

    @property
    def consts(self) -> Mapping[str, object]:
        """The model's parameters as resolved: defaults and overrides."""
        return self.checked.model.consts

    @property
    def learned(self) -> Learned:
        """What the training data said, beside the weights: means for `normalize`, classes, vocabularies."""
        return self.feeding.learned

    @property
    def params(self) -> Parameters:
        """The live arrays by name; `model.params["w"] = array` checks shape and values."""
        return Parameters(self.session.params)

    @property
    def learning_rate(self) -> float:
        """The optimizer's learning rate. Setting it raises NndslError where a schedule drives it."""
        return self.session.learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        if not isinstance(value, int | float | np.number) or not is_number(float(value)) or value < 0:
            raise NndslError(WrongSetting(None, "learning_rate", repr(value), "a number from 0 on"))
        self.session.learning_rate = float(value)

    def summary(self, print_fn: Callable[[str], object] | None = None) -> None:
        """Print the layers with their output types and numbers of params, line by line through `print_fn`."""
        for line in summary_text(self.checked.model).splitlines():
            (print_fn or print)(line)

    def fit(
        self,
        x: object = None,
        y: object = None,
        *,
        batch_size: int | None = None,
        epochs: int | None = None,
        verbose: int | Display = 1,
        callbacks: Sequence[Callback] | None = None,
        validation_data: object = None,
        validation_split: float | None = None,
        shuffle: bool | None = None,
        initial_epoch: int = 0,
        seed: int | None = None,
    ) -> History:
        """Train. `x` and `y` are arrays, or dicts by name; without them the train section's data is used.

        What is not given comes from the train section, else Keras' defaults. Given `callbacks` replace those of the
        section. `verbose` 1 shows a bar on a terminal, 2 a line an epoch, 0 nothing (or give a Display). A further
        call goes on where the last one ended. Ctrl-C ends it between two steps with KeyboardInterrupt; the model
        stays usable.

        Raises NndslError: NN600 to NN606 on settings and callbacks, NN5xx on data, all before the first step.
        """
        if not isinstance(verbose, Display):
            choice_setting("verbose", verbose, (0, 1, 2))
        display = verbose if isinstance(verbose, Display) else make_display(verbose, default_stream())
        self._trainable()
        spec = self.checked.train
        chosen_seed = self.seed if seed is None else seed
        settings = fit_settings(spec, epochs, batch_size, shuffle, chosen_seed, initial_epoch)
        used = build_callbacks(spec.callbacks, Path()) if callbacks is None else _all_callbacks(callbacks)
        wanted = spec.validation_split if validation_split is None else validation_split
        share = share_setting("validation_split", wanted)
        validation: Feed | None = None
        if x is None:
            feed = self.feeding.section(("data",), "train")
        else:
            feed = self.feeding.given(x, y, "the training data")
        if validation_data is not None:
            validation = self.feeding.given(*pair("validation_data", validation_data), "the validation data")
        elif x is None and spec.validation is not None and validation_split is None:
            validation = self.feeding.section(("validation",), "validate")
        elif share > 0:
            feed, validation = feed.split(share, spec.span)
        self.feeding.learn(feed)
        feed = self.feeding.bound(feed)
        validation = None if validation is None else self.feeding.bound(validation)
        self.history = History()
        return loop.fit(self.session, self, feed, validation, settings, used, display, self.history)

    def evaluate(
        self,
        x: object = None,
        y: object = None,
        batch_size: int | None = None,
        verbose: int = 0,
        callbacks: Sequence[Callback] | None = None,
    ) -> dict[str, float]:
        """Loss and metrics of a data set; without `x` of the train section's `test`, else its `validation`.

        Metrics are exact over the whole set. Raises NndslError (NN5xx, NN600, NN602).
        """
        choice_setting("verbose", verbose, (0, 1, 2))
        spec = self.checked.train
        size = count_setting("batch_size", spec.batch_size if batch_size is None else batch_size)
        if x is None:
            feed = self.feeding.section(("test", "validation"), "evaluate")
        else:
            feed = self.feeding.given(x, y, "the data")
        hooks = CallbackList(_all_callbacks(callbacks), self, {"verbose": verbose}) if callbacks else None
        logs = loop.evaluate(self.session, self.feeding.bound(feed), size, hooks)
        if verbose:
            print(values_text(logs))
        return logs

    def predict(
        self, x: object = None, batch_size: int | None = None, verbose: int = 0
    ) -> Array | dict[str, Array]:
        """The output for every row of `x`: an array, or a dict by name where there are several outputs.

        Without `x`, for the train section's `test` data. Raises NndslError (NN5xx, NN600, NN602).
        """
        if self._fast is not None and type(x) is np.ndarray and batch_size is None and not verbose:
            # One row should take microseconds: an array that is right as it stands goes straight to the kernels.
            array = self._fast(x)
            if array is not None and len(array) <= PREDICT_ROWS:
                return _plain(self.session.predict({self.feeding.inputs[0].name: array}))
        choice_setting("verbose", verbose, (0, 1, 2))
        size = PREDICT_ROWS if batch_size is None else count_setting("batch_size", batch_size)
        if isinstance(x, Feed):
            feed = x
        elif x is None:
            feed = self.feeding.section_inputs(("test", "validation"))
        else:
            feed = self.feeding.of_inputs(x)
        return _plain(self._predicted(self.feeding.bound(feed), size))

    def _predicted(self, feed: Feed, size: int) -> dict[str, Array]:
        with feed.in_order(size) as batches:
            parts = [self.session.predict(batch) for _, batch in batches]
        if len(parts) == 1:
            return parts[0]
        return {name: _joined([part[name] for part in parts]) for name in parts[0]}

    @property
    def vocabulary(self) -> tuple[str, ...] | None:
        """What the indices of a text model mean, where it was set here or came with the weights; saved with them.

        A text, of which each character counts, or a list of words; None leaves it to the model (see `generate`).
        """
        return self._vocabulary or self.feeding.vocabulary

    @vocabulary.setter
    def vocabulary(self, value: Iterable[str] | None) -> None:
        from nndsl.generation.vocabulary import vocabulary_of

        self._vocabulary = None if value is None else vocabulary_of(value).tokens

    def generate(
        self,
        prompt: object,
        length: int = 200,
        *,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        seed: int | None = None,
        stop: str | None = None,
        output: str | None = None,
        remember: bool = True,
    ) -> str | list[str] | Array:
        """The prompt, and `length` tokens that the model goes on with.

        `prompt` is a text, a list of texts, or numbers [time] or [batch, time]; the answer has the same form.
        `temperature` 0 takes the likeliest token each time, above 1 rare ones come more often; `top_k` and `top_p`
        leave only the likeliest, by number or by their joint probability. `stop` is a text to end before. The same
        seed gives the same text. `output` names one of several outputs. `remember=False` reads the whole text again
        for each token: slower, with the same result.

        Raises NndslError: NN630 to NN634, NN600, and NN5xx for numbers that are no indices of the model.
        """
        from nndsl.generation.asking import answer, asked

        wanted = asked(length, temperature, top_k, top_p, seed, stop, remember)
        return answer(self.writer(output), prompt, self.vocabulary, wanted)

    def writer(self, output: str | None = None) -> Writer:
        """The programs by which this model goes on with texts. Raises NndslError (NN630)."""
        from nndsl.generation.text import Writer

        if output not in self._writers:
            self._writers[output] = Writer.of(self.session, driver.reading_of(self.checked), output)
        return self._writers[output]

    def value_and_grad(self, x: object, y: object = None) -> tuple[float, dict[str, Array]]:
        """The loss of one batch and its gradient for every param, by name; nothing is changed.

        `x` may hold inputs and targets together by name. Raises NndslError (NN5xx).
        """
        return self.session.value_and_grad(self.feeding.batch(x, y))

    def train_on_batch(self, x: object, y: object = None) -> Logs:
        """One optimizer step on one batch; the losses and metrics of this batch. Raises NndslError (NN5xx, NN601)."""
        self._trainable()
        batch = self.feeding.batch(x, y)
        self.session.reset_metrics()
        return self.session.train_step(batch) | self.session.metric_results()

    def get_weights(self) -> dict[str, Array]:
        """Copies of all params and states by name."""
        return {name: array.copy() for name, array in (self.session.params | self.session.states).items()}

    def set_weights(self, weights: Mapping[str, Array]) -> None:
        """Put back what `get_weights` gave. Raises NndslError (NN609)."""
        target = Parameters(self.session.params | self.session.states)
        for name, array in weights.items():
            target[name] = array

    def save(self, path: str | os.PathLike[str], training: bool = False) -> None:
        """Write params and states as safetensors; with `training` the optimizer's state too, to resume from.

        Raises NndslError (NN612) where the file cannot be written.
        """
        content = checkpoint.encode(
            self.session, self.name, self.consts, training, self._vocabulary, self.feeding.learned
        )
        checkpoint.write(path, content)

    def load_weights(self, path: str | os.PathLike[str], training: bool = False) -> None:
        """Read what `save` wrote, or what another framework wrote, by the `weights` section of the file.

        All of it is loaded, or nothing is changed. Raises NndslError (NN607, NN608, NN721).
        """
        found = checkpoint.load(self.session, path, training, self.checked.weights)
        self._vocabulary = found.vocabulary or self._vocabulary
        self.feeding.learned = found.learned or self.feeding.learned

    def export(self, path: str | os.PathLike[str]) -> None:
        """Write what `predict` computes, with the weights as they are, as an ONNX model.

        Raises NndslError: NN700 without the extra, NN701 for what ONNX cannot say, NN612 where the file cannot be
        written.
        """
        from nndsl.onnx.exporting.model import exported

        graph = driver.graph_of(self.checked, "predict")
        made = exported(self.checked.model, graph, {**self.session.params, **self.session.states})
        checkpoint.write(path, made.SerializeToString(deterministic=True))

    def __repr__(self) -> str:
        return f"<nndsl.Model {self.name}, {sum(a.size for a in self.session.params.values()):,} params>"

    def _repr_html_(self) -> str:
        """What a notebook shows: the picture, and the table of layers."""
        from nndsl.picture.notebook import model_html

        return model_html(self.checked.model)

    def _trainable(self) -> None:
        """Raise NndslError (NN601) where no loss says what to train for."""
        if not self.checked.model.training.losses:
            raise NndslError(NothingToTrain(self.checked.model.span, self.name))


def _all_callbacks(callbacks: Sequence[Callback]) -> list[Callback]:
    """The callbacks of a call. Raises NndslError (NN600) for what is none."""
    several = callbacks if isinstance(callbacks, list | tuple) else [callbacks]
    for callback in several:
        if not isinstance(callback, Callback):
            raise NndslError(WrongSetting(None, "callbacks", repr(callback), "a list of nndsl.Callback objects"))
    return list(several)


def _plain(outputs: dict[str, Array]) -> Array | dict[str, Array]:
    return next(iter(outputs.values())) if len(outputs) == 1 else outputs


def _joined(parts: list[Any]) -> Array:
    """Batches one after the other; where texts were padded to different lengths, zeros fill up."""
    shapes = {part.shape[1:] for part in parts}
    if len(shapes) > 1:
        widest = tuple(max(sizes) for sizes in zip(*shapes, strict=True))
        parts = [np.pad(p, [(0, 0), *((0, w - s) for w, s in zip(widest, p.shape[1:], strict=True))]) for p in parts]
    return np.concatenate(parts)
