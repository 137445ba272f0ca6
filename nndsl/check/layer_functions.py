"""Functions for those who write layers: masks that ride on values, and layers built once more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from nndsl.check.applying import build as build_layer
from nndsl.check.applying import made
from nndsl.check.binding import Given, by_name, convert, signature
from nndsl.check.builtin import Site, build, define, tensor, wrong
from nndsl.check.context import Context
from nndsl.check.masks import with_mask
from nndsl.check.values import POISON, Builtin, Function, Instance, Poison, Value, describe
from nndsl.diagnostics import Span
from nndsl.problems import names

# --- masks ---------------------------------------------------------------------------------------------------------


def _mask_of(site: Site, x: Value) -> Value:
    node = tensor(site, "x", x)
    return build(site, [node], lambda: site.ctx.marks.mask(node))


def _with_mask(site: Site, x: Value, mask: Value) -> Value:
    node = tensor(site, "x", x)
    if mask is None:
        # Nothing is taken off that is not there.
        return build(site, [node], lambda: node if site.ctx.marks.mask(node) is None else with_mask(node, None))
    there = tensor(site, "mask", mask)
    site.ctx.marks.any = True
    return build(site, [node, there], lambda: with_mask(node, there))


# --- layers --------------------------------------------------------------------------------------------------------


def _layer(site: Site, layer: Value) -> Instance:
    if isinstance(layer, Instance) and layer.function.role == "layer":
        return layer
    raise wrong(site, "layer", "is a layer that is built", layer, "for example `LSTM(8)`")


def _config_of(site: Site, layer: Value, name: Value) -> Value:
    if not isinstance(name, str):
        raise wrong(site, "name", "is the name of what builds the layer, as a text", name)
    if isinstance(layer, Function) and layer.role in ("layer", "fn"):
        return None
    return _layer(site, layer).config.get(name)


def _again(ctx: Context, builtin: Builtin, given: list[Given], span: Span) -> Value:
    """`again(layer, go_backwards=true)`."""
    first = given[0] if given and given[0].name is None else None
    if first is None:
        return ctx.say(
            names.MissingArgument, span, "`again` needs a layer", cure=f"the signature is `{builtin.signature}`"
        )
    layer, changes = first.value, given[1:]
    if isinstance(layer, Function) and layer.role == "layer":
        return build_layer(ctx, layer, changes, span)
    if not isinstance(layer, Instance) or layer.function.role != "layer":
        return ctx.say(
            names.WrongArgument,
            first.span,
            "`again` builds a layer once more",
            note=f"this is {describe(layer)}",
            cure="give it a layer that is built: `again(LSTM(8), go_backwards=true)`",
        )
    function, parameters = layer.function, layer.function.config or ()

    def takes() -> str:
        return f"the signature is `{signature(function, parameters)}`"

    bound: dict[str, Given] = {}
    by_place = next((g for g in changes if g.name is None), None)
    if by_place is not None:
        ctx.say(names.TooManyArguments, by_place.span, "`again` takes changes by their names", cure=takes())
    if not by_name(ctx, function.name, changes, [p.name for p in parameters], bound, takes) or by_place is not None:
        return POISON
    known = {p.name: p for p in parameters}
    values = {name: convert(ctx, function.name, known[name], g) for name, g in bound.items()}
    if any(isinstance(value, Poison) for value in values.values()):
        return POISON
    return _like(ctx, layer, values, span)


def _like(ctx: Context, layer: Instance, changes: Mapping[str, Value], span: Span) -> Instance:
    """A layer built as another one but for the changes; layers that it was given are built once more too."""
    config = {
        name: changes[name] if name in changes else _anew(ctx, value, span) for name, value in layer.config.items()
    }
    found = made(ctx, layer.function, config, span)
    found.stages = tuple(replace(stage, function=_anew(ctx, stage.function, span)) for stage in layer.stages)
    return found


def _anew(ctx: Context, value: Any, span: Span) -> Any:
    """A value with all layers in it built once more."""
    match value:
        case Instance(function=Function(role="layer")):
            return _like(ctx, value, {}, span)
        case list() | tuple():
            return type(value)(_anew(ctx, item, span) for item in value)
    return value


# --- the table -------------------------------------------------------------------------------------------------------

FUNCTIONS: tuple[Builtin, ...] = (
    define("mask_of", ["x"], _mask_of, "The mask that rides on x, in the shape of its leading axes, or none."),
    define(
        "with_mask", ["x", "mask"], _with_mask, "x with a mask (bool, in the shape of its leading axes) riding on it."
    ),
    define(
        "config_of", ["layer", "name"], _config_of, "What a layer was built with, or none where it has no such thing."
    ),
    Builtin(
        "again",
        "again(layer, **changes)",
        _again,
        "The same kind of layer, built as this one but for the changes, with weights of its own.",
    ),
)
