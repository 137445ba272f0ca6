"""Write the reference pages that are made from the code: docs/errors.md, docs/ops.md, docs/library.md.

`python tools/make_docs.py` writes them, `make docs` calls it; tests/docs holds them against `PAGES`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path

from nndsl.check.builtins import BUILTINS
from nndsl.diagnostics import Problem, Source
from nndsl.ops.op import Op
from nndsl.ops.table import OPS
from nndsl.problems import catalogue
from nndsl.syntax import ast
from nndsl.syntax.parse import parse

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
LIBRARY = ROOT / "nndsl" / "library"
FAMILIES = {
    "0": "Syntax and reading",
    "1": "Names",
    "2": "Shapes and dtypes",
    "3": "Value kinds",
    "4": "Lints (warnings)",
    "5": "Data",
    "6": "Training and files",
    "7": "Other formats",
    "9": "Limits",
}
ROOMS = {
    "layers": "Layers",
    "convolution": "Convolution",
    "pooling": "Pooling",
    "images": "Images: other sizes",
    "preprocessing": "Preprocessing",
    "sequences": "Sequences",
    "attention": "Attention",
    "transformers": "Transformers",
    "normalization": "Normalization",
    "regularization": "Regularization",
    "merging": "Merging and shaping",
    "activations": "Activations",
    "losses": "Losses",
    "metrics": "Metrics",
    "optimizers": "Optimizers",
    "schedules": "Schedules",
    "initializers": "Initializers",
    "penalties": "Penalties",
    "constraints": "Constraints",
    "clipping": "Gradient clipping",
}


# --- errors.md -------------------------------------------------------------------------------------------


def errors_page() -> str:
    """Every code with its page, by family."""
    out = ["# Error codes", "", f"{_made('the Problem classes')} `nndsl explain CODE` prints one page.", ""]
    known = sorted(catalogue().items())
    for digit, title in FAMILIES.items():
        members = [(code, kind) for code, kind in known if code[2] == digit]
        if members:
            out += [f"## NN{digit}xx: {title}", ""]
            for code, kind in members:
                out += _error(code, kind)
    return _text(out)


def _error(code: str, kind: type[Problem]) -> list[str]:
    mark = " (warning)" if kind.severity == "warning" else ""
    return [f"### {code}: {kind.title}{mark}", "", *_fenced(inspect.getdoc(kind) or ""), ""]


def _fenced(page: str) -> list[str]:
    """The page with its indented examples in fences, which GitHub and editors render."""
    out: list[str] = []
    block: list[str] = []

    def close() -> None:
        while block and not block[-1]:
            block.pop()
        if block:
            out.extend(["```text", *(line[4:] for line in block), "```", ""])
            block.clear()

    for line in page.splitlines():
        if line.startswith("    ") or (block and not line.strip()):
            block.append(line)
        else:
            close()
            out.append(line)
    close()
    while out and not out[-1]:
        out.pop()
    return out


# --- ops.md ----------------------------------------------------------------------------------------------


def ops_page() -> str:
    """Every op and every function that `.nn` code can call without defining it."""
    out = ["# Functions", "", f"{_made('the table of ops and of builtin functions')} Options have their defaults; "
           "`axis` counts from the end where it is negative.", ""]  # fmt: skip
    out += ["## Functions of the language", "", "| call | meaning |", "|---|---|"]
    out += [f"| `{_cell(b.signature)}` | {_cell(b.doc)} |" for _, b in sorted(BUILTINS.items())]
    out += ["", "## Primitive ops", "",
            "What the graph of a program is made of (`nndsl emit FILE --stage graph` prints one). Most have a "
            "function or an operator of the same name above; those marked *inner* are made by the compiler.", "",
            "| op | meaning | gradient |", "|---|---|---|"]  # fmt: skip
    out += [_op(op) for _, op in sorted(OPS.items())]
    return _text(out)


def _op(op: Op) -> str:
    inner = " *inner*" if op.hidden else ""
    return f"| `{_cell(op.signature)}`{inner} | {_cell(op.doc)} | {'yes' if op.differentiable else 'none'} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


# --- library.md ------------------------------------------------------------------------------------------


def library_page() -> str:
    """Every definition of the standard library with its doc comment, in the order of the files."""
    out = ["# Standard library", "", f"{_made('the doc comments of `nndsl/library/*.nn`')} Each definition is `.nn` "
           "source like yours; `softmax`, `sigmoid`, `tanh` and their like are in [ops.md](ops.md).", ""]  # fmt: skip
    for stem in sorted(p.stem for p in LIBRARY.glob("*.nn") if p.stem not in ROOMS):
        raise SystemExit(f"tools/make_docs.py: say in ROOMS where {stem}.nn goes")
    for stem, title in ROOMS.items():
        path = LIBRARY / f"{stem}.nn"
        source = Source(path.name, path.read_text(encoding="utf-8"))
        file, problems = parse(source)
        if problems:
            raise SystemExit(str(problems[0]))
        out += [f"## {title}", ""]
        for item in file.items:
            if isinstance(item, ast.Definition | ast.Alias) and not item.private:
                out += [f"### {item.name}", "", "```text", _signature(source, item), "```", "", item.doc, ""]
    return _text(out)


def _signature(source: Source, item: ast.Definition | ast.Alias) -> str:
    """The head of a definition, up to its brace, on one line; the whole line of a second name."""
    if isinstance(item, ast.Alias):
        return item.span.text
    before = source.text[item.name_span.start : item.body[0].span.start]
    head = " ".join(before[: before.rindex("{")].split())
    return f"{item.role} {head.replace(') (', ')(')}"


# --- all -------------------------------------------------------------------------------------------------


def _made(what: str) -> str:
    return f"Made from {what} by `make docs`; do not edit."


def _text(lines: list[str]) -> str:
    return "\n".join(lines).rstrip() + "\n"


PAGES: dict[str, Callable[[], str]] = {"errors.md": errors_page, "ops.md": ops_page, "library.md": library_page}


def main() -> None:
    """Write all pages."""
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")
        print(f"docs/{name}")


if __name__ == "__main__":
    main()
