"""Text that no `.nn` file has: other languages' operators and quotes, unfinished strings, strange characters.

Each is reported. Where the cure is certain, the token then stands as if it had been written right, so nothing
follows from the fault; otherwise a token of kind `BAD` stands there, which fits nowhere and says "already reported".
"""

from __future__ import annotations

from nndsl.diagnostics import Problem, Source, Span
from nndsl.problems import characters as say
from nndsl.problems import strings
from nndsl.problems.limits import TooManyBrackets
from nndsl.syntax.tokens import Token, short

# Symbols that other languages have, what to write here, and the kind of token they are read as (None: BAD).
FOREIGN: dict[str, tuple[str, str | None]] = {
    "&&": ("`and`", "and"),
    "&": ("`and`", "and"),
    "||": ("`or`", "or"),
    "|": ("`|>` for a pipe, `or` for a choice", None),
    "!": ("`not`", "not"),
    "===": ("`==`", "=="),
    "!==": ("`!=`", "!="),
    "<>": ("`!=`", "!="),
    "=<": ("`<=`", "<="),
    "=>": ("`->` before what a layer returns, `>=` to compare", None),
    "^": ("`**` for a power", "**"),
    "~": ("`not`", "not"),
}


RIGHT_WORDS = {"True": "true", "False": "false", "None": "none"}


def python_word(token: Token, source: Source, problems: list[Problem]) -> Token:
    """`True`, `False`, `None`: reported, and read as `true`, `false`, `none`."""
    right = RIGHT_WORDS[token.text]
    problems.append(say.PythonConstant(Span(source, token.start, token.end), token.text, right))
    return token._replace(text=right)


def drop_self(tokens: list[Token], source: Source, problems: list[Problem]) -> None:
    """`self.x` is reported once a file and read as `x`."""
    found = [i for i in range(len(tokens) - 1) if tokens[i].text == "self" and tokens[i + 1].kind == "DOT"]
    if found:
        first = tokens[found[0]]
        problems.append(say.SelfWord(Span(source, first.start, first.end)))
        for i in reversed(found):
            del tokens[i : i + 2]


def read_as(
    token: Token, source: Source, problems: list[Problem], words: dict[str, str], before: list[Token]
) -> Token | None:
    """Report a token that no `.nn` text has; what to read in its place, None for nothing at all."""
    span = Span(source, token.start, token.end)
    text = token.text
    bad = token._replace(kind="BAD")
    at_line_start = not before or before[-1].kind == "_NL"
    match token.kind:
        case "NUMBER":
            problems.append(say.BadNumber(span, short(text)))
            return token._replace(kind="NAME") if at_line_start else token._replace(text="1")
        case "triple":
            problems.append(strings.TripleQuotes(_first_line(span)))
            return None if at_line_start else token._replace(kind="STRING", text='""')
        case "prefixed" | "quoted":
            quote = text[-1]
            prefix, content = text[: text.index(quote)], text[text.index(quote) + 1 : -1]
            plain = strings.SingleQuotes(span, short(content))
            problems.append(strings.StringPrefix(span, prefix) if prefix else plain)
            return token._replace(kind="STRING", text=_quoted(content))
        case "curly":
            problems.append(strings.CurlyQuotes(span))
            return token._replace(kind="STRING", text=_quoted(text.strip('“”„«»‘’"')))
        case "open":
            problems.append(strings.UnfinishedString(span))
            return bad
        case "comment":
            if not at_line_start and text.startswith("//"):
                cut = Span(source, token.start, token.start + 2)
                problems.append(say.DoubleSlash(cut))
                return bad
            problems.append(say.ForeignComment(_first_line(span), text[:2]))
            return None
        case "symbol" if text == ";":
            problems.append(say.Semicolon(span))
            return token._replace(kind="_NL")
        case "symbol" if text == "\\":
            problems.append(say.Backslash(span))
            return token._replace(kind="JOIN")
        case "symbol" if (text.endswith("=") and text not in FOREIGN) or text in ("++", "--"):
            name = before[-1].text if before and before[-1].kind == "NAME" else "x"
            problems.append(
                say.InPlaceOperator(span, text, name, text.removesuffix("=") if text[-1] == "=" else text[0])
            )
            return bad
        case "symbol" if text in FOREIGN:
            cure, read_as = FOREIGN[text]
            problems.append(say.ForeignOperator(span, text, cure, read_as))
            if read_as is None:
                return bad
            return token._replace(kind=words[read_as], text=read_as)
        case "symbol" if text == "?":
            problems.append(say.QuestionMark(span))
            return bad
        case "fence":
            if not any(isinstance(p, say.StrangeCharacter) and p.character == "`" for p in problems):
                problems.append(say.StrangeCharacter(Span(source, token.start, token.start + 3), "`"))
            return None
        case "symbol":
            problems.append(say.StrangeCharacter(span, text))
            return bad
        case _:
            return _other(token, span, problems, words, before)


def _quoted(content: str) -> str:
    """What stands in quotes of another sort as a string: nothing where that needs care."""
    return f'"{content}"' if "\\" not in content and '"' not in content else '""'


LOOK_ALIKES = {
    "\N{MINUS SIGN}": "-", "\N{EN DASH}": "-", "\N{EM DASH}": "-", "\N{MULTIPLICATION SIGN}": "*",
    "\N{MIDDLE DOT}": "*", "\N{DIVISION SIGN}": "/", "\N{RIGHTWARDS ARROW}": "->", "\N{LESS-THAN OR EQUAL TO}": "<=",
    "\N{GREATER-THAN OR EQUAL TO}": ">=", "\N{NOT EQUAL TO}": "!=", "\N{HORIZONTAL ELLIPSIS}": "...",
    "\N{FULLWIDTH COMMA}": ",", "\N{FULLWIDTH COLON}": ":",
}  # fmt: skip
"""Characters that stand for something that has a plain spelling; they are read as that."""


def _other(
    token: Token, span: Span, problems: list[Problem], words: dict[str, str], before: list[Token]
) -> Token | None:
    """A character that is no part of the language."""
    first = token.text[0]
    only = Span(span.source, span.start, span.start + 1)
    if first.isspace() or not first.isprintable():
        if not any(isinstance(p, say.StrangeCharacter) and p.character == first for p in problems):
            problems.append(say.StrangeCharacter(only, first))
        return None
    if first in LOOK_ALIKES:
        right = LOOK_ALIKES[first]
        problems.append(say.StrangeCharacter(only, first, f"`{right}`"))
        return token._replace(kind=words[right], text=right)
    if first.isalpha():
        word = _word(only)
        if not any(isinstance(p, say.ForeignLetters) and p.span and _word(p.span) == word for p in problems):
            problems.append(say.ForeignLetters(only, first))
        if before and before[-1].kind == "NAME" and before[-1].end == token.start:
            start = before.pop()
            return Token("NAME", start.text + token.text, start.start, token.end)
        return token._replace(kind="NAME")
    power = {"\N{SUPERSCRIPT TWO}": "`** 2`", "\N{SUPERSCRIPT THREE}": "`** 3`"}.get(first)
    problems.append(say.StrangeCharacter(only, first, power))
    return token._replace(kind="BAD")


def _word(span: Span) -> str:
    """The whole name around a letter."""
    text, start, end = span.source.text, span.start, span.end
    while start and (text[start - 1].isalnum() or text[start - 1] == "_"):
        start -= 1
    while end < len(text) and (text[end].isalnum() or text[end] == "_"):
        end += 1
    return text[start:end]


def _first_line(span: Span) -> Span:
    """The part of a span on its first line."""
    return Span(span.source, span.start, span.start + len(span.text.split("\n", 1)[0]))


def too_many_brackets(token: Token, source: Source, limit: int) -> Problem:
    """For the first bracket that goes too deep."""
    return TooManyBrackets(Span(source, token.start, token.end), limit)
