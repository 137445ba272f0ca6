"""Convolutions with what is done to their results, a block of places at a time."""

from __future__ import annotations

from nndsl import costs
from nndsl.ir.dims import product
from nndsl.ir.graph import Node
from nndsl.ir.loops import Apply, CallKernel, Expr, For, Let, Num, Statement, Var
from nndsl.ir.plan import Region
from nndsl.ir.types import BYTES
from nndsl.kernels import parts
from nndsl.kernels.lowering import AXES, Loops, Lowering, scalars
from nndsl.kernels.rows import loops_over, row_of
from nndsl.kernels.source import text
from nndsl.ops.convolution import each_channel, options_text
from nndsl.ops.shape import size_expr

FUNCTIONS = {"conv": "convolve", "conv_input_grad": "convolve_back"}


def leads(region: Region) -> bool:
    """Whether a region begins with a convolution."""
    return bool(region.nodes) and region.nodes[0].op in FUNCTIONS


def places(state: Lowering) -> Loops:
    """The places of the result in order, of all images one after the other.

    Where something follows, they are made in blocks of whole lines: a line is what shares an index of the first two
    axes.
    """
    region, space = state.region, state.region.space
    node, head = region.nodes[0], scalars(state)
    begin, end = Var("begin"), Var("end")
    if len(region.nodes) == 1 and not region.assigns:
        return size_expr(product(space[:-1])), costs.ROW_TILE, [*head, _call(state, node, begin, end)]
    line = product(space[2:-1])
    step = costs.block_lines(line, space[-1], BYTES[node.dtype])
    block, lines = Var("block"), Var("lines")
    # Loops over the first two axes that go from line `block` to line `lines`.
    height = size_expr(space[1])
    first, last = block // height, (lines + height - 1) // height
    above = Apply("max", (block - Var(AXES[0]) * height, Num(0, "int")), "int")
    below = Apply("min", (lines - Var(AXES[0]) * height, height), "int")
    inner = loops_over(state, 2, lambda index: row_of(state, index), (Var(AXES[0]), Var(AXES[1])))
    body = (
        Let("lines", Apply("min", (block + step, end), "int")),
        _call(state, node, block * size_expr(line), lines * size_expr(line)),
        For(AXES[0], first, last, (For(AXES[1], above, below, tuple(inner)),)),
    )
    grain: Expr = Num(1, "int")
    if parts.has_parts(state):
        grain = parts.length_of(state) * height
        head = [*head, *parts.cleared(state, grain)]
    return size_expr(product(space[:2])), grain, [*head, For("block", begin, end, body, step=step)]


def _call(state: Lowering, node: Node, start: Expr, stop: Expr) -> Statement:
    """The places `start:stop` of a convolution."""
    arrays = [state.array(n) for n in (*node.inputs, node)]
    lanes = "_lanes" if each_channel(node.inputs[1].shape, node.attrs["groups"]) else ""
    return CallKernel(FUNCTIONS[node.op] + lanes, (*arrays, *options_text(node), text(start), text(stop)))
