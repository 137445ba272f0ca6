"""From the place where the tokens stopped making sense to the Problem that says why.

`explain` tries the mistakes that people make one after the other, the most telling first, and falls back to
"found this, expected that". Each function looks at one group of mistakes and gives None where none of them fits.
"""

from __future__ import annotations

from dataclasses import dataclass

from nndsl.diagnostics import Problem, Source, Span, did_you_mean
from nndsl.problems import declarations, habits, limits
from nndsl.problems import syntax as say
from nndsl.syntax.engine import MAX_DEPTH, RESERVED, Fault
from nndsl.syntax.tables import Tables
from nndsl.syntax.tokens import Token, short
from nndsl.syntax.words import COMPARISONS, EXPRESSION_STARTS, OPERANDS, OPERATORS, READING, expected, found

FOREIGN_STATEMENTS = {
    "while": "use `for`, `repeat n { … }`, or `scan` over an axis: how often is known at compile time",
    "try": "nothing is thrown while a network is built; `assert c, \"…\"` checks what must hold",
    "with": "remove it, there are no contexts",
    "print": "`nndsl summary` shows a model; nothing is printed while it runs",
    "del": "remove it, values go when nothing needs them",
    "pass": "remove it, a block may be empty: `{ }`",
    "break": "use an `if` inside the loop",
    "continue": "use an `if` inside the loop",
    "raise": "write `assert c, \"…\"`",
    "yield": "in a `scan`, `collect e as name` gives a value per step",
    "global": "pass the value as a parameter",
    "let": "write `name = value`",
    "var": "write `name = value`",
    "const": "write `name = value`",
    "switch": "use `if … else if …`",
    "match": "use `if … else if …`",
}
DECLARED = {
    "model": "`model Name() { … }`", "layer": "`layer Name(units: int)(x) { … }`", "fn": "`fn name(x) { … }`",
    "loss": "`loss name(target, output) { … }`", "metric": "`metric name(target, output) { … }`",
    "optimizer": "`optimizer Name(learning_rate: float = 0.01)(p, g) { … }`", "init": "`init name()(shape) { … }`",
    "schedule": "`schedule name(rate: float)(step) { … }`", "train": "`train Name { … }`",
    "data": "`data Name { … }`", "test": "`test \"what it is about\" { … }`",
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
SECTIONS = frozenset(("train", "data", "test"))
BLOCK_WORDS = frozenset(("if", "else", "for", "repeat", "scan", "elif", "while", "def", "class", "try", "with"))
STATEMENT_WORDS = frozenset(READING) - ROLES - SECTIONS - {"import", "private"} | {"loss", "metric"}
ASSIGNS = ("ASSIGN", "UPDATE")


@dataclass(frozen=True)
class _Line:
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


def explain(source: Source, tables: Tables, tokens: list[Token], fault: Fault) -> Problem | None:
    """What is wrong at a fault; None where it has been reported already."""
    line = _Line(source, tables, fault, tokens)
    if line.here.kind == "BAD":
        return None
    if fault.too_deep:
        first = tokens[fault.first]
        what = "statement" if first.text == "if" and line.here.text == "else" else "expression"
        return limits.TooDeep(Span(source, first.start, first.end), MAX_DEPTH, what)
    for look in (_other_languages, _at_the_top, _keyword_as_name, _declarations, _settings, _blocks, _expressions):
        problem = look(line)
        if problem is not None:
            return problem
    return _unexpected(line)


def _other_languages(line: _Line) -> Problem | None:
    """Statements of Python and its neighbours, told by their first word."""
    head, place = line.head, line.span(line.head)
    name = line.second.text if line.second.kind == "NAME" else "name"
    assigned = line.second.kind in ASSIGNS
    match head.text:
        case "def" | "function" | "func" | "fun" | "async" if line.second.kind == "NAME":
            return habits.DefStatement(place, head.text, name)
        case "class" if not assigned:
            return habits.ClassStatement(place, name)
        case "elif" | "elseif" | "elsif" if not assigned:
            return habits.ElifStatement(place, head.text)
        case "else" if not assigned:
            return say.ElseAlone(place)
        case "from" if line.second.kind == "NAME":
            return habits.ImportWithoutQuotes(line.span(line.second))
        case "import" if line.here is line.second:
            return habits.ImportWithoutQuotes(line.place)
        case word if word in FOREIGN_STATEMENTS and not assigned and line.second.kind not in OPERATORS:
            return habits.ForeignStatement(place, word, FOREIGN_STATEMENTS[word])
    if head.kind == "AT" and line.here is head:
        return habits.Decorator(place)
    before = line.before
    if line.here.text in ("elif", "elseif", "elsif") and before is not None and before.kind == "RBRACE":
        return habits.ElifStatement(line.place, line.here.text)
    if line.here.text == "else" and line.ended:
        return say.ElseAlone(line.place)
    if before is not None and before.text == "lambda":
        return habits.LambdaExpression(line.span(before))
    return None


def _at_the_top(line: _Line) -> Problem | None:
    """What cannot stand at the top of a file, or only there."""
    head = line.head
    if line.fault.context != "item":
        definition = head.text in (ROLES - {"loss", "metric"}) | SECTIONS | {"private", "import"}
        if definition and line.second.kind in ("NAME", "STRING") and line.fault.token <= line.fault.first + 2:
            return declarations.NestedDefinition(line.span(head), head.text)
        return None
    if line.here is not head:
        return None
    if head.kind == "NAME" and line.second.kind in ("NAME", "STRING") and head.text not in STATEMENT_WORDS:
        known = (*sorted(ROLES | SECTIONS), "import", "private")
        return declarations.UnknownDeclaration(line.span(head), head.text, did_you_mean(head.text, known))
    return declarations.OutsideDefinition(line.span(head))


def _keyword_as_name(line: _Line) -> Problem | None:
    """`input = 3`, `x = if`."""
    head, here = line.head, line.here
    goes_on = here.kind in OPERATORS | {"DOT", "COMMA"} and not line.wants_expression
    used_as_value = here.kind in ASSIGNS or goes_on
    if head.text in READING and line.fault.context == "statement" and here is line.second and used_as_value:
        return say.KeywordAsName(line.span(head), head.text, f"; a line with `{head.text}` is written {line.written}")
    before = line.before
    if before is not None and before.text == "for" and here.text == "in":
        return declarations.MissingName(line.place, " before `in`", WRITTEN["for"])
    wants_name = "NAME" in line.fault.allowed
    if wants_name and here.kind == "NAME" and before is not None and not line.wants_expression:
        return say.KeywordAsName(line.place, here.text, "")
    named = line.after().kind in ASSIGNS and here.text in RESERVED
    if wants_name and before is not None and (named or here.text == "return"):
        return say.KeywordAsName(line.place, here.text, "")
    return None


def _declarations(line: _Line) -> Problem | None:
    """Inputs, params, heads of definitions."""
    head, here, allowed = line.head, line.here, line.fault.allowed
    if here is line.second and "NAME" in allowed and not line.wants_expression and line.written:
        return declarations.MissingName(line.place, f" after `{head.text}`", line.written)
    if head.text == "test" and here is line.second:
        return declarations.MissingName(line.place, ", as a text in quotes", DECLARED["test"])
    if head.text == "output" and here.kind in ("LPAR", "DOT", "LSQB"):
        here_text = f" and `=` before `{line.second.text}`"
        return declarations.MissingName(line.span(line.second), here_text, WRITTEN["output"])
    if here.kind == "UPDATE" and "ASSIGN" in allowed:
        return say.WrongEquals(line.place)
    if head.text in ("input", "target", "param") and "COLON" in allowed and line.before is line.second:
        return declarations.MissingType(line.place, head.text, line.second.text, _type_after(line))
    if line.before is not None and line.before.kind in ("COLON", "ARROW") and allowed <= {"NAME", "LPAR"}:
        return declarations.TypeExpected(line.place, line.before.text, found(here))
    if line.fault.context == "item" and head.text in ROLES:
        return _head_of_definition(line)
    return None


def _type_after(line: _Line) -> str:
    """The type that is written from the fault on, `f32[…]` where none is."""
    for i in range(line.fault.token, min(line.fault.token + 3, len(line.tokens) - 1)):
        token = line.tokens[i]
        if token.kind in ("_NL", "ASSIGN"):
            break
        if token.kind == "NAME":
            if line.tokens[i + 1].kind == "LSQB":
                close = line.source.text.find("]", token.start, token.start + 60)
                return line.source.text[token.start : close + 1] if close > 0 else f"{token.text}[…]"
            return token.text
    return "f32[…]"


def _head_of_definition(line: _Line) -> Problem | None:
    here, before, allowed = line.here, line.before, line.fault.allowed
    if "ARROW" in allowed and before is not None:
        if here.kind == "COLON" and line.at_line_end:
            return habits.ColonBlock(line.place)
        mistyped = here.kind in ("COLON", "MINUS", "MORE", "ASSIGN") and line.after().kind in ("NAME", "MORE")
        if mistyped or (here.kind == "NAME" and line.after().kind in ("LSQB", "LBRACE", "LESS")):
            return declarations.ArrowExpected(line.place, _type_after(line))
    bracket = line.open_bracket()
    if bracket is None or line.tokens[bracket].kind != "LPAR" or before is None:
        return None
    if here.kind == "NAME" and before.kind == "NAME" and "COLON" in allowed:
        c_style = before.text in ("int", "float", "bool", "str", "f32", "f64", "i32", "i64", "fn", "string")
        name, type_ = (here.text, before.text) if c_style else (before.text, here.text)
        return habits.ParameterOrder(line.place, name, type_)
    return None


def _settings(line: _Line) -> Problem | None:
    """Lines of a train or data section."""
    if line.fault.context != "setting" or line.before is not line.head or line.head.kind != "NAME":
        return None
    return habits.SettingSign(line.place, line.head.text)


def _blocks(line: _Line) -> Problem | None:
    """Colons and missing braces where a block belongs."""
    head, here, allowed = line.head, line.here, line.fault.allowed
    wants_block = head.text in BLOCK_WORDS or "LBRACE" in allowed or (line.before and line.before.text == "else")
    if here.kind == "COLON" and line.at_line_end and line.open_bracket() is None and wants_block:
        return habits.ColonBlock(line.place)
    newline_before = line.before is not None and line.before.kind == "_NL"
    if ("LBRACE" in allowed and here.kind in ("_NL", "$END", "RBRACE")) or newline_before:
        reading = READING.get(head.text, "this line")
        if line.fault.context == "item":
            reading = f"the head of the {head.text}"
        return say.MissingBlock(line.line_end if newline_before else line.place, reading)
    if here.kind == "LBRACE" and line.wants_expression:
        before = line.before
        if before is not None and before.kind == "NAME" and before.text in READING:
            return None
        return habits.DictLiteral(line.place)
    return None


def _expressions(line: _Line) -> Problem | None:
    """What goes wrong inside expressions and argument lists."""
    head, here, before = line.head, line.here, line.before
    bracket = line.open_bracket()
    opener = line.tokens[bracket].kind if bracket is not None else ""
    if line.ended and here.kind == "NAME" and here.text == "if":
        return habits.ConditionalExpression(line.place)
    if line.ended and here.kind == "NAME" and here.text == "for" and opener in ("LSQB", "LPAR"):
        return habits.Comprehension(line.place)
    if here.kind in COMPARISONS and line.ended and before is not None:
        return say.ChainedComparison(line.place)
    if here.kind in ("STAR", "POWER") and line.wants_expression and before and before.kind in ("LPAR", "COMMA"):
        return habits.StarArgument(line.place, here.text)
    if here.kind in ASSIGNS and line.ended:
        if opener == "LPAR" and here.kind == "UPDATE" and before is not None:
            return habits.ArgumentColon(line.place, before.text, here.text)
        if bracket and opener == "LPAR" and line.tokens[bracket - 1].kind in ("NAME", "RPAR", "RSQB"):
            return habits.ArgumentName(line.place)
        if head.text in ("if", "assert", "expect", "repeat", "return", "else") or opener:
            return habits.AssignInCondition(line.place)
        return habits.AssignTarget(line.place, here.text)
    if here.kind == "COLON" and line.ended and opener == "LPAR" and before is not None and before.kind == "NAME":
        return habits.ArgumentColon(line.place, before.text, ":")
    if here.kind == "COLON" and before is line.head and before is not None and before.kind == "NAME":
        return habits.TypedAssignment(line.place, before.text)
    return _side_by_side(line, opener) or _missing_value(line)


def _side_by_side(line: _Line, opener: str) -> Problem | None:
    """Two values without anything between them."""
    here, before, allowed = line.here, line.before, line.fault.allowed
    if before is None or here.kind not in OPERANDS:
        return None
    if opener in ("LPAR", "LSQB") and "COMMA" in allowed:
        return say.MissingComma(line.place, short(before.text), short(here.text))
    if "_NL" not in allowed:
        return None
    starts_statement = line.after().kind in ASSIGNS or here.text in STATEMENT_WORDS
    cure = (
        f"put `{here.text}` and what follows on a line of its own"
        if starts_statement
        else f"put an operator between `{short(before.text)}` and `{short(here.text)}`, or end the line between them"
    )
    return say.TwoStatements(line.place, cure)


def _missing_value(line: _Line) -> Problem | None:
    here, before = line.here, line.before
    if not line.wants_expression or before is None or here.kind in EXPRESSION_STARTS - {"NAME"}:
        return None
    if here.kind == "NAME" and here.text not in ("and", "or", "in", "else"):
        return None
    hint = "complete the expression, or remove what is too much"
    if here.kind == "RPAR" and before.kind in ("LPAR", "COMMA"):
        hint = "( ) hold one value, or two and more with `,` between"
    elif here.kind == "LBRACE" and line.written:
        hint = f"write {line.written}"
    elif here.kind == "_NL":
        hint = "complete the expression; to go on on the next line, put it in ( )"
    elif here.kind in OPERATORS:
        hint = f"remove `{here.text}`, or put a value before it"
    elif here.kind == "COMMA":
        hint = "remove one of them, or put a value between"
    return say.MissingExpression(line.place, short(before.text), found(here), hint)


def _unexpected(line: _Line) -> Problem:
    head = line.head
    if line.second.kind == "ASSIGN" and head.kind == "NAME":
        reading = f"the value of `{short(head.text)}`"
    else:
        kinds = {"item": "a declaration", "statement": "a statement", "setting": "a setting"}
        reading = READING.get(head.text, kinds.get(line.fault.context, "a statement"))
    hint = f"it is written {line.written}" if line.written else None
    if line.here.kind == "NAME" and line.here.text == "not" and line.wants_expression:
        hint = "put `not …` in brackets: `a == (not b)`"
    elif line.here is head and head.kind in OPERATORS:
        hint = "the line before has ended; to go on over several lines, put the expression in ( )"
    elif line.here.kind == "PLUS" and line.wants_expression:
        hint = "numbers have no `+` in front"
    elif line.here.kind == "RANGE":
        hint = "`..` stands in `for i in 0..n` only; a part of a tensor is `x[0:n]`"
    return say.Unexpected(line.place, reading, found(line.here), expected(line.fault.allowed, line.tables), hint)
