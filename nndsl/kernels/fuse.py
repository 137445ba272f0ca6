"""What is computed together: nodes into regions.

One walk over the nodes, inputs first. A node joins the latest region among those of its inputs when its shape fits
that region's loops; every other input then comes from an earlier region, through a buffer, so the list of regions is
an order in which they can run. Nodes that read only what is there anyway (leaves, earlier buffers) stay pending until
something uses them, and go where that is. Comparisons are computed again wherever they are used: to store a mask
costs more.

A sum over leading axes comes as sums of its parts (passes/parts.py): those are made by the kernel that makes the rows.
What adds the parts goes into the first kernel of its shape that comes after them, with all that is made of such sums.

An update of a param or state is written by the region that computes it, unless some other region that reads the old
value comes later: then it waits for that one.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from nndsl.costs import MOST_WAITING
from nndsl.ir.graph import ARRAYS, Graph, Node
from nndsl.ir.plan import LOOPS, Region, home_of
from nndsl.ir.refusals import Reason, Refusal
from nndsl.ir.types import Shape
from nndsl.kernels.phases import is_flat, phases
from nndsl.ops.op import Columns, Contract, Indexed, Loop, LoopPart, Parts, Pointwise, Ready, Reduce, View
from nndsl.ops.table import OPS


def aligned(shape: Shape, space: Shape) -> bool:
    """Whether a value of `shape` lies along a region's rows: whole rows, or one number for each row."""
    return shape == space or (len(space) > 1 and (shape == (*space[:-1], 1) or shape == space[:-1]))


def same_place(source: Shape, node: Shape, space: Shape) -> bool:
    """Whether `node`, computed in the region, reads `source` of the same region at the place it computes itself."""
    if source == node or source == ():
        return True
    return len(source) == len(node) and source == (*space[:-1], 1) and node == space


def is_unit_view(node: Node) -> bool:
    """A reshape that only adds or drops axes of size 1."""
    strip = [s for s in node.shape if s != 1]
    return node.op == "reshape" and strip == [s for s in node.inputs[0].shape if s != 1]


class Fuser:
    """The state of the walk."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.nodes = graph.nodes()
        self.regions: list[Region] = []
        self.region: dict[Node, Region] = {}
        self.views: dict[Node, Node] = {}
        self.pending: set[Node] = set()
        self.members: dict[Region, set[Node]] = {}
        self.positions: dict[Region, int] = {}
        self.depth: dict[Node, int] = {}
        self.readers: dict[Node, dict[Region, None]] = {}
        self.reads: dict[Region, dict[Node, list[tuple[Node, Node]]]] = {}
        self.phases: dict[Region, dict[Node, int]] = {}
        self.flat_sums: dict[Shape, list[Region]] = {}
        self.in_parts: dict[Node, list[Region]] = {}

    # --- order -----------------------------------------------------------------------------------------

    def position(self, region: Region | None) -> int:
        return -1 if region is None else self.positions[region]

    def insert(self, region: Region, place: int | None = None) -> Region:
        """A new region at the end, or before another one."""
        self.members[region] = set()
        if place is None:
            self.positions[region] = len(self.regions)
            self.regions.append(region)
        else:
            self.regions.insert(place, region)
            for i in range(place, len(self.regions)):
                self.positions[self.regions[i]] = i
        return region

    def add(self, region: Region, node: Node) -> None:
        region.nodes.append(node)
        self.members[region].add(node)

    def home(self, node: Node) -> Node:
        return home_of(node, self.views) if node in self.views else node

    def earliest(self, node: Node) -> int:
        """The last region that must be done before `node` can be read through memory; -1 for leaves."""
        node = self.home(node)
        if node in self.region:
            return self.position(self.region[node])
        if self.waits(node):
            return max((self.earliest(i) for i in node.inputs), default=-1)
        return -1

    def wait(self, node: Node) -> None:
        """Leave a node pending; chains of what waits are kept short, since they are walked again and again."""
        self.depth[node] = 1 + max((self.depth.get(self.home(i), 0) for i in node.inputs), default=0)
        self.pending.add(node)
        if self.depth[node] > MOST_WAITING:
            self.place_alone(node)
            self.depth[node] = 0

    def floating(self, node: Node) -> bool:
        """Comparisons: computed again in every region that uses them."""
        return node.dtype == "bool" and node.op not in ARRAYS and isinstance(self.lowering(node), Pointwise)

    def lowering(self, node: Node) -> object:
        return None if node.is_leaf else OPS[node.op].lowering

    # --- the walk --------------------------------------------------------------------------------------

    def run(self) -> None:
        """Place every node that roots need; then the updates."""
        for node in self.nodes:
            if not node.is_leaf:
                self.visit(node)
        for _, node in self.graph.outputs:
            if not self.copied_beside(node):
                self.settle(node)
        for update in self.graph.updates:
            home = self.home(update.value)
            if self.waits(home):
                self.place_alone(home)
        targets = {update.target for update in self.graph.updates}
        for region in self.regions if targets else ():
            self.note_reads(region, targets)
        for update in self.graph.updates:
            self.assign(update.target, update.value)

    def visit(self, node: Node) -> None:
        match self.lowering(node):
            case View():
                if is_unit_view(node) and self.joins_as_scalar(node):
                    return
                self.views[node] = node.inputs[0]
            case Indexed():
                self.wait(node)
            case Pointwise():
                if not self.floating(node):
                    self.pointwise(node)
            case Reduce():
                self.reduction(node)
            case Columns():
                if not self.beside_products(node):
                    self.with_rows(node)
            case Parts():
                for child in node.inputs:
                    self.settle(child)
                if not self.beside_products(node):
                    opened = self.open("parts", node.shape, node)
                    self.in_parts.setdefault(self.home(node.inputs[-1]), []).append(opened)
            case Contract() | Ready():
                form = "rows" if isinstance(self.lowering(node), Contract) else "ready"
                for child in node.inputs:
                    self.settle(child)
                self.open(form, node.shape, node)
            case Loop():
                for child in node.inputs:
                    self.settle(child)
                self.open(node.op, (), node)
            case LoopPart():
                region = self.region[node.inputs[0]]
                self.add(region, node)
                self.region[node] = region
            case other:
                raise AssertionError(f"{node} cannot be lowered: {other}")

    def open(self, form: str, space: Shape, node: Node, place: int | None = None) -> Region:
        region = self.insert(Region(form, space), place)
        self.add(region, node)
        self.region[node] = region
        return region

    def joins_as_scalar(self, node: Node) -> bool:
        """A reshape between the forms that a row's number can have stays in the region."""
        source = node.inputs[0]
        region = self.region.get(source)
        if region is None or region.form != "rows" or len(region.space) < 2:
            return False
        forms = (region.space[:-1], (*region.space[:-1], 1))
        if source.shape in forms and node.shape in forms and region.space not in (source.shape, node.shape):
            self.add(region, node)
            self.region[node] = region
            return True
        return False

    def pointwise(self, node: Node) -> None:
        """Join the latest region of the inputs, or wait, or open a region."""
        latest = self.latest(node)
        if latest is None:
            self.wait(node)
        elif self.joins(node, latest):
            self.take(latest, node)
        elif self.joins(node, self.regions[-1]):
            # It reads the latest region through memory, and so may stand in any that comes later.
            self.take(self.regions[-1], node)
        else:
            self.place_alone(node)

    def latest(self, node: Node) -> Region | None:
        """The latest region that directly holds an input of `node` (through comparisons, which float)."""
        found: Region | None = None
        for child in node.inputs:
            region = self.region.get(child) or (self.latest(child) if self.floating(child) else None)
            if region is not None and self.position(region) > self.position(found):
                found = region
        return found

    def joins(self, node: Node, region: Region) -> bool:
        """Whether `node` can be computed in `region`, with all that has to be pulled in for it; else the region keeps
        the reason."""
        refusal = self.refusal(node, region)
        if refusal is not None:
            region.refused.setdefault(node, refusal)
        return refusal is None

    def refusal(self, node: Node, region: Region) -> Refusal | None:
        """Why `node` cannot be computed in `region`; None where it can."""
        if region.form in ("ready", "parts", *LOOPS):
            return Refusal(Reason.LOOP if region.form in LOOPS else Reason.CLOSED)
        if not aligned(node.shape, region.space) or (region.form != "rows" and node.shape != region.space):
            return Refusal(Reason.SHAPE)
        if region.form != "rows" and not self.in_line(node, region):
            return Refusal(Reason.LINE)
        for child in node.inputs:
            if not self.readable(child, node, region):
                if child in self.members[region]:
                    return Refusal(Reason.ELSEWHERE, child)
                return Refusal(Reason.VIEW if self.home(child) in self.members[region] else Reason.LATER, child)
        return None

    def in_line(self, node: Node, region: Region) -> bool:
        """Whether a region over the elements in a line has the place of all that `node` reads."""
        if not is_flat(region):
            return True
        return isinstance(self.lowering(node), Pointwise) and all(i.shape in ((), region.space) for i in node.inputs)

    def waits(self, node: Node) -> bool:
        """Whether a value is neither stored nor given: pending, or a comparison."""
        return node in self.pending or (self.floating(node) and node not in self.region)

    def readable(self, child: Node, node: Node, region: Region) -> bool:
        """Whether `node` in `region` can read `child`: in place, pulled in, or through a buffer filled before."""
        if child in self.members[region]:
            return same_place(child.shape, node.shape, region.space)
        home = self.home(child)
        if self.waits(home) and home is child and self.pullable(child, node, region):
            return True
        return home not in self.members[region] and self.earliest(home) < self.position(region)

    def pullable(self, child: Node, node: Node, region: Region) -> bool:
        """Whether a waiting node can be computed inside the region, at the place its user needs it."""
        if child.shape == () and region.space != ():
            return not isinstance(self.lowering(child), Indexed) and all(
                self.known_number(i, region) for i in child.inputs
            )
        if not aligned(child.shape, region.space) or not same_place(child.shape, node.shape, region.space):
            return False
        if region.form == "columns" and (child.shape != region.space or not self.in_line(child, region)):
            return False
        if isinstance(self.lowering(child), Indexed):
            return all(self.earliest(i) < self.position(region) for i in child.inputs)
        return all(self.readable(i, child, region) for i in child.inputs)

    def known_number(self, node: Node, region: Region) -> bool:
        """Whether a number can be had at the top of the region's kernel."""
        if node in self.members[region]:
            return node.shape == ()
        if self.waits(node):
            return node.shape == () and self.pullable(node, node, region)
        return self.earliest(node) < self.position(region)

    def missing(self, node: Node, region: Region) -> list[Node]:
        """What must be stored by earlier regions before `node` and all that it pulls in can stand in `region`."""
        out: list[Node] = []
        for child in node.inputs:
            home = self.home(child)
            if child in self.members[region] or not self.waits(home):
                continue
            through_memory = isinstance(self.lowering(node), Indexed)
            if through_memory or home is not child or not self.pullable(child, node, region):
                out.append(home)
            else:
                out += self.missing(child, region)
        return out

    def take(self, region: Region, node: Node) -> None:
        """Put `node` into `region` with all it waits for.

        What cannot stand there is stored first, by regions before this one; that may store more of what was waiting,
        so the question is asked again until nothing is missing.
        """
        while True:
            missing = self.missing(node, region)
            if not missing:
                break
            for child in missing:
                self.settle(child, before=region)
        self.pull(region, node)

    def pull(self, region: Region, node: Node) -> None:
        """Add a node after the waiting nodes it reads."""
        for child in node.inputs:
            if child not in self.members[region] and self.home(child) is child and self.waits(child):
                self.pull(region, child)
        self.add(region, node)
        if not self.floating(node):
            self.region[node] = region
            self.pending.discard(node)

    def settle(self, node: Node, before: Region | None = None) -> None:
        """Make sure that `node` is stored: a waiting one gets a region of its own."""
        node = self.home(node)
        if node in self.region or node.is_leaf:
            return
        self.place_alone(node, before)

    def copied_beside(self, node: Node) -> bool:
        """A copy of an input, as of what a step of a scan began with, stands in the last kernel of its shape."""
        if node not in self.pending or node.op != "stop_gradient" or node.inputs[0].op != "input":
            return False
        for region in reversed(self.regions):
            if region.form == "rows" and region.space == node.shape and self.refusal(node, region) is None:
                self.take(region, node)
                return True
        return False

    def place_alone(self, node: Node, before: Region | None = None) -> None:
        """A new region for one node and what it pulls in."""
        region = self.insert(Region("rows", node.shape), self.position(before) if before is not None else None)
        self.take(region, node)
        self.region[node] = region

    def reduction(self, node: Node) -> None:
        """Along rows: join the input's region. Otherwise the input is stored and read again."""
        (x,), axes = node.inputs, node.attrs["axes"]
        rank = x.type.rank
        if len(axes) == rank:
            self.settle(x)
            self.open("total", (), node)
            return
        if axes != (rank - 1,):
            self.settle(x)
            behind = self.earliest(x)
            for region in self.flat_sums.get(node.shape, []) if axes == (0,) else []:
                if self.position(region) > behind:
                    self.take(region, node)
                    return
            region = self.open("columns", node.shape, node)
            if axes == (0,):
                self.flat_sums.setdefault(node.shape, []).append(region)
            return
        self.with_rows(node)

    def with_rows(self, node: Node) -> None:
        """A reduction that is made while the rows of its input are."""
        (x,) = node.inputs
        if self.home(x) is x and self.waits(x):
            self.settle(x)
        region = self.region.get(x)
        if region is not None and region.form == "rows" and region.space == x.shape and x.type.rank > 1:
            self.add(region, node)
            self.region[node] = region
            return
        self.take(self.insert(Region("rows", x.shape)), node)

    def beside_products(self, node: Node) -> bool:
        """Join a kernel that goes over the rows of the last input in parts."""
        behind = max(self.earliest(i) for i in node.inputs)
        for region in self.in_parts.get(self.home(node.inputs[-1]), []):
            if self.position(region) > behind and region.nodes[0].inputs[-1].shape == node.inputs[-1].shape:
                self.add(region, node)
                self.region[node] = region
                return True
        return False

    # --- updates ---------------------------------------------------------------------------------------

    def note_reads(self, region: Region, targets: AbstractSet[Node]) -> None:
        """Remember where a region reads what will be updated: each update asks, and by now no node moves any more."""
        reads = self.reads[region] = {}
        for node in region.nodes:
            for child in node.inputs:
                home = self.home(child)
                if home in targets:
                    reads.setdefault(home, []).append((node, child))
                    self.readers.setdefault(home, {})[region] = None

    def assign(self, target: Node, value: Node) -> None:
        """Write `value` over `target` where nobody needs the old value afterwards."""
        last = max((self.position(r) for r in self.readers.get(target, ())), default=-1)
        region = self.region.get(value)
        if (
            region is not None
            and region.form in ("rows", "columns")
            and value.shape == region.space
            and value not in self.views
        ):
            others_done = last < self.position(region)
            own_safe = last == self.position(region) and self.safe_in(region, target, value)
            if others_done or own_safe:
                self.write(region, target, value)
                return
        self.write(self.insert(Region("rows", target.shape)), target, value)

    def write(self, region: Region, target: Node, value: Node) -> None:
        region.assigns.append((target, value))
        self.readers.setdefault(self.home(value), {})[region] = None

    def safe_in(self, region: Region, leaf: Node, value: Node) -> bool:
        """Whether all reads of `leaf` in a region are at the place where `value` goes, and before it does.

        A loop writes what it updates at the end of its body, so reads in later loops of a row come too late.
        """
        if region not in self.phases:
            self.phases[region] = phases(region).of
        order = self.phases[region]
        for node, child in self.reads[region].get(leaf, ()):
            pointwise = isinstance(self.lowering(node), Pointwise)
            in_place = child is leaf and leaf.shape == region.space and node.shape == region.space
            if not pointwise or not in_place or order[node] > order[value]:
                return False
        return True


def fuse(graph: Graph) -> tuple[list[Region], dict[Node, Node], dict[Node, Region]]:
    """Regions in the order they run, the views, and the region of each computed node."""
    fuser = Fuser(graph)
    fuser.run()
    return fuser.regions, fuser.views, fuser.region
