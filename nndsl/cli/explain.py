"""`nndsl explain`: the page of a code."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Annotated

import typer

from nndsl.cli.options import FormatOption
from nndsl.cli.output import WRONG_USE, Format, data, data_json, say, stop
from nndsl.diagnostics import Problem
from nndsl.problems import catalogue

SHOWN = 12


def explain(
    code: Annotated[str | None, typer.Argument(metavar="[CODE]", help="Such as NN201.", show_default=False)] = None,
    format: FormatOption = Format.text,
) -> None:
    """Print what a code means, with an example and the cure. Without a code, list all codes."""
    known = catalogue()
    if code is None:
        if format is Format.json:
            data_json([facts(kind) for kind in known.values()])
        else:
            data("\n".join(f"{name}  {kind.severity:<7}  {kind.title}" for name, kind in sorted(known.items())))
        return
    kind = known.get(normal(code))
    if kind is None:
        say(f"there is no code {code!r}; {near(code, known)}")
        raise stop(WRONG_USE)
    if format is Format.json:
        data_json(facts(kind))
    else:
        data(f"{kind.code}: {kind.title} ({kind.severity})\n\n{inspect.getdoc(kind)}")


def normal(code: str) -> str:
    """`nn201`, `201` and `error[NN201]` as `NN201`."""
    found = re.search(r"(?<!\d)(?:nn)?(\d{3})\b", code, re.IGNORECASE)
    return f"NN{found[1]}" if found else code.upper()


def near(code: str, known: Mapping[str, type[Problem]]) -> str:
    """What may have been meant by a code that there is not: others of its hundred, or codes that speak of a word."""
    wanted = normal(code)
    told = [name for name in sorted(known) if len(wanted) > 2 and name.startswith(wanted[:3])]
    if not told:
        told = [f"{name} ({kind.title})" for name, kind in sorted(known.items()) if code.lower() in kind.title.lower()]
    if not told or not code.strip():
        return "`nndsl explain` lists all codes"
    return f"there are {', '.join(told[:SHOWN])}{' and others' if len(told) > SHOWN else ''}"


def facts(kind: type[Problem]) -> dict[str, object]:
    """The page of a code as plain data."""
    return {"code": kind.code, "severity": kind.severity, "title": kind.title, "page": inspect.getdoc(kind)}
