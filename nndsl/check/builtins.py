"""The functions that `.nn` code can call without defining them, by name."""

from __future__ import annotations

from nndsl.check import (
    array_functions,
    compile_functions,
    convolution_functions,
    image_functions,
    layer_functions,
    making_functions,
    tensor_functions,
)
from nndsl.check.values import Builtin

BUILTINS: dict[str, Builtin] = {
    f.name: f
    for f in (
        *tensor_functions.FUNCTIONS,
        *array_functions.FUNCTIONS,
        *image_functions.FUNCTIONS,
        *convolution_functions.FUNCTIONS,
        *making_functions.FUNCTIONS,
        *compile_functions.FUNCTIONS,
        *layer_functions.FUNCTIONS,
    )
}
