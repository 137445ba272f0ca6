"""Images turned about their middle, each by its own angle."""

from __future__ import annotations

import numpy as np

from nndsl.data.columns import Array

TOGETHER = 1 << 18  # pixels turned at once: their places and weights take some 40 times as many bytes


def rotated(batch: Array, angles: Array) -> Array:
    """[rows, height, width] or [rows, height, width, channels], counterclockwise by `angles` (radians), bilinear.

    What comes in from outside of an image is 0.
    """
    pixels = max(1, batch.shape[1] * batch.shape[2])
    rows = max(1, TOGETHER // pixels)
    parts = [_rotated(batch[k : k + rows], angles[k : k + rows]) for k in range(0, len(batch), rows)]
    return np.concatenate(parts) if parts else batch


def _rotated(batch: Array, angles: Array) -> Array:
    rows, height, width = batch.shape[:3]
    channels = batch.shape[3] if batch.ndim == 4 else 1
    # A rim of zeros: places outside are clipped to it, and are 0 by themselves.
    framed = np.zeros((rows, height + 2, width + 2, channels), dtype=batch.dtype)
    framed[:, 1:-1, 1:-1] = batch.reshape(rows, height, width, channels)
    flat = framed.reshape(rows * (height + 2) * (width + 2), channels)
    y, x = np.meshgrid(np.arange(height) - (height - 1) / 2, np.arange(width) - (width - 1) / 2, indexing="ij")
    cos, sin = (f(angles)[:, None, None].astype(np.float32) for f in (np.cos, np.sin))
    x, y = x.astype(np.float32), y.astype(np.float32)
    # Where each pixel comes from. Rows of an image run downwards, so that counterclockwise has this sign.
    from_x = np.clip(cos * x - sin * y + np.float32((width - 1) / 2 + 1), 0, width + 1)
    from_y = np.clip(sin * x + cos * y + np.float32((height - 1) / 2 + 1), 0, height + 1)
    left, top = np.minimum(from_x.astype(np.int64), width), np.minimum(from_y.astype(np.int64), height)
    right_share, low_share = (from_x - left)[..., None], (from_y - top)[..., None]
    first = (np.arange(rows)[:, None, None] * (height + 2) + top) * (width + 2) + left
    out = flat[first] * (1 - right_share) * (1 - low_share)
    out += flat[first + 1] * right_share * (1 - low_share)
    out += flat[first + width + 2] * (1 - right_share) * low_share
    out += flat[first + width + 3] * right_share * low_share
    turned: Array = out.reshape(batch.shape).astype(batch.dtype, copy=False)
    return turned
