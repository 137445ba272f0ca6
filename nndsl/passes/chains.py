"""Batched products one behind the other, with work on their rows between them, go through one place after the other.

scores = q @ k.T  [batch, heads, time, time]               for each of batch, heads:
shares = softmax(scores)                          =>           scores, shares: [time, time], once for each worker
seen = shares @ v  [batch, heads, time, width]                 seen = shares @ v

Attention is found so, whoever wrote it. What only the chain reads never lies in memory for the whole batch. The way
back is a chain of its own. It does not load the shares but computes them again from the greatest score and the sum
of each row, as FlashAttention does (Dao, Fu, Ermon, Rudra and Ré, 2022, https://arxiv.org/abs/2205.14135): these are
few, and the table is in the cache then.

A chain reads its matrices where they lie, inside of the joint projection of query, key and value say, and writes its
results where they are needed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from nndsl.costs import LIGHT, product_again_pays
from nndsl.ir.graph import NUMBERS, Graph, Node, topological, users
from nndsl.ir.rewrite import with_inputs
from nndsl.ir.types import FLOATS, Shape
from nndsl.ops import build as b
from nndsl.ops.each import make_each, part
from nndsl.ops.op import Pointwise, Reduce
from nndsl.ops.table import OPS
from nndsl.passes.chain import Chain, cut_rows
from nndsl.passes.place import Place
from nndsl.passes.windows import Strided, contiguous, parts, window


def chains(graph: Graph) -> Graph:
    """Put chains of batched products into `each` nodes."""
    nodes = graph.nodes()
    if sum(n.op == "matmul" and n.type.rank > 2 for n in nodes) < 2:
        return graph
    found = _Finder(graph, nodes).chains()
    return _replaced(graph, found) if found else graph


# --- which nodes belong together -----------------------------------------------------------------------------


class _Finder:
    """The walk that collects chains. None may depend on itself by way of others: each is computed as a whole."""

    def __init__(self, graph: Graph, nodes: Sequence[Node]) -> None:
        self.nodes = nodes
        self.users = users(nodes)
        self.roots = set(graph.roots)
        self.chain: dict[Node, Chain] = {}
        self.behind: dict[Node, set[Chain]] = {}

    def chains(self) -> list[Chain]:
        for node in self.nodes:
            self.visit(node)
        found = list(dict.fromkeys(self.chain.values()))
        for chain in found:
            self.meet(chain)
        found = [c for c in dict.fromkeys(self.chain.values()) if _is_chain(c)]
        for node in [n for n, c in self.chain.items() if c not in found]:
            del self.chain[node]
        for chain in found:
            chain.own = {**dict.fromkeys(self.again(chain)), **chain.members}
        for chain in found:
            chain.own = {**dict.fromkeys(self.before(chain)), **chain.own}
        for chain, read in self.read(found).items():
            for node in read:
                if node not in chain.results:
                    chain.results |= self.assembled(node, read, chain)
        for chain in found:
            cut_rows(chain)
        return found

    def visit(self, node: Node) -> None:
        self.behind[node] = set().union(*(self.behind[i] for i in node.inputs))
        for chain in dict.fromkeys(self.chain[i] for i in reversed(node.inputs) if i in self.chain):
            if _fits(node, chain.outer) and not self.waits(node, chain):
                self.join(node, chain)
                return
        if node.op == "matmul" and node.type.rank > 2 and node.dtype in FLOATS:
            self.join(node, Chain(node.shape[:-2]))

    def waits(self, node: Node, chain: Chain) -> bool:
        """Whether something that the node reads must wait for the chain to be done."""
        return any(self.after(self.behind[i], chain) for i in node.inputs if self.chain.get(i) is not chain)

    def after(self, behind: set[Chain], chain: Chain) -> bool:
        seen, rest = set(behind), list(behind)
        while rest:
            new = rest.pop().needs - seen
            seen |= new
            rest += new
        return chain in seen

    def join(self, node: Node, chain: Chain) -> None:
        chain.members[node] = None
        for i in node.inputs:
            if self.chain.get(i) is not chain:
                chain.needs |= self.behind[i]
        self.chain[node], self.behind[node] = chain, {chain}

    def meet(self, chain: Chain) -> None:
        """Chains that read the same table of this one become one where they may: it is computed again once."""
        for table in list(chain.members):
            readers = dict.fromkeys(
                c for user in self.users[table] if (c := self.chain.get(user)) is not None and c is not chain
            )
            first, *others = [c for c in readers if c.outer == chain.outer] or [chain]
            for other in others:
                if not self.after(first.needs, other) and not self.after(other.needs, first):
                    self.merge(first, other)

    def merge(self, first: Chain, other: Chain) -> None:
        first.members |= other.members
        first.needs |= other.needs
        self.chain.update(dict.fromkeys(other.members, first))
        for sets in (*self.behind.values(), *(c.needs for c in self.chain.values())):
            if other in sets:
                sets.remove(other)
                sets.add(first)

    # --- what it computes besides its members --------------------------------------------------------------

    def again(self, chain: Chain) -> Iterator[Node]:
        """Tables of earlier chains that are computed once more."""
        for node in chain.members:
            for child in node.inputs:
                home = self.chain.get(child)
                if home is None or home is chain or home.outer != chain.outer or child.op == "matmul":
                    continue
                if not self.leaves(child, home):
                    yield from _closure(child, home)

    def leaves(self, node: Node, home: Chain) -> bool:
        """Whether a member must be stored in any case."""
        return node in self.roots or any(u not in self.chain for u in self.users[node])

    def before(self, chain: Chain) -> Iterator[Node]:
        """Light work on one matrix that only chains need: it is done where its result is at hand."""
        for node in chain.own:
            for child in node.inputs:
                if child in self.chain or child.op not in LIGHT or not _fits(child, chain.outer):
                    continue
                whole = [i for i in child.inputs if i.op not in NUMBERS and i.shape == child.shape]
                used = child not in self.roots and all(u in self.chain for u in self.users[child])
                if used and child.type.rank == chain.lead + 2 and len(whole) == 1 and len(child.inputs) < 4:
                    yield child

    # --- what it leaves ------------------------------------------------------------------------------------

    def read(self, found: list[Chain]) -> dict[Chain, dict[Node, None]]:
        """What is read of each chain outside of it."""
        out: dict[Chain, dict[Node, None]] = {chain: {} for chain in found}
        inside = {n for n in self.nodes if n in self.chain}
        reads: list[tuple[Chain | None, Node]] = [(None, i) for n in self.nodes if n not in inside for i in n.inputs]
        reads += [(None, n) for n in self.roots]
        reads += [(c, i) for c in found for n in c.own for i in n.inputs if i not in c.own]
        for reader, node in reads:
            chain = self.chain.get(node)
            if chain is not None and chain is not reader:
                out[chain][node.inputs[0] if node.op == "reshape" else node] = None
        return out

    def assembled(self, node: Node, read: dict[Node, None], chain: Chain) -> dict[Node, Strided]:
        """The array that a result is a part of, as large as may be, with all that is."""
        best = {node: Strided(node, 0, contiguous(node.shape))}
        if node.type.rank != chain.lead + 2:
            return best
        top = node
        while len(self.users[top]) == 1 and top not in self.roots:
            (top,) = self.users[top]
            if top.op not in ("reshape", "transpose", "concat", "pad", "add"):
                break
            found = parts(top, read, lambda n: len(self.users[n]) == 1 and n not in self.roots)
            if found is not None and all(
                window(s, n.shape, chain.lead) and len(self.users[n]) == 1 and n not in self.roots
                for n, s in found.items()
            ):
                best = found
        return best


def _fits(node: Node, outer: Shape) -> bool:
    """Whether a node is computed for each place by itself."""
    lead, rank = len(outer), node.type.rank
    if node.is_leaf or node.shape[:lead] != outer or not lead < rank <= lead + 2:
        return False
    first = node.inputs[0]
    match OPS[node.op].lowering:
        case Pointwise():
            return True
        case Reduce(combine):
            along = node.attrs["axes"] == (first.type.rank - 1,) and first.type.rank == lead + 2
            return along and not combine.startswith("arg")
    if node.op == "reshape":
        plain = [[s for s in n.shape[lead:] if s != 1] for n in (node, first)]
        return first.shape[:lead] == outer and plain[0] == plain[1] and min(rank, first.type.rank) == lead + 1
    return node.op == "matmul" and rank == lead + 2


def _is_chain(chain: Chain) -> bool:
    """Whether a product leads to another one."""
    found: set[Node] = set()
    for node in chain.members:
        led = any(i in found for i in node.inputs)
        if led and node.op == "matmul":
            return True
        if led or node.op == "matmul":
            found.add(node)
    return False


def _closure(node: Node, home: Chain) -> list[Node]:
    """What must be computed again for a table, up to what is known of each row; nothing where that is too much."""
    out: dict[Node, None] = {}
    rest = [node]
    while rest:
        n = rest.pop()
        rows = n.type.rank < home.lead + 2 or n.shape[-1] == 1
        if n not in home.members or n in out or (rows and n is not node):
            continue
        out[n] = None
        rest += n.inputs
    products = [n for n in out if n.op == "matmul"]
    deep = [n.inputs[0].shape[-2 if n.attrs.get("ta") else -1] for n in products]
    return [n for n in home.members if n in out] if product_again_pays(deep) else []


# --- the new graph -------------------------------------------------------------------------------------------


def _replaced(graph: Graph, found: list[Chain]) -> Graph:
    """The graph with an each node for every chain."""
    made = {s.home: chain for chain in found for s in chain.results.values()}
    bodies = {chain: Place(chain, made) for chain in found}
    each: dict[Chain, Node] = {}
    new: dict[Node, Node] = {}

    def needed(node: Node) -> tuple[Node, ...]:
        return tuple(bodies[made[node]].arrays) if node in made else node.inputs

    for node in topological(graph.roots, inputs=needed):
        inputs = tuple(new[i] for i in needed(node))
        if node not in made:
            new[node] = with_inputs(node, inputs)
            continue
        chain = made[node]
        with b.at(node.span):
            if chain not in each:
                each[chain] = make_each(inputs, bodies[chain].made())
            new[node] = replace(part(each[chain], bodies[chain].outs.index(node)), name=node.name)
    updates = tuple(replace(u, value=new[u.value]) for u in graph.updates)
    return replace(graph, outputs=tuple((name, new[n]) for name, n in graph.outputs), updates=updates)
