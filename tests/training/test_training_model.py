"""The Python interface, on the NumPy engine."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nndsl
from nndsl import NndslError

TEXT = """
## Two numbers in, one out.
model Line(width: int = 1) {
  input  x: f32[batch, 2]
  target y: f32[batch, width]
  output p = x |> Dense(width)
  loss   mse(y, p)
  metric mae(y, p)
}
train Line {
  optimizer  = Adam(learning_rate=0.05)
  epochs     = 3
  batch_size = 8
}
"""
TWO = """
model Two {
  input  a: f32[batch, 2]
  input  b: f32[batch, 2]
  target y: f32[batch, 1]
  output s = a + b
  output p = (a + b) |> Dense(1)
  loss   mse(y, p)
}
"""


def model(text: str = TEXT, **options: Any) -> nndsl.Model:
    return nndsl.compile(text, **{"engine": "numpy", "seed": 1, **options})


def data(rows: int = 40) -> tuple[Any, Any]:
    x = np.random.default_rng(0).normal(size=(rows, 2)).astype(np.float32)
    return x, x @ np.array([[1.0], [-2.0]], np.float32) + 0.5


def code_of(call: Any) -> str:
    with pytest.raises(NndslError) as caught:
        call()
    return caught.value.problems[0].code


def test_importing_nndsl_imports_nothing_heavy() -> None:
    script = "import sys, nndsl; print({m.split('.')[0] for m in sys.modules} & {'numpy', 'numba', 'sklearn', 'rich'})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("name", nndsl.__all__)
def test_every_exported_name_is_there(name: str) -> None:
    assert getattr(nndsl, name) is not None


def test_the_version_is_that_of_the_project() -> None:
    project = (Path(__file__).parents[2] / "pyproject.toml").read_text()
    assert f'version = "{nndsl.__version__}"' in project


def test_load_reads_a_file(tmp_path: Path) -> None:
    (tmp_path / "line.nn").write_text(TEXT)
    assert nndsl.load(tmp_path / "line.nn", engine="numpy").name == "Line"


def test_consts_are_keywords() -> None:
    assert model(width=3).params["Dense_1.kernel"].shape == (2, 3)


@pytest.mark.parametrize(
    "options", [{"engine": "cuda"}, {"threads": 0}, {"seed": -1}, {"seed": 1.5}, {"threads": "2"}]
)
def test_options_that_cannot_be_are_problems(options: dict[str, Any]) -> None:
    assert code_of(lambda: model(**options)) == "NN600"


def test_one_seed_gives_one_start() -> None:
    assert np.array_equal(model(seed=5).params["Dense_1.kernel"], model(seed=5).params["Dense_1.kernel"])


def test_without_a_seed_starts_differ() -> None:
    assert not np.array_equal(model(seed=None).params["Dense_1.kernel"], model(seed=None).params["Dense_1.kernel"])


def test_fit_lowers_the_loss() -> None:
    history = model().fit(*data(), epochs=30, verbose=0).history
    assert history["loss"][-1] < 0.1 * history["loss"][0]


def test_epochs_come_from_the_train_section() -> None:
    assert model().fit(*data(), verbose=0).epoch == [0, 1, 2]


def test_arguments_stand_above_the_train_section() -> None:
    assert model().fit(*data(), epochs=1, verbose=0).epoch == [0]


def test_history_has_the_names_of_keras() -> None:
    history = model().fit(*data(), validation_data=data(8), epochs=1, verbose=0)
    assert list(history.history) == ["loss", "mae", "val_loss", "val_mae"]


def test_validation_split_takes_the_last_rows() -> None:
    x, y = data(40)
    y[30:] = 1000
    history = model().fit(x, y, validation_split=0.25, epochs=1, verbose=0).history
    assert history["val_loss"][0] > 1000 > history["loss"][0]


def test_two_fits_with_one_seed_give_the_same_bits() -> None:
    a, b = model(), model()
    a.fit(*data(), verbose=0)
    b.fit(*data(), verbose=0)
    assert np.array_equal(a.params["Dense_1.kernel"], b.params["Dense_1.kernel"])


def test_a_second_fit_goes_on() -> None:
    one = model()
    one.fit(*data(), epochs=1, verbose=0)
    one.fit(*data(), epochs=1, verbose=0)
    assert one.session.step == 10


def test_resuming_from_a_checkpoint_gives_the_same_bits(tmp_path: Path) -> None:
    straight, first, second = model(), model(), model(seed=9)
    straight.fit(*data(), epochs=4, verbose=0)
    first.fit(*data(), epochs=2, verbose=0)
    first.save(tmp_path / "w", training=True)
    second.load_weights(tmp_path / "w", training=True)
    second.fit(*data(), initial_epoch=2, epochs=4, verbose=0, seed=1)
    assert np.array_equal(straight.params["Dense_1.kernel"], second.params["Dense_1.kernel"])


def test_an_interrupted_fit_leaves_a_model_that_works() -> None:
    def interrupt(epoch: int, logs: object) -> None:
        raise KeyboardInterrupt

    one = model()
    with pytest.raises(KeyboardInterrupt):
        one.fit(*data(), verbose=0, callbacks=[nndsl.LambdaCallback(on_epoch_begin=interrupt)])
    assert one.fit(*data(), epochs=1, verbose=0).epoch == [0]


def test_an_interrupted_fit_keeps_its_history() -> None:
    def interrupt(epoch: int, logs: object) -> None:
        if epoch == 1:
            raise KeyboardInterrupt

    one = model()
    with pytest.raises(KeyboardInterrupt):
        one.fit(*data(), verbose=0, callbacks=[nndsl.LambdaCallback(on_epoch_begin=interrupt)])
    assert one.history is not None
    assert one.history.epoch == [0]


def test_evaluate_equals_the_formula() -> None:
    one = model()
    x, y = data()
    p = x @ one.params["Dense_1.kernel"] + one.params["Dense_1.bias"]
    assert one.evaluate(x, y)["loss"] == pytest.approx(np.mean((p - y) ** 2), rel=1e-5)


def test_metrics_do_not_depend_on_the_batch_size() -> None:
    one = model()
    assert one.evaluate(*data(), batch_size=7)["mae"] == pytest.approx(one.evaluate(*data(), batch_size=40)["mae"])


def test_predict_gives_an_array_for_one_output() -> None:
    assert model().predict(data()[0]).shape == (40, 1)  # type: ignore[union-attr]


def test_predict_gives_a_dict_for_several_outputs() -> None:
    x, _ = data()
    assert set(model(TWO).predict({"a": x, "b": x})) == {"s", "p"}


def test_predictions_do_not_depend_on_the_batch_size() -> None:
    one, (x, _) = model(), data()
    assert np.allclose(one.predict(x, batch_size=7), one.predict(x))


def test_predict_takes_other_dtypes() -> None:
    one, (x, _) = model(), data()
    assert np.array_equal(one.predict(x.astype(np.float64)), one.predict(x))


def test_predict_takes_the_dict_of_fit_with_targets() -> None:
    one, (x, y) = model(), data()
    assert np.array_equal(one.predict({"x": x, "y": y}), one.predict(x))


def test_threads_may_predict_at_once() -> None:
    one, (x, _) = model(), data()
    expected, wrong = one.predict(x), []

    def work() -> None:
        wrong.extend(i for i in range(20) if not np.array_equal(one.predict(x), expected))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_value_and_grad_equals_the_formula() -> None:
    one, (x, y) = model(), data()
    p = x @ one.params["Dense_1.kernel"] + one.params["Dense_1.bias"]
    _, grads = one.value_and_grad({"x": x, "y": y})
    assert np.allclose(grads["Dense_1.kernel"], 2 * x.T @ (p - y) / len(x), atol=1e-5)


def test_value_and_grad_changes_nothing() -> None:
    one = model()
    before = one.get_weights()
    one.value_and_grad(*data())
    assert np.array_equal(one.params["Dense_1.kernel"], before["Dense_1.kernel"])


def test_train_on_batch_takes_one_step() -> None:
    one = model()
    one.train_on_batch(*data())
    assert one.session.step == 1


def test_params_are_live() -> None:
    one, (x, _) = model(), data()
    one.params["Dense_1.kernel"][:] = 0
    assert not one.predict(x).any()  # type: ignore[union-attr]


def test_assigned_params_are_used() -> None:
    one, (x, _) = model(), data()
    one.params["Dense_1.kernel"] = [[1], [0]]
    assert np.allclose(one.predict(x), x[:, :1])


@pytest.mark.parametrize(
    "value",
    [
        np.zeros(2), np.full((2, 1), np.nan), np.full((2, 1), 1e300), [["a"], ["b"]], np.zeros((2, 1), complex), None,
        [[1], [2, 3]], "w",
    ],
)  # fmt: skip
def test_arrays_that_do_not_fit_a_param_are_problems(value: Any) -> None:
    assert code_of(lambda: model().params.__setitem__("Dense_1.kernel", value)) == "NN609"


def test_an_unknown_param_is_a_problem_with_a_suggestion() -> None:
    with pytest.raises(NndslError, match=r"Dense_1\.kernel"):
        model().params["Dense_1.kernal"]


def test_params_are_a_mapping_for_get() -> None:
    assert model().params.get("nothing") is None


def test_a_param_cannot_be_removed() -> None:
    assert code_of(lambda: model().params.__delitem__("Dense_1.kernel")) == "NN609"


def test_weights_go_from_model_to_model(tmp_path: Path) -> None:
    a, b = model(seed=1), model(seed=2)
    a.save(tmp_path / "w.safetensors")
    b.load_weights(tmp_path / "w.safetensors")
    assert np.array_equal(a.params["Dense_1.kernel"], b.params["Dense_1.kernel"])


def test_weights_of_other_consts_do_not_fit(tmp_path: Path) -> None:
    model(width=3).save(tmp_path / "w")
    with pytest.raises(NndslError, match=r"model Line\(width=3\)"):
        model().load_weights(tmp_path / "w")


def test_the_learning_rate_can_be_set() -> None:
    one = model()
    one.learning_rate = 0.0
    before = one.get_weights()
    one.fit(*data(), epochs=1, verbose=0)
    assert np.array_equal(one.params["Dense_1.kernel"], before["Dense_1.kernel"])


@pytest.mark.parametrize("rate", [-1.0, float("nan"), float("inf"), "fast", None])
def test_a_learning_rate_that_cannot_be_is_a_problem(rate: Any) -> None:
    assert code_of(lambda: setattr(model(), "learning_rate", rate)) == "NN600"


@pytest.mark.parametrize(
    "arguments",
    [
        {"epochs": 0}, {"epochs": 2.5}, {"epochs": "3"}, {"epochs": True}, {"batch_size": 0}, {"batch_size": -8},
        {"shuffle": 1}, {"verbose": 3}, {"verbose": True}, {"validation_split": 1.0}, {"validation_split": -0.1},
        {"initial_epoch": -1}, {"seed": -1}, {"validation_data": 3}, {"callbacks": ["EarlyStopping"]},
    ],
)  # fmt: skip
def test_arguments_of_fit_that_cannot_be_are_problems(arguments: dict[str, Any]) -> None:
    assert code_of(lambda: model().fit(*data(), **{"verbose": 0, **arguments})) == "NN600"


def test_fit_without_data_is_a_problem() -> None:
    assert code_of(lambda: model().fit(verbose=0)) == "NN602"


def test_evaluate_without_data_is_a_problem() -> None:
    assert code_of(lambda: model().evaluate()) == "NN602"


def test_a_model_without_loss_cannot_be_trained() -> None:
    text = "model M {\n  input x: f32[batch, 2]\n  output y = x |> Dense(1)\n}\n"
    assert code_of(lambda: model(text).fit(data()[0], verbose=0)) == "NN601"


def test_arrays_that_do_not_fit_are_problems() -> None:
    with pytest.raises(NndslError):
        model().fit(np.zeros((4, 3), np.float32), np.zeros((4, 1), np.float32), verbose=0)


def test_callbacks_of_the_train_section_are_used() -> None:
    text = TEXT.replace("epochs     = 3", 'epochs = 9\n  callbacks = [EarlyStopping("loss", min_delta=1000.0)]')
    assert model(text).fit(*data(), verbose=0).epoch == [0, 1]


def test_given_callbacks_replace_those_of_the_section() -> None:
    text = TEXT.replace("epochs     = 3", 'epochs = 9\n  callbacks = [EarlyStopping("loss", min_delta=1000.0)]')
    assert len(model(text).fit(*data(), verbose=0, callbacks=[]).epoch) == 9


def test_summary_prints_the_layers() -> None:
    lines: list[str] = []
    model().summary(print_fn=lines.append)
    assert any("Dense_1" in line and "3" in line.split() for line in lines)


def test_summary_prints_the_doc_comment() -> None:
    lines: list[str] = []
    model().summary(print_fn=lines.append)
    assert any("Two numbers in, one out." in line for line in lines)


def test_verbose_2_prints_a_line_an_epoch(capsys: pytest.CaptureFixture[str]) -> None:
    model().fit(*data(), verbose=2)
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_verbose_0_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    model().fit(*data(), verbose=0)
    assert capsys.readouterr().out == ""


def test_a_closed_standard_output_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    assert model().fit(*data(), verbose=1).epoch == [0, 1, 2]


def test_history_shows_what_it_holds() -> None:
    assert "loss" in repr(model().fit(*data(), verbose=0))


def test_io_stays_out_of_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    model().fit(*data(), verbose=1)
    assert "\x1b" not in stream.getvalue()


def test_a_callback_cannot_lower_the_rate_of_a_schedule() -> None:
    text = TEXT.replace("learning_rate=0.05", "learning_rate=CosineDecay(0.05, 100)")
    steps = model(text)
    with pytest.raises(NndslError):
        steps.fit(*data(), validation_data=data(8), verbose=0, callbacks=[nndsl.ReduceLROnPlateau()])
    assert steps.session.step == 0


def test_a_param_without_axes_is_saved_as_it_is(tmp_path: Path) -> None:
    text = "model M {\n input x: f32[batch]\n param w: f32[] = constant(0.5)\n output y = x * w\n loss mean(y)\n}"
    saved = model(text)
    saved.params["w"] = np.float32(3)
    saved.save(tmp_path / "w.safetensors", training=True)
    fresh = model(text)
    fresh.load_weights(tmp_path / "w.safetensors", training=True)
    assert fresh.params["w"].shape == ()
    assert fresh.params["w"] == 3
