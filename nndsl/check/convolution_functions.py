"""Functions of `.nn` code that convolve. Channels are last."""

from __future__ import annotations

from collections.abc import Sequence

from nndsl.check.builtin import Site, build, define, tensor, whole, wrong
from nndsl.check.image_functions import image, pairs, whole_each
from nndsl.check.values import Builtin, Value, describe
from nndsl.ir.dims import Size
from nndsl.ir.graph import Node
from nndsl.ir.types import promote
from nndsl.ops import build as b
from nndsl.ops.convolution import places_of
from nndsl.ops.windows import pads_of, reach, transposed_pads
from nndsl.problems import names


def _arrays(site: Site, x: Value, kernel: Value) -> tuple[Node, Node, int]:
    """The image and the kernel in one dtype, and the number of spatial axes."""
    node, weights = image(site, x), tensor(site, "kernel", kernel)
    axes = node.type.rank - 2
    if weights.type.rank != node.type.rank:
        window = ("steps", "height, width", "depth, height, width")[axes - 1]
        raise wrong(site, "kernel", f"has {node.type.rank} axes, [{window}, channels, filters]", weights)
    wide = promote(node.dtype, weights.dtype)
    return b.cast(node, wide), b.cast(weights, wide), axes


def _window(site: Site, kernel: Node) -> list[int]:
    """The sizes of the window, which must be known."""
    found = [s for s in kernel.shape[:-2] if isinstance(s, int)]
    if len(found) != kernel.type.rank - 2:
        raise wrong(site, "kernel", "has a window of known size", kernel)
    return found


def _padding(
    site: Site, padding: Value, words: Sequence[str], sizes: Sequence[Size], window: list[int], steps: list[int],
    dilation: list[int],
) -> tuple[tuple[Size, ...], tuple[Size, ...]]:  # fmt: skip
    if isinstance(padding, str):
        if padding not in words:
            listed = ", ".join(f'"{word}"' for word in words)
            causal = '"causal" is for one axis; `pad(x, …)` puts zeros on any side'
            cure = causal if padding == "causal" else 'write padding="same"'
            raise wrong(site, "padding", f"is {listed}, or what is added on each side", padding, cure)
        return pads_of(padding, sizes, window, steps, dilation)
    return pads_of(pairs(site, "padding", padding, len(window)), sizes, window, steps, dilation)


def _conv(
    site: Site, x: Value, kernel: Value, strides: Value, padding: Value, dilation: Value, groups: Value
) -> Value:  # fmt: skip
    node, weights, axes = _arrays(site, x, kernel)
    window = _window(site, weights)
    steps, apart = (
        whole_each(site, name, v, axes, 1) for name, v in (("strides", strides), ("dilation", dilation))
    )
    words = ("valid", "same", "causal") if axes == 1 else ("valid", "same")
    low, high = _padding(site, padding, words, node.shape[1:-1], window, steps, apart)
    attrs = {"strides": tuple(steps), "dilation": tuple(apart), "low": low, "high": high,
             "groups": _groups(site, groups)}  # fmt: skip
    if padding != "same":
        for count in places_of(node.shape[1:-1], tuple(window), attrs):
            if not isinstance(count, int):
                site.ctx.require(count - 1, site.span)
    return build(site, [node, weights], lambda: b.apply("conv", node, weights, **attrs))


def _conv_transpose(
    site: Site, x: Value, kernel: Value, strides: Value, padding: Value, output_padding: Value, dilation: Value,
    groups: Value,
) -> Value:  # fmt: skip
    node, weights, axes = _arrays(site, x, kernel)
    window = _window(site, weights)
    steps, apart = (
        whole_each(site, name, v, axes, 1) for name, v in (("strides", strides), ("dilation", dilation))
    )
    more = None if output_padding is None else whole_each(site, "output_padding", output_padding, axes, 0)
    if more is not None and any(m >= s for m, s in zip(more, steps, strict=True)):
        cure = f"leave it out, or write at most {max(steps) - 1}" if max(steps) > 1 else "leave it out"
        raise wrong(site, "output_padding", "is smaller than the strides", output_padding, cure)
    explicit: Sequence[tuple[int, int] | str]
    if isinstance(padding, str):
        if padding not in ("valid", "same"):
            raise wrong(site, "padding", 'is "valid", "same", or what is cut off each side', padding)
        explicit = [padding] * axes
    else:
        explicit = pairs(site, "padding", padding, axes)
    sizes, lows, highs = [], [], []
    for axis, how in enumerate(explicit):
        size, low, high = transposed_pads(
            how, node.shape[1 + axis], window[axis], steps[axis], apart[axis], None if more is None else more[axis]
        )
        if isinstance(size, int) and size < 1:
            span = reach(window[axis], apart[axis])
            raise wrong(site, "padding", f"cuts off more than axis {axis + 1} has (the window spans {span})", padding)
        if not isinstance(size, int) and not isinstance(padding, str):
            site.ctx.require(size - 1, site.span)
        sizes.append(size)
        lows.append(low)
        highs.append(high)
    attrs = {"strides": tuple(steps), "dilation": tuple(apart), "low": tuple(lows), "high": tuple(highs),
             "groups": _groups(site, groups), "size": tuple(sizes)}  # fmt: skip
    return build(site, [node, weights], lambda: b.apply("conv_input_grad", node, weights, **attrs))


def _groups(site: Site, groups: Value) -> int:
    count = whole(site, "groups", groups)
    if count < 1:
        raise wrong(site, "groups", "is at least 1", groups)
    return count


def _per_axis(site: Site, value: Value, axes: Value, name: Value) -> Value:
    count = whole(site, "axes", axes)
    given = list(value) if isinstance(value, list | tuple) else [value] * count
    if len(given) == count and all(isinstance(v, int) and not isinstance(v, bool) and v >= 1 for v in given):
        return list[Value](given)
    message = f"`{name}` is a whole number of at least 1, or {count} in a list"
    return site.ctx.say(names.WrongArgument, site.span, message, note=f"this is {describe(value)}",
                        cure=f"write 3, or {[3] * count}")  # fmt: skip


SHARED: list[str | tuple[str, Value]] = ["x", "kernel", ("strides", 1), ("padding", "valid")]
FUNCTIONS: tuple[Builtin, ...] = (
    define("conv", [*SHARED, ("dilation", 1), ("groups", 1)], _conv,
           "Convolution of [batch, …, channels] with a kernel [*window, channels / groups, filters]. "
           '`padding` is "valid", "same", "causal" (one axis), or what is added on each side.'),
    define("conv_transpose", [*SHARED, ("output_padding", None), ("dilation", 1), ("groups", 1)], _conv_transpose,
           "Convolution the other way round, from what `conv` gives to what it takes: the kernel is [*window, filters "
           '/ groups, channels]. `padding` is "valid", "same", or what is cut off each side.'),
    define("per_axis", ["value", "axes", ("name", "value")], _per_axis,
           "A whole number, or one for each axis, as a list. Messages call it `name`."),
)  # fmt: skip
