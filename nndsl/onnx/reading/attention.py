"""Attention in its forms, what turns positions into angles, and the recurrent layers that stand in for it."""

from __future__ import annotations

import math

import numpy as np

from nndsl.ir.dims import Size
from nndsl.ir.graph import Body, Node
from nndsl.ir.types import TensorType
from nndsl.onnx.reading.call import Call, Convert, Value, as_index, cut, joined
from nndsl.onnx.reading.elementwise import plain, sigmoid
from nndsl.onnx.reading.indexing import whole
from nndsl.onnx.reading.reductions import matmul_of
from nndsl.ops import build as b
from nndsl.ops.scan import make_scan, part


def to_heads(x: Node, heads: int) -> Node:
    """[batch, steps, heads * width] as [batch, heads, steps, width]."""
    batch, steps, width = x.shape
    return b.transpose(b.reshape(x, (batch, steps, heads, width // heads)), (0, 2, 1, 3))


def from_heads(x: Node) -> Node:
    batch, heads, steps, width = x.shape
    return b.reshape(b.transpose(x, (0, 2, 1, 3)), (batch, steps, heads * width))


def repeated(x: Node, times: int) -> Node:
    """Each head as often as queries share it."""
    if times == 1:
        return x
    batch, heads, steps, width = x.shape
    wide = b.broadcast_to(b.reshape(x, (batch, heads, 1, steps, width)), (batch, heads, times, steps, width))
    return b.reshape(wide, (batch, heads * times, steps, width))


def attention(c: Call) -> tuple[Value, ...]:
    """Queries look at keys, and take their shares of the values."""
    q, k, v = c.x(0), c.x(1), c.x(2)
    flat = q.type.rank == 3
    if flat:
        q = to_heads(q, c.attr("q_num_heads"))
        k, v = (to_heads(x, c.attr("kv_num_heads")) for x in (k, v))
    past: Size = 0
    if c.has(4):
        past = c.x(4).shape[2]
        k, v = joined([c.x(4), k], 2), joined([c.x(5), v], 2)
    present = k, v
    heads, kv_heads = whole(c, (q.shape[1], k.shape[1]))
    k, v = repeated(k, heads // kv_heads), repeated(v, heads // kv_heads)
    scale = c.attrs.get("scale") or 1 / math.sqrt(whole(c, q.shape[-1:])[0])
    raw = b.matmul(b.mul(q, math.sqrt(scale)), b.swap_last(b.mul(k, math.sqrt(scale))))
    cap = c.attr("softcap", 0.0)
    capped = b.mul(b.apply("tanh", b.div(raw, cap)), cap) if cap > 0 else raw
    scores = masked(c, capped, past)
    shares = softmax_of_some(scores)
    shown = [raw, capped, scores, shares]
    out = matmul_of(shares, v)
    return from_heads(out) if flat else out, *present, shown[c.attr("qk_matmul_output_mode", 0)]


def masked(c: Call, scores: Node, past: Size) -> Node:
    """Scores with what a query must not look at at minus infinity, and what a mask of numbers adds."""
    steps, seen = scores.shape[-2:]
    allowed: list[Node] = []
    i = b.reshape(b.apply("arange", n=steps, dtype="i32"), (steps, 1))
    j = b.apply("arange", n=seen, dtype="i32")
    lengths = b.reshape(b.cast(c.x(6), "i32"), (scores.shape[0], 1, 1, 1)) if c.has(6) else None
    place = i if past == 0 else b.add(i, _number(past))
    if lengths is not None:
        place = b.add(i, b.sub(lengths, _number(steps)))
        allowed.append(b.less(j, lengths))
    left, right = c.attr("left_window_size", -1), c.attr("right_window_size", -1)
    if c.attr("is_causal", 0):
        allowed.append(b.less_equal(j, place))
    if left >= 0:
        allowed.append(b.less_equal(b.sub(place, left), j))
    if right >= 0:
        allowed.append(b.less_equal(j, b.add(place, right)))
    if c.has(3):
        mask = _as_wide(c, c.x(3), seen)
        if mask.dtype == "bool":
            allowed.append(mask)
        else:
            scores = b.add(scores, mask)
    for each in allowed:
        scores = b.where(each, scores, b.full(-np.inf, scores.shape, scores.dtype))
    return scores


def _number(size: Size) -> Node:
    from nndsl.ir.graph import dim_value

    return dim_value(size, "i32")


def _as_wide(c: Call, mask: Node, seen: Size) -> Node:
    """A mask that is shorter than what is seen hides the rest."""
    width = mask.shape[-1]
    if width == seen or width == 1:
        return mask
    rest = (*mask.shape[:-1], seen - width)
    hidden = b.cast(b.full(0, rest, "i32"), "bool") if mask.dtype == "bool" else b.full(-np.inf, rest, mask.dtype)
    return joined([mask, hidden], mask.type.rank - 1)


def softmax_of_some(scores: Node) -> Node:
    """Softmax over the last axis; a row in which all is hidden gives 0."""
    axis = (scores.type.rank - 1,)
    top = b.reduce("max", scores, axis, keepdims=True)
    nothing = b.equal(top, -np.inf)
    power = b.exp(b.sub(scores, b.where(nothing, b.full(0, top.shape, top.dtype), top)))
    return b.div(power, b.where(nothing, b.full(1, top.shape, top.dtype), b.sum_(power, axis, keepdims=True)))


def rotary(c: Call) -> Node:
    """Pairs of features turned by an angle that the position says."""
    x = c.x()
    flat = x.type.rank == 3
    x = to_heads(x, c.attr("num_heads")) if flat else x
    batch, _, steps, width = x.shape
    turned_width = c.attr("rotary_embedding_dim", 0) or whole(c, (width,))[0]
    half = turned_width // 2
    waves = []
    for position in (1, 2):
        cache = c.x(position)
        if c.has(3):
            cache = b.apply("take", cache, as_index(c.x(3), cache.shape[0]))
        waves.append(b.reshape(plain(cache), (batch, 1, steps, half)))
    cos, sin = waves
    last = x.type.rank - 1
    if c.attr("interleaved", 0):
        first, second = cut(x, last, 0, half, 2), cut(x, last, 1, half, 2)
    else:
        first, second = cut(x, last, 0, half), cut(x, last, half, half)
    real, imaginary = b.sub(b.mul(cos, first), b.mul(sin, second)), b.add(b.mul(sin, first), b.mul(cos, second))
    if c.attr("interleaved", 0):
        pairs = [b.reshape(n, (*n.shape, 1)) for n in (real, imaginary)]
        found = b.reshape(joined(pairs, last + 1), (*real.shape[:-1], turned_width))
    else:
        found = joined([real, imaginary], last)
    rest = width - turned_width
    if rest != 0:
        found = joined([found, cut(x, last, turned_width, rest)], last)
    return from_heads(found) if flat else found


# --- recurrence in place of attention --------------------------------------------------------------------


def linear_attention(c: Call) -> tuple[Value, ...]:
    """A state [batch, heads, keys, values] that each step adds to, and that queries read."""
    rule = c.attr("update_rule", "gated_delta")
    heads, kv = c.attr("q_num_heads"), c.attr("kv_num_heads")
    q = to_heads(c.x(0), heads)
    k, v = (to_heads(c.x(n), kv) for n in (1, 2))
    batch, _, steps, keys = k.shape
    width = v.shape[-1]
    scale = c.attr("scale", 0.0) or 1 / math.sqrt(whole(c, (keys,))[0])
    state = c.x(3) if c.has(3) else b.full(0, (batch, kv, keys, width), q.dtype)
    sequences = {"q": q, "k": k, "v": v}
    if "gated" in rule:
        sequences["decay"] = to_heads(c.x(4), kv)
    if "delta" in rule:
        beta = c.x(5)
        sequences["beta"] = to_heads(b.broadcast_to(beta, (*beta.shape[:-1], kv)), kv)
    first = {name: b.transpose(x, (2, 0, 1, 3)) for name, x in sequences.items()}
    items = {name: _leaf(name, x.dtype, x.shape[1:]) for name, x in first.items()}
    before = _leaf("state", state.dtype, state.shape)
    column = {name: b.reshape(x, (*x.shape, 1)) for name, x in items.items()}
    row = b.reshape(items["v"], (batch, kv, 1, width))
    now = before
    if "gated" in rule:
        now = b.mul(now, b.exp(column["decay"]))
    if "delta" in rule:
        seen = b.sum_(b.mul(now, column["k"]), (2,), keepdims=True)
        row = b.mul(b.sub(row, seen), b.reshape(items["beta"], (batch, kv, 1, 1)))
    now = b.add(now, b.mul(column["k"], row))
    wide = repeated(now, heads // kv)
    out = b.mul(b.sum_(b.mul(wide, column["q"]), (2,)), scale)
    body = Body((before,), tuple(items.values()), (), (now,), (out,))
    scan = make_scan([state], list(first.values()), [], body, steps, False)
    return from_heads(b.transpose(part(scan, 1), (1, 2, 0, 3))), part(scan, 0)


def _leaf(name: str, dtype: str, shape: tuple[Size, ...]) -> Node:
    return Node("input", (), {"name": name}, TensorType(dtype, shape), name=name)


def causal_conv(c: Call) -> tuple[Value, ...]:
    """Each channel convolved with what came before it; the last steps are kept for what comes next."""
    x, kernel = c.x(), c.x(1)
    batch, channels, steps = x.shape
    (size,) = whole(c, kernel.shape[2:])
    past = c.x(3) if c.has(3) else b.full(0, (batch, channels, size - 1), x.dtype)
    whole_line = joined([past, x], 2) if size > 1 else x
    total: Node | None = None
    for k in range(size):
        one = b.mul(cut(whole_line, 2, k, steps), b.reshape(cut(kernel, 2, k, 1), (channels, 1)))
        total = one if total is None else b.add(total, one)
    assert total is not None
    if c.has(2):
        total = b.add(total, b.reshape(c.x(2), (channels, 1)))
    if c.attr("activation", "none") in ("silu", "swish"):
        total = b.mul(total, sigmoid(total))
    return total, cut(whole_line, 2, steps, size - 1)


FAMILY: dict[str, Convert] = {
    "Attention": attention,
    "RotaryEmbedding": rotary,
    "LinearAttention": linear_attention,
    "CausalConvWithState": causal_conv,
}
