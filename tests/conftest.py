"""Options and fixtures that all tests share."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # so that tests of every stage can import `casefile`


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="rewrite the expected sections of the golden cases"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Compiled programs of the tests go into a folder beside pytest's own cache, never into the user's.

    It stays from run to run, so that a second run compiles only what has changed; without it all is compiled anew.
    """
    folder = config.rootpath / ".pytest_cache" / "nndsl"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.environ["NNDSL_CACHE_DIR"] = str(folder)
    # The tests themselves run on all cores.
    os.environ.setdefault("NNDSL_COMPILE_PROCESSES", "1")
