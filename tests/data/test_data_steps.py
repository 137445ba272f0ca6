"""Steps of data sections: what each does, and what it learns."""

from __future__ import annotations

import numpy as np
import pytest

from nndsl.data.columns import DataSet, Dense
from nndsl.data.learned import Learned, learn
from nndsl.data.named import Classes, Named, Words
from nndsl.data.rotation import rotated
from nndsl.data.steps import Crop, Draw, Fill, Misfit, Normalize, RandomCrop, RandomFlip, RandomRotation, Rescale

rng = np.random.default_rng(0)
IMAGES = rng.normal(size=(6, 5, 7, 2)).astype(np.float32)


def draw(rows: int = 6, seed: int = 1, epoch: int = 0) -> Draw:
    return Draw(seed, epoch, np.arange(rows))


def learned(array, *chain):
    return learn(lambda: [DataSet({"x": Dense(array)})], {"x": chain}, None).of("x")


@pytest.mark.parametrize("step", [RandomFlip("both"), RandomCrop(3, 4), RandomRotation(40)])
def test_draws_depend_on_the_row_and_not_on_its_batch(step):
    whole = step.apply(IMAGES, draw(), 2, {})
    order = np.array([4, 1, 5, 0])
    some = step.apply(IMAGES[order], Draw(1, 0, order), 2, {})
    np.testing.assert_array_equal(some, whole[order])
    assert not np.array_equal(whole, step.apply(IMAGES, draw(epoch=1), 2, {}))
    assert not np.array_equal(whole, step.apply(IMAGES, draw(seed=2), 2, {}))


@pytest.mark.parametrize("step", [RandomFlip("both"), RandomRotation(40)])
def test_outside_of_training_nothing_is_drawn(step):
    np.testing.assert_array_equal(step.apply(IMAGES, None, 0, {}), IMAGES)


def test_uniform_numbers_are_uniform():
    numbers = Draw(3, 7, np.arange(100_000)).uniform(0)
    counts, _ = np.histogram(numbers, bins=10, range=(0, 1))
    assert counts.sum() == 100_000
    assert abs(counts - 10_000).max() < 500
    other = Draw(3, 7, np.arange(100_000)).uniform(1)
    assert abs(np.corrcoef(numbers, other)[0, 1]) < 0.02


def test_flips_are_those_of_numpy():
    for mode, axes in (("horizontal", [(2,)]), ("vertical", [(1,)]), ("both", [(1,), (2,), (1, 2)])):
        out = RandomFlip(mode).apply(IMAGES, draw(), 0, {})
        kinds = {next(k for k, a in enumerate([(), *axes]) if np.array_equal(out[i], np.flip(IMAGES, a)[i]))
                 for i in range(6)}  # fmt: skip
        assert len(kinds) > 1


def test_crops():
    np.testing.assert_array_equal(Crop(3, 4).apply(IMAGES, None, 0, {}), IMAGES[:, 1:4, 1:5])
    np.testing.assert_array_equal(RandomCrop(3, 3).apply(IMAGES, None, 0, {}), IMAGES[:, 1:4, 2:5])
    drawn = RandomCrop(3, 4).apply(IMAGES, draw(), 0, {})
    for row in range(6):
        assert any(np.array_equal(drawn[row], IMAGES[row, y : y + 3, x : x + 4]) for y in range(3) for x in range(4))
    padded = RandomCrop(7, 9, padding=1).apply(IMAGES, draw(), 0, {})
    np.testing.assert_array_equal(padded[:, 1:-1, 1:-1], IMAGES)
    assert not padded[:, 0].any()
    assert RandomCrop(7, 9, padding=1).shape((6, 5, 7, 2)) == (6, 7, 9, 2)


def test_a_quarter_turn_is_that_of_numpy():
    square = rng.normal(size=(2, 5, 5, 3))
    turned = rotated(square, np.deg2rad([90.0, -90.0]))
    np.testing.assert_allclose(turned[0], np.rot90(square[0]), atol=1e-6)
    np.testing.assert_allclose(turned[1], np.rot90(square[1], -1), atol=1e-6)
    grey = rng.normal(size=(3, 4, 6))
    np.testing.assert_allclose(rotated(grey, np.zeros(3)), grey, atol=1e-6)
    np.testing.assert_allclose(rotated(grey, np.full(3, np.pi)), grey[:, ::-1, ::-1], atol=1e-5)


def test_a_turn_is_bilinear_between_pixels():
    ramp = np.broadcast_to(np.arange(9.0), (1, 9, 9)).copy()
    angle = np.deg2rad(20.0)
    inner = rotated(ramp, np.array([angle]))[0, 3:6, 3:6]
    y, x = np.mgrid[-1:2, -1:2]
    np.testing.assert_allclose(inner, 4 + np.cos(angle) * x - np.sin(angle) * y, atol=1e-6)


@pytest.mark.parametrize("chunk", [3, 1000])
@pytest.mark.parametrize(("shape", "axis"), [((50, 4), -1), ((50,), -1), ((50, 3, 2), 1), ((50, 3, 2), None)])
def test_normalize_learns_what_numpy_says(shape, axis, chunk, monkeypatch):
    monkeypatch.setattr("nndsl.data.learned.CHUNK", chunk)
    array = rng.normal(1e4, 3, size=shape)
    step = Normalize(axis)
    found = learned(array, step)
    over = step.over(array.ndim)
    np.testing.assert_allclose(found["mean"], array.mean(axis=over), rtol=1e-12)
    np.testing.assert_allclose(found["deviation"], array.std(axis=over), rtol=1e-8)
    out = step.apply(array, None, 0, found)
    np.testing.assert_allclose(out.mean(axis=over), 0, atol=1e-10)
    np.testing.assert_allclose(out.std(axis=over), 1, rtol=1e-8)


def test_normalize_learns_behind_the_steps_before_it():
    array = rng.uniform(0, 255, size=(40, 6, 6))
    found = learned(array, Rescale(1 / 255), RandomCrop(4, 4), Normalize(None))
    np.testing.assert_allclose(found["mean"], array[:, 1:5, 1:5].mean() / 255)


def test_what_never_changes_becomes_zero():
    array = np.full((10, 2), 7.0)
    assert not Normalize().apply(array, None, 0, learned(array, Normalize())).any()


def test_fill_puts_means_where_values_are_missing():
    array = np.array([[1.0, np.nan], [3.0, 5.0], [np.nan, 7.0]])
    found = learned(array, Fill(), Normalize())
    np.testing.assert_array_equal(found["fill"], [2, 6])
    filled = Fill().apply(array, None, 0, found)
    np.testing.assert_array_equal(filled, [[1, 6], [3, 5], [2, 7]])
    np.testing.assert_allclose(found["deviation"], filled.std(axis=0))
    np.testing.assert_array_equal(Fill(0.0).apply(array, None, 0, {})[2], [0, 7])


@pytest.mark.parametrize(
    ("step", "shape"), [(RandomFlip(), (3, 4)), (Crop(9, 2), (3, 8, 8)), (RandomCrop(9, 9), (3, 8, 9)),
                        (RandomRotation(3), (3,)), (Normalize(3), (3, 4)), (Normalize(0), (3, 4))]
)  # fmt: skip
def test_what_a_step_cannot_take_is_a_misfit(step, shape):
    with pytest.raises(Misfit):
        step.shape(shape)


# --- names -------------------------------------------------------------------------------------------------


def test_classes_come_by_name_and_numbers_by_their_size():
    assert Classes().learn({"b": 1, "a": 2, "c": 0}) == ("a", "b")
    assert Classes().learn({"10": 1, "9": 1, "0": 1}) == ("0", "9", "10")


def test_a_vocabulary_has_the_most_frequent_words():
    words = Words(size=4)
    column = words.column(["The cat, the dog", "a cat's cat"])
    names = words.learn(column.counts())
    assert names == ("\0", "\ufffd", "cat", "the")
    assert column.numbered(names, "x").take(slice(None)).tolist() == [[3, 2, 3, 1], [1, 1, 2, 0]]


def test_characters_and_a_fixed_length():
    words = Words("character", lower=False, length=3)
    column = words.column(["Abba", "b"])
    names = words.learn(column.counts())
    assert names == ("\0", "\ufffd", "b", "A")  # what is cut off is not counted
    assert column.numbered(names, "x").array.tolist() == [[3, 2, 2], [2, 0, 0]]


def test_what_was_learned_is_kept_as_text_and_arrays():
    rule = Words("character", 50, False, 8)
    before = Learned({"x": {"mean": np.ones(3)}}, {"y": ("a", "b"), "t": ("\0", "\ufffd", "q")},
                     {"y": Classes(), "t": rule})  # fmt: skip
    after = Learned.of_file(before.flat(), before.described())
    assert after.names == before.names
    assert after.rules == before.rules
    np.testing.assert_array_equal(after.of("x")["mean"], np.ones(3))


@pytest.mark.parametrize(
    "entry", [3, {"y": 3}, {"y": {"names": [1], "words": None}}, {"y": {"names": ["a", "a"], "words": None}},
              {"y": {"names": ["a"], "words": {"by": "line", "size": 1, "lower": True, "length": None}}},
              {"y": {"names": ["a"], "words": {"by": "word", "size": -1, "lower": True, "length": None}}}]
)  # fmt: skip
def test_what_a_strange_file_says_is_left_out(entry):
    bad = {"x/mean": np.array([np.nan]), "x/deviation": np.ones((2, 2)), "z/mean": np.ones(2, np.float32)}
    assert not Learned.of_file(bad, entry)


def test_what_is_known_stays_and_the_rest_is_learned():
    piece = DataSet({"x": Dense(np.arange(4.0)), "y": Named.of(["b", "a", "b", "c"])})
    known = Learned({}, {"y": ("b", "a", "c", "d")}, {"y": Classes()})
    found = learn(lambda: [piece], {"x": (Normalize(),)}, known)
    assert found.names["y"] == ("b", "a", "c", "d")
    assert found.of("x")["mean"] == 1.5
