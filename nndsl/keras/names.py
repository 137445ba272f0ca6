"""Names of Keras as names of the `.nn` language: letters, digits and `_`, each once, none that has a meaning."""

from __future__ import annotations

import re
from functools import cache

from nndsl.check import library
from nndsl.check.builtins import BUILTINS

_NO_LETTER = re.compile(r"[^A-Za-z0-9_]+")
_WORD = re.compile(r"[A-Za-z0-9]+")
_MADE_UP = re.compile(r"(input_layer|input|keras_tensor|input_\d+|\w+_input)(_\d+)?_*")

WORDS = frozenset(
    """and or not true false none if else for return pi model layer fn loss metric optimizer init schedule train data
    test import as private input target output param state in repeat assert scan over axis reverse next collect
    constraint expect error batch time height width depth channels training generating past f32 f64 i32 i64 bool int
    float str list pair any logits prob index onehot binary""".split()  # noqa: SIM905 (reads better than quotes)
)


@cache
def taken() -> frozenset[str]:
    """What a name of a file would hide: words, functions and all definitions of the library."""
    return WORDS | frozenset(BUILTINS) | frozenset(library.index())


class Names:
    """The names of one body, given out once each."""

    def __init__(self, given: frozenset[str] = frozenset()) -> None:
        self._given = set(given)

    def give(self, wished: str, ending: str = "layer") -> str:
        """A free name like the one wished."""
        plain = _NO_LETTER.sub("_", wished).strip("_")[:60] or ending
        plain = f"{ending}_{plain}" if plain[0].isdigit() else plain
        plain = f"{plain}_{ending}" if plain in taken() else plain
        name, count = plain, 1
        while name in self._given or name in taken():
            count += 1
            name = f"{plain}_{count}"
        self._given.add(name)
        return name


def capitals(wished: str) -> str:
    """`text_encoder` as `TextEncoder`, for a definition; `Part` where nothing is left of a name."""
    joined = "".join(word[0].upper() + word[1:] for word in _WORD.findall(wished))[:60]
    if not joined:
        return "Part"
    return joined if joined[0].isalpha() else f"Part{joined}"


def is_made_up(name: str) -> bool:
    """Whether Keras gave an input its name, because nobody else did."""
    return _MADE_UP.fullmatch(name) is not None


def snake(kind: str) -> str:
    """How Keras calls a layer among those beside it in an archive: `Conv2DTranspose` is `conv2d_transpose`."""
    kind = {"GroupQueryAttention": "GroupedQueryAttention", "Model": "Functional"}.get(kind, kind)
    apart = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", kind))
    return re.sub("([a-z])([A-Z])", r"\1_\2", apart).lower()
