"""What lies in a file of Keras: the JSON that describes the model, and the HDF5 with its weights.

Nothing is unpacked to the disk. Of a `.keras` archive three members are looked at, by their exact names; an archive
that also holds names to climb out of a folder with is refused as a whole.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from nndsl.data.archives import free_memory
from nndsl.diagnostics import NndslError
from nndsl.keras.stores import Layout, Weights, damaged, opened, text_attribute
from nndsl.problems.keras import KerasUnreadable

LARGEST_JSON = 64 << 20
LARGEST_WEIGHTS = 16 << 30
MEMBERS = 10_000

AGAIN = "fetch or write the file again"
ARCHIVE_DAMAGE = (OSError, EOFError, ValueError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error,
                  MemoryError, KeyError)  # fmt: skip


@dataclass(frozen=True)
class Archive:
    """A saved model: its JSON, the version of Keras that wrote it, and where its weights are."""

    path: str
    config: Mapping[str, object]
    version: str
    weights: Weights = field(repr=False)


def read_archive(place: Path) -> Archive:
    """A `.keras` archive or an HDF5 file with a whole model. Raises NndslError (NN710, NN713)."""
    path = str(place)
    try:
        with place.open("rb") as file:
            head = file.read(8)
    except (OSError, ValueError) as fault:
        raise unreadable(path, (getattr(fault, "strerror", None) or str(fault)).lower()) from None
    if head.startswith(b"\x89HDF"):
        return _whole_h5(place)
    if head.startswith(b"PK"):
        return _zipped(place)
    if not head:
        raise unreadable(path, "it is empty", AGAIN)
    raise unreadable(path, "it is neither a .keras archive nor an HDF5 file", 'save it with model.save("net.keras")')


def unreadable(path: str, reason: str, cure: str | None = None) -> NndslError:
    """What to raise for a file that is no model."""
    return NndslError(KerasUnreadable(None, path, reason, cure))


def _zipped(place: Path) -> Archive:
    path = str(place)
    try:
        with zipfile.ZipFile(place) as archive:
            names = [info.filename for info in archive.infolist()]
            _harmless(path, names)
            config = _member(path, archive, "config.json", LARGEST_JSON)
            about = _member(path, archive, "metadata.json", LARGEST_JSON) if "metadata.json" in names else b"{}"
            content = None
            if "model.weights.h5" in names:
                content = _member(path, archive, "model.weights.h5", min(LARGEST_WEIGHTS, free_memory()))
    except ARCHIVE_DAMAGE as fault:
        reason = str(fault).splitlines()[0].lower() if str(fault) else "it was cut off"
        raise unreadable(path, f"it is damaged ({reason})", AGAIN) from None
    sharded = any(name.endswith(".weights.json") for name in names)
    version = _json(path, "metadata.json", about).get("keras_version")
    layout = Layout.sharded if sharded and content is None else Layout.containers
    weights = Weights(path, content, layout)
    return Archive(path, _json(path, "config.json", config), version if isinstance(version, str) else "", weights)


def _harmless(path: str, names: list[str]) -> None:
    """Raise where names of an archive lead out of a folder, or stand in it twice."""
    if len(names) > MEMBERS:
        raise unreadable(path, f"it holds {len(names)} files")
    for name in names:
        parts = name.replace("\\", "/").split("/")
        if ".." in parts or name.startswith(("/", "\\")) or ":" in parts[0] or "\0" in name:
            raise unreadable(path, f"it holds a file {name[:80]!r}, which leads out of the archive")
    if len(set(names)) < len(names):
        raise unreadable(path, "it holds two files of one name")
    if "config.json" not in names:
        raise unreadable(path, "it has no config.json", 'save it with model.save("net.keras")')


def _member(path: str, archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    info = archive.getinfo(name)
    if info.file_size > most:
        raise unreadable(path, f"{name} unpacks to {info.file_size} bytes; {most} is the most")
    with archive.open(info) as file:
        content = file.read(info.file_size + 1)
    if len(content) != info.file_size:
        raise unreadable(path, f"{name} is damaged", AGAIN)
    return content


def _json(path: str, name: str, content: bytes | str) -> Mapping[str, object]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as fault:
        said = str(fault).splitlines()[0] if isinstance(fault, ValueError) else "it is nested too deeply"
        raise unreadable(path, f"{name} is no JSON ({said})", AGAIN) from None
    if not isinstance(found, dict):
        raise unreadable(path, f"{name} is no object of JSON")
    return found


def _whole_h5(place: Path) -> Archive:
    """A model in one HDF5 file: the JSON is an attribute, the weights are a group."""
    path = str(place)
    with opened(path, place) as file, damaged(path):
        config = text_attribute(file, "model_config")
        version = text_attribute(file, "keras_version")
        if config is None:
            cure = 'save the whole model: model.save("net.keras")'
            reason = "it holds weights and no model" if len(file) else "it holds no model"
            raise unreadable(path, reason, cure)
    return Archive(path, _json(path, "model_config", config), version or "", Weights(path, place, Layout.named))
