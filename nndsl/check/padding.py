"""A warning about sequences with a mask: something goes over their steps and counts those that only fill them up."""

from __future__ import annotations

import re

from nndsl.check.masks import Mark, Marks
from nndsl.diagnostics import Label, Problem, Span
from nndsl.ir.graph import Body, Model, Node, topological
from nndsl.ops.op import Pointwise, Reduce
from nndsl.ops.table import OPS
from nndsl.problems import lints

MOVES = frozenset(("reshape", "transpose", "broadcast_to", "slice", "concat", "softmax", "log_softmax"))
"""Ops besides those on elements through which a mask reaches what goes over the steps."""
SCANNED = "go over the mask too: `over x_t in x, there in mask_of(x) axis 1`, `next h = where(there[:, none], …, h)`"
NEUTRAL = {"max": "-1e9", "min": "1e9", "prod": "1", "softmax": "-1e9", "log_softmax": "-1e9"}
"""What stands in a step that is not there so that it changes nothing; 0 for all others."""


def padded(model: Model) -> list[Problem]:
    """All warnings of this kind, one a place. What only adds a penalty is passed over."""
    forward = model.training
    terms = [term.value for term in forward.losses if not term.penalty]
    roots = [*terms, *(n for _, n in forward.outputs), *(m.value for m in forward.metrics)]
    nodes = topological(roots)
    marked = [node for node in nodes if node.op == "masked"]
    if not marked:
        return []
    marks = Marks()
    found: dict[Span, Problem] = {}
    for node in nodes:
        mark = _over_steps(node, marks)
        if mark is None or node.span is None or node.span in found or _reads_mask(node, mark.mask):
            continue
        source = next((m.span for m in marked if mark.mask in m.inputs and m.span not in (None, node.span)), None)
        found[node.span] = lints.PaddedNotMasked(
            node.span,
            note="this goes over all steps, those too that only fill the sequence up",
            related=(Label(source, "its mask comes from here"),) if source is not None else (),
            cure=SCANNED if node.op == "scan" else _left_out(node),
        )
    return list(found.values())


def _left_out(node: Node) -> str:
    """How to leave out the steps that are not there: by the name of the value and the function, as they are written."""
    text = node.span.text if node.span is not None else ""
    written = re.match(r"(\w+)\((\w+)\b", text)
    function, x = (written[1], written[2]) if written is not None else ("", "x")
    if function == "mean" and node.inputs[0].type.rank == 3:
        cure = f"take the mean of the others: `{x} |> GlobalAveragePooling1D()`"
    else:
        there = f"mask_of({x})" + "[:, :, none]" * (node.inputs[0].type.rank > 2)
        cure = f"leave those out: `where({there}, {x}, {NEUTRAL.get(function, '0')})`"
    return f"{cure}; or say that all count: `with_mask({x}, none)`"


def _over_steps(node: Node, marks: Marks) -> Mark | None:
    """The mark of a value over whose steps something goes; None where nothing does."""
    if node.op == "scan":
        body: Body = node.attrs["body"]
        first = len(body.carries)
        for sequence in node.inputs[first : first + len(body.items)]:
            # The axis of the steps was moved to the front.
            if sequence.op == "transpose" and sequence.attrs["axes"][0] > 0:
                mark = marks.of(sequence.inputs[0])
                if mark is not None and sequence.attrs["axes"][0] < mark.lead:
                    return mark
        return None
    if node.is_leaf or len(node.inputs) != 1:
        return None
    if node.op in ("softmax", "log_softmax"):
        axes = (node.attrs["axis"],)
    elif isinstance(OPS[node.op].lowering, Reduce):
        axes = node.attrs["axes"]
    else:
        return None
    mark = marks.of(node.inputs[0])
    return mark if mark is not None and any(0 < axis < mark.lead for axis in axes) else None


def _reads_mask(node: Node, mask: Node) -> bool:
    """Whether truth values for each step, such as the mask, decide about what goes in: by choice, as a factor, or
    beside it."""
    waiting, seen = list(node.inputs), set[Node]()
    while waiting:
        child = waiting.pop()
        if child in seen:
            continue
        seen.add(child)
        if child.dtype == "bool" and child.shape == mask.shape:
            return True
        if not child.is_leaf and (child.op in MOVES or isinstance(OPS[child.op].lowering, Pointwise)):
            waiting += child.inputs
    return False
