"""What a layer of Keras is set to, as the argument of a layer of nndsl: numbers, functions, initializers, penalties.

A function here takes a value of the JSON and gives the text of an argument. Raises Unsaid for what has none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

Said = Callable[[object], str]


class Unsaid(Exception):
    """There is no text for a value; the message says why."""


ACTIVATIONS = frozenset({
    "celu", "elu", "exponential", "gelu", "glu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh",
    "leaky_relu", "linear", "log_sigmoid", "log_softmax", "mish", "relu", "relu6", "selu", "sigmoid", "silu",
    "soft_shrink", "softmax", "softplus", "softsign", "sparse_plus", "sparse_sigmoid", "squareplus", "swish", "tanh",
    "tanh_shrink",
})  # fmt: skip
"""Functions of one value that have one name in both, and mean the same."""


def number(value: object) -> str:
    """An int or a float."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Unsaid(f"{_short(value)} is no number")
    return repr(value)


def whole(value: object) -> str:
    """An int; a float that is one counts."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Unsaid(f"{_short(value)} is no whole number")
    return repr(value)


def optional(said: Said) -> Said:
    """What may be null."""
    return lambda value: "none" if value is None else said(value)


def truth(value: object) -> str:
    """true or false."""
    if not isinstance(value, bool):
        raise Unsaid(f"{_short(value)} is neither true nor false")
    return "true" if value else "false"


def word(*known: str) -> Said:
    """One of some words."""

    def said(value: object) -> str:
        if not isinstance(value, str) or value not in known:
            raise Unsaid(f"{_short(value)} is none of {', '.join(known)}")
        return f'"{value}"'

    return said


def numbers(value: object) -> str:
    """A number, or lists of numbers."""
    if isinstance(value, list):
        return f"[{', '.join(numbers(each) for each in value)}]"
    return number(value)


def each_axis(value: object) -> str:
    """Whole numbers for the axes of a window, or one for all where they are equal."""
    if isinstance(value, list) and value and all(each == value[0] for each in value):
        return each_axis(value[0])
    if isinstance(value, list):
        return f"[{', '.join(each_axis(each) for each in value)}]"
    return whole(value)


def one_axis(value: object) -> str:
    """A whole number, which Keras may write as a list of one."""
    if isinstance(value, list):
        if len(value) != 1:
            raise Unsaid(f"{_short(value)} names {len(value)} axes; one is possible")
        value = value[0]
    return whole(value)


def function(value: object) -> str:
    """An activation: by name, or as JSON that names a function of Keras or a layer for it."""
    match value:
        case None:
            return "linear"
        case str() if value in ACTIVATIONS:
            return value
        case {"class_name": "function", "config": str(name)} if name in ACTIVATIONS:
            return name
        case {"class_name": "ReLU", "config": {"max_value": None, "negative_slope": 0 | 0.0, "threshold": 0 | 0.0}}:
            return "relu"
        case {"class_name": "Softmax", "config": {"axis": -1}}:
            return "softmax"
        case {"class_name": "LeakyReLU", "config": {"negative_slope": float() | int() as slope}}:
            return f"LeakyReLU({number(slope)})"
        case {"class_name": "ELU", "config": {"alpha": float() | int() as alpha}}:
            return f"ELU({number(alpha)})"
        case str():
            raise Unsaid(f"there is no activation {_short(value)}")
    raise Unsaid("its activation is a function of its own")


def _called(name: str, config: Mapping[str, object], *known: tuple[str, object]) -> str:
    """`he_normal` or `normal(stddev=0.02)`: a call with what differs from the defaults, in order."""
    given = [f"{key}={number(config[key])}" for key, default in known if config.get(key, default) != default]
    return f"{name}({', '.join(given)})" if given else name


VARIANCES = {
    (1.0, "fan_avg", "uniform"): "glorot_uniform", (1.0, "fan_avg", "truncated_normal"): "glorot_normal",
    (2.0, "fan_in", "uniform"): "he_uniform", (2.0, "fan_in", "truncated_normal"): "he_normal",
    (1.0, "fan_in", "uniform"): "lecun_uniform", (1.0, "fan_in", "truncated_normal"): "lecun_normal",
}  # fmt: skip
PLAIN = {
    "GlorotUniform": "glorot_uniform", "GlorotNormal": "glorot_normal", "HeUniform": "he_uniform",
    "HeNormal": "he_normal", "LecunUniform": "lecun_uniform", "LecunNormal": "lecun_normal", "Zeros": "zeros",
    "Ones": "ones",
}  # fmt: skip


def initializer(value: object) -> str:
    """An initializer of Keras. Its seed is left out: nndsl has one for all."""
    match value:
        case str() if value in PLAIN.values() or value == "orthogonal":
            return value
        case str() if value in PLAIN:
            return PLAIN[value]
        case {"class_name": str(name)} if name in PLAIN:
            return PLAIN[name]
        case {"class_name": "VarianceScaling", "config": {"scale": scale, "mode": mode, "distribution": how}}:
            if (scale, mode, how) in VARIANCES:
                return VARIANCES[scale, mode, how]
        case {"class_name": "RandomUniform", "config": dict(config)}:
            return _called("uniform", config, ("minval", -0.05), ("maxval", 0.05))
        case {"class_name": "RandomNormal", "config": dict(config)}:
            return _called("normal", config, ("mean", 0.0), ("stddev", 0.05))
        case {"class_name": "TruncatedNormal", "config": dict(config)}:
            return _called("truncated_normal", config, ("mean", 0.0), ("stddev", 0.05))
        case {"class_name": "Orthogonal" | "OrthogonalInitializer", "config": dict(config)}:
            return _called("orthogonal", config, ("gain", 1.0))
        case {"class_name": "Identity" | "IdentityInitializer", "config": dict(config)}:
            return _called("identity", config, ("gain", 1.0))
        case {"class_name": "Constant", "config": {"value": int() | float() as constant}}:
            return f"constant({number(constant)})"
    raise Unsaid(f"the initializer {_named(value)} is not known")


def penalty(value: object) -> str:
    """A regularizer."""
    match value:
        case None:
            return "none"
        case {"class_name": "L1", "config": {"l1": l1}}:
            return f"L1({number(l1)})"
        case {"class_name": "L2", "config": {"l2": l2}}:
            return f"L2({number(l2)})"
        case {"class_name": "L1L2", "config": {"l1": l1, "l2": l2}}:
            return f"L1L2({number(l1)}, {number(l2)})"
    raise Unsaid(f"the regularizer {_named(value)} is not known")


def constraint(value: object) -> str:
    """A constraint of a weight."""
    match value:
        case None:
            return "none"
        case {"class_name": "MaxNorm", "config": {"max_value": most, "axis": axis}}:
            return f"max_norm({number(most)}, axis={numbers(axis)})"
        case {"class_name": "NonNeg" | "NonNegative"}:
            return "non_neg"
        case {"class_name": "UnitNorm", "config": {"axis": axis}}:
            return f"unit_norm(axis={numbers(axis)})"
        case {"class_name": "MinMaxNorm", "config": {"min_value": least, "max_value": most, "rate": rate, "axis": x}}:
            return f"min_max_norm({number(least)}, {number(most)}, {number(rate)}, axis={numbers(x)})"
    raise Unsaid(f"the constraint {_named(value)} is not known")


def _named(value: object) -> str:
    name = value.get("class_name") if isinstance(value, Mapping) else value
    return _short(name)


def _short(value: object) -> str:
    """A value of the JSON for a message: short, and without characters that act on a terminal."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
