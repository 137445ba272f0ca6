"""Problems of building the network: what is not there yet, and how large it may become."""

from __future__ import annotations

from nndsl.diagnostics import Problem
from nndsl.problems.said import Said


class NotBuilt(Said):
    """The language has this, but this version of nndsl does not compile it yet.

    It parses, so that files which use it can be read and written, and it is refused rather than ignored.

    Example:

        scan (h = zeros([batch, 8])) over x_t in x axis 1 { next h = tanh(x_t + h + random_normal([batch, 8])) }

    Cure: there is none in this version but another way to say it; the message names one where there is.
    """

    code = "NN910"
    title = "this part of the language is not built yet"


class TooLarge(Said):
    """`for`, `repeat` and layers within layers expand to more operations than nndsl compiles.

    Example:

        repeat 1000000 { x = x + 1 }

    Cure: fewer repetitions; most networks have a few thousand operations.
    """

    code = "NN911"
    title = "the network becomes too large"


class TooDeep(Said):
    """Layers within layers nest deeper than nndsl follows.

    Example: sixty layers, each of which applies the next.

    Cure: apply layers one after the other rather than one inside the other.
    """

    code = "NN912"
    title = "definitions nest too deep"


FAMILY: tuple[type[Problem], ...] = (NotBuilt, TooLarge, TooDeep)
