"""Names of sizes: a model may call one `i`, `range` or `class`, which generated code has for something else.

Such a size gets another name before anything is planned; `Module.sizes` says what the runtime knows it by.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from nndsl.ir.dims import Dim, Size, substitute, symbols
from nndsl.ir.graph import Graph, Node
from nndsl.ir.rewrite import rewrite
from nndsl.kernels.lowering import AXES
from nndsl.kernels.memory import all_nodes
from nndsl.kernels.names import WORDS

NUMBERS = {"key", "learning_rate", "step"}
"""What is supplied with each run, under these names."""
ENTRY = re.compile(r".*_(?:kernel|at|next|spare|step|to)(?:_\d+)?|lines|sync|table|turn")
"""What the entry calls kernels, and places that change from step to step."""


def with_free_names(graph: Graph) -> tuple[Graph, dict[str, str]]:
    """The graph with a new name for each size whose name is taken, and the old name of each new one."""
    sizes = dict.fromkeys(size for node in all_nodes(graph) for size in _sizes(node))
    used = dict.fromkeys(name for size in sizes for name in symbols(size))
    new: dict[str, str] = {}
    for name in used:
        free = name
        while taken(free) or (free != name and free in used):
            free = f"{free}_size"
        if free != name:
            new[name] = free
    if not new:
        return graph, {}
    known: dict[str, Size] = {old: Dim.symbol(free) for old, free in new.items()}

    def renamed(node: Node) -> Node:
        attrs = {key: _renamed(value, known) for key, value in node.attrs.items()}
        shape = tuple(substitute(size, known) for size in node.shape)
        if shape == node.shape and attrs == node.attrs:
            return node
        return replace(node, attrs=attrs, type=node.type.with_shape(shape))

    return rewrite(graph, renamed), {free: old for old, free in new.items()}


def taken(name: str) -> bool:
    """Whether generated code has this word for something else than a size."""
    return name in WORDS or name in AXES or name in NUMBERS or ENTRY.fullmatch(name) is not None


def _sizes(node: Node) -> list[Dim]:
    return [size for size in (*node.shape, *_within(tuple(node.attrs.values()))) if isinstance(size, Dim)]


def _within(value: Any) -> list[Dim]:
    if isinstance(value, Dim):
        return [value]
    return [size for item in value for size in _within(item)] if isinstance(value, tuple | list) else []


def _renamed(value: Any, known: dict[str, Size]) -> Any:
    if isinstance(value, Dim):
        return substitute(value, known)
    return type(value)(_renamed(item, known) for item in value) if type(value) in (tuple, list) else value
