"""Regions whose rows are computed one after the other, and matrix products with what is done to their rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nndsl import costs
from nndsl.ir.graph import Node
from nndsl.ir.loops import Apply, CallKernel, Expr, For, If, Let, Num, Statement, Var, equal
from nndsl.ir.types import BYTES
from nndsl.kernels import parts
from nndsl.kernels.lowering import ABOVE, AXES, Loops, Lowering, copies, reduced, reduction, scalars
from nndsl.kernels.phases import is_contraction, is_row_reduction, phases, role
from nndsl.kernels.source import text
from nndsl.ops.shape import size_expr


def loops_over(
    state: Lowering,
    first: int,
    body: Callable[[tuple[Expr, ...]], list[Statement]],
    outer: Sequence[Expr] = (),
    bounds: tuple[Expr, Expr] | None = None,
    cut: int | None = None,
) -> list[Statement]:
    """Loops over the axes of the space from `first` to the last but one, around `body(index)`; `bounds` are those of
    the axis `cut`, else of the first."""
    space, index = state.region.space, tuple(outer)

    def nest(axis: int) -> list[Statement]:
        if axis == len(space) - 1:
            return body((*index, *(Var(AXES[a]) for a in range(first, axis))))
        here = axis == (first if cut is None else cut)
        start, stop = bounds if here and bounds is not None else (Num(0, "int"), size_expr(space[axis]))
        return [For(AXES[axis], start, stop, tuple(nest(axis + 1)))]

    return nest(first)


def rows(state: Lowering) -> Loops:
    """A loop over the rows; inside it, what is done to one row."""
    region, space = state.region, state.region.space
    head = scalars(state)
    if len(space) == 0:
        return None, 1, [*head, *_single(state)]
    if len(space) == 1:
        elements = tuple(_elements(state, (Var(AXES[0]),), phases(region).at(0), first=True))
        return size_expr(space[0]), costs.LINE, [*head, For(AXES[0], Var("begin"), Var("end"), elements)]
    product_node = region.nodes[0] if region.nodes and region.nodes[0].op == "matmul" else None
    begin, end = Var("begin"), Var("end")
    grain: int | Expr = costs.ROW_TILE if len(space) == 2 else 1
    if parts.has_parts(state):
        grain = parts.length_of(state)
        head = [*head, *parts.cleared(state, grain, area=product_node is not None and _in_area(state))]

    def row(index: tuple[Expr, ...]) -> list[Statement]:
        return row_of(state, index)

    if product_node is None:
        cut, grain = (0, grain) if parts.has_parts(state) else (costs.shared_axis(space), 1)
        return size_expr(space[cut]), grain, [*head, *loops_over(state, 0, row, bounds=(begin, end), cut=cut)]
    state.array(product_node)
    if _in_area(state):
        return size_expr(space[0]), grain, [*head, *_area_of_product(state, product_node)]
    alone = len(region.nodes) == 1 and not region.assigns
    if len(space) == 3:
        call = _product_call(state, product_node, Num(0, "int"), size_expr(space[1]), Var(AXES[0]))
        rows = [] if alone else loops_over(state, 1, row, outer=(Var(AXES[0]),))
        return size_expr(space[0]), grain, [*head, For(AXES[0], begin, end, (call, *rows))]
    if alone:
        return size_expr(space[0]), costs.ROW_TILE, [*head, _product_call(state, product_node, begin, end)]
    return size_expr(space[0]), grain, [*head, *_in_blocks(state, product_node, row)]


def _in_area(state: Lowering) -> bool:
    """Whether workers may share the columns of a product as well as its rows: what is done to whole rows is not cut."""
    space = state.region.space
    if state.inside or len(space) != 2 or not costs.columns_pay(space[1]):
        return False
    return all(role(n, space) != "row" for n in state.region.nodes) and phases(state.region).count <= 1


def _area_of_product(state: Lowering, node: Node) -> list[Statement]:
    """Blocks of a worker's rows, of which it computes its columns."""
    width = state.region.space[1]
    state.across = size_expr(width)
    begin, end, left, right = (Var(name) for name in ("begin", "end", "left", "right"))
    if len(state.region.nodes) == 1 and not state.region.assigns:
        return [_product_call(state, node, begin, end, columns=(left, right))]

    def row(index: tuple[Expr, ...]) -> list[Statement]:
        inner = AXES[1]
        elements = tuple(_elements(state, (*index, Var(inner)), phases(state.region).at(0), first=True))
        return [*parts.part_of_row(state), For(inner, left, right, elements)]

    return _in_blocks(state, node, row, (left, right))


def _in_blocks(
    state: Lowering,
    node: Node,
    row: Callable[[tuple[Expr, ...]], list[Statement]],
    columns: tuple[Expr, Expr] | None = None,
) -> list[Statement]:
    """A product's rows from `begin` to `end` in blocks, with what is done to them while they are in the cache."""
    begin, end, block, rows = (Var(name) for name in ("begin", "end", "block", "rows"))
    step = costs.block_rows(state.region.space[1], BYTES[node.dtype], turned=bool(node.attrs.get("ta")))
    above: list[Statement] = []
    if node in state.plan.passing:
        state.passing = node
        above = [Let(ABOVE, block - begin)]
        columns = columns or (Num(0, "int"), size_expr(state.region.space[1]))
    body = (
        Let("rows", Apply("min", (block + step, end), "int")),
        *above,
        _product_call(state, node, block, rows, columns=columns),
        *loops_over(state, 0, row, bounds=(block, rows)),
    )
    return [For("block", begin, end, body, step=step)]


def _product_call(
    state: Lowering,
    node: Node,
    start: Expr,
    stop: Expr,
    batch: Expr | None = None,
    columns: tuple[Expr, Expr] | None = None,
) -> Statement:
    """Rows `start:stop` of a matrix product, or some columns of them."""
    x, y = node.inputs
    form = ("t" if node.attrs.get("ta") else "n") + ("t" if node.attrs.get("tb") else "n")
    names = [state.array(x), state.array(y), state.array(node)]
    extra = [text(batch)] if batch is not None else []
    kind = "batch_product" if batch is not None else "product"
    if any(state.plan.home(n) in state.plan.windows for n in (x, y, node)):
        depth = x.shape[0 if node.attrs.get("ta") else 1]
        place = Var("begin") if state.passing is node else start
        numbers = (start, stop, size_expr(node.shape[1]), size_expr(depth), place)
        return CallKernel(f"product_{form}_within", (*names, *(text(x) for x in numbers)))
    if columns is None:
        return CallKernel(f"{kind}_{form}", (*names, *extra, text(start), text(stop)))
    if state.passing is node:
        return CallKernel(f"{kind}_{form}_passing", (*names, *(text(x) for x in (start, stop, *columns)), "begin"))
    return CallKernel(f"{kind}_{form}_columns", (*names, *(text(x) for x in (start, stop, *columns))))


def _single(state: Lowering) -> list[Statement]:
    """A region of numbers: worker 0 computes them."""
    out: list[Statement] = []
    for node in state.region.nodes:
        out += state.define(node, ())
    out += [*state.assigned(state.region.nodes, ()), *copies(state, ())]
    return [If(equal(Var("worker"), 0), tuple(out))]


def _elements(state: Lowering, index: tuple[Expr, ...], nodes: list[Node], first: bool) -> list[Statement]:
    """The body of one loop over elements: the full values among the nodes of its phase."""
    here = [n for n in nodes if role(n, state.region.space) == "full"]
    out: list[Statement] = []
    for node in here:
        if not is_contraction(node):
            out += state.define(node, index)
    out += [parts.added(state, n, index) for n in nodes if n.op == "column_sums"]
    out += state.assigned(here, index)
    return out + (copies(state, index) if first else [])


def row_of(state: Lowering, row_index: tuple[Expr, ...]) -> list[Statement]:
    """All that happens in one row: what is known before it, then loop after loop and what each made known."""
    region, space = state.region, state.region.space
    order = phases(region)
    inner = AXES[len(space) - 1]
    index = (*row_index, Var(inner))
    out: list[Statement] = parts.part_of_row(state)
    for phase in range(-1, max(order.count, 1)):
        nodes = order.at(phase)
        if phase >= 0:
            head: list[Statement] = []
            steps: list[Statement] = _elements(state, index, nodes, first=phase == 0)
            for node in nodes:
                if is_row_reduction(node, region):
                    before, step = reduction(state, node, index)
                    head += before
                    steps.append(step)
            if steps:
                out += [*head, For(inner, Num(0, "int"), size_expr(space[-1]), tuple(steps))]
            # Values of single elements are known inside their loop only.
            state.known.difference_update(n for n in nodes if role(n, space) == "full")
        for node in nodes:
            if role(node, space) != "row":
                continue
            if is_row_reduction(node, region):
                out += reduced(state, node, index)
            else:
                out += state.define(node, index)
    return out
