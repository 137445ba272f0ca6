"""Windows that go along the axes of an image: the arithmetic that convolution and pooling share.

A window of `window` elements, `dilation` apart, lies at every `stride`-th place of an axis to which `low` elements are
added in front and `high` behind. All sizes but the window's may be symbolic.
"""

from __future__ import annotations

from collections.abc import Sequence

from nndsl.ir.dims import Size, divide

Pads = tuple[tuple[Size, ...], tuple[Size, ...]]
"""What is added in front of each axis, and what behind."""


def reach(window: int, dilation: int = 1) -> int:
    """How many elements of the axis a window spans."""
    return (window - 1) * dilation + 1


def places(size: Size, window: int, stride: int = 1, dilation: int = 1, low: Size = 0, high: Size = 0) -> Size:
    """How many windows fit: the size of the result. Below 1 where the window is larger than the padded axis."""
    return divide(size + low + high - reach(window, dilation), stride) + 1


def same_padding(size: Size, window: int, stride: int = 1, dilation: int = 1) -> tuple[Size, Size]:
    """What Keras adds with `padding="same"`, so that there are size / stride windows, rounded up.

    Where one element more is needed on one side, that is behind.
    """
    span = reach(window, dilation)
    total = (divide(size + (stride - 1), stride) - 1) * stride + span - size
    if isinstance(total, int):
        return max(0, total) // 2, total - max(0, total) // 2 if total > 0 else 0
    if span < stride:
        # max(0, total), since a size that data decides cannot be asked now: the quotient is 1 above 0 and 0 below it.
        # Behind, less than 0 cuts off what no window would reach.
        above = divide(total + (span + stride - 1), span + stride)
        low = divide(total * above, 2)
    else:
        low = divide(total, 2)
    return low, total - low


def pads_of(
    padding: str | Sequence[tuple[Size, Size]],
    sizes: Sequence[Size],
    window: Sequence[int],
    strides: Sequence[int],
    dilation: Sequence[int],
) -> Pads:
    """What `padding` adds to each axis: "valid" nothing, "same" what Keras adds, or pairs of numbers as they are.

    "causal" adds all in front, so that no result sees what comes after it.
    """
    match padding:
        case "valid":
            pairs: list[tuple[Size, Size]] = [(0, 0)] * len(sizes)
        case "same":
            pairs = [same_padding(*axis) for axis in zip(sizes, window, strides, dilation, strict=True)]
        case "causal":
            pairs = [(reach(w, d) - 1, 0) for w, d in zip(window, dilation, strict=True)]
        case str():
            raise ValueError(padding)
        case _:
            pairs = list(padding)
    return tuple(low for low, _ in pairs), tuple(high for _, high in pairs)


def transposed_pads(
    padding: str | tuple[Size, Size], size: Size, window: int, stride: int, dilation: int, more: int | None
) -> tuple[Size, Size, Size]:
    """The size that a transposed convolution makes of an axis, and the padding of the convolution that leads back.

    `more` is Keras' output_padding: what is added behind. Without it "valid" gives every place to which a window
    reaches (whole strides at least) and "same" gives size * stride.
    """
    span = reach(window, dilation)
    natural = (size - 1) * stride + span
    low: Size = 0
    match padding:
        case "valid":
            result = natural + (max(span, stride) - span if more is None else more)
        case "same":
            odd = span % 2
            total = stride + span - 2 if more is None else span + odd - 2 + more
            result = size * stride if more is None else (size - 1) * stride + odd + more
            low = span - 1 - min(total // 2 + total % 2, span - 1)
        case str():
            raise ValueError(padding)
        case low, high:
            result = natural - low - high + (more or 0)
    return result, low, natural - result - low
