"""Pictures as files: SVG, HTML and PNG, and the verb `nndsl graph`."""

from __future__ import annotations

import re
import struct
import subprocess
import sys
import xml.etree.ElementTree as tree
from html.parser import HTMLParser
from pathlib import Path

import pytest
from typer.testing import CliRunner

import nndsl
from nndsl import picture
from nndsl.cli.app import app
from nndsl.diagnostics import NndslError, Source
from nndsl.driver import check_source
from nndsl.ir.graph import Model

SVG = "{http://www.w3.org/2000/svg}"
TEXT = """\
## Says "more" of a < b & c.
model Small(units: int = 16) {
  ## What is seen: <a> & "b".
  input  x: f32[batch, 8]
  target label: index<3>[batch]
  logits = x |> Dense(units, activation=relu) |> Dense(3)
  output p = softmax(logits)
  loss   sparse_categorical_crossentropy(label, logits)
}
"""


@pytest.fixture(scope="module")
def model() -> Model:
    return check_source(Source("small.nn", TEXT)).model


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "small.nn").write_text(TEXT)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["graph", *arguments])
    return done.exit_code, done.output


@pytest.mark.parametrize("depth", [0, 9])
def test_svg_is_well_formed_and_names_every_box(model: Model, depth: int) -> None:
    root = tree.fromstring(picture.svg(model, depth=depth))
    texts = ["".join(node.itertext()) for node in root.iter(f"{SVG}text")]
    assert {"Small", "x", "Dense_1", "Dense(units=16, activation=relu)", "144 params", "index<3>[batch]"} <= set(texts)
    assert ("kernel" in texts) == (depth > 0)


def test_python_draws_a_loaded_model() -> None:
    loaded = nndsl.compile(TEXT, engine="numpy")
    assert nndsl.picture.svg(loaded) == picture.svg(loaded.checked.model)


class Page(HTMLParser):
    """What a page holds, by what its script looks for."""

    def __init__(self) -> None:
        super().__init__()
        self.opens: set[str] = set()
        self.templates: dict[str, str] = {}
        self.addresses: list[str] = []
        self.stack: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.opens |= {found["data-opens"]} if found.get("data-opens") else set()
        self.addresses += [value for name, value in attrs if name in ("src", "href") and value]
        if tag == "template":
            self.templates[str(found["id"])] = str(found["data-above"])


def test_every_box_of_the_page_opens_and_nothing_is_fetched(model: Model) -> None:
    page = Page()
    page.feed(picture.html(model))
    assert len(page.opens) >= 4  # two layers, the loss and what is in it
    assert {f"t-{id}" for id in page.opens} <= set(page.templates)
    assert all(f"t-{id}" in page.templates for above in page.templates.values() for id in above.split())
    assert page.addresses == []
    assert 'What is seen: &lt;a&gt; &amp; "b".' in picture.html(model)


def test_a_part_of_the_page_is_not_taken_for_a_place_of_another() -> None:
    text = TEXT.replace('Says "more" of a < b & c.', "A {{script}} in the text, and }} alone.")
    assert "A {{script}} in the text, and }} alone." in picture.html(check_source(Source("m.nn", text)).model)


def test_png_has_twice_the_size_of_the_svg(model: Model) -> None:
    pytest.importorskip("resvg_py")
    content = picture.png(model)
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    size = re.findall(r'(?:width|height)="([\d.]+)"', picture.svg(model))[:2]
    assert struct.unpack(">II", content[16:24]) == pytest.approx([2 * float(one) for one in size], abs=2)


def test_png_without_its_package_is_told(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    code, said = run("small.nn", "-o", "small.png")
    assert code == 1
    assert "error[NN616]: a picture as PNG needs resvg-py" in said
    assert 'pip install "nndsl[graph]"' in said
    assert not Path("small.png").exists()


@pytest.mark.parametrize(
    ("name", "begin"),
    [("a.svg", "<svg "), ("a.html", "<!doctype html>"), ("a.dot", "digraph"), ("A.MMD", "---\ntitle: ")],
)
def test_the_suffix_says_what_is_written(file: Path, name: str, begin: str) -> None:
    assert run("small.nn", "-o", name) == (0, f"wrote {name}\n")
    assert (file / name).read_text().startswith(begin)


def test_without_a_file_a_flowchart_is_printed(file: Path) -> None:
    code, said = run("small.nn", "--program", "predict")
    assert code == 0
    assert "flowchart TD" in said
    assert "loss" not in said


def test_consts_are_set_and_boxes_open(file: Path) -> None:
    _, said = run("small.nn", "--set", "units=5", "--depth", "1")
    assert "Dense(units=5, activation=relu)" in said
    assert "<b>kernel</b>" in said


def test_another_suffix_is_told(file: Path) -> None:
    code, said = run("small.nn", "-o", "small.pdf")
    assert code == 2
    assert ".svg" in said
    with pytest.raises(NndslError, match=r"\.svg"):
        picture.save(check_source(Source("m.nn", TEXT)).model, "small.pdf")


def test_a_folder_that_is_not_there_is_told(file: Path) -> None:
    code, said = run("small.nn", "-o", "none/small.svg")
    assert code == 1
    assert "error[NN612]" in said


def test_drawing_imports_neither_numpy_nor_numba(file: Path) -> None:
    code = (
        "import sys; from nndsl.cli.app import app\n"
        "try: app(['graph', 'small.nn', '-o', 'a.html'])\n"
        "except SystemExit as end: assert not end.code\n"
        "print([m for m in ('numpy', 'numba', 'rich') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
