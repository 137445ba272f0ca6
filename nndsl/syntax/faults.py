"""From the place where the tokens stopped making sense to the Problem that says why.

`explain` tries the mistakes that people make one after the other, the most telling first, and falls back to
"found this, expected that". Each function looks at one group of mistakes and gives None where none of them fits.
"""

from __future__ import annotations

from itertools import takewhile

from nndsl.diagnostics import Problem, Source, Span, did_you_mean
from nndsl.problems import declarations, habits, limits, signs
from nndsl.problems import syntax as say
from nndsl.syntax.engine import MAX_DEPTH, RESERVED, Fault
from nndsl.syntax.foreign_lines import other_languages, python_call
from nndsl.syntax.line import ASSIGNS, BLOCK_WORDS, DECLARED, ROLES, SECTIONS, STATEMENT_WORDS, WRITTEN, Line
from nndsl.syntax.tables import Tables
from nndsl.syntax.tokens import Token, short
from nndsl.syntax.words import COMPARISONS, EXPRESSION_STARTS, OPERANDS, OPERATORS, READING, expected, found


def explain(source: Source, tables: Tables, tokens: list[Token], fault: Fault) -> Problem | None:
    """What is wrong at a fault; None where it has been reported already."""
    line = Line(source, tables, fault, tokens)
    if line.here.kind == "BAD":
        return None
    if fault.too_deep:
        first = tokens[fault.first]
        what = "statement" if first.text == "if" and line.here.text == "else" else "expression"
        return limits.TooDeep(Span(source, first.start, first.end), MAX_DEPTH, what)
    for look in (
        python_call,
        other_languages,
        _at_the_top,
        _keyword_as_name,
        _declarations,
        _settings,
        _blocks,
        _expressions,
    ):
        problem = look(line)
        if problem is not None:
            return problem
    return _unexpected(line)


def _at_the_top(line: Line) -> Problem | None:
    """What cannot stand at the top of a file, or only there."""
    head = line.head
    if line.fault.context != "item":
        definition = head.text in (ROLES - {"loss", "metric"}) | SECTIONS | {"private", "import"}
        named = line.second.kind in ("NAME", "STRING") or (line.second.kind == "LBRACE" and head.text in SECTIONS)
        if definition and named and line.fault.token <= line.fault.first + 2:
            return declarations.NestedDefinition(line.span(head), head.text)
        return None
    if line.here is not head:
        return None
    if head.kind == "NAME" and line.second.kind in ("NAME", "STRING") and head.text not in STATEMENT_WORDS:
        known = (*sorted(ROLES | SECTIONS), "import", "private")
        return declarations.UnknownDeclaration(line.span(head), head.text, did_you_mean(head.text, known))
    return declarations.OutsideDefinition(line.span(head))


def _keyword_as_name(line: Line) -> Problem | None:
    """`input = 3`, `x = if`."""
    head, here = line.head, line.here
    goes_on = here.kind in OPERATORS | {"DOT", "COMMA"} and not line.wants_expression
    used_as_value = here.kind in ASSIGNS or goes_on
    if head.text in READING and line.fault.context == "statement" and here is line.second and used_as_value:
        if head.text in ("loss", "metric", "output") and here.kind == "ASSIGN":
            what = "a name" if head.text == "output" else "a value or a name"
            return say.KeywordAsName(line.span(head), head.text, f"{what} follows it, no `=`: {line.written}")
        otherwise = f"choose another name; a line with `{head.text}` is written {line.written}"
        return say.KeywordAsName(line.span(head), head.text, otherwise)
    before = line.before
    if before is not None and before.text == "for" and here.text == "in":
        return declarations.MissingName(line.place, " before `in`", WRITTEN["for"])
    wants_name = "NAME" in line.fault.allowed
    if wants_name and here.kind == "NAME" and before is not None and not line.wants_expression:
        return say.KeywordAsName(line.place, here.text, "choose another name")
    named = line.after().kind in ASSIGNS and here.text in RESERVED
    if wants_name and before is not None and (named or here.text == "return"):
        return say.KeywordAsName(line.place, here.text, "choose another name")
    return None


def _declarations(line: Line) -> Problem | None:
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
        return _missing_type(line)
    if line.before is not None and line.before.kind in ("COLON", "ARROW") and allowed <= {"NAME", "LPAR"}:
        return declarations.TypeExpected(line.place, line.before.text, found(here))
    if line.fault.context == "item" and head.text in ROLES:
        return _head_of_definition(line)
    return None


def _missing_type(line: Line) -> Problem:
    """`input x f32[3]`, `input x = f32[3]`, `input x, y: f32[3]`."""
    role, name = line.head.text, line.second.text
    if line.here.kind == "COMMA":
        more = ", and each of the others on a line of its own"
        return declarations.MissingType(line.place, role, name, _type_after(line, 6), "here", more)
    where = "here" if line.here.kind == "ASSIGN" and role != "param" else "before this"
    return declarations.MissingType(line.place, role, name, _type_after(line), where)


def _type_after(line: Line, steps: int = 3) -> str:
    """The type that is written from the fault on, `f32[…]` where none is."""
    start = line.fault.token
    if line.here.kind == "ASSIGN" and line.head.text != "param":
        start += 1  # `input x = f32[3]`
    if steps > 3:
        near = takewhile(lambda token: token.kind != "_NL", line.tokens[start : start + steps])
        start = next((start + i + 1 for i, token in enumerate(near) if token.kind == "COLON"), start)
    for i in range(start, min(start + 3, len(line.tokens) - 1)):
        token = line.tokens[i]
        if token.kind in ("_NL", "ASSIGN"):
            break
        if token.kind == "NAME":
            if line.tokens[i + 1].kind == "LSQB":
                close = line.source.text.find("]", token.start, token.start + 60)
                return line.source.text[token.start : close + 1] if close > 0 else f"{token.text}[…]"
            return token.text
    return "f32[…]"


def _head_of_definition(line: Line) -> Problem | None:
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
    named = line.after() if before.kind in ("LPAR", "COMMA") else before
    if here.kind in ("STAR", "POWER", "DOTS") and named.kind == "NAME":  # `*xs`, `xs...`
        return declarations.AnyNumber(line.place, named.text)
    if here.kind == "NAME" and before.kind == "NAME" and "COLON" in allowed:
        c_style = before.text in ("int", "float", "bool", "str", "f32", "f64", "i32", "i64", "fn", "string")
        name, type_ = (here.text, before.text) if c_style else (before.text, here.text)
        return signs.ParameterOrder(line.place, name, type_)
    return None


def _settings(line: Line) -> Problem | None:
    """Lines of a train or data section."""
    if line.fault.context != "setting" or line.before is not line.head or line.head.kind != "NAME":
        return None
    return signs.SettingSign(line.place, line.head.text)


def _blocks(line: Line) -> Problem | None:
    """Colons and missing braces where a block belongs."""
    head, here, allowed = line.head, line.here, line.fault.allowed
    wants_block = head.text in BLOCK_WORDS or "LBRACE" in allowed or (line.before and line.before.text == "else")
    if here.kind == "COLON" and line.at_line_end and line.open_bracket() is None and wants_block:
        return habits.ColonBlock(line.place)
    if here.kind == "NAME" and "LBRACE" in allowed and head.text in ("if", "for", "repeat") and line.ended:
        return say.MissingBlock(line.place, READING[head.text])
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


def _expressions(line: Line) -> Problem | None:
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
    if here.kind in ("STAR", "POWER", "DOTS") and line.wants_expression and before and before.kind in ("LPAR", "COMMA"):
        return habits.StarArgument(line.place, here.text)
    if here.kind in ASSIGNS and line.ended:
        caller = line.tokens[bracket - 1].kind if bracket else ""
        called = opener == "LPAR" and caller in ("NAME", "RPAR", "RSQB")
        if called and here.kind == "UPDATE" and before is not None:
            return signs.ArgumentColon(line.place, before.text, here.text)
        if called:
            return signs.ArgumentName(line.place)
        if head.text in ("if", "assert", "expect", "repeat", "return", "else") or (opener and here.kind == "ASSIGN"):
            return habits.AssignInCondition(line.place)
        return _assign_target(line)
    if here.kind == "COLON" and line.ended and opener == "LPAR" and before is not None and before.kind == "NAME":
        return signs.ArgumentColon(line.place, before.text, ":")
    if here.kind == "COLON" and before is line.head and before is not None and before.kind == "NAME":
        return signs.TypedAssignment(line.place, before.text)
    return _side_by_side(line, opener) or _missing_value(line)


def _assign_target(line: Line) -> Problem:
    """`x[0] = 3`, `a = b = 3`, `hidden-1 = 3`."""
    tokens = line.tokens[line.fault.first : line.fault.token]
    kinds = [token.kind for token in tokens]
    if "ASSIGN" in kinds:
        instead = "a line gives one name a value: write two lines, or give the value a name before"
    elif kinds in (["NAME", "MINUS", "NUMBER"], ["NAME", "MINUS", "NAME"]):
        instead = f"names have no `-`: write `{tokens[0].text}_{tokens[2].text} = …`"
    else:
        return signs.AssignTarget(line.place, line.here.text)
    return signs.AssignTarget(line.place, line.here.text, instead)


def _side_by_side(line: Line, opener: str) -> Problem | None:
    """Two values without anything between them."""
    here, before, allowed = line.here, line.before, line.fault.allowed
    if before is None or here.kind not in OPERANDS:
        return None
    if opener in ("LPAR", "LSQB") and "COMMA" in allowed:
        return say.MissingComma(line.place, short(before.text), short(here.text))
    if "_NL" not in allowed:
        return None
    left, right = short(before.text), short(here.text)
    head = line.head
    if head.kind == "NAME" and (before is head or here.text == "over"):
        guess = did_you_mean(head.text, sorted(STATEMENT_WORDS) if before is head else ["scan"])
        if guess is not None:
            return declarations.UnknownDeclaration(line.span(head), head.text, guess, in_body=True)
    if line.after().kind in ASSIGNS and before is line.head:
        cure = f"names have no spaces: write `{left}_{right} = …`"
    elif line.after().kind in ASSIGNS or here.text in STATEMENT_WORDS:
        cure = f"put `{right}` and what follows on a line of its own"
    elif line.after().kind == "LPAR":
        cure = f"to apply `{right}`, put `|>` between `{left}` and `{right}`"
    else:
        cure = f"put an operator between `{left}` and `{right}`, or end the line between them"
    return say.TwoStatements(line.place, cure)


def _missing_value(line: Line) -> Problem | None:
    here, before = line.here, line.before
    if not line.wants_expression or before is None or here.kind in EXPRESSION_STARTS - {"NAME"}:
        return None
    if here.kind == "NAME" and here.text not in ("and", "or", "in", "else"):
        return None
    return say.MissingExpression(line.place, short(before.text), found(here), _value_hint(line, before))


def _value_hint(line: Line, before: Token) -> str:
    """What to do where a value is missing after `before`."""
    here = line.here
    match before.kind, here.kind:
        case "COMMA", "RPAR":
            return _tuple_hint(line)
        case "LPAR", "RPAR":
            return "( ) hold one value, or two and more with `,` between"
        case "PIPE", "_NL":
            return "a line may start with `|>`: move it to the next line, before the layer"
        case "PIPE", "DOT":
            return "functions and layers are applied by their names: `x |> relu`"
        case "MORE", "MORE":
            return "a pipe is written `|>`: `x |> Dense(64)`"
        case "PERCENT", ("RPAR" | "COMMA" | "_NL"):
            return "`%` is the remainder of a division; write a share as a number: `0.5`"
        case "LSQB", "COLON" if line.head.text in ("input", "target", "param"):
            return "a size that comes from the data has a name: `f32[batch, n]`"
        case _, "LBRACE" if line.written:
            return f"write {line.written}"
        case _, "_NL":
            return "complete the expression; to go on on the next line, put it in ( )"
        case _, kind if kind in OPERATORS:
            return f"remove `{here.text}`, or put a value before it"
        case _, "COMMA":
            return "remove one of them, or put a value between"
    return "complete the expression, or remove what is too much"


def _tuple_hint(line: Line) -> str:
    """For `(784,)`, which most often says the shape of an input."""
    bracket = line.open_bracket() or 0
    argument, caller = line.tokens[bracket - 2].text, line.tokens[bracket - 4].text
    if "Input" in (argument, caller):
        return "declare inputs on lines of their own: `input x: f32[batch, 784]`"
    if argument in ("input_shape", "input_dim"):
        return f"leave `{argument}` out: the size of what flows in is found"
    return "there are no tuples of one value: write a list, `[784]`, or drop the `,`"


def _unexpected(line: Line) -> Problem:
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
    elif line.here.kind == "ARROW":
        hint = "a pipe is written `|>`: `x |> Dense(64)`"
    elif line.here is head and head.kind == "DOT":
        hint = "the line before has ended; functions are applied with `|>`: `|> relu`"
    elif line.here.kind == "LBRACE" and line.second.kind == "ASSIGN":
        hint = "arguments stand in ( ): `Dense(64)`"
    elif line.fault.context == "setting" and line.here.kind == "COMMA":
        hint = "each setting has a line of its own, without `,`"
    elif head.text in ("input", "target") and line.here.text in ("(", ",", "<"):
        hint = f"dims stand in square brackets, the number of classes in `<>`: {line.written}, `index<10>[batch]`"
    return say.Unexpected(line.place, reading, found(line.here), expected(line.fault.allowed, line.tables), hint)
