"""Sets in pieces: blocks, parts of them, and what a feed makes of them."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from nndsl.data import streams
from nndsl.data.ahead import Ahead
from nndsl.data.archives import npy, npz
from nndsl.data.batches import groups
from nndsl.data.columns import DataSet, Dense
from nndsl.data.context import SourceContext
from nndsl.data.ports import Port
from nndsl.data.steps import Rescale
from nndsl.data.streams import Part, Stream, held
from nndsl.diagnostics import NndslError
from nndsl.training import feed
from nndsl.training.feed import Feed

PORTS = (Port("x", "input", "f32", ("batch", 3)), Port("y", "target", "i64", ("batch",)))
X = np.arange(60, dtype=np.float32).reshape(20, 3)
Y = np.arange(20)


@pytest.fixture
def stream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stream:
    """20 rows in blocks of 3, of which two are read together."""
    monkeypatch.setattr(streams, "BLOCK", 3 * 20)
    monkeypatch.setattr(feed, "GROUP", 6 * 20)
    np.savez(tmp_path / "a.npz", x=X, y=Y)
    return npz(SourceContext(tmp_path), None, "a.npz", x="x", y="y", stream=True)


def taken(batches) -> tuple[list[int], list[int]]:
    """The sizes of batches and the numbers of their rows, which the values show."""
    sizes, rows = [], []
    with batches as some:
        for size, batch in some:
            assert len(batch["x"]) == len(batch["y"]) == size
            np.testing.assert_array_equal(batch["x"], X[batch["y"]])
            sizes.append(size)
            rows += batch["y"].tolist()
    return sizes, rows


def test_blocks_and_their_rows(stream):
    assert stream.starts.tolist() == [0, 3, 6, 9, 12, 15, 18, 20]
    some = stream.read(np.array([6, 1]))
    assert some["y"].array.tolist() == stream.numbers(np.array([6, 1])).tolist() == [18, 19, 3, 4, 5]
    np.testing.assert_array_equal(held(stream)["x"].array, X)


def test_a_part_cuts_the_blocks_on_its_edges(stream):
    train, validation = stream.split(0.3)
    assert isinstance(train, Part)
    assert train.starts.tolist() == [0, 3, 6, 9, 12, 14]
    assert validation.starts.tolist() == [0, 1, 4, 6]
    assert held(train)["y"].array.tolist() == list(range(14))
    assert validation.read(np.array([2, 0]))["y"].array.tolist() == [18, 19, 14]
    inner, last = train.split(0.5)
    assert held(inner)["y"].array.tolist() == list(range(7))
    assert held(last)["y"].array.tolist() == list(range(7, 14))


@pytest.mark.parametrize("size", [1, 4, 7, 20, 50])
def test_every_row_comes_once_in_batches_of_one_size(stream, size):
    whole = Feed(stream, PORTS)
    sizes, rows = taken(whole.epoch(size, 5, 0))
    assert len(sizes) == whole.steps(size)
    assert all(one == size for one in sizes[:-1])
    assert sorted(rows) == list(range(20))
    assert rows != list(range(20)) or size == 50
    assert taken(whole.in_order(size))[1] == list(range(20))


def test_the_order_is_that_of_seed_and_epoch(stream):
    whole = Feed(stream, PORTS)
    orders = [taken(whole.epoch(4, *key))[1] for key in ((5, 0), (5, 0), (5, 1), (6, 0))]
    assert orders[0] == orders[1]
    assert orders[0] != orders[2] != orders[3] != orders[0]


def test_rows_of_one_group_are_mixed_beyond_their_blocks(stream):
    places = np.zeros((20, 20))
    for epoch in range(400):
        for place, row in enumerate(taken(Feed(stream, PORTS).epoch(20, 1, epoch))[1]):
            places[row, place] += 1
    assert places.min() > 2  # every row comes to every place, 20 times on average


def test_one_group_is_any_order_with_the_same_chance():
    starts = np.array([0, 1, 3])
    seen: dict[tuple[int, ...], int] = {}
    for epoch in range(3000):
        rows = []
        for blocks, order in groups(starts, 100, 7, epoch):
            numbers = np.concatenate([np.arange(starts[b], starts[b + 1]) for b in blocks])
            rows += numbers[order].tolist()
        seen[tuple(rows)] = seen.get(tuple(rows), 0) + 1
    assert len(seen) == 6
    assert min(seen.values()) > 400  # 500 on average, with a deviation of 20


def test_blocks_of_one_row_are_a_permutation_of_all_rows():
    rows = [block for blocks, order in groups(np.arange(101), 7, 1, 2) for block in blocks[order]]
    assert sorted(rows) == list(range(100))
    assert np.abs(np.corrcoef(rows, np.arange(100))[0, 1]) < 0.3


def test_values_are_checked_where_they_are_read(stream, tmp_path):
    x = X.copy()
    x[13, 1] = np.nan
    np.savez(tmp_path / "b.npz", x=x, y=Y)
    bad = npz(SourceContext(tmp_path), None, "b.npz", x="x", y="y", stream=True)
    with pytest.raises(NndslError) as error:
        taken(Feed(bad, PORTS).epoch(4, 0, 0))
    (problem,) = error.value.problems
    assert (problem.code, problem.row) == ("NN529", 13)


def test_a_file_that_shrinks_is_nn501(stream, tmp_path):
    (tmp_path / "a.npz").write_bytes((tmp_path / "a.npz").read_bytes()[:200])
    with pytest.raises(NndslError, match="NN501"):
        held(stream)


def test_what_cannot_be_read_in_pieces_says_so(tmp_path):
    context = SourceContext(tmp_path)
    np.savez_compressed(tmp_path / "a.npz", x=X)
    np.savez(tmp_path / "b.npz", x=np.asfortranarray(X))
    for name in ("a.npz", "b.npz"):
        with pytest.raises(NndslError, match="NN505"):
            npz(context, None, name, x="x", stream=True)
        assert isinstance(npz(context, None, name, x="x"), DataSet)


def test_large_sets_are_read_in_pieces_by_themselves(tmp_path, monkeypatch):
    np.savez(tmp_path / "a.npz", x=X)
    context = SourceContext(tmp_path)
    assert isinstance(npz(context, None, "a.npz", x="x"), DataSet)
    monkeypatch.setattr("nndsl.data.archives.HELD", X.nbytes - 1)
    assert isinstance(npz(context, None, "a.npz", x="x"), Stream)
    assert isinstance(npz(context, None, "a.npz", x="x", stream=False), DataSet)


def test_npy_files_feed_inputs(tmp_path):
    context = SourceContext(tmp_path)
    np.save(tmp_path / "x.npy", X)
    np.save(tmp_path / "f.npy", np.asfortranarray(X))
    np.save(tmp_path / "y.npy", Y)
    np.save(tmp_path / "short.npy", Y[:3])
    for name in ("x.npy", "f.npy"):
        data = npy(context, None, x=name, y="y.npy")
        np.testing.assert_array_equal(data["x"].array, X)
    assert isinstance(npy(context, None, x="x.npy", y="y.npy", stream=True), Stream)
    for arguments, code in (({"x": "f.npy", "stream": True}, "NN505"), ({"x": "x.npy", "y": "short.npy"}, "NN525"),
                            ({"x": "z.npy"}, "NN500"), ({}, "NN505")):  # fmt: skip
        with pytest.raises(NndslError, match=code):
            npy(context, None, **arguments)
    (tmp_path / "cut.npy").write_bytes((tmp_path / "x.npy").read_bytes()[:200])
    with pytest.raises(NndslError, match="NN501"):
        npy(context, None, x="cut.npy")


@pytest.mark.parametrize("path", ["../a.npz", "/tmp/a.npz", "b/../../a.npz"])
def test_a_path_out_of_the_project_is_nn518(tmp_path, path):
    with pytest.raises(NndslError, match="NN518"):
        npz(SourceContext(tmp_path), None, path, x="x")


# --- the thread ------------------------------------------------------------------------------------------


def test_items_come_in_order_and_the_thread_ends():
    ahead = Ahead(iter(range(100)), lambda item: 1)
    assert list(ahead) == list(range(100))
    assert not ahead._thread.is_alive()


def test_a_fault_comes_where_its_item_would():
    def items():
        yield 1
        raise ValueError("broken")

    ahead = Ahead(items(), lambda item: 1)
    assert next(ahead) == 1
    with pytest.raises(ValueError, match="broken"):
        next(ahead)
    assert not ahead._thread.is_alive()


def test_no_more_is_made_than_there_is_room_for(monkeypatch):
    monkeypatch.setattr("nndsl.data.ahead.WAITING", 10)
    made = []

    def items():
        for number in range(1000):
            made.append(number)
            yield number

    with closing(Ahead(items(), lambda item: 5)) as ahead:
        for _ in range(3):
            next(ahead)
        assert len(made) <= 3 + 2 + 2
    assert not ahead._thread.is_alive()
    assert len(made) < 10


def test_steps_are_done_ahead_too():
    data = DataSet({"x": Dense(X.astype(np.uint8)), "y": Dense(Y)})
    some = Feed(data, PORTS, {"x": (Rescale(2.0, 1.0),)})
    with some.in_order(8) as batches:
        got = np.concatenate([batch["x"] for _, batch in batches])
    assert got.dtype == np.float32
    np.testing.assert_array_equal(got, 2 * X + 1)
