"""Reading the golden values, and small models that run one library definition at a time."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nndsl

FOLDER = Path(__file__).parent.parent / "goldens"


@cache
def golden(name: str) -> dict[str, Any]:
    """A file of tests/goldens."""
    facts: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return facts


def cases(name: str) -> pytest.MarkDecorator:
    """The cases of a golden file as test parameters."""
    found = golden(name)["cases"]
    return pytest.mark.parametrize("case", found, ids=[c["name"] for c in found])


def f32(values: Any) -> np.ndarray:
    return np.asarray(values, np.float32)


def declared(values: Any, y_type: str) -> np.ndarray:
    """Target values in the dtype that their declaration asks for."""
    return np.asarray(values, np.int32 if y_type.startswith("index") else np.float32)


def compiled(text: str) -> Any:
    """A model on the reference engine, which compiles no kernels; `NNDSL_TEST_ENGINE=numba` takes the compiled one."""
    return nndsl.compile(text, engine=os.environ.get("NNDSL_TEST_ENGINE", "numpy"), seed=1)
