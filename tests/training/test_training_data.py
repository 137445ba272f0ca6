"""Data sections from the file to predictions: what is learned goes with the weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open

import nndsl
from nndsl.training import checkpoint
from nndsl.training.run_folder import RunFolder, RunRecorder

MODEL = """\
model M() {
  input  x: f32[batch, 2]
  target kind: index<3>[batch]
  p = x |> Dense(3, activation=softmax)
  output p
  output seen = x
  loss   sparse_categorical_crossentropy(kind, p)
}

data M {
  train      = csv("train.csv", x=["a", "b"], kind="kind"OPTIONS)
  validation = 0.25
  test       = csv("test.csv", x=["a", "b"], kind="kind"OPTIONS)
  x          = x |> normalize()
}

train M { epochs = 2 }
"""
ROWS = [(i, 100 + 2 * i, "wvu"[i % 3]) for i in range(16)]


def made(folder: Path, options: str = "") -> nndsl.Model:
    (folder / "m.nn").write_text(MODEL.replace("OPTIONS", options))
    for name, rows in (("train", ROWS), ("test", ROWS[4:6])):
        text = "a,b,kind\n" + "".join(f"{a},{b},{kind}\n" for a, b, kind in rows)
        (folder / f"{name}.csv").write_text(text)
    return nndsl.load(folder / "m.nn", engine="numpy", seed=1)


@pytest.mark.parametrize("options", ["", ", stream=true"])
def test_what_is_learned_is_that_of_the_training_part_and_goes_with_the_weights(tmp_path, options):
    model = made(tmp_path, options)
    model.fit(verbose=0)
    part = np.array([row[:2] for row in ROWS[:12]], dtype=float)
    np.testing.assert_allclose(model.learned.of("x")["mean"], part.mean(axis=0))
    assert model.learned.names["kind"] == ("u", "v", "w")
    expected = (np.array([ROWS[4][:2], ROWS[5][:2]]) - part.mean(axis=0)) / part.std(axis=0)
    np.testing.assert_allclose(model.predict()["seen"], expected, rtol=1e-5)
    model.save(tmp_path / "w.safetensors")

    other = made(tmp_path, options)
    other.load_weights(tmp_path / "w.safetensors")
    np.testing.assert_array_equal(other.predict()["p"], model.predict()["p"])
    raw = np.array([ROWS[4][:2], ROWS[5][:2]], np.float32)
    np.testing.assert_allclose(other.predict(raw)["p"], model.predict()["p"], rtol=1e-6)
    assert other.evaluate() == model.evaluate()
    assert other.evaluate(raw, ["v", "u"]) == pytest.approx(model.evaluate())


def test_pieces_and_the_whole_train_alike(tmp_path):
    whole, pieces = made(tmp_path), made(tmp_path, ", stream=true")
    for model in (whole, pieces):
        model.fit(verbose=0, shuffle=False)
    for name, value in whole.params.items():
        np.testing.assert_array_equal(value, pieces.params[name])


def test_a_run_folder_has_what_was_learned(tmp_path):
    model = made(tmp_path)
    folder = RunFolder(tmp_path / "r")
    folder.begin("", {})
    recorder = RunRecorder(folder, model.session, "M", {})
    model.fit(verbose=0, callbacks=[recorder])
    recorder.finish(model.history)
    for name in ("best", "last"):
        found = checkpoint.read(tmp_path / f"r/{name}.safetensors").learned
        assert found.names["kind"] == ("u", "v", "w")
        assert found.of("x").keys() == {"mean", "deviation"}


def test_nothing_learned_is_nn517(tmp_path):
    model = made(tmp_path)
    with pytest.raises(nndsl.NndslError, match="NN517"):
        model.predict(np.zeros((1, 2)))
    with pytest.raises(nndsl.NndslError, match="NN517"):
        model.evaluate()
    model.fit(verbose=0)
    model.save(tmp_path / "w.safetensors")
    with safe_open(tmp_path / "w.safetensors", "numpy") as file:
        kept = {name: file.get_tensor(name) for name in file.keys() if not name.startswith("data/")}  # noqa: SIM118
    from safetensors.numpy import save_file

    save_file(kept, tmp_path / "bare.safetensors")
    other = made(tmp_path)
    other.load_weights(tmp_path / "bare.safetensors")
    with pytest.raises(nndsl.NndslError, match="NN517"):
        other.predict(np.zeros((1, 2)))


def test_training_goes_on_with_what_was_learned(tmp_path):
    model = made(tmp_path)
    model.fit(verbose=0)
    mean = model.learned.of("x")["mean"]
    model.fit(np.ones((4, 2)), ["u", "v", "w", "u"], verbose=0)
    assert model.learned.of("x")["mean"] is mean
    with pytest.raises(nndsl.NndslError, match="NN516"):
        model.fit(np.ones((4, 2)), ["u", "v", "w", "q"], verbose=0)


def test_steps_by_hand(tmp_path):
    model = made(tmp_path)
    model.fit(verbose=0)
    x = np.array([row[:2] for row in ROWS[:3]], np.float32)
    by_name = model.value_and_grad(x, ["w", "v", "u"])
    by_number = model.value_and_grad(x, np.array([2, 1, 0]))
    assert by_name[0] == by_number[0] == pytest.approx(model.evaluate(x, [2, 1, 0])["loss"])


def test_a_thread_of_batches_ends_with_its_epoch(tmp_path):
    import threading

    model = made(tmp_path)

    class Stops(nndsl.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = True

    model.fit(verbose=0, batch_size=1, callbacks=[Stops()])
    assert not [thread for thread in threading.enumerate() if thread.name == "nndsl-batches"]


TEXTS = """\
model Chars() {
  input  text: index<30>[batch, time]
  logits = text |> Embedding(30, 8) |> Dense(30)
  output next = softmax(logits)
  loss   sparse_categorical_crossentropy(text[:, 1:], logits[:, :-1])
}

train Chars {
  data      = text("book.txt", by="character", size=30, length=8)
  epochs    = 60
  optimizer = Adam(learning_rate=0.05)
}
"""


def test_a_model_of_characters_writes_with_the_vocabulary_it_learned(tmp_path):
    (tmp_path / "m.nn").write_text(TEXTS)
    (tmp_path / "book.txt").write_text("abcd" * 64)
    model = nndsl.load(tmp_path / "m.nn", engine="numpy", seed=1)
    model.fit(verbose=0)
    model.save(tmp_path / "w.safetensors")
    other = nndsl.load(tmp_path / "m.nn", engine="numpy", seed=2)
    other.load_weights(tmp_path / "w.safetensors")
    assert other.vocabulary == ("\0", "\ufffd", "a", "b", "c", "d")
    assert other.generate("ab", 6, temperature=0) == "abcdabcd"


def test_windows_predict_to_the_end_of_the_series(tmp_path):
    (tmp_path / "m.nn").write_text(
        "model M() {\n  input x: f32[batch, 4]\n  target y: f32[batch]\n  h = x |> Dense(1)\n  output p = h[:, 0]\n"
        "  loss mse(y, p)\n}\n"
        'train M { data = windows(csv("s.csv", x="v", y="v"), length=4, target="y")\n'
        '  test = windows(csv("s.csv", x="v", y="v"), length=4, target="y")\n  epochs = 1 }\n'
    )
    (tmp_path / "s.csv").write_text("v\n" + "".join(f"{i}\n" for i in range(20)))
    model = nndsl.load(tmp_path / "m.nn", engine="numpy", seed=1)
    model.fit(verbose=0)
    assert len(model.predict()) == 17  # the last one has no value behind it
