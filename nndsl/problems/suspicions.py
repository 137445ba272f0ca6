"""Lints about loops, names in their order, targets and softmax (NN413 to NN418)."""

from __future__ import annotations

from nndsl.diagnostics import Problem
from nndsl.problems.said import Said


class SharedInLoop(Said):
    """A layer is built before a loop, and each turn of the loop applies it to what the last turn gave: all of these
    layers are one, with one set of weights.

    Example:

        dense = Dense(8, activation=relu)
        for i in 0..3 { x = x |> dense }

    Cure: build it in the loop, and each turn has weights of its own. Where the weights are to be shared, say so with
    `# nndsl: allow NN413` on the line above.

        for i in 0..3 { x = x |> Dense(8, activation=relu) }
    """

    code = "NN413"
    title = "each turn of a loop applies the same layer"
    severity = "warning"


class UnusedImport(Said):
    """An import brings nothing that this file uses.

    Example:

        import "blocks.nn"

        model M() {
          input x: f32[batch, 4]
          output y = x |> Dense(2)
        }

    Cure: remove the line, or use what it brings.

        import "blocks.nn"

        model M() {
          input x: f32[batch, 4]
          output y = x |> Residual(8)
        }
    """

    code = "NN414"
    title = "this import is not used"
    severity = "warning"


class UnusedTarget(Said):
    """A target is read, and by no `loss` and no `metric`: nothing compares with it, yet data must be given for it.

    Example:

        input  x: f32[batch, 4]
        target y: f32[batch, 2]
        _wanted = 2 * y
        output p = x |> Dense(2)
        loss   mean(square(p))

    Cure: compare with it in a `loss` or `metric` line, or remove it.

        input  x: f32[batch, 4]
        target y: f32[batch, 2]
        wanted = 2 * y
        output p = x |> Dense(2)
        loss   mse(wanted, p)
    """

    code = "NN415"
    title = "no loss and no metric reads this target"
    severity = "warning"


class SoftmaxAxis(Said):
    """A softmax goes over the examples of a batch, or a loss compares along another axis than the one it went over.
    What comes out is then no probability of the classes.

    Example:

        logits = x |> Dense(3)
        output p = softmax(logits, axis=0)
        loss   sparse_categorical_crossentropy(label, p)

    Cure: leave `axis` out: the last axis holds the classes.

        logits = x |> Dense(3)
        output p = softmax(logits)
        loss   sparse_categorical_crossentropy(label, p)
    """

    code = "NN416"
    title = "this softmax goes over the wrong axis"
    severity = "warning"


class SoftmaxOfOne(Said):
    """A softmax over one value gives 1, whatever the value is, so nothing is learnt.

    Example:

        output p = x |> Dense(1, activation=softmax)

    Cure: one output that says yes or no is a `sigmoid`; a softmax needs an output for each class.

        output p = x |> Dense(1, activation=sigmoid)
    """

    code = "NN417"
    title = "the softmax of one value is always 1"
    severity = "warning"


class HiddenValue(Said):
    """A name takes the place of a value: a loop runs over the name of an input, or a const is set anew before anything
    has read it.

    Example:

        h = x
        for x in [64, 32] { h = h |> Dense(x, activation=relu) }

    Cure: give the loop, or the new value, a name of its own.

        h = x
        for units in [64, 32] { h = h |> Dense(units, activation=relu) }
    """

    code = "NN418"
    title = "this name takes the place of a value"
    severity = "warning"


FAMILY: tuple[type[Problem], ...] = (
    SharedInLoop,
    UnusedImport,
    UnusedTarget,
    SoftmaxAxis,
    SoftmaxOfOne,
    HiddenValue,
)
