"""What the numbers of a text model mean: texts into indices and back.

A vocabulary of single characters reads a text character by character; one of words reads it at its spaces. Without any,
128 values are the characters of ASCII and 256 the bytes of UTF-8.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from nndsl.diagnostics import NndslError
from nndsl.problems.generation import NotInVocabulary, WrongVocabulary


@dataclass(frozen=True)
class Bytes:
    """Bytes of UTF-8, all 256 of them, or those of ASCII."""

    count: int

    def encode(self, text: str) -> list[int]:
        """The numbers of a text. Raises NndslError (NN632)."""
        found = list(text.encode("utf-8", errors="surrogateescape"))
        if any(number >= self.count for number in found):
            unknown = dict.fromkeys(character for character in text if ord(character) >= self.count)
            raise NndslError(NotInVocabulary(None, tuple(unknown), "the characters of ASCII"))
        return found

    def reader(self) -> Reader:
        """What turns numbers into text as they come."""
        return Reader(codecs.getincrementaldecoder("utf-8")(errors="replace"))


class Reader:
    """Numbers into text: what is not yet a whole character waits for the next number."""

    def __init__(self, decoder: codecs.IncrementalDecoder | None, words: Sequence[str] = (), joint: str = "") -> None:
        self._decoder, self._words, self._joint = decoder, words, joint

    def read(self, number: int) -> str:
        """The text that a further number adds."""
        if self._decoder is not None:
            return self._decoder.decode(bytes([number]))
        return self._joint + self._words[number] if number < len(self._words) else ""


@dataclass(frozen=True)
class Vocabulary:
    """Tokens by their numbers."""

    tokens: tuple[str, ...]
    places: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "places", {token: k for k, token in enumerate(self.tokens)})

    @property
    def joint(self) -> str:
        """What stands between two tokens of a text."""
        return "" if all(len(token) == 1 for token in self.tokens) else " "

    def encode(self, text: str) -> list[int]:
        """The numbers of a text. Raises NndslError (NN632)."""
        parts = text.split() if self.joint else list(text)
        unknown = tuple(dict.fromkeys(part for part in parts if part not in self.places))
        if unknown:
            few = ", ".join(repr(token) for token in self.tokens[:8])
            known = few if len(self.tokens) <= 8 else f"{len(self.tokens)} of them: {few}, …"
            raise NndslError(NotInVocabulary(None, unknown, known))
        return [self.places[part] for part in parts]

    def reader(self) -> Reader:
        """What turns numbers into text as they come."""
        return Reader(None, self.tokens, self.joint)


def vocabulary_of(value: object, count: int | None = None) -> Vocabulary:
    """A text, of which each character counts, or a list of texts. Raises NndslError (NN634)."""
    if isinstance(value, Vocabulary):
        tokens: tuple[object, ...] = value.tokens
    elif isinstance(value, str | Iterable) and not isinstance(value, bytes | dict):
        tokens = tuple(value)
    else:
        raise NndslError(WrongVocabulary(None, f"this is a {type(value).__name__}, no text and no list of texts"))
    texts = tuple(token for token in tokens if isinstance(token, str) and token)
    if len(texts) < len(tokens) or not texts:
        raise NndslError(WrongVocabulary(None, "each token is a text of at least one character"))
    if len(set(texts)) < len(texts):
        twice = next(t for k, t in enumerate(texts) if t in texts[:k])
        raise NndslError(WrongVocabulary(None, f"{twice!r} is in it twice"))
    if count is not None and len(texts) > count:
        raise NndslError(WrongVocabulary(None, f"it has {len(texts)} tokens, the model has numbers for {count}"))
    return Vocabulary(texts)


def default_vocabulary(count: int) -> Bytes | None:
    """What indices of a model mean where nothing is said."""
    return Bytes(count) if count in (128, 256) else None
