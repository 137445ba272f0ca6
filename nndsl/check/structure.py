"""Warnings about how layers follow each other, found in the graph that is trained."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from nndsl.diagnostics import Label, Problem, Span
from nndsl.ir.dims import Size, exact_quotient, product
from nndsl.ir.graph import LossTerm, Model, Node, topological, users
from nndsl.problems import lints

MAX_FOLLOWED = 64  # nodes looked at for one param: a normalization is shorter


def structural(model: Model) -> list[Problem]:
    """All warnings of this kind."""
    forward = model.training
    losses = [term.value for term in forward.losses]
    trained = topological(losses)
    shown = [*(node for _, node in forward.outputs), *(metric.value for metric in forward.metrics)]
    found = subtracted_again(model, trained, set(losses))
    found += linear_twice(model, topological([*losses, *shown]), set(shown))
    found += dropped_outputs(model)
    logarithms = [node for node in trained if node.op in ("log_softmax", "softplus")]
    for term, made in by_line(forward.losses, logarithms):
        found += probability_as_logits(term, made)
    return found


def by_line(terms: Sequence[LossTerm], nodes: Iterable[Node]) -> Iterator[tuple[LossTerm, list[Node]]]:
    """The nodes that the line of each loss makes. A line carried out several times comes once, with its first loss."""
    placed = sorted(((node.span, node) for node in nodes if node.span is not None), key=lambda pair: pair[0].start)
    starts = [span.start for span, _ in placed]
    for line, term in {term.span: term for term in reversed(terms)}.items():
        near = placed[bisect_left(starts, line.start) : bisect_left(starts, line.end)]
        yield term, [node for span, node in near if inside(span, line)]


# --- a bias before a normalization -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Shift:
    """A value moves by `factor * size` times the param; along `axes` the param has several elements."""

    factor: float
    size: Size
    axes: frozenset[int]


def subtracted_again(model: Model, trained: list[Node], roots: set[Node]) -> list[Problem]:
    """Params that move a value which is then only seen less its mean, so that nothing depends on them."""
    readers, order = users(trained), {node: i for i, node in enumerate(trained)}
    return [
        lints.BiasBeforeNorm(
            spec.span,
            message=f"`{spec.name}` has no effect in training",
            note="what it adds, the normalization behind it subtracts",
            cure="build this layer with `use_bias=false`" if spec.name.endswith("bias") else "remove it",
        )
        for spec in model.params
        if spec.leaf in readers and cancels(spec.leaf, readers, order, roots)
    ]


def cancels(leaf: Node, readers: Mapping[Node, list[Node]], order: Mapping[Node, int], roots: set[Node]) -> bool:
    """Whether every value that the param moves is taken off again. False wherever that cannot be told."""
    shifts = {leaf: Shift(1.0, 1, frozenset(i for i, size in enumerate(leaf.shape) if size != 1))}
    waiting, seen = set(readers[leaf]), 0
    while waiting:
        node = min(waiting, key=order.__getitem__)
        waiting.remove(node)
        seen += 1
        shift = shift_of(node, [shifts.get(x) for x in node.inputs])
        if shift is None or seen > MAX_FOLLOWED:
            return False
        if abs(shift.factor) < 1e-6:
            continue
        if node in roots:
            return False
        shifts[node] = shift
        waiting.update(readers[node])
    return seen > 0


def shift_of(node: Node, given: list[Shift | None]) -> Shift | None:
    """How a node moves when its inputs do, None where it is no mere shift."""
    first, second = (*given, None)[0], (*given, None)[1]
    match node.op:
        case "add" | "subtract":
            sign = -1.0 if node.op == "subtract" else 1.0
            left = _aligned(first, node.inputs[0], node)
            right = _aligned(second, node.inputs[1], node)
            if left is None or right is None:
                return left or (Shift(sign * right.factor, right.size, right.axes) if right is not None else None)
            if left.size != right.size or left.axes != right.axes:
                return None
            return Shift(left.factor + sign * right.factor, left.size, left.axes)
        case "negative" if first is not None:
            return Shift(-first.factor, first.size, first.axes)
        case "multiply" if (first is None) != (second is None):
            moved, other = (0, 1) if first is not None else (1, 0)
            shift, number = _aligned(given[moved], node.inputs[moved], node), number_of(node.inputs[other])
            return None if shift is None or number is None else Shift(shift.factor * number, shift.size, shift.axes)
        case "divide" if first is not None and second is None:
            return _divided(first, node)
        case "cast" if first is not None:
            return first
        case "broadcast_to" if first is not None:
            return _aligned(first, node.inputs[0], node)
        case "reshape" if first is not None:
            return _reshaped(first, node.inputs[0].shape, node.shape)
        case "sum" if first is not None and not first.axes & set(node.attrs["axes"]):
            gone = node.attrs["axes"]
            many = product(tuple(node.inputs[0].shape[i] for i in gone))
            axes = frozenset(i - sum(g < i for g in gone) for i in first.axes)
            if isinstance(many, int):
                return Shift(first.factor * many, first.size, axes)
            return Shift(first.factor, first.size * many, axes)
    return None


def _aligned(shift: Shift | None, value: Node, out: Node) -> Shift | None:
    """Axes as they count in a result of higher rank."""
    if shift is None:
        return None
    more = out.type.rank - value.type.rank
    return Shift(shift.factor, shift.size, frozenset(i + more for i in shift.axes)) if more else shift


def _divided(shift: Shift, node: Node) -> Shift | None:
    """By a number, or by the size of an axis."""
    by, shift = node.inputs[1], _aligned(shift, node.inputs[0], node) or shift
    number = number_of(by)
    if number:
        return Shift(shift.factor / number, shift.size, shift.axes)
    rest = exact_quotient(shift.size, by.attrs["size"]) if by.op == "dim" else None
    if rest is None:
        return None
    return Shift(shift.factor * rest, 1, shift.axes) if isinstance(rest, int) else Shift(shift.factor, rest, shift.axes)


def _reshaped(shift: Shift, old: tuple[Size, ...], new: tuple[Size, ...]) -> Shift | None:
    """Axes of size 1 come and go; the last axis may stay while those before it change."""
    before = [i for i, size in enumerate(old) if size != 1]
    behind = [i for i, size in enumerate(new) if size != 1]
    if [old[i] for i in before] == [new[i] for i in behind]:
        places = dict(zip(before, behind, strict=True))
        return Shift(shift.factor, shift.size, frozenset(places[i] for i in shift.axes if i in places))
    if old and new and old[-1] == new[-1] and shift.axes <= {len(old) - 1}:
        return Shift(shift.factor, shift.size, frozenset(len(new) - 1 for _ in shift.axes))
    return None


def number_of(node: Node) -> float | None:
    """The number that a node is, everywhere the same."""
    while node.op in ("broadcast_to", "reshape", "cast"):
        node = node.inputs[0]
    return float(node.attrs["value"]) if node.op == "const" else None


# --- two linear layers in a row --------------------------------------------------------------------------------


def linear_twice(model: Model, nodes: list[Node], shown: set[Node]) -> list[Problem]:
    """Products with params that follow each other, unless the first makes fewer numbers than go in and come out."""
    readers = users(nodes)
    owner = {spec.leaf: spec.name.rpartition(".")[0] for spec in model.params}
    found: list[Problem] = []
    for second in nodes:
        if not _by_param(second):
            continue
        first = _linear_before(second.inputs[0], readers, shown)
        if first is None or owner[first.inputs[1]] == owner[second.inputs[1]] or first.span is None:
            continue
        width, around = first.shape[-1], (first.inputs[0].shape[-1], second.shape[-1])
        if all(isinstance(size, int) and isinstance(width, int) and width < size for size in around):
            continue
        behind = (Label(second.span, "this one follows"),) if second.span not in (None, first.span) else ()
        found.append(
            lints.LinearTwice(
                first.span,
                note="nothing but linear steps up to the next layer",
                related=tuple(label for label in behind if label.span is not None),
                cure="give this layer an activation, such as `activation=relu`, or keep one of the two",
            )
        )
    return found


def _by_param(node: Node) -> bool:
    """Whether a node is `x @ kernel` with a param for the kernel."""
    return node.op == "matmul" and node.inputs[1].op == "param" and not node.attrs.get("ta")


def _linear_before(node: Node, readers: Mapping[Node, list[Node]], shown: set[Node]) -> Node | None:
    """The product that a value comes from by biases and other shapes alone, with nothing else that reads it."""
    while len(readers.get(node, ())) == 1 and node not in shown:
        if _by_param(node):
            return node
        same_rows = node.op == "reshape" and node.shape[-1:] == node.inputs[0].shape[-1:]
        biased = node.op == "add" and _is_param(node.inputs[1])
        if not same_rows and not biased and node.op != "cast":
            return None
        node = node.inputs[0]
    return None


def _is_param(node: Node) -> bool:
    while node.op in ("broadcast_to", "reshape", "cast"):
        node = node.inputs[0]
    return node.op == "param"


# --- outputs ---------------------------------------------------------------------------------------------------


def dropped_outputs(model: Model) -> list[Problem]:
    """Outputs in which training sets elements to 0 at random."""
    found: list[Problem] = []
    for name, node in model.training.outputs:
        while node.op in ("reshape", "cast", "softmax", "sigmoid"):
            node = node.inputs[0]
        if node.op == "where" and _is_drawn(node.inputs[0]) and 0.0 in map(number_of, node.inputs[1:]) and node.span:
            found.append(
                lints.DropoutBeforeOutput(
                    node.span,
                    note=f"in training this sets a part of the output `{name}` to 0",
                    cure="put Dropout before the last layer",
                )
            )
    return found


def _is_drawn(condition: Node) -> bool:
    return any(x.op.startswith("random_") for x in condition.inputs)


# --- probabilities as logits -----------------------------------------------------------------------------------

STILL = ("reshape", "cast", "slice", "transpose", "negative", "broadcast_to", "stop_gradient")


def probability_as_logits(term: LossTerm, logarithms: list[Node]) -> Iterator[Problem]:
    """A loss that takes the logarithm of a softmax of what a softmax or sigmoid gave."""
    for node in logarithms:
        made = _probability(node.inputs[0])
        if made is not None and made.span is not None:
            yield lints.ProbabilityAsLogits(
                term.span,
                message=f"the loss `{term.name}` takes probabilities for logits",
                note="a value without a kind counts as logits here",
                related=(Label(made.span, f"made by this {made.op}, and calculated with since"),),
                cure='say what it is, `as_kind(p, "prob")`, or pass the logits',
            )
            return


def _probability(node: Node) -> Node | None:
    """The softmax or sigmoid that a value comes from by numbers added and multiplied alone."""
    for _ in range(MAX_FOLLOWED):
        if node.op in ("softmax", "sigmoid"):
            return node
        if node.op in STILL:
            node = node.inputs[0]
        elif node.op in ("add", "subtract", "multiply", "divide", "maximum", "minimum"):
            left, right = node.inputs
            if number_of(right) is not None:
                node = left
            elif number_of(left) is not None:
                node = right
            else:
                return None
        else:
            return None
    return None


def inside(span: Span, outer: Span) -> bool:
    """Whether a place lies in another."""
    return span.source is outer.source and outer.start <= span.start <= span.end <= outer.end
