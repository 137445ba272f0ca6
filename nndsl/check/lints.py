"""Warnings about a model without errors: what is declared and not used, and params that training cannot reach."""

from __future__ import annotations

from collections.abc import Collection

from nndsl.check.context import Ports
from nndsl.check.meaning_lints import meaning_lints
from nndsl.check.padding import padded
from nndsl.check.scope import Scope
from nndsl.check.structure import structural
from nndsl.check.text_lints import definition_lints, names_read
from nndsl.check.values import Instance
from nndsl.diagnostics import Edit, Fix, Problem, Source, Span, unique_sorted
from nndsl.ir.graph import Model, Node, topological
from nndsl.ops.table import OPS
from nndsl.problems import lints
from nndsl.syntax import ast

MARK = "nndsl: allow"
"""What the comments that turn lints off have in them."""

MAX_TOLD = 1_000
"""How many Problems are told of a file: no one reads more."""


def lints_of(
    model: Model, scope: Scope, used: Collection[str], ports: Ports, definition: ast.Definition
) -> list[Problem]:
    """All warnings about one model."""
    found = unused(scope, used, ports, definition)
    unread = {problem.span.text for problem in found if problem.span is not None and problem.code == "NN402"}
    useless = [scope.names.get(p.span.text) for p in found if p.span is not None and p.code == "NN401"]
    lost = unreached(model, [value for value in useless if isinstance(value, Node)])
    return [*found, *lost, *structural(model), *meaning_lints(model, unread), *padded(model)]


def settled(file: ast.File, scope: Scope, source: Source, found: list[Problem]) -> tuple[Problem, ...]:
    """The Problems of a file as they are told, in source order: with the lints of its text where it has no errors,
    without those that its comments allow."""
    if any(problem.severity == "error" for problem in found):
        from nndsl.check.once import once  # files without errors do without

        found = once(found)
    else:
        found = [*found, *definition_lints(file, scope)]
    if any(MARK in s.text for s in {source, *(p.span.source for p in found if p.span is not None)}):
        from nndsl.check.allow import allowed  # few files have such comments

        found = allowed(found, source)
    told = unique_sorted(found)
    if len(told) > MAX_TOLD:  # errors stand before warnings: a file with errors must not look like one without
        told = unique_sorted(sorted(told, key=lambda problem: problem.severity != "error")[:MAX_TOLD])
    return told


def unused(scope: Scope, used: Collection[str], ports: Ports, definition: ast.Definition) -> list[Problem]:
    """Inputs and named values that nothing reads, not even a branch that was not taken."""
    found: list[Problem] = []
    consts = {parameter.name for parameter in definition.config or ()}
    left = [n for n in scope.spans if n not in used and n not in ports.outputs and not n.startswith("_")]
    read = names_read(definition) if left else set()
    for name in left:
        value, span = scope.names[name], scope.spans[name]
        if name in consts or name in read:
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
        else:
            found.append(unused_value(name, span, "" if isinstance(value, Node | Instance) else settings_cure(name)))
    return found


def unused_value(name: str, span: Span, elsewhere: str = "") -> Problem:
    """The Problem for a name that nothing reads; `elsewhere` says where else it may have been meant to stand."""
    return lints.UnusedValue(
        span,
        message=f"`{name}` is not used",
        note="nothing reads this value",
        cure=elsewhere or f"use it, remove the line, or call it `_{name}`",
        mends=without_line(span),
    )


def settings_cure(name: str) -> str:
    """For `metrics = ["accuracy"]` and `epochs = 3` in a model; empty for other names."""
    from nndsl.check.foreign import SETTINGS
    from nndsl.check.train import KEYS

    if name in KEYS:
        return f"`{name}` is a setting: it stands in `train NAME {{ … }}`"
    return SETTINGS.get(name, "")


def without_line(span: Span) -> tuple[Fix, ...]:
    """The line taken away, where the statement is one line. What was meant is not known, so this is never safe."""
    text, source = span.source.line(span.line), span.source
    start, end = source.line_starts[span.line - 1], source.line_starts[span.line - 1] + len(text) + 1
    more = source.text[end:].lstrip()
    if more.startswith("|>") or any(text.count(a) != text.count(b) for a, b in ("()", "[]", "{}")):
        return ()
    place = Span(source, start, min(end, len(source.text)))
    return (Fix("remove this line", (Edit(place, ""),), safe=False),)


def unreached(model: Model, useless: list[Node]) -> list[Problem]:
    """Params that no loss depends on, one warning for each place that makes them. Of those that only go into the
    values of `useless`, which nothing reads, that has been said."""
    if not model.training.losses:
        return []
    reached = set(trainable([term.value for term in model.training.losses]))
    if useless:
        shown = topological([node for _, node in model.training.outputs])
        reached |= set(topological(useless)) - set(shown)
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
        if node.op in ("scan", "scan_part") or node.op not in OPS or OPS[node.op].differentiable:
            stack += node.inputs
    return order
