"""A small project to run the command in."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from typer.testing import CliRunner, Result

from nndsl.cli.app import app

LINE = """\
## Two numbers in, one out.
model Line(hidden: int = 2) {
  input  x: f32[batch, 2]
  target y: f32[batch, 1]
  output p = x |> Dense(hidden) |> Dense(1)  # nndsl: allow NN405
  loss   mse(y, p)
  metric mae(y, p)
}
train Line {
  optimizer  = Adam(learning_rate=0.05)
  epochs     = 3
  batch_size = 8
  data       = npz("line.npz", x="x", y="y")
  validation = npz("line.npz", x="x", y="y")
  test       = npz("line.npz", x="x", y="y")
}
"""
FAST = ("--engine", "numpy")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def train(*arguments: str) -> Result:
    return run("train", "line.nn", "--run", "r", "--seed", "1", *FAST, *arguments)


def process(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "nndsl", *arguments], capture_output=True, text=True, **options)
