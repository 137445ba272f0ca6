"""The sequence of a program as LLVM IR: it reads the table, calls the kernels in order, and waits after each.

A deep net calls some hundred kernels, and all that is done between two calls is arithmetic of integers. Numba would
take longer for that than for the kernels. So the few forms that sequences consist of are written as IR here.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from llvmlite import ir

from nndsl.diagnostics import InternalError
from nndsl.runtime import intrinsics
from nndsl.runtime.denormals import flush_denormals
from nndsl.runtime.flow import Cell, each
from nndsl.runtime.llvm import F32, F64, I32, I64, V

KINDS = {"i64": I64, "f32": F32, "f64": F64}
FORMULAS = {"barrier": intrinsics.barrier, "share_places": intrinsics.share_places, "tick": intrinsics.tick}
Callees = Mapping[str, tuple[str, Sequence[str]]]
"""The symbol of each kernel, and its parameters as KINDS."""


def declared(module: Any, symbol: str, parameters: Sequence[str]) -> Any:
    """The C function of a kernel: `int32 symbol(…)`, 0 or, failing, 1."""
    kind = ir.FunctionType(I32, [KINDS[name] for name in parameters])
    known = module.globals.get(symbol)
    return known if known is not None else ir.Function(module, kind, symbol)


def number(b: Any, node: ast.expr, leaf: Callable[[ast.expr], V]) -> V:
    """An expression of integers: of sizes, as shapes have them, and of addresses. `leaf` knows all but arithmetic."""
    match node:
        case ast.Constant(value=int(value)):
            return V(b, I64(value))
        case ast.BinOp(left=left, op=op, right=right):
            x, y = number(b, left, leaf), number(b, right, leaf)
            match op:
                case ast.Add():
                    return x + y
                case ast.Sub():
                    return x - y
                case ast.Mult():
                    return x * y
                case ast.FloorDiv():
                    return _floor_over(x, y)
                case ast.Mod():
                    return x - _floor_over(x, y) * y
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -number(b, operand, leaf)
        case ast.Name() | ast.Call() | ast.Subscript():
            return leaf(node)
    raise InternalError(f"sequences have no expression like {ast.unparse(node)}")


def _floor_over(x: V, y: V) -> V:
    down = (x < 0).choose(y - 1, 0)
    return V(x.b, x.b.sdiv((x - down).value, y.value))


def define(module: Any, function: ast.FunctionDef, name: str, callees: Callees) -> None:
    """Add the sequence to a module, as `int32 name(int64 …)`."""
    parameters = [argument.arg for argument in function.args.args]
    made = declared(module, name, ["i64"] * len(parameters))
    b = ir.IRBuilder(made.append_basic_block("entry"))
    restore = flush_denormals(b)
    failed = made.append_basic_block("failed")
    writer = _Writer(module, b, callees, failed)
    for argument, value in zip(parameters, made.args, strict=True):
        writer.put(argument, V(b, value))
    writer.block(function.body)
    restore()
    b.ret(I32(0))
    b.position_at_end(failed)
    restore()
    b.ret(I32(1))


class _Writer:
    """A sequence as it is written. Its variables are cells, which LLVM makes registers of."""

    def __init__(self, module: Any, b: Any, callees: Callees, failed: Any) -> None:
        self.module, self.b, self.callees, self.failed = module, b, callees, failed
        self.cells: dict[str, Cell] = {}

    def put(self, name: str, value: V) -> None:
        if name in self.cells:
            self.cells[name].set(value)
        else:
            self.cells[name] = Cell(value)

    def block(self, body: list[ast.stmt]) -> None:
        for statement in body:
            self.statement(statement)

    def statement(self, node: ast.stmt) -> None:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                self.put(name, self.value(value))
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
                for target, made in zip(targets, [self.value(v) for v in values], strict=True):
                    assert isinstance(target, ast.Name)
                    self.put(target.id, made)
            case ast.Assign(
                targets=[ast.Tuple(elts=targets)], value=ast.Call(func=ast.Name(id="share_places"), args=given)
            ):
                for target, made in zip(targets, self.formula("share_places", given), strict=True):
                    assert isinstance(target, ast.Name)
                    self.put(target.id, made)
            case ast.AugAssign(target=ast.Name(id=name), op=ast.Add(), value=value):
                self.put(name, self.cells[name].get() + self.value(value))
            case ast.For(target=ast.Name(id=name), iter=ast.Call(args=[*start, stop]), body=body):
                with each(self.value(start[0]) if start else V(self.b, I64(0)), self.value(stop)) as index:
                    self.put(name, index)
                    self.block(body)
            case ast.Expr(value=ast.Call(func=ast.Name(id="barrier" | "tick" as name), args=given)):
                self.formula(name, given)
            case ast.Expr(value=ast.Call(func=ast.Name(id=name), args=given)):
                self.call(name, [self.value(a) for a in given])
            case ast.Pass():
                pass
            case _:
                raise InternalError(f"sequences have no statement like {ast.unparse(node)}")

    def formula(self, name: str, given: list[ast.expr]) -> Any:
        """What an intrinsic of that name gives."""
        return FORMULAS[name].formula(*(self.value(a) for a in given))

    def call(self, name: str, given: list[V]) -> None:
        symbol, parameters = self.callees[name]
        status = self.b.call(declared(self.module, symbol, parameters), [v.value for v in given])
        going_on = self.b.append_basic_block("going_on")
        self.b.cbranch(self.b.icmp_signed("!=", status, I32(0)), self.failed, going_on)
        self.b.position_at_end(going_on)

    def value(self, node: ast.expr) -> V:
        return number(self.b, node, self.leaf)

    def leaf(self, node: ast.expr) -> V:
        match node:
            case ast.Name(id=name):
                return self.cells[name].get()
            case ast.Call(func=ast.Name(id="entry"), args=[table, place]):
                return self.word(table, place, I64)
            case ast.Subscript(value=ast.Call(func=ast.Name(id=name), args=[address, _]), slice=place):
                return self.word(address, place, {"array_i64": I64, "array_f64": F64}[name])
            case ast.Call(func=ast.Name(id="f32"), args=[wide]):
                return V(self.b, self.b.fptrunc(self.value(wide).value, F32))
            case ast.Call(func=ast.Name(id="f64"), args=[same]):
                return self.value(same)
        raise InternalError(f"sequences have no expression like {ast.unparse(node)}")

    def word(self, table: ast.expr, place: ast.expr, kind: Any) -> V:
        """What lies at a place of an array of words of 8 bytes."""
        address = self.value(table) + self.value(place) * 8
        return V(self.b, self.b.load(intrinsics.pointer(address, kind), align=8))
