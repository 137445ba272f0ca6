"""How a function of the compiler is defined, and how it takes its arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

from nndsl.check.binding import Given, bind_builtin
from nndsl.check.context import Context
from nndsl.check.nodes import as_node, guarded
from nndsl.check.sizes import as_size
from nndsl.check.values import POISON, Builtin, DtypeWord, Value, describe
from nndsl.diagnostics import Span
from nndsl.ir.dims import Size
from nndsl.ir.graph import Node
from nndsl.ops.op import REQUIRED
from nndsl.problems import names


@dataclass(frozen=True)
class Site:
    """What a builtin knows of its call."""

    ctx: Context
    name: str
    span: Span
    spans: dict[str, Span]


class Wrong(Exception):
    """An argument does not fit; the Problem is recorded."""


def wrong(site: Site, argument: str, needs: str, value: Value, cure: str | None = None) -> Wrong:
    """Record that an argument has the wrong kind of value."""
    site.ctx.say(
        names.WrongArgument,
        site.spans.get(argument, site.span),
        f"`{argument}` of `{site.name}` {needs}",
        note=f"this is {describe(value)}",
        cure=cure,
    )
    return Wrong()


def tensor(site: Site, argument: str, value: Value, like: Node | None = None) -> Node:
    """An argument as a tensor."""
    node = as_node(site.ctx, value, like, site.spans.get(argument, site.span))
    if node is None:
        raise Wrong
    return node


def whole(site: Site, argument: str, value: Value) -> int:
    """An argument as a whole number."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong(site, argument, "is a whole number", value)
    return value


def number(site: Site, argument: str, value: Value) -> float:
    """An argument as a number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise wrong(site, argument, "is a number", value)
    return value


def flag(site: Site, argument: str, value: Value) -> bool:
    """An argument as a truth value."""
    if not isinstance(value, bool):
        raise wrong(site, argument, "is true or false", value)
    return value


def axes(site: Site, value: Value) -> int | list[int] | None:
    """`axis=`: none, a number or a list of numbers."""
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if isinstance(value, (list, tuple)):
        return [whole(site, "axis", v) for v in value]
    raise wrong(site, "axis", "is none, a number or a list", value)


def sizes(site: Site, argument: str, value: Value, hole: bool = False) -> tuple[Size, ...]:
    """A shape: a list of sizes (or one size)."""
    parts = list(value) if isinstance(value, (list, tuple)) else [value]
    out: list[Size] = []
    for part in parts:
        if hole and part == -1 and isinstance(part, int):
            out.append(-1)
            continue
        size = as_size(site.ctx, part, site.spans.get(argument, site.span))
        if size is None:
            raise Wrong
        out.append(size)
    return tuple(out)


def size(site: Site, argument: str, value: Value) -> Size:
    """A single size."""
    found = as_size(site.ctx, value, site.spans.get(argument, site.span))
    if found is None:
        raise Wrong
    return found


def dtype_of(site: Site, value: Value) -> str:
    """The dtype that a word such as `f32` names."""
    if not isinstance(value, DtypeWord):
        raise wrong(site, "dtype", "is one of f32 f64 i32 i64 bool", value)
    return value.name


def define(
    name: str,
    parameters: Sequence[str | tuple[str, Any]],
    run: Callable[..., Value],
    doc: str,
    variadic: str | None = None,
) -> Builtin:
    """A builtin. `run(site, **arguments)` gets every parameter; `variadic` collects what is given by place."""
    defaults = {p[0]: p[1] for p in parameters if isinstance(p, tuple)}
    order = [p if isinstance(p, str) else p[0] for p in parameters]
    shown = ([f"*{variadic}"] if variadic else []) + [
        f"{p}={describe(defaults[p])}" if p in defaults and defaults[p] is not REQUIRED else p for p in order
    ]
    signature = f"{name}({', '.join(shown)})"

    def call(ctx: Context, builtin: Builtin, given: list[Given], span: Span) -> Value:
        bound = bind_builtin(ctx, builtin, order, defaults, given, span, variadic)
        if bound is None:
            return POISON
        values, spans = bound
        site = Site(ctx, builtin.name, span, spans)
        try:
            return run(site, **values)
        except Wrong:
            return POISON

    return Builtin(name, signature, call, doc)


def build(site: Site, args: Sequence[Node], maker: Callable[[], Node | tuple[Node, ...] | None]) -> Value:
    """Run a maker of nodes with ShapeFaults turned into Problems."""
    return guarded(site.ctx, site.span, args, list(site.spans.values()), site.name, maker)


def is_number(value: Value) -> TypeGuard[int | float]:
    """Whether it is a number computed now."""
    return isinstance(value, int | float) and not isinstance(value, bool)
