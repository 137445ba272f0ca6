"""How much a graph computes: its multiply-adds, as a formula in the sizes that data fixes."""

from __future__ import annotations

from collections.abc import Iterable

from nndsl.ir.dims import Size, product
from nndsl.ir.each import Each
from nndsl.ir.graph import Body, Node, topological


def multiply_adds(roots: Iterable[Node]) -> Size:
    """The multiplications with an addition in all matrix products and convolutions under `roots`, those in the steps
    of scans included.

    What is done element by element, and sums of other sorts, is not counted: it is little beside them.
    """
    total: Size = 0
    for node in topological(roots):
        total = total + of_node(node)
    return total


def of_node(node: Node) -> Size:
    """The multiply-adds of one node, its inputs not among them."""
    match node.op:
        case "matmul":
            depth = node.inputs[0].shape[-2 if node.attrs.get("ta") else -1]
            return product(node.shape) * depth
        case "product_parts":
            return product(node.inputs[0].shape) * node.shape[-1]
        case "conv" | "conv_input_grad":
            image = node if node.op == "conv" else node.inputs[0]
            return product(image.shape) * product(node.inputs[1].shape[:-1])
        case "conv_kernel_grad":
            return product(node.inputs[1].shape) * product(node.shape[:-1])
        case "conv_kernel_parts":
            return product(node.inputs[1].shape) * product(node.shape[1:-1])
        case "scan":
            body: Body = node.attrs["body"]
            length: Size = node.attrs["length"]
            return multiply_adds(body.results) * length
        case "each":
            places: Each = node.attrs["body"]
            return multiply_adds(places.results) * places.count
    return 0


def shown(size: Size) -> str:
    """A formula with its numbers in groups of three: `25,408 * batch`."""
    if isinstance(size, int):
        return f"{size:,}"
    return " ".join(f"{int(word):,}" if word.isdigit() else word for word in str(size).split(" "))
