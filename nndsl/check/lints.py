"""Warnings about a model without errors: what is declared and not used, and params that training cannot reach."""

from __future__ import annotations

from collections.abc import Collection

from nndsl.check.context import Ports
from nndsl.check.scope import Scope
from nndsl.check.structure import structural
from nndsl.check.text_lints import definition_lints
from nndsl.check.values import Instance
from nndsl.diagnostics import Edit, Fix, Problem, Source, Span, unique_sorted
from nndsl.ir.graph import Model, Node
from nndsl.ops.table import OPS
from nndsl.problems import lints
from nndsl.syntax import ast

MARK = "nndsl: allow"
"""What the comments that turn lints off have in them."""


def lints_of(model: Model, scope: Scope, used: Collection[str], ports: Ports) -> list[Problem]:
    """All warnings."""
    return [*unused(scope, used, ports), *unreached(model), *structural(model)]


def settled(file: ast.File, scope: Scope, source: Source, found: list[Problem]) -> tuple[Problem, ...]:
    """The Problems of a file as they are told, in source order: with the lints of its text where it has no errors,
    without those that its comments allow."""
    if not any(problem.severity == "error" for problem in found):
        found = [*found, *definition_lints(file, scope)]
    if any(MARK in s.text for s in {source, *(p.span.source for p in found if p.span is not None)}):
        from nndsl.check.allow import allowed  # few files have such comments

        found = allowed(found, source)
    return unique_sorted(found)


def unused(scope: Scope, used: Collection[str], ports: Ports) -> list[Problem]:
    """Inputs and named values that nothing reads."""
    found: list[Problem] = []
    for name, span in scope.spans.items():
        value = scope.names[name]
        if name in used or name in ports.outputs or name.startswith("_"):
            continue
        if name in ports.inputs:
            role = ports.inputs[name].role
            found.append(
                lints.UnusedInput(
                    span,
                    message=f"the {role} `{name}` is not used",
                    note="nothing reads it",
                    cure="use it, or remove this line",
                    mends=without_line(span),
                )
            )
        elif isinstance(value, Node | Instance):
            found.append(
                lints.UnusedValue(
                    span,
                    message=f"`{name}` is not used",
                    note="nothing reads this value",
                    cure=f"use it, remove the line, or call it `_{name}`",
                    mends=without_line(span),
                )
            )
    return found


def without_line(span: Span) -> tuple[Fix, ...]:
    """The line taken away, where the statement is one line. What was meant is not known, so this is never safe."""
    text, source = span.source.line(span.line), span.source
    start, end = source.line_starts[span.line - 1], source.line_starts[span.line - 1] + len(text) + 1
    more = source.text[end:].lstrip()
    if more.startswith("|>") or any(text.count(a) != text.count(b) for a, b in ("()", "[]", "{}")):
        return ()
    place = Span(source, start, min(end, len(source.text)))
    return (Fix("remove this line", (Edit(place, ""),), safe=False),)


def unreached(model: Model) -> list[Problem]:
    """Params that no loss depends on, one warning for each place that makes them."""
    if not model.training.losses:
        return []
    reached = set(trainable([term.value for term in model.training.losses]))
    found: dict[Span, list[str]] = {}
    for spec in model.params:
        if spec.leaf not in reached:
            found.setdefault(spec.span, []).append(spec.name)
    return [
        lints.UnreachedParam(
            place,
            message=f"training does not reach {_listed(names)}",
            note="no loss depends on what is made here",
            cure="add a loss that reads it, or remove it",
        )
        for place, names in found.items()
    ]


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(f"`{n}`" for n in names[:-1])] * (len(names) > 1) + [f"`{names[-1]}`"])


def trainable(roots: list[Node]) -> list[Node]:
    """The nodes through which a gradient flows from `roots`: not through `stop_gradient`, nor a comparison."""
    order: list[Node] = []
    seen: set[Node] = set()
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node in seen or node.op == "stop_gradient":
            continue
        seen.add(node)
        order.append(node)
        if node.op in ("scan", "scan_part") or node.op not in OPS or OPS[node.op].grad is not None:
            stack += node.inputs
    return order
