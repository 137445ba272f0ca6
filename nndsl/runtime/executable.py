"""A program ready to run, by either engine: arrays in, outputs out, params and states changed in place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from nndsl.ir.graph import Graph
from nndsl.runtime import interpreter


class Executable(Protocol):
    """What a session needs of a program."""

    seconds: float
    """What it cost to make ready."""
    compiled: bool
    """Whether it was compiled now, not loaded from the cache."""

    def run(
        self, inputs: Mapping[str, Any], store: Mapping[str, Any], scalars: Mapping[str, Any], sizes: Mapping[str, int]
    ) -> dict[str, Any]:
        """Outputs by name (fresh arrays). `store` holds params and states by name and is changed in place."""
        ...


@dataclass
class Interpreted:
    """The NumPy engine."""

    graph: Graph
    seconds: float = 0.0
    compiled: bool = False

    def run(
        self, inputs: Mapping[str, Any], store: Mapping[str, Any], scalars: Mapping[str, Any], sizes: Mapping[str, int]
    ) -> dict[str, Any]:
        outputs, updates = interpreter.run(self.graph, {**store, **inputs}, scalars, sizes)
        # An output may be a param itself: it is what the param was before the update.
        outputs = {name: value.copy() for name, value in outputs.items()}
        for name, value in updates.items():
            store[name][...] = value
        return outputs
