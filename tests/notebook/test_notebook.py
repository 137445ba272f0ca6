"""What a notebook sees: `%%nn`, Problems in colours, models that draw themselves, curves while training runs."""

from __future__ import annotations

import re
import sys
import types
from xml.etree import ElementTree

import pytest

import nndsl
from nndsl.diagnostics import NndslError
from nndsl.notebook import load_ipython_extension
from nndsl.notebook.colored import problem_lines
from nndsl.notebook.magic import read_line
from nndsl.training.curves import curves_svg
from nndsl.training.live import Live

TEXT = """model Small(hidden: int = 4) {
  input x: f32[batch, 3]
  target y: f32[batch, 2]
  output p = x |> Dense(hidden, activation=tanh) |> Dense(2)
  loss mse(y, p)
}
"""


class Shell:
    """As much of IPython's shell as the extension uses."""

    def __init__(self) -> None:
        self.user_ns: dict[str, object] = {}
        self.shown: list[list[str]] = []

    def set_custom_exc(self, kinds, show):
        self.show = show

    def register_magic_function(self, function, kind, name):
        assert (kind, name) == ("cell", "nn")
        self.magic = function

    def _showtraceback(self, kind, error, lines):
        self.shown.append(lines)


@pytest.fixture
def shell() -> Shell:
    shell = Shell()
    load_ipython_extension(shell)
    return shell


def test_a_cell_becomes_a_model_with_a_name_and_consts(shell):
    model = shell.magic("net --set hidden=5 --seed 3", TEXT)
    assert shell.user_ns == {"net": model}
    assert (model.consts["hidden"], model.seed) == (5, 3)
    assert "small" in (shell.magic("", TEXT), shell.user_ns)[1]


@pytest.mark.parametrize("line", ["two names", "--set hidden", "--seed x", "--other 3", "'open"])
def test_options_that_are_wrong_are_told(line):
    with pytest.raises(NndslError, match="NN600"):
        read_line(line)


def test_values_of_consts_are_those_of_the_language():
    line = read_line("--set a=none --set b=[1,2] --set c=true --set d=tanh --set e=0.5")
    assert line.consts == {"a": None, "b": [1, 2], "c": True, "d": "tanh", "e": 0.5}


def test_a_mistake_is_a_problem_in_colours_and_no_traceback(shell):
    with pytest.raises(NndslError) as caught:
        shell.magic("", TEXT.replace("Dense(2)", "Dens(2)"))
    lines = shell.show(shell, NndslError, caught.value, None, tb_offset=None)  # as IPython calls it
    assert shell.shown == [lines]
    assert "\n".join(re.sub(r"\x1b\[[0-9;]*m", "", line) for line in lines) == str(caught.value)
    assert lines[0].startswith("\x1b[1;31merror[NN101]")
    assert any("\x1b[32m" in line and "did you mean" in line for line in lines)


def test_colours_leave_the_text_of_every_message_as_it_is():
    problems = nndsl.compile(TEXT.replace("Dense(2)", "Dense(2) |> Dense(2)")).checked.problems
    plain = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in problem_lines(problems)]
    assert plain == "\n\n".join(map(str, problems)).split("\n")


def test_a_model_is_shown_as_a_picture_with_its_table(shell):
    html = shell.magic("", TEXT)._repr_html_()
    tree = ElementTree.fromstring(f"<div>{html}</div>")
    assert tree.find(".//{http://www.w3.org/2000/svg}svg") is not None
    assert "Dense_1" in "".join(tree.find(".//pre").itertext())


def test_a_picture_draws_itself(shell):
    assert "<svg" in nndsl.picture.picture(shell.magic("", TEXT))._repr_svg_()


def test_curves_grow_with_the_epochs(monkeypatch):
    """IPython is played by a module: what is shown last has the curves of all epochs."""
    shown: list[str] = []
    handle = types.SimpleNamespace(update=shown.append)
    module = types.ModuleType("IPython.display")
    module.HTML = str
    module.display = lambda html, display_id: shown.append(html) or handle
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    live = Live()
    with live.training(3, 0, 10, 100):
        for epoch in range(3):
            live.epoch_begin(epoch)
            live.batch_end(5, 50, {"loss": 1.0})
            live.epoch_end(epoch, {"loss": 1.0 / (epoch + 1), "val_loss": 1.0}, 100.0, 1.0)
    assert "compiling" in shown[0]
    assert "epoch 3/3" in shown[-1]
    history = {"loss": [1.0, 1 / 2, 1 / 3], "val_loss": [1.0] * 3}
    assert curves_svg("training", [0, 1, 2], history) in shown[-1]
