"""A model with the weights of a run: what `evaluate` and `predict` begin with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nndsl.cli.output import say_problems, usage

if TYPE_CHECKING:
    from nndsl.model import Model


def open_trained(
    file: Path,
    run: Path | None,
    weights: Path | None,
    sets: dict[str, object],
    model: str | None,
    threads: int | None,
    engine: str,
) -> Model:
    """The model of `file` with the best weights of a run folder, or with a weights file.

    A run brings its own `--set` values; those given now stand above them. Raises NndslError for all that does not fit
    (NN607, NN608, NN613); ends with exit code 2 unless exactly one of run and weights is given.
    """
    if (run is None) == (weights is None):
        raise usage("give one of --run DIR and --weights FILE", "--run / --weights")
    from nndsl import driver
    from nndsl.model import Model
    from nndsl.syntax.load import load_source
    from nndsl.training.run_folder import RunFolder

    if run is not None:
        folder = RunFolder(run)
        saved = folder.settings()
        kept = saved.get("set")
        sets = {**(kept if isinstance(kept, dict) else {}), **sets}
        name = saved.get("model")
        model = model or (name if isinstance(name, str) else None)
        weights = folder.weights()
    checked = driver.check_source(load_source(file), sets or None, model)
    say_problems(checked.problems)
    opened = Model(checked, file.parent, engine, None, threads)
    if weights is not None:
        opened.load_weights(weights)
    return opened
