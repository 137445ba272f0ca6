"""Problems of building the network: how large and how deep it may become."""

from __future__ import annotations

from nndsl.diagnostics import Problem
from nndsl.problems.said import Said


class TooLarge(Said):
    """`for`, `repeat` and layers within layers expand to more operations than nndsl compiles.

    Example:

        n = 0
        repeat 1000000 { n = n + 1 }

    Cure: fewer repetitions. A network may have 32,000 operations, and most have a few hundred; a layer is made of
    three to thirty.

        n = 1000000
    """

    code = "NN911"
    title = "the network becomes too large"


class TooDeep(Said):
    """Layers within layers nest deeper than nndsl follows.

    Example: sixty functions, each of which applies the next.

        >>> fns = [f"fn f{i}(x: f32[...]) {{ return f{i + 1}(x) + 1 }}" for i in range(60)]
        >>> text = "\\n".join([*fns, "fn f60(x: f32[...]) { return x }"])
        >>> nndsl.compile(text + "\\nmodel M { input x: f32[batch, 4]\\n output y = f0(x) }")

    Cure: apply layers one after the other rather than one inside the other.

        for i in 0..60 { x = x + 1 }
    """

    code = "NN912"
    title = "definitions nest too deep"


# NN910 was said of parts of the language that were not built yet: its number is not used again.
FAMILY: tuple[type[Problem], ...] = (TooLarge, TooDeep)
