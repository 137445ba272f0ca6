"""Functions of single numbers for generated kernels, in forms that LLVM vectorizes.

f32 functions are polynomials, within about 2 ulp over all magnitudes; NaN and infinities come out as in NumPy,
denormals as zero (see `denormals`). f64 functions call the C library. Names that end in a dtype take that dtype; the
others take any.
"""

from __future__ import annotations

from typing import Any

from nndsl.ops.special import INVERSE_F32, INVERSE_F64
from nndsl.runtime.llvm import F32, I32, I64, LLVM_VERSION, V, generic, intrinsic, native
from nndsl.runtime.target import types

ROUND = 12582912.0
"""1.5 * 2**23: added to a small f32, it leaves the nearest integer in the low bits."""
ROUND_BITS = 0x4B400000
RECIPROCAL_BITS = 0x7EF311C7
"""Minus the bits of d, it is the bits of about 1 / d."""
LOG2E = 1.4426950408889634
LN2 = 0.6931471805599453
LN2_HIGH, LN2_LOW = 0.693359375, -2.12194440e-4
"""ln 2 in two parts; the first has few bits, so that its multiples are exact."""
EXP = (1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1)
LOG = (7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
       2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1)  # fmt: skip
TANH = (-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1)
ERF_NEAR = (-5.96761703e-4, 4.99119423e-3, -2.67681349e-2, 1.12819925e-1, -3.76125336e-1, 1.28379166e-1)
ERF_FAR = (-1.72853470e-5, 3.83197126e-4, -3.88396438e-3, 2.42546219e-2, -1.06777877e-1, -6.34846687e-1,
           -1.28717512e-1)  # fmt: skip
SIN = (-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1)
COS = (2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2)
TWO_PI = 6.283185307179586


# --- building blocks: on any float, inside a formula -------------------------------------------------------


def _power_of_two(n: V) -> V:
    """2**n as f32, for -126 <= n <= 127."""
    return ((n + 127) << 23).bits(F32)


def _split(x: V) -> tuple[V, V]:
    """x as n * ln 2 + r with an integer n and |r| <= ln 2 / 2."""
    shifted = x * LOG2E + ROUND
    n = shifted.bits(I32) - ROUND_BITS
    whole = shifted - ROUND
    return n, x - whole * LN2_HIGH - whole * LN2_LOW


def _expm1_reduced(r: V) -> V:
    """exp(r) - 1 for |r| <= ln 2 / 2."""
    return r.polynomial(*EXP) * (r * r) + r


def _clamp(x: V, low: float, high: float) -> V:
    """x between two bounds; NaN stays."""
    above = (x < low).choose(x.const(low), x)
    return (above > high).choose(x.const(high), above)


def _reciprocal(d: V) -> V:
    """1 / d as f32 for normal 0 < d < 1e38: a guess from the bits, and two steps that take its error to the third
    power (Householder's of order two). A division unit takes several times as long for a vector."""
    guess = (d.const(0).bits(I32) + RECIPROCAL_BITS - d.bits(I32)).bits(F32)
    for _ in range(2):
        error = 1.0 - d * guess
        guess = (error * error + error) * guess + guess
    return guess


def over_root(x: V, v: V, c: V) -> V:
    """x / (sqrt(v) + c) for a constant c above 1e-12, as optimizers have it for every number they learn."""
    if x.type != F32:
        return x / (v.call("llvm.sqrt") + c)
    root = v.call("llvm.sqrt")
    # No square root is too large for the reciprocal, but that of infinity.
    return (root < float("inf")).choose(x * _reciprocal(root + c), x / root)


def exponential(x: V) -> V:
    """e**x."""
    if x.type != F32:
        return x.call("llvm.exp")
    n, r = _split(_clamp(x, -104.0, 89.0))
    # In two steps: 2**n alone would overflow or lose bits before the product does.
    half = n >> 1
    return (_expm1_reduced(r) + 1.0) * _power_of_two(half) * _power_of_two(n - half)


def exponential_minus_one(x: V) -> V:
    """e**x - 1, exact near 0."""
    if x.type != F32:
        return x.call("expm1")
    n, r = _split(_clamp(x, -30.0, 89.0))
    half = _power_of_two(n - 1)
    return (half * _expm1_reduced(r) + (half - 0.5)) * 2.0


def logarithm(x: V) -> V:
    """The natural logarithm: -inf at 0, NaN below."""
    if x.type != F32:
        return x.call("llvm.log")
    denormal = x < 1.17549435e-38
    normal = denormal.choose(x * 8388608.0, x)
    # The mantissa between sqrt(1/2) and sqrt(2), so that numbers near 1 keep their digits.
    offset = normal.bits(I32) - 0x3F3504F3
    exponent = (offset >> 23).as_float(F32) - denormal.choose(x.const(23.0), 0.0)
    f = ((offset & 0x7FFFFF) + 0x3F3504F3).bits(F32) - 1.0
    square = f * f
    small = f.polynomial(*LOG) * (f * square) + exponent * LN2_LOW - square * 0.5
    finite = (f + small) + exponent * LN2_HIGH
    positive = (x < float("inf")).choose(finite, x)
    return (x > 0.0).choose(positive, x.equals(0.0).choose(x.const(float("-inf")), float("nan")))


def logarithm_of_one_plus(x: V) -> V:
    """log(1 + x), exact near 0."""
    if x.type != F32:
        return x.call("log1p")
    u = x + 1.0
    lost = (x - (u - 1.0)) / u
    usable = (u > 0.0) & (u < float("inf"))
    return logarithm(u) + usable.choose(lost, 0.0)


def hyperbolic_tangent(x: V) -> V:
    """tanh x."""
    if x.type != F32:
        return x.call("tanh")
    size = x.call("llvm.fabs")
    square = x * x
    near = square.polynomial(*TANH) * square * x + x
    # From 10 on the result is 1, and below that e**(2 x) needs none of the care that `exponential` takes.
    n, r = _split((size > 10.0).choose(size.const(10.0), size) * 2.0)
    far = 1.0 - 2.0 / ((_expm1_reduced(r) + 1.0) * _power_of_two(n) + 1.0)
    return (size < 0.625).choose(near, far.call("llvm.copysign", x))


def logistic(x: V) -> V:
    """1 / (1 + e**-x); no overflow on either side, and small results keep their digits.

    For t = e**-|x| this is 1 - t / (1 + t), or t - t * t / (1 + t): what the quotient has lost counts t times.
    """
    t = exponential(-x.call("llvm.fabs"))
    whole = (x >= 0.0).choose(x.const(1.0), t)
    return whole - whole * (t / (t + 1.0))


def soft_plus(x: V) -> V:
    """log(1 + e**x) without overflow."""
    return (x > 0.0).choose(x, 0.0) + logarithm_of_one_plus(exponential(-x.call("llvm.fabs")))


def error_function(x: V) -> V:
    """erf x."""
    if x.type != F32:
        return x.call("erf")
    size = x.call("llvm.fabs")
    square = x * x
    near = square.polynomial(*ERF_NEAR) * x + x
    far = 1.0 - exponential(size.polynomial(*ERF_FAR) * size - size)
    return (size > 0.927734375).choose(far.call("llvm.copysign", x), near)


def inverse_error_function(x: V) -> V:
    """erfinv x: infinite at 1 and -1, NaN beyond (see `ops.special`)."""
    w = -logarithm((1.0 - x) * (x + 1.0))
    pieces = INVERSE_F32 if x.type == F32 else INVERSE_F64
    ratio: V | None = None
    for number in reversed(range(len(pieces))):
        limit, centre, coefficients = pieces[number]
        far = number > 0
        here = ((w.call("llvm.sqrt") if far else w) - centre).polynomial(*coefficients)
        ratio = here if ratio is None else (w < limit).choose(here, ratio)
    assert ratio is not None
    edge = x.call("llvm.fabs").equals(1.0)
    return edge.choose(x.const(float("inf")).call("llvm.copysign", x), x * ratio)


def power_of_two(x: V) -> V:
    """2**x."""
    if x.type != F32:
        return x.call("llvm.exp2")
    shifted = _clamp(x, -151.0, 129.0) + ROUND
    n = shifted.bits(I32) - ROUND_BITS
    half = n >> 1
    rest = (_clamp(x, -151.0, 129.0) - (shifted - ROUND)) * LN2
    return (_expm1_reduced(rest) + 1.0) * _power_of_two(half) * _power_of_two(n - half)


def cosine_of_turns(u: V) -> V:
    """cos(2 pi u) for 0 <= u < 1; its zeros are exact, and numbers near them keep their digits."""
    quarters = (u * 4.0).call("llvm.rint")
    y = (u - quarters * 0.25) * TWO_PI
    square = y * y
    if u.type == F32:
        sine = square.polynomial(*SIN) * square * y + y
        cosine = square.polynomial(*COS) * (square * square) + (1.0 - square * 0.5)
    else:
        sine, cosine = y.call("llvm.sin"), y.call("llvm.cos")
    odd = quarters.equals(1.0) | quarters.equals(3.0)
    size = odd.choose(sine, cosine)
    return (quarters.equals(1.0) | quarters.equals(2.0)).choose(-size, size)


# --- what kernels call -------------------------------------------------------------------------------------

exp_f32, exp_f64 = native("f32", "f32")(exponential), native("f64", "f64")(exponential)
expm1_f32, expm1_f64 = native("f32", "f32")(exponential_minus_one), native("f64", "f64")(exponential_minus_one)
log_f32, log_f64 = native("f32", "f32")(logarithm), native("f64", "f64")(logarithm)
log1p_f32, log1p_f64 = native("f32", "f32")(logarithm_of_one_plus), native("f64", "f64")(logarithm_of_one_plus)
tanh_f32, tanh_f64 = native("f32", "f32")(hyperbolic_tangent), native("f64", "f64")(hyperbolic_tangent)
sigmoid_f32, sigmoid_f64 = native("f32", "f32")(logistic), native("f64", "f64")(logistic)
softplus_f32, softplus_f64 = native("f32", "f32")(soft_plus), native("f64", "f64")(soft_plus)
erf_f32, erf_f64 = native("f32", "f32")(error_function), native("f64", "f64")(error_function)
erfinv_f32, erfinv_f64 = native("f32", "f32")(inverse_error_function), native("f64", "f64")(inverse_error_function)
over_root_f32 = native("f32", "f32", "f32", "f32")(over_root)
over_root_f64 = native("f64", "f64", "f64", "f64")(over_root)
exp2_f32, exp2_f64 = native("f32", "f32")(power_of_two), native("f64", "f64")(power_of_two)


@generic
def maximum(x: V, y: V) -> V:
    """The greater; NaN wins."""
    if not x.floating:
        return (x > y).choose(x, y)
    if LLVM_VERSION >= (18,):  # vectorizes as a reduction too
        return x.call("llvm.maximum", y)
    return x.differs(x).choose(x, (x > y).choose(x, y))


@generic
def minimum(x: V, y: V) -> V:
    """The lesser; NaN wins."""
    if not x.floating:
        return (x < y).choose(x, y)
    if LLVM_VERSION >= (18,):
        return x.call("llvm.minimum", y)
    return x.differs(x).choose(x, (x < y).choose(x, y))


@intrinsic
def choose(typing_context: Any, condition: Any, then: Any, otherwise: Any) -> Any:
    """`then` where the condition holds, else `otherwise`; both are computed.

    Python's `a if c else b` would be a branch, and where a loop is unrolled before LLVM sees that both sides are only
    loads, it stays one: for numbers without order, a wrong guess every other time.
    """
    kind = typing_context.unify_pairs(types.unliteral(then), types.unliteral(otherwise))
    if kind is None:
        return None

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.select(*arguments)

    return kind(types.boolean, kind, kind), emit


@generic
def sign(x: V) -> V:
    """-1, 0 or 1; NaN stays."""
    nonzero = (x > 0).choose(x.const(1), x.const(-1))
    return ((x > 0) | (x < 0)).choose(nonzero, x)


def _divisible(y: V) -> tuple[V, V]:
    """Whether y divides without a trap, and a divisor that does: 0 and -1 stop a CPU."""
    usable = y.differs(0) & y.differs(-1)
    return usable, usable.choose(y, 1)


@generic
def floor_mod(x: V, y: V) -> V:
    """The rest of a division with the sign of y, as NumPy's `mod`; integers by 0 give 0."""
    if x.floating:
        rest = V(x.b, x.b.frem(x.value, y.value))
        other_sign = (rest < 0.0) ^ (y < 0.0)
        return rest.equals(0.0).choose(x.const(0.0).call("llvm.copysign", y), other_sign.choose(rest + y, rest))
    usable, divisor = _divisible(y)
    rest = V(x.b, x.b.srem(x.value, divisor.value))
    moved = rest.differs(0) & ((rest ^ y) < 0)
    return usable.choose(moved.choose(rest + y, rest), 0)


@generic
def floor_divide(x: V, y: V) -> V:
    """The quotient rounded down, as NumPy's `floor_divide`; integers by 0 give 0."""
    if x.floating:
        rest = V(x.b, x.b.frem(x.value, y.value))
        moved = rest.differs(0.0) & ((rest < 0.0) ^ (y < 0.0))
        exact = (x - rest) / y - moved.choose(x.const(1.0), 0.0)
        return y.equals(0.0).choose(x / y, exact.call("llvm.rint"))
    usable, divisor = _divisible(y)
    quotient = V(x.b, x.b.sdiv(x.value, divisor.value))
    moved = (x - quotient * divisor).differs(0) & ((x ^ y) < 0)
    return usable.choose(moved.choose(quotient - 1, quotient), y.equals(0).choose(x.const(0), -x))


@generic
def power(x: V, y: V) -> V:
    """x**y. Integers wrap around; a negative exponent gives the integer part."""
    if x.floating:
        return x.call("llvm.pow", y)
    result, square = x.const(1), x
    for bit in range(x.type.width):
        result = (y & (1 << bit)).differs(0).choose(result * square, result)
        square = square * square
    unit = x.equals(1).choose(x.const(1), x.equals(-1).choose((y & 1).equals(0).choose(x.const(1), -1), 0))
    return (y < 0).choose(unit, result)


@generic
def floor(x: V) -> V:
    """The greatest whole number not above x, as a float."""
    return x.call("llvm.floor") if x.floating else x


@generic
def ceil(x: V) -> V:
    """The least whole number not below x, as a float."""
    return x.call("llvm.ceil") if x.floating else x


@generic
def rint(x: V) -> V:
    """The nearest whole number, halves to even, as a float."""
    return x.call("llvm.rint") if x.floating else x


@generic
def log2(x: V) -> V:
    """The logarithm of a float to base 2, exact for powers of 2."""
    return x.call("llvm.log2")


@generic
def log10(x: V) -> V:
    """The logarithm of a float to base 10."""
    return x.call("llvm.log10")


@generic
def sqrt(x: V) -> V:
    """The square root of a float."""
    return x.call("llvm.sqrt")


@generic
def sin(x: V) -> V:
    """The sine of radians."""
    return x.call("llvm.sin")


@generic
def cos(x: V) -> V:
    """The cosine of radians."""
    return x.call("llvm.cos")


@native("i32", "f32")
def is_finite_f32(x: V) -> V:
    """1 unless NaN or infinite; from the bits, so that no flag of the kernel can fold it away."""
    return ((x.bits(I32) & 0x7F800000).differs(0x7F800000)).widen(I32)


@native("i32", "f64")
def is_finite_f64(x: V) -> V:
    """1 unless NaN or infinite."""
    return ((x.bits(I64) & 0x7FF0000000000000).differs(0x7FF0000000000000)).widen(I32)


@native("i32", "f32")
def is_nan_f32(x: V) -> V:
    """1 where NaN: its bits, without the sign, lie above those of infinity."""
    return ((x.bits(I32) & 0x7FFFFFFF) > 0x7F800000).widen(I32)


@native("i32", "f64")
def is_nan_f64(x: V) -> V:
    """1 where NaN."""
    return ((x.bits(I64) & 0x7FFFFFFFFFFFFFFF) > 0x7FF0000000000000).widen(I32)


@native("i32", "f32")
def is_infinite_f32(x: V) -> V:
    """1 where infinite, of either sign."""
    return ((x.bits(I32) & 0x7FFFFFFF).equals(0x7F800000)).widen(I32)


@native("i32", "f64")
def is_infinite_f64(x: V) -> V:
    """1 where infinite, of either sign."""
    return ((x.bits(I64) & 0x7FFFFFFFFFFFFFFF).equals(0x7FF0000000000000)).widen(I32)


__all__ = [
    "ceil", "choose", "cos", "erf_f32", "erf_f64", "erfinv_f32", "erfinv_f64", "exp2_f32", "exp2_f64", "exp_f32",
    "exp_f64", "expm1_f32", "expm1_f64", "floor", "floor_divide", "floor_mod", "is_finite_f32", "is_finite_f64",
    "is_infinite_f32", "is_infinite_f64", "is_nan_f32", "is_nan_f64", "log1p_f32", "log1p_f64", "log2", "log10",
    "log_f32", "log_f64", "maximum", "minimum", "over_root_f32", "over_root_f64", "power", "rint", "sigmoid_f32",
    "sigmoid_f64", "sign", "sin", "softplus_f32", "softplus_f64", "sqrt", "tanh_f32", "tanh_f64",
]  # fmt: skip
