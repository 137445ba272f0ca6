"""Every page of `nndsl explain` shows the mistake and what is right, and both are carried out here."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path

import pytest
from docs.examples import CONTEXTS, carried_out, codes, examples

from nndsl.diagnostics import Problem
from nndsl.problems import catalogue

KINDS = sorted(catalogue().items())


def said(block: str, folder: Path, good: Callable[[str], bool]) -> tuple[bool, dict[str, str]]:
    """Whether what is said to a block is good in one of the contexts it may stand in, and what is said in each."""
    told: dict[str, str] = {}
    for context in CONTEXTS:
        place = folder / context.__name__
        place.mkdir()
        told[context.__name__] = carried_out(block, context, place)
        if good(told[context.__name__]):
            return True, told
    return False, told


@pytest.mark.parametrize(("code", "kind"), KINDS, ids=lambda value: value if isinstance(value, str) else "")
def test_the_first_example_has_the_mistake(code: str, kind: type[Problem], tmp_path: Path) -> None:
    def good(text: str) -> bool:
        warned = kind.severity == "warning" and code in codes(text, "warning") and not codes(text)
        return warned or codes(text) == {code}

    found, told = said(examples(inspect.getdoc(kind) or "")[0], tmp_path, good)
    assert found, told


@pytest.mark.parametrize(("code", "kind"), KINDS, ids=lambda value: value if isinstance(value, str) else "")
def test_the_last_example_is_mended(code: str, kind: type[Problem], tmp_path: Path) -> None:
    def good(text: str) -> bool:
        return not codes(text) and code not in codes(text, "warning") and "internal error" not in text

    blocks = examples(inspect.getdoc(kind) or "")
    assert len(blocks) > 1, "a page ends with what is right"
    found, told = said(blocks[-1], tmp_path, good)
    assert found, told
