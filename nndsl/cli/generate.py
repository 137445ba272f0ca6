"""`nndsl generate`: a language model goes on with a text."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from nndsl.cli.options import (
    Engine,
    EngineOption,
    File,
    FormatOption,
    ModelName,
    Run,
    Set,
    Threads,
    Weights,
    parse_sets,
)
from nndsl.cli.output import Format, data, data_json, flush, usage
from nndsl.cli.trained import open_trained

MAX_PROMPT = 1 << 20


def generate(
    file: File,
    run: Run = None,
    weights: Weights = None,
    prompt: Annotated[
        str | None, typer.Option("--prompt", "-p", metavar="TEXT", help="What to go on with; else standard input.")
    ] = None,
    length: Annotated[int, typer.Option("--length", "-n", min=0, metavar="N", help="How many tokens to add.")] = 200,
    temperature: Annotated[
        float, typer.Option("--temperature", min=0.0, metavar="T", help="0 takes the likeliest; above 1 dares more.")
    ] = 1.0,
    top_k: Annotated[
        int | None, typer.Option("--top-k", min=1, metavar="K", help="Choose among the K likeliest only.")
    ] = None,
    top_p: Annotated[
        float | None, typer.Option("--top-p", metavar="P", help="Choose among the likeliest that make up P together.")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, metavar="N", help="Where random numbers start.")] = None,
    stop: Annotated[str | None, typer.Option("--stop", metavar="TEXT", help="End before this text.")] = None,
    vocabulary: Annotated[
        Path | None,
        typer.Option(
            "--vocabulary", metavar="FILE", help="A .json list of texts, or a file with one in each line."
        ),
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", metavar="NAME", help="Which output scores the next token.")
    ] = None,
    set_: Set = [],  # noqa: B006 (typer copies it)
    model: ModelName = None,
    threads: Threads = None,
    engine: EngineOption = Engine.numba,
    format: FormatOption = Format.text,
) -> None:
    """Go on with a text, token by token, as the weights of a run folder (--run) or a file (--weights) have learnt it.

    Where nothing says which texts the numbers of the model stand for, the prompt is a list of numbers.
    """
    given = prompt if prompt is not None else _standard_input()
    opened = open_trained(file, run, weights, parse_sets(set_), model, threads, engine.value)
    if vocabulary is not None:
        opened.vocabulary = _tokens(vocabulary)
    from nndsl.generation.asking import answer, asked, stream, vocabulary_of_model

    wanted = asked(length, temperature, top_k, top_p, seed, stop, True)
    writer = opened.writer(output)
    numbers = None if vocabulary_of_model(writer, opened.vocabulary) is not None else _numbers(given)
    if numbers is not None:
        found: Any = answer(writer, numbers, None, wanted)
        added = found[len(numbers) :].tolist()
        if format is Format.json:
            data_json({"prompt": numbers, "added": added})
        else:
            data(" ".join(map(str, [*numbers, *added])))
        return
    pieces = stream(writer, given, opened.vocabulary, wanted)
    if format is Format.json:
        data_json({"prompt": given, "added": "".join(pieces)})
        return
    for piece in itertools.chain([given], pieces):
        if piece and sys.stdout is not None:
            sys.stdout.write(piece)  # as it comes
            flush()
    data("\n")


def _numbers(text: str) -> list[int] | None:
    """A prompt of numbers, or None where it is none."""
    try:
        return [int(word) for word in text.replace(",", " ").split()]
    except ValueError:
        return None


def _standard_input() -> str:
    if sys.stdin is None or sys.stdin.isatty():
        raise usage("give the text to go on with, or feed it to standard input", "--prompt")
    return sys.stdin.read(MAX_PROMPT).removesuffix("\n")


def _tokens(path: Path) -> Sequence[str]:
    """The vocabulary in a file. Ends with exit code 2 where it cannot be read."""
    try:
        text = path.read_text("utf-8")
        found = json.loads(text) if path.suffix.lower() == ".json" else text.removesuffix("\n").split("\n")
    except (OSError, ValueError, RecursionError) as fault:
        reason = getattr(fault, "strerror", None) or str(fault).splitlines()[0]
        raise usage(f"{path} cannot be read ({reason.lower()})", "--vocabulary") from None
    if isinstance(found, str) or (isinstance(found, list) and all(isinstance(token, str) for token in found)):
        return found
    raise usage(f"{path} holds no list of texts", "--vocabulary")
