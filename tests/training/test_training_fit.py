"""The training loop."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
from linear import Holder, LinearSession, feed

from nndsl.training.callback import Callback, History, LambdaCallback
from nndsl.training.fit import FitSettings, evaluate, fit
from nndsl.training.progress import Bar, Display, Lines, make_display, number_text, seconds_text


def run(session: LinearSession | None = None, *callbacks: Callback, validation=None, display=None, rows=10, **settings):
    holder = Holder(session or LinearSession())
    chosen = FitSettings(**{"epochs": 2, "batch_size": 4, **settings})
    history = fit(holder.session, holder, feed(rows), validation, chosen, callbacks, display or Display(), History())
    return history, holder


def test_a_training_lowers_the_loss() -> None:
    history, _ = run(epochs=20)
    assert history.history["loss"][-1] < 0.01 * history.history["loss"][0]


def test_the_loss_of_an_epoch_is_the_mean_over_samples() -> None:
    session = LinearSession(learning_rate=0.0)
    history, _ = run(session, epochs=1, batch_size=4)
    assert history.history["loss"][0] == pytest.approx(evaluate(session, feed(), 10)["loss"])


def test_every_row_is_seen_once_an_epoch() -> None:
    _, holder = run(epochs=1)
    seen = np.concatenate(holder.session.batches)
    assert sorted(map(tuple, seen.tolist())) == sorted(map(tuple, feed().data["x"].take(slice(None)).tolist()))


def test_without_shuffle_rows_come_in_order() -> None:
    _, holder = run(epochs=1, shuffle=False)
    assert np.array_equal(np.concatenate(holder.session.batches), feed().data["x"].take(slice(None)))


def test_one_seed_gives_one_order() -> None:
    a, b = run(seed=3)[1].session, run(seed=3)[1].session
    assert np.array_equal(a.params["w"], b.params["w"])


def test_another_seed_gives_another_order() -> None:
    a, b = run(seed=3, rows=30)[1].session, run(seed=4, rows=30)[1].session
    assert not np.array_equal(a.batches[0], b.batches[0])


def test_two_epochs_have_different_orders() -> None:
    _, holder = run(epochs=2, batch_size=30, rows=30)
    assert not np.array_equal(*holder.session.batches)


def test_a_second_fit_goes_on_with_another_order() -> None:
    session = LinearSession()
    run(session, epochs=1, batch_size=30, rows=30)
    run(session, epochs=1, batch_size=30, rows=30)
    assert not np.array_equal(*session.batches)


def test_validation_values_have_val_in_front() -> None:
    history, _ = run(validation=feed(6, seed=1))
    assert list(history.history) == ["loss", "mae", "val_loss", "val_mae"]


def test_validation_does_not_touch_the_metrics_of_training() -> None:
    alone, _ = run(LinearSession(0.0), epochs=1)
    both, _ = run(LinearSession(0.0), epochs=1, validation=feed(6, seed=1))
    assert both.history["mae"] == alone.history["mae"]


def test_epochs_count_from_initial_epoch() -> None:
    history, _ = run(initial_epoch=3, epochs=5)
    assert history.epoch == [3, 4]


def test_stop_training_ends_the_epoch_after_the_batch() -> None:
    def stop(batch: int, logs: object) -> None:
        holder = callback.model
        holder.stop_training = True

    callback = LambdaCallback(on_train_batch_end=stop)
    _, holder = run(None, callback)
    assert holder.session.step == 1


def test_hooks_come_in_the_order_of_keras() -> None:
    calls: list[str] = []
    names = ("on_train_begin", "on_epoch_begin", "on_train_batch_begin", "on_train_batch_end", "on_test_begin",
             "on_test_batch_begin", "on_test_batch_end", "on_test_end", "on_epoch_end", "on_train_end")  # fmt: skip
    hooks = {name: lambda *_, name=name: calls.append(name) for name in names}
    run(None, LambdaCallback(**hooks), epochs=1, batch_size=10, validation=feed(4))
    assert tuple(calls) == names


def test_logs_of_a_batch_hold_the_mean_so_far() -> None:
    seen: list[float] = []
    session = LinearSession(0.0)
    run(session, LambdaCallback(on_train_batch_end=lambda b, logs: seen.append(logs["loss"])), epochs=1)
    assert seen[-1] == pytest.approx(evaluate(session, feed(), 10)["loss"])


def test_values_put_into_logs_by_a_callback_are_in_the_history() -> None:
    history, _ = run(None, LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(extra=float(epoch))))
    assert history.history["extra"] == [0.0, 1.0]


def test_a_loss_that_is_no_number_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    session = LinearSession()
    session.params["w"][:] = np.nan
    run(session, epochs=3)
    assert capsys.readouterr().err.count("NN610") == 1


def test_training_goes_on_after_a_loss_that_is_no_number() -> None:
    session = LinearSession()
    session.params["w"][:] = np.nan
    history, _ = run(session, epochs=3)
    assert [math.isnan(loss) for loss in history.history["loss"]] == [True] * 3


def test_an_interrupt_passes_through() -> None:
    def interrupt(batch: int, logs: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(None, LambdaCallback(on_train_batch_end=interrupt))


def test_programs_are_compiled_before_the_first_step() -> None:
    _, holder = run(validation=feed(4))
    assert holder.session.prepared == ("train", "evaluate")


def test_lines_has_a_line_an_epoch() -> None:
    stream = io.StringIO()
    run(display=Lines(stream), epochs=3)
    assert [line.split()[1] for line in stream.getvalue().splitlines()] == ["1/3", "2/3", "3/3"]


def test_a_stream_that_is_no_terminal_gets_lines() -> None:
    assert type(make_display(1, io.StringIO())) is Lines


def test_a_closed_stream_gets_nothing() -> None:
    assert type(make_display(2, None)) is Display


def test_the_bar_prints_each_finished_epoch() -> None:
    stream = io.StringIO()
    run(display=Bar(stream), epochs=2)
    assert "epoch 2/2" in stream.getvalue()


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.44, "0.4s"), (12.2, "12s"), (185, "3:05"), (7385, "2:03:05"), (59.7, "1:00")]
)
def test_durations_are_short(seconds: float, text: str) -> None:
    assert seconds_text(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.25, "0.2500"), (0.0, "0.0000"), (1.5e-6, "1.5e-06"), (1e7, "1e+07"), (math.nan, "nan")]
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert number_text(value) == text
