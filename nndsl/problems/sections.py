"""Problems of models and sections as a whole: which is meant, what may be set, what is computed."""

from __future__ import annotations

from nndsl.diagnostics import Problem
from nndsl.problems.said import Said


class UnknownConst(Said):
    """A const set from outside (`--set`, keyword arguments in Python) is not in the model's list.

    Example:

        $ nndsl check small.nn --set unit=128

    Cure: use one of the model's consts, or `train.…` for a setting of the train section.

        $ nndsl check small.nn --set units=128
    """

    code = "NN108"
    title = "the model has no such const"


class NoModel(Said):
    """The file has no model, or has several and none was chosen.

    Example:

        $ nndsl summary blocks.nn

    Cure: write a `model`, or choose one with `--model NAME` (`model="NAME"` in Python).

        $ nndsl summary small.nn
    """

    code = "NN114"
    title = "which model is meant?"


class UnknownModel(Said):
    """A `train` or `data` section or a command names a model that the file does not define.

    Example:

        train Smal { epochs = 3 }

    Cure: name the model as it is defined.

        train Small { epochs = 3 }
    """

    code = "NN115"
    title = "there is no such model"


class UnknownSetting(Said):
    """A `train` or `data` section has a key that means nothing there.

    Example:

        epoch = 3

    Cure: use one of the keys the message lists. What belongs to the optimizer stands in its brackets; losses and
    metrics are lines of the model.

        epochs = 3
    """

    code = "NN119"
    title = "there is no such setting"


class NothingToCompute(Said):
    """A model has no output, or a `train` section belongs to a model without a loss.

    Example:

        model M() {
          input x: f32[batch, 4]
          target t: f32[batch, 4]
          output y = x |> Dense(4)
          metric mae(t, y)
        }

        train M { epochs = 3 }

    Cure: add `output y = …`; to train, add a `loss` line.

        model M() {
          input x: f32[batch, 4]
          target t: f32[batch, 4]
          output y = x |> Dense(4)
          loss   mse(t, y)
          metric mae(t, y)
        }

        train M { epochs = 3 }
    """

    code = "NN123"
    title = "this model computes nothing"


FAMILY: tuple[type[Problem], ...] = (
    UnknownConst,
    NoModel,
    UnknownModel,
    UnknownSetting,
    NothingToCompute,
)
