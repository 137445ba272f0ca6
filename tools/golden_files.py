"""How golden files are written."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import sklearn
import torch

FOLDER = Path(__file__).parent.parent / "tests" / "goldens"
VERSIONS = {"keras": keras.__version__, "torch": str(torch.__version__), "scikit-learn": sklearn.__version__}

Json = Any


def plain(value: Any) -> Json:
    """Arrays as lists; nine digits name an f32 exactly, f64 keeps all of its own."""
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu().numpy()
    array = np.asarray(value)
    if array.ndim:
        return [plain(v) for v in array]
    if array.dtype.kind in "iub":
        return int(array)
    number = float(array)
    assert math.isfinite(number), "a golden value is finite"
    return float(f"{number:.9g}") if array.dtype == np.float32 else number


def write(name: str, facts: dict[str, Json], cases: Iterable[dict[str, Json]]) -> None:
    """One file: versions, what all cases share, and the cases, a line each."""
    cases = list(cases)
    names = [c["name"] for c in cases]
    assert len(set(names)) == len(names), f"two cases of one name: {sorted(names)}"
    lines = [f' "{key}": {json.dumps(value)}' for key, value in {"versions": VERSIONS, **facts}.items()]
    body = ",\n".join("  " + json.dumps(c) for c in cases)
    text = ",\n".join([*lines, f' "cases": [\n{body}\n ]'])
    (FOLDER / f"{name}.json").write_text(f"{{\n{text}\n}}\n", encoding="utf-8")
    print(f"{name}.json: {len(cases)} cases")


def same(a: Any, b: Any, tolerance: float, what: str) -> None:
    """Two sources of one truth must agree, or the golden is worth nothing."""
    np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=tolerance, atol=tolerance, err_msg=what)


def nn_text(call: str) -> str:
    """A Python call as `.nn` text."""
    return call.replace("True", "true").replace("False", "false").replace("None", "none")
