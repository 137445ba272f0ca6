"""`updated(optimizer, p, gradients)` in a test: what update rules make of numbers."""

from __future__ import annotations

from nndsl.check.applying import build
from nndsl.check.builtin import Site, define, tensor, wrong
from nndsl.check.optimizer import Chosen, learning_rate, update_rule
from nndsl.check.values import POISON, Function, Instance, Poison, Value
from nndsl.ir.dims import Size
from nndsl.ir.experiment import UpdateRule
from nndsl.ir.graph import Node, ParamSpec, const
from nndsl.ir.rewrite import substitute
from nndsl.ir.types import FLOATS
from nndsl.ops import build as b

MAX_UPDATES = 100


def _updated(site: Site, optimizer: Value, p: Value, gradients: Value) -> Value:
    """p after an update with each of the gradients in turn; their first axis counts the updates."""
    ctx = site.ctx
    if isinstance(optimizer, Function) and optimizer.role == "optimizer":
        optimizer = build(ctx, optimizer, [], site.spans["optimizer"])
    if isinstance(optimizer, Poison):
        return POISON
    if not isinstance(optimizer, Instance) or optimizer.function.role != "optimizer":
        raise wrong(site, "optimizer", "is an optimizer", optimizer, cure="for example: `Adam(0.1)`")
    value = _floats(site, "p", p)
    given = _floats(site, "gradients", gradients)
    count: Size = given.shape[0] if given.type.rank else 0
    fits = given.type.rank > 0 and given.shape[1:] == value.shape
    if not fits or not isinstance(count, int) or count > MAX_UPDATES:
        needs = f"has a gradient like `p` ({value.type}) for each update, {MAX_UPDATES} at most: one axis more than `p`"
        raise wrong(site, "gradients", needs, given, cure="write a list of gradients, even for one update")
    metric, ctx.metric = ctx.metric, None  # states belong to the rule here
    try:
        spec = ParamSpec("p", Node("param", (), {"name": "p"}, value.type, site.span, "p"), value, site.span)
        config = dict(optimizer.config)
        rate, _ = learning_rate(ctx, config, site.spans["optimizer"])
        chosen = Chosen(optimizer.function, config, {}, site.spans["optimizer"], site.spans["optimizer"])
        rule = None if isinstance(rate, Poison) else update_rule(ctx, chosen, config, spec)
    finally:
        ctx.metric = metric
    if rule is None:
        return POISON
    known = {spec.leaf: value, **{slot.leaf: slot.initial for slot in rule.slots}}
    with b.at(ctx.place(site.span)):
        if isinstance(leaf := config.get("learning_rate"), Node) and isinstance(rate, float):
            known[leaf] = const(rate, "f32")
        for step in range(count):
            known = _after(site, rule, known, _row(given, step), step + 1)
    return known[spec.leaf]


def _after(site: Site, rule: UpdateRule, known: dict[Node, Node], gradient: Node, step: int) -> dict[Node, Node]:
    """What is known after one more update."""
    leaves = {**known, rule.gradient: gradient, site.ctx.step: const(float(step), "f32")}
    new = substitute([update.value for update in rule.updates], leaves)
    site.ctx.count(site.span, len(new))
    return {**known, **{update.target: new[update.value] for update in rule.updates}}


def _row(given: Node, place: int) -> Node:
    first, rest = (place, *[0] * (given.type.rank - 1)), given.shape[1:]
    return b.reshape(b.apply("slice", given, start=first, step=(1,) * given.type.rank, size=(1, *rest)), rest)


def _floats(site: Site, argument: str, value: Value) -> Node:
    node = tensor(site, argument, value)
    if node.dtype not in FLOATS:
        raise wrong(site, argument, "has floats", node)
    return node


UPDATED = define("updated", ["optimizer", "p", "gradients"], _updated, "")
