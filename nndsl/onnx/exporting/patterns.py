"""What several nodes are together: a dense layer is one op of ONNX, and so is a convolution with its bias.

add(matmul(x, w), b)                             =>     Gemm(x, w, b)
add(conv(x, w), b)                               =>     Conv(x, w, b)
reshape(matmul(reshape(x, [rows, k]), w), …)     =>     MatMul(x, w)
maximum(x, 0)                                    =>     Relu(x)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nndsl.ir.graph import Node, users
from nndsl.onnx.exporting.elementwise import operands
from nndsl.onnx.exporting.windows import convolution
from nndsl.onnx.exporting.writer import Writer

Emit = Callable[[Writer], None]


def found(
    nodes: Sequence[Node], roots: Sequence[Node], weights: Callable[[Node], bool]
) -> tuple[dict[Node, Emit], set[Node]]:
    """How to write the nodes that patterns end in, and the nodes that are then part of others."""
    readers = users(nodes)
    kept = set(roots)
    patterns: dict[Node, Emit] = {}
    inside: set[Node] = set()

    def alone(node: Node) -> bool:
        return len(readers[node]) == 1 and node not in kept and node not in patterns

    for node in nodes:
        match node.op, node.inputs:
            case "add", (Node(op="matmul") as product, bias) if (
                product.type.rank == 2 and bias.type.rank == 1 and weights(bias) and alone(product)
            ):  # fmt: skip
                patterns[node] = _gemm(node, product, bias)
                inside.add(product)
            case "add", (Node(op="conv") as product, bias) if bias.type.rank == 1 and weights(bias) and alone(product):
                patterns[node] = _conv(node, product, bias)
                inside.add(product)
            case "reshape", (Node(op="matmul", inputs=(Node(op="reshape", inputs=(x,)) as flat, w)) as product,) if (
                alone(product) and alone(flat) and not product.attrs.get("ta") and not product.attrs.get("tb")
                and x.type.rank > 1 and flat.type.rank == w.type.rank == 2 and x.shape[-1] == flat.shape[-1]
                and node.shape == (*x.shape[:-1], w.shape[-1])
            ):  # fmt: skip
                patterns[node] = _rows(node, x, w)
                inside |= {product, flat}
            case "maximum", (x, Node(op="const", attrs={"value": 0})) if x.dtype == node.dtype == "f32":
                patterns[node] = _relu(node)
    return patterns, inside


def _gemm(node: Node, product: Node, bias: Node) -> Emit:
    x, kernel = product.inputs
    ta, tb = (int(product.attrs.get(flag, False)) or None for flag in ("ta", "tb"))
    return lambda w: w.emit(node, "Gemm", w.value(x), w.value(kernel), w.value(bias), transA=ta, transB=tb)


def _conv(node: Node, product: Node, bias: Node) -> Emit:
    return lambda w: convolution(w, product, node, bias)


def _rows(node: Node, x: Node, kernel: Node) -> Emit:
    return lambda w: w.emit(node, "MatMul", w.value(x), w.value(kernel))


def _relu(node: Node) -> Emit:
    def emit(w: Writer) -> None:
        (x,), layout = operands(w, node, (node.dtype,))
        w.emit(node, "Relu", x, layout=layout)

    return emit
