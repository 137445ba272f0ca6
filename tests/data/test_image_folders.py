"""`images`: folders of pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nndsl.data.context import SourceContext
from nndsl.data.images import images
from nndsl.data.streams import Stream, held
from nndsl.diagnostics import NndslError, Problem

Image = pytest.importorskip("PIL.Image")


def write(place: Path, pixels, **options) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(pixels, np.uint8)).save(place, **options)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five grey pictures of 4 x 6, in classes 10 and 9; the pixel says which."""
    for number, name in enumerate(("10/a", "10/b", "10/c", "9/a", "9/b")):
        write(tmp_path / f"pics/{name}.png", np.full((4, 6), number))
    (tmp_path / "pics/.hidden").mkdir()
    (tmp_path / "pics/9/notes.md").write_text("not a picture")
    return tmp_path


def read(folder: Path, path: str = "pics", **named):
    return images(SourceContext(folder), None, path, **named)


def fault(folder: Path, path: str = "pics", **named) -> Problem:
    def whole():
        data = read(folder, path, **named)
        return held(data) if isinstance(data, Stream) else data

    with pytest.raises(NndslError) as error:
        whole()
    (problem,) = error.value.problems
    return problem


@pytest.mark.parametrize("stream", [None, True])
def test_pixels_and_classes(folder, stream):
    found = read(folder, stream=stream)
    data = held(found) if isinstance(found, Stream) else found
    assert data["image"].array.dtype == np.uint8
    assert data["image"].shape == (5, 4, 6)
    assert data["image"].array[:, 0, 0].tolist() == [0, 1, 2, 3, 4]
    assert [data["label"].names[code] for code in data["label"].codes.array] == ["10", "10", "10", "9", "9"]


def test_a_share_for_validation_is_one_of_each_class(folder):
    train, validation = read(folder, stream=True).split(0.5)
    assert held(train)["image"].array[:, 0, 0].tolist() == [0, 3]
    assert held(validation)["image"].array[:, 0, 0].tolist() == [1, 2, 4]
    assert held(validation)["label"].codes.array.tolist() == [0, 0, 1]
    assert read(folder).strata.tolist() == [0, 0, 0, 1, 1]


def test_images_of_a_stream_are_blocks_of_their_own(folder):
    some = read(folder, stream=True).read(np.array([4, 0, 2]))
    assert some["image"].array[:, 0, 0].tolist() == [4, 0, 2]


def test_a_size_cuts_the_middle_and_distorts_nothing(folder):
    wide = np.zeros((10, 30))
    wide[:, 10:20] = 200
    write(folder / "wide/a/x.png", wide)
    (one,) = read(folder, "wide", x="image", size=[5, 5])["x"].array
    assert one.shape == (5, 5)
    assert (one[:, 1:4] == 200).all()
    assert one.min() > 150  # nothing but the rim of the middle mixes with what is beside it


def test_color_is_that_of_the_first_image_unless_it_is_said(folder):
    write(folder / "pics/9/b.png", np.full((4, 6, 3), 4))
    assert read(folder)["image"].shape == (5, 4, 6)
    assert read(folder, color="rgb", x="image")["x"].shape == (5, 4, 6, 3)
    write(folder / "one/a.png", np.full((4, 6, 3), 90))
    assert read(folder, "one", color="grey")["image"].array.tolist() == np.full((1, 4, 6), 90).tolist()
    assert list(read(folder, "one")) == ["image"]  # without folders there are no classes


def test_sixteen_bits_and_palettes_and_how_the_camera_was_held(folder):
    deep = Image.fromarray(np.full((4, 6), 256 * 7, np.uint16))
    (folder / "deep").mkdir()
    deep.save(folder / "deep/a.png")
    assert read(folder, "deep")["image"].array.max() == 7
    Image.fromarray(np.full((4, 6), 9, np.uint8)).convert("P").save(folder / "deep/a.png")
    assert read(folder, "deep")["image"].shape == (1, 4, 6, 3)
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    Image.fromarray(np.full((4, 6), 9, np.uint8)).save(folder / "deep/a.png", exif=exif)
    assert read(folder, "deep")["image"].shape == (1, 6, 4)


def test_mixed_sizes_are_nn515(folder):
    write(folder / "pics/9/b.png", np.zeros((5, 6)))
    for stream in (None, True):
        problem = fault(folder, stream=stream)
        assert problem.code == "NN515"
        assert problem.headline == "`9/b.png` is 5 x 6 pixels, and `10/a.png` is 4 x 6"
        assert problem.help == "bring all to one size: `size=[4, 6]`"


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n" + 30 * b"x"])
def test_a_broken_image_is_nn514(folder, content):
    (folder / "pics/9/b.png").write_bytes(content)
    assert fault(folder).code == "NN514"
    assert "9/b.png" in fault(folder).headline


def test_an_image_that_is_cut_off_is_nn514(folder):
    write(folder / "jpeg/a.jpg", np.random.default_rng(0).integers(0, 255, (64, 64, 3)), quality=95)
    content = (folder / "jpeg/a.jpg").read_bytes()
    (folder / "jpeg/a.jpg").write_bytes(content[: len(content) // 2])
    assert fault(folder, "jpeg").code == "NN514"


def test_an_image_that_unfolds_to_too_much_is_nn514(folder, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    assert fault(folder).code == "NN514"


def test_what_is_wrong_with_a_folder(folder):
    (folder / "empty/a").mkdir(parents=True)
    write(folder / "both/a.png", np.zeros((2, 2)))
    write(folder / "both/b/a.png", np.zeros((2, 2)))
    assert fault(folder, "empty").headline == "folder `empty` holds no images"
    assert fault(folder, "both").code == "NN513"
    assert fault(folder, "nowhere").code == "NN500"
    assert fault(folder, "..").code == "NN518"
    assert fault(folder, "both/b", x="label").code == "NN502"


@pytest.mark.parametrize("named", [{"size": 3}, {"size": [3]}, {"size": [0, 3]}, {"color": "blue"}, {"x": 3},
                                   {"stream": 1}])  # fmt: skip
def test_wrong_arguments_are_nn505(folder, named):
    assert fault(folder, **named).code == "NN505"
