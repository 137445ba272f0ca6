"""Two training steps of each sample, at small sizes: the generated program does what the reference engine does."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "kernels"))

from plain_python import PlainPython

from nndsl import driver
from nndsl.ir.graph import Graph
from nndsl.kernels.module import generate
from nndsl.passes import run
from nndsl.runtime.executable import Executable
from nndsl.runtime.session import Session
from nndsl.syntax.load import load_source
from nndsl.testing import made_up_rows

FOLDER = Path(__file__).parents[2] / "samples"
SMALL: dict[str, dict[str, object]] = {
    "autoencoder": {"code": 2, "hidden": 4},
    "cell": {"units": 3},
    "chars": {"length": 5, "width": 4, "heads": 2, "blocks": 1},
    "cnn": {},
    "compare": {"widths": [4, 3]},
    "convlstm": {"filters": 2, "steps": 2},
    "custom": {"hidden": 3},
    "diabetes": {"hidden": 4},
    "digits": {"hidden": 5},
    "experts": {"experts": 2, "hidden": 3},
    "gan": {"noise": 2, "filters": 2},
    "folders": {"width": 2, "classes": 3},
    "series": {"units": 2},
    "gru": {"vocabulary": 12, "width": 3, "units": 2},
    "imdb": {"vocabulary": 12, "hidden": 3},
    "imports": {"width": 4, "count": 1},
    "lstm": {"vocabulary": 12, "width": 3, "units": 2},
    "metrics": {"hidden": 3},
    "mixer": {"patch": 4, "width": 3, "blocks": 1},
    "mnist": {"hidden": 3},
    "newswires": {"vocabulary": 12, "hidden": 3},
    "ode": {"width": 3, "steps": 1},
    "optimizer": {"hidden": 4},
    "quantiles": {"hidden": 4},
    "residual": {"width": 3, "blocks": 1},
    "resnet": {"width": 2, "blocks": 1},
    "reuters": {"vocabulary": 12, "hidden": 3},
    "schedule": {"hidden": 4},
    "seq2seq": {"symbols": 4, "width": 3, "units": 4},
    "siamese": {"width": 4, "code_size": 2},
    "unet": {"filters": 2},
    "vae": {"code": 2, "hidden": 3},
    "vq": {"words": 5, "places": 2, "width": 2, "hidden": 4},
    "wine": {"hidden": 4},
}
OWN_RULE = ("custom", "optimizer", "schedule")
"""Those whose optimizer or schedule is their own. The others go down the plain gradient: Adam and its relatives make as
much of a gradient that is 0 but for rounding as of any other."""
CONVOLUTIONS = ("cnn", "convlstm", "gan", "resnet", "unet")
"""Those whose kernels are written in the code of the machine: they are compiled to be run."""
COMPILED = ("cell", *CONVOLUTIONS)
"""Those that are compiled: convolutions, and a scan besides. Compiling them all takes minutes."""


def stepped(name: str, build: Any) -> Session:
    """A session after two steps on rows that are made up: none below 0, since some samples take roots of them."""
    source = load_source(FOLDER / f"{name}.nn")
    if name not in OWN_RULE:
        source = replace(source, text=re.sub(r"optimizer +=(?! \[).*", "optimizer = SGD(0.1)", source.text))
    checked = driver.check_source(source, SMALL[name], "Bent" if name == "compare" else None)
    graphs = {program: partial(driver.graph_of, checked, program) for program in driver.PROGRAMS}
    session = Session(checked.model, checked.train.optimizer, build, graphs, "numba", 1, 1)
    for step in range(2):
        session.train_step({key: abs(rows) for key, rows in made_up_rows(checked.model, 3, step).items()})
    return session


def plain(graph: Graph) -> Executable:
    return PlainPython(generate(run(graph)), workers=2)


def same(found: Session, expected: Session) -> None:
    assert found.params.keys() == expected.params.keys()
    for name, value in (*expected.params.items(), *expected.states.items()):
        both = {**found.params, **found.states}
        np.testing.assert_allclose(both[name], value, rtol=1e-3, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("name", sorted(SMALL.keys() - {*CONVOLUTIONS, "folders"}))
def test_the_generated_program_does_what_the_reference_does(name: str) -> None:
    same(stepped(name, plain), stepped(name, driver.builder("numpy", 1, optimize=False)))


@pytest.mark.parametrize("name", COMPILED)
def test_so_does_the_compiled_one(name: str) -> None:
    same(stepped(name, driver.builder("numba", 2)), stepped(name, driver.builder("numpy", 1, optimize=False)))


def test_every_model_is_covered() -> None:
    models = {path.stem for path in FOLDER.glob("*.nn") if "\nmodel " in path.read_text(encoding="utf-8")}
    assert models == set(SMALL)
