"""What the documentation says holds: its .nn blocks check, its links lead somewhere, its generated pages are fresh."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
from docs.markdown import DOCS, Block, blocks, pages

from nndsl import driver
from nndsl.diagnostics import Source, render_all
from nndsl.problems import catalogue

ROOT = DOCS.parent
BODY = """model Example() {{
  input x: f32[batch, 8]
  input image: f32[batch, 28, 28]
  input words: index<100>[batch, time]
  target label: index<3>[batch]
  target y: f32[batch]
{lines}
  output result = x
}}
"""
NN = [block for page in pages() for block in blocks(page, "nn")]


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_docs", ROOT / "tools" / "make_docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("block", NN, ids=lambda block: block.name)
def test_nn_blocks_check_as_they_say(block: Block, tmp_path: Path) -> None:
    for other in NN:
        if other.file is not None and other.page == block.page:
            (tmp_path / other.file).write_text(other.text, encoding="utf-8")
    text = BODY.format(lines=block.text) if "body" in block.words else block.text
    found = driver.problems_of(Source("example.nn", text, tmp_path / "example.nn"))
    errors = [problem for problem in found if problem.severity == "error"]
    assert sorted({problem.code for problem in errors}) == ([block.error] if block.error else []), render_all(errors)


def test_the_reference_has_blocks() -> None:
    assert len(blocks(DOCS / "language.md", "nn")) > 15


@pytest.mark.parametrize("page", ["errors.md", "ops.md", "library.md"])
def test_generated_pages_are_fresh(page: str) -> None:
    assert (DOCS / page).read_text(encoding="utf-8") == generator().PAGES[page](), "run `make docs`"


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_links_lead_to_files(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = [t for t in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text) if "://" not in t]
    assert [t for t in targets if not (page.parent / t).exists()] == []


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_codes_exist(page: Path) -> None:
    named = set(re.findall(r"\bNN\d{3}\b", page.read_text(encoding="utf-8")))
    assert named - set(catalogue()) == set()


def test_every_setting_of_a_train_section_is_in_the_reference() -> None:
    from nndsl.check import data
    from nndsl.check.sections import CALLBACKS, SOURCES
    from nndsl.check.train import KEYS

    text = (DOCS / "language.md").read_text(encoding="utf-8")
    assert [name for name in (*KEYS, *data.KEYS, *SOURCES, *CALLBACKS) if f"`{name}" not in text] == []


def test_every_verb_is_in_the_reference() -> None:
    from nndsl.cli.app import VERBS

    text = (DOCS / "command.md").read_text(encoding="utf-8")
    names = [verb.__name__.rstrip("_") for verb in VERBS]  # `import_`: the other is a word of Python
    assert [name for name in names if f"## {name}\n" not in text] == []


def test_python_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    found = [block for block in blocks(DOCS / "python.md", "python") if "run" in block.words]
    assert len(found) > 4
    for block in found:
        exec(compile(block.text, block.name, "exec"), names)


def test_the_message_in_the_readme_is_what_the_checker_says() -> None:
    source = next(block.text for block in blocks(DOCS / "tour.md", "nn") if "model Skip" in block.text)
    said = next(block.text for block in blocks(ROOT / "README.md", "text") if block.text.startswith("error["))
    assert render_all(driver.problems_of(Source("skip.nn", source))) + "\n" == said
