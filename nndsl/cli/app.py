"""The verbs of the command `nndsl`, each a function in a file of its own; what is heavy they import when they run."""

from __future__ import annotations

from typing import Annotated

import typer

from nndsl import __version__
from nndsl.cli import output
from nndsl.cli.check import check
from nndsl.cli.compile import compile
from nndsl.cli.diff import diff
from nndsl.cli.doctor import doctor
from nndsl.cli.emit import emit
from nndsl.cli.evaluate import evaluate
from nndsl.cli.explain import explain
from nndsl.cli.export import export
from nndsl.cli.fmt import fmt
from nndsl.cli.generate import generate
from nndsl.cli.gradcheck import gradcheck
from nndsl.cli.graph import graph
from nndsl.cli.import_ import import_
from nndsl.cli.lsp import lsp
from nndsl.cli.new import new
from nndsl.cli.predict import predict
from nndsl.cli.profile import profile
from nndsl.cli.summary import summary
from nndsl.cli.test import test
from nndsl.cli.train import train

VERBS = (
    check, fmt, test, train, evaluate, predict, generate, summary, graph,
    export, import_, diff, emit, compile, profile, explain, gradcheck, new, lsp, doctor,
)  # fmt: skip

# No markup mode and no pretty exceptions: both would import rich, which takes longer than a check.
app = typer.Typer(
    name="nndsl",
    help="A compiler for neural networks: .nn files in, trained models out.",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for verb in VERBS:
    app.command(verb.__name__.rstrip("_"))(output.guarded(verb))


def _version(wanted: bool) -> None:
    if wanted:
        output.data(f"nndsl {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """A compiler for neural networks: .nn files in, trained models out."""
