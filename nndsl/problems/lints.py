"""Lints: warnings about what is allowed and seldom meant.

Each can be turned off in the file by a comment `# nndsl: allow NN404`: on its line or the line above for that line, at
the top of the file for all of it.
"""

from __future__ import annotations

from nndsl.diagnostics import Problem
from nndsl.problems.said import Said


class UnusedValue(Said):
    """A value or a layer has a name that nothing reads.

    Example:

        h = x |> Dense(64)
        output y = x |> Dense(10)

    Cure: use it, remove the line, or let its name start with `_`.
    """

    code = "NN401"
    title = "this value is not used"
    severity = "warning"


class UnusedInput(Said):
    """An input or target is declared and nothing reads it, yet data must be given for it.

    Example:

        input x: f32[batch, 4]
        input z: f32[batch, 4]
        output y = x |> Dense(1)

    Cure: use it or remove it.
    """

    code = "NN402"
    title = "this input is not used"
    severity = "warning"


class UnreachedParam(Said):
    """The loss does not depend on a param, so training leaves it as it is.

    Example: a layer whose result flows only into an output that no loss reads.

    Cure: add a loss for that output, or remove the layer.
    """

    code = "NN403"
    title = "training does not reach this param"
    severity = "warning"


class BiasBeforeNorm(Said):
    """A param adds something that a normalization right behind it subtracts again, so training cannot use it.

    Example:

        h = x |> Dense(64) |> BatchNormalization()

    Cure: build the layer before the normalization without a bias: `Dense(64, use_bias=false)`. The normalization has
    an offset of its own.
    """

    code = "NN404"
    title = "this bias is subtracted again"
    severity = "warning"


class LinearTwice(Said):
    """Two linear layers follow each other with nothing between them that is not linear: one layer says the same.

    Example:

        y = x |> Dense(64) |> Dense(10)

    Cure: give the first an activation, `Dense(64, activation=relu)`, or keep one of the two. Nothing is said where
    the first is narrower than what is around it: that saves weights.
    """

    code = "NN405"
    title = "two linear layers in a row are one linear layer"
    severity = "warning"


class DropoutBeforeOutput(Said):
    """In training a part of an output is set to 0 at random, so the loss compares with zeros that mean nothing.

    Example:

        output p = x |> Dense(10) |> Dropout(0.5) |> softmax

    Cure: put Dropout before the last layer: `x |> Dropout(0.5) |> Dense(10)`.
    """

    code = "NN406"
    title = "Dropout comes right before an output"
    severity = "warning"


class ProbabilityAsLogits(Said):
    """A probability was calculated with, so that it has no kind any more, and a loss takes it for logits.

    Example:

        p = 0.9 * softmax(logits) + 0.05
        loss categorical_crossentropy(y, p)

    Cure: say that the result is a probability still, `as_kind(p, "prob")`, or pass the logits.
    """

    code = "NN407"
    title = "probabilities are taken for logits"
    severity = "warning"


class HighRate(Said):
    """A learning rate with which training hardly ever goes well: more than 0.1 for optimizers that scale each step
    (Adam and its kin, RMSprop), more than 1 for SGD.

    Example:

        optimizer = Adam(learning_rate=1)

    Cure: start with the default of the optimizer, and change it by factors of 3.
    """

    code = "NN408"
    title = "this learning rate is very high"
    severity = "warning"


class HiddenName(Said):
    """A value has the name of a function of the library and is applied like it, so that readers take it for that.

    Example:

        relu = LeakyReLU(0.1)
        h = x |> relu

    Cure: give it another name. A definition at the top of a file may bear the name of one in the library.
    """

    code = "NN409"
    title = "this name hides one of the library"
    severity = "warning"


class UnusedParameter(Said):
    """A definition takes something that its body does not read.

    Example:

        layer Block(units: int, rate: float)(x: f32[...]) {
          return x |> Dense(units)
        }

    Cure: use it, remove it, or let its name start with `_`.
    """

    code = "NN410"
    title = "this parameter is not used"
    severity = "warning"


class UnusedAllow(Said):
    """A comment `# nndsl: allow …` allows what does not occur there, or names a code that is no lint.

    Example:

        # nndsl: allow NN405
        y = x |> Dense(10)

    Cure: remove it, so that it hides nothing later. Only lints (NN4xx) can be allowed; an error must be mended.
    """

    code = "NN411"
    title = "this comment allows nothing"
    severity = "warning"


FAMILY: tuple[type[Problem], ...] = (
    UnusedValue,
    UnusedInput,
    UnreachedParam,
    BiasBeforeNorm,
    LinearTwice,
    DropoutBeforeOutput,
    ProbabilityAsLogits,
    HighRate,
    HiddenName,
    UnusedParameter,
    UnusedAllow,
)
