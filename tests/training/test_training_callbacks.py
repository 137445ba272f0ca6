"""Callbacks, with the semantics of Keras 3. Logs are fed by hand, so each test is a table of losses."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from linear import Holder

from nndsl.diagnostics import NndslError, Source, Span
from nndsl.training.callbacks import (
    Callback,
    CSVLogger,
    EarlyStopping,
    LearningRateScheduler,
    ModelCheckpoint,
    ReduceLROnPlateau,
    TerminateOnNaN,
    build_callbacks,
)
from nndsl.training.monitor import direction


def play(callback: Callback, losses: list[float], name: str = "val_loss", holder: Holder | None = None) -> int:
    """Feed one value an epoch until the callback stops; the number of epochs played."""
    holder = holder or Holder()
    holder.stop_training = False
    callback.set_params({"losses": ()})
    callback.set_model(holder)
    callback.on_train_begin()
    played = 0
    for epoch, loss in enumerate(losses):
        holder.session.params["w"][:] = epoch
        callback.on_epoch_begin(epoch)
        callback.on_epoch_end(epoch, {name: loss})
        played += 1
        if holder.stop_training:
            break
    callback.on_train_end()
    return played


@pytest.mark.parametrize(
    ("arguments", "losses", "epochs"),
    [
        ({"patience": 2}, [3, 2, 2, 2, 2], 4),
        ({"patience": 0}, [3, 2, 2.5, 1], 3),
        ({"patience": 1, "min_delta": 0.5}, [3, 2.8, 2.7, 1], 2),
        ({"patience": 9, "baseline": 1.0}, [3, 2, 1.5, 1.2], 4),
        ({"patience": 3, "baseline": 1.0}, [3, 2, 2, 2], 3),
        ({"patience": 1, "start_from_epoch": 2}, [1, 9, 8, 9, 9], 4),
        ({"patience": 1, "mode": "max"}, [1, 2, 3, 2], 4),
        ({"patience": 3}, [math.nan] * 9, 3),
    ],
)
def test_early_stopping_stops_when_keras_does(arguments: dict[str, Any], losses: list[float], epochs: int) -> None:
    assert play(EarlyStopping(**arguments), losses) == epochs


def test_early_stopping_restores_the_best_weights() -> None:
    holder = Holder()
    play(EarlyStopping(patience=2, restore_best_weights=True), [3, 1, 2, 2], holder=holder)
    assert holder.session.params["w"][0, 0] == 1


def test_early_stopping_restores_at_the_end_of_all_epochs_too() -> None:
    holder = Holder()
    play(EarlyStopping(patience=9, restore_best_weights=True), [3, 1, 2], holder=holder)
    assert holder.session.params["w"][0, 0] == 1


def test_early_stopping_starts_afresh_in_the_next_fit() -> None:
    callback = EarlyStopping(patience=1)
    play(callback, [1, 2])
    assert play(callback, [9, 8, 7]) == 3


def test_a_value_that_there_is_not_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    play(EarlyStopping(monitor="val_accuracy"), [3, 2, 1])
    assert capsys.readouterr().err.count("NN605") == 1


def test_the_warning_lists_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    play(EarlyStopping(monitor="val_accuracy"), [3])
    assert "`val_loss`" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("val_loss", "min"), ("accuracy", "max"), ("val_binary_accuracy", "max"), ("top5", "max"), ("f1", "max"),
        ("r2", "max"), ("val_mae", "min"), ("sparse_categorical_crossentropy", "min"), ("hits", "auto"),
    ],
)  # fmt: skip
def test_the_direction_is_known_from_the_name(name: str, mode: str) -> None:
    assert direction(name) == mode


def test_a_value_of_unknown_direction_asks_for_a_mode() -> None:
    with pytest.raises(NndslError, match="NN606"):
        play(EarlyStopping(monitor="val_hits"), [1])


@pytest.mark.parametrize(
    ("arguments", "losses", "rate"),
    [
        ({"patience": 2, "factor": 0.5}, [1, 1, 1], 0.05),
        ({"patience": 2, "factor": 0.5}, [1, 1], 0.1),
        ({"patience": 1, "factor": 0.5, "cooldown": 2}, [1, 1, 1], 0.05),
        ({"patience": 1, "factor": 0.5, "cooldown": 1}, [1, 1, 1, 1], 0.0125),
        ({"patience": 1, "factor": 0.1, "min_lr": 0.07}, [1, 1, 1], 0.07),
        ({"patience": 1, "factor": 0.5}, [1, 0.99995], 0.05),
        ({"patience": 1, "factor": 0.5}, [1, 0.9998], 0.1),
    ],
)
def test_the_learning_rate_falls_when_keras_lets_it(
    arguments: dict[str, Any], losses: list[float], rate: float
) -> None:
    holder = Holder()
    play(ReduceLROnPlateau(**arguments), losses, holder=holder)
    assert holder.learning_rate == pytest.approx(rate)


def test_reduce_puts_the_learning_rate_into_the_logs() -> None:
    callback, logs = ReduceLROnPlateau(), {"val_loss": 1.0}
    callback.set_model(Holder())
    callback.on_epoch_end(0, logs)
    assert logs["learning_rate"] == pytest.approx(0.1)


def test_a_checkpoint_is_saved_every_epoch_under_its_name(tmp_path: Path) -> None:
    holder = Holder()
    play(ModelCheckpoint(tmp_path / "{epoch:02d}-{val_loss:.2f}.safetensors"), [1.0, 0.5], holder=holder)
    assert [Path(path).name for path, _ in holder.saved] == ["01-1.00.safetensors", "02-0.50.safetensors"]


def test_save_best_only_saves_improvements_alone(tmp_path: Path) -> None:
    holder = Holder()
    play(ModelCheckpoint(tmp_path / "{epoch}", save_best_only=True), [2, 3, 1, math.nan], holder=holder)
    assert [Path(path).name for path, _ in holder.saved] == ["1", "3"]


@pytest.mark.parametrize("only", [True, False])
def test_save_weights_only_leaves_the_optimizer_out(tmp_path: Path, only: bool) -> None:
    holder = Holder()
    play(ModelCheckpoint(tmp_path / "w", save_weights_only=only), [1], holder=holder)
    assert holder.saved[0][1] is not only


def test_save_freq_counts_batches(tmp_path: Path) -> None:
    holder, callback = Holder(), ModelCheckpoint(tmp_path / "{batch}", save_freq=2)
    callback.set_model(holder)
    for batch in range(5):
        callback.on_train_batch_end(batch, {"loss": 1.0})
    assert [Path(path).name for path, _ in holder.saved] == ["2", "4"]


def test_a_name_that_the_logs_lack_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(NndslError, match="NN604"):
        play(ModelCheckpoint(tmp_path / "{accuracy:.2f}"), [1])


def test_a_checkpoint_path_cannot_read_attributes(tmp_path: Path) -> None:
    with pytest.raises(NndslError, match="NN604"):
        play(ModelCheckpoint(str(tmp_path / "{val_loss.__class__.__mro__[9]}")), [1])


def test_the_csv_log_has_a_line_an_epoch(tmp_path: Path) -> None:
    play(CSVLogger(tmp_path / "log.csv"), [2.0, 1.0])
    assert (tmp_path / "log.csv").read_text() == "epoch,val_loss\n0,2.0\n1,1.0\n"


def test_the_csv_log_appends_without_a_second_header(tmp_path: Path) -> None:
    play(CSVLogger(tmp_path / "log.csv"), [2.0])
    play(CSVLogger(tmp_path / "log.csv", append=True), [1.0])
    assert (tmp_path / "log.csv").read_text() == "epoch,val_loss\n0,2.0\n0,1.0\n"


def test_a_csv_log_that_cannot_be_written_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(NndslError, match="NN612"):
        play(CSVLogger(tmp_path / "no" / "log.csv"), [1.0])


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_terminate_on_nan_stops(loss: float) -> None:
    holder, callback = Holder(), TerminateOnNaN()
    callback.set_model(holder)
    callback.on_train_batch_end(0, {"loss": loss})
    assert holder.stop_training


@pytest.mark.parametrize("schedule", [lambda epoch: 0.5**epoch, lambda epoch, rate: 0.5**epoch])
def test_the_schedule_sets_the_learning_rate(schedule: Any) -> None:
    holder = Holder()
    play(LearningRateScheduler(schedule), [1, 1, 1], holder=holder)
    assert holder.learning_rate == 0.25


@pytest.mark.parametrize(
    "make",
    [
        lambda: EarlyStopping(patience="three"),  # type: ignore[arg-type]
        lambda: EarlyStopping(patience=-1),
        lambda: EarlyStopping(patience=True),
        lambda: EarlyStopping(mode="best"),
        lambda: EarlyStopping(min_delta=math.nan),
        lambda: EarlyStopping(restore_best_weights=1),  # type: ignore[arg-type]
        lambda: ReduceLROnPlateau(factor=1.0),
        lambda: ReduceLROnPlateau(min_lr=-1),
        lambda: ModelCheckpoint(3),  # type: ignore[arg-type]
        lambda: ModelCheckpoint("w", save_freq=0),
        lambda: CSVLogger("log.csv", separator=";;"),
        lambda: LearningRateScheduler(0.1),  # type: ignore[arg-type]
    ],
)
def test_arguments_that_cannot_be_are_problems(make: Any) -> None:
    with pytest.raises(NndslError, match="NN604"):
        make()


PLACE = Span(Source("m.nn", "callbacks = []"), 0, 9)


@dataclass
class Call:
    """A callback as a train section names it."""

    name: str
    args: tuple[object, ...] = ()
    kwargs: dict[str, object] = field(default_factory=dict)
    span: Span = PLACE


def test_a_named_callback_gets_its_arguments(tmp_path: Path) -> None:
    (made,) = build_callbacks([Call("EarlyStopping", ("loss",), {"patience": 3})], tmp_path)
    assert (made.monitor, made.patience) == ("loss", 3)  # type: ignore[attr-defined]


def test_named_callbacks_write_into_the_folder(tmp_path: Path) -> None:
    (made,) = build_callbacks([Call("CSVLogger", ("log.csv",))], tmp_path)
    assert made.filename == str(tmp_path / "log.csv")  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", ["../log.csv", "/tmp/log.csv", "a/../../b", "", 3, "a\0b"])
def test_a_file_cannot_name_paths_outside_of_the_folder(path: object, tmp_path: Path) -> None:
    with pytest.raises(NndslError, match="NN604"):
        build_callbacks([Call("CSVLogger", (path,))], tmp_path)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (Call("EarlyStoping"), "NN603"),
        (Call("LambdaCallback"), "NN603"),
        (Call("EarlyStopping", kwargs={"patence": 3}), "NN604"),
        (Call("EarlyStopping", kwargs={"patience": "3"}), "NN604"),
        (Call("TerminateOnNaN", (1,)), "NN604"),
        (Call("ModelCheckpoint"), "NN604"),
    ],
)
def test_a_wrong_call_is_a_problem(call: Call, code: str, tmp_path: Path) -> None:
    with pytest.raises(NndslError, match=code):
        build_callbacks([call], tmp_path)


def test_problems_of_named_callbacks_have_the_place(tmp_path: Path) -> None:
    with pytest.raises(NndslError) as caught:
        build_callbacks([Call("EarlyStopping", kwargs={"patience": "3"})], tmp_path)
    assert caught.value.problems[0].span is not None


def test_all_wrong_calls_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(NndslError) as caught:
        build_callbacks([Call("Foo"), Call("Bar")], tmp_path)
    assert len(caught.value.problems) == 2


def test_restored_weights_are_copies() -> None:
    holder = Holder()
    play(EarlyStopping(patience=1, restore_best_weights=True), [1, 2], holder=holder)
    assert np.array_equal(holder.session.params["w"], np.zeros((2, 1)))
