"""Golden values of the layers of windows, sizes and edges: pooling, stretching, padding, cutting.

KERAS_BACKEND=torch /tmp/goldens/bin/python tools/golden_images.py
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import keras
import torch
from golden_case import Case, golden, plain_case
from golden_files import write
from golden_layers import dtypes

L = keras.layers
F = torch.nn.functional
SYMBOLS = ["batch", "time", "more"]


def nn(value: Any) -> str:
    """A Python value as `.nn` text."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return f'"{value}"'
        case tuple() | list():
            return f"[{', '.join(map(nn, value))}]"
    return "none" if value is None else str(value)


def types_of(shape: list[int], symbolic: int) -> list[str]:
    """The first sizes by name, the others as numbers."""
    return [f"f32[{', '.join([*SYMBOLS[:symbolic], *map(str, shape[symbolic:])])}]"]


def cases(name: str, shape: list[int], symbolic: int = 2, text: str | None = None, **options: Any) -> Iterator[Case]:
    """One layer of Keras; `text` is its name here, where that is another one."""
    called = f"{text or name}({', '.join(f'{k}={nn(v)}' for k, v in options.items())})"
    yield plain_case(name, called, getattr(L, name)(**options), shape, types=types_of(shape, symbolic))


def torch_case(
    text: str, shape: list[int], run: Callable[..., Any], symbolic: int = 2, body: str | None = None
) -> Iterator[Case]:
    """A function of PyTorch, whose channels are moved to the end."""

    def moved(x: Any, training: bool) -> Any:
        return run(x.movedim(-1, 1)).movedim(1, -1)

    stated = {"body": f"y = {text.replace('(', '(l(x0), ', 1)}"} if body is None else {"body": body}
    layer = "Identity()" if body is None else text
    yield Case(f"torch {text} of {' '.join(map(str, shape))}", layer, [shape], {}, moved,
               types=types_of(shape, symbolic), **stated)  # fmt: skip


def same(name: str, shape: list[int], window: list[int], strides: list[int]) -> Iterator[Case]:
    """Padding "same" where one side gets more: there Keras on PyTorch repeats elements, and they count in a mean.

    This is what Keras gives on JAX and TensorFlow.
    """
    flat: list[int] = []
    for n, k, s in zip(shape[1:-1], window, strides, strict=True):
        total = max(0, (-(-n // s) - 1) * s + k - n)
        flat = [total // 2, total - total // 2, *flat]
    axes = len(window)

    def run(x: Any, training: bool) -> Any:
        moved = x.movedim(-1, 1)
        if name.startswith("Max"):
            pooled = getattr(F, f"max_pool{axes}d")(F.pad(moved, flat, value=float("-inf")), window, strides)
        else:
            sums, counts = (
                getattr(F, f"avg_pool{axes}d")(F.pad(v, flat), window, strides) for v in (moved, torch.ones_like(moved))
            )
            pooled = sums / counts
        return pooled.movedim(1, -1)

    text = f'{name}({nn(window)}, strides={nn(strides)}, padding="same")'
    yield Case(f"{text} of {' '.join(map(str, shape))}", text, [shape], {}, run, types=types_of(shape, 3))


def pooling() -> Iterator[Case]:
    for kind in ("Max", "Average"):
        one, two, three = (f"{kind}Pooling{n}D" for n in (1, 2, 3))
        yield from cases(one, [2, 6, 3], pool_size=2)
        yield from cases(one, [2, 7, 2], pool_size=3, strides=2)
        yield from cases(one, [1, 5, 2], pool_size=2, strides=3, padding="same")
        yield from cases(one, [2, 5, 1], pool_size=3, strides=1, padding="same")
        yield from cases(one, [1, 10, 2], pool_size=3, strides=5, padding="same")
        yield from cases(two, [2, 4, 5, 3], 3, pool_size=2)
        yield from cases(two, [1, 6, 5, 2], 3, pool_size=(3, 2), strides=(2, 1))
        yield from same(two, [1, 6, 5, 2], [3, 3], [2, 2])
        yield from cases(two, [2, 5, 3, 1], 3, pool_size=2, padding="same")
        yield from cases(three, [1, 4, 3, 5, 2], 1, pool_size=2)
        yield from same(three, [1, 3, 2, 4, 2], [2, 1, 3], [1, 1, 2])
    yield from cases("MaxPooling2D", [1, 4, 4, 2], 3, text="MaxPool2D")
    yield from cases("MaxPooling3D", [1, 2, 3, 4, 1], 3, text="MaxPool3D")
    yield from cases("AveragePooling2D", [1, 4, 4, 2], 3, text="AvgPool2D", pool_size=2)
    for kind in ("Max", "Average"):
        for axes, shape in ((1, [2, 3, 2]), (2, [2, 3, 2, 2]), (3, [1, 2, 2, 3, 2])):
            for keepdims in (False, True):
                yield from cases(f"Global{kind}Pooling{axes}D", shape, min(axes + 1, 3), keepdims=keepdims)
    yield plain_case(
        "GlobalAveragePooling1D",
        "GlobalAveragePooling1D()",
        L.GlobalAveragePooling1D(),
        [2, 4, 3],
        types=types_of([2, 4, 3], 2),
        note=" with a mask",
        body="y = l(x0, mask=mask)",
        masks={"mask": [[1, 1, 0, 1], [0, 1, 1, 0]]},
    )
    for kind in ("Max", "Average"):
        yield from cases(f"Adaptive{kind}Pooling1D", [2, 7, 2], output_size=3)
        yield from cases(f"Adaptive{kind}Pooling2D", [1, 5, 4, 2], 3, output_size=(2, 3))
        yield from cases(f"Adaptive{kind}Pooling2D", [1, 2, 4, 2], 3, output_size=(3, 2))
        yield from cases(f"Adaptive{kind}Pooling3D", [1, 3, 4, 5, 1], 3, output_size=(2, 3, 2))
    for n, shape in ((1, [2, 7, 3]), (2, [1, 5, 6, 2]), (3, [1, 4, 3, 5, 1])):
        symbolic = min(n + 1, 3)
        larger, smaller = getattr(F, f"max_pool{n}d"), getattr(F, f"avg_pool{n}d")
        yield from torch_case("max_pool(3, strides=2, padding=1)", shape, lambda x, f=larger: f(x, 3, 2, 1), symbolic)
        for counted in (False, True):
            yield from torch_case(
                f"average_pool(3, strides=2, padding=1, count_padding={nn(counted)})",
                shape,
                lambda x, f=smaller, c=counted: f(x, 3, 2, 1, count_include_pad=c),
                symbolic,
            )
    yield from torch_case(
        "max_pool([2, 3], strides=[1, 2], padding=[1, 0])",
        [1, 4, 5, 2],
        lambda x: F.max_pool2d(x, (2, 3), (1, 2), (1, 0)),
        3,
    )


def images() -> Iterator[Case]:
    yield from cases("UpSampling1D", [2, 3, 2])
    yield from cases("UpSampling1D", [1, 2, 3], size=3)
    yield from cases("UpSampling2D", [1, 2, 3, 2], 3)
    yield from cases("UpSampling2D", [2, 2, 1, 3], 3, size=(1, 3))
    yield from cases("UpSampling2D", [1, 3, 2, 2], 3, size=(2, 3), interpolation="bilinear")
    yield from cases("UpSampling3D", [1, 2, 1, 2, 2], 3)
    yield from cases("UpSampling3D", [1, 1, 2, 2, 1], 3, size=(3, 1, 2))
    for interpolation in ("nearest", "bilinear"):
        for height, width in ((5, 7), (2, 3), (4, 1)):
            options = {"height": height, "width": width, "interpolation": interpolation}
            yield from cases("Resizing", [1, 4, 5, 2], 3, **options)
    for n, shape in ((1, [2, 3, 2]), (2, [1, 3, 2, 2]), (3, [1, 2, 3, 2, 1])):
        symbolic = min(n + 1, 3)
        yield from cases(f"ZeroPadding{n}D", shape, symbolic)
        yield from cases(f"ZeroPadding{n}D", shape, symbolic, padding=(2, 1, 0)[:n] if n > 1 else (2, 1))
        wide = [*[1, 5, 4, 6][: n + 1], 2]
        yield from cases(f"Cropping{n}D", wide, symbolic, cropping=1)
        yield from cases(f"Cropping{n}D", wide, symbolic, cropping=(1, 1, 2)[:n] if n > 1 else (2, 1))
    yield from cases("ZeroPadding2D", [1, 2, 3, 1], 3, padding=((1, 0), (2, 3)))
    yield from cases("Cropping2D", [1, 4, 5, 1], 3, cropping=((1, 0), (0, 2)))
    yield from cases("ZeroPadding3D", [1, 2, 2, 1, 1], 3, padding=((1, 0), (0, 2), (1, 1)))
    for mode, theirs in (("reflect", "reflect"), ("edge", "replicate"), ("wrap", "circular")):
        for widths, flat in (("[[0, 0], [2, 1], [0, 0]]", (2, 1)), ("[[0, 0], [0, 2], [0, 0]]", (0, 2))):
            yield from torch_case(f'pad({widths}, mode="{mode}")', [2, 4, 3],
                                  lambda x, f=flat, m=theirs: F.pad(x, f, mode=m))  # fmt: skip
        yield from torch_case(f'pad([[0, 0], [1, 2], [3, 0], [0, 0]], mode="{mode}")', [1, 4, 5, 2],
                              lambda x, m=theirs: F.pad(x, (3, 0, 1, 2), mode=m), 3)  # fmt: skip
    yield from torch_case("PixelShuffle(2)", [1, 2, 3, 8], lambda x: F.pixel_shuffle(x, 2), 3, "y = l(x0)")
    yield from torch_case("PixelUnshuffle(2)", [1, 4, 6, 3], lambda x: F.pixel_unshuffle(x, 2), 1, "y = l(x0)")
    yield from cases("CenterCrop", [1, 5, 6, 2], 3, height=3, width=3)
    yield from cases("CenterCrop", [1, 3, 4, 2], 3, height=3, width=2)
    yield from cases("PReLU", [2, 3], 1)
    yield from cases("PReLU", [2, 3, 2], 1, shared_axes=[1])
    yield from cases("PReLU", [1, 2, 3, 2], 1, shared_axes=[1, 2])
    yield from cases("PReLU", [1, 2, 1, 3, 2], 1)
    yield from cases("Rescaling", [2, 3, 2], scale=0.5, offset=-1.0)
    yield from cases("Normalization", [2, 3, 2], mean=[0.5, -1.0], variance=[2.0, 0.25])
    yield from cases("Normalization", [2, 3, 2], mean=0.5, variance=4.0, invert=True)
    yield from cases("Identity", [2, 3])
    for options in ({}, {"axis": 1, "epsilon": 0.1}, {"scale": False, "center": False}):
        axis = options.get("axis", -1)
        make = L.GroupNormalization(-1, **options)
        text = f"InstanceNormalization({', '.join(f'{k}={nn(v)}' for k, v in options.items())})"
        yield plain_case("InstanceNormalization", text, make, [2, 3, 2, 4] if axis == 1 else [2, 3, 4],
                         types=["f32[batch, 3, 2, 4]" if axis == 1 else "f32[batch, time, 4]"])  # fmt: skip


if __name__ == "__main__":
    keras.config.set_floatx("float64")
    # On PyTorch, Keras rounds what it joins to f32 even then; this keeps it from that.
    dtypes.BIT64_TO_BIT32_DTYPE.pop("float64")
    for name, room in (("pooling", pooling), ("images", images)):
        write(f"layers_{name}", {}, [golden(case, seed) for seed, case in enumerate(room())])
