"""Angles of numbers and points for generated kernels: what `scalar` is for other functions.

f32 by the polynomial of Cephes (S. L. Moshier), within about 2 ulp; f64 functions call the C library.
"""

from __future__ import annotations

import math

from nndsl.runtime.llvm import F32, V, native

ARCTAN = (8.05374449538e-2, -1.38776856032e-1, 1.99777106478e-1, -3.33329491539e-1)
TAN_EIGHTH = math.tan(math.pi / 8)


def _of_small(q: V) -> V:
    """arctan q for 0 <= q <= 1."""
    far = q > TAN_EIGHTH
    z = far.choose((q - 1.0) / (q + 1.0), q)
    square = z * z
    return far.choose(q.const(math.pi / 4), 0.0) + (square.polynomial(*ARCTAN) * square * z + z)


def angle(x: V) -> V:
    """arctan x."""
    if x.type != F32:
        return x.call("atan")
    size = x.call("llvm.fabs")
    large = size > 1.0
    part = _of_small(large.choose(1.0 / size, size))
    return large.choose(math.pi / 2 - part, part).call("llvm.copysign", x)


def angle_of_point(y: V, x: V) -> V:
    """arctan2(y, x): the angle of the point (x, y), with the quadrants and zeros of C."""
    if x.type != F32:
        return y.call("atan2", x)
    across, up = x.call("llvm.fabs"), y.call("llvm.fabs")
    steep = up > across
    short, long = steep.choose(across, up), steep.choose(up, across)
    # 0 / 0 lies at 0, and of two infinities neither is the longer one.
    ratio = short.equals(long).choose(long.equals(0.0).choose(x.const(0.0), 1.0), short / long)
    part = _of_small(ratio)
    quarter = steep.choose(math.pi / 2 - part, part)
    negative = x.const(1.0).call("llvm.copysign", x) < 0.0
    out = negative.choose(math.pi - quarter, quarter).call("llvm.copysign", y)
    nan = x.differs(x) | y.differs(y)
    return nan.choose(x + y, out)


arctan_f32, arctan_f64 = native("f32", "f32")(angle), native("f64", "f64")(angle)
arctan2_f32, arctan2_f64 = native("f32", "f32", "f32")(angle_of_point), native("f64", "f64", "f64")(angle_of_point)

__all__ = ["arctan2_f32", "arctan2_f64", "arctan_f32", "arctan_f64"]
