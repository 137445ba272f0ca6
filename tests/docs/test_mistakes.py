"""docs/mistakes.md: what nndsl says on the page is what it says now. The other libraries are not needed for that."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
from docs.markdown import DOCS, blocks

TOOLS = DOCS.parent / "tools"
PAGE = DOCS / "mistakes.md"


def tool(name: str) -> ModuleType:
    """A module of tools/, which is no package."""
    spec = importlib.util.spec_from_file_location(name, TOOLS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


mistakes = tool("mistakes")
maker = tool("make_mistakes")


@pytest.mark.parametrize("mistake", mistakes.MISTAKES, ids=lambda mistake: mistake.title)
def test_nndsl_says_what_the_page_has(mistake: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert maker.nndsl_part(mistake) in PAGE.read_text(encoding="utf-8"), "run tools/make_mistakes.py"


def test_the_page_has_all_mistakes_and_names_versions() -> None:
    text = PAGE.read_text(encoding="utf-8")
    titles = re.findall(r"^## \d+\. (.*)$", text, re.MULTILINE)
    assert titles == [mistake.title for mistake in mistakes.MISTAKES]
    assert re.search(r"Keras \d+\.\d+.*PyTorch \d+\.\d+.*nndsl \d+\.\d+", text, re.DOTALL)


def test_every_program_of_a_peer_is_on_the_page() -> None:
    shown = {block.text for block in blocks(PAGE, "python")}
    assert {program for m in mistakes.MISTAKES for program in (m.keras, m.torch)} <= shown
