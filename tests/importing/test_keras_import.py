"""Models that Keras saved predict the same when they are imported: each layer, and whole networks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from keras_archives import FAMILIES, fed, names, unpacked

import nndsl
from nndsl.diagnostics import Source
from nndsl.keras import import_model
from nndsl.syntax.format import format_source

pytest.importorskip("h5py")
SAVED = [(family, name) for family in FAMILIES for name in names(family)]


@pytest.mark.parametrize(("family", "name"), SAVED, ids=lambda value: value)
def test_an_imported_model_predicts_what_keras_predicts(family: str, name: str, tmp_path: Path) -> None:
    found = import_model(unpacked(family, name, tmp_path))
    text, weights = found.save(tmp_path / "imported.nn")
    model = nndsl.load(text, engine="numpy")
    model.load_weights(weights)
    inputs, outputs = fed(family, name)
    ports = [port.name for port in model.checked.model.inputs]
    given = model.predict(dict(zip(ports, inputs, strict=True)))
    results = list(given.values()) if isinstance(given, dict) else [given]
    assert len(results) == len(outputs)
    for result, wanted in zip(results, outputs, strict=True):
        assert result.shape == wanted.shape
        np.testing.assert_allclose(result, wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", names("networks"))
def test_the_text_is_in_the_style_of_fmt_and_is_not_warned_of(name: str, tmp_path: Path) -> None:
    found = import_model(unpacked("networks", name, tmp_path))
    assert format_source(Source("again.nn", found.text)) == found.text
    # Keras passes no mask to a layer that is called with states too, which is warned of rightly.
    known = ["NN412"] if name.startswith("translation") else []
    assert [problem.code for problem in found.checked.problems] == known
