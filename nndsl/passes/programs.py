"""From a checked model to the programs that run: predict, evaluate, train and gradients, and those that read texts.

Names of outputs: `out.<name>`, `loss`, `loss.<name>`, `metric.<name>`, `arg.<metric>.<i>`, `grad.<param>`; of those
that read texts `scores` and `memory.<name>`.
"""

from __future__ import annotations

from collections.abc import Iterable

from nndsl.ir.experiment import Optimizer, Turn, UpdateRule
from nndsl.ir.graph import Forward, Going, Graph, LossTerm, Model, Node, ParamSpec, Update, const
from nndsl.ir.rewrite import substitute
from nndsl.ops import build as b
from nndsl.passes.autodiff import gradients

Outputs = list[tuple[str, Node]]


def predict(model: Model) -> Graph:
    """Outputs only, in inference mode."""
    return Graph("predict", tuple((f"out.{name}", node) for name, node in model.inference.outputs))


def evaluate(model: Model) -> Graph:
    """Losses and metrics in inference mode."""
    forward = model.inference
    outputs, updates = _losses(forward), list[Update]()
    _metrics(forward, outputs, updates)
    return Graph("evaluate", tuple(outputs), tuple(updates))


def gradient(model: Model) -> Graph:
    """The loss and its gradient for every param, in training mode."""
    outputs = _losses(model.training)
    total = outputs[0][1]
    for spec, grad in zip(model.params, gradients(total, [p.leaf for p in model.params]), strict=True):
        outputs.append((f"grad.{spec.name}", grad if grad is not None else b.zeros_like(spec.leaf)))
    return Graph("gradient", tuple(outputs), model.training.updates)


def train(model: Model, optimizer: Optimizer) -> Graph:
    """Forward, backward and the optimizers' updates in one program.

    Optimizers take turns. A turn is computed on the params as they are before the step; then those that earlier turns
    have moved are put in. What depends on none of them is computed once.
    """
    forward = model.training
    outputs = _losses(forward)
    updates = {update.target: update.value for update in forward.updates}
    moved: dict[Node, Node] = {}
    for turn in optimizer.turns:
        values = _turn(forward, turn, outputs[0][1])
        if moved:
            now = substitute(values.values(), moved)
            values = {target: now[value] for target, value in values.items()}
        updates |= values
        moved |= {rule.param.leaf: values[rule.param.leaf] for rule in turn.rules if rule.param.leaf in values}
    made = [Update(target, value) for target, value in updates.items()]
    _metrics(forward, outputs, made)
    return Graph("train", tuple(outputs), tuple(made))


def _turn(forward: Forward, turn: Turn, total: Node) -> dict[Node, Node]:
    """What params and slots become in a turn, from the gradient of its losses; `total` is the sum of all."""
    if turn.losses:
        total = _sum([term for term in forward.losses if term.penalty or term.name in turn.losses])
    grads = gradients(total, [rule.param.leaf for rule in turn.rules])
    reached = [(rule, g) for rule, g in zip(turn.rules, grads, strict=True) if g is not None]
    if turn.global_clipnorm is not None and reached:
        reached = _clip_together(reached, turn.global_clipnorm)
    values: dict[Node, Node] = {}
    for rule, grad in reached:
        new = substitute([u.value for u in rule.updates], {rule.gradient: grad})
        values |= {u.target: _held(rule.param, u.target, new[u.value]) for u in rule.updates}
    return values


def _held(param: ParamSpec, target: Node, value: Node) -> Node:
    """What a param's constraint makes of its new value."""
    if target is not param.leaf or param.constrained is None:
        return value
    return substitute([param.constrained], {param.leaf: value})[param.constrained]


def reading(output: Node) -> Graph:
    """The scores of the token behind a text."""
    return Graph("reading", (("scores", last_place(output)),))


def going(made: Going, output: str, whole: bool = False) -> Graph:
    """Some steps of a text: the scores behind the last of them (of each with `whole`), and what is kept."""
    node = dict(made.outputs)[output]
    kept = tuple((memory.name, memory.value) for memory in made.memories)
    return Graph("going", (("scores", node if whole else last_place(node)), *kept))


def last_place(node: Node) -> Node:
    """Of scores of all places [batch, time, n] those of the last one, [batch, n]."""
    if node.type.rank != 3:
        return node
    batch, time, n = node.shape
    part = b.apply("slice", node, start=(0, time - 1, 0), size=(batch, 1, n), step=(1, 1, 1))
    return b.reshape(part, (batch, n))


def unreached(model: Model) -> list[str]:
    """Names of params that the loss does not depend on."""
    total = _losses(model.training)[0][1]
    found = gradients(total, [p.leaf for p in model.params])
    return [spec.name for spec, g in zip(model.params, found, strict=True) if g is None]


def _losses(forward: Forward) -> Outputs:
    """The total first, then each term where a model has several."""
    terms = [term for term in forward.losses if not term.penalty]
    outputs: Outputs = [("loss", _sum(forward.losses))]
    if len(terms) > 1:
        outputs += [(f"loss.{term.name}", term.value) for term in terms]
    return outputs


def _sum(terms: Iterable[LossTerm]) -> Node:
    """The sum of some terms, 0 of none."""
    total: Node | None = None
    for term in terms:
        with b.at(term.span):
            total = term.value if total is None else b.add(total, term.value)
    return total if total is not None else const(0.0, "f32")


def _metrics(forward: Forward, outputs: Outputs, updates: list[Update]) -> None:
    """What each form of metric needs from a batch: a sum, its states, or its arguments."""
    for metric in forward.metrics:
        with b.at(metric.span):
            match metric.form:
                case "mean":
                    outputs.append((f"metric.{metric.name}", b.sum_(metric.value)))
                case "state":
                    outputs.append((f"metric.{metric.name}", metric.value))
                    updates += metric.updates
                case "whole":
                    outputs += [(f"arg.{metric.name}.{i}", node) for i, node in enumerate(metric.arguments)]


def _clip_together(reached: list[tuple[UpdateRule, Node]], limit: float) -> list[tuple[UpdateRule, Node]]:
    """All gradients scaled so that their joint norm is at most `limit` (Pascanu et al. 2013)."""
    total: Node | None = None
    for _, grad in reached:
        part = b.sum_(b.mul(grad, grad))
        total = part if total is None else b.add(total, part)
    assert total is not None
    norm = b.apply("sqrt", total)
    scale = b.div(const(limit, norm.dtype), b.maximum(norm, limit))
    return [(rule, b.mul(grad, scale)) for rule, grad in reached]
