"""Einstein's summation: `einsum("bqd,bkd->bqk", x, y)` over transpose, matmul and sum.

A label stands for an axis. What only one operand has and the result has not is summed first; then operands are taken
together two at a time: labels that both have and nobody needs any more are contracted by a matrix product, with those
that are still needed as its batch. `...` stands for the axes that have no label.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from nndsl.ir.dims import Size, product
from nndsl.ir.graph import Attrs, Node
from nndsl.ir.types import FLOATS, TensorType, promote
from nndsl.lazy import np
from nndsl.ops import build as b
from nndsl.ops.op import REQUIRED, Arg, Expand, Op, ShapeFault, Types, case

Labels: TypeAlias = tuple[str, ...]
LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


class BadString(ShapeFault):
    """The string itself is wrong, whatever the operands."""

    def __init__(self, message: str, help: str | None = None) -> None:
        super().__init__(message, (), help)


@dataclass(frozen=True, eq=False, repr=False)
class Term:
    """A value and the labels of its axes."""

    node: Node
    labels: Labels

    def size(self, labels: Collection[str]) -> Size:
        """How many elements the axes of these labels have together."""
        return product(tuple(s for label, s in zip(self.labels, self.node.shape, strict=True) if label in labels))

    def sizes(self, labels: Labels) -> tuple[Size, ...]:
        """The sizes of some axes, in the order asked for."""
        return tuple(self.node.shape[self.labels.index(label)] for label in labels)


# --- the string ----------------------------------------------------------------------------------------------


def parse(spec: str, ranks: Sequence[int]) -> tuple[list[Labels], Labels]:
    """The labels of each operand and of the result; axes under `...` get labels `…1`, `…2` from the last one on.

    Raises BadString.
    """
    plain = "".join(spec.split())
    left, arrow, right = plain.partition("->")
    parts = left.split(",")
    if len(parts) != len(ranks):
        raise BadString(f"`{spec}` is for {len(parts)} operands, given: {len(ranks)}",
                        "the labels of one operand are parted from those of the next by a comma")  # fmt: skip
    operands = [_labels(spec, part, rank) for part, rank in zip(parts, ranks, strict=True)]
    every = [label for labels in operands for label in labels]
    hidden = tuple(sorted({label for label in every if label[0] == "…"}, key=lambda x: -int(x[1:])))
    if not arrow:
        return operands, (*hidden, *sorted(x for x in set(every) if x in LETTERS and every.count(x) == 1))
    dots = "..." in right
    named = _letters(spec, right.replace("...", "", 1))
    for label in named:
        if label not in every:
            raise BadString(f"`{label}` stands in the result of `{spec}` and in no operand",
                            "the result can only have labels that an operand has")  # fmt: skip
        if named.count(label) > 1:
            raise BadString(f"`{label}` stands in the result of `{spec}` twice", "each label stands there once")
    if not dots:
        return operands, named
    at = right.index("...")
    return operands, (*named[:at], *hidden, *named[at:])


def _labels(spec: str, part: str, rank: int) -> Labels:
    letters = _letters(spec, part.replace("...", "", 1))
    if "..." not in part:
        if len(letters) != rank:
            raise BadString(f"`{part}` has {len(letters)} labels for the {rank} axes of its operand",
                            "write a label for each axis, or `...` for those that have none")  # fmt: skip
        return letters
    if len(letters) > rank:
        raise BadString(f"`{part}` has {len(letters)} labels, its operand has only {rank} axes")
    at, count = part.index("..."), rank - len(letters)
    return (*letters[:at], *(f"…{k}" for k in range(count, 0, -1)), *letters[at:])


def _letters(spec: str, part: str) -> Labels:
    for letter in part:
        if letter not in LETTERS:
            raise BadString(f"`{letter}` in `{spec}` is no label",
                            'labels are letters, as in "ij,jk->ik"; `...` stands for any axes')  # fmt: skip
    return tuple(part)


def size_of(operands: Sequence[Labels], shapes: Sequence[tuple[Size, ...]]) -> dict[str, Size]:
    """The size of each label. Raises ShapeFault where operands differ; a size of 1 goes with any other."""
    found: dict[str, tuple[Size, int]] = {}
    for position, (labels, shape) in enumerate(zip(operands, shapes, strict=True)):
        for label, size in zip(labels, shape, strict=True):
            known, first = found.get(label, (1, position))
            if known != size and 1 not in (known, size):
                name = f"`{label}`" if label in LETTERS else "an axis under `...`"
                blame = (position,) if first == position else (first, position)
                raise ShapeFault(f"{name} is {known} and {size}", blame, "give both axes one size")
            if known == 1:
                found[label] = size, position
    return {label: size for label, (size, _) in found.items()}


def _type(types: Types, attrs: Attrs) -> TensorType:
    operands, result = parse(attrs["spec"], [t.rank for t in types])
    for i, t in enumerate(types):
        if len(types) > 1 and t.dtype not in FLOATS:
            raise ShapeFault(f"needs floats, this is {t}", (i,), "cast it: `cast(x, f32)`", "dtype")
    sizes = size_of(operands, [t.shape for t in types])
    dtype = promote(*(t.dtype for t in types))
    return TensorType("i32" if dtype == "bool" else dtype, tuple(sizes[label] for label in result))


# --- the graph -----------------------------------------------------------------------------------------------


def expand_einsum(n: Node) -> Node:
    """Operands one after the other."""
    operands, result = parse(n.attrs["spec"], [x.type.rank for x in n.inputs])
    sizes = size_of(operands, [x.shape for x in n.inputs])
    inputs = [b.cast(x, n.dtype) for x in n.inputs]
    terms = [_plain(Term(x, labels), sizes) for x, labels in zip(inputs, operands, strict=True)]
    so_far = terms[0]
    for k in range(1, len(terms)):
        later = {label for term in terms[k + 1 :] for label in term.labels}
        so_far = _contract(so_far, terms[k], {*result, *later}, result)
    return _ordered(_summed(so_far, set(result)), result)


def _plain(term: Term, sizes: dict[str, Size]) -> Term:
    """Without repeated labels (the diagonal is taken), and without axes of size 1 where others have more."""
    while len(set(term.labels)) < len(term.labels):
        label = next(x for x in term.labels if term.labels.count(x) > 1)
        i = term.labels.index(label)
        term = _diagonal(term, i, term.labels.index(label, i + 1))
    kept = [k for k, x in enumerate(term.labels) if term.node.shape[k] == sizes[x]]
    shape = tuple(term.node.shape[k] for k in kept)
    return Term(b.reshape(term.node, shape), tuple(term.labels[k] for k in kept))


def _diagonal(term: Term, i: int, j: int) -> Term:
    """Of two axes with one label only the elements with equal indices; the first axis goes."""
    x = term.node
    labels = (*term.labels[:i], *term.labels[i + 1 :])
    if 1 in (x.shape[i], x.shape[j]):
        narrow = i if x.shape[i] == 1 else j
        shape = tuple(s for k, s in enumerate(x.shape) if k != narrow)
        kept = tuple(label for k, label in enumerate(term.labels) if k != narrow)
        return Term(b.reshape(x, shape), kept)

    def places(axis: int) -> Node:
        count = b.apply("arange", n=x.shape[axis], dtype="i32")
        return b.reshape(count, tuple(s if k == axis else 1 for k, s in enumerate(x.shape)))

    return Term(b.sum_(b.where(b.equal(places(i), places(j)), x, 0), (i,)), labels)


def _summed(term: Term, wanted: Collection[str]) -> Term:
    """Summed over the labels that nobody wants."""
    gone = [k for k, label in enumerate(term.labels) if label not in wanted]
    return Term(b.sum_(term.node, gone), tuple(x for x in term.labels if x in wanted)) if gone else term


def _ordered(term: Term, labels: Labels) -> Node:
    return b.transpose(term.node, [term.labels.index(label) for label in labels])


def _contract(x: Term, y: Term, wanted: Collection[str], result: Labels) -> Term:
    """Two operands as one, with the labels that are wanted."""
    x, y = _summed(x, {*wanted, *y.labels}), _summed(y, {*wanted, *x.labels})
    if result and result[-1] in x.labels and result[-1] not in y.labels:
        x, y = y, x
    batch = tuple(label for label in x.labels if label in y.labels and label in wanted)
    inner = tuple(label for label in x.labels if label in y.labels and label not in wanted)
    rows = tuple(label for label in x.labels if label not in y.labels)
    columns = tuple(label for label in y.labels if label not in x.labels)
    if not inner:
        return _multiplied(x, y, result)
    long, short = (x, y) if not columns else (y, x)
    if (not rows or not columns) and set(long.labels[-len(inner) :]) == set(inner):
        return _summed(_multiplied(short, long, long.labels), wanted)
    if columns and y.labels == (*batch, *columns, *(label for label in y.labels if label in inner)):
        inner = tuple(label for label in y.labels if label in inner)
    left = _matrix(x, batch, rows, inner)
    right = b.swap_last(_matrix(y, batch, columns, inner))
    shape = x.sizes((*batch, *rows)) + y.sizes(columns)
    return Term(b.reshape(b.matmul(left, right), shape), (*batch, *rows, *columns))


def _multiplied(x: Term, y: Term, order: Labels) -> Term:
    """The product element by element, its axes in the given order as far as that goes."""
    every = (*x.labels, *(label for label in y.labels if label not in x.labels))
    labels = (*(label for label in every if label not in order), *(label for label in order if label in every))

    def spread(term: Term) -> Node:
        node = _ordered(term, tuple(label for label in labels if label in term.labels))
        sizes = iter(node.shape)
        return b.reshape(node, tuple(next(sizes) if label in term.labels else 1 for label in labels))

    return Term(b.mul(spread(x), spread(y)), labels)


def _matrix(term: Term, batch: Labels, outer: Labels, inner: Labels) -> Node:
    """[batch…, outer, inner]. Where the axes lie the other way round it is a transpose, which the product takes in."""
    turned = term.labels == (*batch, *inner, *outer)
    first, second = (inner, outer) if turned else (outer, inner)
    node = _ordered(term, (*batch, *first, *second))
    matrix = b.reshape(node, (*term.sizes(batch), term.size(first), term.size(second)))
    return b.swap_last(matrix) if turned else matrix


FAMILY: tuple[Op, ...] = (
    Op("einsum", ("operands",),
       "A sum of products by Einstein's notation: `einsum(\"ij,jk->ik\", x, y)` is `x @ y`.", _type,
       lambda *x, spec: np.array(np.einsum(spec, *x), order="C"), Expand(expand_einsum), options={"spec": REQUIRED},
       variadic=True, hidden=True,
       cases=(
           case((3, 4), (4, 5), spec="ij,jk->ik"), case((3, 4), (5, 4), spec="ij,kj->ki"), case((4, 4), spec="ii"),
           case(("batch", 3, 4), spec="bij->bji"), case((3, 5), spec="ij->j"), case((2, 3, 3), spec="bii->bi"),
           case(("batch", 2, 3, 4), ("batch", 2, 5, 4), spec="bhqd,bhkd->bhqk"), case((3,), (4,), spec="i,j->ij"),
           case(("batch", 5, 2, 4), (2, 4, 3), spec="bthd,hde->bte"), case((3, 4), (4,), spec="ij,j"),
           case(("batch", 3, 4), ("batch", 4), spec="...ij,...j->...i"), case((3, 4), (3,), spec="ij,i->j"),
           case((2, 1, 4), (3, 4), spec="...j,...j->..."), case((3, 4), (3, 4), spec="ij,ij->"),
           case((2, 3), (3, 4), (4, 2), spec="ij,jk,kl->il"), case((2, 3, 4), (4, 3, 5), spec="ijk,kjl->li"),
           case((2, 1), (3, 4), spec="ij,kj->ik"), case(Arg((2, 3), "i32", -5, 5), spec="ij->i", smooth=False),
       )),
)  # fmt: skip
