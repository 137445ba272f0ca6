"""The sources of the documentation site: every page has a place, and what leads to it leads there."""

from __future__ import annotations

import importlib.util
import posixpath
import re
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
UNLISTED = ("decisions/0", "samples/")  # their index pages are in the menu


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_site", ROOT / "tools" / "make_site.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def made(maker: ModuleType) -> dict[str, str]:
    found: dict[str, str] = maker.pages()
    return found


def test_every_page_is_in_the_menu(maker: ModuleType, made: dict[str, str]) -> None:
    listed = {page for _, entries in maker.menu(made) for _, page in entries}
    assert ("A new page", "new.md") in maker.menu({**made, "new.md": "# A new page\n"})[-1][1]
    assert [name for name in made if name not in listed and not name.startswith(UNLISTED)] == []
    assert {"samples/index.md", "decisions/index.md"} <= listed


def test_links_lead_to_pages_of_the_site(made: dict[str, str]) -> None:
    pictures = {f"{name.removesuffix('.md')}-picture.{end}" for name in made for end in ("svg", "html")}
    lost = []
    for name, text in made.items():
        prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", re.sub(r"`[^`\n]*`", "", prose)):
            place = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
            if "://" not in target and place not in made and place not in pictures:
                lost.append((name, target))
    assert lost == []


def test_fences_are_such_that_the_site_reads(made: dict[str, str]) -> None:
    for name, text in made.items():
        for line in re.findall(r"^```+\w+[^\n]*$", text, re.MULTILINE):
            assert re.fullmatch(r'```+\w+( title="[^"]*")?', line), (name, line)


def test_an_error_that_is_shown_says_its_code(maker: ModuleType) -> None:
    assert maker.plain("```nn error=NN201\nx\n```") == '```nn title="says NN201"\nx\n```'
    assert maker.plain("```nn body\nx\n```") == "```nn\nx\n```"
    assert maker.plain("```nn file=blocks.nn\nx\n```") == '```nn title="blocks.nn"\nx\n```'


def test_settings_name_the_pages_that_are_there(maker: ModuleType, made: dict[str, str]) -> None:
    read = tomllib.loads(maker.settings(made))
    entries = [entry for section in read["project"]["nav"] for group in section.values() for entry in group]
    pages = [page for entry in entries for page in entry.values()]
    assert set(pages) <= set(made)
    assert pages[0] == "index.md"


def test_a_sample_has_its_code_and_its_picture(made: dict[str, str]) -> None:
    page = made["samples/residual.md"]
    assert (ROOT / "samples" / "residual.nn").read_text(encoding="utf-8").rstrip() in page
    assert "(residual-picture.svg)" in page
    assert "picture" not in made["samples/blocks.md"]  # it has no model


def test_pages_and_pictures_are_written(maker: ModuleType, tmp_path: Path) -> None:
    assert maker.main(["--pages", str(tmp_path)]) == 0
    assert (tmp_path / "zensical.toml").is_file()
    assert (tmp_path / "pages" / "samples" / "vae-picture.svg").read_text(encoding="utf-8").startswith("<svg")


def test_the_site_is_built_from_them(maker: ModuleType, tmp_path: Path) -> None:
    pytest.importorskip("zensical")
    pytest.importorskip("pygments")
    import subprocess
    import sys

    maker.main(["--pages", str(tmp_path)])
    subprocess.run([sys.executable, "-m", "zensical", "build"], cwd=tmp_path, check=True, capture_output=True)
    page = (tmp_path / "html" / "language.html").read_text(encoding="utf-8")
    assert 'href="tour.html"' in page
    assert "```" not in re.sub(r"<code.*?</code>", "", page, flags=re.DOTALL)
    assert (tmp_path / "html" / "samples" / "residual-picture.html").is_file()
