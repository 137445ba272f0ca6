"""The line at which the tokens stopped making sense, as those who explain it see it."""

from __future__ import annotations

from dataclasses import dataclass

from nndsl.diagnostics import Source, Span
from nndsl.syntax.engine import Fault
from nndsl.syntax.tables import Tables
from nndsl.syntax.tokens import Token
from nndsl.syntax.words import READING

DECLARED = {
    "model": "`model Name() { … }`", "layer": "`layer Name(units: int)(x) { … }`", "fn": "`fn name(x) { … }`",
    "loss": "`loss name(target, output) { … }`", "metric": "`metric name(target, output) { … }`",
    "optimizer": "`optimizer Name(learning_rate: float = 0.01)(p, g) { … }`", "init": "`init name()(shape) { … }`",
    "schedule": "`schedule name(rate: float)(step) { … }`", "train": "`train Name { … }`",
    "data": "`data Name { … }`", "weights": "`weights { Dense_1.kernel = \"fc1.weight\".T }`",
    "test": "`test \"what it is about\" { … }`",
    "import": "`import \"blocks.nn\" as blocks`",
}  # fmt: skip
"""How declarations are written, by their first word."""

WRITTEN = {
    "output": "`output probability = softmax(x)`", "input": "`input x: f32[batch, n]`",
    "target": "`target y: index<n>[batch]`", "param": "`param kernel: f32[n, units] = glorot_uniform`",
    "state": "`state v = zeros_like(p)`", "next": "`next h = …`", "loss": "`loss mse(a, b)`, `loss name = mse(a, b)`",
    "metric": "`metric accuracy(a, b)`, `metric name = accuracy(a, b)`", "for": "`for i in 0..n { … }`",
    "if": "`if c { … } else { … }`", "repeat": "`repeat 3 { … }`", "assert": "`assert n > 0, \"message\"`",
    "scan": "`scan (h = zeros([batch, n])) over x_t in x axis 1 { … }`", "collect": "`collect h as outputs`",
    "expect": "`expect a == b`, `expect error NN201 { … }`", "return": "`return y`",
}  # fmt: skip
"""How statements are written, by their first word."""
ROLES = frozenset(("model", "layer", "fn", "loss", "metric", "optimizer", "init", "schedule"))
SECTIONS = frozenset(("train", "data", "weights", "test"))
BLOCK_WORDS = frozenset(("if", "else", "for", "repeat", "scan", "elif", "while", "def", "class", "try", "with"))
STATEMENT_WORDS = frozenset(READING) - ROLES - SECTIONS - {"import", "private"} | {"loss", "metric"}
ASSIGNS = ("ASSIGN", "UPDATE")


@dataclass(frozen=True)
class Line:
    """The tokens around a fault."""

    source: Source
    tables: Tables
    fault: Fault
    tokens: list[Token]

    @property
    def head(self) -> Token:
        """The first word of the statement, `private` left aside."""
        first = self.tokens[self.fault.first]
        return self.tokens[self.fault.first + 1] if first.text == "private" else first

    @property
    def here(self) -> Token:
        return self.tokens[self.fault.token]

    @property
    def before(self) -> Token | None:
        """The token before the fault, if the statement has one there."""
        return self.tokens[self.fault.token - 1] if self.fault.token > self.fault.first else None

    def after(self, steps: int = 1) -> Token:
        return self.tokens[min(self.fault.token + steps, len(self.tokens) - 1)]

    @property
    def second(self) -> Token:
        """The token after the head."""
        index = self.fault.first + (2 if self.tokens[self.fault.first].text == "private" else 1)
        return self.tokens[min(index, len(self.tokens) - 1)]

    @property
    def place(self) -> Span:
        return self.span(self.here)

    def span(self, token: Token) -> Span:
        """The place of a token; a line's end is shown right behind the last token of the line."""
        if token.kind in ("_NL", "$END") and self.before is not None:
            return Span(self.source, self.before.end, self.before.end + (token.kind == "_NL"))
        return Span(self.source, token.start, token.end)

    @property
    def line_end(self) -> Span:
        """The place right behind the first line of the statement."""
        end = self.source.text.find("\n", self.head.start)
        return Span(self.source, end, end + 1)

    def open_bracket(self) -> int | None:
        """Index of the innermost bracket of the statement that is open at the fault."""
        depth = 0
        for i in range(self.fault.token - 1, self.fault.first - 1, -1):
            kind = self.tokens[i].kind
            if kind in ("RPAR", "RSQB", "RBRACE"):
                depth += 1
            elif kind in ("LPAR", "LSQB", "LBRACE"):
                if depth == 0:
                    return i
                depth -= 1
        return None

    @property
    def written(self) -> str | None:
        """How a line that starts like this one is written."""
        return (DECLARED if self.fault.context == "item" else WRITTEN).get(self.head.text)

    @property
    def wants_expression(self) -> bool:
        return {"NUMBER", "STRING", "LSQB"} <= self.fault.allowed

    @property
    def ended(self) -> bool:
        """Whether an expression was complete before the fault."""
        return "PLUS" in self.fault.allowed

    @property
    def at_line_end(self) -> bool:
        return self.after().kind in ("_NL", "$END", "LBRACE", "RBRACE")
