"""`images("folder", image="image", label="label", size=[64, 64])`: pictures in folders, one folder a class."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any

import numpy as np

from nndsl.data.batches import split_rows
from nndsl.data.columns import Array, Column, DataSet, Dense
from nndsl.data.context import Call, SourceContext, kind_of, reason_of
from nndsl.data.folders import Files, files_of
from nndsl.data.named import Named
from nndsl.data.streams import HELD, Outline, Stream, held
from nndsl.diagnostics import NndslError, Span
from nndsl.problems.data import KeyMissing
from nndsl.problems.extras import ExtraMissing
from nndsl.problems.folders import BrokenImage, ImageSizes

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".pgm", ".ppm")
COLUMNS = ("image", "label")
MODES = {"rgb": "RGB", "grey": "L"}
THREADS = min(4, os.cpu_count() or 1)


def images(context: SourceContext, span: Span | None, /, *args: object, **named: object) -> DataSet | Stream:
    """`images(path, NAME="image", NAME="label", size=none, color=none, stream=none)`, in u8.

    `color` is "rgb" ([height, width, 3]), "grey" ([height, width]) or that of the first image; `size` [height, width].
    Up to 1 GiB of pixels are held in memory, more are read image by image. A single file is a folder of one image.
    Raises NndslError: NN500 to NN502, NN505, NN513 to NN515, NN518, NN616.
    """
    call = Call("images", span, args, named)
    call.at_most(1, 'as in images("flowers", image="image", label="label")')
    path = call.text(0, "path")
    stream = call.choice("stream")
    size = _size(call)
    color = named.pop("color", None)
    if color is not None and color not in MODES:
        call.refuse(f"`color` is {kind_of(color)}", '"rgb" or "grey" is needed')
    pillow = _pillow(span)
    place = context.resolve(path, span, folder=True)
    if place.is_dir():
        files = files_of(place, path, ENDINGS, "image", span)
    else:
        files = Files(place.parent, (place.name,), (), None)
    offered = COLUMNS if files.labels is not None else COLUMNS[:1]
    wanted = dict(named) or {column: column for column in offered}
    for column in wanted.values():
        if not isinstance(column, str):
            call.refuse(f"{kind_of(column)} is no column", 'the columns are "image" and "label"')
        if column not in offered:
            raise NndslError(KeyMissing(span, f"`{path}`", column, offered, "column"))
    folder = ImageFolder(files, {name: str(column) for name, column in wanted.items()}, size, color, pillow, span)
    if stream or (stream is None and folder.rows * folder.row_bytes > HELD):
        return folder
    return DataSet(held(folder).columns, files.labels)


def _size(call: Call) -> tuple[int, int] | None:
    size = call.named.pop("size", None)
    if size is None:
        return None
    if isinstance(size, list | tuple) and len(size) == 2 and all(type(one) is int and one > 0 for one in size):
        return size[0], size[1]
    return call.refuse(f"`size` is {kind_of(size)}", "height and width are needed, as in size=[64, 64]")


def _pillow(span: Span | None) -> ModuleType:
    try:
        from PIL import Image
    except ImportError:
        raise NndslError(ExtraMissing(span, "`images`", "pillow", "images")) from None
    module: ModuleType = Image
    return module


class ImageFolder(Stream):
    """The images of some files, each a block of its own."""

    def __init__(
        self,
        files: Files,
        wanted: Mapping[str, str],
        size: tuple[int, int] | None,
        color: object,
        pillow: ModuleType,
        span: Span | None,
        kept: Array | None = None,
        pixels: tuple[int, ...] | None = None,
    ) -> None:
        self.files, self.wanted, self.size, self.pillow, self.span = files, dict(wanted), size, pillow, span
        self.kept = np.arange(len(files.files)) if kept is None else kept
        self.starts = np.arange(len(self.kept) + 1)
        self.color = color or self._color_of(files.files[0])
        self.pixels: tuple[int, ...] = pixels or self._decoded(files.files[0]).shape
        rows = len(self.kept)
        whole = {
            "image": Outline((rows, *self.pixels), np.dtype(np.uint8)),
            "label": Outline((rows,), np.dtype(np.int64), named=True),
        }
        self.outlines = {name: whole[column] for name, column in wanted.items()}

    def read(self, blocks: Array) -> DataSet:
        numbers = self.kept[blocks]
        columns: dict[str, Column] = {}
        for name, column in self.wanted.items():
            if column == "image":
                columns[name] = Dense(self._images(numbers))
            else:
                assert self.files.labels is not None
                columns[name] = Named(Dense(self.files.labels[numbers]), self.files.classes)
        return DataSet(columns)

    def split(self, share: float, span: Span | None = None) -> tuple[Stream, Stream]:
        labels = None if self.files.labels is None else self.files.labels[self.kept]
        train, validation = split_rows(self.rows, share, span, labels)
        return self._part(train), self._part(validation)

    def _part(self, rows: Any) -> ImageFolder:
        return ImageFolder(self.files, self.wanted, self.size, self.color, self.pillow, self.span, self.kept[rows],
                           self.pixels)  # fmt: skip

    def _images(self, numbers: Array) -> Array:
        out = np.empty((len(numbers), *self.pixels), dtype=np.uint8)

        def fill(place: int) -> None:
            name = self.files.files[int(numbers[place])]
            found = self._decoded(name)
            if found.shape != self.pixels:
                first = self.files.files[0]
                (height, width), (first_height, first_width) = found.shape[:2], self.pixels[:2]
                raise NndslError(ImageSizes(self.span, name, height, width, first, first_height, first_width))
            out[place] = found

        # Pillow decodes without Python's lock.
        with ThreadPoolExecutor(THREADS) as pool:
            for _ in pool.map(fill, range(len(numbers))):
                pass
        return out

    def _color_of(self, name: str) -> str:
        try:
            with self.pillow.open(self.files.folder / name) as image:
                return "grey" if image.mode in ("1", "L", "LA", "I", "I;16", "F") else "rgb"
        except Exception as fault:
            raise self._broken(name, fault) from None

    def _decoded(self, name: str) -> Array:
        """One image in u8, [height, width] or [height, width, 3]."""
        try:
            with self.pillow.open(self.files.folder / name) as image:
                if self.size is not None and image.format == "JPEG":
                    image.draft(None, (2 * self.size[1], 2 * self.size[0]))  # decodes at a fraction of the size
                upright = _upright(image)
                if upright.mode.startswith("I"):  # 16 bits a pixel: the upper eight
                    upright = upright.point(lambda value: value / 256).convert("L")
                pixels = upright.convert(MODES[str(self.color)])
                if self.size is not None:
                    pixels = _fitted(pixels, *self.size, self.pillow)
                return np.asarray(pixels)
        except Exception as fault:  # decoders raise whatever they like: OSError, SyntaxError, struct.error, …
            raise self._broken(name, fault) from None

    def _broken(self, name: str, fault: BaseException) -> NndslError:
        known = "" if type(fault).__name__ != "UnidentifiedImageError" else "it is of no known format"
        return NndslError(BrokenImage(self.span, name, known or reason_of(fault)))


def _upright(image: Any) -> Any:
    """As it was seen when it was taken: cameras note how they were held."""
    from PIL import ImageOps

    return ImageOps.exif_transpose(image)


def _fitted(image: Any, height: int, width: int, pillow: ModuleType) -> Any:
    """The image in that size: scaled, and the middle of what is longer cut out, so that nothing is distorted."""
    from PIL import ImageOps

    if image.size == (width, height):
        return image
    return ImageOps.fit(image, (width, height), method=pillow.Resampling.BILINEAR)
