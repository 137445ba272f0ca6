"""The program that goes on: a model elaborated for some steps of a text that follow on others.

In it `generating` is true, `past` is how many steps came before, and a `state` whose type has a size that only data
knows is a memory: it belongs to the text and not to the model. Before the first step `past` is 0; after each run a
memory holds what `:=` gave it, `past` then being greater by the steps of that run.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from nndsl.check import composites
from nndsl.check.context import Context, Ports, Registry, Stop
from nndsl.check.resolve import parts
from nndsl.check.scope import Scope
from nndsl.check.values import Function
from nndsl.diagnostics import Source, Span
from nndsl.ir.dims import Dim, Size, substitute, symbols
from nndsl.ir.graph import Constraint, Going, Memory, Model, Node, Reading
from nndsl.ir.types import Shape, TensorType
from nndsl.ops import build as b
from nndsl.syntax import ast

PAST = "past"


@dataclass(eq=False)
class Memories:
    """What has been declared so far, and the symbol of the steps that are seen."""

    steps: str
    initials: dict[Node, Node] = field(default_factory=dict)
    taken: dict[str, int] = field(default_factory=dict)

    @property
    def past(self) -> Size:
        """The steps before those that are seen."""
        return Dim.symbol(PAST)

    def declare(self, ctx: Context, name: str, declared: TensorType, initial: Node, span: Span) -> Node:
        """A leaf for what is kept. A layer applied twice keeps two things."""
        path = ".".join([*ctx.path, name])
        number = self.taken[path] = self.taken.get(path, 0) + 1
        path = f"{path}_{number}" if number > 1 else path
        leaf = Node("input", (), {"name": f"memory.{path}"}, declared, ctx.place(span), path)
        self.initials[leaf] = initial
        return leaf

    def shape_after(self, leaf: Node) -> Shape | None:
        """The shape of what a memory holds after the steps; None where the leaf is none."""
        if leaf not in self.initials:
            return None
        after = self.past + Dim.symbol(self.steps)
        return tuple(substitute(size, {PAST: after}) for size in leaf.shape)


def reading_of(file: ast.File, source: Source, consts: Mapping[str, object], name: str) -> Reading:
    """The model `name` of a file without errors, as what reads texts."""
    from nndsl.check.file import TRAIN, collect
    from nndsl.check.model import elaborate_model

    _, models, _ = collect(file, source, [])
    function, own = models[name], {key: value for key, value in consts.items() if not key.startswith(TRAIN)}
    made = elaborate_model(function, own, [])
    assert made.model is not None
    ctx = _elaborated(function, made.model, made.registry, own, None)
    whole = tuple((name, scores(node)) for name, (node, _) in ctx.ports.outputs.items())
    constraints: tuple[Constraint, ...] = tuple(dict.fromkeys(ctx.constraints))
    return Reading(whole, constraints, _going(function, made.model, made.registry, own))


def scores(node: Node) -> Node:
    """An output as numbers whose softmax are probabilities: the logits behind it, or its logarithm."""
    if node.type.kind is None or node.type.kind.name != "prob":
        return node
    with b.at(node.span):
        return composites.logits_of(node, "softmax") or b.log(node)


def _elaborated(
    function: Function, model: Model, registry: Registry, consts: Mapping[str, object], memories: Memories | None
) -> Context:
    """The model without losses and metrics, in inference mode."""
    from nndsl.check.model import bind_consts
    from nndsl.check.statements import run_body

    ctx = Context(False, registry.copy(), Ports(leaves=dict(model.leaves)), measures=False, memories=memories)
    scope = Scope(function.scope, role="model")
    with contextlib.suppress(Stop):
        bind_consts(ctx, function, consts, scope)
        run_body(ctx, scope, wanted(function.definition.body))
    return ctx


def wanted(body: ast.Block) -> ast.Block:
    """The lines of a model that outputs rest on. What only losses and metrics read may ask for longer texts, as the
    line `coming = text[:, 1:]` asks for two steps."""
    needed: set[str] = set()
    kept: list[ast.Statement] = []
    for statement in reversed(body):
        match statement:
            case ast.LossLine() | ast.MetricLine():
                continue
            case ast.Assign() if needed.isdisjoint(statement.names):
                continue
            case ast.OutputDecl():
                needed.add(statement.name)
        needed |= {part.id for part in parts(statement) if isinstance(part, ast.Name)}
        kept.append(statement)
    return tuple(reversed(kept))


def _going(function: Function, model: Model, registry: Registry, consts: Mapping[str, object]) -> Going | str:
    """The model for going on, or why it has none."""
    sizes = model.inputs[0].type.shape if model.inputs else ()
    if len(sizes) < 2 or not isinstance(sizes[1], Dim) or sizes[1].name is None:
        return "its text has a fixed length"
    if any(PAST in symbols(size) for port in model.inputs for size in port.type.shape):
        return f"a size of its input is called `{PAST}`"
    memories = Memories(sizes[1].name)
    ctx = _elaborated(function, model, registry, consts, memories)
    if ctx.problems:
        return ctx.problems[0].headline
    if not memories.initials:
        return "no layer keeps anything of the steps before"
    kept = tuple(
        Memory(str(leaf.attrs["name"]), leaf, initial, ctx.updates.get(leaf, leaf))
        for leaf, initial in memories.initials.items()
    )
    if any(memory.value.shape != memories.shape_after(memory.leaf) for memory in kept):
        return "a memory is declared and not written"
    outputs = tuple((name, scores(node)) for name, (node, _) in ctx.ports.outputs.items())
    return Going(PAST, memories.steps, outputs, kept, tuple(dict.fromkeys(ctx.constraints)))
