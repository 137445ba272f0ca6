"""Convolutions and pooling of ONNX as layers of the library: channels come last before each, and go back behind it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from nndsl.diagnostics import NndslError
from nndsl.ir.graph import Node
from nndsl.ir.types import Shape, TensorType
from nndsl.onnx.importing.made import Array, Option, Results, even, fixed, layer
from nndsl.onnx.reading.call import Call
from nndsl.onnx.reading.windows import to_channels_first, to_channels_last, windows_of
from nndsl.ops import build as b


def padding_of(c: Call, sizes: Shape, window: tuple[int, ...]) -> object | None:
    """Zeros on each side, as the library takes them; None where data decides."""
    auto, rank = c.attr("auto_pad", "NOTSET"), len(window)
    pads = list(c.attr("pads") or [0] * 2 * rank)
    known = tuple(size for size in sizes if isinstance(size, int))
    if auto == "SAME_UPPER":
        return "same"
    if len(known) == rank:
        w = windows_of(c, known, window)
        pads = [*w.low, *w.high]
    elif auto == "SAME_LOWER" or c.attr("ceil_mode", 0):
        return None
    elif auto == "VALID":
        pads = [0] * 2 * rank
    if not any(pads):
        return "valid"
    if len(set(pads)) == 1:
        return int(pads[0])
    return [[pads[k], pads[k + rank]] for k in range(rank)]


def conv(c: Call) -> Results:
    kernel, bias = fixed(c, 1), fixed(c, 2)
    if kernel is None or (c.has(2) and bias is None) or kernel.ndim not in (3, 4, 5):
        return None
    x = to_channels_last(c.x())
    rank = kernel.ndim - 2
    window = kernel.shape[2:]
    padding = padding_of(c, x.shape[1:-1], window)
    if padding is None:
        return None
    strides, dilation = tuple(c.attr("strides") or (1,) * rank), tuple(c.attr("dilations") or (1,) * rank)
    groups = c.attr("group", 1)
    turned = np.ascontiguousarray(np.transpose(kernel, (*range(2, rank + 2), 1, 0)))
    shape = _conv_shape(c, x, turned, strides, dilation, padding, groups)
    options: list[Option] = [("", kernel.shape[0]), ("", even(window))]
    options += [("strides", even(strides))] if set(strides) != {1} else []
    options += [("padding", padding)] if padding != "valid" else []
    options += [("dilation_rate", even(dilation))] if set(dilation) != {1} else []
    options += [("groups", groups)] if groups != 1 else []
    options += [("use_bias", False)] if bias is None else []
    params = {"kernel": turned} if bias is None else {"kernel": turned, "bias": bias}
    return (to_channels_first(layer(f"Conv{rank}D", x, shape, options, params)),)


def _conv_shape(c: Call, x: Node, kernel: Array, strides: Any, dilation: Any, padding: object, groups: int) -> Shape:
    from nndsl.ops.windows import pads_of

    rank = kernel.ndim - 2
    pairs: Any = (
        padding if isinstance(padding, str) else [(padding, padding)] * rank if isinstance(padding, int) else padding
    )
    low, high = pads_of(pairs, x.shape[1:-1], kernel.shape[:rank], strides, dilation)
    leaf = Node("param", (), {"name": "kernel"}, TensorType("f32", kernel.shape))
    return b.apply("conv", x, leaf, strides=strides, dilation=dilation, low=low, high=high, groups=groups).shape


def pool(kind: str) -> Callable[[Call], Results]:
    def recognise(c: Call) -> Results:
        x, window = c.x(), tuple(c.attr("kernel_shape"))
        rank = len(window)
        if set(c.attr("dilations") or [1]) != {1} or c.wants(1) or rank > 3 or x.type.rank != rank + 2:
            return None
        padding = padding_of(c, x.shape[2:], window)
        if padding is None or (
            kind == "Average" and padding != "valid" and (c.attr("count_include_pad", 0) or c.attr("ceil_mode", 0))
        ):
            return None
        strides = tuple(c.attr("strides") or (1,) * rank)
        options: list[Option] = [("", even(window))]
        options += [("strides", even(strides))] if strides != window else []
        options += [("padding", padding)] if padding != "valid" else []
        try:
            sizes = tuple(size for size in x.shape[2:] if isinstance(size, int))
            out: Shape = (
                windows_of(c, sizes, window).out if len(sizes) == rank else _open_places(x, window, strides, padding)
            )
        except NndslError:
            return None
        image = to_channels_last(x)
        shape = (x.shape[0], *out, x.shape[1])
        name = "Pooling"
        return (to_channels_first(layer(f"{kind}{name}{rank}D", image, shape, options, {})),)

    return recognise


def _open_places(x: Node, window: Any, strides: Any, padding: object) -> Shape:
    from nndsl.ops.windows import pads_of, places

    rank = len(window)
    pairs: Any = (
        padding if isinstance(padding, str) else [(padding, padding)] * rank if isinstance(padding, int) else padding
    )
    low, high = pads_of(pairs, x.shape[2:], window, strides, (1,) * rank)
    return tuple(
        places(n, w, s, 1, a, z) for n, w, s, a, z in zip(x.shape[2:], window, strides, low, high, strict=True)
    )


def global_pool(kind: str) -> Callable[[Call], Results]:
    def recognise(c: Call) -> Results:
        x = c.x()
        rank = x.type.rank - 2
        if not 1 <= rank <= 3:
            return None
        shape = (x.shape[0], *(1,) * rank, x.shape[1])
        found = layer(f"Global{kind}Pooling{rank}D", to_channels_last(x), shape, [("keepdims", True)], {})
        return (to_channels_first(found),)

    return recognise
