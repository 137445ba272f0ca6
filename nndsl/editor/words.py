"""The words of the language by what they are, for all that colours its text: from the grammar, so none is missed."""

from __future__ import annotations

from nndsl.ir.types import DTYPES, KINDS
from nndsl.syntax.parse import ROLES
from nndsl.syntax.tables import load_tables

SECTIONS = ("train", "data", "test")
STARTING = ("input", "target", "output", "param", "state", "loss", "metric", "next", "collect", "expect")
"""Words only where they begin a line."""

CONTROL = ("if", "else", "for", "in", "repeat", "assert", "return", "scan", "over")
CONSTANTS = ("true", "false", "none", "pi", "training", "generating", "past")
LOGIC = ("and", "or", "not")
TYPES = (*DTYPES, *KINDS, "any", "int", "float", "str", "list", "pair")


def grammar_words() -> frozenset[str]:
    """Every word that the grammar gives a meaning somewhere."""
    return frozenset(word for word in load_tables().words if word[0].isalpha())


def rest() -> tuple[str, ...]:
    """The words of the grammar that are in none of the lists above: `axis`, `reverse`, `as` …, words between others."""
    known = {*ROLES, *SECTIONS, *STARTING, *CONTROL, *CONSTANTS, *LOGIC, "import", "private"}
    return tuple(sorted(grammar_words() - known))


def operators() -> tuple[str, ...]:
    """The signs of the grammar that are no brackets, longest first."""
    signs = [word for word in load_tables().words if not word[0].isalpha() and word not in "()[]{},:."]
    return tuple(sorted(signs, key=lambda sign: (-len(sign), sign)))
