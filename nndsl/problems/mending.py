"""Fixes of syntax errors: what is certain from the text at the place of a Problem.

Each function speaks of one class. Nothing here looks at more than the source text, so a fix can be wrong where the
text is odder than it seems: whoever applies fixes checks the file again and keeps only what leaves no more errors.
"""

from __future__ import annotations

import re

from nndsl.diagnostics import Edit, Fix, Guess, Problem, Span
from nndsl.problems import characters, declarations, habits, signs, strings, syntax

CODE = re.compile(r'"(?:\\.|[^"\\\n])*"|#[^\n]*|\bself\s*\.\s*(?=[A-Za-z_])')
"""Strings and comments, which are passed over, and `self.`."""

C_TYPES = ("int", "float", "bool", "str", "f32", "f64", "i32", "i64", "fn")
UNCERTAIN = ("^", "&", "~")
"""Operators of other languages that may have meant something else, on bits for instance."""


def fixes_of(problem: Problem) -> tuple[Fix, ...]:
    """The fixes of a syntax error; most have one or none."""
    span = problem.span
    if span is None:
        return ()
    made = _of_characters(problem, span) or _of_habits(problem, span)
    return (made,) if made is not None else ()


def _write(span: Span, text: str, safe: bool = True, shown: str | None = None) -> Fix:
    return Fix(f"write `{shown or text.strip()}`", (Edit(span, text),), safe)


def _of_characters(problem: Problem, span: Span) -> Fix | None:
    match problem:
        case characters.PythonConstant():
            return _write(span, problem.right)
        case characters.ForeignOperator(right=str(right)):
            return _write(span, _spaced(span, right), problem.text not in UNCERTAIN)
        case strings.SingleQuotes() | strings.StringPrefix() | strings.CurlyQuotes():
            return _plain_string(span)
        case characters.Semicolon():
            return _semicolon(span)
        case characters.SelfWord():
            return _without_self(span)
        case characters.ForeignComment(mark="//"):
            return _write(Span(span.source, span.start, span.start + 2), "#")
        case characters.StrangeCharacter(instead=None):
            if problem.character.isspace():
                return Fix("write a plain space", (Edit(span, " "),), True)
            return Fix("remove it", (Edit(span, ""),), not problem.character.isprintable())
        case characters.StrangeCharacter(instead=str(instead)):
            return _write(span, instead.strip("`"))
    return None


def _of_habits(problem: Problem, span: Span) -> Fix | None:
    match problem:
        case habits.DefStatement(word="def" | "func" | "function" | "fun"):
            return _write(span, "fn")
        case habits.ElifStatement():
            return _write(span, "else if")
        case habits.ColonBlock():
            return _braces(span)
        case habits.AssignInCondition() if span.text == "=":
            return _write(span, "==")
        case habits.Decorator():
            return Fix("remove this line", (Edit(whole_line(span), ""),), False)
        case signs.TypedAssignment():
            return _without_type(span)
        case signs.ArgumentColon():
            return _write(_tight(span), "=", shown="=")
        case signs.SettingSign() if span.text in (":", ":=", "=="):
            return _write(_tight(span), " = ", shown="=")
        case signs.ParameterOrder():
            return _name_first(problem, span)
        case declarations.ArrowExpected() if span.text == ":":
            return _write(span, " ->", shown="->")
        case declarations.UnknownDeclaration(suggestion=Guess() as guess):
            return _write(span, guess.meant, guess.sure)
        case syntax.WrongEquals():
            return _write(span, "=")
        case syntax.MismatchedBracket():
            return _write(span, problem.closer, False)
        case syntax.StrayBracket():
            return Fix("remove it", (Edit(span, ""),), False)
        case syntax.MissingComma():
            return _comma(span)
    return None


# --- places ----------------------------------------------------------------------------------------------------


def whole_line(span: Span) -> Span:
    """The line on which a place starts, with its newline."""
    text = span.source.text
    end = text.find("\n", span.start)
    return Span(span.source, text.rfind("\n", 0, span.start) + 1, end + 1 if end >= 0 else len(text))


def _tight(span: Span) -> Span:
    """The place and the spaces around it."""
    text, start, end = span.source.text, span.start, span.end
    while start and text[start - 1] in " \t":
        start -= 1
    while end < len(text) and text[end] in " \t":
        end += 1
    return Span(span.source, start, end)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))


# --- one mistake each ------------------------------------------------------------------------------------------


def _spaced(span: Span, right: str) -> str:
    """An operator that is a word must not touch the words beside it."""
    if not right.isalpha():
        return right
    text = span.source.text
    before = " " if span.start and (text[span.start - 1].isalnum() or text[span.start - 1] in "_)]") else ""
    behind = " " if span.end < len(text) and not text[span.end].isspace() else ""
    return f"{before}{right}{behind}"


def _plain_string(span: Span) -> Fix | None:
    """A string in plain double quotes. A prefix that changes what the text means stays for people to look at."""
    text = span.text
    prefix = re.match(r"[A-Za-z]*", text)
    letters = prefix[0].lower() if prefix else ""
    inner = text[len(letters) + 1 : -1]
    if len(text) < len(letters) + 2 or '"' in inner or "\\" in inner or ("f" in letters and "{" in inner):
        return None
    return Fix(f'write `"{inner}"`' if len(inner) < 40 else "use double quotes", (Edit(span, f'"{inner}"'),), True)


def _semicolon(span: Span) -> Fix:
    """Nothing at the end of a line, a new line between statements."""
    place = _tight(span)
    rest = place.source.text[place.end : place.end + 1]
    if rest in ("", "\n", "#", "}"):
        return Fix("remove the `;`", (Edit(Span(span.source, span.start, span.end), ""),), True)
    line = span.source.line(span.line)
    start = Span(span.source, span.start, place.end)
    return Fix("start a new line", (Edit(start, "\n" + line[: _indent(line)]),), True)


def _without_self(span: Span) -> Fix:
    """`self.` left out in the whole file: it is reported once."""
    source = span.source
    found = (Span(source, *m.span()) for m in CODE.finditer(source.text) if m[0].startswith("self"))
    return Fix("leave out `self.`", tuple(Edit(place, "") for place in found), True)


def _braces(span: Span) -> Fix:
    """`:` as `{`, and `}` behind the last line that is indented further."""
    source = span.source
    head = source.line(span.line)
    last = span.line
    for number in range(span.line + 1, len(source.line_starts) + 1):
        line = source.line(number)
        if line.strip() and _indent(line) <= _indent(head):
            break
        last = number if line.strip() else last
    end = source.line_starts[last - 1] + len(source.line(last))
    if last == span.line:
        return Fix("write `{ }`", (Edit(span, " { }"),), True)
    closing = Edit(Span(source, end, end), f"\n{head[: _indent(head)]}}}")
    return Fix("write `{ … }`", (Edit(_tight(span), " {"), closing), True)


def _without_type(span: Span) -> Fix | None:
    """`y: f32[n] = x` as `y = x`."""
    text = span.source.text
    line_end = text.find("\n", span.start)
    sign = text.find("=", span.start, line_end if line_end >= 0 else len(text))
    if sign < 0 or "#" in text[span.start : sign]:
        return None
    place = _tight(Span(span.source, span.start, sign))
    return Fix("leave out the type", (Edit(place, " "),), True)


def _name_first(problem: signs.ParameterOrder, span: Span) -> Fix | None:
    """`int units` as `units: int`; a missing colon is put in."""
    before = span.source.text[: span.start].rstrip()
    word = re.search(r"[A-Za-z_]\w*$", before)
    if word is None:
        return None
    place = Span(span.source, word.start(), span.end)
    return _write(place, f"{problem.name}: {problem.type}", problem.type in C_TYPES)


def _comma(span: Span) -> Fix:
    """A comma behind what stands before; certain where a named argument follows."""
    text = span.source.text
    start = len(text[: span.start].rstrip())
    named = re.match(r"[A-Za-z_]\w*\s*=(?!=)", text[span.start : span.start + 80]) is not None
    return Fix("put a `,` between", (Edit(Span(span.source, start, start), ","),), named)
