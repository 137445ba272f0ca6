"""Lines as other languages and libraries have them, told by their first words."""

from __future__ import annotations

from nndsl.diagnostics import Problem
from nndsl.problems import declarations, habits
from nndsl.problems import syntax as say
from nndsl.syntax.line import ASSIGNS, Line
from nndsl.syntax.words import OPERATORS

FOREIGN_STATEMENTS = {
    "while": "use `for`, `repeat n { … }`, or `scan` over an axis: how often is known at compile time",
    "try": 'nothing is thrown while a network is built; `assert c, "…"` checks what must hold',
    "with": "remove it, there are no contexts",
    "print": "nothing is printed: `nndsl summary FILE` shows a model, `output h` gives a value",
    "del": "remove it, values go when nothing needs them",
    "pass": "remove it, a block may be empty: `{ }`",
    "break": "use an `if` inside the loop",
    "continue": "use an `if` inside the loop",
    "raise": 'write `assert c, "…"`',
    "yield": "in a `scan`, `collect e as name` gives a value per step",
    "global": "pass the value as a parameter",
    "let": "write `name = value`",
    "var": "write `name = value`",
    "const": "write `name = value`",
    "switch": "use `if … else if …`",
    "match": "use `if … else if …`",
}


_SETTINGS = "optimizer, epochs and data stand in `train NAME { … }`; losses and metrics are lines of the model"
_RUN = "`nndsl train FILE` trains; how is said in `train NAME { … }`"
CALLS = {
    "compile": _SETTINGS,
    "fit": _RUN,
    "train": _RUN,
    "evaluate": "`nndsl evaluate FILE` evaluates",
    "predict": "`nndsl predict FILE` predicts",
    "summary": "`nndsl summary FILE` shows a model",
    "add": "join layers with `|>`: `x |> Dense(64, activation=relu) |> Dense(10)`",
    "print": "nothing is printed: `nndsl summary FILE` shows a model",
    "Input": "declare inputs in a model: `input x: f32[batch, 784]`",
}
"""What Python programs do with a model, and where that is said here."""


def python_call(line: Line) -> Problem | None:
    """`model.fit(x, y)` and `model = Sequential([…])` at the top of a file."""
    head, second = line.head, line.second
    if line.fault.context != "item" or head.kind != "NAME" or line.fault.token > line.fault.first + 1:
        return None
    instead = None
    if second.kind == "DOT":
        member = line.tokens[min(line.fault.first + 2, len(line.tokens) - 1)].text
        instead = CALLS.get(member)
    elif second.kind == "LPAR":
        instead = CALLS.get(head.text)
    elif second.kind == "ASSIGN" and head.text == "model":
        instead = "write `model Name() { … }`, and its inputs, layers and losses in the braces"
    if instead is None:
        return None
    return declarations.OutsideDefinition(line.span(head), instead)


def other_languages(line: Line) -> Problem | None:
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
