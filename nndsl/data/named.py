"""Columns of names: classes and words, held as numbers of a dictionary that the file has made.

Which numbers the model sees is learned from the training part (`nndsl.data.learned`): a file of test data may lack a
class, or have words that training never saw.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from nndsl.data.columns import Array, Dense, Ragged, Rows
from nndsl.diagnostics import NndslError
from nndsl.problems.folders import UnknownClass

PADDING, UNKNOWN = "\0", "\ufffd"
"""Words 0 and 1 of every vocabulary. One character each, so that a vocabulary of characters stays one."""

_WORD = re.compile(r"\w+(?:['’]\w+)*")


@dataclass(frozen=True)
class Classes:
    """Each name is a class. Classes are numbered by their order: as numbers where all are whole numbers."""

    def learn(self, counts: Mapping[str, int]) -> tuple[str, ...]:
        """The classes of the training part, in the order of their numbers."""
        seen = [name for name, count in counts.items() if count]
        return tuple(sorted(seen, key=int if all(re.fullmatch(r"\d+", name) for name in seen) else None))


@dataclass(frozen=True)
class Words:
    """How texts fall into words, and how many of them are known: `size`, with padding (0) and unknown words (1).

    `by` is "word" (letters, digits and apostrophes) or "character". With `length`, texts are cut and padded to it.
    """

    by: str = "word"
    size: int | None = None
    lower: bool = True
    length: int | None = None

    def split(self, text: str) -> list[str]:
        """The words of a text."""
        text = text.lower() if self.lower else text
        return list(text) if self.by == "character" else _WORD.findall(text)

    def learn(self, counts: Mapping[str, int]) -> tuple[str, ...]:
        """The most frequent words of the training part, those of equal frequency by name."""
        order = sorted((-count, name) for name, count in counts.items() if count and name not in (PADDING, UNKNOWN))
        most = None if self.size is None else self.size - 2
        return (PADDING, UNKNOWN, *(name for _, name in order[:most]))

    def column(self, texts: Iterable[str]) -> Named:
        """Texts as a column."""
        places = {PADDING: 0}
        numbers = [[places.setdefault(word, len(places)) for word in self.split(text)] for text in texts]
        if self.length is None:
            codes: Dense | Ragged = Ragged.from_lists(numbers)
        else:
            table = np.zeros((len(numbers), self.length), dtype=np.int32)
            for row, words in zip(table, numbers, strict=True):
                row[: len(words)] = words[: self.length]
            codes = Dense(table)
        return Named(codes, tuple(places), self)


Rule: TypeAlias = Classes | Words


@dataclass(frozen=True, eq=False)
class Named:
    """Row i stands for `names[codes[i]]`, or for a text of such words."""

    codes: Dense | Ragged
    names: tuple[str, ...]
    rule: Rule = Classes()

    @staticmethod
    def of(texts: Sequence[str]) -> Named:
        """A class for each row."""
        places: dict[str, int] = {}
        codes = np.fromiter((places.setdefault(text, len(places)) for text in texts), dtype=np.int64, count=len(texts))
        return Named(Dense(codes), tuple(places))

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the whole column."""
        return self.codes.shape

    def take(self, rows: Rows, dtype: np.dtype[np.generic] | None = None) -> Array:
        """The codes of those rows."""
        return self.codes.take(rows, dtype)

    def select(self, rows: Rows) -> Named:
        """The column that has only those rows."""
        return Named(self.codes.select(rows), self.names, self.rule)

    def counts(self) -> dict[str, int]:
        """How often each name occurs."""
        codes = self.codes
        if isinstance(codes, Dense):
            flat = codes.array.ravel()
        else:
            flat = codes.words[int(codes.offsets[0]) : int(codes.offsets[-1])]
        found = np.bincount(flat, minlength=len(self.names))
        return dict(zip(self.names, found.tolist(), strict=True))

    def numbered(self, learned: Sequence[str], input_name: str) -> Dense | Ragged:
        """The column as the model sees it. Raises NndslError (NN516) for a class that was not learned."""
        places = {name: number for number, name in enumerate(learned)}
        table = np.array([places.get(name, -1) for name in self.names], dtype=np.int64)
        codes = self.codes
        if isinstance(self.rule, Words):
            table = np.where(table < 0, 1, table).astype(np.int32)
        elif isinstance(codes, Dense) and (table < 0).any():
            strange = np.flatnonzero(table[codes.array] < 0)
            if strange.size:
                name = self.names[int(codes.array[strange[0]])]
                raise NndslError(UnknownClass(None, input_name, name, tuple(learned), len(strange)))
        if isinstance(codes, Dense):
            return Dense(table[codes.array] if len(table) else codes.array)
        return Ragged(table[codes.words], codes.offsets)

    def describe(self) -> str:
        """`120 names of 3 classes`, `2000 texts of 9311 different words`."""
        if isinstance(self.rule, Words):
            return f"{len(self)} texts of {len(self.names) - 1} different {self.rule.by}s"
        return f"{len(self)} names of {len(self.names)} classes"
