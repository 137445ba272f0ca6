"""Random numbers that are functions of a key and a place, so that neither threads nor order change them.

Philox2x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", 2011) turns a counter, the
place of an element, into 64 random bits. Its key comes from the key of a step and from the stream, which tells apart
what is drawn in one step. `random_scalar` has the same functions for kernels: uniform numbers agree bit by bit,
normal ones within a few ulp.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from nndsl.lazy import np

Array: TypeAlias = Any
"""An array of NumPy, which is imported when the first number is drawn."""

MULTIPLIER, WEYL, ROUNDS = 0xD256D193, 0x9E3779B9, 10
GOLDEN, MIX_1, MIX_2 = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
MASK = 2**64 - 1
CHUNK = 1 << 18
"""Elements drawn at a time: temporaries stay in the cache."""


def mix(z: int) -> int:
    """A bijection of 64 bits without visible pattern (the finalizer of splitmix64)."""
    z = ((z ^ (z >> 30)) * MIX_1) & MASK
    z = ((z ^ (z >> 27)) * MIX_2) & MASK
    return z ^ (z >> 31)


def step_key(seed: int, step: int) -> int:
    """The key of one step of a run, an int64: different for every seed and step."""
    key = mix((mix(seed & MASK) + step * GOLDEN) & MASK)
    return key - 2**64 if key >= 2**63 else key


def state(key: int, stream: int, draw: int) -> int:
    """64 bits that key the generator: the low half as Philox's key, the high half in its counter."""
    base = mix(mix(key & MASK) ^ (stream * GOLDEN & MASK))
    return mix((base + draw * GOLDEN) & MASK)


def philox(low: Array, high: Array, key: int) -> tuple[Array, Array]:
    """Philox2x32-10 of counters given as two u32 arrays, with a 32-bit key: two u32 arrays."""
    for i in range(ROUNDS):
        product = low.astype(np.uint64) * np.uint64(MULTIPLIER)
        round_key = np.uint32((key + i * WEYL) & 0xFFFFFFFF)
        low, high = (product >> np.uint64(32)).astype(np.uint32) ^ round_key ^ high, product.astype(np.uint32)
    return low, high


def _words(key: int, stream: int, draw: int, places: Array) -> tuple[Array, Array]:
    keyed = state(key, stream, draw)
    high = (places >> np.uint64(32)).astype(np.uint32) ^ np.uint32(keyed >> 32)
    return philox(places.astype(np.uint32), high, keyed & 0xFFFFFFFF)


# --- distributions at an array of places -------------------------------------------------------------------


def _uniform(key: int, stream: int, draw: int, places: Array, dtype: Any) -> Array:
    first, second = _words(key, stream, draw, places)
    if dtype == np.float32:
        return (first >> np.uint32(8)).astype(np.float32) * np.float32(2.0**-24)
    return ((first >> np.uint32(5)) * 67108864.0 + (second >> np.uint32(6))) * 2.0**-53


def _normal(key: int, stream: int, draw: int, places: Array, dtype: Any) -> Array:
    """Box and Muller's, from a distance in (0, 1] and an angle in turns."""
    if dtype == np.float32:
        first, second = _words(key, stream, draw, places)
        distance = ((first >> np.uint32(8)) + 1.0) * 2.0**-24
        turns = (second >> np.uint32(8)) * 2.0**-24
    else:
        distance = _uniform(key, stream, 2 * draw, places, dtype) + 2.0**-53
        turns = _uniform(key, stream, 2 * draw + 1, places, dtype)
    return (np.sqrt(-2.0 * np.log(distance)) * _cosine_of_turns(turns)).astype(dtype)


def _cosine_of_turns(u: Array) -> Array:
    """cos(2 pi u), exact at its zeros."""
    quarters = np.rint(u * 4.0)
    y = (u - quarters * 0.25) * (2 * math.pi)
    size = np.where(quarters % 2 == 1, np.sin(y), np.cos(y))
    return np.where((quarters == 1) | (quarters == 2), -size, size)


def _truncated(key: int, stream: int, draw: int, places: Array, dtype: Any) -> Array:
    values = _normal(key, stream, draw, places, dtype)
    while (beyond := np.flatnonzero(np.abs(values) > 2)).size:
        draw += 1
        values[beyond] = _normal(key, stream, draw, places[beyond], dtype)
    return values


def _fill(draw_at: Callable[..., Array], key: int, stream: int, shape: int | Sequence[int], dtype: Any) -> Array:
    kind = np.dtype(dtype)
    if kind not in (np.float32, np.float64):
        raise TypeError(f"random numbers are float32 or float64, not {kind}")
    out = np.empty(shape, kind)
    flat = out.reshape(-1)
    for begin in range(0, flat.size, CHUNK):
        end = min(begin + CHUNK, flat.size)
        flat[begin:end] = draw_at(key, stream, 0, np.arange(begin, end, dtype=np.uint64), kind)
    return out


def uniform(key: int, stream: int, shape: int | Sequence[int], dtype: Any = "float32") -> Array:
    """Uniform numbers in [0, 1), 24 random bits in f32 and 53 in f64. Raises TypeError for another dtype."""
    return _fill(_uniform, key, stream, shape, dtype)


def normal(key: int, stream: int, shape: int | Sequence[int], dtype: Any = "float32") -> Array:
    """Numbers of mean 0 and deviation 1. Raises TypeError for another dtype than f32 and f64."""
    return _fill(_normal, key, stream, shape, dtype)


def truncated_normal(key: int, stream: int, shape: int | Sequence[int], dtype: Any = "float32") -> Array:
    """Normal numbers, drawn again where they lie beyond two deviations (so their deviation is 0.88)."""
    return _fill(_truncated, key, stream, shape, dtype)
