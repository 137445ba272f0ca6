"""Loops as Python source for Numba."""

from __future__ import annotations

import math
import re
import struct

from nndsl.ir.loops import (
    Accumulate,
    Apply,
    ArgStep,
    Binary,
    CallKernel,
    Cast,
    Comment,
    Expr,
    For,
    If,
    Kernel,
    Let,
    Load,
    Negate,
    Not,
    Num,
    Select,
    Statement,
    Store,
    Var,
)

STRENGTH = {
    "if": 0,
    "and": 2,
    "<": 4,
    "<=": 4,
    ">": 4,
    ">=": 4,
    "==": 4,
    "+": 5,
    "-": 5,
    "*": 6,
    "/": 6,
    "//": 6,
    "%": 6,
}
UNARY, ATOM = 7, 9
WIDTH = 110


def text(expr: Expr) -> str:
    """An expression with only the parentheses it needs."""
    return _text(expr)[0]


def _text(expr: Expr) -> tuple[str, int]:
    match expr:
        case Num():
            return number(expr), ATOM if expr.dtype != "int" or expr.value >= 0 else UNARY
        case Var():
            return expr.name, ATOM
        case Load():
            return f"{expr.buffer}[{', '.join(text(i) for i in expr.index) or '0'}]", ATOM
        case Binary():
            own = STRENGTH[expr.op]
            # Python chains comparisons, so a comparison of comparisons needs parentheses on both sides.
            left = _wrap(expr.left, own + (own == 4))
            return f"{left} {expr.op} {_wrap(expr.right, own + 1)}", own
        case Negate():
            return f"-{_wrap(expr.operand, UNARY)}", UNARY
        case Not():
            return f"not {_wrap(expr.operand, 4)}", 3
        case Apply():
            return f"{expr.function}({', '.join(text(a) for a in expr.arguments)})", ATOM
        case Select():
            return f"{_wrap(expr.then, 1)} if {_wrap(expr.condition, 1)} else {_wrap(expr.otherwise, 1)}", 0
        case Cast():
            return cast(expr), ATOM


def cast(expr: Cast) -> str:
    """`f32(x)`; an index needs none."""
    if expr.dtype == expr.operand.dtype:
        return f"({text(expr.operand)})"
    if expr.dtype == "bool":
        return f"({_wrap(expr.operand, 5)} != 0)"
    return f"{'i64' if expr.dtype == 'int' else expr.dtype}({text(expr.operand)})"


def _wrap(expr: Expr, least: int) -> str:
    body, strength = _text(expr)
    return body if strength >= least else f"({body})"


def number(num: Num) -> str:
    """A literal of its dtype."""
    value = num.value
    if num.dtype == "int":
        return str(value)
    if num.dtype == "bool":
        return str(bool(value))
    if num.dtype in ("f32", "f64"):
        if math.isinf(value) or math.isnan(value):
            return f"{num.dtype}({'-' if value < 0 else ''}{'inf' if math.isinf(value) else 'nan'})"
        return f"{num.dtype}({shortest(value) if num.dtype == 'f32' else repr(float(value))})"
    return f"{num.dtype}({int(value)})"


def shortest(value: float) -> str:
    """The shortest decimal that is the same number in f32: 0.1, not 0.09999999999999998."""
    try:
        wanted = struct.pack("f", value)
    except OverflowError:
        return repr(float(value))
    found = (repr(float(f"{value:.{digits}g}")) for digits in range(1, 10))
    return next((text for text in found if _packed(float(text)) == wanted), repr(float(value)))


def _packed(value: float) -> bytes:
    try:
        return struct.pack("f", value)
    except OverflowError:  # rounded up beyond the greatest f32
        return b""


ASSIGN = {"add": "+=", "mul": "*="}
COMBINE = {"max": "maximum", "min": "minimum"}


def statement(node: Statement, depth: int) -> list[str]:
    """The lines of a statement."""
    pad = "    " * depth
    match node:
        case For():
            step = f", {node.step}" if node.step != 1 else ""
            start = "" if node.start == Num(0, "int") and not step else f"{text(node.start)}, "
            return [f"{pad}for {node.index} in range({start}{text(node.stop)}{step}):", *block(node.body, depth + 1)]
        case Let():
            return [f"{pad}{node.name} = {text(node.value)}"]
        case Store():
            return [f"{pad}{node.buffer}[{', '.join(text(i) for i in node.index) or '0'}] = {text(node.value)}"]
        case Accumulate():
            if node.combine in ASSIGN:
                return [f"{pad}{node.name} {ASSIGN[node.combine]} {text(node.value)}"]
            return [f"{pad}{node.name} = {COMBINE[node.combine]}({node.name}, {text(node.value)})"]
        case ArgStep():
            sign = ">" if node.combine == "argmax" else "<"
            value = text(node.value)
            return [
                f"{pad}if {value} {sign} {node.best}:",
                f"{pad}    {node.best}, {node.at} = {value}, i32({text(node.index)})",
            ]
        case CallKernel():
            return [f"{pad}{node.function}({', '.join(node.arguments)})"]
        case Comment():
            return [f"{pad}# {node.text}"]
        case If():
            return [f"{pad}if {text(node.condition)}:", *block(node.body, depth + 1)]


def block(body: tuple[Statement, ...], depth: int) -> list[str]:
    """Lines of a body; an empty one is `pass`."""
    lines = [line for s in body for line in statement(s, depth)]
    return lines or ["    " * depth + "pass"]


def kernel(node: Kernel) -> list[str]:
    """A kernel as a function, with the source lines it carries out above it."""
    typed = [f"{name}: {kind}" for name, kind in zip((*node.buffers, *node.scalars), node.types, strict=True)]
    arrays, scalars = typed[: len(node.buffers)], typed[len(node.buffers) :]
    numbers = [*node.sizes, *scalars, "worker", "workers"]
    doc = [f"# {line}" for line in node.doc]
    return [*doc, "@kernel", *signature(node.name, arrays, numbers), *work(node)]


def work(node: Kernel) -> list[str]:
    """What a kernel does: its share of the loop that workers divide, then its statements."""
    grain = node.grain if isinstance(node.grain, int) else text(node.grain)
    lines: list[str] = []
    if node.split is not None and node.across is not None:
        extents = f"{text(node.split)}, {text(node.across)}"
        lines.append(f"    begin, end, left, right = share_area({extents}, worker, workers, {grain})")
    elif node.split is not None:
        lines.append(f"    begin, end = share({text(node.split)}, worker, workers, {grain})")
    return lines + block(node.body, 1)


def signature(name: str, arrays: list[str], numbers: list[str]) -> list[str]:
    """`def name(arrays, numbers):`, on several lines where one would be too long."""
    line = f"def {name}({', '.join(arrays + numbers)}):"
    if len(line) <= WIDTH:
        return [line]
    return [f"def {name}(", *(f"    {array}," for array in arrays), f"    {', '.join(numbers)},", "):"]


def used_sizes(node: Kernel) -> tuple[str, ...]:
    """Of a kernel's sizes those that it reads, or its arrays have."""
    used = set(re.findall(r"[A-Za-z_]\w*", "\n".join([*work(node), *node.types])))
    return tuple(s for s in node.sizes if s in used)
