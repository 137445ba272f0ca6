"""`nndsl summary`: the layers of a model."""

from __future__ import annotations

from nndsl.cli.options import File, FormatOption, ModelName, Set, parse_sets
from nndsl.cli.output import Format, data, data_json, say_problems


def summary(
    file: File,
    set_: Set = [],  # noqa: B006 (typer copies it)
    model: ModelName = None,
    format: FormatOption = Format.text,
) -> None:
    """Print the layers of a model with their output types and numbers of params."""
    from nndsl import driver
    from nndsl.summary import summary_data, summary_text
    from nndsl.syntax.load import load_source

    checked = driver.check_source(load_source(file), parse_sets(set_) or None, model)
    say_problems(checked.problems)
    if format is Format.json:
        data_json(summary_data(checked.model))
    else:
        data(summary_text(checked.model))
