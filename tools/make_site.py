"""Build the documentation site: `make docs`, or `python tools/make_site.py --pages FOLDER` for its sources alone.

The pages of docs/ stand as they are for code hosts and editors. What a site wants beside that is made here, in
build/site: README as the front page, fences without the words that only the tests read, links into the tree of pages,
a page for each sample with its picture and its code, and the settings of zensical (extra `docs`), which builds HTML.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
DOCS, SAMPLES, BUILD = ROOT / "docs", ROOT / "samples", ROOT / "build" / "site"
NAV: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("Begin", (("nndsl", "index.md"), ("Tour", "tour.md"), ("Ten common mistakes", "mistakes.md"),
               ("Samples", "samples/index.md"))),
    ("Reference", (("Language", "language.md"), ("Library", "library.md"), ("Functions", "ops.md"),
                   ("Error codes", "errors.md"), ("Command", "command.md"), ("Python", "python.md"))),
    ("At home with others", (("Data", "data.md"), ("ONNX", "onnx.md"), ("Keras", "keras.md"), ("PyTorch", "pytorch.md"),
                             ("scikit-learn", "sklearn.md"), ("Editors", "editors.md"), ("Notebooks", "notebooks.md"))),
    ("Within", (("Performance", "performance.md"), ("What samples learn", "learning.md"),
                ("Architecture", "architecture.md"), ("Decisions", "decisions/index.md"),
                ("Contributing", "contributing.md"), ("Changes", "changelog.md"))),
)  # fmt: skip
"""The pages in the order of the menu; those that are not there are left out, and those that have no
place here stand behind them, under their headings."""

FENCE = re.compile(r"^(```+)(\w+)[ \t]+([^\n]*)$", re.MULTILINE)
LINK = re.compile(r"\[([^\[\]]+)\]\(([^)#\s]+)((?:#[^)]*)?)\)")
TITLES = {page: title for _, entries in NAV for title, page in entries}


def pages() -> dict[str, str]:
    """The Markdown of every page of the site by its path."""
    made = {path.relative_to(DOCS).as_posix(): path for path in sorted(DOCS.rglob("*.md"))}
    made |= {"index.md": ROOT / "README.md", "samples/index.md": SAMPLES / "README.md"}
    made |= {"contributing.md": ROOT / "CONTRIBUTING.md", "changelog.md": ROOT / "CHANGELOG.md"}
    homes = {source: name for name, source in made.items()}
    homes |= {path: f"samples/{path.stem}.md" for path in SAMPLES.glob("*.nn")}
    homes |= {SAMPLES: "samples/index.md", DOCS / "decisions": "decisions/index.md"}
    out = {name: linked(plain(path.read_text("utf-8")), path, name, homes) for name, path in made.items()}
    out |= {f"samples/{path.stem}.md": sample(path) for path in sorted(SAMPLES.glob("*.nn"))}
    out["decisions/index.md"] = decisions({name: text for name, text in out.items() if name.startswith("decisions/")})
    return out


def plain(text: str) -> str:
    """The text with fences that say the language only; the code of an error that is shown becomes a title."""

    def fence(found: re.Match[str]) -> str:
        marks, language, words = found[1], found[2], found[3]
        said = dict(word.partition("=")[::2] for word in words.split() if "=" in word)
        title = f"says {said['error']}" if "error" in said else said.get("file", "")
        return f'{marks}{language} title="{title}"' if title else f"{marks}{language}"

    return FENCE.sub(fence, text)


def linked(text: str, source: Path, name: str, homes: dict[Path, str]) -> str:
    """The text with its links to files of the project turned to where these are in the site; others lose their link."""
    up = "../" * name.count("/")

    def link(found: re.Match[str]) -> str:
        if "://" in found[2]:
            return found[0]
        home = homes.get((source.parent / found[2]).resolve())
        if home is None:
            return found[1]
        text = TITLES.get(home, found[1]) if found[1].endswith(".md") else found[1]
        return f"[{text}]({up}{home}{found[3]})"

    return LINK.sub(link, text)


def sample(path: Path) -> str:
    """The page of a sample: its picture, which opens in a page of its own, and its code."""
    lines = ["---", "hide:", "  - toc", "---", "", f"# {path.stem}", ""]  # its room is the code's
    if has_model(path):
        lines += [f"[![The layers of {path.name}]({path.stem}-picture.svg)]({path.stem}-picture.html)", "",
                  f"[Open the boxes]({path.stem}-picture.html){{ .md-button }}", ""]  # fmt: skip
    return "\n".join([*lines, f'```nn title="samples/{path.name}"', path.read_text("utf-8").rstrip(), "```", ""])


def decisions(found: dict[str, str]) -> str:
    """A list of the records of why."""
    titles = [(name.split("/")[1], text.split("\n", 1)[0].removeprefix("# ")) for name, text in sorted(found.items())]
    return "\n".join(["# Decisions", "", *(f"* [{title}]({name})" for name, title in titles), ""])


def has_model(path: Path) -> bool:
    return re.search(r"^model ", path.read_text("utf-8"), re.MULTILINE) is not None


def pictures(folder: Path) -> None:
    """Draw every sample, as SVG for its page and as HTML."""
    from nndsl import picture
    from nndsl.driver import check_source
    from nndsl.syntax.load import load_source

    for path in sorted(SAMPLES.glob("*.nn")):
        if has_model(path):
            model = check_source(load_source(path)).model
            picture.save(model, folder / f"{path.stem}-picture.svg")
            picture.save(model, folder / f"{path.stem}-picture.html")


def menu(made: dict[str, str]) -> list[tuple[str, list[tuple[str, str]]]]:
    """The groups of the menu with the titles and pages in each."""
    groups = [(title, [entry for entry in entries if entry[1] in made]) for title, entries in NAV]
    listed = {page for _, entries in groups for _, page in entries}
    rest = [name for name in made if name not in listed and not name.startswith(("decisions/", "samples/"))]
    more = [(made[name].split("\n", 1)[0].removeprefix("# "), name) for name in rest]
    return [group for group in (*groups, ("More", more)) if group[1]]


def settings(made: dict[str, str]) -> str:
    """zensical.toml: the menu of the pages that are there, and how they look."""
    nav = [
        f"  {{ {json.dumps(title)} = [{', '.join(f'{{ {json.dumps(t)} = {json.dumps(p)} }}' for t, p in entries)}] }},"
        for title, entries in menu(made)
    ]
    return "\n".join([
        "[project]", 'site_name = "nndsl"', 'site_description = "A compiler for neural networks"',
        'docs_dir = "pages"', 'site_dir = "html"', "use_directory_urls = false",
        "nav = [", *nav, "]", LOOK,
    ])  # fmt: skip


LOOK = """
extra_css = ["site.css"]

[project.theme]
language = "en"
font = false
features = [
  "content.code.copy", "navigation.footer", "navigation.sections", "navigation.top", "navigation.tracking",
  "search.highlight", "toc.follow",
]

[[project.theme.palette]]
media = "(prefers-color-scheme: light)"
scheme = "default"
toggle.icon = "lucide/sun"
toggle.name = "Dark"

[[project.theme.palette]]
media = "(prefers-color-scheme: dark)"
scheme = "slate"
toggle.icon = "lucide/moon"
toggle.name = "Light"

[project.markdown_extensions]
attr_list = {}
tables = {}
toc.permalink = true
pymdownx.highlight.pygments_lang_class = true
pymdownx.inlinehilite = {}
pymdownx.superfences = {}
"""

STYLE = """\
.md-grid { max-width: 76rem; }
.md-typeset pre > code { font-size: 0.6rem; }
.md-typeset table:not([class]) td, .md-typeset table:not([class]) th { padding: 0.5em 0.8em; }
.md-typeset table:not([class]) code { white-space: normal; overflow-wrap: anywhere; }
.md-typeset img[src$=".svg"] { max-height: 70vh; border-radius: 4px; }
"""


def main(arguments: list[str]) -> int:
    """Write the pages, and build the site unless they alone are wanted."""
    folder = Path(arguments[1]) if arguments[:1] == ["--pages"] and len(arguments) > 1 else BUILD
    if folder == BUILD:
        shutil.rmtree(BUILD, ignore_errors=True)
    made = pages()
    for name, text in made.items():
        place = folder / "pages" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    (folder / "pages" / "site.css").write_text(STYLE, encoding="utf-8")
    (folder / "zensical.toml").write_text(settings(made), encoding="utf-8")
    pictures(folder / "pages" / "samples")
    if folder != BUILD:
        return 0
    try:
        import zensical  # noqa: F401
    except ImportError:
        print('the pages are in build/site/pages; for the site: pip install "nndsl[docs]"')
        return 1
    done = subprocess.run([sys.executable, "-m", "zensical", "build", "--clean"], cwd=folder, check=False)
    if done.returncode == 0:
        print("build/site/html/index.html")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
