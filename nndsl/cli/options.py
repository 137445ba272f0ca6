"""Arguments and options that several verbs share."""

from __future__ import annotations

import json
import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from nndsl.cli.output import Format, usage

_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_INT = re.compile(r"[+-]?\d+(_\d+)*")
_WORDS: dict[str, object] = {"true": True, "false": False, "none": None}


class Engine(StrEnum):
    """Which engine runs the model."""

    numba = "numba"
    numpy = "numpy"


File = Annotated[Path, typer.Argument(metavar="FILE", help="The .nn file.", show_default=False)]
Set = Annotated[
    list[str],
    typer.Option("--set", metavar="NAME=VALUE", help="Override a parameter of the model, or train.SETTING."),
]
ModelName = Annotated[str | None, typer.Option("--model", metavar="NAME", help="Which model of the file.")]
Data = Annotated[
    Path | None, typer.Option("--data", metavar="PATH", help="A data file, or a folder of them, to use instead.")
]
Threads = Annotated[int | None, typer.Option("--threads", min=1, metavar="N", help="Threads to compute with.")]
EngineOption = Annotated[Engine, typer.Option("--engine", help="numba compiles; numpy is the slow reference.")]
FormatOption = Annotated[Format, typer.Option("--format", help="How to print.")]
Run = Annotated[Path | None, typer.Option("--run", metavar="DIR", help="The folder that a training left.")]
Weights = Annotated[Path | None, typer.Option("--weights", metavar="FILE", help="A weights file (safetensors).")]


def parse_sets(pairs: list[str]) -> dict[str, object]:
    """`["hidden=64", "train.epochs=3"]` as names and values. Ends with exit code 2 on what is no NAME=VALUE."""
    out: dict[str, object] = {}
    for text in pairs:
        name, equals, value = text.partition("=")
        name = name.strip()
        if not equals or not _NAME.fullmatch(name):
            raise usage(f"{text!r} is not of the form NAME=VALUE", "--set")
        if name in out:
            raise usage(f"{name} is given twice", "--set")
        out[name] = parse_value(value.strip())
    return out


def parse_value(text: str) -> object:
    """A value as the `.nn` file would have it: int, float, true, false, none, a list, a quoted string; else text."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text) if len(text) < 4000 else text
    try:
        return float(text)
    except ValueError:
        pass
    if text[:1] == "(" and text[-1:] == ")" and "," in text:
        text = f"[{text[1:-1]}]"  # a pair
    if text[:1] in ("[", '"'):
        try:
            return json.loads(text, parse_constant=_refuse)
        except (ValueError, RecursionError):
            pass
    if len(text) >= 2 and text[0] == text[-1] == "'":
        return text[1:-1]
    return text


def _refuse(word: str) -> Any:
    raise ValueError(word)
