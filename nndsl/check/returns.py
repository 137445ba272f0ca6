"""The type after `->`: what a body returns must fit it, and takes its kind from it."""

from __future__ import annotations

from dataclasses import replace

from nndsl.check.context import Context
from nndsl.check.nodes import as_node
from nndsl.check.scope import Scope
from nndsl.check.sizes import dtype_word, size_of
from nndsl.check.values import POISON, Function, Value
from nndsl.ir.dims import written
from nndsl.ir.graph import Node
from nndsl.ir.types import FLOATS, KINDS, Kind, TensorType, shape_text
from nndsl.ops import build as b
from nndsl.problems import shapes
from nndsl.syntax import ast


def check_result(ctx: Context, function: Function, scope: Scope, value: Value, declared: ast.TensorTypeExpr) -> Value:
    """The value, if it is of the declared type; a declared value kind is put on it."""
    if declared.dims is None:
        return value
    node = as_node(ctx, value, None, declared.span)
    word = dtype_word(ctx, declared)
    unproved = (
        declared.dtype == "index" and node is not None and not (node.type.kind and node.type.kind.name == "index")
    )
    if node is None or word is None:
        return POISON

    def wrong(note: str) -> Value:
        message = f"`{function.name}` does not return what it declares"
        cure = "change the type after `->`, or what the body returns"
        return ctx.say(shapes.ReturnType, declared.span, message, note=note, cure=cure)

    same_float = node.dtype in FLOATS and word in FLOATS
    if unproved or (word != "any" and node.dtype != word and not same_float):
        return wrong(f"the result is {node.type}")
    dims = [d for d in declared.dims if not isinstance(d, ast.Ellipsis_)]
    dots = next((i for i, d in enumerate(declared.dims) if isinstance(d, ast.Ellipsis_)), None)
    if len(node.shape) < len(dims) or (dots is None and len(node.shape) != len(dims)):
        return wrong(f"the result is {node.type}")
    front = len(dims) if dots is None else dots
    shape = (
        [*node.shape[:front], *node.shape[len(node.shape) - (len(dims) - front) :]]
        if dots is not None
        else list(node.shape)
    )
    if dots is not None and scope.row is not None:
        row = node.shape[dots : len(node.shape) - (len(dims) - dots)]
        if row != scope.row:
            return wrong(f"the result is {node.type}, `...` is [{shape_text(scope.row)}]")
    for dim, size in zip(dims, shape, strict=True):
        if isinstance(dim, ast.Name) and scope.size_named(dim.id) is None:
            scope.bind(dim.id, size)
            continue
        wanted = size_of(ctx, scope, dim)
        if wanted is None:
            return POISON
        if wanted != size:
            return wrong(f"the result is {node.type}, {dim.span.text} is {written(wanted)}")
    if (
        declared.dtype in KINDS
        and declared.dtype != "index"
        and (node.type.kind is None or node.type.kind.name != declared.dtype)
    ):
        return with_kind(node, Kind(declared.dtype))
    return node


def with_kind(node: Node, kind: Kind) -> Node:
    """The same values under another kind."""
    view = b.apply("reshape", node, shape=node.shape)
    return replace(view, type=TensorType(view.dtype, view.shape, kind))
