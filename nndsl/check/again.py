"""Layers applied again: the part of the graph that a body made is copied, where the body would make the same once more.

A network has thousands of layers of a few sorts. What a body makes depends on what builds the layer, on the types of
what flows in, and on whether it is for training; so the first body that is carried out for such a `Key` is only
remembered, the second one is recorded, and from the third on the record is copied: nodes for nodes, with the names and
places of the new application. That is several times faster than to carry out a body.

Bodies that do more than make nodes, params, states and their updates are never copied: those with layers, scans or
losses of their own, and whatever looks behind the values that flow in.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from nndsl.check.values import Builtin, DtypeWord, Function, Instance, Value
from nndsl.diagnostics import Span
from nndsl.ir.dims import Dim
from nndsl.ir.graph import NUMBERS, Application, Constraint, Node, ParamSpec

if TYPE_CHECKING:
    from nndsl.check.context import Context

MOST_RECORDS = 32  # of one elaboration: each has a look at all of the graph so far
MOST_NODES = 500  # of one record
Key = tuple[Hashable, ...]
Names = tuple[str, str]
"""The path before and the path now."""


@dataclass(frozen=True)
class Made:
    """A node of a record; its inputs are numbers of what flows in, of leaves, and of the nodes before it."""

    inputs: tuple[int, ...]
    node: Node


@dataclass(frozen=True, eq=False)
class Record:
    """What one application made.

    Numbers count what flows in first, then the params and states in `owned`, then `scalars`, which a program has but
    one of, then `nodes`.
    """

    path: str
    site: Span
    owned: tuple[tuple[str, ParamSpec], ...]
    scalars: tuple[Node, ...]
    nodes: tuple[Made, ...]
    out: int | tuple[int, ...]
    updates: tuple[tuple[int, int], ...]
    constraints: tuple[Constraint, ...]
    applications: tuple[tuple[Application, tuple[int, ...], tuple[int, ...]], ...]
    number: int
    begun: int
    streams: tuple[int, int]


@dataclass(frozen=True)
class Before:
    """How much there was of everything before a body was carried out."""

    problems: int
    updates: int
    constraints: int
    applications: int
    begun: int
    losses: int
    metrics: int
    streams: int

    @classmethod
    def of(cls, ctx: Context) -> Before:
        return cls(len(ctx.problems), len(ctx.updates), len(ctx.constraints), len(ctx.traced.ended), ctx.traced.begun,
                   len(ctx.losses), len(ctx.metrics), ctx.streams)  # fmt: skip


@dataclass(eq=False)
class Again:
    """The records of one elaboration by their keys; None for a key that was seen once, or cannot be recorded."""

    records: dict[Key, Record | None] = field(default_factory=dict)
    tried: set[Key] = field(default_factory=set)

    def copy(self, ctx: Context, instance: Instance, key: Key, flowing: list[Value]) -> Value:
        """What the layer gives, copied from a record; None where there is no record that fits."""
        record = self.records.get(key)
        specs = _owned_again(ctx, instance, record) if record is not None else None
        if record is None or specs is None:
            return None
        return _copied(ctx, instance, record, specs, [value for value in flowing if isinstance(value, Node)])

    def learn(
        self, ctx: Context, instance: Instance, key: Key, flowing: list[Value], out: Value, before: Before
    ) -> None:
        """Note what a body made that was carried out."""
        if key not in self.records:
            self.records[key] = None
        elif key not in self.tried and len(self.tried) < MOST_RECORDS:
            self.tried.add(key)
            self.records[key] = _record(ctx, instance, [v for v in flowing if isinstance(v, Node)], out, before)


def key_of(ctx: Context, instance: Instance, flowing: list[Value]) -> Key | None:
    """What decides on all that the body of a layer makes; None where more than that does."""
    elsewhere = ctx.scan or ctx.metric or ctx.rule or ctx.memories or ctx.notes
    if elsewhere or ctx.initial or ctx.marks.any or instance.stages or instance.applications > 1:
        return None
    out: list[Hashable] = [instance.function]
    first: dict[Node, int] = {}
    try:
        for value in flowing:
            if isinstance(value, Node):
                # The kinds of scores and probabilities make functions look at where they come from.
                if value.op == "const" or (value.type.kind is not None and value.type.kind.name != "index"):
                    return None
                named = value.name is not None or value.is_leaf
                out.append((value.type, named, first.setdefault(value, len(first))))
            else:
                out.append(_of_value(value))
        out += [_of_value(value) for value in instance.config.values()]
    except TypeError:
        return None
    return tuple(out)


def _of_value(value: Value) -> Hashable:
    """A compile-time value as a part of a key; numbers that are equal and not alike are told apart. Raises TypeError
    for what has an identity of its own."""
    match value:
        case bool() | str() | None | Function() | Builtin() | DtypeWord() | Dim():
            return (type(value), value)
        case int() | float() if type(value) in (int, float):
            return (type(value), repr(value))
        case list() | tuple():
            return (type(value), *map(_of_value, value))
        case Instance(function=Function(role="fn" | "init"), stages=()):
            return (value.function, *map(_of_value, value.config.values()))
    raise TypeError


# --- recording -----------------------------------------------------------------------------------------------


def _record(ctx: Context, instance: Instance, flowing: list[Node], out: Value, before: Before) -> Record | None:
    """What the body of `instance` made of what flowed in; None where it cannot be copied."""
    now = Before.of(ctx)
    alike = (now.problems, now.losses, now.metrics) == (before.problems, before.losses, before.metrics)
    results = list(out) if isinstance(out, tuple) else [out]
    if not alike or ctx.poisoned or ctx.marks.any or instance.children or instance.path is None or ctx.site is None:
        return None
    if any(spec.constrained is not None for spec in instance.params.values()):
        return None
    owned = {spec.leaf: name for name, spec in instance.params.items()}
    updates = list(ctx.updates.items())[before.updates :] if now.updates > before.updates else []
    applications = ctx.traced.ended[before.applications :]
    roots = [*results, *(value for _, value in updates), *(n for a in applications for n in (*a.inputs, *a.results))]
    if not all(isinstance(root, Node) for root in roots) or any(target not in owned for target, _ in updates):
        return None
    found = _made(roots, {*flowing, *owned})
    if found is None or _behind(flowing, set(found)):
        return None
    scalars = [node for node in found if node.op == "scalar"]
    nodes = [node for node in found if node.op != "scalar"]
    place: dict[Any, int] = {}
    for node in (*flowing, *owned, *scalars, *nodes):
        place.setdefault(node, len(place))
    flows = len(set(flowing))
    assert len(place) == flows + len(owned) + len(found)
    return Record(
        instance.path, ctx.site, tuple(instance.params.items()), tuple(scalars),
        tuple(Made(tuple(place[i] for i in node.inputs), node) for node in nodes),
        tuple(place[n] for n in results) if isinstance(out, tuple) else place[out],
        tuple((place[target], place[value]) for target, value in updates),
        tuple(ctx.constraints[before.constraints :]),
        tuple((a, tuple(place[n] for n in a.inputs), tuple(place[n] for n in a.results)) for a in applications),
        ctx.traced.open[-1], now.begun - before.begun, (before.streams, now.streams - before.streams),
    )  # fmt: skip


def _made(roots: list[Any], given: set[Node]) -> list[Node] | None:
    """The nodes between what was given and the roots, inputs first; None where these are not all there is, or many."""
    order: list[Node] = []
    seen = set(given)
    stack: list[tuple[Node, Iterator[Node]]] = []
    for root in roots:
        if root in seen:
            continue
        seen.add(root)
        stack.append((root, iter(root.inputs)))
        while stack:
            node, rest = stack[-1]
            if (node.is_leaf and node.op not in NUMBERS) or node.op == "scan" or len(seen) > MOST_NODES:
                return None
            child = next((child for child in rest if child not in seen), None)
            if child is None:
                order.append(node)
                stack.pop()
            else:
                seen.add(child)
                stack.append((child, iter(child.inputs)))
    return order


def _behind(flowing: list[Node], made: set[Node]) -> bool:
    """Whether one of the nodes was there before: the body got hold of what the values that flow in are made of."""
    waiting, seen = list(flowing), set(flowing)
    while waiting:
        for child in waiting.pop().inputs:
            if child in made and child.op not in NUMBERS:
                return True
            if child not in seen:
                seen.add(child)
                waiting.append(child)
    return False


# --- copying -------------------------------------------------------------------------------------------------


def _owned_again(ctx: Context, instance: Instance, record: Record) -> dict[str, ParamSpec | None] | None:
    """The params and states of the layer that are there already; None where they are of other types."""
    specs: dict[str, ParamSpec | None] = {}
    for name, old in record.owned:
        registry = ctx.registry.params if old.leaf.op == "param" else ctx.registry.states
        spec = specs[name] = registry.get(f"{instance.path}.{name}")
        if spec is not None and spec.type != old.type:
            return None
    return specs


def _copied(
    ctx: Context, instance: Instance, record: Record, specs: Mapping[str, ParamSpec | None], flowing: list[Node]
) -> Value:
    assert instance.path is not None
    assert ctx.site is not None
    site, old_site = ctx.site, record.site
    names = (f"{record.path}.", f"{instance.path}.")
    ctx.count(site, len(record.nodes) + len(record.owned))
    for name, old in record.owned:
        spec = specs[name]
        if spec is None:
            path = f"{instance.path}.{name}"
            place = site if old.leaf.span == old_site else old.leaf.span
            leaf = Node(old.leaf.op, (), {"name": path}, old.type, place, path)
            spec = ParamSpec(path, leaf, old.initial, site if old.span == old_site else old.span, old.doc)
            (ctx.registry.params if leaf.op == "param" else ctx.registry.states)[path] = spec
        instance.params[name] = spec
    values = [*dict.fromkeys(flowing), *(instance.params[name].leaf for name, _ in record.owned), *record.scalars]
    streams = ctx.streams - record.streams[0]
    for made in record.nodes:
        old_node = made.node
        attrs = {**old_node.attrs}  # an object of its own for each node: pictures know nodes by it
        if "stream" in attrs:
            attrs["stream"] += streams
        values.append(
            Node(
                old_node.op,
                tuple([values[i] for i in made.inputs]),
                attrs,
                old_node.type,
                site if old_node.span == old_site else old_node.span,
                _renamed(old_node.name, names),
            )
        )
    ctx.streams += record.streams[1]
    ctx.updates |= {values[target]: values[value] for target, value in record.updates}
    ctx.constraints += [replace(c, span=site) if c.span == old_site else c for c in record.constraints]
    _trace(ctx, record, values)
    return tuple(values[n] for n in record.out) if isinstance(record.out, tuple) else values[record.out]


def _renamed(name: str | None, names: Names) -> str | None:
    return names[1] + name[len(names[0]) :] if name is not None and name.startswith(names[0]) else name


def _trace(ctx: Context, record: Record, values: list[Node]) -> None:
    """The applications inside of this one."""
    moved = ctx.traced.open[-1] - record.number
    for one, inputs, results in record.applications:
        ctx.traced.ended.append(
            Application(
                one.number + moved,
                one.parent + moved if one.parent is not None else None,
                one.role,
                one.name,
                tuple([values[i] for i in inputs]),
                tuple([values[i] for i in results]),
                ctx.site if one.span == record.site and ctx.site is not None else one.span,
                one.path,
                one.use,
                one.settings,
                one.params,
            )
        )
    ctx.traced.begun += record.begun


__all__ = ["Again", "Before", "key_of"]
