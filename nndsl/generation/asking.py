"""What is asked of a model that goes on with a text, checked, and its answer in the form of the prompt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from nndsl.data.feed import check_batch
from nndsl.diagnostics import NndslError
from nndsl.generation.sampling import Choice
from nndsl.generation.text import Writer, needed, vocabulary_for, written
from nndsl.generation.vocabulary import Bytes, Vocabulary
from nndsl.problems.training import WrongSetting
from nndsl.training.section import bool_setting, count_setting, fresh_seed, ports_of

Array = Any


@dataclass(frozen=True)
class Asked:
    """How long to go on, how to choose, where random numbers start, and before which text to end."""

    length: int
    choice: Choice
    seed: int
    stop: str | None
    remember: bool


def asked(length: object, temperature: object, top_k: object, top_p: object, seed: object, stop: object,
          remember: object) -> Asked:  # fmt: skip
    """Settings that can be. Raises NndslError (NN600)."""
    heat = _number("temperature", temperature, "a number from 0 on")
    if not 0 <= heat < float("inf"):
        raise NndslError(WrongSetting(None, "temperature", repr(temperature), "a number from 0 on"))
    share = None if top_p is None else _number("top_p", top_p, "a share above 0, up to 1")
    if share is not None and not 0 < share <= 1:
        raise NndslError(WrongSetting(None, "top_p", repr(top_p), "a share above 0, up to 1"))
    if stop is not None and (not isinstance(stop, str) or not stop):
        raise NndslError(WrongSetting(None, "stop", repr(stop), "a text"))
    return Asked(
        count_setting("length", length, least=0),
        Choice(heat, None if top_k is None else count_setting("top_k", top_k), share),
        fresh_seed() if seed is None else count_setting("seed", seed, least=0),
        stop,
        bool_setting("remember", remember),
    )


def _number(name: str, value: object, expected: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise NndslError(WrongSetting(None, name, repr(value), expected))
    return float(value)


def stream(writer: Writer, prompt: str, vocabulary: object, wanted: Asked) -> Iterator[str]:
    """What comes after a prompt, piece by piece. Raises NndslError (NN631 to NN634) before the first piece."""
    known = _known(writer, vocabulary)
    tokens = np.asarray([known.encode(prompt)], np.int32).reshape(1, -1)
    writer.check_length(tokens.shape[1])
    new = writer.tokens(tokens, wanted.length, wanted.choice, wanted.seed, wanted.remember)
    return written(new, known, wanted.stop)


def answer(writer: Writer, prompt: object, vocabulary: object, wanted: Asked) -> str | list[str] | Array:
    """The prompt and what comes after it: texts for texts, numbers for numbers [time] or [batch, time].

    Raises NndslError: NN600, NN631 to NN634, and what checking numbers can say (NN5xx).
    """
    if isinstance(prompt, str):
        return prompt + "".join(stream(writer, prompt, vocabulary, wanted))
    if isinstance(prompt, list | tuple) and prompt and all(isinstance(text, str) for text in prompt):
        return [text + "".join(stream(writer, text, vocabulary, wanted)) for text in prompt]
    if wanted.stop is not None:
        raise NndslError(WrongSetting(None, "stop", repr(wanted.stop), "left out where the prompt is made of numbers"))
    try:
        given = np.asarray(prompt)
    except ValueError:
        raise NndslError(WrongSetting(None, "prompt", "a ragged list", "a text, or numbers in an array")) from None
    if given.ndim not in (1, 2) or given.dtype.kind not in "iu":
        expected = "a text, or whole numbers [time] or [batch, time]"
        raise NndslError(WrongSetting(None, "prompt", _shown(prompt), expected))
    rows = given if given.ndim == 2 else given[None]
    writer.check_length(rows.shape[1])
    port = writer.ports.name
    tokens = check_batch(ports_of(writer.session.model)[0], {port: rows[:, -writer.ports.most :]})[port]
    new = list(writer.tokens(tokens, wanted.length, wanted.choice, wanted.seed, wanted.remember))
    out = np.concatenate([rows.astype(np.int32), *(token[:, None] for token in new)], axis=1)
    return out if given.ndim == 2 else out[0]


def vocabulary_of_model(writer: Writer, given: object) -> Vocabulary | Bytes | None:
    """What the numbers of a model mean, or None where nothing says it. Raises NndslError (NN634)."""
    return vocabulary_for(writer.session.model, given, writer.ports.count)


def _known(writer: Writer, vocabulary: object) -> Vocabulary | Bytes:
    return needed(writer.session.model, vocabulary_of_model(writer, vocabulary), writer.ports.count)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"a {type(value).__name__}"
