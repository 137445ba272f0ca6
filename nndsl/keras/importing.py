"""A file of Keras made into `.nn` text and the weights of it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from nndsl import driver
from nndsl.diagnostics import NndslError, Problem, Source
from nndsl.ir.types import NUMPY_NAMES
from nndsl.keras.archive import Archive, read_archive, unreadable
from nndsl.keras.held import Held, held
from nndsl.keras.masks import riding_masks
from nndsl.keras.names import capitals
from nndsl.keras.network import Malformed, Network, network_of
from nndsl.keras.operations import recognized
from nndsl.keras.stores import Layout, Store
from nndsl.keras.writing import Written, written
from nndsl.syntax.format import format_source
from nndsl.training import checkpoint

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Imported:
    """The text of a model, its weights as `get_weights` has them, and what was left out."""

    text: str
    weights: Mapping[str, Array] = field(repr=False)
    problems: tuple[Problem, ...]
    checked: driver.Checked = field(repr=False)

    def save(self, path: str | os.PathLike[str]) -> tuple[Path, Path]:
        """Write the text, and the weights beside it as safetensors; where both are. Raises NndslError (NN612)."""
        model, place = self.checked.model, Path(path)
        beside = place.with_suffix(".safetensors")
        params = {param.name: self.weights[param.name] for param in model.params}
        states = {state.name: self.weights[state.name] for state in model.states}
        checkpoint.write(beside, checkpoint.encoded(params, states, model.name))
        checkpoint.write(place, self.text.encode("utf-8"))
        return place, beside


def import_model(path: str | os.PathLike[str], name: str | None = None) -> Imported:
    """The model in a `.keras` archive or an `.h5` file, named after the file if nothing else is said.

    Raises NndslError: NN710, NN713, and NN711 for each layer that cannot be said.
    """
    place = Path(path)
    archive = read_archive(place)
    try:
        network = riding_masks(recognized(network_of(archive.config)))
        wanted = list(held(network))
        # First as if the weights were there: layers that cannot be said are told before a file of weights is missed.
        dry: dict[int, tuple[object, object]] = {id(each.layer): (0.0, 1.0) for each in wanted if _is_statistic(each)}
        _fine(written(network, "Dry", "", archive.version, dry))
        arrays = _arrays(archive, wanted)
        return _imported(archive, network, arrays, name or capitals(place.stem))
    except Malformed as fault:
        raise unreadable(archive.path, str(fault)) from None


def _imported(archive: Archive, network: Network, arrays: Sequence[tuple[Held, Array]], name: str) -> Imported:
    statistics = _statistics(arrays)
    by = f"Keras {archive.version}" if archive.version else "Keras"
    origin = f"From {Path(archive.path).name}, which {by[:40]} saved."
    checked: driver.Checked | None = None
    found: Written | None = None
    for apart in (True, False):  # inputs that are added have the same unknown sizes, which their shapes do not tell
        found = written(network, name, origin, archive.version, statistics, apart)
        text = format_source(Source("model.nn", found.text))
        try:
            checked = driver.check_source(Source("model.nn", text))
            break
        except NndslError:
            if not apart:
                raise
    if checked is None or found is None:
        raise unreadable(archive.path, "it has no model")
    weights = {each.param(found.names): array for each, array in arrays if not _is_statistic(each)}
    ports = {node.name: node.type for node in (*checked.model.params, *checked.model.states)}
    missing = [f"`{param}` is not in the file" for param in ports if param not in weights]
    for param, type_ in ports.items():
        if param in weights and weights[param].shape != type_.shape:
            shapes = f"{list(weights[param].shape)} in the file and {list(type_.shape)} by the model"
            missing.append(f"`{param}` is {shapes}")
    if missing:
        raise unreadable(archive.path, "its weights do not fit its layers", "\n".join(missing[:12]))
    kept = {param: weights[param].astype(NUMPY_NAMES[type_.dtype]) for param, type_ in ports.items()}
    return Imported(checked.source.text, kept, found.problems, checked)


def _is_statistic(each: Held) -> bool:
    """Whether an array stands in the text as numbers."""
    return each.layer.kind == "Normalization"


def _fine(found: Written) -> None:
    """Raise NndslError where a layer could not be said."""
    wrong = [problem for problem in found.problems if problem.severity == "error"]
    if wrong:
        raise NndslError(wrong)


def _arrays(archive: Archive, wanted: list[Held]) -> list[tuple[Held, Array]]:
    """Each array of the model with where it belongs. Raises NndslError (NN710, NN713)."""
    if not wanted:
        return []
    with archive.weights.opened() as store:
        places = [each.place for each in wanted]
        if archive.weights.layout is Layout.named:
            wanted, places = _by_name(store, wanted)
        out = []
        for each, place in zip(wanted, places, strict=True):
            array = store.array(place)
            if array is None:
                raise unreadable(archive.path, f"layer `{each.layer.name}` has no weights at `{'/'.join(place)}`")
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                raise unreadable(archive.path, f"`{'/'.join(place)}` holds NaN or infinite numbers")
            out.append((each, array))
    return out


def _by_name(store: Store, wanted: Sequence[Held]) -> tuple[list[Held], list[tuple[str, ...]]]:
    """The same where each layer has a list: what is trained first, then what is not."""
    held_by: dict[str, list[Held]] = {}
    for each in wanted:
        held_by.setdefault(each.steps[0].layer.name, []).append(each)
    order: list[Held] = []
    places: list[tuple[str, ...]] = []
    for name, of_layer in held_by.items():
        sorted_ = [e for e in of_layer if e.trained] + [e for e in of_layer if not e.trained]
        listed = store.listed(name)
        if len(listed) != len(sorted_):
            raise unreadable(store.path, f"layer `{name}` has {len(listed)} arrays, and needs {len(sorted_)}")
        order += sorted_
        places += listed
    return order, places


def _statistics(arrays: Sequence[tuple[Held, Array]]) -> dict[int, tuple[object, object]]:
    """Mean and variance of Normalization layers, as lists, or numbers where all values share them."""
    found: dict[int, dict[str, object]] = {}
    for each, array in arrays:
        if _is_statistic(each):
            found.setdefault(id(each.layer), {})[each.weight.param] = _numbers(array.astype(np.float32))
    return {key: (values.get("mean"), values.get("variance")) for key, values in found.items()}


def _numbers(array: Array) -> object:
    """Lists of the shortest decimals that mean the same numbers of f32."""
    return [_numbers(row) for row in array] if array.ndim else float(str(array))
