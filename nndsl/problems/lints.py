"""Lints: warnings about what is allowed and seldom meant."""

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


FAMILY: tuple[type[Problem], ...] = (UnusedValue, UnusedInput, UnreachedParam)
