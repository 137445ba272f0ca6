"""Lints: warnings about what is allowed and seldom meant.

Each can be turned off in the file by a comment `# nndsl: allow NN404`: on its line or the line above for that line, at
the top of the file for all of it.
"""

from __future__ import annotations

from nndsl.diagnostics import Problem
from nndsl.problems.said import Said


class UnusedValue(Said):
    """A value, a layer or a param has a name that nothing reads, or a private definition is used by nothing in its
    file.

    Example:

        h = x |> Dense(64)
        output z = x |> Dense(10)

    Cure: use it, remove the line, or let its name start with `_`.

        h = x |> Dense(64, activation=relu)
        output z = h |> Dense(10)
    """

    code = "NN401"
    title = "this value is not used"
    severity = "warning"


class UnusedInput(Said):
    """An input or target is declared and nothing reads it, yet data must be given for it.

    Example:

        input x: f32[batch, 4]
        input z: f32[batch, 4]
        output h = x |> Dense(1)

    Cure: use it or remove it.

        input x: f32[batch, 4]
        input z: f32[batch, 4]
        output h = concat(x, z) |> Dense(1)
    """

    code = "NN402"
    title = "this input is not used"
    severity = "warning"


class UnreachedParam(Said):
    """The loss does not depend on a param, so training leaves it as it is.

    Example:

        p = x |> Dense(1)
        output q = x |> Dense(1)
        output r = p[:, 0]
        loss mse(y, r)

    Cure: add a loss for that output, or remove the layer.

        p = x |> Dense(1)
        output q = x |> Dense(3)
        output r = p[:, 0]
        loss mse(y, r)
        loss sparse_categorical_crossentropy(label, q)
    """

    code = "NN403"
    title = "training does not reach this param"
    severity = "warning"


class BiasBeforeNorm(Said):
    """A param adds something that a normalization right behind it subtracts again, so training cannot use it.

    Example:

        h = x |> Dense(64) |> BatchNormalization() |> relu
        logits = h |> Dense(3)
        loss sparse_categorical_crossentropy(label, logits)

    Cure: build the layer before the normalization without a bias. The normalization has an offset of its own.

        h = x |> Dense(64, use_bias=false) |> BatchNormalization() |> relu
        logits = h |> Dense(3)
        loss sparse_categorical_crossentropy(label, logits)
    """

    code = "NN404"
    title = "this bias is subtracted again"
    severity = "warning"


class LinearTwice(Said):
    """Two linear layers follow each other with nothing between them that is not linear: one layer says the same.

    Example:

        output z = x |> Dense(64) |> Dense(10)

    Cure: give the first an activation, or keep one of the two. Nothing is said where the first is narrower than what is
    around it: that saves weights.

        output z = x |> Dense(64, activation=relu) |> Dense(10)
    """

    code = "NN405"
    title = "two linear layers in a row are one linear layer"
    severity = "warning"


class DropoutBeforeOutput(Said):
    """In training a part of an output is set to 0 at random, so the loss compares with zeros that mean nothing.

    Example:

        output p = x |> Dense(3) |> Dropout(0.5) |> softmax
        loss sparse_categorical_crossentropy(label, p)

    Cure: put Dropout before the last layer.

        output p = x |> Dropout(0.5) |> Dense(3) |> softmax
        loss sparse_categorical_crossentropy(label, p)
    """

    code = "NN406"
    title = "Dropout comes right before an output"
    severity = "warning"


class ProbabilityAsLogits(Said):
    """A probability was calculated with, so that it has no kind any more, and a loss takes it for logits.

    Example:

        p = 0.9 * softmax(x |> Dense(3)) + 0.03
        loss sparse_categorical_crossentropy(label, p)

    Cure: say that the result is a probability still, or pass the logits.

        p = as_kind(0.9 * softmax(x |> Dense(3)) + 0.03, "prob")
        loss sparse_categorical_crossentropy(label, p)
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

        optimizer = Adam(learning_rate=0.003)
    """

    code = "NN408"
    title = "this learning rate is very high"
    severity = "warning"


class HiddenName(Said):
    """A value has the name of a function of the library and is applied like it, so that readers take it for that.

    Example:

        relu = LeakyReLU(0.1)
        h = x |> Dense(8) |> relu

    Cure: give it another name. A definition at the top of a file may bear the name of one in the library.

        leaky = LeakyReLU(0.1)
        h = x |> Dense(8) |> leaky
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

        layer Block(units: int, rate: float)(x: f32[...]) {
          return x |> Dropout(rate) |> Dense(units)
        }
    """

    code = "NN410"
    title = "this parameter is not used"
    severity = "warning"


class UnusedAllow(Said):
    """A comment `# nndsl: allow …` allows what does not occur there, or names a code that is no lint.

    Example:

        # nndsl: allow NN405
        output z = x |> Dense(10)

    Cure: remove it, so that it hides nothing later. Only lints (NN4xx) can be allowed; an error must be mended.

        output z = x |> Dense(10)
    """

    code = "NN411"
    title = "this comment allows nothing"
    severity = "warning"


class PaddedNotMasked(Said):
    """A sequence carries a mask, which says which of its steps only fill it up, and something goes over all steps
    without asking the mask: a scan, a mean, a maximum, a softmax along time.

    Example:

        h = words |> Embedding(100, 8, mask_zero=true)
        output z = mean(h, axis=1)

    Cure: leave those steps out. Recurrent layers and attention do so by themselves, in a layer of your own
    `mask_of(x)` gives the mask. Where all steps are meant to count, take the mask off.

        h = words |> Embedding(100, 8, mask_zero=true)
        there = cast(mask_of(h), f32)[:, :, none]
        output z = sum(h * there, axis=1) / sum(there, axis=1)
    """

    code = "NN412"
    title = "a padded sequence is not masked here"
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
    PaddedNotMasked,
)
