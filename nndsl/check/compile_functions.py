"""Functions that make tensors from shapes, and functions computed while the network is built."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from nndsl.check import composites
from nndsl.check.builtin import Site, build, define, dtype_of, is_number, number, size, sizes, tensor, wrong
from nndsl.check.operators import MAX_BITS
from nndsl.check.ratios import Ratio
from nndsl.check.tensor_functions import REDUCE_OPTIONS, reduction
from nndsl.check.values import Builtin, DtypeWord, Value
from nndsl.ir.dims import Dim, Size, product
from nndsl.ir.graph import Node
from nndsl.ir.types import FLOATS, KINDS
from nndsl.ops import build as b
from nndsl.ops.table import OPS
from nndsl.problems import names

# --- making and marking ------------------------------------------------------------------------------------------


def _full(value: float) -> Callable[..., Value]:
    return lambda site, shape: build(site, [], lambda: b.full(value, sizes(site, "shape", shape), "f32"))


def _like(value: float) -> Callable[..., Value]:
    def run(site: Site, x: Value) -> Value:
        node = tensor(site, "x", x)
        return build(site, [node], lambda: b.full(value, node.shape, node.dtype))

    return run


def _cast(site: Site, x: Value, dtype: Value) -> Value:
    node, word = tensor(site, "x", x), dtype_of(site, dtype)
    return build(site, [node], lambda: b.cast(node, word))


def _as_kind(site: Site, x: Value, kind: Value) -> Value:
    node = tensor(site, "x", x)
    if kind is None or (isinstance(kind, str) and kind in KINDS and kind != "index" and node.dtype in FLOATS):
        return build(site, [node], lambda: composites.as_kind(node, kind))
    raise wrong(site, "kind", 'is "logits", "prob", "onehot", "binary" or none, for floats', kind)


def _as_index(site: Site, x: Value, n: Value) -> Value:
    count = size(site, "n", n)
    node = tensor(site, "x", x)
    if node.dtype not in ("i32", "i64"):
        raise wrong(site, "x", "holds whole numbers", x)
    outside = [v for v in _numbers(x) if not 0 <= v < count] if isinstance(count, int) else []
    if outside:
        message = f"{outside[0]} is no index<{count}>"
        cure = f"write whole numbers from 0 on, below {count}"
        return site.ctx.say(names.BadValue, site.spans["x"], message, cure=cure)
    return build(site, [node], lambda: composites.as_index(node, count))


def _numbers(x: Value) -> Iterator[int]:
    """All whole numbers of a nested list."""
    if isinstance(x, list | tuple):
        for item in x:
            yield from _numbers(item)
    elif isinstance(x, int):
        yield x


# --- compile-time functions --------------------------------------------------------------------------------------


def _logits(site: Site, p: Value, made_by: Value) -> Value:
    node = tensor(site, "p", p)
    if made_by is None or (isinstance(made_by, str) and made_by in ("softmax", "sigmoid")):
        return build(site, [node], lambda: composites.logits_of(node, made_by))
    raise wrong(site, "made_by", 'is "softmax", "sigmoid" or none', made_by)


def _orthogonal(site: Site, x: Value) -> Value:
    node = tensor(site, "x", x)
    if not site.ctx.initial:
        return site.ctx.say(
            names.Misplaced,
            site.span,
            "`orthogonal_factor` makes first values of params only",
            cure="use it in an `init`",
        )
    return build(site, [node], lambda: b.apply("orthogonal_factor", node))


def _prod(site: Site, x: Value, axis: Value, keepdims: Value) -> Value:
    if isinstance(x, Node) or axis is not None:
        over = reduction(lambda n, a, k: b.reduce("prod", n, a, k))
        return over(site, x=x, axis=axis, keepdims=keepdims)
    found = product(sizes(site, "x", x)) if x != [] else 1
    if isinstance(found, int) and found.bit_length() > MAX_BITS:
        return site.ctx.say(names.BadValue, site.span, "this number is too large")
    return found


def _fans(shape: tuple[Size, ...]) -> tuple[Size, Size]:
    """Keras' rule: the last two sizes, times all before them (the receptive field)."""
    if len(shape) < 2:
        return (shape[0], shape[0]) if shape else (1, 1)
    field = product(shape[:-2])
    return shape[-2] * field, shape[-1] * field


def _kind(site: Site, x: Value) -> Value:
    node = tensor(site, "x", x)
    return node.type.kind.name if node.type.kind else None


def _len(site: Site, x: Value) -> Value:
    if not isinstance(x, (list, tuple, str)):
        cure = "write `shape(x)[0]` for the size of an axis" if isinstance(x, Node) else None
        raise wrong(site, "x", "is a list", x, cure)
    return len(x)


def _int(site: Site, x: Value) -> Value:
    if isinstance(x, Dim | Ratio):
        return x if isinstance(x, Dim) else x.floor()
    return int(number(site, "x", x))


def _float(site: Site, x: Value) -> Value:
    if isinstance(x, Node | Dim | Ratio):
        return b.cast(tensor(site, "x", x), "f32")
    return float(number(site, "x", x))


def _square(site: Site, x: Value) -> Value:
    if is_number(x):
        return x * x
    node = tensor(site, "x", x)
    return build(site, [node], lambda: b.mul(node, node))


def _rsqrt(site: Site, x: Value) -> Value:
    node = tensor(site, "x", x)
    return build(site, [node], lambda: b.div(1.0, b.apply("sqrt", node)))


def _reciprocal(site: Site, x: Value) -> Value:
    if is_number(x) and x != 0:
        return 1 / x
    node = tensor(site, "x", x)
    return build(site, [node], lambda: b.div(1.0, composites.as_float(node)))


def _clip(site: Site, x: Value, low: Value, high: Value) -> Value:
    if is_number(x) and is_number(low) and is_number(high):
        return max(low, min(x, high))
    node = tensor(site, "x", x)
    lo = tensor(site, "low", low, node) if low is not None else None
    hi = tensor(site, "high", high, node) if high is not None else None

    def maker() -> Node:
        out = node if lo is None else b.maximum(node, lo)
        return out if hi is None else b.minimum(out, hi)

    return build(site, [node], maker)


# --- the table ---------------------------------------------------------------------------------------------------

# `zeros` and `ones` of a shape are the library's initializers of the same name, applied to a list.
FUNCTIONS: tuple[Builtin, ...] = (
    define("zeros_like", ["x"], _like(0.0), "Zeros in the shape of x."),
    define("ones_like", ["x"], _like(1.0), "Ones in the shape of x."),
    define("cast", ["x", "dtype"], _cast, OPS["cast"].doc),
    define("as_kind", ["x", "kind"], _as_kind, "The same values, said to be of a kind."),
    define("as_index", ["x", "n"], _as_index, "Whole numbers, said to be of kind index<n>."),
    define("orthogonal_factor", ["x"], _orthogonal, OPS["orthogonal_factor"].doc),
    define("shape", ["x"], lambda site, x: list(tensor(site, "x", x).shape), "The sizes of a tensor, as a list."),
    define("rank", ["x"], lambda site, x: tensor(site, "x", x).type.rank, "The number of axes."),
    define("size", ["x"], lambda site, x: product(tensor(site, "x", x).shape), "The number of elements."),
    define("dtype", ["x"], lambda site, x: DtypeWord(tensor(site, "x", x).dtype), "The dtype."),
    define("kind", ["x"], _kind, "The value kind as a text, or none."),
    define("len", ["x"], _len, "The length of a list."),
    define("int", ["x"], _int, "A number without its fraction."),
    define("float", ["x"], _float, "A number or size as a float."),
    define("prod", REDUCE_OPTIONS, _prod, "The product over axes (all without `axis`), or of a list of sizes."),
    define(
        "fan_in",
        ["shape"],
        lambda site, shape: _fans(sizes(site, "shape", shape))[0],
        "How many inputs feed one unit of a kernel.",
    ),
    define(
        "fan_out",
        ["shape"],
        lambda site, shape: _fans(sizes(site, "shape", shape))[1],
        "How many units one input feeds.",
    ),
    define("logits_of", ["p", ("made_by", None)], _logits, "The logits behind a probability, where they are known."),
    define("square", ["x"], _square, "x * x"),
    define("rsqrt", ["x"], _rsqrt, "1 / sqrt(x)"),
    define("reciprocal", ["x"], _reciprocal, "1 / x"),
    define("clip", ["x", ("low", None), ("high", None)], _clip, "x kept between two bounds."),
)
