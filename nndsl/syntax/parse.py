"""Text into AST: `parse` for a file, `parse_range` for a stretch of one, `parse_lines` for lines of a body."""

from __future__ import annotations

import re

from nndsl.diagnostics import Problem, Source, Span, unique_sorted
from nndsl.syntax import ast
from nndsl.syntax.build import Builder
from nndsl.syntax.engine import Fault, Parse, Resume
from nndsl.syntax.layout import lay_out
from nndsl.syntax.recovery import resume_after
from nndsl.syntax.tables import load_tables
from nndsl.syntax.tokens import MAX_PROBLEMS, Token, Tokens, tokenize

ROLES = ("model", "layer", "fn", "loss", "metric", "optimizer", "init", "schedule")

_DEFINITION = re.compile(
    rf"^(?P<doc>(?:##[^\n]*\n)*)(?:private[ \t]+)?(?:{'|'.join(ROLES)})[ \t]+(?P<name>[A-Za-z_][A-Za-z_0-9]*)"
    r"(?:[ \t]*=[^\n]*$|[^\n]*\}[ \t]*(?:#[^\n]*)?$|[\s\S]*?^\})",
    re.MULTILINE,
)


def parse(source: Source) -> tuple[ast.File, tuple[Problem, ...]]:
    """The AST of a file and every syntax error in it, in source order.

    What did not parse is in the tree as PoisonItem or PoisonStatement. Raises nothing for any text.
    """
    file, problems = parse_range(source, 0, len(source.text))
    if not file.items and not problems:
        from nndsl.problems.syntax import EmptyFile

        what = "it has comments only" if source.text.strip() else "it is empty"
        problems = (EmptyFile(Span(source, 0, 0), what),)
    return file, problems


def parse_range(source: Source, start: int, end: int) -> tuple[ast.File, tuple[Problem, ...]]:
    """Parse `source.text[start:end]` as a file of its own; spans are offsets into the whole source."""
    cut = tokenize(source, start, end, load_tables())
    file, problems = _parsed(source, cut, cut.tokens)
    return file or ast.File((), span=Span(source, start, end)), problems


def parse_lines(source: Source, start: int, end: int) -> tuple[ast.Block, tuple[Problem, ...]]:
    """Parse `source.text[start:end]` as lines of a body; spans are offsets into the whole source."""
    cut = tokenize(source, start, end, load_tables())
    head = [Token("NAME", "model", start, start), Token("NAME", "_", start, start), Token("LBRACE", "{", start, start)]
    tokens = [*head, *cut.tokens[:-1], Token("RBRACE", "}", end, end), Token("$END", "", end, end)]
    file, problems = _parsed(source, cut, tokens if cut.tokens else [])
    match file:
        case ast.File(items=(ast.Definition(body=body),)):
            return body, problems
    return (), problems


def _parsed(source: Source, cut: Tokens, tokens: list[Token]) -> tuple[ast.File | None, tuple[Problem, ...]]:
    """What tokens make, and what is wrong with them."""
    tables = load_tables()
    problems: list[Problem] = list(cut.problems)
    file: ast.File | None = None
    if tokens:
        tokens, bracket_problems = lay_out(source, tokens)
        problems += bracket_problems
        builder = Builder(source, cut.docs)

        def on_fault(fault: Fault) -> Resume | None:
            from nndsl.syntax.faults import explain  # with the Problem classes, which take long to import

            problem = explain(source, tables, tokens, fault)
            if problem is not None:
                problems.append(problem)
            return resume_after(source, tokens, fault) if len(problems) < MAX_PROBLEMS else None

        file = Parse(source, tokens, tables, builder).run(on_fault)
        problems += builder.problems
    return file, unique_sorted(problems)[:MAX_PROBLEMS]


def index_definitions(source: Source) -> dict[str, tuple[int, int]]:
    """Where each definition of a well laid out file stands, found without parsing it.

    A definition starts at column 0 with a role word (and the `##` lines right above it) and ends with the `}` at
    column 0, or on its own line, as a second name does. The library is read through this, so that only what is used
    gets parsed.
    """
    return {match["name"]: match.span() for match in _DEFINITION.finditer(source.text)}
