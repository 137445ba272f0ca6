"""The functions of `random` for kernels, one number at a time: `uniform_f32(key, stream, place)` and the like.

All that depends on key and stream alone leaves the loop; what remains vectorizes, except for the truncated normal
numbers, which are drawn again until they fit.
"""

from __future__ import annotations

from typing import Any

from nndsl.ops.draws import GOLDEN, MIX_1, MIX_2, MULTIPLIER, ROUNDS, WEYL
from nndsl.runtime.llvm import F32, F64, I32, I64, V, native
from nndsl.runtime.scalar import cosine_of_turns, logarithm
from nndsl.runtime.target import helper


def _mix(z: V) -> V:
    z = (z ^ z.logical_shift(30)) * MIX_1
    z = (z ^ z.logical_shift(27)) * MIX_2
    return z ^ z.logical_shift(31)


def _words(key: V, stream: V, place: V, draw: V) -> tuple[V, V]:
    """The 64 random bits of a place, as two i32."""
    keyed = _mix(_mix(_mix(key) ^ (stream * GOLDEN)) + draw * GOLDEN)
    low, high = place.narrow(I32), place.logical_shift(32).narrow(I32) ^ keyed.logical_shift(32).narrow(I32)
    round_key = keyed.narrow(I32)
    for _ in range(ROUNDS):
        product = low.widen(I64) * MULTIPLIER
        low, high = product.logical_shift(32).narrow(I32) ^ round_key ^ high, product.narrow(I32)
        round_key = round_key + WEYL
    return low, high


def _uniform_64(key: V, stream: V, place: V, draw: V) -> V:
    first, second = _words(key, stream, place, draw)
    top, rest = first.logical_shift(5).as_float(F64), second.logical_shift(6).as_float(F64)
    return (top * 67108864.0 + rest) * 2.0**-53


def _box_muller(distance: V, turns: V) -> V:
    return (logarithm(distance) * -2.0).call("llvm.sqrt") * cosine_of_turns(turns)


@native("f32", "i64", "i64", "i64")
def uniform_f32(key: V, stream: V, place: V) -> V:
    """A uniform number in [0, 1) with 24 random bits."""
    first, _ = _words(key, stream, place, key.const(0))
    return first.logical_shift(8).as_float(F32) * 2.0**-24


@native("f64", "i64", "i64", "i64")
def uniform_f64(key: V, stream: V, place: V) -> V:
    """A uniform number in [0, 1) with 53 random bits."""
    return _uniform_64(key, stream, place, key.const(0))


def _normal_32(key: V, stream: V, place: V, draw: V) -> V:
    first, second = _words(key, stream, place, draw)
    distance = (first.logical_shift(8) + 1).as_float(F32) * 2.0**-24
    return _box_muller(distance, second.logical_shift(8).as_float(F32) * 2.0**-24)


def _normal_64(key: V, stream: V, place: V, draw: V) -> V:
    distance = _uniform_64(key, stream, place, draw * 2) + 2.0**-53
    return _box_muller(distance, _uniform_64(key, stream, place, draw * 2 + 1))


_normal_draw_f32 = native("f32", "i64", "i64", "i64", "i64")(_normal_32)
_normal_draw_f64 = native("f64", "i64", "i64", "i64", "i64")(_normal_64)


@native("f32", "i64", "i64", "i64")
def normal_f32(key: V, stream: V, place: V) -> V:
    """A number of mean 0 and deviation 1."""
    return _normal_32(key, stream, place, key.const(0))


@native("f64", "i64", "i64", "i64")
def normal_f64(key: V, stream: V, place: V) -> V:
    """A number of mean 0 and deviation 1."""
    return _normal_64(key, stream, place, key.const(0))


@helper
def truncated_normal_f32(key: Any, stream: Any, place: Any) -> Any:
    """A normal number between -2 and 2."""
    draw = 0
    value = _normal_draw_f32(key, stream, place, draw)
    while abs(value) > 2:
        draw += 1
        value = _normal_draw_f32(key, stream, place, draw)
    return value


@helper
def truncated_normal_f64(key: Any, stream: Any, place: Any) -> Any:
    """A normal number between -2 and 2."""
    draw = 0
    value = _normal_draw_f64(key, stream, place, draw)
    while abs(value) > 2:
        draw += 1
        value = _normal_draw_f64(key, stream, place, draw)
    return value


__all__ = [
    "normal_f32", "normal_f64", "truncated_normal_f32", "truncated_normal_f64", "uniform_f32", "uniform_f64",
]  # fmt: skip
