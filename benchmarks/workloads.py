"""The workloads: a `.nn` file each, and the arrays that every contestant is given."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent / "workloads"


@dataclass(frozen=True)
class Workload:
    """`x` is the shape of the input, `values` what it holds: normal numbers, `below` n, or n `hot` words a row.

    `classes` is the number of classes (1: yes or no), `every` whether each place of the input has a label. `like` is
    the workload of which this is another form, so that its peers are those of the other.
    """

    name: str
    x: tuple[int, ...]
    classes: int
    below: int | None = None
    hot: int | None = None
    every: bool = False
    file: str = ""
    consts: dict[str, int] = field(default_factory=dict)
    like: str = ""
    what: str = ""

    @property
    def path(self) -> Path:
        return FOLDER / f"{self.file or self.name}.nn"


WORKLOADS = {
    w.name: w
    for w in (
        Workload("mnist_mlp", (128, 784), 10, what="128x784, 32 relu, 10; RMSprop"),
        Workload("imdb", (512, 10000), 1, hot=230, what="512x10000, 16, 16, 1; RMSprop"),
        Workload("reuters", (512, 10000), 46, hot=140, what="512x10000, 64, 64, 46; RMSprop"),
        Workload("mlp512", (128, 784), 10, what="128x784, 512, 512, 10; Adam"),
        Workload(
            "mlp2048", (128, 784), 10, file="mlp512", consts={"width": 2048}, what="128x784, 2048 twice, 10; Adam"
        ),
        Workload("cnn", (64, 28, 28, 1), 10, what="64x28x28x1, conv 32, 64, 64, dense 64, 10; RMSprop"),
        Workload("resnet8", (32, 32, 32, 3), 10, what="32x32x32x3, residual 16, 32, 64; Adam"),
        Workload("lstm", (128, 100), 1, below=10000, what="128x100 words, embedding 32, LSTM 32; RMSprop"),
        Workload("gpt", (16, 64), 65, below=65, every=True, what="16x64 characters, 4 blocks of 128; Adam"),
        Workload("imdb_words", (512, 230), 1, below=10000, hot=230, like="imdb", what="imdb as 230 words a row"),
        Workload(
            "reuters_words",
            (512, 140),
            46,
            below=10000,
            hot=140,
            like="reuters",
            what="reuters as 140 words a row",
        ),
    )
}


def arrays(workload: Workload) -> tuple[np.ndarray, np.ndarray]:
    """The batch of a workload, the same for all: x (f32, or i32 where it holds indices) and y (i32; yes or no f32).

    The words of imdb_words and reuters_words are those that are 1 in the rows of imdb and reuters.
    """
    rng = np.random.default_rng(0)
    rows = workload.x[0]
    if workload.hot is not None:
        words = np.stack([rng.choice(np.arange(1, 10000), workload.hot, replace=False) for _ in range(rows)])
        x = words.astype(np.int32)
        if not workload.like:
            x = np.zeros(workload.x, np.float32)
            np.put_along_axis(x, words, 1, axis=1)
    elif workload.below is not None:
        x = rng.integers(1, workload.below, workload.x).astype(np.int32)
    else:
        x = rng.standard_normal(workload.x).astype(np.float32)
    shape = workload.x if workload.every else (rows,)
    y = rng.integers(0, max(2, workload.classes), shape)
    return x, y.astype(np.float32 if workload.classes == 1 else np.int32)
