"""Convolution with channels last, for any number of spatial axes, and its two gradients.

With x [batch, *image, channels], kernel [*window, channels / groups, filters] and y [batch, *places, filters], all
three are one sum over the terms

    x[n, o * stride + k * dilation - low, c] * kernel[k, c, f] * y[n, o, f]

that leaves out one of the three arrays. So the gradient of each is made of the other two, and a transposed
convolution is `conv_input_grad`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import prod
from typing import Any

from nndsl.costs import kernel_shards
from nndsl.ir.dims import Size
from nndsl.ir.graph import Attrs, Node
from nndsl.ir.types import FLOATS, Shape, TensorType, shape_text
from nndsl.lazy import np
from nndsl.ops import build as b
from nndsl.ops.op import REQUIRED, Case, Contract, Expand, Op, Ready, ShapeFault, Types, case
from nndsl.ops.windows import places, reach

AXES = ("strides", "dilation", "low", "high")
"""The attributes with a number for each spatial axis."""
SHARED = (*AXES, "groups")


# --- shape rules -------------------------------------------------------------------------------------------


def _checked(types: Types, names: tuple[str, str]) -> int:
    """The number of spatial axes of two arrays of one float dtype and one rank."""
    x, y = types
    for i, t in enumerate(types):
        if t.dtype not in FLOATS or t.dtype != x.dtype:
            raise ShapeFault(f"needs two arrays of one float dtype: {x} and {y}", (i,), "cast one of them", "dtype")
    if x.rank < 3:
        raise ShapeFault(f"needs [batch, …, channels] with at least one axis between them, this is {x}", (0,),
                         "add an axis: `x[..., none]`", "rank")  # fmt: skip
    if x.rank != y.rank:
        raise ShapeFault(f"needs {names[1]} of {x.rank} axes for {names[0]} of {x.rank}, this is {y}", (1,), code="rank")
    return x.rank - 2


def _whole(shape: Shape, what: str) -> tuple[int, ...]:
    """Sizes that must be known when the network is built."""
    known = tuple(s for s in shape if isinstance(s, int))
    if len(known) != len(shape):
        raise ShapeFault(f"needs {what} of a known size, this is [{shape_text(shape)}]", (1,))
    return known


def _grouped(channels: Size, inner: Size, filters: Size, groups: int) -> None:
    """Whether the channels of the image go with those of the kernel."""
    for size, what in ((channels, "channels"), (filters, "filters")):
        if groups > 1 and (not isinstance(size, int) or size % groups):
            raise ShapeFault(f"{groups} groups do not divide {size} {what} evenly", (0 if what == "channels" else 1,),
                             f"choose groups that divide both the channels ({channels}) and the filters ({filters})")  # fmt: skip
    if inner * groups != channels:
        several = f" in each of {groups} groups" if groups > 1 else ""
        raise ShapeFault(f"the image has {channels} channels, the kernel takes {inner}{several}", (0, 1),
                         "the last axis of the image holds the channels; the kernel is [*window, channels / groups, filters]")  # fmt: skip


def places_of(image: Shape, window: tuple[int, ...], attrs: Attrs) -> Shape:
    """The spatial sizes of the result."""
    each = zip(image, window, *(attrs[name] for name in AXES), strict=True)
    return tuple(places(size, w, s, d, low, high) for size, w, s, d, low, high in each)


def _fitting(image: Shape, window: tuple[int, ...], attrs: Attrs) -> Shape:
    """The spatial sizes of the result, which must be there."""
    found = places_of(image, window, attrs)
    for axis, size in enumerate(found):
        if isinstance(size, int) and size < 1:
            span, low, high = reach(window[axis], attrs["dilation"][axis]), attrs["low"][axis], attrs["high"][axis]
            padded = f", {image[axis] + low + high} with its padding" if low or high else ""
            raise ShapeFault(f"the window spans {span} along axis {axis + 1}, the image has {image[axis]}{padded}",
                             (0, 1), 'use a smaller window, or padding="same"')  # fmt: skip
    return found


def _conv_type(types: Types, attrs: Attrs) -> TensorType:
    x, kernel = types
    axes = _checked(types, ("an image", "a kernel"))
    window = _whole(kernel.shape[:axes], "a window")
    _grouped(x.shape[-1], kernel.shape[-2], kernel.shape[-1], attrs["groups"])
    return TensorType(x.dtype, (x.shape[0], *_fitting(x.shape[1:-1], window, attrs), kernel.shape[-1]))


def _input_type(types: Types, attrs: Attrs) -> TensorType:
    y, kernel = types
    axes = _checked(types, ("an image", "a kernel"))
    window = _whole(kernel.shape[:axes], "a window")
    groups = attrs["groups"]
    _grouped(kernel.shape[-2] * groups, kernel.shape[-2], kernel.shape[-1], groups)
    if y.shape[-1] != kernel.shape[-1]:
        raise ShapeFault(f"the image has {y.shape[-1]} channels, the kernel goes back from {kernel.shape[-1]}", (0, 1),
                         "the kernel of a transposed convolution is [*window, filters, channels]")  # fmt: skip
    wanted = places_of(tuple(attrs["size"]), window, attrs)
    if wanted != y.shape[1:-1]:
        raise ShapeFault(f"a convolution of [{shape_text(attrs['size'])}] gives [{shape_text(wanted)}], not "
                         f"[{shape_text(y.shape[1:-1])}]", (0, 1))  # fmt: skip
    return TensorType(y.dtype, (y.shape[0], *attrs["size"], kernel.shape[-2] * groups))


def _kernel_type(types: Types, attrs: Attrs) -> TensorType:
    x, y = types
    _checked(types, ("an image", "a result"))
    wanted = places_of(x.shape[1:-1], attrs["window"], attrs)
    if wanted != y.shape[1:-1] or x.shape[0] != y.shape[0]:
        raise ShapeFault(f"a convolution of {x} gives [{shape_text((x.shape[0], *wanted))}], not {y}", (0, 1))
    channels, groups = x.shape[-1], attrs["groups"]
    inner = channels if groups == 1 else _whole((channels,), "channels")[0] // groups
    _grouped(channels, inner, y.shape[-1], groups)
    return TensorType(x.dtype, (*attrs["window"], inner, y.shape[-1]))


def _parts_type(types: Types, attrs: Attrs) -> TensorType:
    whole = _kernel_type(types, attrs)
    return whole.with_shape((attrs["shards"], *whole.shape))


# --- in NumPy ------------------------------------------------------------------------------------------------


def _room(image: Any, low: Any, high: Any) -> tuple[list[tuple[int, int]], list[int]]:
    """What to add around an image, and where its padded form starts then; padding below 0 cuts off."""
    return [(max(0, a), max(0, z)) for a, z in zip(low, high, strict=True)], [max(0, a) - a for a in low]


def _taps(window: Any, count: Any, strides: Any, dilation: Any, start: Any) -> Iterator[tuple[Any, Any]]:
    """For each element of the window, the part of the padded image that it meets."""
    for tap in np.ndindex(*window):
        axes = zip(tap, count, strides, dilation, start, strict=True)
        yield tap, (slice(None), *(slice(a + k * d, a + k * d + (n - 1) * s + 1, s) for k, n, s, d, a in axes))


def _by_group(x: Any, groups: int) -> Any:
    return x.reshape(*x.shape[:-1], groups, x.shape[-1] // groups)


def _conv(x: Any, kernel: Any, strides: Any, dilation: Any, low: Any, high: Any, groups: int) -> Any:
    window = kernel.shape[:-2]
    count = [places(*axis) for axis in zip(x.shape[1:-1], window, strides, dilation, low, high, strict=True)]
    room, start = _room(x, low, high)
    padded = np.pad(x, [(0, 0), *room, (0, 0)])
    out = np.zeros((x.shape[0], *count, kernel.shape[-1]), x.dtype)
    for tap, part in _taps(window, count, strides, dilation, start):
        if groups == 1:
            out += padded[part] @ kernel[tap]
        else:
            out += np.einsum("...gc,cgf->...gf", _by_group(padded[part], groups), _by_group(kernel[tap], groups)).reshape(out.shape)  # fmt: skip
    return out


def _input_grad(y: Any, kernel: Any, strides: Any, dilation: Any, low: Any, high: Any, groups: int, size: Any) -> Any:
    room, start = _room(y, low, high)
    channels = kernel.shape[-2] * groups
    out = np.zeros((y.shape[0], *(s + a + z for s, (a, z) in zip(size, room, strict=True)), channels), y.dtype)
    for tap, part in _taps(kernel.shape[:-2], y.shape[1:-1], strides, dilation, start):
        if groups == 1:
            out[part] += y @ kernel[tap].T
        else:
            found = np.einsum("...gf,cgf->...gc", _by_group(y, groups), _by_group(kernel[tap], groups))
            out[part] += found.reshape(*y.shape[:-1], channels)
    return np.ascontiguousarray(out[(slice(None), *(slice(a, a + s) for s, (a, _) in zip(size, room, strict=True)))])


def _kernel_grad(x: Any, y: Any, strides: Any, dilation: Any, low: Any, high: Any, groups: int, window: Any) -> Any:
    room, start = _room(x, low, high)
    padded = np.pad(x, [(0, 0), *room, (0, 0)])
    inner, filters = x.shape[-1] // groups, y.shape[-1]
    out = np.zeros((*window, inner, filters), x.dtype)
    for tap, part in _taps(window, y.shape[1:-1], strides, dilation, start):
        if groups == 1:
            out[tap] = padded[part].reshape(-1, inner).T @ y.reshape(-1, filters)
        else:
            sides = (a.reshape(-1, groups, a.shape[-1] // groups) for a in (padded[part], y))
            out[tap] = np.einsum("pgc,pgf->cgf", *sides).reshape(inner, filters)
    return out


def _kernel_parts(x: Any, y: Any, shards: int, **options: Any) -> Any:
    """The gradient of each part of the batch; their sum is that of all."""
    cuts = [x.shape[0] * i // shards for i in range(shards + 1)]
    return np.stack([_kernel_grad(x[a:z], y[a:z], **options) for a, z in pairwise(cuts)])


# --- gradients -----------------------------------------------------------------------------------------------


def _shared(n: Node) -> dict[str, Any]:
    return {name: n.attrs[name] for name in SHARED}


def _to_places(n: Node, x: Node, kernel: Node) -> Node:
    return b.apply("conv", x, kernel, **_shared(n))


def _to_image(n: Node, y: Node, kernel: Node, image: Shape) -> Node:
    return b.apply("conv_input_grad", y, kernel, **_shared(n), size=tuple(image[1:-1]))


def _to_kernel(n: Node, x: Node, y: Node, kernel: Shape) -> Node:
    return b.apply("conv_kernel_grad", x, y, **_shared(n), window=tuple(kernel[:-2]))


def _conv_grad(n: Node, g: Node) -> tuple[Node, Node]:
    x, kernel = n.inputs
    return _to_image(n, g, kernel, x.shape), _to_kernel(n, x, g, kernel.shape)


def _input_grad_grad(n: Node, g: Node) -> tuple[Node, Node]:
    y, kernel = n.inputs
    return _to_places(n, g, kernel), _to_kernel(n, g, y, kernel.shape)


def _kernel_grad_grad(n: Node, g: Node) -> tuple[Node, Node]:
    x, y = n.inputs
    return _to_image(n, y, g, x.shape), _to_places(n, x, g)


# --- lowering ------------------------------------------------------------------------------------------------


def _in_parts(n: Node) -> Node:
    """The sum of a number of parts that depends on the kernel only, so that threads do not change the order."""
    shards = kernel_shards(prod(s for s in n.shape if isinstance(s, int)))
    parts = b.apply("conv_kernel_parts", *n.inputs, **n.attrs, shards=shards)
    return b.sum_(parts, (0,)) if shards > 1 else b.reshape(parts, n.shape)


def each_channel(kernel: Shape, groups: int) -> bool:
    """Whether each channel is a group of its own and gives one: kernels then go over channels in vectors."""
    return groups > 1 and kernel[-2] == 1 and kernel[-1] == groups


def options_text(n: Node) -> tuple[str, ...]:
    """Strides, dilation and low padding as tuples, and the groups: what kernels need besides the arrays."""
    three = (f"({', '.join(map(str, n.attrs[name]))},)" for name in ("strides", "dilation", "low"))
    return (*three, str(n.attrs["groups"]))


# --- the records ---------------------------------------------------------------------------------------------


def _options(rank: int, **given: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"strides": (1,) * rank, "dilation": (1,) * rank, "low": (0,) * rank, "high": (0,) * rank,
                             "groups": 1}  # fmt: skip
    return found | given


CONVOLUTIONS: tuple[tuple[tuple[int | str, ...], tuple[int, ...], dict[str, Any]], ...] = (
    (("batch", 3, 4, 2), (3, 2, 2, 3), _options(2)),
    ((2, 9, 2), (3, 2, 9), _options(1, strides=(2,), low=(2,), high=(1,))),
    (("batch", 7, 1), (2, 1, 4), _options(1, dilation=(3,), low=(3,))),
    ((2, 4, 5, 4), (3, 3, 2, 6), _options(2, groups=2, low=(1, 1), high=(1, 1))),
    ((2, 5, 4, 3), (3, 3, 1, 3), _options(2, groups=3, strides=(2, 1), low=(0, 1), high=(1, 1))),
    ((1, 4, 5, 3, 2), (2, 3, 2, 2, 3), _options(3, strides=(1, 2, 1), low=(1, 0, 0), high=(0, 2, 1))),
    ((1, 9, 8, 2), (2, 3, 2, 4), _options(2, strides=(3, 2), dilation=(2, 3), low=(-1, 4), high=(2, 0))),
    ((2, 5, 4, 3), (1, 1, 3, 5), _options(2, strides=(2, 2))),
    ((2, 5, 4), (2, 1, 8), _options(1, groups=4)),
    ((1, 3, 3, 2), (5, 5, 2, 3), _options(2, low=(3, 2), high=(1, 2))),
)  # fmt: skip


def _cases(form: str) -> Iterator[Case]:
    """The convolutions, and some of them seen from the other arrays: the gradients of the first have the rest.

    Their sums are long, so what is summed up is small.
    """
    small: dict[str, Any] = {"least": -0.5, "most": 0.5}
    for x, kernel, options in CONVOLUTIONS if form == "conv" else CONVOLUTIONS[3:7]:
        image = tuple(s for s in x[1:-1] if isinstance(s, int))
        result = (x[0], *(int(str(s)) for s in places_of(image, kernel[:-2], options)), kernel[-1])
        match form:
            case "conv":
                yield case(x, kernel, **small, **options)
            case "input":
                yield case(result, kernel, **small, **options, size=image)
            case "kernel":
                yield case(x, result, **small, **options, window=kernel[:-2])
            case _:
                yield case(x, result, **small, **options, window=kernel[:-2], shards=3)


OPTIONS = {**dict.fromkeys(AXES, REQUIRED), "groups": 1}
FAMILY: tuple[Op, ...] = (
    Op("conv", ("x", "kernel"), "Convolution: each place of the result is the product of a window of the image with the kernel.",
       _conv_type, _conv, Contract(), _conv_grad, options=OPTIONS, hidden=True, cases=tuple(_cases("conv"))),
    Op("conv_input_grad", ("y", "kernel"), "The gradient of a convolution's image, which is the transposed convolution.",
       _input_type, _input_grad, Contract(), _input_grad_grad, options={**OPTIONS, "size": REQUIRED}, hidden=True,
       cases=tuple(_cases("input"))),
    Op("conv_kernel_grad", ("x", "y"), "The gradient of a convolution's kernel.",
       _kernel_type, _kernel_grad, Expand(_in_parts), _kernel_grad_grad, options={**OPTIONS, "window": REQUIRED}, hidden=True,
       cases=tuple(_cases("kernel"))),
    Op("conv_kernel_parts", ("x", "y"), "The gradient of a convolution's kernel, of each part of the batch by itself.",
       _parts_type, _kernel_parts,
       Ready(lambda n: "convolve_kernel_lanes" if each_channel(n.shape, n.attrs["groups"]) else "convolve_kernel", lambda n: (n.inputs[0].shape, n.inputs[1].shape, n.shape), options_text),
       options={**OPTIONS, "window": REQUIRED, "shards": REQUIRED}, hidden=True, cases=tuple(_cases("parts"))),
)  # fmt: skip
