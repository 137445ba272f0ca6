"""Good programs and the graph they become."""

from __future__ import annotations

from pathlib import Path

import pytest
from casefile import case_paths, check_case, load_case

from nndsl.diagnostics import Source
from nndsl.driver import check_source, graph_of
from nndsl.ir.text import show


@pytest.mark.parametrize("path", case_paths("check_graph"), ids=lambda path: path.stem)
def test_graph(path: Path, request: pytest.FixtureRequest) -> None:
    checked = check_source(Source("m.nn", load_case(path)["input"]))
    check_case(path, show(graph_of(checked, "predict")) + show(graph_of(checked, "evaluate")), request)
