"""Golden values of the convolution layers.

KERAS_BACKEND=torch /tmp/goldens/bin/python tools/golden_convolution.py
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import keras
import torch
from golden_case import Case, golden
from golden_files import write
from golden_images import cases, types_of
from golden_layers import dtypes

F = torch.nn.functional


def plain() -> Iterator[Case]:
    yield from cases("Conv1D", [2, 5, 3], filters=4, kernel_size=3)
    yield from cases("Conv1D", [1, 8, 2], filters=3, kernel_size=2, strides=3, padding="same")
    yield from cases("Conv1D", [2, 6, 2], filters=2, kernel_size=4, padding="same", activation="relu")
    yield from cases("Conv1D", [1, 7, 2], filters=2, kernel_size=3, padding="causal", dilation_rate=2)
    yield from cases("Conv1D", [2, 4, 4], filters=6, kernel_size=2, groups=2, use_bias=False)
    yield from cases("Conv1D", [1, 9, 1], filters=2, kernel_size=3, strides=2, padding="causal")
    yield from cases("Conv2D", [2, 4, 5, 3], 3, filters=4, kernel_size=3)
    yield from cases("Conv2D", [1, 5, 6, 2], 3, filters=3, kernel_size=(2, 3), strides=(2, 1), padding="same")
    yield from cases("Conv2D", [1, 6, 5, 2], 3, filters=2, kernel_size=3, strides=2, padding="same", activation="tanh")
    yield from cases("Conv2D", [1, 6, 7, 2], 3, filters=2, kernel_size=3, dilation_rate=(2, 3), use_bias=False)
    yield from cases("Conv2D", [1, 5, 4, 4], 3, filters=4, kernel_size=2, groups=2, padding="same")
    yield from cases("Conv2D", [1, 5, 5, 3], 3, filters=6, kernel_size=3, groups=3, strides=2)
    yield from cases("Conv2D", [2, 3, 3, 2], 3, filters=3, kernel_size=1)
    yield from cases("Conv2D", [1, 7, 6, 1], 3, filters=2, kernel_size=1, strides=3, padding="same")
    yield from cases("Conv2D", [1, 7, 8, 1], 3, filters=2, kernel_size=3, strides=4, padding="same")
    yield from cases("Conv3D", [1, 3, 4, 3, 2], 1, filters=2, kernel_size=2)
    yield from cases("Conv3D", [1, 3, 4, 5, 1], 1, filters=2, kernel_size=(2, 3, 1), strides=(1, 2, 2), padding="same")
    yield from cases("Conv3D", [2, 3, 3, 3, 2], 1, filters=2, kernel_size=2, groups=2, dilation_rate=2, use_bias=False)


def depthwise() -> Iterator[Case]:
    yield from cases("DepthwiseConv1D", [2, 5, 3], kernel_size=3)
    yield from cases("DepthwiseConv1D", [1, 7, 2], kernel_size=2, strides=2, padding="same", depth_multiplier=3)
    yield from cases("DepthwiseConv1D", [1, 7, 2], kernel_size=3, dilation_rate=2, use_bias=False, activation="relu")
    yield from cases("DepthwiseConv2D", [2, 4, 5, 3], 3, kernel_size=3)
    yield from cases("DepthwiseConv2D", [1, 5, 6, 2], 3, kernel_size=(2, 3), strides=2, padding="same")
    yield from cases("DepthwiseConv2D", [1, 4, 4, 2], 3, kernel_size=2, depth_multiplier=2, use_bias=False)
    yield from cases("DepthwiseConv2D", [1, 6, 6, 2], 3, kernel_size=2, dilation_rate=(2, 3), activation="tanh")
    yield from cases("SeparableConv1D", [2, 5, 3], filters=4, kernel_size=3)
    yield from cases("SeparableConv1D", [1, 6, 2], filters=3, kernel_size=2, strides=2, padding="same",
                     depth_multiplier=2)  # fmt: skip
    yield from cases("SeparableConv1D", [1, 7, 2], filters=2, kernel_size=3, dilation_rate=2, use_bias=False)
    yield from cases("SeparableConv2D", [2, 4, 5, 2], 3, filters=3, kernel_size=3)
    yield from cases("SeparableConv2D", [1, 5, 4, 2], 3, filters=2, kernel_size=2, strides=2, padding="same",
                     depth_multiplier=2)  # fmt: skip
    yield from cases("SeparableConv2D", [1, 5, 6, 2], 3, filters=2, kernel_size=(2, 3), use_bias=False,
                     activation="relu")  # fmt: skip


def transposed() -> Iterator[Case]:
    yield from cases("Conv1DTranspose", [2, 4, 3], filters=2, kernel_size=3)
    yield from cases("Conv1DTranspose", [1, 4, 2], filters=3, kernel_size=3, strides=2, padding="same")
    yield from cases("Conv1DTranspose", [1, 4, 2], filters=2, kernel_size=2, strides=3)
    yield from cases("Conv1DTranspose", [1, 3, 2], filters=2, kernel_size=3, strides=3, output_padding=1,
                     padding="same")  # fmt: skip
    yield from cases("Conv1DTranspose", [1, 4, 2], filters=2, kernel_size=2, dilation_rate=2, use_bias=False)
    yield from cases("Conv2DTranspose", [2, 3, 4, 2], 3, filters=3, kernel_size=3)
    yield from cases("Conv2DTranspose", [1, 3, 2, 2], 3, filters=2, kernel_size=3, strides=2, padding="same")
    yield from cases("Conv2DTranspose", [1, 2, 3, 2], 3, filters=2, kernel_size=(2, 4), strides=(3, 2), padding="same",
                     activation="relu")  # fmt: skip
    yield from cases("Conv2DTranspose", [1, 3, 2, 2], 3, filters=2, kernel_size=3, strides=2, output_padding=(1, 0))
    yield from cases("Conv2DTranspose", [1, 3, 2, 2], 3, filters=2, kernel_size=3, strides=2, output_padding=1,
                     padding="same", use_bias=False)  # fmt: skip
    yield from cases("Conv2DTranspose", [1, 3, 3, 1], 3, filters=2, kernel_size=2, dilation_rate=2, padding="same")
    yield from cases("Conv3DTranspose", [1, 2, 3, 2, 2], 1, filters=2, kernel_size=2)
    yield from cases("Conv3DTranspose", [1, 2, 2, 3, 1], 1, filters=2, kernel_size=(1, 2, 3), strides=2, padding="same")
    yield from cases("Conv3DTranspose", [1, 2, 1, 2, 2], 1, filters=2, kernel_size=3, strides=(1, 2, 2), use_bias=False)


def functions() -> Iterator[Case]:
    """What PyTorch has and Keras has not: padding by numbers, strides beside dilation, transposed groups."""
    for axes, shape, groups in ((1, [2, 7, 4], 2), (2, [1, 5, 6, 2], 1), (3, [1, 4, 3, 5, 2], 1)):
        channels = shape[-1]
        kernel = [*[3, 2, 3][:axes], channels // groups, channels]
        waves = torch.cos(torch.arange(math.prod(kernel), dtype=torch.float64)).reshape(kernel)
        theirs = waves.movedim([-1, -2], [0, 1]).contiguous()
        made = f"k = reshape(cos(cast(arange({math.prod(kernel)}), f32)), {kernel})"
        for form, options in (("conv", {"dilation": 2}), ("conv_transpose", {"output_padding": 1})):
            options = {"strides": 2, "padding": 1, "groups": groups, **options}
            convolve = getattr(F, f"{form}{axes}d")
            spelled = {{"strides": "stride"}.get(k, k): v for k, v in options.items()}

            def run(x: Any, training: bool, f: Any = convolve, k: Any = theirs, given: Any = spelled) -> Any:
                return f(x.movedim(-1, 1), k, **given).movedim(1, -1)

            call = f"{form}(l(x0), k, {', '.join(f'{k}={v}' for k, v in options.items())})"
            yield Case(f"torch {form}{axes}d", "Identity()", [shape], {}, run, f"{made}\n  y = {call}",
                       types_of(shape, (2, 3, 1)[axes - 1]))  # fmt: skip


def named(case: Case) -> Case:
    """Activations are names in `.nn`."""
    for name in ("relu", "tanh"):
        case.layer = case.layer.replace(f'activation="{name}"', f"activation={name}")
        case.name = case.name.replace(f'activation="{name}"', f"activation={name}")
    return case


def contiguous(convolve: Callable[..., Any]) -> Callable[..., Any]:
    """In f64 some of PyTorch's gradients are refused for the views that Keras makes of its kernels."""
    return lambda x, kernel, *rest, **options: convolve(x, kernel.contiguous(), *rest, **options)


if __name__ == "__main__":
    for axes in (1, 2, 3):
        for form in ("conv", "conv_transpose"):
            setattr(F, f"{form}{axes}d", contiguous(getattr(F, f"{form}{axes}d")))
    keras.config.set_floatx("float64")
    # On PyTorch, Keras rounds what it joins to f32 even then; this keeps it from that.
    dtypes.BIT64_TO_BIT32_DTYPE.pop("float64")
    rooms = (plain, depthwise, transposed, functions)
    made = [named(case) for room in rooms for case in room()]
    write("layers_convolution", {}, [golden(case, seed) for seed, case in enumerate(made)])
