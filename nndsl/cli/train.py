"""`nndsl train`: train a model and leave a run folder."""

from __future__ import annotations

import platform
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nndsl.cli.options import Data, Engine, EngineOption, File, FormatOption, ModelName, Set, Threads, parse_sets
from nndsl.cli.output import INTERRUPTED, Format, data, data_json, say, say_problems, stop

if TYPE_CHECKING:
    from nndsl.model import Model
    from nndsl.training.callbacks import Callback
    from nndsl.training.run_folder import RunFolder, RunRecorder


def train(
    file: File,
    data_: Data = None,
    set_: Set = [],  # noqa: B006 (typer copies it)
    run: Annotated[
        Path | None,
        typer.Option("--run", metavar="DIR", help="The folder to leave, by default runs/MODEL-DATE-TIME."),
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, metavar="N", help="The same seed, the same run.")] = None,
    threads: Threads = None,
    engine: EngineOption = Engine.numba,
    model: ModelName = None,
    plot: Annotated[
        bool, typer.Option("--plot", help="Watch the curves in the browser, drawn anew as training goes on.")
    ] = False,
    tensorboard: Annotated[
        Path | None, typer.Option("--tensorboard", metavar="DIR", help="Write logs for TensorBoard into a folder.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
    format: FormatOption = Format.text,
) -> None:
    """Train a model as its train section says, and leave a run folder.

    The folder holds model.nn with the files it imports, settings.json, history.csv, best.safetensors, last.safetensors
    and curves.svg. Where the section has `test`, its loss and metrics with the best weights are printed at the end.
    Ctrl-C ends the training and leaves the folder whole.
    """
    from nndsl import driver
    from nndsl.model import Model
    from nndsl.syntax.load import load_source
    from nndsl.training.run_folder import RunFolder, RunRecorder
    from nndsl.training.sources import DataPlace

    sets = parse_sets(set_)
    source = load_source(file)
    checked = driver.check_source(source, sets or None, model)
    say_problems(checked.problems)
    folder = RunFolder.free(run) if run else RunFolder.dated(Path("runs"), checked.model.name.lower())
    trained = Model(checked, file.parent, engine.value, seed, threads)
    trained.feeding.place = DataPlace(file.parent, data_)
    recorder = RunRecorder(folder, trained.session, trained.name, trained.consts)
    watchers = _watchers(folder, trained.name, plot, tensorboard)
    settings = _settings(trained, file, data_, sets)
    begin = partial(folder.begin, source.text, settings, checked.imported, file.name)
    interrupted = _fit(trained, folder, [*watchers, recorder], begin, quiet)
    if trained.history is not None:
        recorder.finish(trained.history)
    if folder.path.is_dir():
        say(f"{'interrupted; ' if interrupted else ''}run folder: {folder.path}")
    elif interrupted:
        say("interrupted before the first epoch; nothing was written")
    if interrupted:
        raise stop(INTERRUPTED)
    if checked.train.test is not None:
        _print_test(trained, folder, recorder, format)


def _fit(
    model: Model,
    folder: RunFolder,
    watchers: Sequence[Callback],
    begin: Callable[[], None],
    quiet: bool,
) -> bool:
    """Train into the folder; whether Ctrl-C ended it."""
    from nndsl.training.callbacks import LambdaCallback, build_callbacks
    from nndsl.training.progress import make_display

    # The folder is made when training begins: data that does not fit leaves no empty folder behind.
    opener = LambdaCallback(on_train_begin=lambda logs: begin())
    named = build_callbacks(model.checked.train.callbacks, folder.path)
    display = make_display(0 if quiet else 1, sys.stderr)
    try:
        model.fit(callbacks=[opener, *named, *watchers], verbose=display)
    except KeyboardInterrupt:
        return True
    return False


def _watchers(folder: RunFolder, name: str, plot: bool, tensorboard: Path | None) -> list[Callback]:
    """What shows the curves as training goes on. Raises NndslError (NN616)."""
    from nndsl.training.callbacks import LambdaCallback, TensorBoard

    found: list[Callback] = [] if tensorboard is None else [TensorBoard(tensorboard)]
    if plot:
        found.append(LambdaCallback(on_train_begin=lambda logs: _show_curves(folder, name)))
    return found


def _show_curves(folder: RunFolder, name: str) -> None:
    """Open the page that shows the curves; where there is no browser, say where it is."""
    import webbrowser

    page = folder.watch(name)
    if not webbrowser.open(page.absolute().as_uri()):
        say(f"curves: {page}")


def _settings(model: Model, file: Path, data_: Path | None, sets: dict[str, object]) -> dict[str, object]:
    """What settings.json keeps, so that the run can be understood and done again."""
    import numpy

    from nndsl import __version__

    spec = model.checked.train
    names = ("epochs", "batch_size", "shuffle", "validation_split")
    return {
        "model": model.name,
        "file": str(file),
        "data": None if data_ is None else str(data_),
        "set": sets,
        "consts": {name: _plain(value) for name, value in model.consts.items()},
        "train": {name: getattr(spec, name) for name in names},
        "optimizer": spec.optimizer.name,
        "seed": model.seed,
        "engine": model.session.engine,
        "threads": model.session.threads,
        "versions": {"nndsl": __version__, "python": platform.python_version(), "numpy": numpy.__version__,
                     **_numba_version()},
        "machine": platform.machine(),
        "command": ["nndsl", *sys.argv[1:]],
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }  # fmt: skip


def _numba_version() -> dict[str, str]:
    numba = sys.modules.get("numba")
    return {"numba": str(getattr(numba, "__version__", ""))} if numba is not None else {}


def _plain(value: object) -> object:
    return value if isinstance(value, int | float | str | bool | list | None) else str(value)


def _print_test(model: Model, folder: RunFolder, recorder: RunRecorder, format: Format) -> None:
    """Loss and metrics of the test data, with the best weights (the last, where no loss was a number)."""
    which = "last weights"
    if recorder.best_epoch is not None:
        model.load_weights(folder.weights())
        which = f"weights of epoch {recorder.best_epoch + 1}"
    say(f"test, {which}:")
    print_values(model.evaluate(), format)


def print_values(values: dict[str, float], format: Format) -> None:
    """Loss and metrics on standard output."""
    from nndsl.training.progress import number_text

    if format is Format.json:
        data_json(values)
    else:
        width = max((len(name) for name in values), default=0)
        data("\n".join(f"{name:<{width}}  {number_text(value)}" for name, value in values.items()))
