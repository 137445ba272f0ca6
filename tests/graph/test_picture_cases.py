"""Small pictures as text, whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from casefile import case_paths, check_case, load_case

from nndsl import picture
from nndsl.diagnostics import Source
from nndsl.driver import check_source


@pytest.mark.parametrize("path", case_paths("picture"), ids=lambda path: path.stem)
@pytest.mark.parametrize(("section", "written"), [("dot", picture.dot), ("mmd", picture.mermaid)])
def test_text_of_a_picture(path: Path, section: str, written: object, request: pytest.FixtureRequest) -> None:
    case = load_case(path)
    model = check_source(Source("case.nn", case["input"])).model
    assert callable(written)
    check_case(path, written(model, depth=int(case.get("depth", "0"))), request, section)
