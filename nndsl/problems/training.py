"""Problems NN6xx: training, callbacks, weights files and run folders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from nndsl.diagnostics import Problem, did_you_mean
from nndsl.problems import weights
from nndsl.problems.weights import listed


@dataclass(frozen=True)
class WrongSetting(Problem):
    """An option of `fit`, `evaluate`, `predict`, `load` or `compile` has a value that cannot be.

        >>> model.fit(x_train, y_train, epochs=3.5)

    Counts are whole numbers from 1 on, shares lie between 0 and 1, the engine is "numba" or "numpy".

        >>> model.fit(x_train, y_train, epochs=3)
    """

    code: ClassVar[str] = "NN600"
    title: ClassVar[str] = "a setting has a value that cannot be"

    name: str
    value: str
    expected: str

    @property
    def headline(self) -> str:
        return f"{self.name} is {self.value}; it has to be {self.expected}"


@dataclass(frozen=True)
class NothingToTrain(Problem):
    """A model is to be trained and has no `loss` line, so nothing says what training should make small.

        input  x: f32[batch, 8]
        target t: f32[batch, 1]
        output p = x |> Dense(1)
        metric mae(t, p)
        >>> model.fit(x_train, y_train)

    Add a loss:

        input  x: f32[batch, 8]
        target t: f32[batch, 1]
        output p = x |> Dense(1)
        loss   mse(t, p)
        metric mae(t, p)
        >>> model.fit(x_train, y_train)
    """

    code: ClassVar[str] = "NN601"
    title: ClassVar[str] = "there is nothing to train for"

    model: str

    @property
    def headline(self) -> str:
        return f"`{self.model}` cannot be trained: it has no `loss` line"

    @property
    def label(self) -> str:
        return "this model"

    @property
    def help(self) -> str:
        return "add a line such as `loss mse(target, output)` to the model"


@dataclass(frozen=True)
class NoData(Problem):
    """No data was given, and the `train` section names none for this purpose.

        optimizer = Adam()
        $ nndsl train m.nn

    Name a source in the section, or call `model.fit(x, y)` with arrays. `data` is what is trained on,
    `validation` what is measured after each epoch, `test` what is measured at the end and by `nndsl
    evaluate`:

        optimizer = Adam()
        data = npz("small.npz", x="x_train", label="y_train")
        test = npz("small.npz", x="x_test", label="y_test")
        $ nndsl train m.nn
    """

    code: ClassVar[str] = "NN602"
    title: ClassVar[str] = "there is no data"

    model: str
    purpose: str
    settings: tuple[str, ...]

    @property
    def headline(self) -> str:
        return f"there is no data to {self.purpose} `{self.model}` with"

    @property
    def label(self) -> str:
        return f"this section has no {' and no '.join(f'`{name}`' for name in self.settings)}" if self.span else ""

    @property
    def help(self) -> str:
        where = "" if self.span else f" to a section `train {self.model} {{ ... }}`"
        return f"add `{self.settings[0]} = npz(\"file.npz\", input=\"key\", ...)`{where}, or give arrays in Python"


@dataclass(frozen=True)
class UnknownCallback(Problem):
    """The `train` section names a callback that only Python can make, or `build_callbacks` is given one that does not
    exist. (A misspelt callback in a file is NN101.)

        >>> from nndsl.training.callbacks import build_callbacks
        >>> from nndsl.ir.experiment import CallbackCall
        >>> build_callbacks([CallbackCall("LearningRateScheduler", (), {}, None)], None)

    There are EarlyStopping, ModelCheckpoint, ReduceLROnPlateau, CSVLogger, TensorBoard and TerminateOnNaN.
    LambdaCallback and LearningRateScheduler take Python functions: pass them to
    `model.fit(callbacks=[...])`; in a `.nn` file the learning rate follows a schedule
    (`Adam(learning_rate=CosineDecay(0.001, 1000))`).

        >>> slower = nndsl.LearningRateScheduler(lambda epoch, rate: rate / 2)
        >>> model.fit(x_train, y_train, callbacks=[slower])
    """

    code: ClassVar[str] = "NN603"
    title: ClassVar[str] = "there is no such callback"

    name: str
    known: tuple[str, ...]
    python_only: bool = False

    @property
    def headline(self) -> str:
        if self.python_only:
            return f"`{self.name}` takes a Python function, so a train section cannot make one"
        return f"there is no callback `{self.name}`"

    @property
    def help(self) -> str:
        if self.python_only:
            return f"pass it in Python: model.fit(callbacks=[nndsl.{self.name}(...)])"
        return did_you_mean(self.name, self.known) or f"there are {listed(self.known)}"


@dataclass(frozen=True)
class WrongCallbackArgument(Problem):
    """A callback got a value that cannot be.

        data = npz("small.npz", x="x_train", label="y_train")
        callbacks = [ReduceLROnPlateau(factor=2.0)]
        $ nndsl train m.nn

    The names and meanings are those of Keras. A callback named in a `.nn` file writes inside the run folder
    only, so its paths are relative and have no `..`.

        data = npz("small.npz", x="x_train", label="y_train")
        callbacks = [ReduceLROnPlateau(monitor="loss", factor=0.5)]
        $ nndsl train m.nn
    """

    code: ClassVar[str] = "NN604"
    title: ClassVar[str] = "wrong argument of a callback"

    callback: str
    reason: str
    cure: str | None = None

    @property
    def headline(self) -> str:
        return f"{self.callback}: {self.reason}"

    @property
    def help(self) -> str | None:
        return self.cure


@dataclass(frozen=True)
class UnknownMonitor(Problem):
    """A callback watches a value that training does not give, so it does nothing.

        data = npz("small.npz", x="x_train", label="y_train")
        validation_split = 0.1
        callbacks = [EarlyStopping(monitor="val_acuracy", patience=3)]

    The values are `loss`, the names of the metrics, and the same with `val_` in front where there is
    validation data (`validation = ...`, `validation_split = 0.1`, or `validation_data=` in Python).

        data = npz("small.npz", x="x_train", label="y_train")
        validation_split = 0.1
        callbacks = [EarlyStopping(monitor="val_accuracy", patience=3)]
    """

    code: ClassVar[str] = "NN605"
    title: ClassVar[str] = "a callback watches what there is not"
    severity: ClassVar[str] = "warning"

    callback: str
    monitor: str
    known: tuple[str, ...]

    @property
    def headline(self) -> str:
        return f"{self.callback} watches `{self.monitor}`, and training gives no such value"

    @property
    def help(self) -> str:
        there = f"there are {listed(self.known)}"
        if self.monitor.startswith("val_") and not any(name.startswith("val_") for name in self.known):
            return f"{there}; values with `val_` need validation data"
        near = did_you_mean(self.monitor, self.known)
        return f"{near}\n{there}" if near else there


@dataclass(frozen=True)
class MonitorDirection(Problem):
    """A callback watches a value of which nobody knows whether more is better or less.

        model M() {
          input  x: f32[batch, 8]
          target label: index<3>[batch]
          logits = x |> Dense(3)
          output p = softmax(logits)
          loss   sparse_categorical_crossentropy(label, logits)
          metric surest = max(p, axis=-1)
        }

        train M {
          data      = npz("small.npz", x="x_train", label="y_train")
          callbacks = [EarlyStopping(monitor="surest")]
        }
        $ nndsl train m.nn

    Say it: `mode="max"` where more is better, `mode="min"` where less is. For `loss` and the metrics of the
    standard library it is known.

        model M() {
          input  x: f32[batch, 8]
          target label: index<3>[batch]
          logits = x |> Dense(3)
          output p = softmax(logits)
          loss   sparse_categorical_crossentropy(label, logits)
          metric surest = max(p, axis=-1)
        }

        train M {
          data      = npz("small.npz", x="x_train", label="y_train")
          callbacks = [EarlyStopping(monitor="surest", mode="max")]
        }
        $ nndsl train m.nn
    """

    code: ClassVar[str] = "NN606"
    title: ClassVar[str] = "is more better, or less?"

    callback: str
    monitor: str

    @property
    def headline(self) -> str:
        return f"{self.callback} watches `{self.monitor}`: is more better, or less?"

    @property
    def help(self) -> str:
        return 'add mode="max" if more is better, mode="min" if less is'


@dataclass(frozen=True)
class LossNotFinite(Problem):
    """The loss became NaN or infinite. The parameters are most likely spoilt from this batch on.

    Common causes: a learning rate that is too high, a logarithm of zero or a division by zero in a loss of
    one's own, inputs that are not scaled (pixels of 0..255 want a division by 255).

        input  x: f32[batch, 8]
        target t: f32[batch, 1]
        output p = x |> Dense(1)
        loss   mean(log(p))
        loss   0 * mse(t, p)
        >>> model.fit(x_train, y_train)

    Lower the learning rate, add `clipnorm=1.0` to the optimizer, or add `TerminateOnNaN()` to the callbacks
    to stop at once.

        input  x: f32[batch, 8]
        target t: f32[batch, 1]
        output p = x |> Dense(1)
        loss   mean(log(square(p) + 0.001))
        loss   0 * mse(t, p)
        >>> model.fit(x_train, y_train)
    """

    code: ClassVar[str] = "NN610"
    title: ClassVar[str] = "the loss is no number any more"
    severity: ClassVar[str] = "warning"

    epoch: int
    batch: int
    value: str

    @property
    def headline(self) -> str:
        return f"the loss became {self.value} in epoch {self.epoch}, batch {self.batch}"

    @property
    def help(self) -> str:
        return "lower the learning rate, scale the inputs, or clip gradients (`clipnorm=1.0`)"


FAMILY: tuple[type[Problem], ...] = (
    WrongSetting, NothingToTrain, NoData, UnknownCallback, WrongCallbackArgument, UnknownMonitor, MonitorDirection,
    LossNotFinite, *weights.FAMILY,
)  # fmt: skip
