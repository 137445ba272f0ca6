"""A region as loops."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from nndsl.diagnostics import InternalError
from nndsl.ir.dims import product
from nndsl.ir.graph import Node
from nndsl.ir.loops import (
    Accumulate, ArgStep, CallKernel, Cast, Expr, For, If, Kernel, Let, Load, Num, Statement, Store, Var,
)  # fmt: skip
from nndsl.ir.plan import Plan, Region
from nndsl.ir.types import FLOATS, Shape
from nndsl.kernels.phases import is_row_reduction, phases, role
from nndsl.ops.linear import operand_shapes
from nndsl.ops.op import Indexed, Pointwise, Ready, Reduce
from nndsl.ops.shape import size_expr, source_index
from nndsl.ops.table import OPS

AXES = ("i", "j", "k", "l", "m", "n", "o", "p")
BLOCK = 16
LINE = 64
"""Elements that the parts of a flat loop are multiples of, so that every element falls into the same vector whatever
the number of threads."""


@dataclass(frozen=True)
class Argument:
    """An array parameter of a kernel: memory of `home` under a shape."""

    name: str
    home: Node
    shape: Shape


@dataclass(eq=False)
class Lowering:
    """The state of lowering one region."""

    plan: Plan
    region: Region
    arguments: dict[tuple[Node, Shape], Argument] = field(default_factory=dict)
    scalars: dict[str, None] = field(default_factory=dict)
    locals: dict[Node, str] = field(default_factory=dict)
    known: set[Node] = field(default_factory=set)
    taken: set[str] = field(default_factory=set)

    # --- names -----------------------------------------------------------------------------------------

    def fresh(self, base: str) -> str:
        name, number = base, 2
        while name in self.taken or name in RESERVED or name in AXES or name in self.plan.sizes:
            name, number = f"{base}_{number}", number + 1
        self.taken.add(name)
        return name

    def array(self, node: Node, shape: Shape | None = None) -> str:
        """The parameter through which the kernel sees the memory of `node`."""
        home, wanted = self.plan.home(node), node.shape if shape is None else shape
        found = self.arguments.get((home, wanted))
        if found is None:
            base = self.plan.names[home] if home.shape == wanted else f"{self.plan.names[home]}_as_{self.plan.names.get(node, 'view')}"
            found = self.arguments[home, wanted] = Argument(self.fresh(base), home, wanted)
        return found.name

    def local(self, node: Node) -> str:
        if node not in self.locals:
            self.locals[node] = self.fresh(f"{self.plan.names[node]}_now" if node in self.plan.buffers else self.plan.names[node])
        return self.locals[node]

    # --- values ----------------------------------------------------------------------------------------

    def leaf(self, node: Node) -> Expr | None:
        """Leaves that are numbers."""
        match node.op:
            case "const":
                return Num(node.attrs["value"], node.dtype)
            case "dim":
                return Cast(size_expr(node.attrs["size"]), node.dtype)
            case "scalar":
                name = node.attrs["name"]
                self.scalars[name] = None
                return Var(name, node.dtype)
        return None

    def read(self, child: Node, index: tuple[Expr, ...]) -> Expr:
        """A value at an index of its own shape: known in this scope, or from memory."""
        number = self.leaf(child)
        if number is not None:
            return number
        if child in self.known:
            return Var(self.local(child), child.dtype)
        return Load(self.array(child), index, child.dtype)

    def broadcast_read(self, child: Node, index: tuple[Expr, ...]) -> Expr:
        """A value where a node at `index` needs it, repeated along axes of size 1."""
        return self.read(child, source_index(child.shape, index) if child.shape else ())

    def value(self, node: Node, index: tuple[Expr, ...]) -> Expr:
        """What `node` computes at an index."""
        if node.op == "reshape":
            return Var(self.local(node.inputs[0]), node.dtype)
        match OPS[node.op].lowering:
            case Pointwise(expr):
                args = [self.broadcast_read(child, index) for child in node.inputs]
                if node.op == "cast":
                    return Cast(args[0], node.dtype)
                if node.dtype in FLOATS and node.op == "divide":
                    args = [a if a.dtype in FLOATS else Cast(a, node.dtype) for a in args]
                return expr(*args)
            case Indexed(place):
                return place(node, index, lambda k, at: self.read(node.inputs[k], at))
        raise InternalError(f"{node} has no value at an index")

    def own_index(self, node: Node, index: tuple[Expr, ...]) -> tuple[Expr, ...]:
        """The index of a row's number or of an element in the node's own shape."""
        space = self.region.space
        if node.shape == space:
            return index
        rows = index[: len(space) - 1]
        return rows if len(node.shape) == len(space) - 1 else (*rows, Num(0, "int"))

    def define(self, node: Node, index: tuple[Expr, ...]) -> list[Statement]:
        """Compute a node at an index into a local, and store it where others need it."""
        at = self.own_index(node, index)
        out: list[Statement] = [Let(self.local(node), self.value(node, at))]
        self.known.add(node)
        return out + self.keep(node, at)

    def keep(self, node: Node, at: tuple[Expr, ...]) -> list[Statement]:
        """The store of a value that others need."""
        return [Store(self.array(node), at, Var(self.local(node), node.dtype))] if node in self.plan.buffers else []

    def assigned(self, values: Collection[Node], at: tuple[Expr, ...]) -> list[Statement]:
        """Updates whose value is one of `values`: the last thing in a loop, since others in it read what was there."""
        return [Store(self.array(target), at, self.read(value, at)) for target, value in self.region.assigns if value in values]


RESERVED = {"worker", "workers", "begin", "end", "f32", "f64", "i32", "i64", "row", "rows", "block", "abs", "min", "max", "np"}


def lower(plan: Plan, region: Region) -> tuple[Kernel, list[Argument]]:
    """The kernel of a region and the arrays it takes."""
    state = Lowering(plan, region)
    match region.form:
        case "rows":
            split, grain, body = _rows(state)
        case "columns":
            split, grain, body = _columns(state)
        case "total":
            split, grain, body = _total(state)
        case _:
            split, grain, body = _ready(state)
    arguments = list(state.arguments.values())
    kernel = Kernel(region.name, tuple(a.name for a in arguments), plan.sizes, tuple(state.scalars), split, grain, tuple(body), _doc(region))
    return kernel, arguments


def _doc(region: Region) -> tuple[str, ...]:
    """The source lines that a kernel carries out."""
    spans = {n.span.where: n.span for n in region.nodes if n.span is not None}
    ordered = sorted(spans.values(), key=lambda s: (s.source.name, s.line))
    return tuple(f"{s.where}  {s.source.line(s.line).strip()}" for s in ordered)


# --- rows --------------------------------------------------------------------------------------------------


def _loops(state: Lowering, first: int, body: Callable[[tuple[Expr, ...]], list[Statement]], outer: Sequence[Expr] = (),
           bounds: tuple[Expr, Expr] | None = None) -> list[Statement]:  # fmt: skip
    """Loops over the axes of the space from `first` to the last but one, around `body(index)`."""
    space, index = state.region.space, tuple(outer)

    def nest(axis: int) -> list[Statement]:
        if axis == len(space) - 1:
            return body((*index, *(Var(AXES[a]) for a in range(first, axis))))
        start, stop = bounds if bounds is not None and axis == first else (Num(0, "int"), size_expr(space[axis]))
        return [For(AXES[axis], start, stop, tuple(nest(axis + 1)))]

    return nest(first)


def _rows(state: Lowering) -> tuple[Expr | None, int, list[Statement]]:
    region, plan = state.region, state.plan
    space = region.space
    head = _scalars(state)
    if len(space) == 0:
        return None, 1, [*head, *_single(state)]
    if len(space) == 1:
        loop = For(AXES[0], Var("begin"), Var("end"), tuple(_elements(state, (Var(AXES[0]),), 0)))
        return size_expr(space[0]), LINE, [*head, loop]
    product_node = region.nodes[0] if region.nodes and region.nodes[0].op == "matmul" else None
    begin, end = Var("begin"), Var("end")

    def row(index: tuple[Expr, ...]) -> list[Statement]:
        return _row(state, index)

    if product_node is None:
        return size_expr(space[0]), 1, [*head, *_loops(state, 0, row, bounds=(begin, end))]
    state.array(product_node)
    alone = len(region.nodes) == 1 and not region.assigns
    if len(space) == 3:
        call = _product_call(state, product_node, Num(0, "int"), size_expr(space[1]), Var(AXES[0]))
        rows = [] if alone else _loops(state, 1, row, outer=(Var(AXES[0]),))
        return size_expr(space[0]), 1, [*head, For(AXES[0], begin, end, (call, *rows))]
    if alone:
        return size_expr(space[0]), BLOCK, [*head, _product_call(state, product_node, begin, end)]
    block = For("block", begin, end, (
        Let("rows", MinOf(Var("block") + BLOCK, end)),
        _product_call(state, product_node, Var("block"), Var("rows")),
        *_loops(state, 0, row, bounds=(Var("block"), Var("rows"))),
    ), step=BLOCK)  # fmt: skip
    return size_expr(space[0]), BLOCK, [*head, block]


def MinOf(a: Expr, b: Expr) -> Expr:
    """`min(a, b)` of two indices."""
    from nndsl.ir.loops import Apply

    return Apply("min", (a, b), "int")


def _product_call(state: Lowering, node: Node, start: Expr, stop: Expr, batch: Expr | None = None) -> Statement:
    """Rows `start:stop` of a matrix product."""
    from nndsl.kernels.source import text

    x, y = node.inputs
    form = ("t" if node.attrs.get("ta") else "n") + ("t" if node.attrs.get("tb") else "n")
    operand_shapes(node)
    names = [state.array(x), state.array(y), state.array(node)]
    extra = [text(batch)] if batch is not None else []
    kind = "batch_product" if batch is not None else "product"
    return CallKernel(f"{kind}_{form}", (*names, *extra, text(start), text(stop)))


def _scalars(state: Lowering) -> list[Statement]:
    """Numbers that are the same for the whole kernel."""
    out: list[Statement] = []
    if state.region.space == ():
        return out
    for node in state.region.nodes:
        if role(node, state.region.space) == "scalar" and not is_row_reduction(node, state.region):
            out.append(Let(state.local(node), state.value(node, ())))
            state.known.add(node)
            if node in state.plan.buffers:
                out.append(If(Var("worker") < 1, (Store(state.array(node), (), Var(state.local(node), node.dtype)),)))
    return out


def _single(state: Lowering) -> list[Statement]:
    """A region of numbers: worker 0 computes them."""
    out: list[Statement] = []
    for node in state.region.nodes:
        out += state.define(node, ())
    out += [*state.assigned(state.region.nodes, ()), *_copies(state, ())]
    return [If(Var("worker") < 1, tuple(out))]


def _copies(state: Lowering, index: tuple[Expr, ...]) -> list[Statement]:
    """Updates whose value was computed by an earlier kernel."""
    members = set(state.region.nodes)
    return [Store(state.array(target), index, state.read(value, index))
            for target, value in state.region.assigns if value not in members]  # fmt: skip


def _elements(state: Lowering, index: tuple[Expr, ...], phase: int) -> list[Statement]:
    """The body of one loop over elements: full values of the phase."""
    order = phases(state.region)
    here = [n for n in state.region.nodes if role(n, state.region.space) == "full" and order.of[n] == phase]
    out: list[Statement] = []
    for node in here:
        if node.op != "matmul":
            out += state.define(node, index)
    out += state.assigned(here, index)
    return out + (_copies(state, index) if phase == 0 else [])


INITIAL = {"add": 0, "max": float("-inf"), "min": float("inf"), "argmax": float("-inf"), "argmin": float("inf")}
LIMITS = {"i32": 2**31 - 1, "i64": 2**63 - 1}


def start_value(combine: str, dtype: str) -> Num:
    """What a reduction begins with."""
    value = INITIAL[combine]
    if dtype in FLOATS:
        return Num(float(value), dtype)
    if combine == "add":
        return Num(0, dtype)
    limit = LIMITS.get(dtype, 1)
    return Num(-limit - 1 if value < 0 else limit, dtype)


def _row(state: Lowering, row_index: tuple[Expr, ...]) -> list[Statement]:
    """All that happens in one row: numbers known before it, then loop after loop, each followed by what it made known."""
    region, space = state.region, state.region.space
    order = phases(region)
    inner = AXES[len(space) - 1]
    index = (*row_index, Var(inner))
    out: list[Statement] = []
    for phase in range(-1, max(order.count, 1)):
        if phase >= 0:
            outside = set(state.known)
            head: list[Statement] = []
            steps: list[Statement] = _elements(state, index, phase)
            for node in region.nodes:
                if is_row_reduction(node, region) and order.of[node] == phase:
                    before, step = _reduction(state, node, index)
                    head += before
                    steps.append(step)
            if steps:
                out += [*head, For(inner, Num(0, "int"), size_expr(space[-1]), tuple(steps))]
            # Values of single elements are known inside their loop only.
            state.known = outside | {n for n in state.known if role(n, space) != "full"}
        for node in region.nodes:
            if role(node, space) != "row" or order.of[node] != phase:
                continue
            if is_row_reduction(node, region):
                out += _reduced(state, node, index)
            else:
                out += state.define(node, index)
    return out


def _reduction(state: Lowering, node: Node, index: tuple[Expr, ...]) -> tuple[list[Statement], Statement]:
    """The start of an accumulation, and its step inside the loop."""
    lowering = OPS[node.op].lowering
    assert isinstance(lowering, Reduce)
    (x,) = node.inputs
    name = state.local(node)
    value = state.read(x, index)
    if lowering.combine.startswith("arg"):
        best = state.fresh(f"{name}_best")
        head: list[Statement] = [Let(best, start_value(lowering.combine, x.dtype)), Let(name, Num(0, "i32"))]
        return head, ArgStep(best, name, lowering.combine, value, index[-1])
    if value.dtype != node.dtype:
        value = Cast(value, node.dtype)
    return [Let(name, start_value(lowering.combine, node.dtype))], Accumulate(name, lowering.combine, value)


def _reduced(state: Lowering, node: Node, index: tuple[Expr, ...]) -> list[Statement]:
    """A row's reduction is complete."""
    state.known.add(node)
    return state.keep(node, state.own_index(node, index))


# --- columns, totals, ready kernels ---------------------------------------------------------------------------


def _columns(state: Lowering) -> tuple[Expr | None, int, list[Statement]]:
    """A reduction over the first axis of two or the middle one of three, element by element of the result."""
    region, node = state.region, state.region.nodes[0]
    lowering = OPS[node.op].lowering
    assert isinstance(lowering, Reduce)
    (x,) = node.inputs
    head = _scalars(state)
    flat = len(node.shape) == 1
    column = AXES[len(node.shape) - 1]
    start, stop = (Var("begin"), Var("end")) if flat else (Num(0, "int"), size_expr(node.shape[-1]))
    lead: tuple[Expr, ...] = () if flat else (Var(AXES[0]),)
    place = (*lead, Var(column))
    out, source = state.array(node), state.array(x)
    value: Expr = Load(source, (*lead, Var("row"), Var(column)), x.dtype)
    value = value if x.dtype == node.dtype else Cast(value, node.dtype)
    clear = For(column, start, stop, (Store(out, place, start_value(lowering.combine, node.dtype)),))
    gathered = combined(lowering.combine, Load(out, place, node.dtype), value)
    add = For("row", Num(0, "int"), size_expr(x.shape[len(lead)]), (For(column, start, stop, (Store(out, place, gathered),)),))
    region_rest = [n for n in region.nodes[1:] if role(n, region.space) == "full"]
    tail: list[Statement] = []
    body: list[Statement] = []
    for member in region_rest:
        body += state.define(member, place)
    body += state.assigned([node, *region_rest], place)
    if body:
        tail = [For(column, start, stop, tuple(body))]
    if flat:
        return size_expr(node.shape[0]), LINE, [*head, clear, add, *tail]
    return size_expr(node.shape[0]), 1, [*head, For(AXES[0], Var("begin"), Var("end"), (clear, add, *tail))]


def combined(combine: str, so_far: Expr, value: Expr) -> Expr:
    """One step of a reduction as an expression."""
    from nndsl.ir.loops import Apply

    if combine == "add":
        return so_far + value
    return Apply("maximum" if combine == "max" else "minimum", (so_far, value), so_far.dtype)


def _total(state: Lowering) -> tuple[Expr | None, int, list[Statement]]:
    """A reduction of one axis to a number, then work on numbers: worker 0 does it, in order."""
    node = state.region.nodes[0]
    (x,) = node.inputs
    head, step = _reduction(state, node, (Var("i"),))
    out: list[Statement] = [*head, For("i", Num(0, "int"), size_expr(x.shape[0]), (step,))]
    out += _reduced(state, node, ())
    for member in state.region.nodes[1:]:
        out += state.define(member, ())
    return None, 1, [If(Var("worker") < 1, tuple(out))]


def _ready(state: Lowering) -> tuple[Expr | None, int, list[Statement]]:
    """A hand-written kernel shares the work by itself."""
    node = state.region.nodes[0]
    lowering = OPS[node.op].lowering
    assert isinstance(lowering, Ready)
    shapes = lowering.shapes(node)
    names = [state.array(n, shape) for n, shape in zip((*node.inputs, node), shapes, strict=True)]
    numbers = [str(n) for n in lowering.numbers(node)]
    return None, 1, [CallKernel(lowering.function, (*names, *numbers, "worker", "workers"))]


__all__ = ["Argument", "lower", "product"]
