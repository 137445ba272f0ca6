"""Normalizations, in inference and, where ONNX has it, in training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nndsl.ir.dims import product
from nndsl.ir.graph import Node
from nndsl.onnx.reading.call import Call, Convert, Value
from nndsl.onnx.reading.indexing import whole
from nndsl.ops import build as b


def along_channels(v: Node, x: Node) -> Node:
    """A value for each channel, beside an image with the channels first."""
    return b.reshape(v, (v.shape[0], *(1,) * (x.type.rank - 2)))


def moments(x: Node, axes: Sequence[int]) -> tuple[Node, Node]:
    """Mean and variance, with the axes kept."""
    mean = b.mean(x, axes, keepdims=True)
    off = b.sub(x, mean)
    return mean, b.mean(b.mul(off, off), axes, keepdims=True)


def scaled(x: Node, mean: Node, variance: Node, epsilon: float) -> Node:
    return b.div(b.sub(x, mean), b.apply("sqrt", b.add(variance, epsilon)))


def batch(c: Call) -> tuple[Value, ...]:
    """With what training found, or in training with what the batch says; then the running values go along."""
    x, epsilon = c.x(), c.attr("epsilon", 1e-5)
    mean, variance = c.x(3), c.x(4)
    if not c.attr("training_mode", 0):
        found = scaled(x, along_channels(mean, x), along_channels(variance, x), epsilon)
        return (b.add(b.mul(found, along_channels(c.x(1), x)), along_channels(c.x(2), x)),)
    axes = [0, *range(2, x.type.rank)]
    now, spread = moments(x, axes)
    found = scaled(x, now, spread, epsilon)
    y = b.add(b.mul(found, along_channels(c.x(1), x)), along_channels(c.x(2), x))
    momentum = c.attr("momentum", 0.9)
    kept = [b.add(b.mul(old, momentum), b.mul(b.reshape(new, old.shape), 1 - momentum))
            for old, new in ((mean, now), (variance, spread))]  # fmt: skip
    return y, *kept


def instance(c: Call) -> Node:
    x = c.x()
    found = scaled(x, *moments(x, range(2, x.type.rank)), c.attr("epsilon", 1e-5))
    return b.add(b.mul(found, along_channels(c.x(1), x)), along_channels(c.x(2), x))


def group(c: Call) -> Node:
    """Groups of channels together; scale and bias are for channels from version 21 on, for groups before."""
    x, groups = c.x(), c.attr("num_groups")
    n, channels = x.shape[0], whole(c, x.shape[1:2])[0]
    parts = b.reshape(x, (n, groups, channels // groups, *x.shape[2:]))
    found = scaled(parts, *moments(parts, range(2, parts.type.rank)), c.attr("epsilon", 1e-5))
    if c.version >= 21:
        found = b.reshape(found, x.shape)
        return b.add(b.mul(found, along_channels(c.x(1), x)), along_channels(c.x(2), x))
    scale, bias = (b.reshape(c.x(k), (groups, *(1,) * (parts.type.rank - 2))) for k in (1, 2))
    return b.reshape(b.add(b.mul(found, scale), bias), x.shape)


def layer(c: Call) -> tuple[Value, ...]:
    x = c.x()
    axes = range(c.axis(x.type.rank, -1), x.type.rank)
    epsilon = c.attr("epsilon", 1e-5)
    mean, variance = moments(x, axes)
    inverse = b.div(1, b.apply("sqrt", b.add(variance, epsilon)))
    y = b.mul(b.mul(b.sub(x, mean), inverse), c.x(1))
    return (b.add(y, c.x(2)) if c.has(2) else y), mean, inverse


def rms(c: Call) -> Node:
    x = c.x()
    axes = range(c.axis(x.type.rank, -1), x.type.rank)
    mean = b.mean(b.mul(x, x), axes, keepdims=True)
    return b.mul(b.div(x, b.apply("sqrt", b.add(mean, c.attr("epsilon", 1e-5)))), c.x(1))


def lp(c: Call) -> Node:
    x = c.x()
    axis, p = c.axis(x.type.rank, -1), c.attr("p", 2)
    size = b.apply("abs", x) if p == 1 else b.mul(x, x)
    norm = b.sum_(size, (axis,), keepdims=True)
    norm = norm if p == 1 else b.apply("sqrt", norm)
    return b.where(
        b.equal(norm, 0), b.zeros_like(x), b.div(x, b.where(b.equal(norm, 0), b.full(1, norm.shape, x.dtype), norm))
    )


def mean_variance(c: Call) -> Node:
    x = c.x()
    mean, variance = moments(x, c.attr("axes", [0, 2, 3]))
    return b.div(b.sub(x, mean), b.add(b.apply("sqrt", variance), 1e-9))


def local_response(c: Call) -> Node:
    """Divided by a power of the squares of the channels around it: a product with a band of ones."""
    x, size = c.x(), c.attr("size")
    channels = whole(c, x.shape[1:2])[0]
    low, high = (size - 1) // 2, size - 1 - (size - 1) // 2
    away = np.arange(channels)[None, :] - np.arange(channels)[:, None]
    band = ((away >= -low) & (away <= high)).astype(np.float32)
    flat = b.reshape(b.mul(x, x), (x.shape[0], channels, product(x.shape[2:])))
    near = b.matmul(b.broadcast_to(c.node(band), (x.shape[0], channels, channels)), flat)
    near = b.reshape(near, x.shape)
    scale = b.add(b.mul(near, c.attr("alpha", 1e-4) / size), c.attr("bias", 1.0))
    return b.div(x, b.power(scale, c.attr("beta", 0.75)))


FAMILY: dict[str, Convert] = {
    "BatchNormalization": batch,
    "InstanceNormalization": instance,
    "GroupNormalization": group,
    "LayerNormalization": layer,
    "RMSNormalization": rms,
    "LpNormalization": lp,
    "MeanVarianceNormalization": mean_variance,
    "LRN": local_response,
}
