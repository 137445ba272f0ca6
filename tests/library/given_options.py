"""What the library's layers can be given, and what of it golden cases and judged calls give them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from nndsl.diagnostics import Source
from nndsl.syntax import ast
from nndsl.syntax.parse import parse

LIBRARY = Path(__file__).parents[2] / "nndsl" / "library"
GOLDENS = Path(__file__).parents[1] / "goldens"
FILES = ("layers", "convolution", "pooling", "images", "normalization", "sequences", "attention", "transformers",
         "merging", "regularization", "preprocessing")  # fmt: skip


@dataclass(frozen=True)
class Layer:
    """A public layer: what builds it, and which options it is applied with."""

    name: str
    config: tuple[str, ...]
    inputs: tuple[str, ...]
    options: tuple[str, ...]


@cache
def layers() -> dict[str, Layer]:
    """The layers of the library by name."""
    found: dict[str, Layer] = {}
    for file in FILES:
        tree, problems = parse(Source(file, (LIBRARY / f"{file}.nn").read_text(encoding="utf-8")))
        assert not problems
        for item in tree.items:
            if isinstance(item, ast.Definition) and item.role == "layer" and not item.private:
                config, inputs = item.config or (), item.inputs or ()
                options = [p.name for p in config] + [p.name for p in inputs if p.default is not None]
                names = tuple(p.name for p in config), tuple(p.name for p in inputs)
                found[item.name] = Layer(item.name, *names, tuple(options))
    return found


@cache
def names() -> dict[str, str]:
    """Second names of layers, and the first ones."""
    found = {name: name for name in layers()}
    for file in FILES:
        for item in parse(Source(file, (LIBRARY / f"{file}.nn").read_text(encoding="utf-8")))[0].items:
            if isinstance(item, ast.Alias):
                found[item.name] = item.target.id if isinstance(item.target, ast.Name) else ""
    return found


def given(layer: str, body: str) -> Iterator[tuple[str, str]]:
    """(layer, option) for each option that a case's layer, and the application of `l` in its body, say."""
    tree, _ = parse(Source("case", f"model M() {{\n  l = {layer}\n  {body}\n}}\n"))
    applied = next((c for c in calls(tree) if isinstance(c.function, ast.Name) and c.function.id in names()), None)
    main = names().get(applied.function.id) if applied is not None and isinstance(applied.function, ast.Name) else None
    for call in calls(tree):
        if not isinstance(call.function, ast.Name):
            continue
        name = main if call.function.id == "l" else names().get(call.function.id)
        if name is None or name not in layers():
            continue
        order = layers()[name].inputs if call.function.id == "l" else layers()[name].config
        for place, argument in enumerate(call.arguments):
            option = argument.name or (order[place] if place < len(order) else "")
            yield name, option


def calls(tree: object) -> Iterator[ast.Call]:
    """All calls of a tree, outer ones first."""
    if isinstance(tree, ast.Call):
        yield tree
    if isinstance(tree, ast.Syntax):
        for value in vars_of(tree):
            yield from calls(value)
    elif isinstance(tree, tuple | list):
        for value in tree:
            yield from calls(value)


def vars_of(node: ast.Syntax) -> Iterable[object]:
    return [getattr(node, name) for name in node.__dataclass_fields__]


def golden_cases() -> Iterator[tuple[str, str, str]]:
    """(layer, body, shapes) of all golden cases of layers."""
    for file in sorted(GOLDENS.glob("layers_*.json")):
        for case in json.loads(file.read_text(encoding="utf-8"))["cases"]:
            yield case["layer"], case["body"], str([shape_of(x) for x in case["inputs"]])


def shape_of(value: object) -> tuple[int, ...]:
    return (len(value), *shape_of(value[0])) if isinstance(value, list) else ()


def judged(cases: Iterable[tuple[str, str, str]]) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """The options of each layer that cases give, and the shapes it is applied to."""
    options: dict[str, set[str]] = defaultdict(set)
    shapes: dict[str, set[str]] = defaultdict(set)
    for layer, body, shape in cases:
        first = names().get(layer.partition("(")[0].strip())
        for name, option in given(layer, body):
            options[name].add(option)
        if first is not None:
            shapes[first].add(shape)
    return options, shapes
