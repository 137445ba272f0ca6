"""`nndsl compile`: machine code ahead of its first use."""

from __future__ import annotations

from typing import Annotated

import typer

from nndsl.cli.emit import Program
from nndsl.cli.options import File, FormatOption, ModelName, Set, Threads, parse_sets
from nndsl.cli.output import Format, data, data_json, say_problems


def compile(
    file: File,
    program: Annotated[
        list[Program] | None, typer.Option("--program", help="Only this program; may be given again for more.")
    ] = None,
    set_: Set = [],  # noqa: B006 (typer copies it)
    threads: Threads = None,
    model: ModelName = None,
    format: FormatOption = Format.text,
) -> None:
    """Compile a model's programs into the cache (for a container image, say), so that later runs start at once.

    Kernels that are there, from this model or another, are not compiled again. NNDSL_COMPILE_PROCESSES says how many
    processes may compile together, by default as many as there are cores.
    """
    from nndsl import driver
    from nndsl.files import cache_folder
    from nndsl.syntax.load import load_source

    checked = driver.check_source(load_source(file), parse_sets(set_) or None, model)
    say_problems(checked.problems)
    wanted = [p.value for p in program or list(Program)]
    if not checked.model.training.losses:
        wanted = [name for name in wanted if name == Program.predict]
    session = driver.open_session(checked, threads=threads)
    session.prepare(*wanted)
    if format is Format.json:
        rows = [{"program": r.program, "seconds": r.seconds, "from_cache": r.from_cache} for r in session.report]
        data_json({"cache": str(cache_folder()), "programs": rows})
        return
    for report in session.report:
        data(f"{report.program:<10}{report.seconds:8.2f} s  {'was there' if report.from_cache else 'compiled'}")
    data(f"cache     {cache_folder()}")
