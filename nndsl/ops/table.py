"""All ops by name."""

from __future__ import annotations

from nndsl.ops import (
    bag,
    convolution,
    cumulative,
    each,
    einsum,
    elementwise,
    index,
    linear,
    mask,
    normal,
    pooling,
    random,
    reduce,
    resizing,
    scan,
    shape,
    sorting,
    trigonometry,
)
from nndsl.ops.op import Op

OPS: dict[str, Op] = {
    op.name: op
    for family in (
        bag,
        elementwise,
        trigonometry,
        reduce,
        cumulative,
        shape,
        sorting,
        linear,
        convolution,
        einsum,
        index,
        pooling,
        resizing,
        normal,
        random,
        mask,
        scan,
        each,
    )
    for op in family.FAMILY
}
