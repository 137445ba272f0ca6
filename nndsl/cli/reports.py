"""Problems in the formats of other tools: SARIF 2.1.0, and the commands that GitHub's runners read."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from nndsl import __version__
from nndsl.diagnostics import Fix, Problem, Span

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif(problems: Sequence[Problem]) -> dict[str, object]:
    """A log with one run; its rules are the pages of the codes that occur. Columns count characters, from 1."""
    kinds = {problem.code: type(problem) for problem in sorted(problems, key=lambda p: p.code)}
    order = {code: i for i, code in enumerate(kinds)}
    driver = {"name": "nndsl", "version": __version__, "rules": [_rule(kind) for kind in kinds.values()]}
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "columnKind": "unicodeCodePoints",
                "results": [_result(problem, order[problem.code]) for problem in problems],
            }
        ],
    }


def _rule(kind: type[Problem]) -> dict[str, object]:
    page = inspect.getdoc(kind) or kind.title
    return {
        "id": kind.code,
        "name": kind.__name__,
        "shortDescription": {"text": kind.title},
        "fullDescription": {"text": page.split("\n\n")[0].replace("\n", " ")},
        "help": {"text": page},
        "defaultConfiguration": {"level": kind.severity},
    }


def _result(problem: Problem, index: int) -> dict[str, object]:
    out: dict[str, object] = {
        "ruleId": problem.code,
        "ruleIndex": index,
        "level": problem.severity,
        "message": {"text": _sentences(problem)},
        "locations": [{"physicalLocation": _place(problem.span)}] if problem.span is not None else [],
    }
    if problem.labels:
        out["relatedLocations"] = [
            {"id": i, "physicalLocation": _place(label.span), "message": {"text": label.text}}
            for i, label in enumerate(problem.labels)
        ]
    if problem.fixes:
        out["fixes"] = [_fix(fix) for fix in problem.fixes]
    return out


def _sentences(problem: Problem) -> str:
    """The whole message without the lines of the file."""
    return "\n".join(part for part in (problem.headline, problem.label, problem.help) if part)


def _place(span: Span) -> dict[str, object]:
    return {"artifactLocation": {"uri": _uri(span.source.name)}, "region": _region(span)}


def _region(span: Span) -> dict[str, object]:
    line, column = span.source.position(span.end)
    return {"startLine": span.line, "startColumn": span.column, "endLine": line, "endColumn": column}


def _uri(name: str) -> str:
    """A path as a URI: relative ones stay relative."""
    path = Path(name)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())


def _fix(fix: Fix) -> dict[str, object]:
    """Edits by file. Whether it is safe goes along as a property."""
    by_file: dict[str, list[dict[str, object]]] = {}
    for edit in fix.edits:
        replacement = {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.text}}
        by_file.setdefault(_uri(edit.span.source.name), []).append(replacement)
    changed = [{"artifactLocation": {"uri": uri}, "replacements": made} for uri, made in by_file.items()]
    return {"description": {"text": fix.title}, "artifactChanges": changed, "properties": {"safe": fix.safe}}


def github(problems: Sequence[Problem]) -> str:
    """A line `::error file=…,line=…::message` for each Problem, which GitHub shows beside the line of the file.

    Columns are given only where the place ends on its line: GitHub does not take them otherwise.
    """
    return "\n".join(_command(problem) for problem in problems)


def _command(problem: Problem) -> str:
    facts: dict[str, object] = {}
    if problem.span is not None:
        end_line, end_column = problem.span.source.position(problem.span.end)
        facts = {"file": problem.span.source.name, "line": problem.span.line}
        if end_line == problem.span.line:
            facts |= {"col": problem.span.column, "endColumn": end_column}
        else:
            facts |= {"endLine": end_line}
    facts["title"] = problem.code
    named = ",".join(f"{key}={_property(str(value))}" for key, value in facts.items())
    return f"::{problem.severity} {named}::{_escaped(_sentences(problem))}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
