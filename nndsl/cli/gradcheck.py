"""`nndsl gradcheck`: gradients against finite differences."""

from __future__ import annotations

import math
from typing import Annotated

import typer

from nndsl.cli.options import File, FormatOption, ModelName, Set, parse_sets
from nndsl.cli.output import FINDINGS, Format, data, data_json, say, say_problems, stop

TOLERANCE = 1e-5


def gradcheck(
    file: File,
    seed: Annotated[int, typer.Option("--seed", min=0, metavar="N", help="Seed of params and inputs.")] = 0,
    tolerance: Annotated[float, typer.Option("--tolerance", help="Largest relative error that passes.")] = TOLERANCE,
    set_: Set = [],  # noqa: B006 (typer copies it)
    model: ModelName = None,
    format: FormatOption = Format.text,
) -> None:
    """Compare each param's gradient with finite differences, in f64. Exit code 1 where one is off."""
    from nndsl import driver
    from nndsl.syntax.load import load_source

    checked = driver.check_source(load_source(file), parse_sets(set_) or None, model)
    say_problems(checked.problems)
    errors = list(driver.gradcheck(checked, seed))
    bad = [name for name, error in errors if not (math.isfinite(error) and error <= tolerance)]
    if format is Format.json:
        data_json([{"param": name, "relative_error": error, "ok": name not in bad} for name, error in errors])
    else:
        width = max((len(name) for name, _ in errors), default=0)
        data("\n".join(f"{name:<{width}}  {error:.1e}  {'WRONG' if name in bad else 'ok'}" for name, error in errors))
    say(f"{len(bad)} of {len(errors)} gradients are wrong" if bad else f"ok: {len(errors)} gradients")
    if bad:
        raise stop(FINDINGS)
