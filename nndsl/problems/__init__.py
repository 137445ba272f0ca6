"""The catalogue of everything said about what users write and feed, a file a family.

A class is a code; codes never change their meaning. NN0xx syntax, NN1xx names, NN2xx shapes and dtypes, NN3xx value
kinds, NN4xx lints, NN5xx data, NN6xx training and files, NN9xx limits.

`ALL` holds every class. It is put together when first asked for: a check that finds nothing wrong needs few of them,
and making two hundred classes takes longer than the check.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nndsl.diagnostics import Problem

    ALL: tuple[type[Problem], ...]


def __getattr__(name: str) -> tuple[type[Problem], ...]:
    if name != "ALL":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from nndsl.problems import building, data, kinds, limits, lints, names, running, shapes, syntax, training

    families = (names, shapes, kinds, lints, building)
    found: tuple[type[Problem], ...] = (
        *syntax.FAMILY,
        *(problem for family in families for problem in family.FAMILY),
        *data.FAMILY,
        *training.FAMILY,
        *limits.FAMILY,
        *running.FAMILY,
    )
    globals()["ALL"] = found
    return found
