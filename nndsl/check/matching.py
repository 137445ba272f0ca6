"""Values against the types that parameters declare: dtype, kind, and dims, whose names are solved for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from nndsl.check.binding import Given
from nndsl.check.context import Context
from nndsl.check.expressions import evaluate
from nndsl.check.hints import kind_cure, other_loss, rank_cure, row_cure, size_cure
from nndsl.check.library import is_library
from nndsl.check.ratios import Ratio, ratio
from nndsl.check.scope import Scope
from nndsl.check.sizes import dtype_word, names_in, size_of
from nndsl.check.values import Function, Value
from nndsl.diagnostics import Edit, Fix, Label, Span
from nndsl.ir.dims import Dim, Size, symbols, written
from nndsl.ir.graph import Node
from nndsl.ir.types import FLOATS, KINDS, TensorType, shape_text
from nndsl.problems import kinds, names, shapes
from nndsl.syntax import ast


@dataclass
class Row:
    """What `...` stands for in one signature, and the argument that fixed it."""

    sizes: tuple[Size, ...]
    span: Span
    type: TensorType


@dataclass
class Signature:
    """What is bound while the arguments of one call are matched: all `...` of a signature are the same dims."""

    name: str
    row: Row | None = None


def match(ctx: Context, scope: Scope, sig: Signature, pattern: ast.TensorTypeExpr, node: Node, span: Span) -> bool:
    """Whether `node` fits the declared type; binds the dims the pattern names. Problems are placed at `span`."""
    return _match_dtype(ctx, scope, sig, pattern, node, span) and _match_dims(ctx, scope, sig, pattern, node, span)


def _match_dtype(
    ctx: Context, scope: Scope, sig: Signature, pattern: ast.TensorTypeExpr, node: Node, span: Span
) -> bool:
    word, found = dtype_word(ctx, pattern), node.type
    if word is None:
        return False
    wanted = pattern.dtype
    if wanted in KINDS:
        name = found.kind.name if found.kind else None
        fits = name == wanted or (name is None and wanted != "index" and found.dtype in FLOATS)
        if wanted == "index" and name is None and found.dtype in ("i32", "i64"):
            ctx.say(
                kinds.NeedsIndex,
                span,
                f"`{sig.name}` needs indices whose range is known",
                note=f"this is {found}",
                cure=f"declare the data as `index<n>[{shape_text(found.shape)}]`",
            )
            return False
        if not fits:
            _report_kind(ctx, sig, pattern, node, span)
            return False
        if wanted == "index" and pattern.count is not None and found.kind is not None and found.kind.count is not None:
            return _match_size(ctx, scope, sig, pattern.count, found.kind.count, span, node)
        return True
    if word == "any" or word == found.dtype or (word in FLOATS and found.dtype in FLOATS):
        return True
    if word in FLOATS and found.kind and found.kind.name == "index":
        _report_kind(ctx, sig, pattern, node, span)
        return False
    cure = f"convert it: `cast(x, {word})`"
    ctx.say(
        shapes.WrongDtype,
        span,
        f"`{sig.name}` takes {word}",
        note=f"this is {found}",
        cure=cure,
        related=_origin(node, span),
    )
    return False


def _report_kind(ctx: Context, sig: Signature, pattern: ast.TensorTypeExpr, node: Node, span: Span) -> None:
    found = node.type.kind.name if node.type.kind else node.type.dtype
    ctx.say(
        kinds.WrongKind,
        span,
        f"`{sig.name}` takes {pattern.dtype} values here, these are {found}",
        note=f"this is {node.type}",
        cure=_target_cure(ctx, sig, node) or kind_cure(sig.name, pattern.dtype, found, node.op),
        related=_origin(node, span),
        mends=other_loss(sig.name, found, ctx.site),
    )


def _target_cure(ctx: Context, sig: Signature, node: Node) -> str | None:
    """For a target that is given to a layer, as if it were an input."""
    port = ctx.ports.inputs.get(str(node.attrs["name"])) if node.op == "input" else None
    if port is None or port.role != "target" or not sig.name[:1].isupper():
        return None
    return f"`{port.name}` is a target: it is what `loss` and `metric` lines compare with"


def swapped(ctx: Context, function: Function, bound: Mapping[str, Given]) -> bool:
    """Whether a loss or metric is given the output first and the target second; reports it."""
    (target, first), (_, second) = [(p, bound.get(p.name)) for p in (function.inputs or ())[:2]]
    if first is None or second is None or not (isinstance(first.value, Node) and isinstance(second.value, Node)):
        return False
    kinds_given = [value.type.kind.name if value.type.kind else None for value in (first.value, second.value)]
    wanted = target.type.dtype if target.type is not None else None
    if wanted is None and is_library(function.definition.span):
        wanted = "index"
    if wanted not in ("index", "onehot", "binary") or kinds_given[1] != wanted or kinds_given[0] == wanted:
        return False
    texts = first.span.text, second.span.text
    ctx.say(
        kinds.WrongKind,
        first.span,
        f"`{function.name}` takes the target first, then the output",
        note=f"this is {first.value.type}",
        related=(Label(second.span, f"this is {second.value.type}"),),
        cure=f"write `{function.name}({texts[1]}, {texts[0]})`",
        mends=(Fix("exchange the two", (Edit(first.span, texts[1]), Edit(second.span, texts[0])), safe=True),),
    )
    return True


def _origin(node: Node, span: Span) -> tuple[Label, ...]:
    """Where the value was made, when that is another place."""
    if node.span is None or (
        node.span.start <= span.start and node.span.end >= span.end and node.span.source is span.source
    ):
        return ()
    if node.span.source is span.source and node.span.line == span.line and span.start <= node.span.start < span.end:
        return ()
    return (Label(node.span, f"made here, {node.type}"),)


def _match_dims(
    ctx: Context, scope: Scope, sig: Signature, pattern: ast.TensorTypeExpr, node: Node, span: Span
) -> bool:
    dims, shape = pattern.dims, node.shape
    if dims is None:
        return True
    dots = next((i for i, d in enumerate(dims) if isinstance(d, ast.Ellipsis_)), None)
    fixed = len(dims) - (dots is not None)
    if len(shape) < fixed or (dots is None and len(shape) != fixed):
        atleast = "at least " if dots is not None else ""
        needs = f"{atleast}{fixed} {'axis' if fixed == 1 else 'axes'}"
        cure = rank_cure(fixed, shape, node)
        ctx.say(
            shapes.WrongRank,
            span,
            f"`{sig.name}` takes {needs}, {' '.join(pattern.span.text.split())}",
            cure=cure,
            related=_origin(node, span),
            note=f"this is {node.type}, it has {len(shape)}",
        )
        return False
    pairs: list[tuple[ast.Expr, Size]] = []
    if dots is None:
        pairs = [(d, s) for d, s in zip(dims, shape, strict=True) if not isinstance(d, ast.Ellipsis_)]
    else:
        behind = len(dims) - dots - 1
        row = shape[dots : len(shape) - behind]
        if not _match_row(ctx, sig, row, node, span):
            return False
        around = [
            *zip(dims[:dots], shape[:dots], strict=True),
            *zip(dims[dots + 1 :], shape[len(shape) - behind :], strict=True),
        ]
        pairs = [(d, s) for d, s in around if not isinstance(d, ast.Ellipsis_)]
    # All are matched, so that every dim is bound even where one clashes.
    results = [_match_size(ctx, scope, sig, d, s, span, node) for d, s in pairs]
    return all(results)


def _match_row(ctx: Context, sig: Signature, row: tuple[Size, ...], node: Node, span: Span) -> bool:
    known = sig.row
    if known is None:
        sig.row = Row(row, span, node.type)
        return True
    if known.sizes == row:
        return True
    cure = row_cure(known.sizes, row, len(row) == node.type.rank)
    ctx.say(
        shapes.DimClash,
        span,
        f"`{sig.name}` takes values whose shapes agree",
        note=f"this is {node.type}",
        cure=cure,
        related=(Label(known.span, f"this is {known.type}"),),
    )
    return False


def _match_size(ctx: Context, scope: Scope, sig: Signature, dim: ast.Expr, size: Size, span: Span, node: Node) -> bool:
    """One size of a value against one dim expression; a single unknown name in it is solved for."""
    unknown, found = _unknown_names(scope, dim), node.type
    if len(unknown) > 1:
        ctx.say(names.UnknownName, dim.span, f"these dims cannot be solved: {', '.join(unknown)} are not known here")
        return False
    if unknown:
        value = _solve(ctx, scope, dim, unknown[0], size)
        if isinstance(value, Ratio) and isinstance(value.numerator, int) and isinstance(value.denominator, int):
            a, b = value.numerator, value.denominator
            message = f"`{sig.name}` takes a size of the form {dim.span.text} here, and {a} is not divisible by {b}"
            cure = f"choose a size that divides, such as {size - a % b}"
            ctx.say(shapes.NotDivisible, span, message, note=f"this is {found}", cure=cure)
            return False
        if value is None or isinstance(value, Ratio):
            ctx.say(
                shapes.DimClash,
                span,
                f"`{sig.name}` asks for a size of the form {dim.span.text}",
                note=f"this is {found}",
            )
            return False
        scope.bind(unknown[0], value)
        scope.fixed[unknown[0]] = (span, found)
        return True
    wanted = size_of(ctx, scope, dim)
    if wanted is None:
        return False
    if wanted == size:
        return True
    related: list[Label] = []
    for name in names_in(dim):
        place = scope.fixed_at(name)
        if place is not None:
            related.append(Label(place[0], f"`{name}` is {describe_size(scope, name)} here, this is {place[1]}"))
    text = written(wanted)
    needs = text if dim.span.text == text else f"{dim.span.text} = {text}"
    ctx.say(
        shapes.DimClash,
        span,
        f"`{sig.name}` needs {needs} here, found {written(size)}",
        note=f"this is {found}",
        related=tuple(related),
        cure=size_cure(wanted, size, node),
    )
    return False


def describe_size(scope: Scope, name: str) -> str:
    holder = scope.find(name)
    value = holder.names[name] if holder is not None else name
    return written(value) if isinstance(value, Dim) else str(value)


def _unknown_names(scope: Scope, dim: ast.Expr) -> list[str]:
    return [n for n in dict.fromkeys(names_in(dim)) if scope.size_named(n) is None]


def _solve(ctx: Context, scope: Scope, dim: ast.Expr, name: str, size: Size) -> Size | Ratio | None:
    """The value of `name` that makes the dim expression equal to `size`; the name must occur linearly.

    A Ratio where that would be a fraction, None where there is none.
    """
    if isinstance(dim, ast.Name):
        return size
    hole = f"?{name}"
    inner = Scope(scope, {name: Dim.symbol(hole)})
    form: Value = evaluate(ctx, inner, dim)
    if isinstance(form, Ratio):
        size = size * form.denominator
        form = form.numerator
    if not isinstance(form, Dim):
        return None
    factor: Size = 0
    rest: Size = 0
    for monomial, f in form.terms:
        part = Dim(((monomial, f),)) if monomial else f
        if (hole,) == monomial:
            factor = f
        elif hole in symbols(part):
            return None
        else:
            rest = rest + part
    found = ratio(size - rest, factor) if factor != 0 else None
    return found if not isinstance(found, int) or found >= 1 else None
