"""`nndsl profile`: where the time of a program goes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nndsl.cli.emit import Program
from nndsl.cli.options import File, FormatOption, ModelName, Set, Threads, parse_sets
from nndsl.cli.output import Format, data, data_json, say, say_problems, usage


def profile(
    file: File,
    program: Annotated[Program, typer.Option("--program", help="The program to run.")] = Program.train,
    batch: Annotated[int | None, typer.Option("--batch", min=1, metavar="N", help="Rows of a batch.")] = None,
    size: Annotated[
        list[str], typer.Option("--size", metavar="NAME=N", help="The size of another dim that data fixes.")
    ] = [],  # noqa: B006 (typer copies it)
    runs: Annotated[int, typer.Option("--runs", min=1, metavar="N", help="How many runs to measure.")] = 50,
    svg: Annotated[Path | None, typer.Option("--svg", metavar="FILE", help="Draw a picture as well.")] = None,
    threads: Threads = None,
    set_: Set = [],  # noqa: B006 (typer copies it)
    model: ModelName = None,
    format: FormatOption = Format.text,
) -> None:
    """Measure each kernel on made-up data: time, multiply-adds, bytes and share of the machine's peak."""
    from nndsl import driver
    from nndsl.files import write_atomic
    from nndsl.profile import by_line, profile_svg, profile_text
    from nndsl.syntax.load import load_source

    checked = driver.check_source(load_source(file), parse_sets(set_) or None, model)
    say_problems(checked.problems)
    sizes = _sizes(size)
    known = driver.symbolic_sizes(checked.model)
    for name in sizes:
        if name not in known:
            raise usage(f"the model has no size {name}; it has {', '.join(known) or 'none'}", "--size")
    found, peak = driver.profile(checked, program.value, batch, sizes, threads, runs)
    if svg is not None:
        write_atomic(svg, profile_svg(found).encode())
        say(f"wrote {svg}")
    if format is Format.text:
        data(profile_text(found, peak))
        return
    kernels = [
        {"kernel": k.region.name, "calls": k.calls, "seconds": k.seconds, "multiply_adds": k.multiply_adds,
         "bytes": k.bytes}
        for k in found.kernels
    ]  # fmt: skip
    lines = [{"file": n.source, "line": n.line, "seconds": n.seconds} for n in by_line(found)]
    data_json({"seconds": found.seconds, "sizes": dict(found.sizes), "threads": found.threads, "kernels": kernels,
               "lines": lines, "peak_multiply_adds_per_second": peak})  # fmt: skip


def _sizes(pairs: list[str]) -> dict[str, int]:
    """`["time=100"]` as names and sizes. Ends with exit code 2 on what is none."""
    out: dict[str, int] = {}
    for text in pairs:
        name, _, number = text.partition("=")
        if not number.isdigit() or int(number) < 1:
            raise usage(f"{text!r} is not of the form NAME=N", "--size")
        out[name.strip()] = int(number)
    return out
