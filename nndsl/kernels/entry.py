"""The function that all workers run: it reads the table and calls the kernels in order, a barrier after each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from nndsl.ir.dims import product
from nndsl.ir.each import Each, Window
from nndsl.ir.graph import Body, Node
from nndsl.ir.loops import Kernel
from nndsl.ir.plan import ALIGN, Plan, Region
from nndsl.ir.types import BYTES
from nndsl.kernels import source
from nndsl.kernels.lowering import ROUND, Argument
from nndsl.kernels.memory import all_nodes

Lowered = Mapping[Region, tuple[Kernel, list[Argument]]]
Places = Mapping[tuple[str, object], int]


@dataclass(eq=False)
class Writer:
    """The entry as it is written. `address` gives what lies at changing places: the carries and items of scans."""

    plan: Plan
    lowered: Lowered
    places: Places
    lines: list[str] = field(default_factory=list)
    address: dict[Node, str] = field(default_factory=dict)
    barriers: int = 0
    depth: int = 1
    free: frozenset[Region] = frozenset()
    """The scans in which no worker waits for another."""
    clocks: dict[Region, int] | None = None
    """Where times are taken: the word of the table of clocks that each kernel adds its time to."""

    @cached_property
    def loops(self) -> bool:
        return any(region.form == "scan" for region in self.plan.regions)

    def say(self, line: str) -> None:
        self.lines.append("    " * self.depth + line)

    def at(self, node: Node) -> str:
        """The address of what `node` holds."""
        home = self.plan.home(node)
        if home in self.address:
            return self.address[home]
        word = self.places.get(("array", home), self.places.get(("buffer", home)))
        return f"entry(table, {word})"

    def call(self, function: str, given: list[str]) -> None:
        line = f"{function}({', '.join(given)})"
        if len(line) <= source.WIDTH:
            self.say(line)
            return
        self.say(f"{function}(")
        row = ""
        for value in given:
            if len(row) + len(value) > source.WIDTH:
                self.say(f"   {row}")
                row = ""
            row += f" {value},"
        self.say(f"   {row}")
        self.say(")")

    def barrier(self) -> None:
        """Wait for all workers; the barriers of a run are counted, in a variable where there are loops."""
        if self.loops:
            self.say("turn += 1")
            self.say("barrier(sync, workers, turn)")
        else:
            self.barriers += 1
            self.say(f"barrier(sync, workers, {self.barriers})")

    # --- regions ---------------------------------------------------------------------------------------

    def regions(self, regions: tuple[Region, ...] | list[Region], last: bool, wait: bool = True) -> None:
        """Kernels in order. After the very last one nobody waits: the caller does."""
        for number, region in enumerate(regions, 1):
            if region.form == "scan":
                self.scan(region)
            elif region.form == "each":
                self.places_of(region)
                if not last or number < len(regions):
                    self.barrier()
            else:
                kernel, arguments = self.lowered[region]
                self.call(
                    kernel.name,
                    [
                        *(self.at(a.home) for a in arguments),
                        *kernel.sizes,
                        *kernel.scalars,
                        "worker",
                        "workers",
                    ],
                )
                if self.clocks is not None:
                    self.barrier()
                    self.tick(self.clocks.setdefault(region, len(self.clocks) + 1))
                elif wait and (not last or number < len(regions)):
                    self.barrier()

    def places_of(self, region: Region) -> None:
        """All kernels of the body at each of the worker's places, one place after the other."""
        node = region.nodes[0]
        body: Each = node.attrs["body"]
        name, before = self.plan.names[node], dict(self.address)
        at = f"{name}_at"
        parts = {n.attrs["index"]: n for n in region.nodes[1:]}
        for leaf, number, window in zip(body.items, body.given, body.reads, strict=True):
            self.address[leaf] = self.window(self.at(node.inputs[number]), window, body, at, BYTES[leaf.dtype])
        for result, number, window in zip(body.results, body.made, body.writes, strict=True):
            self.address[result] = self.window(self.at(parts[number]), window, body, at, BYTES[result.dtype])
        # Each once: what is computed again is made by several kernels, in one place.
        for made in dict.fromkeys(made for inner in region.body for made in inner.nodes):
            if made in self.plan.buffers and made not in self.plan.windows:
                self.address[made] = f"{self.at(made)} + worker * {stride(made, ALIGN)}"
        self.say(f"{name}_next, {name}_to = share_places({body.count}, worker, workers, {body.rounds})")
        self.say(f"for {at} in range({name}_next, {name}_to):")
        self.depth += 1
        if body.rounds > 1:
            self.say(f"{ROUND} = {at} % {body.rounds}")
        for inner in region.body:
            kernel, arguments = self.lowered[inner]
            given = [*(self.at(a.home) for a in arguments), *kernel.sizes, *kernel.scalars]
            self.call(kernel.name, [*given, "0", "1"])
            if self.clocks is not None:
                self.tick(self.clocks.setdefault(inner, len(self.clocks) + 1))
        self.depth -= 1
        self.address = before

    def window(self, address: str, window: Window, body: Each, at: str, size: int) -> str:
        """The address of a matrix at the place `at` of all."""
        terms = [address]
        if window.start != 0:
            terms.append(str(window.start * size) if isinstance(window.start, int) else f"({window.start}) * {size}")
        for axis, step in enumerate(window.steps):
            behind, extent = product(body.outer[axis + 1 :]), body.outer[axis]
            if step == 0 or extent == 1:
                continue
            index = at if behind == 1 else f"{at} // ({behind})"
            index = index if axis == 0 else f"({index}) % ({extent})"
            terms.append(f"{index} * ({step * size})")
        return " + ".join(terms)

    def tick(self, word: int) -> None:
        """Add the time since the last tick to a word."""
        self.say(f"tick(entry(table, {self.places['clocks', 'clocks']}), worker, {word})")

    def scan(self, region: Region) -> None:
        """The body's kernels once for each step. Carries go to and fro between two places; items and what is collected
        lie one step after the other."""
        scan = region.nodes[0]
        body: Body = scan.attrs["body"]
        first, rest = scan.inputs[: len(body.carries)], scan.inputs[len(body.carries) :]
        sequences, free = rest[: len(body.items)], rest[len(body.items) :]
        parts = {n.attrs["index"]: n for n in region.nodes[1:]}
        name = self.plan.names
        before = dict(self.address)
        self.address.update({leaf: self.at(outer) for leaf, outer in zip(body.free, free, strict=True)})
        for leaf, node, start in zip(body.carries, body.next, first, strict=True):
            at = f"{name[leaf]}_at"
            self.say(f"{at}, {at}_next, {at}_spare = {self.at(start)}, {self.at(node)}, {self.at(region.spares[node])}")
        count, step = f"{name[scan]}_step", f"{name[scan]}_at"
        length = str(scan.attrs["length"])
        self.say(f"for {count} in range({length}):")
        self.depth += 1
        self.say(f"{step} = {length} - 1 - {count}" if scan.attrs["reverse"] else f"{step} = {count}")
        for leaf, node in zip(body.carries, body.next, strict=True):
            self.address[leaf], self.address[node] = f"{name[leaf]}_at", f"{name[leaf]}_at_next"
        for leaf, sequence in zip(body.items, sequences, strict=True):
            self.say(f"{name[leaf]}_at = {self.at(sequence)} + {step} * {stride(leaf)}")
            self.address[leaf] = f"{name[leaf]}_at"
        for index, node in enumerate(body.collects, len(body.next)):
            if index in parts:
                self.say(f"{name[node]}_to = {self.at(parts[index])} + {step} * {stride(node)}")
                self.address[node] = f"{name[node]}_to"
        self.regions(region.body, last=False, wait=region not in self.free)
        for leaf in body.carries:
            at = f"{name[leaf]}_at"
            self.say(f"{at}, {at}_next, {at}_spare = {at}_next, {at}_spare, {at}_next")
        self.depth -= 1
        if region in self.free:
            self.barrier()
        for index, leaf in enumerate(body.carries):
            if index in parts:
                given = [f"{name[leaf]}_at", self.at(parts[index]), str(product(leaf.shape)), "worker", "workers"]
                self.call(f"copy_{leaf.dtype}", given)
                self.barrier()
        self.address = before


def stride(node: Node, align: int = 1) -> str:
    """Bytes from one step to the next, a multiple of `align`."""
    size = product(node.shape) * BYTES[node.dtype]
    if isinstance(size, int):
        return str((size + align - 1) // align * align)
    return f"({size})" if align == 1 else f"(({size} + {align - 1}) // {align} * {align})"


def entry_text(
    plan: Plan,
    lowered: Lowered,
    places: Places,
    free: frozenset[Region] = frozenset(),
    clocks: dict[Region, int] | None = None,
) -> str:
    """The whole entry. Into `clocks`, where given, goes the word that counts the time of each kernel."""
    writer = Writer(plan, lowered, places, free=free, clocks=clocks)
    writer.lines += ["@sequence", f"def {plan.graph.name}(worker, workers, sync, table):"]
    for name in plan.sizes:
        writer.say(f"{name} = entry(table, {places['size', name]})")
    _numbers(writer)
    if writer.loops:
        writer.say("turn = 0")
    if clocks is not None:
        writer.tick(0)
    writer.regions(plan.regions, last=True)
    if len(writer.lines) == 2:
        writer.say("pass")
    return "\n".join(writer.lines)


def _numbers(writer: Writer) -> None:
    """The runtime's numbers as local names."""
    scalars = writer.plan.scalars
    if not scalars:
        return
    place = f"entry(table, {writer.places['numbers', 'numbers']}), ({len(scalars)},)"
    dtypes = {n.attrs["name"]: n.dtype for n in all_nodes(writer.plan.graph) if n.op == "scalar"}
    for i, name in enumerate(scalars):
        if name == "key":
            writer.say(f"key = array_i64({place})[{i}]")
        else:
            writer.say(f"{name} = {dtypes[name]}(array_f64({place})[{i}])")
