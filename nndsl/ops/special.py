"""The error function and its inverse in NumPy.

W. J. Cody, "Rational Chebyshev approximation for the error function", Math. Comp. 23 (1969), 631-637: three
rational approximations, relative error below 1e-15 in f64.

M. Giles, "Approximating the erfinv function", GPU Computing Gems 2 (2011): polynomials in w = -log(1 - x * x), or in
its root where w is large.
"""

from __future__ import annotations

import math
from typing import Any

from nndsl.lazy import np

_NEAR = ([3.16112374387056560e00, 1.13864154151050156e02, 3.77485237685302021e02, 3.20937758913846947e03,
          1.85777706184603153e-1],
         [2.36012909523441209e01, 2.44024637934444173e02, 1.28261652607737228e03, 2.84423683343917062e03])  # fmt: skip
_MIDDLE = ([5.64188496988670089e-1, 8.88314979438837594e0, 6.61191906371416295e01, 2.98635138197400131e02,
            8.81952221241769090e02, 1.71204761263407058e03, 2.05107837782607147e03, 1.23033935479799725e03,
            2.15311535474403846e-8],
           [1.57449261107098347e01, 1.17693950891312499e02, 5.37181101862009858e02, 1.62138957456669019e03,
            3.29079923573345963e03, 4.36261909014324716e03, 3.43936767414372164e03, 1.23033935480374942e03])  # fmt: skip
_FAR = ([3.05326634961232344e-1, 3.60344899949804439e-1, 1.25781726111229246e-1, 1.60837851487422766e-2,
         6.58749161529837803e-4, 1.63153871373020978e-2],
        [2.56852019228982242e00, 1.87295284992346725e00, 5.27905102951428412e-1, 6.05183413124413191e-2,
         2.33520497626869185e-3])  # fmt: skip


def _ratio(x: Any, top: list[float], bottom: list[float]) -> Any:
    """Cody's nested form: the last coefficient of `top` leads."""
    p, q = top[-1] * x, x
    for a, c in zip(top[:-2], bottom[:-1], strict=True):
        p, q = (p + a) * x, (q + c) * x
    return (p + top[-2]) / (q + bottom[-1])


def erf(x: Any) -> Any:
    """The error function of an array, in its dtype."""
    wide = np.asarray(x, np.float64)
    y = np.abs(wide)
    near = wide * _ratio(y * y, *_NEAR)
    safe = np.maximum(y, 0.46875)
    tail = np.exp(-safe * safe)
    middle = 1 - tail * _ratio(safe, *_MIDDLE)
    inverse = 1 / (safe * safe)
    far = 1 - tail * (1 / np.sqrt(np.pi) - inverse * _ratio(inverse, *_FAR)) / safe
    beyond = np.sign(wide) * np.where(y <= 4.0, middle, far)
    return np.where(np.isnan(wide), wide, np.where(y <= 0.46875, near, beyond)).astype(np.asarray(x).dtype)


# --- the inverse -------------------------------------------------------------------------------------------

INVERSE_F32 = (
    (5.0, 2.5, (2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087, -0.00125372503,
                -0.00417768164, 0.246640727, 1.50140941)),
    (math.inf, 3.0, (-0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613,
                 0.00943887047, 1.00167406, 2.83297682)),
)  # fmt: skip
"""Pieces: below which w they hold, what is taken from w (in the first) or from its root, and the coefficients."""
INVERSE_F64 = (
    (6.25, 3.125, (-3.6444120640178196996e-21, -1.685059138182016589e-19, 1.2858480715256400167e-18,
                   1.115787767802518096e-17, -1.333171662854620906e-16, 2.0972767875968561637e-17,
                   6.6376381343583238325e-15, -4.0545662729752068639e-14, -8.1519341976054721522e-14,
                   2.6335093153082322977e-12, -1.2975133253453532498e-11, -5.4154120542946279317e-11,
                   1.051212273321532285e-09, -4.1126339803469836976e-09, -2.9070369957882005086e-08,
                   4.2347877827932403518e-07, -1.3654692000834678645e-06, -1.3882523362786468719e-05,
                   0.0001867342080340571352, -0.00074070253416626697512, -0.0060336708714301490533,
                   0.24015818242558961693, 1.6536545626831027356)),
    (16.0, 3.25, (2.2137376921775787049e-09, 9.0756561938885390979e-08, -2.7517406297064545428e-07,
                  1.8239629214389227755e-08, 1.5027403968909827627e-06, -4.013867526981545969e-06,
                  2.9234449089955446044e-06, 1.2475304481671778723e-05, -4.7318229009055733981e-05,
                  6.8284851459573175448e-05, 2.4031110387097893999e-05, -0.0003550375203628474796,
                  0.00095328937973738049703, -0.0016882755560235047313, 0.0024914420961078508066,
                  -0.0037512085075692412107, 0.005370914553590063617, 1.0052589676941592334, 3.0838856104922207635)),
    (math.inf, 5.0, (-2.7109920616438573243e-11, -2.5556418169965252055e-10, 1.5076572693500548083e-09,
                 -3.7894654401267369937e-09, 7.6157012080783393804e-09, -1.4960026627149240478e-08,
                 2.9147953450901080826e-08, -6.7711997758452339498e-08, 2.2900482228026654717e-07,
                 -9.9298272942317002539e-07, 4.5260625972231537039e-06, -1.9681778105531670567e-05,
                 7.5995277030017761139e-05, -0.00021503011930044477347, -0.00013871931833623122026,
                 1.0103004648645343977, 4.8499064014085844221)),
)  # fmt: skip


def erfinv(x: Any) -> Any:
    """The number whose error function is x, of an array, in its dtype: infinite at 1 and -1, NaN beyond."""
    wide = np.asarray(x, np.float64)
    w = -np.log((1 - wide) * (1 + wide))
    root = np.sqrt(np.maximum(w, 0))
    limits = [limit for limit, _, _ in INVERSE_F64]
    ratios = [np.polyval(c, (root if k else w) - centre) for k, (_, centre, c) in enumerate(INVERSE_F64)]
    ratio = np.select([w < limit for limit in limits[:-1]], ratios[:-1], ratios[-1])
    out = np.where(np.abs(wide) == 1, np.sign(wide) * np.inf, wide * ratio)
    return out.astype(np.asarray(x).dtype)
