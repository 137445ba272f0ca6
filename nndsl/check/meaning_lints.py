"""Warnings about what values mean, found in the graph that is trained: softmax along an axis that holds no classes,
targets that nothing compares with."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from nndsl.check.structure import by_line
from nndsl.diagnostics import Label, Problem
from nndsl.ir.dims import Dim, Size
from nndsl.ir.graph import LossTerm, Model, Node, topological
from nndsl.problems import suspicions

SOFTMAX = ("softmax", "log_softmax")
MAX_FOLLOWED = 64  # nodes looked at for one loss


def meaning_lints(model: Model, unread: Collection[str]) -> list[Problem]:
    """All warnings of this kind; `unread` are the names of inputs and targets that nothing reads."""
    forward = model.training
    compared = [term.value for term in forward.losses]
    for metric in forward.metrics:
        compared += [metric.value, *metric.arguments, *(update.value for update in metric.updates)]
    reached = topological([*compared, *(node for _, node in forward.outputs)])
    found = [*unused_targets(model, set(topological(compared)), unread), *softmax_axes(model, reached)]
    sums = [node for node in reached if node.op == "sum"]
    return found + [p for term, made in by_line(forward.losses, sums) for p in compared_along_another_axis(term, made)]


def unused_targets(model: Model, reached: set[Node], unread: Collection[str]) -> Iterator[Problem]:
    """Targets that something reads, and no loss and no metric."""
    for port in model.targets:
        leaf = model.leaves.get(port.name)
        if leaf is not None and leaf not in reached and port.name not in unread:
            yield suspicions.UnusedTarget(
                port.span,
                message=f"no loss and no metric reads the target `{port.name}`",
                note="nothing is compared with it",
                cure=f"add a line such as `loss mse({port.name}, …)`, or remove it",
            )


def softmax_axes(model: Model, nodes: list[Node]) -> Iterator[Problem]:
    """Softmax over the examples of a batch, or over a single value. What a layer of the library does inside is its own
    matter: the word has to stand where the node comes from."""
    rows: set[Size] = {port.type.shape[0] for port in model.inputs if port.type.shape}
    rows = {size for size in rows if isinstance(size, Dim)}
    for node in nodes:
        if node.op not in SOFTMAX or node.span is None or "softmax" not in node.span.text.lower():
            continue
        axis, shape = node.attrs["axis"], node.inputs[0].shape
        if shape[axis] == 1:
            yield suspicions.SoftmaxOfOne(
                node.span,
                note=f"this is {node.inputs[0].type}, with one value along axis {axis}",
                cure="use `sigmoid` for one output, or give each class an output",
            )
        elif _over_examples(shape, axis, rows):
            yield suspicions.SoftmaxAxis(
                node.span,
                message="this softmax goes over the examples of a batch",
                note=f"axis {axis} of {node.inputs[0].type} counts the examples",
                related=_made_at(node.inputs[0], node),
                cure="leave `axis` out: the classes are along the last axis",
            )


POINTWISE = ("multiply", "where", "log", "maximum", "minimum", "add", "subtract", "negative", "cast", "less", "log1p")


def compared_along_another_axis(term: LossTerm, sums: list[Node]) -> Iterator[Problem]:
    """A loss that adds up over the last axis what a softmax made along another one."""
    for node in sums:
        waiting, seen = list(node.inputs), set[Node]()
        while waiting and len(seen) < MAX_FOLLOWED:
            value = waiting.pop()
            if value in seen:
                continue
            seen.add(value)
            if value.op in POINTWISE:
                waiting += value.inputs
            elif value.op in SOFTMAX and value.span is not None and "softmax" in value.span.text.lower():
                axis, rank = value.attrs["axis"], value.type.rank
                if axis not in node.attrs["axes"] and 0 < axis < rank - 1:
                    yield suspicions.SoftmaxAxis(
                        value.span,
                        message=f"this softmax goes over axis {axis}, the loss `{term.name}` over the last axis",
                        note=f"this is {value.type}",
                        related=(Label(term.span, "compared here"),),
                        cure="leave `axis` out: the classes are along the last axis",
                    )


def _over_examples(shape: tuple[Size, ...], axis: int, rows: set[Size]) -> bool:
    """Whether an axis counts examples, and no other does: where two do, examples are compared with one another."""
    return axis == 0 and len(shape) > 1 and shape[0] in rows and shape[0] not in shape[1:]


def _made_at(value: Node, node: Node) -> tuple[Label, ...]:
    if value.span is None or node.span is None or value.span.line == node.span.line:
        return ()
    return (Label(value.span, f"this gives {value.type}"),)
