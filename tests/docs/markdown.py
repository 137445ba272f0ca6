"""Fenced blocks of the documentation pages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One fenced block: the page and line it starts on, its language, the words behind that, and its text."""

    page: Path
    line: int
    language: str
    words: tuple[str, ...]
    text: str

    @property
    def name(self) -> str:
        """`language.md:12`, the name of its test."""
        return f"{self.page.name}:{self.line}"

    @property
    def error(self) -> str | None:
        """The code in `error=NN201`."""
        return self.value_of("error")

    @property
    def file(self) -> str | None:
        """The name in `file=blocks.nn`: other blocks of the page can import it."""
        return self.value_of("file")

    def value_of(self, key: str) -> str | None:
        """What stands behind `key=` among the words."""
        return next((word.removeprefix(f"{key}=") for word in self.words if word.startswith(f"{key}=")), None)


def blocks(page: Path, language: str) -> list[Block]:
    """The blocks of a page in one language, in order."""
    text = page.read_text(encoding="utf-8")
    found = [
        Block(page, text.count("\n", 0, m.start()) + 1, m[1], tuple(m[2].split()), m[3]) for m in FENCE.finditer(text)
    ]
    return [block for block in found if block.language == language]


def pages() -> list[Path]:
    """All pages, README included."""
    return [DOCS.parent / "README.md", *sorted(DOCS.rglob("*.md"))]
