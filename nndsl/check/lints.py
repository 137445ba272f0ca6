"""Warnings about a model without errors: what is declared and not used, and params that training cannot reach."""

from __future__ import annotations

from collections.abc import Collection

from nndsl.check.context import Ports
from nndsl.check.scope import Scope
from nndsl.check.values import Instance
from nndsl.diagnostics import Problem, Span
from nndsl.ir.graph import Model, Node
from nndsl.ops.table import OPS
from nndsl.problems import lints


def lints_of(model: Model, scope: Scope, used: Collection[str], ports: Ports) -> list[Problem]:
    """All warnings."""
    return [*unused(scope, used, ports), *unreached(model)]


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
                )
            )
        elif isinstance(value, Node | Instance):
            found.append(
                lints.UnusedValue(
                    span,
                    message=f"`{name}` is not used",
                    note="nothing reads this value",
                    cure=f"use it, remove the line, or call it `_{name}`",
                )
            )
    return found


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
