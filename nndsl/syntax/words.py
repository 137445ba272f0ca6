"""Terminals of the grammar in the words of people, for messages."""

from __future__ import annotations

from collections.abc import Collection

from nndsl.syntax.tables import Tables
from nndsl.syntax.tokens import Token, short

OPERATORS = frozenset(
    ("PIPE", "OR", "AND", "LESS", "LESS_EQUAL", "MORE", "MORE_EQUAL", "EQUAL", "NOT_EQUAL", "PLUS", "MINUS", "STAR",
     "SLASH", "PERCENT", "AT", "POWER")
)  # fmt: skip
COMPARISONS = frozenset(("LESS", "LESS_EQUAL", "MORE", "MORE_EQUAL", "EQUAL", "NOT_EQUAL"))
EXPRESSION_STARTS = frozenset(
    ("NAME", "NUMBER", "STRING", "TRUE", "FALSE", "NONE", "LPAR", "LSQB", "MINUS", "NOT")
)  # fmt: skip
OPERANDS = EXPRESSION_STARTS - {"LPAR", "LSQB", "MINUS"}
"""Kinds that can start an expression and cannot go on with one."""

DECLARATIONS = frozenset(
    ("MODEL", "LAYER", "FN", "LOSS", "METRIC", "OPTIMIZER", "INIT", "SCHEDULE", "TRAIN", "DATA", "WEIGHTS", "TEST",
     "IMPORT", "PRIVATE")
)  # fmt: skip

READING = {
    "model": "the head of a model", "layer": "the head of a layer", "fn": "the head of a function",
    "optimizer": "the head of an optimizer", "init": "the head of an initializer",
    "schedule": "the head of a schedule", "train": "a train section", "data": "a data section",
    "weights": "a weights section", "test": "a test section", "import": "an import", "input": "an input",
    "target": "a target",
    "output": "an output", "loss": "a loss line", "metric": "a metric line", "param": "a param", "state": "a state",
    "return": "a `return`", "if": "an `if`", "for": "a `for`", "repeat": "a `repeat`", "assert": "an `assert`",
    "scan": "a `scan`", "next": "a `next` line", "collect": "a `collect` line", "expect": "an `expect` line",
    "private": "a private definition",
}  # fmt: skip
"""What a line is that starts with a word."""


def expected(allowed: Collection[str], tables: Tables) -> str:
    """What could stand somewhere: `an expression or `)``."""
    spelled = {name: f"`{text}`" for text, name in tables.words.items()}
    left = set(allowed) - {"POISON"}
    named: list[str] = []
    if left >= {"NAME", "NUMBER", "STRING"}:
        named.append("a statement" if "RETURN" in left else "an expression")
        left -= EXPRESSION_STARTS | {"RETURN", "IF", "FOR", "REPEAT", "ASSERT", "SCAN", "NEXT", "COLLECT", "EXPECT"}
        left -= {"INPUT", "TARGET", "OUTPUT", "LOSS", "METRIC", "PARAM", "STATE"} if "a statement" in named else set()
    elif left >= {"MODEL", "LAYER", "FN"}:
        named.append("a definition")
        left -= DECLARATIONS
    elif "NAME" in left:
        named.append("a name")
        left -= {"NAME"}
    if "STRING" in left:
        named.append("a text in quotes")
        left -= {"STRING"}
    if left >= {"PLUS", "MINUS"}:
        named.append("an operator")
        left -= OPERATORS | {"LPAR", "LSQB", "DOT"}
    ends = [word for kind, word in (("_NL", "the end of the line"), ("$END", "the end of the file")) if kind in left]
    left -= {"_NL", "$END"}
    if ends:
        left -= {"RBRACE"}
        ends = ends[:1]
    named += sorted(spelled.get(kind, kind) for kind in left) + ends
    if len(named) < 2:
        return "".join(named) or "nothing more"
    return f"{', '.join(named[:-1])} or {named[-1]}"


def found(token: Token) -> str:
    """A token as messages speak of it."""
    match token.kind:
        case "_NL":
            return "end of the line"
        case "$END":
            return "end of the file"
        case "STRING":
            return "text in quotes"
        case "NUMBER":
            return f"number `{short(token.text)}`"
        case "NAME":
            return f"`{short(token.text)}`"
        case _:
            return f"`{short(token.text)}`"
