"""The examples on the pages of `nndsl explain`: what they show is run.

A page is a docstring with indented blocks. The first block has the mistake, the last one is mended. A block is text of
a `.nn` file, or of the body of a model or of a `train` section; with lines `>>> …` behind it, which are Python, and
`$ nndsl …`, which are commands. A line `# name.nn` or `# name.csv` starts another file.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import shlex
import sys
import textwrap
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from typer.testing import CliRunner

import nndsl
from nndsl.cli.app import app
from nndsl.diagnostics import NndslError, Problem
from nndsl.driver import check_source, problems_of
from nndsl.syntax.load import load_source

BLOCK = re.compile(r"(?:^    .*\n|^\n(?=\n*    ))+", re.MULTILINE)
FILE = re.compile(r"# ([\w/-]+\.(?:nn|csv|txt))")
SAID = re.compile(r"^(error|warning)\[(NN\d{3})\]", re.MULTILINE)
ARCHIVES: dict[str, dict[str, Any]] = {
    "small.keras": {"class_name": "ReLU", "config": {"name": "relu"}},
    "half.keras": {"class_name": "ReLU", "config": {"name": "relu", "dtype": "mixed_float16"}},
    "lambda.keras": {"class_name": "Lambda", "config": {"name": "twice"}},
}
ROWS = {"train": 100, "test": 20}

PORTS = """\
  input x: f32[batch, 8]
  input image: f32[batch, 28, 28]
  input words: index<100>[batch, time]
  target label: index<3>[batch]
  target y: f32[batch]
"""
BLOCKS = """\
## Adds to its input what two layers make of it.
layer Residual(units: int)(x: f32[..., n]) -> f32[..., n] {
  return x + (x |> Dense(units, activation=relu) |> Dense(n))
}
"""
SMALL = """\
## A small network, for examples that are about something else.
model Small(units: int = 16) {
  input  x: f32[batch, 8]
  target label: index<3>[batch]
  logits = x |> Dense(units, activation=relu) |> Dense(3)
  output p = softmax(logits)
  loss   sparse_categorical_crossentropy(label, logits)
  metric accuracy(label, p)
}
"""


def examples(page: str) -> list[str]:
    """The indented blocks of a page, in order."""
    return [textwrap.dedent(found[0]).strip("\n") + "\n" for found in BLOCK.finditer(page + "\n")]


@dataclass
class Example:
    """One block: its files by name, what was written before any of them, and the lines that run."""

    text: str = ""
    files: dict[str, str] = field(default_factory=dict)
    python: str = ""
    commands: list[str] = field(default_factory=list)

    @property
    def runs(self) -> bool:
        return bool(self.python or self.commands)


def read(block: str) -> Example:
    """A block in its parts."""
    out, name = Example(), ""
    for line in block.splitlines(keepends=True):
        if marker := FILE.fullmatch(line.strip()):
            name = marker[1]
            out.files[name] = ""
        elif line.startswith("$ "):
            out.commands.append(line[2:].strip())
        elif line.startswith((">>> ", "... ")) or line.strip() in (">>>", "..."):
            out.python += line[4:] if len(line) > 4 else "\n"
        elif name:
            out.files[name] += line
        else:
            out.text += line
    return out


# --- the contexts that a few lines can stand in -----------------------------------------------------------------


def in_body(text: str) -> str:
    """Lines of a model, with inputs if they declare none, and with an output if they have none."""
    declared = re.findall(r"^\s*(?:input|target)\s+(\w+)", text, re.MULTILINE)
    first = next(iter(re.findall(r"^\s*input\s+(\w+)", text, re.MULTILINE)), "x")
    out = "" if re.search(r"^\s*output\b", text, re.MULTILINE) else f"  output result = {first}\n"
    return f"model Example() {{\n{'' if declared else PORTS}{textwrap.indent(text, '  ')}{out}}}\n"


def in_train(text: str) -> str:
    """Lines of a train section."""
    return f"{SMALL}\ntrain Small {{\n{textwrap.indent(text, '  ')}}}\n"


def behind_a_model(text: str) -> str:
    """Sections of a file, with the model they are about."""
    return f"{SMALL}\n{text}"


CONTEXTS: tuple[Callable[[str], str], ...] = (str, in_body, in_train, behind_a_model)


# --- carrying out -----------------------------------------------------------------------------------------------


def carried_out(block: str, context: Callable[[str], str], folder: Path) -> str:
    """What nndsl says to an example, as text. Its files stay in the folder."""
    example = read(block)
    prepare(folder)
    for name, text in example.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    if example.text.strip():
        (folder / "m.nn").write_text(context(example.text), encoding="utf-8")
    elif not (folder / "m.nn").exists():
        (folder / "m.nn").write_text(SMALL, encoding="utf-8")
    if not example.runs:
        first = "m.nn" if example.text.strip() else next(iter(example.files))
        return "\n\n".join(map(str, _checked(folder / first)))
    with contextlib.chdir(folder):
        told = [_command(command) for command in example.commands]
        return "\n".join([*told, _python(example.python)] if example.python else told)


def prepare(folder: Path) -> None:
    """The files that every example finds: `blocks.nn` to import, `small.nn` with arrays for it, a folder `data`, and
    archives of Keras."""
    (folder / "blocks.nn").write_text(BLOCKS, encoding="utf-8")
    (folder / "small.nn").write_text(SMALL, encoding="utf-8")
    (folder / "data").mkdir()
    for name, layer in ARCHIVES.items():
        (folder / name).write_bytes(_archive(layer))
    for place in (folder, folder / "data"):
        (place / "small.npz").write_bytes(_arrays())


def _archive(layer: dict[str, Any]) -> bytes:
    """An archive as Keras writes it, of a model that has one layer and no weights."""
    start = {"class_name": "InputLayer", "config": {"batch_shape": [None, 8], "name": "x"}}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        config = {"class_name": "Sequential", "config": {"name": "small", "layers": [start, layer]}}
        archive.writestr("config.json", json.dumps(config))
    return out.getvalue()


@cache
def _arrays() -> bytes:
    draw, out = np.random.default_rng(0), io.BytesIO()
    arrays = {}
    for part, rows in ROWS.items():
        arrays |= {f"x_{part}": draw.normal(size=(rows, 8)), f"y_{part}": draw.integers(0, 3, rows)}
    np.savez(out, **arrays)
    return out.getvalue()


def _checked(path: Path) -> tuple[Problem, ...]:
    try:
        return problems_of(load_source(path, path.name))
    except NndslError as error:
        return error.problems


def _command(command: str) -> str:
    words = shlex.split(command)[1:]
    if words[0] in ("train", "evaluate", "predict"):
        words += ["--engine", "numpy"]
    result = CliRunner().invoke(app, words)
    return result.stdout + result.stderr


def _python(text: str) -> str:
    said, modules = io.StringIO(), dict(sys.modules)
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
        try:
            exec(compile(text, "example", "exec"), dict(names(text)))
        except NndslError as error:
            print(error)
        finally:
            for name in [name for name, module in sys.modules.items() if module is None]:
                del sys.modules[name]  # "as if it were not there"
                sys.modules |= {name: modules[name]} if name in modules else {}
    return said.getvalue()


def names(text: str) -> Iterator[tuple[str, Any]]:
    """What Python lines may use: `nndsl`, `np`, `model` of `m.nn`, and arrays that fit it."""
    yield from {"nndsl": nndsl, "np": np, "sys": sys, "zipfile": zipfile, "Path": Path}.items()
    if not re.search(r"\bmodel\b|_train\b|_test\b", text):
        return
    checked = check_source(load_source(Path("m.nn")))
    if re.search(r"\bmodel\b", text) and not re.search(r"^model =", text, re.MULTILINE):
        yield "model", nndsl.load("m.nn", engine="numpy", seed=1)
    for part, rows in ROWS.items():
        for role, ports in (("x", checked.model.inputs), ("y", checked.model.targets)):
            yield f"{role}_{part}", made(ports[0].type, rows) if ports else None


def made(type_: Any, rows: int) -> Any:
    """An array of a declared type; sizes that the data brings are 5, but for the rows."""
    shape = [size if isinstance(size, int) else 5 for size in type_.shape]
    shape[0] = rows
    draw = np.random.default_rng(0)
    kind = type_.kind.name if type_.kind is not None else ""
    match kind:
        case "index":
            return draw.integers(0, type_.kind.count, shape)
        case "binary":
            return draw.integers(0, 2, shape)
        case "onehot":
            return np.eye(shape[-1])[draw.integers(0, shape[-1], shape[:-1])]
        case "prob":
            return draw.uniform(size=shape)
    return draw.normal(size=shape)


def codes(said: str, severity: str = "error") -> set[str]:
    """The codes in what nndsl says."""
    return {code for how, code in SAID.findall(said) if how == severity}
