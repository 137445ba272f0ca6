"""Kernels that differ in names alone are compiled once.

Two layers of one shape give kernels with the same text but for the names of their arrays and values. The later one
is dropped and its place in the entry calls the earlier one with its own arrays: many equal blocks compile as fast as
one.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Hashable, Mapping
from dataclasses import replace

from nndsl.ir.loops import Kernel
from nndsl.ir.plan import Region
from nndsl.kernels import names, source
from nndsl.kernels.lowering import Argument

Lowered = dict[Region, tuple[Kernel, list[Argument]]]

WORD = re.compile(r"(?<![\w.])([A-Za-z_]\w*)")
FIXED = (
    "above", "abs", "begin", "bool", "end", "f32", "f64", "i32", "i64", "inf", "left", "max", "min", "nan", "range",
    "right", "worker", "workers", *keyword.kwlist, *names.INTRINSICS,
    *(n for offered in names.MODULES.values() for n in offered),
)  # fmt: skip


def merged(lowered: Mapping[Region, tuple[Kernel, list[Argument]]]) -> tuple[tuple[Kernel, ...], Lowered]:
    """The kernels to be written, and for each region the one that serves it with the region's own arrays."""
    kept: dict[Hashable, Kernel] = {}
    found: Lowered = {}
    docs: dict[str, dict[str, None]] = {}
    for region, (kernel, arguments) in lowered.items():
        first = kept.setdefault(shape_of(kernel), kernel)
        docs.setdefault(first.name, {}).update(dict.fromkeys(kernel.doc))
        found[region] = (first, arguments)
    full = {k.name: replace(k, doc=tuple(docs[k.name]), sizes=source.used_sizes(k)) for k in kept.values()}
    return tuple(full.values()), {region: (full[k.name], arguments) for region, (k, arguments) in found.items()}


def shape_of(kernel: Kernel) -> Hashable:
    """The kernel's text with its own names numbered, and what its arrays and numbers are."""
    between = WORD.split("\n".join(source.work(kernel)))  # every other one is a word
    known = {name: name for name in (*FIXED, *kernel.sizes, *kernel.scalars)}
    known.update((name, f"_{i}") for i, name in enumerate(kernel.buffers))
    between[1::2] = [known.setdefault(word, f"_{len(known)}") for word in between[1::2]]
    return "".join(between), kernel.types, kernel.sizes, kernel.scalars
