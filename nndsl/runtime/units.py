"""A generated program in units: each kernel by itself, and the sequence that calls them.

A unit is a kernel as a module of its own, with its names numbered, so that kernels which differ in names alone are
one unit, in whatever model they occur. What a unit is called covers all that its machine code depends on.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

UNIT = "unit"
"""What the kernel of a unit is called in its own text."""


@dataclass(frozen=True)
class Unit:
    """A kernel by itself. `parameters` are i64 (addresses of arrays are, too), f32 or f64."""

    text: str
    parameters: tuple[str, ...]


@dataclass(frozen=True)
class Parts:
    """A program in units. `sequence` is the function that calls the kernels of `units`, which are there by name."""

    units: dict[str, Unit]
    sequence: ast.FunctionDef


def split(text: str) -> Parts | None:
    """The units of a generated module; None where its program is compiled as a whole, with all it calls."""
    if "\n@sequence\n" not in text:
        return None
    tree = ast.parse(text)
    imports = [part for part in tree.body if isinstance(part, ast.ImportFrom)]
    functions = [part for part in tree.body if isinstance(part, ast.FunctionDef)]
    kernels = {f.name: _unit(f, imports) for f in functions if _decorated(f, "kernel")}
    (sequence,) = (f for f in functions if _decorated(f, "sequence"))
    return Parts(kernels, sequence)


def _decorated(function: ast.FunctionDef, name: str) -> bool:
    return any(isinstance(d, ast.Name) and d.id == name for d in function.decorator_list)


def _unit(function: ast.FunctionDef, imports: list[ast.ImportFrom]) -> Unit:
    kinds = tuple(_kind(argument.annotation) for argument in function.args.args)
    numbers: dict[str, str] = {}
    for name in _bound(function):
        numbers.setdefault(name, f"_{len(numbers)}")
    used = set()
    for node in ast.walk(function):
        match node:
            case ast.Name():
                node.id = numbers.get(node.id, node.id)
                used.add(node.id)
            case ast.arg():
                node.arg = numbers[node.arg]
    function.name = UNIT
    lines = [line for part in imports if (line := _import(part, used))]
    return Unit("\n".join([*lines, ast.unparse(function)]), kinds)


def _kind(annotation: ast.expr | None) -> str:
    return annotation.id if isinstance(annotation, ast.Name) else "i64"


def _bound(function: ast.FunctionDef) -> Iterator[str]:
    """The names that are the function's own, in the order of the text."""
    yield from (argument.arg for argument in function.args.args)
    for part in function.body:
        yield from (n.id for n in ast.walk(part) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))


def _import(part: ast.ImportFrom, used: set[str]) -> str:
    """The import of what is used of a module, empty where nothing is."""
    chosen = [a for a in part.names if part.module == "__future__" or (a.asname or a.name) in used]
    return ast.unparse(ast.ImportFrom(part.module, chosen, part.level)) if chosen else ""


def lengths(text: str) -> list[int]:
    """Of the innermost loops in a text, those that it knows."""
    loops = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.For)]
    found = []
    for loop in loops:
        inner = any(isinstance(node, ast.For) for part in loop.body for node in ast.walk(part))
        match loop.iter:
            case ast.Call(func=ast.Name(id="range"), args=[ast.Constant(value=int(length))]) if not inner:
                found.append(length)
    return found
