"""What `nndsl train` leaves: a folder with source, settings, history, weights and curves."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from nndsl.diagnostics import Imported, NndslError
from nndsl.files import write_atomic
from nndsl.problems.weights import CannotWrite, NotARunFolder, RunFolderTaken
from nndsl.training import checkpoint
from nndsl.training.callback import Callback, History
from nndsl.training.curves import curves_svg
from nndsl.training.trainable import Logs, Trainable

SOURCE, SETTINGS, HISTORY, CURVES, WATCH = "model.nn", "settings.json", "history.csv", "curves.svg", "curves.html"
BEST, LAST = "best.safetensors", "last.safetensors"
SECONDS_BETWEEN_WRITES = 10.0
SECONDS_BETWEEN_CURVES = 1.0
COST = 20  # drawing takes a twentieth of the time at most, however many epochs there are

WATCHING = """<!doctype html>
<meta charset="utf-8">
<title>{name}</title>
<body style="margin: 0; background: #fff">
<img id="curves" src="{curves}" alt="curves of the training" style="max-width: 100%">
<script>
setInterval(() => {{
  const fresh = new Image();
  fresh.onload = () => {{ document.getElementById("curves").src = fresh.src; }};
  fresh.src = "{curves}?" + Date.now();
}}, 1000);
</script>
"""


@dataclass(frozen=True)
class RunFolder:
    """A folder of its own for one training."""

    path: Path

    @staticmethod
    def free(path: Path) -> RunFolder:
        """The folder, which has to be empty or not there yet. Raises NndslError (NN611, NN612)."""
        try:
            if path.exists() and (not path.is_dir() or any(path.iterdir())):
                raise NndslError(RunFolderTaken(None, str(path)))
        except OSError as fault:
            raise NndslError(CannotWrite(None, str(path), checkpoint.reason_of(fault))) from None
        return RunFolder(path)

    @staticmethod
    def dated(parent: Path, model: str, now: float | None = None) -> RunFolder:
        """A name that is not taken: `reuters-20260131-101500`, with a number behind it where that second is taken."""
        stem = f"{model}-{time.strftime('%Y%m%d-%H%M%S', time.localtime(now))}"
        names = [stem, *(f"{stem}-{number}" for number in range(2, 1000))]
        return RunFolder(next(parent / name for name in names if not (parent / name).exists()))

    def begin(
        self,
        source: str,
        settings: Mapping[str, object],
        imported: Sequence[Imported] = (),
        name: str = SOURCE,
    ) -> None:
        """Make the folder and put source, settings and what the source imports into it. Raises NndslError (NN612).

        The source is called model.nn, or `name` where it imports a file called model.nn; settings.json tells.
        """
        taken = {place.casefold() for file in imported for place in (file.place, *file.links)}
        kept = name if SOURCE in taken else SOURCE
        self._make(self.path)
        self.write(kept, source.encode("utf-8"))
        for file in imported:
            self._make((self.path / file.place).parent)
            self.write(file.place, file.text.encode("utf-8"))
            for link in file.links:
                self._link(link, file.place)
        settings = {**settings, "source": kept}
        self.write(SETTINGS, (json.dumps(settings, indent=2, default=str) + "\n").encode("utf-8"))

    def _make(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as fault:
            raise NndslError(CannotWrite(None, str(folder), checkpoint.reason_of(fault))) from None

    def _link(self, link: str, target: str) -> None:
        """A file that is imported by two paths stands in the folder once."""
        place = self.path / link
        self._make(place.parent)
        try:
            place.symlink_to(os.path.relpath(self.path / target, place.parent))
        except OSError as fault:
            raise NndslError(CannotWrite(None, str(place), checkpoint.reason_of(fault))) from None

    def write(self, name: str, content: bytes) -> None:
        """Write one file, whole or not at all. Raises NndslError (NN612)."""
        try:
            write_atomic(self.path / name, content)
        except OSError as fault:
            raise NndslError(CannotWrite(None, str(self.path / name), checkpoint.reason_of(fault))) from None

    def watch(self, name: str) -> Path:
        """The page curves.html, which shows curves.svg as it is drawn anew, and the first curves, which are empty.

        Raises NndslError (NN612).
        """
        self.write(CURVES, curves_svg(name, [], {}).encode("utf-8"))
        self.write(WATCH, WATCHING.format(name=escape(name), curves=CURVES).encode("utf-8"))
        return self.path / WATCH

    def settings(self) -> dict[str, object]:
        """What settings.json holds. Raises NndslError (NN613) where this is no run folder."""
        try:
            found = json.loads((self.path / SETTINGS).read_text("utf-8"))
        except FileNotFoundError:
            reason = f"it has no {SETTINGS}" if self.path.is_dir() else "it is not there"
            raise NndslError(NotARunFolder(None, str(self.path), reason, self._neighbours())) from None
        except (OSError, ValueError) as fault:
            reason = f"its {SETTINGS} cannot be read ({str(fault).splitlines()[0]})"
            raise NndslError(NotARunFolder(None, str(self.path), reason)) from None
        if not isinstance(found, dict):
            raise NndslError(NotARunFolder(None, str(self.path), f"its {SETTINGS} holds no settings"))
        return found

    def weights(self) -> Path:
        """The best weights. Raises NndslError (NN613) where there are none."""
        path = self.path / BEST
        if not path.is_file():
            raise NndslError(NotARunFolder(None, str(self.path), f"it has no {BEST}: no epoch was finished"))
        return path

    def _neighbours(self) -> tuple[str, ...]:
        """Run folders below or beside, for the message."""
        for parent in (self.path, self.path.parent):
            found = sorted(str(place.parent) for place in parent.glob(f"*/{SETTINGS}"))
            if found:
                return tuple(found)
        return ()


class RunRecorder(Callback):
    """Writes history, weights and curves of a run as training goes on.

    The best epoch is the one with the lowest `val_loss`, without validation the lowest `loss`. Weights go to the disk
    every ten seconds at most, curves every second; `finish` writes what is still to be written, also after Ctrl-C.
    """

    batch_metrics = False

    def __init__(self, folder: RunFolder, session: Trainable, name: str, consts: Mapping[str, object]) -> None:
        super().__init__()
        self.folder, self.session, self.name, self.consts = folder, session, name, consts
        self.best_epoch: int | None = None
        self._best = math.inf
        self._best_bytes: bytes | None = None
        self._columns: list[str] = []
        self._written = self._drawn = time.monotonic()
        self._drawing = 0.0
        self._history = History()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        logs = logs or {}
        self._add_line(epoch, logs)
        value = logs.get("val_loss", logs.get("loss", math.nan))
        if value < self._best:
            self._best, self.best_epoch = value, epoch
            self._best_bytes = self._encoded()
        self._history.on_epoch_end(epoch, logs)
        now = time.monotonic()
        if now - self._written > SECONDS_BETWEEN_WRITES:
            self._write_weights()
        if now - self._drawn > max(SECONDS_BETWEEN_CURVES, COST * self._drawing):
            self._draw(self._history)
            self._drawn = time.monotonic()
            self._drawing = self._drawn - now

    def finish(self, history: History) -> None:
        """Write last and best weights and the curves. Raises NndslError (NN612)."""
        if not self.folder.path.is_dir():  # stopped before the first step
            return
        self._write_weights()
        self._draw(history)

    def _draw(self, history: History) -> None:
        self.folder.write(CURVES, curves_svg(self.name, history.epoch, history.history).encode("utf-8"))

    def _write_weights(self) -> None:
        if self._best_bytes is not None:
            self.folder.write(BEST, self._best_bytes)
            self._best_bytes = None
        self.folder.write(LAST, self._encoded(training=True))
        self._written = time.monotonic()

    def _encoded(self, training: bool = False) -> bytes:
        model = self._model  # what is learned from the data is there once training begins
        learned = None if model is None else model.learned
        return checkpoint.encode(self.session, self.name, self.consts, training, learned=learned)

    def _add_line(self, epoch: int, logs: Logs) -> None:
        """Append to history.csv; epochs count from 1, as the display shows them."""
        fresh = not self._columns
        self._columns = self._columns or list(logs)
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        if fresh:
            writer.writerow(["epoch", *self._columns])
        writer.writerow([epoch + 1, *(logs.get(name, "") for name in self._columns)])
        path = self.folder.path / HISTORY
        try:
            with path.open("a", encoding="utf-8") as file:
                file.write(text.getvalue())
        except OSError as fault:
            raise NndslError(CannotWrite(None, str(path), checkpoint.reason_of(fault))) from None
