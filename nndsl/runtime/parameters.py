"""First values of params, states and slots: each a function of the seed and its own name."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import numpy as np

from nndsl.ir.graph import ParamSpec
from nndsl.runtime.interpreter import evaluate_initial
from nndsl.runtime.pages import memory


def key_of(seed: int, name: str) -> int:
    """A key for the draws of one array: adding a layer leaves the others' values as they were."""
    digest = hashlib.blake2b(f"{seed}/{name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)


def draw(specs: Iterable[ParamSpec], seed: int, known: dict[str, Any] | None = None) -> dict[str, Any]:
    """Arrays by name. `known` are params that first values may be computed from."""
    return {spec.name: placed(evaluate_initial(spec.initial, key_of(seed, spec.name), known)) for spec in specs}


def placed(array: Any) -> Any:
    """A copy that starts on a cache line, so that no vector of it lies on two."""
    array = np.asarray(array)
    copy = memory(array.nbytes).view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy
