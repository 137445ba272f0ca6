"""Every sample checks without a remark, and learns from its own data or from made-up data of the same layout."""

from __future__ import annotations

import re
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import nndsl
from nndsl import driver
from nndsl.ir.facts import Overfits
from nndsl.syntax.format import format_source
from nndsl.syntax.load import load_source
from nndsl.testing import run_tests
from nndsl.training.sources import DataPlace

FOLDER = Path(__file__).parents[2] / "samples"
SAMPLES = sorted(path.stem for path in FOLDER.glob("*.nn"))
FROM_FILES = ("chars", "cnn", "folders", "gru", "imdb", "lstm", "mnist", "newswires", "reuters", "seq2seq", "series")
"""Those whose data is not there: it is made up in the same layout."""
WITHOUT_MODEL = ("blocks",)
TRAINED = [name for name in SAMPLES if name not in WITHOUT_MODEL]
SMALL: dict[str, dict[str, object]] = {
    "cell": {"units": 16},
    "chars": {"length": 20, "width": 16},
    "convlstm": {"filters": 4, "steps": 2},
    "gan": {"filters": 8},
    "folders": {"width": 4},
    "series": {"units": 8},
    "gru": {"width": 8, "units": 4},
    "mixer": {"width": 8, "blocks": 1},
    "resnet": {"width": 4, "blocks": 1},
    "unet": {"filters": 4},
    "seq2seq": {"width": 8, "units": 16},
}
"""Consts with which the reference engine is fast enough."""
TELLS = {"gan": "apart"}
"""What falls, where that is not the loss."""


def images(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """The layout of mnist10k.npz; the class is where the bright row lies."""
    label = rng.integers(0, 10, 200)
    image = rng.integers(0, 50, (200, 28, 28))
    image[np.arange(200), 2 * label + 4] = 255
    half = {"x": image.astype(np.uint8), "y": label.astype(np.uint8)}
    return {f"{name}_{part}": array for part in ("train", "test") for name, array in half.items()}


def texts(rng: np.random.Generator, classes: int) -> dict[str, np.ndarray]:
    """The layout of imdb500.npz and reuters.npz; a text of class c has word 10 + c."""
    label = rng.integers(0, classes, 200)
    lists = [[1, *rng.integers(100, 12_000, rng.integers(1, 20)), 10 + c] for c in label]
    offsets = np.cumsum([0, *(len(text) for text in lists)])
    part = {"words": np.concatenate(lists).astype(np.int32), "offsets": offsets.astype(np.int64)}
    out = {f"{side}_{name}": array for side in ("train", "test") for name, array in part.items()}
    return out | {"y_train": label.astype(np.uint8), "y_test": label.astype(np.uint8)}


def prepared(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """What reuters.nn asks for: rows of zeros and ones."""
    label = rng.integers(0, 46, 200)
    rows = np.zeros((200, 10_000), np.uint8)
    rows[np.arange(200), label + 10] = 1
    return {"x_train": rows, "y_train": label.astype(np.uint8)}


def characters(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """What chars.nn asks for: rows that repeat one of ten words."""
    words = rng.integers(97, 123, (10, 5))
    rows = np.tile(words[rng.integers(0, 10, 200)], 5).astype(np.uint8)
    return {"rows": rows[:, :20], "coming": rows[:, 1:21]}


def backwards(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """What seq2seq.nn asks for, as its comments make it."""
    source = rng.integers(0, 10, (300, 5))
    written = np.concatenate([np.full((300, 1), 10), source[:, :0:-1]], axis=1)
    return {"source": source, "written": written, "answer": source[:, ::-1]}


def pictures(folder: Path) -> None:
    """What folders.nn asks for: 40 pictures of three classes, which are bright in different rows."""
    image = pytest.importorskip("PIL.Image")
    for number in range(40):
        part, label = ("train", "test")[number % 4 == 0], number % 3
        pixels = np.full((20, 20), 20, np.uint8)
        pixels[4 * label + 3 : 4 * label + 8, 3:17] = 200 + number
        (folder / part / str(label)).mkdir(parents=True, exist_ok=True)
        image.fromarray(pixels).save(folder / part / str(label) / f"{number:02}.png")


def waves(folder: Path) -> None:
    """What series.nn asks for, in short."""
    t = np.arange(140)
    table = np.stack([10 + 3 * np.sin(t / 7), 50 + 20 * np.sin(t / 7 + 1)], axis=1)
    np.savetxt(folder / "waves.csv", table, "%.3f", ",", header="wind,tide", comments="")


FILES = {"folders": pictures, "series": waves}


def need_sklearn() -> None:
    """Skip where the bundled data sets are not installed."""
    if find_spec("sklearn") is None:
        pytest.skip("needs the extra `datasets`")


def opened(name: str, folder: Path) -> nndsl.Model:
    """The sample on the reference engine, with files in `folder` in place of those it names."""
    model = nndsl.load(FOLDER / f"{name}.nn", engine="numpy", seed=1, **SMALL.get(name, {}))
    rng = np.random.default_rng(0)
    made = {
        "mnist": ("mnist10k.npz", lambda: images(rng)),
        "cnn": ("mnist10k.npz", lambda: images(rng)),
        "imdb": ("imdb500.npz", lambda: texts(rng, 2)),
        "lstm": ("imdb500.npz", lambda: texts(rng, 2)),
        "gru": ("imdb500.npz", lambda: texts(rng, 2)),
        "seq2seq": ("backwards.npz", lambda: backwards(rng)),
        "chars": ("characters.npz", lambda: characters(rng)),
        "newswires": ("reuters.npz", lambda: texts(rng, 46)),
        "reuters": ("reuters.npz", lambda: prepared(rng)),
    }
    if name in FILES:
        FILES[name](folder)
        model.feeding.place = DataPlace(FOLDER, folder)
    if name in made:
        file, arrays = made[name]
        np.savez(folder / file, **arrays())
        model.feeding.place = DataPlace(FOLDER, folder)
    return model


def test_the_reading_order_has_each_sample_once() -> None:
    named = re.findall(r"\[(\w+)\.nn\]", (FOLDER / "README.md").read_text(encoding="utf-8"))
    assert sorted(named) == SAMPLES


@pytest.mark.parametrize("name", SAMPLES)
def test_it_checks_without_a_remark(name: str) -> None:
    assert driver.problems_of(load_source(FOLDER / f"{name}.nn")) == ()


@pytest.mark.parametrize("name", SAMPLES)
def test_it_begins_with_a_lesson(name: str) -> None:
    lines = (FOLDER / f"{name}.nn").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("## ")


@pytest.mark.parametrize("name", SAMPLES)
def test_it_is_in_the_style(name: str) -> None:
    source = load_source(FOLDER / f"{name}.nn")
    assert format_source(source) == source.text


@pytest.mark.parametrize("name", SAMPLES)
def test_its_own_tests_pass(name: str) -> None:
    tests, _ = driver.tests_of(load_source(FOLDER / f"{name}.nn"))
    assert tests
    slow = name in (
        "gru",
        "seq2seq",
    )  # to learn by heart takes them seconds; `nndsl test samples/gru.nn` says if they do
    kept = [
        replace(test, expectations=tuple(e for e in test.expectations if not (slow and isinstance(e, Overfits))))
        for test in tests
    ]
    assert [problem.facts for result in run_tests(kept) for problem in result.failures] == []


@pytest.mark.parametrize("name", TRAINED)
def test_it_learns(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few epochs on the reference engine; what is compiled is held against that in test_sample_steps.py."""
    monkeypatch.chdir(tmp_path)  # callbacks write their files there
    if name not in (*FROM_FILES, "residual"):
        need_sklearn()
    model = opened(name, tmp_path)
    history = model.fit(epochs=2, verbose=0).history
    what = TELLS.get(name, "loss")
    assert history[what][-1] < history[what][0]


def test_digits_reach_97_percent() -> None:
    need_sklearn()
    model = nndsl.load(FOLDER / "digits.nn", seed=1)
    model.fit(verbose=0)
    assert model.evaluate()["accuracy"] >= 0.97
