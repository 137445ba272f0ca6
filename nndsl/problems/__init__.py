"""The catalogue of everything said about what users write and feed, a file a family.

A class is a code; codes never change their meaning. NN0xx syntax, NN1xx names, NN2xx shapes and dtypes, NN3xx value
kinds, NN4xx lints, NN5xx data, NN6xx training and files, NN9xx limits.
"""

from __future__ import annotations

from nndsl.diagnostics import Problem
from nndsl.problems import building, data, kinds, limits, lints, names, running, shapes, syntax, training

ALL: tuple[type[Problem], ...] = (
    *syntax.FAMILY,
    *names.FAMILY,
    *shapes.FAMILY,
    *kinds.FAMILY,
    *lints.FAMILY,
    *data.FAMILY,
    *training.FAMILY,
    *limits.FAMILY,
    *building.FAMILY,
    *running.FAMILY,
)
