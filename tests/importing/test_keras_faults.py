"""What is wrong with a file of Keras, or cannot be said of it, is told: all of it, by layer, and nothing is run."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from keras_archives import unpacked

from nndsl.diagnostics import NndslError
from nndsl.keras import import_model

h5py = pytest.importorskip("h5py")


def refused(path: Path) -> str:
    with pytest.raises(NndslError) as caught:
        import_model(path)
    return str(caught.value)


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(path: Path, content: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return path


def layered(path: Path, *layers: dict[str, Any]) -> Path:
    """An archive of a Sequential model, by the JSON of its layers."""
    start = {"class_name": "InputLayer", "config": {"batch_shape": [None, 4], "name": "x"}}
    config = {"class_name": "Sequential", "config": {"name": "s", "layers": [start, *layers]}}
    return zipped(path, {"config.json": json.dumps(config).encode()})


def layer(kind: str, name: str, **config: Any) -> dict[str, Any]:
    return {"class_name": kind, "config": {"name": name, **config}}


@pytest.fixture
def dense(tmp_path: Path) -> Path:
    return unpacked("core", "dense.keras", tmp_path)


@pytest.mark.parametrize("name", ["../out.txt", "/etc/out", "a/../../out", "C:/out", "..\\out"])
def test_names_that_lead_out_of_the_archive_are_refused(dense: Path, name: str) -> None:
    assert "leads out of the archive" in refused(zipped(dense, members(dense) | {name: b"x"}))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "config.json is no JSON"),
        (b"[" * 100_000, "config.json is no JSON"),
        (b"[]", "config.json is no object"),
        (b"{}", "`class_name` is missing"),
        (b'{"class_name": "Sequential", "config": {"layers": 3}}', "`layers` is missing or no list"),
        (b'{"class_name": "Sequential", "config": {"layers": [7]}}', "`class_name` is missing"),
        (b'{"class_name": "Sequential", "config": {"layers": []}}', "never built"),
        (b'{"class_name": "Net", "config": {}}', "neither a Sequential nor a functional model"),
        (b'{"class_name": "Functional", "config": {"layers": [], "input_layers": [["a", 0, 0]], '
         b'"output_layers": [["a", 0, 0]]}}', "a layer `a`, which it does not have"),
    ],
)  # fmt: skip
def test_json_of_another_form_is_told(dense: Path, content: bytes, said: str) -> None:
    assert said in refused(zipped(dense, members(dense) | {"config.json": content}))


def test_a_member_that_unpacks_to_too_much_is_not_unpacked(dense: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nndsl.keras.archive.LARGEST_JSON", 100)
    assert "is the most" in refused(dense)


def test_a_network_that_needs_its_own_result_is_told(tmp_path: Path) -> None:
    tensor = {"class_name": "__keras_tensor__", "config": {"keras_history": ["b", 0, 0]}}
    other = {"class_name": "__keras_tensor__", "config": {"keras_history": ["a", 0, 0]}}
    layers = [
        layer("InputLayer", "x", batch_shape=[None, 4]) | {"inbound_nodes": []},
        layer("ReLU", "a") | {"inbound_nodes": [{"args": [tensor], "kwargs": {}}]},
        layer("ReLU", "b") | {"inbound_nodes": [{"args": [other], "kwargs": {}}]},
    ]
    config = {"layers": layers, "input_layers": [["x", 0, 0]], "output_layers": [["b", 0, 0]]}
    content = json.dumps({"class_name": "Functional", "config": config}).encode()
    assert "needs its own result" in refused(zipped(tmp_path / "a.keras", {"config.json": content}))


def test_every_layer_that_cannot_be_said_is_named(tmp_path: Path) -> None:
    path = layered(
        tmp_path / "a.keras",
        layer("Lambda", "twice", function={"class_name": "__lambda__", "config": {"code": "4wEAAA=="}}),
        layer("Dense", "mine", units=3) | {"module": "my.layers", "registered_name": "Own>Dense"},
        layer("Conv2D", "first", filters=2, kernel_size=[3, 3], data_format="channels_first"),
        layer("LSTM", "kept", units=2, stateful=True),
        layer("ReLU", "fine"),
        layer("Activation", "odd", activation={"class_name": "function", "config": "swoosh"}),
    )
    said = refused(path)
    assert [line for line in said.split("\n") if line.startswith("error")] == [
        "error[NN711]: layer `twice` (Lambda): a Lambda layer is code of its own",
        "error[NN711]: layer `mine` (Dense): it is a class of its own (Own>Dense)",
        "error[NN711]: layer `first` (Conv2D): channels come first; nndsl has them last",
        "error[NN711]: layer `kept` (LSTM): `stateful` is True, which nndsl does not have",
        "error[NN711]: layer `odd` (Activation): `activation`: its activation is a function of its own",
    ]


def test_text_of_a_file_cannot_become_code(tmp_path: Path) -> None:
    evil = 'x\n}\nmodel Other() { input a: f32[batch, 4] output b = a }\n#"'
    found = import_model(layered(tmp_path / 'a"b}.keras', layer("ReLU", evil), layer("Dropout", "d", rate=0.5)))
    assert found.text.count("model ") == 1
    assert "Other()" not in found.text


# --- HDF5 ----------------------------------------------------------------------------------------------------


def with_weights(path: Path, change: Callable[[Any], None]) -> Path:
    """The archive with other weights."""
    content = members(path)
    data = io.BytesIO(content["model.weights.h5"])
    with h5py.File(data, "r+") as file:
        change(file)
    return zipped(path, content | {"model.weights.h5": data.getvalue()})


PLACE = "layers/dense/vars/0"


def test_a_link_to_another_file_is_not_followed(dense: Path, tmp_path: Path) -> None:
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["kernel"] = np.ones((4, 5), np.float32)

    def change(file: Any) -> None:
        del file[PLACE]
        file[PLACE] = h5py.ExternalLink(str(tmp_path / "secret.h5"), "kernel")

    assert "is a link" in refused(with_weights(dense, change))


def test_data_in_another_file_are_not_read(dense: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.bin").write_bytes(bytes(80))

    def change(file: Any) -> None:
        del file[PLACE]
        file.create_dataset(PLACE, (4, 5), "f4", external=[(str(tmp_path / "secret.bin"), 0, 80)])

    assert "lies in another file" in refused(with_weights(dense, change))


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.ones((5, 5), np.float32), "`dense.kernel` is [5, 5] in the file and [4, 5] by the model"),
        (np.full((4, 5), np.nan, np.float32), "NaN"),
        (np.array([b"text"]), "no array of numbers"),
    ],
)
def test_arrays_that_do_not_fit_are_told(dense: Path, array: Any, said: str) -> None:
    def change(file: Any) -> None:
        del file[PLACE]
        file[PLACE] = array

    assert said in refused(with_weights(dense, change))


def test_arrays_that_are_missing_or_too_large_are_told(dense: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("nndsl.keras.stores.LARGEST", 10)
        assert "takes 80 bytes" in refused(dense)

    def change(file: Any) -> None:
        del file[PLACE]

    assert "layer `dense` has no weights at" in refused(with_weights(dense, change))


def test_damaged_weights_are_told(dense: Path, tmp_path: Path) -> None:
    content = members(dense)
    cut = zipped(dense, content | {"model.weights.h5": content["model.weights.h5"][:500]})
    assert "its HDF5 is damaged" in refused(cut)
    missing = zipped(dense, {name: data for name, data in content.items() if name != "model.weights.h5"})
    assert "it has no model.weights.h5" in refused(missing)


def test_weights_alone_are_no_model(dense: Path, tmp_path: Path) -> None:
    alone = tmp_path / "net.weights.h5"
    alone.write_bytes(members(dense)["model.weights.h5"])
    assert "it holds weights and no model" in refused(alone)
