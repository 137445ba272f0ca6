"""Short texts of a picture: amounts of params and work, and what a box of one op is called."""

from __future__ import annotations

from collections.abc import Collection

from nndsl.ir.dims import Size
from nndsl.ir.graph import Node
from nndsl.ir.work import shown

SIGNS = {
    "add": "+", "subtract": "−", "multiply": "×", "divide": "÷", "matmul": "@", "power": "power", "less": "<",
    "less_equal": "≤", "greater": ">", "greater_equal": "≥", "equal": "=", "not_equal": "≠",
}  # fmt: skip
PLAIN = {"negative": "−x", "conv": "convolution", "conv_input_grad": "transposed convolution"}
LONGEST_WORK = 46


def counted(amount: int, what: str) -> str:
    """`1 param`, `640,064 params`."""
    return f"{amount:,} {what}{'' if amount == 1 else 's'}"


def work_text(work: Size) -> str:
    """`25,408 × batch multiply-adds`; a formula that is too long is cut behind its first terms."""
    text = shown(work).replace(" * ", " × ")
    if len(text) > LONGEST_WORK:
        terms = text.split(" + ")
        while len(terms) > 1 and len(" + ".join(terms)) > LONGEST_WORK:
            terms.pop()
        text = " + ".join(terms) + " + …"
    return f"{text} multiply-adds"


def op_title(node: Node, constant: Collection[Node]) -> str:
    """`tanh`, `+`, `× 2`, `slice`: an op with the number that it takes beside its tensor, if any."""
    sign = SIGNS.get(node.op, PLAIN.get(node.op, node.op))
    numbers = [i for i in node.inputs if i in constant]
    if len(node.inputs) == 2 and len(numbers) == 1 and numbers[0].op in ("const", "dim"):
        text = _number(numbers[0])
        if node.op in SIGNS:
            return f"{sign} {text}" if node.inputs[1] is numbers[0] else f"{text} {sign}"
    return sign


def _number(node: Node) -> str:
    if node.op == "dim":
        return str(node.attrs["size"])
    value = node.attrs["value"]
    return f"{value:g}" if isinstance(value, float) else str(value).lower()
