"""Golden cases: files that hold an input and the text that is expected of it.

A `.case` file is made of sections, each headed by a line `--- name`:

    --- input
    model M() { … }
    --- expected
    error[NN002]: …

A section `--- file NAME` is a file beside the input.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CASES = Path(__file__).parent / "cases"
_HEAD = re.compile(r"^--- (\w+|file \S+)\n", re.MULTILINE)


def load_case(path: Path) -> dict[str, str]:
    """The sections of a case file by name, each with the newline that ends it. Raises ValueError for a bad file."""
    text = path.read_text(encoding="utf-8")
    before, *parts = _HEAD.split(text)
    if before.strip() or not parts:
        raise ValueError(f"{path} does not start with a line `--- name`")
    return dict(zip(parts[::2], parts[1::2], strict=True))


def write_files(case: dict[str, str], folder: Path) -> None:
    """Put the sections `--- file NAME` of a case into a folder."""
    for name, text in case.items():
        if name.startswith("file "):
            place = folder / name.removeprefix("file ")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")


def save_case(path: Path, sections: dict[str, str]) -> None:
    """Write the sections back in their order."""
    text = "".join(f"--- {name}\n{body.rstrip(chr(10))}\n" for name, body in sections.items())
    path.write_text(text, encoding="utf-8")


def case_paths(stage: str) -> list[Path]:
    """All case files of a stage, `tests/cases/<stage>/*.case`, in order."""
    return sorted((CASES / stage).glob("*.case"))


def check_case(path: Path, got: str, request: pytest.FixtureRequest, section: str = "expected") -> None:
    """Hold `got` against the expected section, or put it there under `--update-golden`."""
    case = load_case(path)
    if request.config.getoption("--update-golden"):
        if case.get(section, "").rstrip("\n") != got.rstrip("\n"):
            case[section] = got
            save_case(path, case)
        return
    assert got.rstrip("\n") == case[section].rstrip("\n"), f"{path.name}: --update-golden rewrites it"
