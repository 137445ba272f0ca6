"""Steps of a `data` section by name, with their arguments: `rescale(1 / 255)`. What they do says `nndsl.data.steps`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

REQUIRED: Final = "required"


@dataclass(frozen=True)
class Argument:
    """One argument: its name, what it has to be (in words, and as a test), and its default."""

    name: str
    needs: str
    test: Callable[[object], bool]
    default: object = REQUIRED


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _count(least: int) -> Callable[[object], bool]:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= least


_SIZES = tuple(Argument(name, "a whole number of at least 1", _count(1)) for name in ("height", "width"))

STEPS: Mapping[str, tuple[Argument, ...]] = {
    "rescale": (
        Argument("scale", "a number", _number),
        Argument("offset", "a number", _number, 0.0),
    ),
    "normalize": (
        Argument("axis", "a whole number or none", lambda v: v is None or _count(-(1 << 31))(v), -1),
    ),
    "fill": (
        Argument("value", 'a number or "mean"', lambda v: v == "mean" or _number(v), "mean"),
    ),
    "random_flip": (
        Argument("mode", '"horizontal", "vertical" or "both"', lambda v: v in ("horizontal", "vertical", "both"),
                 "horizontal"),
    ),
    "crop": _SIZES,
    "random_crop": (*_SIZES, Argument("padding", "a whole number of at least 0", _count(0), 0)),
    "random_rotation": (
        Argument("degrees", "a number from 0 to 180", lambda v: isinstance(v, int | float) and 0 <= v <= 180),
    ),
}  # fmt: skip

ONCE = ("normalize", "fill")
"""Steps that learn from the training part: one of each for an input."""


def bound(name: str, args: tuple[object, ...], kwargs: Mapping[str, object]) -> dict[str, object]:
    """The arguments of a call that has been checked, by name."""
    known = [argument.name for argument in STEPS[name]]
    defaults = {a.name: a.default for a in STEPS[name] if a.default is not REQUIRED}
    return {**defaults, **dict(zip(known, args, strict=False)), **kwargs}
