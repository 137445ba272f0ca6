"""All ops by name."""

from __future__ import annotations

from nndsl.ops import bag, elementwise, index, linear, normal, random, reduce, scan, shape
from nndsl.ops.op import Op

OPS: dict[str, Op] = {
    op.name: op for family in (bag, elementwise, reduce, shape, linear, index, normal, random, scan) for op in family.FAMILY
}
