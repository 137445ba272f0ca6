"""The `expect` lines of a test: each becomes an Expectation, or a Problem where it is not well formed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from nndsl.check.binding import arguments
from nndsl.check.builtin import Site, define, is_number, number, tensor, whole, wrong
from nndsl.check.builtins import BUILTINS
from nndsl.check.context import Context, MetricFrame, Stop
from nndsl.check.expressions import CONSTANTS, evaluate
from nndsl.check.model import elaborate_model
from nndsl.check.operators import COMPARISONS, binary
from nndsl.check.resolve import unknown_names
from nndsl.check.scope import Scope
from nndsl.check.statements import run_block
from nndsl.check.values import POISON, Builtin, Function, Poison, Value, describe
from nndsl.diagnostics import Problem, Span, did_you_mean, unique_sorted
from nndsl.ir.dims import Dim
from nndsl.ir.experiment import TrainSpec
from nndsl.ir.facts import Close, Expectation, Gradients, Holds, Overfits, Refused
from nndsl.ir.graph import Model, Node, topological
from nndsl.problems import building, names, shapes
from nndsl.problems import find as find_code
from nndsl.syntax import ast

TOLERANCE = 1e-5
STEPS = 3000
MAX_ROWS = 1024
BLOCK = 500  # what a block costs, in steps of the context: it may suggest names for what is unknown in it
DECLARES = ast.InputDecl | ast.OutputDecl | ast.LossLine | ast.MetricLine | ast.ParamDecl | ast.StateDecl


class Expects:
    """What the lines of one test expect. `model` is None in a file without one; `train` says how it is trained."""

    def __init__(self, ctx: Context, model: Model | None, train: Callable[[], TrainSpec | None]) -> None:
        self.ctx = ctx
        self.model = model
        self.train = train
        self.found: list[Expectation] = []
        self.seen = False
        self.line: Span | None = None
        self.frame = MetricFrame("")
        self.words: dict[str, Builtin] = {
            "close": define("close", ["value", "expected", ("tolerance", TOLERANCE)], self._close, ""),
            "gradients": define("gradients", [("tolerance", TOLERANCE)], self._gradients, ""),
            "overfits": define("overfits", ["rows", ("steps", STEPS)], self._overfits, ""),
        }

    def expect(self, scope: Scope, statement: ast.Expect) -> None:
        """One line."""
        self.seen = True
        if statement.code is not None:
            self._error(scope, statement, statement.code)
            return
        expr = statement.value
        if expr is None or isinstance(expr, ast.Poison):
            return
        self.line = expr.span
        head = expr.function if isinstance(expr, ast.Call) else expr
        if isinstance(head, ast.Name) and scope.find(head.id) is None and head.id not in (*BUILTINS, *CONSTANTS):
            if head.id in self.words:
                self._word(scope, self.words[head.id], expr)
                return
            near = did_you_mean(head.id, self.words)
            if near is not None:
                self.ctx.say(names.UnknownName, head.span, f"`{head.id}` is not known here", cure=near)
                return
        self._holds(scope, expr)

    # --- decided now ---------------------------------------------------------------------------------------------

    def _holds(self, scope: Scope, expr: ast.Expr) -> None:
        """A compile-time truth value; of a comparison both sides are kept, to show them."""
        ctx, op = self.ctx, ""
        left: Value = POISON
        right: Value = POISON
        if isinstance(expr, ast.Binary) and expr.op in COMPARISONS:
            op, left, right = expr.op, evaluate(ctx, scope, expr.left), evaluate(ctx, scope, expr.right)
            value = binary(ctx, expr, left, right)
        else:
            value = evaluate(ctx, scope, expr)
        if isinstance(value, bool):
            self.found.append(Holds(expr.span, value, shown(left), shown(right), op))
        elif isinstance(value, Node):
            ctx.say(
                names.NotConstant,
                expr.span,
                "`expect` needs something that is known when the network is built",
                note=f"this is {describe(value)}",
                cure="compare numbers that are computed with `expect close(value, expected)`",
            )
        elif not isinstance(value, Poison):
            ctx.say(
                names.NotConstant,
                expr.span,
                "`expect` needs true or false",
                note=f"this is {describe(value)}",
                cure="compare it with something: `expect shape(h) == [batch, 64]`",
            )

    def _error(self, scope: Scope, statement: ast.Expect, code: str) -> None:
        """`expect error CODE { … }`: what the checker says about the block."""
        self.ctx.count(statement.span, BLOCK)
        head = statement.span.text.split("{")[0].rstrip()
        place = replace(statement.span, end=statement.span.start + len(head))
        if find_code(code) is None:
            from nndsl.problems import catalogue

            cure = did_you_mean(code, catalogue()) or "`nndsl explain` lists them"
            self.ctx.say(names.UnknownName, place, f"there is no code `{code}`", cure=cure)
            return
        if code.startswith("NN0"):
            self.ctx.say(
                names.BadValue,
                place,
                f"{code} is about text that cannot be read, so no block can hold it",
                cure="expect a code from NN101 on",
            )
            return
        found = unique_sorted(said_about(self.ctx, scope, statement))
        self.found.append(Refused(place, code, found))

    # --- run later -----------------------------------------------------------------------------------------------

    def _word(self, scope: Scope, word: Builtin, expr: ast.Expr) -> None:
        """`close(…)`, `gradients`, `overfits(…)`."""
        ctx = self.ctx
        self.frame = ctx.metric = MetricFrame(f"metric_{len(self.found) + 1}")  # a metric with states works here
        try:
            given = arguments(ctx, scope, expr.arguments) if isinstance(expr, ast.Call) else []
            if not any(isinstance(g.value, Poison) for g in given):
                word.call(ctx, word, given, expr.span)
        finally:
            ctx.metric = None

    def _trained(self, site: Site) -> Model | None:
        """The model, if there is a loss to follow."""
        if self.model is None:
            site.ctx.say(names.NoModel, site.span, "this file has no model", cure="write `model Name { … }`")
        elif not self.model.training.losses or not self.model.params:
            what = "loss" if not self.model.training.losses else "params"
            site.ctx.say(
                names.NothingToCompute,
                site.span,
                f"the model `{self.model.name}` has no {what}",
                cure="add a line such as `loss mse(y, prediction)` to the model" if what == "loss" else None,
            )
        else:
            return self.model
        return None

    def _gradients(self, site: Site, tolerance: Value) -> Value:
        limit = positive(site, tolerance)
        model = self._trained(site)
        if model is not None:
            self.found.append(Gradients(site.span, model, limit))
        return POISON

    def _overfits(self, site: Site, rows: Value, steps: Value) -> Value:
        count, most = whole(site, "rows", rows), whole(site, "steps", steps)
        if not 1 <= count <= MAX_ROWS:
            raise wrong(site, "rows", f"is a number from 1 to {MAX_ROWS}", rows)
        if not 1 <= most <= 1_000_000:
            raise wrong(site, "steps", "is a number from 1 to 1_000_000", steps)
        model = self._trained(site)
        spec = self.train() if model is not None else None
        if model is not None and spec is not None:
            self.found.append(Overfits(site.span, model, spec, count, most))
        return POISON

    def _close(self, site: Site, value: Value, expected: Value, tolerance: Value) -> Value:
        limit = positive(site, tolerance)
        left = tensor(site, "value", value)
        right: Node | float = expected if is_number(expected) else tensor(site, "expected", expected, left)
        for argument, node in (("value", left), ("expected", right)):
            if isinstance(node, Node) and not self._constant(site, argument, node):
                return POISON
        if isinstance(right, Node) and left.shape != right.shape:
            return site.ctx.say(
                shapes.ShapeClash,
                site.span,
                "`close` compares values of one shape",
                note=f"the value is {left.type}, what is expected {right.type}",
            )
        leaves = {n for n in topological([left, *([right] if isinstance(right, Node) else [])]) if n.is_leaf}
        registry = self.ctx.registry
        specs = (*registry.params.values(), *registry.states.values(), *self.frame.states)
        params = tuple(spec for spec in specs if spec.leaf in leaves)
        self.found.append(Close(site.span, left, right, limit, params))
        return POISON

    def _constant(self, site: Site, argument: str, node: Node) -> bool:
        """Whether it can be computed without data; reports what is in the way."""
        for inner in topological([node]):
            if inner.op in ("input", "dim") or any(isinstance(size, Dim) for size in inner.shape):
                of = f"`{inner.name}`" if inner.op == "input" and inner.name else "a size of the data"
                site.ctx.say(
                    names.NotConstant,
                    site.spans.get(argument, site.span),
                    "`close` computes with numbers that stand in the test",
                    note=f"this depends on {of}",
                    cure="make the values: `ones([2, 4])`, `[1.0, 2.0]`, `as_index([0, 2], 3)`",
                )
                return False
        return True


def positive(site: Site, tolerance: Value) -> float:
    """A tolerance: a number of at least 0."""
    limit = number(site, "tolerance", tolerance)
    if not limit >= 0:
        raise wrong(site, "tolerance", "is a number of at least 0", tolerance)
    return limit


def shown(value: Value) -> str:
    """A value as a failure shows it: sizes by their names."""
    match value:
        case Dim():
            return str(value)
        case list():
            return f"[{', '.join(map(shown, value[:16]))}{', …' if len(value) > 16 else ''}]"
        case Poison():
            return ""
    return describe(value)


def said_about(ctx: Context, scope: Scope, statement: ast.Expect) -> list[Problem]:
    """All Problems of a block: of its models, of its lines, and of names in definitions that nothing uses.

    Lines that declare inputs or outputs are the body of a model without a name, others are lines of a test.
    """
    inner = Scope(scope, role="file")
    found: list[Problem] = []
    for item in statement.items:
        inner.bind(item.name, Function(item, inner), item.name_span)
    models = [item for item in statement.items if item.role == "model"]
    body = statement.body or ()
    if any(isinstance(line, DECLARES) for line in body):
        models.append(ast.Definition("model", "this block", statement.span, (), None, (), body, span=statement.span))
        body = ()
    try:
        for item in models:
            made = elaborate_model(Function(item, inner), {}, found)
            ctx.count(statement.span, made.steps)
        found += lines_of(ctx, Scope(inner, role="test"), body)
    except RecursionError:
        found.append(building.TooDeep(statement.span))
    return found + unknown_names(ast.File(statement.items, span=statement.span), inner, found)


def lines_of(ctx: Context, scope: Scope, body: ast.Block) -> list[Problem]:
    """What is wrong with lines, carried out for themselves."""
    sub = Context(False, ctx.registry.copy(), steps=ctx.steps)
    try:
        scope.body = body
        run_block(sub, scope, body)
    except Stop:
        pass
    finally:
        ctx.steps = sub.steps
    return sub.problems
