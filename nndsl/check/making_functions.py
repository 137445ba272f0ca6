"""Functions that make tensors: filled, counted, drawn at random."""

from __future__ import annotations

import math
from collections.abc import Callable

from nndsl.check import composites
from nndsl.check.builtin import Site, build, define, dtype_of, is_number, number, size, sizes, tensor, whole, wrong
from nndsl.check.values import Builtin, Value
from nndsl.ir.dims import Dim, Size, divide
from nndsl.ir.graph import Node, dim_value
from nndsl.ir.types import FLOATS
from nndsl.ops import build as b


def _dtype(site: Site, value: Value, default: str, floats: bool = False) -> str:
    found = default if value is None else dtype_of(site, value)
    if floats and found not in FLOATS:
        raise wrong(site, "dtype", "is f32 or f64", value)
    return found


# --- filled and counted --------------------------------------------------------------------------------------------


def _full(site: Site, shape: Value, value: Value, dtype: Value) -> Value:
    filled, wanted = number(site, "value", value), sizes(site, "shape", shape)
    word = _dtype(site, dtype, "f32")
    return build(site, [], lambda: b.full(filled, wanted, word))


def _eye(site: Site, n: Value, m: Value, k: Value, dtype: Value) -> Value:
    rows, diagonal, word = size(site, "n", n), whole(site, "k", k), _dtype(site, dtype, "f32")
    columns = rows if m is None else size(site, "m", m)

    def maker() -> Node:
        down = b.reshape(b.apply("arange", n=rows, dtype="i32"), (rows, 1))
        return b.cast(b.equal(b.apply("arange", n=columns, dtype="i32"), b.add(down, diagonal)), word)

    return build(site, [], maker)


def _arange(site: Site, n: Value, stop: Value, step: Value, dtype: Value) -> Value:
    """As in NumPy: one number is where to stop, two are where to start and to stop."""
    start, end = (0, n) if stop is None else (n, stop)
    fractions = [v for v in (start, end, step) if isinstance(v, float)]
    word = _dtype(site, dtype, "f32" if fractions else "i32")
    if start == 0 and step == 1 and not fractions:
        return build(
            site, [], lambda: b.apply("arange", n=size(site, "n" if stop is None else "stop", end), dtype=word)
        )
    by = number(site, "step", step)
    if by == 0:
        raise wrong(site, "step", "is a number other than 0", step)
    if is_number(start) and is_number(end):
        count: Size = math.ceil((end - start) / by)
        first = b.lift(start, b.full(0, (), word))
    elif not isinstance(by, int) or not all(isinstance(v, int | Dim) and not isinstance(v, bool) for v in (start, end)):
        odd = next((v for v in (start, end, by) if not isinstance(v, int | Dim) or isinstance(v, bool)), None)
        raise wrong(site, "stop", "is a whole number or a size where a bound is a size", odd)
    else:
        assert isinstance(start, int | Dim)
        assert isinstance(end, int | Dim)
        length = end - start if by > 0 else start - end
        count = divide(length + (abs(by) - 1), abs(by))
        first = dim_value(start, word)
    counted = size(site, "stop" if "stop" in site.spans else "n", count)

    def maker() -> Node:
        line = b.apply("arange", n=counted, dtype=word)
        return b.add(line if by == 1 else b.mul(line, by), first)

    return build(site, [], maker)


def _linspace(site: Site, start: Value, stop: Value, num: Value, endpoint: Value, dtype: Value) -> Value:
    first, last, count = number(site, "start", start), number(site, "stop", stop), size(site, "num", num)
    word = _dtype(site, dtype, "f32", floats=True)
    if not isinstance(endpoint, bool):
        raise wrong(site, "endpoint", "is true or false", endpoint)

    def maker() -> Node:
        place = b.apply("arange", n=count, dtype=word)
        gaps = b.maximum(dim_value(count - 1, word), 1.0) if endpoint else dim_value(count, word)
        # The last one is `stop` itself, whatever the steps to it round to.
        line = b.add(b.mul(place, b.div(b.lift(last - first, gaps), gaps)), first)
        return b.where(b.equal(place, gaps), last, line) if endpoint else line

    return build(site, [], maker)


# --- drawn ---------------------------------------------------------------------------------------------------------


def _draw(site: Site, name: str, shape: tuple[Size, ...]) -> Node:
    return site.ctx.drawn(f"random_{name}", shape, site.ctx.next_stream())


def _scaled(name: str) -> Callable[..., Value]:
    """Numbers of mean 0 and deviation 1, moved and stretched."""

    def run(site: Site, shape: Value, mean: Value, stddev: Value) -> Value:
        wanted, middle, spread = sizes(site, "shape", shape), tensor(site, "mean", mean), tensor(site, "stddev", stddev)

        def maker() -> Node:
            drawn = _draw(site, name, wanted)
            out = drawn if is_number(stddev) and stddev == 1 else b.mul(drawn, b.cast(spread, "f32"))
            return out if is_number(mean) and mean == 0 else b.add(out, b.cast(middle, "f32"))

        return build(site, [middle, spread], maker)

    return run


def _uniform(site: Site, shape: Value, minval: Value, maxval: Value) -> Value:
    wanted, low, high = sizes(site, "shape", shape), tensor(site, "minval", minval), tensor(site, "maxval", maxval)

    def maker() -> Node:
        drawn = _draw(site, "uniform", wanted)
        if is_number(minval) and is_number(maxval) and (minval, maxval) == (0, 1):
            return drawn
        start, end = b.cast(low, "f32"), b.cast(high, "f32")
        return b.add(b.mul(drawn, b.sub(end, start)), start)

    return build(site, [low, high], maker)


def _bernoulli(site: Site, shape: Value, p: Value) -> Value:
    wanted, chance = sizes(site, "shape", shape), tensor(site, "p", p)

    def maker() -> Node:
        hit = b.cast(b.less(_draw(site, "uniform", wanted), b.cast(chance, "f32")), "f32")
        return composites.as_kind(hit, "binary")

    return build(site, [chance], maker)


def _randint(site: Site, shape: Value, minval: Value, maxval: Value) -> Value:
    """From uniform numbers of 48 bits, which never reach the upper bound."""
    wanted = sizes(site, "shape", shape)
    low, high = (0, minval) if maxval is None else (whole(site, "minval", minval), maxval)
    top = size(site, "minval" if maxval is None else "maxval", high) if low >= 0 else whole(site, "maxval", high)
    if isinstance(top, int) and top <= low:
        raise wrong(site, "maxval" if maxval is not None else "minval", f"lies above {low}", top)

    def maker() -> Node:
        coarse, fine = (b.cast(_draw(site, "uniform", wanted), "f64") for _ in range(2))
        share = b.add(coarse, b.mul(fine, 2.0**-24))
        place = b.cast(b.apply("floor", b.mul(share, dim_value(top - low, "f64"))), "i32")
        out = place if low == 0 else b.add(place, low)
        return composites.as_index(out, top) if low >= 0 else out

    return build(site, [], maker)


def _categorical(site: Site, logits: Value, num_samples: Value) -> Value:
    """Gumbel's way: the greatest of logits - log(-log(u)) is drawn with the probability that softmax gives it."""
    node = tensor(site, "logits", logits)
    count = None if num_samples is None else size(site, "num_samples", num_samples)

    def maker() -> Node:
        lead, n = node.shape[:-1], node.shape[-1]
        scores = b.cast(composites.logits_of(node, "softmax") or b.log(node), "f32")
        if count is not None:
            scores = b.reshape(scores, (*lead, 1, n))
        shape = (*lead, *(() if count is None else (count,)), n)
        noise = b.maximum(_draw(site, "uniform", shape), 2.0**-25)
        drawn = b.sub(scores, b.log(b.neg(b.log(noise))))
        return b.apply("argmax", drawn, axes=(drawn.type.rank - 1,))

    if not node.type.rank:
        raise wrong(site, "logits", "has at least one axis", node)
    return build(site, [node], maker)


FUNCTIONS: tuple[Builtin, ...] = (
    define("full", ["shape", "value", ("dtype", None)], _full, "An array filled with a number."),
    define("eye", ["n", ("m", None), ("k", 0), ("dtype", None)], _eye,
           "Ones on the k-th diagonal of an [n, m] array of zeros."),
    define("arange", ["n", ("stop", None), ("step", 1), ("dtype", None)], _arange,
           "0, 1, … n - 1, or from n to below `stop` in steps."),
    define("linspace", ["start", "stop", ("num", 50), ("endpoint", True), ("dtype", None)], _linspace,
           "`num` numbers from start to stop at equal distances."),
    define("random_uniform", ["shape", ("minval", 0.0), ("maxval", 1.0)], _uniform,
           "Uniform numbers from minval to below maxval."),
    define("random_normal", ["shape", ("mean", 0.0), ("stddev", 1.0)], _scaled("normal"),
           "Normal numbers of a mean and a deviation."),
    define("random_truncated_normal", ["shape", ("mean", 0.0), ("stddev", 1.0)], _scaled("truncated_normal"),
           "Normal numbers, drawn again where they lie beyond two deviations."),
    define("random_bernoulli", ["shape", ("p", 0.5)], _bernoulli, "1 with probability p, else 0."),
    define("random_randint", ["shape", "minval", ("maxval", None)], _randint,
           "Whole numbers from minval to below maxval; with one number from 0 to below that."),
    define("random_categorical", ["logits", ("num_samples", None)], _categorical,
           "Indices along the last axis, each drawn as often as the softmax of the logits says."),
)  # fmt: skip
