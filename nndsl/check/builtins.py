"""The functions that `.nn` code can call without defining them, by name."""

from __future__ import annotations

from nndsl.check import compile_functions, tensor_functions
from nndsl.check.values import Builtin

BUILTINS: dict[str, Builtin] = {f.name: f for f in (*tensor_functions.FUNCTIONS, *compile_functions.FUNCTIONS)}
