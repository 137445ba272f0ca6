"""Scans whose workers need not wait for each other: each takes its rows through all steps.

A step of a recurrent net reads and writes the rows of its batch one by one: row i of every value comes from row i of
others, and from what was there before the scan. Where that holds for all kernels of a body, and all of them share
the same rows in the same way, a worker meets only what it wrote itself, so the barriers between kernels and between
steps are for nothing.

It is read off the loops, where nothing is hidden: each place in a value of the body must begin with the index of the
loop over the worker's own rows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from nndsl.ir.graph import Body, Node
from nndsl.ir.loops import (
    Accumulate,
    ArgStep,
    Binary,
    CallKernel,
    Expr,
    For,
    If,
    Kernel,
    Let,
    Load,
    Num,
    Statement,
    Store,
    Var,
    parts,
)
from nndsl.ir.plan import Region
from nndsl.kernels.lowering import ABOVE, Argument
from nndsl.kernels.source import text

PLAIN = ("product_nn", "product_nt", "product_nn_passing", "product_nt_passing")
OWN = ("begin", "block")
"""Where loops over a worker's own rows start."""

Lowered = dict[Region, tuple[Kernel, list[Argument]]]


def without_barriers(regions: Collection[Region], lowered: Lowered) -> tuple[Lowered, frozenset[Region]]:
    """The kernels, those of such scans with one grain, and the scans."""
    found: set[Region] = set()
    out = dict(lowered)
    for scan in [r for r in regions if r.form == "scan"]:
        inner, deeper = without_barriers(scan.body, out)
        out, found = inner, found | deeper
        if _is_row_wise(scan, out):
            found.add(scan)
            grains = [out[region][0].grain for region in scan.body]
            grain = max(g for g in grains if isinstance(g, int))
            for region in scan.body:
                kernel, arguments = out[region]
                out[region] = replace(kernel, grain=grain), arguments
    return out, frozenset(found)


def _is_row_wise(scan: Region, lowered: Mapping[Region, tuple[Kernel, list[Argument]]]) -> bool:
    body: Body = scan.nodes[0].attrs["body"]
    if any(region.form != "rows" for region in scan.body):
        return False
    made = {*body.carries, *body.next, *(n for region in scan.body for n in region.nodes)}
    kernels = [lowered[region] for region in scan.body]
    extents = {text(k.split) if k.split is not None and k.across is None else None for k, _ in kernels}
    if len(extents) != 1 or None in extents:
        return False
    return all(_stays_in_rows(kernel, arguments, made) for kernel, arguments in kernels)


def _stays_in_rows(kernel: Kernel, arguments: list[Argument], made: Collection[Node]) -> bool:
    """Whether all places in what the body makes begin with a row of the worker."""
    assert kernel.split is not None
    extent = text(kernel.split)
    own = {a.name for a in arguments if a.home in made}
    for argument in arguments:
        if argument.name in own:
            leading = [str(shape[0]) if shape else "" for shape in (argument.shape, argument.home.shape)]
            if leading != [extent, extent]:
                return False
    return all(_statement(s, own, frozenset()) for s in kernel.body)


def _statement(node: Statement, own: set[str], rows: frozenset[str]) -> bool:
    match node:
        case For():
            mine = isinstance(node.start, Var) and node.start.name in OWN
            inner = rows | {node.index} if mine and node.step == 1 else rows - {node.index}
            bounds = _expr(node.start, own, rows) and _expr(node.stop, own, rows)
            return bounds and all(_statement(s, own, inner) for s in node.body)
        case If():
            return _expr(node.condition, own, rows) and all(_statement(s, own, rows) for s in node.body)
        case Let() | Accumulate() | ArgStep():
            return _expr(node.value, own, rows)
        case Store():
            return _place(node.buffer, node.index, own, rows) and _expr(node.value, own, rows)
        case CallKernel(function, given):
            # The rows of a product: of its left side the same ones are read, of the right side all.
            plain = function in PLAIN and given[3] in OWN
            return plain and given[1] not in own
    return True


def _place(buffer: str, index: tuple[Expr, ...], own: set[str], rows: frozenset[str]) -> bool:
    first = index[0] if index else Num(0, "int")
    if isinstance(first, Binary) and first.op == "-" and first.right == Var(ABOVE):
        first = first.left
    mine = buffer not in own or (isinstance(first, Var) and first.name in rows)
    return mine and all(_expr(i, own, rows) for i in index)


def _expr(node: Expr, own: set[str], rows: frozenset[str]) -> bool:
    if isinstance(node, Load):
        return _place(node.buffer, node.index, own, rows)
    return all(_expr(part, own, rows) for part in parts(node))
