"""Which input of a model is its text and which output scores the next token, and how long a text it reads at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from nndsl.diagnostics import NndslError
from nndsl.ir.dims import Dim, Size
from nndsl.ir.graph import Constraint, Model, Node
from nndsl.ir.types import FLOATS
from nndsl.problems.generation import NoTextModel

LONGEST = 1 << 20
"""Tokens that a model without a limit of its own may read at once."""
EXAMPLE = "as in `input text: index<128>[batch, time]` and `output next = softmax(logits)`"


@dataclass(frozen=True, eq=False)
class TextPorts:
    """`name` is the input, `count` how many values its indices have, `batch` and `steps` the symbols of its sizes.

    `steps` is None where the length is fixed; `least` and `most` are the shortest and longest text read at once.
    """

    name: str
    count: int
    batch: str
    steps: str | None
    output: str
    least: int
    most: int

    def sizes(self, batch: int, steps: int) -> dict[str, int]:
        """The sizes of a run."""
        return {self.batch: batch} | ({self.steps: steps} if self.steps is not None else {})


def text_ports(
    model: Model, outputs: Mapping[str, Node], constraints: tuple[Constraint, ...], wanted: str | None = None
) -> TextPorts:
    """The ports of a model that goes on with a text. Raises NndslError (NN630) where it is none."""

    def refuse(reason: str, cure: str = EXAMPLE) -> NndslError:
        return NndslError(NoTextModel(model.span, model.name, reason, cure))

    if len(model.inputs) != 1:
        raise refuse(f"it has {len(model.inputs)} inputs", "a text model has one input")
    port = model.inputs[0]
    kind, shape = port.type.kind, port.type.shape
    if kind is None or kind.name != "index" or len(shape) != 2 or not isinstance(kind.count, int):
        raise refuse(f"its input `{port.name}` is {port.type}, no index<n>[batch, time]")
    batch, steps = (size.name if isinstance(size, Dim) else None for size in shape)
    if batch is None:
        raise refuse(f"the batch of `{port.name}` is no size of the data")
    if isinstance(shape[1], Dim) and steps is None:
        raise refuse(f"the length of `{port.name}` is {shape[1]}", "give it a name of its own: `[batch, time]`")
    fit = [name for name, node in outputs.items() if _scores_next(node, shape)]
    if wanted is not None and wanted not in fit:
        raise refuse(f"`{wanted}` is no output that scores the next token", f"these do: {', '.join(fit) or 'none'}")
    if wanted is None and len(fit) != 1:
        found = f"the outputs {', '.join(fit)} do" if fit else "none does"
        raise refuse(f"one output has to score the next token, {found}",
                     "name the one that is meant: `output=`" if fit else EXAMPLE)  # fmt: skip
    least, most = (1, 1)
    if isinstance(shape[1], int):
        least = most = shape[1]
    else:
        assert steps is not None
        reach = reach_of(constraints, batch, steps)
        if reach is None:
            raise refuse("no length of text fits all its indices")
        least, most = reach
    return TextPorts(port.name, kind.count, batch, steps, wanted or fit[0], least, most)


def _scores_next(node: Node, text: tuple[Size, ...]) -> bool:
    """[batch, n], or [batch, …, n] with an axis of places."""
    shape = node.shape
    return node.dtype in FLOATS and len(shape) in (2, 3) and shape[0] == text[0] and isinstance(shape[-1], int)


def reach_of(constraints: tuple[Constraint, ...], batch: str, steps: str) -> tuple[int, int] | None:
    """The shortest and the longest text, from what indices and slices of the model need; None where there is none."""

    def fits(length: int) -> bool:
        return all(c.holds({batch: 1, steps: length}) for c in constraints)

    least = next((length for length in range(1, 4097) if fits(length)), None)
    if least is None:
        return None
    low, high = least, least + 1
    while high < LONGEST and fits(high):
        low, high = high, 2 * high
    if high >= LONGEST:
        return least, LONGEST
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return least, low
