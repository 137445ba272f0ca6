"""Training on a set three times as large as the memory that the process may have, and the share of time in kernels.

    python benchmarks/larger_than_memory.py [--limit MIB] [--times N] [--epochs N] [--hidden N] [--folder FOLDER]

An archive of random images (32 x 32 x 3 bytes each, not compressed) is written, and a process trains on it under a
limit on its address space (`ulimit -v`: all that it maps counts, code, stacks and files included). Each kernel takes
its own time. The share is their sum over the time of the epochs, validation left out. The kernels are compiled by a
short training before, without a limit: a compiler takes more memory than what it compiles.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

import nndsl
from nndsl.kernels import module
from nndsl.training.callback import Callback

ROW = 32 * 32 * 3
CLASSES = 10
TEXT = """\
model Large(hidden: int = {hidden}) {{
  input  image: f32[batch, 32, 32, 3]
  target label: index<10>[batch]
  logits = image |> Flatten() |> Dense(hidden, activation=relu) |> Dense(10)
  output p = softmax(logits)
  loss   sparse_categorical_crossentropy(label, logits)
}}

data Large {{
  train = npz("{name}.npz", image="image", label="label")
  image = image |> rescale(1 / 255)
}}

train Large {{
  optimizer  = Adam(learning_rate=0.001)
  batch_size = 128
}}
"""


def write_set(path: Path, rows: int) -> None:
    """Images of noise, whose class is the band of rows that is lighter; written in pieces."""
    draw = np.random.default_rng(0)
    labels = draw.integers(0, CLASSES, rows)
    with zipfile.ZipFile(path, "w") as archive:
        with archive.open("label.npy", "w") as file:
            np.lib.format.write_array(file, labels)
        with archive.open("image.npy", "w", force_zip64=True) as file:
            shape = np.broadcast_to(np.uint8(0), (rows, 32, 32, 3))
            np.lib.format.write_array_header_1_0(file, np.lib.format.header_data_from_array_1_0(shape))
            for start in range(0, rows, 10_000):
                some = labels[start : start + 10_000]
                images = draw.integers(0, 200, (len(some), 32, 32, 3), dtype=np.uint8)
                for k, label in enumerate(some):
                    images[k, 3 * label : 3 * label + 3] += 55
                file.write(images.tobytes())


class Times(Callback):
    """Seconds of the epochs, and what the clocks of the kernels say at their ends."""

    batch_metrics = False

    def __init__(self, native: Any) -> None:
        super().__init__()
        self.native = native
        self.seconds = 0.0
        self.begun = 0.0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.begun = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.seconds += time.perf_counter() - self.begun

    def ticks(self) -> tuple[float, int, int]:
        """The time now, the clock at the end of the last program, and the ticks of all kernels so far."""
        frames = [frame for several in self.native._frames.values() for frame in several]
        last = max(int(frame.clocks[0]) for frame in frames)
        return time.perf_counter(), last, sum(int(frame.clocks[1:].sum()) for frame in frames)


def train(folder: Path, name: str, epochs: int) -> dict[str, float]:
    """Train on a set in this process: seconds of the epochs and of the kernels, and the most memory in MiB."""
    plain = module.generate
    module.generate = lambda graph, timed=False: plain(graph, timed=True)
    model = nndsl.load(folder / f"{name}.nn", seed=1)
    model.session.prepare("train")
    times = Times(model.session._ready["train"])
    few = np.zeros((128, 32, 32, 3), np.uint8), np.arange(128) % CLASSES
    model.fit(*few, epochs=1, verbose=0)
    began, first, before = times.ticks()
    model.fit(epochs=epochs, verbose=0, callbacks=[times])
    ended, last, after = times.ticks()
    rate = (last - first) / (ended - began)
    return {"epochs": times.seconds, "kernels": (after - before) / rate, "virtual": _virtual() / 1024}


def _virtual() -> int:
    """The most address space that this process has had, in KiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmPeak:"))


def child(folder: Path, name: str, epochs: int, limit: int | None) -> dict[str, float]:
    """`train` in a process of its own, under a limit in MiB."""

    def confine() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_AS, (limit << 20, limit << 20))

    command = [sys.executable, __file__, "--child", str(folder), name, str(epochs)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, preexec_fn=confine)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> None:
    """Write the set, train on it, print the share."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--limit", type=int, default=1024, help="address space in MiB")
    options.add_argument("--times", type=float, default=3.0, help="size of the set over the limit")
    options.add_argument("--epochs", type=int, default=1)
    options.add_argument("--hidden", type=int, default=128, help="units of the hidden layer")
    options.add_argument("--folder", type=Path, help="where the set is written, and stays")
    options.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.child:
        print(json.dumps(train(Path(given.child[0]), given.child[1], int(given.child[2]))))
        return
    with tempfile.TemporaryDirectory() as made:
        folder = given.folder or Path(made)
        rows = int(given.times * (given.limit << 20)) // (ROW + 8)
        for name, count in (("small", 256), ("large", rows)):
            (folder / f"{name}.nn").write_text(TEXT.format(hidden=given.hidden, name=name))
            if not (folder / f"{name}.npz").exists():
                write_set(folder / f"{name}.npz", count)
        child(folder, "small", 1, None)
        size = (folder / "large.npz").stat().st_size >> 20
        print(f"a set of {size:,} MiB ({rows:,} images), {given.limit:,} MiB of address space", flush=True)
        found = child(folder, "large", given.epochs, given.limit)
        speed = size * given.epochs / found["epochs"]
        print(f"epochs    {found['epochs']:8.1f} s, {speed:,.0f} MiB/s")
        print(f"kernels   {found['kernels']:8.1f} s, {found['kernels'] / found['epochs']:.1%} of them")
        print(f"address space used at most {found['virtual']:,.0f} MiB")


if __name__ == "__main__":
    main()
