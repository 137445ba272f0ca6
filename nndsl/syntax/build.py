"""What each grammar rule makes of its parts: the nodes of `ast.py`.

The parser calls a method as soon as its rule is complete, so nothing here walks a tree and nothing recurses. A
method has the name of its rule (or of the alias after `->` in the grammar) and is given the span from the first
to the last token, then the parts that the grammar keeps, None where a `[…]` is absent.
"""

from __future__ import annotations

import json
import math
from typing import Any

from nndsl.diagnostics import Problem, Source, Span
from nndsl.syntax import ast
from nndsl.syntax.tokens import Token, odd, short

CONFIGURED_FIRST = ("model", "layer", "optimizer", "init", "schedule")
"""Roles whose only parameter list is what builds them; that of the others is what they are applied to."""


class Builder:
    """Makes nodes; keeps the Problems of literals that mean nothing (`"\\q"`, `1e999`)."""

    def __init__(self, source: Source, docs: dict[int, str]) -> None:
        self.source = source
        self.docs = docs
        self.problems: list[Problem] = []

    def _span(self, token: Token) -> Span:
        return Span(self.source, token.start, token.end)

    def _doc(self, span: Span) -> str:
        return self.docs.get(span.start, "")

    # --- the file and its items --------------------------------------------------------------------------

    def file(self, span: Span, *items: ast.Item | None) -> ast.File:
        return ast.File(tuple(item for item in items if item is not None), span=span)

    def poison_item(self, span: Span, names: tuple[str, ...]) -> ast.PoisonItem:
        return ast.PoisonItem(names, span=span)

    def import_(self, span: Span, path: Token, alias: Token | None) -> ast.Import:
        return ast.Import(self._text(path), self._span(path), alias.text if alias else None, span=span)

    def definition(
        self,
        span: Span,
        private: Token | None,
        role: Token,
        name: Token,
        first: tuple[ast.Parameter, ...] | None,
        second: tuple[ast.Parameter, ...] | None,
        returns: tuple[ast.TensorTypeExpr, ...] | None,
        body: ast.Block,
    ) -> ast.Definition:
        config: tuple[ast.Parameter, ...] | None = first or ()
        inputs = second
        if second is None and role.text not in CONFIGURED_FIRST:
            config, inputs = None, first or ()
        return ast.Definition(
            role.text, name.text, self._span(name), config, inputs, returns or (), body,
            self._doc(span), private is not None, span=span,
        )  # fmt: skip

    local_definition = definition

    def alias(self, span: Span, private: Token | None, role: Token, name: Token, target: ast.Expr) -> ast.Alias:
        return ast.Alias(
            role.text, name.text, self._span(name), target, self._doc(span), private is not None, span=span
        )

    def params(self, span: Span, *items: ast.Parameter | None) -> tuple[ast.Parameter, ...]:
        return tuple(item for item in items if item is not None)

    def param(
        self, span: Span, name: Token, type: ast.TensorTypeExpr | None, default: ast.Expr | None
    ) -> ast.Parameter:
        return ast.Parameter(name.text, self._span(name), type, default, span=span)

    def rest_param(self, span: Span, name: Token, type: ast.TensorTypeExpr | None) -> ast.Parameter:
        return ast.Parameter(name.text, self._span(name), type, None, True, span=span)

    def returns(self, span: Span, *types: ast.TensorTypeExpr) -> tuple[ast.TensorTypeExpr, ...]:
        return types

    def type(
        self, span: Span, word: Token, count: ast.Expr | None, dims: tuple[ast.Expr | ast.Ellipsis_, ...] | None
    ) -> ast.TensorTypeExpr:
        return ast.TensorTypeExpr(word.text, count, dims, span=span)

    def dims(self, span: Span, *items: ast.Expr | ast.Ellipsis_ | None) -> tuple[ast.Expr | ast.Ellipsis_, ...]:
        return tuple(item for item in items if item is not None)

    def ellipsis(self, span: Span) -> ast.Ellipsis_:
        return ast.Ellipsis_(span=span)

    def section(self, span: Span, role: Token, name: Token | None, body: ast.Block) -> ast.Section:
        if name is None:
            return ast.Section(role.text, "", self._span(role), body, self._doc(span), span=span)
        title = self._text(name) if name.kind == "STRING" else name.text
        return ast.Section(role.text, title, self._span(name), body, self._doc(span), span=span)

    def block(self, span: Span, *lines: ast.Statement | None) -> ast.Block:
        return tuple(line for line in lines if line is not None)

    settings = block

    def setting(self, span: Span, *parts: Any) -> ast.Setting:
        *names, value = parts
        place = self._span(names[0]).to(self._span(names[-1]))
        return ast.Setting(".".join(name.text for name in names), place, value, span=span)

    # --- statements --------------------------------------------------------------------------------------

    def poison_statement(self, span: Span, names: tuple[str, ...]) -> ast.PoisonStatement:
        return ast.PoisonStatement(names, span=span)

    def assign(self, span: Span, *parts: Any) -> ast.Assign:
        *names, value = parts
        return ast.Assign(
            tuple(name.text for name in names), tuple(self._span(name) for name in names), value, span=span
        )

    def update(self, span: Span, name: Token, value: ast.Expr) -> ast.Update:
        return ast.Update(name.text, self._span(name), value, span=span)

    def expr_statement(self, span: Span, value: ast.Expr) -> ast.ExprStatement:
        return ast.ExprStatement(value, span=span)

    def input(self, span: Span, role: Token, name: Token, type: ast.TensorTypeExpr) -> ast.InputDecl:
        return ast.InputDecl(role.text, name.text, self._span(name), type, self._doc(span), span=span)

    def output(self, span: Span, name: Token, value: ast.Expr | None) -> ast.OutputDecl:
        return ast.OutputDecl(name.text, self._span(name), value, self._doc(span), span=span)

    def loss_line(self, span: Span, value: ast.Expr) -> ast.LossLine:
        return ast.LossLine(None, value, span=span)

    def named_loss_line(self, span: Span, name: Token, value: ast.Expr) -> ast.LossLine:
        return ast.LossLine(name.text, value, span=span)

    def metric_line(self, span: Span, value: ast.Expr) -> ast.MetricLine:
        return ast.MetricLine(None, value, span=span)

    def named_metric_line(self, span: Span, name: Token, value: ast.Expr) -> ast.MetricLine:
        return ast.MetricLine(name.text, value, span=span)

    def param_line(
        self, span: Span, name: Token, type: ast.TensorTypeExpr, value: ast.Expr | None, constraint: ast.Expr | None
    ) -> ast.ParamDecl:
        return ast.ParamDecl(name.text, self._span(name), type, value, constraint, self._doc(span), span=span)

    def state_line(
        self, span: Span, name: Token, type: ast.TensorTypeExpr | None, value: ast.Expr
    ) -> ast.StateDecl:
        return ast.StateDecl(name.text, self._span(name), type, value, self._doc(span), span=span)

    def return_line(self, span: Span, value: ast.Expr | None) -> ast.Return:
        return ast.Return(value, span=span)

    def if_statement(
        self, span: Span, condition: ast.Expr, then: ast.Block, otherwise: ast.Block | ast.If | None
    ) -> ast.If:
        if isinstance(otherwise, ast.If):
            otherwise = (otherwise,)
        return ast.If(condition, then, otherwise or (), span=span)

    def for_statement(self, span: Span, name: Token, items: ast.Expr, body: ast.Block) -> ast.For:
        return ast.For(name.text, self._span(name), items, body, span=span)

    def range(self, span: Span, start: ast.Expr, stop: ast.Expr) -> ast.Range:
        return ast.Range(start, stop, span=span)

    def repeat(self, span: Span, count: ast.Expr, body: ast.Block) -> ast.Repeat:
        return ast.Repeat(count, body, span=span)

    def assert_line(self, span: Span, condition: ast.Expr, message: ast.Expr | None) -> ast.Assert:
        return ast.Assert(condition, message, span=span)

    def scan(self, span: Span, *parts: Any) -> ast.Scan:
        *head, axis, reverse, body = parts
        carries = tuple(part for part in head if isinstance(part, ast.Carry))
        sequences = tuple(part for part in head if isinstance(part, ast.Sequence))
        return ast.Scan(carries, sequences, axis, reverse is not None, body, span=span)

    def carry(self, span: Span, name: Token, value: ast.Expr) -> ast.Carry:
        return ast.Carry(name.text, value, span=span)

    def sequence(self, span: Span, name: Token, value: ast.Expr) -> ast.Sequence:
        return ast.Sequence(name.text, value, span=span)

    def next_line(self, span: Span, name: Token, value: ast.Expr) -> ast.Next:
        return ast.Next(name.text, value, span=span)

    def collect(self, span: Span, value: ast.Expr, name: Token) -> ast.Collect:
        return ast.Collect(value, name.text, span=span)

    def expect(self, span: Span, value: ast.Expr) -> ast.Expect:
        return ast.Expect("", value, span=span)

    def expect_error(
        self, span: Span, code: Token, body: tuple[ast.Statement | ast.Definition, ...]
    ) -> ast.Expect:
        statements = tuple(line for line in body if not isinstance(line, ast.Definition))
        items = tuple(line for line in body if isinstance(line, ast.Definition))
        return ast.Expect("error", None, code.text, statements, items, span=span)

    error_body = block

    # --- expressions -------------------------------------------------------------------------------------

    def tuple(self, span: Span, *items: ast.Expr) -> ast.TupleExpr:
        return ast.TupleExpr(items, span=span)

    def list(self, span: Span, *items: ast.Expr | None) -> ast.ListExpr:
        return ast.ListExpr(_present(items), span=span)

    def pipe(self, span: Span, value: ast.Expr, *stages: ast.Expr) -> ast.Pipe:
        return ast.Pipe(value, stages, span=span)

    def binary(self, span: Span, left: ast.Expr, op: Token, right: ast.Expr) -> ast.Binary:
        return ast.Binary(op.text, left, right, self._span(op), span=span)

    def unary(self, span: Span, op: Token, operand: ast.Expr) -> ast.Unary:
        return ast.Unary(op.text, operand, span=span)

    def call(self, span: Span, function: ast.Expr, *arguments: ast.Argument | None) -> ast.Call:
        return ast.Call(function, _present(arguments), span=span)

    def argument(self, span: Span, value: ast.Expr) -> ast.Argument:
        return ast.Argument(None, value, span=span)

    def named_argument(self, span: Span, name: Token, value: ast.Expr) -> ast.Argument:
        return ast.Argument(name.text, value, self._span(name), span=span)

    def index(self, span: Span, value: ast.Expr, *items: ast.Expr | ast.Slice | ast.Ellipsis_) -> ast.Index:
        return ast.Index(value, items, span=span)

    def slice(
        self, span: Span, start: ast.Expr | None, stop: ast.Expr | None, step: ast.Expr | None
    ) -> ast.Slice:
        return ast.Slice(start, stop, step, span=span)

    def attribute(self, span: Span, value: ast.Expr, name: Token) -> ast.Attribute:
        return ast.Attribute(value, name.text, self._span(name), span=span)

    def name(self, span: Span, word: Token) -> ast.Name:
        return ast.Name(word.text, span=span)

    def number(self, span: Span, token: Token) -> ast.Number:
        value: int | float = 1
        try:
            value = int(token.text) if token.text.replace("_", "").isdigit() else float(token.text)
        except ValueError:  # `1__0`, `1_.5`, or more digits than Python converts
            if token.text.isdigit():
                value = LARGEST + 1
            else:
                self.problems.append(odd().say.BadNumber(span, short(token.text)))
        if value > LARGEST if isinstance(value, int) else math.isinf(value):
            self.problems.append(odd().say.NumberTooLarge(span))
            value = 1
        return ast.Number(value, span=span)

    def string(self, span: Span, token: Token) -> ast.String:
        return ast.String(self._text(token), span=span)

    def _text(self, token: Token) -> str:
        """What a string literal stands for."""
        if "\\" not in token.text:
            return token.text[1:-1]
        try:
            value = json.loads(token.text, strict=False)
            assert isinstance(value, str)
            value.encode()  # half of a surrogate pair is no character
            return value
        except ValueError:
            self.problems.append(odd().strings.BadEscape(self._span(token)))
            return ""

    def boolean(self, span: Span, word: Token) -> ast.Bool:
        return ast.Bool(word.text == "true", span=span)

    def none(self, span: Span) -> ast.NoneValue:
        return ast.NoneValue(span=span)


LARGEST = 2**63 - 1


def _present(items: Any) -> Any:
    """Without the None that stands for an empty list."""
    return tuple(item for item in items if item is not None)
