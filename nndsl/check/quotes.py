"""Names and numbers in quotes, as Keras takes them: what to write instead, and the fix where that is known."""

from __future__ import annotations

import re

from nndsl.check.builtins import BUILTINS
from nndsl.check.library import index
from nndsl.diagnostics import Edit, Fix, Guess, Span, did_you_mean

Cure = tuple[str | None, tuple[Fix, ...]]
"""A help line and the fixes that go with it."""

ARTICLED = {"fn": "a function", "init": "an initializer"}
NUMBER = {"int": r"-?\d[\d_]*", "float": r"-?\d[\d_]*(\.\d+)?(e-?\d+)?", "bool": r"true|false"}


def number_in_quotes(kind: str, text: str, span: Span) -> Cure:
    """For `Dense("64")`; of other texts nothing is known."""
    if re.fullmatch(NUMBER[kind], text) is None:
        return None, ()
    return f"write it without quotes: `{text}`", _in_place(text, text, span)


def name_in_quotes(role: str, text: str, span: Span) -> Cure:
    """For `activation="relu"`: the definition of the library with that name, or the one that is most like it."""
    known = names_of(role)
    if text in known:
        return f"write the name without quotes: `{text}`", _in_place(text, text, span)
    guess = did_you_mean(text, known)
    if not isinstance(guess, Guess) or guess.meant in BUILTINS:  # those are many and short: likeness says little
        return f"write the name of {ARTICLED.get(role, f'a {role}')} without quotes", ()
    cure = f"write the name without quotes: `{guess.meant}`" if guess.sure else f"{guess} It has no quotes"
    return cure, _in_place(text, guess.meant, span, guess.sure)


def optimizer_in_quotes(text: str, span: Span) -> Cure:
    """For `optimizer = "adam"`."""
    guess = did_you_mean(text, names_of("optimizer"))
    if not isinstance(guess, Guess):
        return "write its name without quotes: `Adam(learning_rate=0.001)`", ()
    return f"write its name without quotes: `{guess.meant}()`", _in_place(text, f"{guess.meant}()", span, guess.sure)


def names_of(role: str) -> list[str]:
    """The names that the library has for a role; what fits a function fits a layer too."""
    found = [name for name, entry in index().items() if entry.role == role and not entry.private]
    return [*found, *BUILTINS] if role == "fn" else found


def _in_place(text: str, right: str, span: Span, sure: bool = True) -> tuple[Fix, ...]:
    """`right` for the quoted text at the end of the place, which may have the name of an argument before it."""
    quoted = f'"{text}"'
    if not span.text.endswith(quoted):
        return ()
    return (Fix(f"write `{right}`", (Edit(Span(span.source, span.end - len(quoted), span.end), right),), sure),)
