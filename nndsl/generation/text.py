"""A model as a writer: prompts in, what comes after them out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from nndsl.diagnostics import NndslError
from nndsl.generation.ports import TextPorts, text_ports
from nndsl.generation.reading import Again, Reader, Remembering, Trial
from nndsl.generation.sampling import Choice
from nndsl.generation.vocabulary import Bytes, Vocabulary, default_vocabulary, vocabulary_of
from nndsl.ir.graph import Going, Model, Node, Reading
from nndsl.passes import programs
from nndsl.problems.generation import NoTextModel, NoVocabulary, PromptTooShort
from nndsl.runtime.executable import Executable
from nndsl.runtime.session import Session

Array = Any


@dataclass(eq=False)
class Writer:
    """The programs by which one model goes on with texts. `of` raises NndslError (NN630) where it is no text model."""

    session: Session
    ports: TextPorts
    node: Node
    going: Going | None
    reason: str
    """Why the model reads everything again for each token; empty where it remembers."""
    programs: dict[str, Executable] = field(default_factory=dict)

    @staticmethod
    def of(session: Session, reading: Reading, output: str | None = None) -> Writer:
        """The writer of a session's model."""
        model, scores = session.model, dict(reading.outputs)
        ports = text_ports(model, scores, reading.constraints, output)
        trial = Trial(session, ports, scores[ports.output])
        if not trial.sees_last():
            reason = f"the output `{ports.output}` does not depend on the last token of `{ports.name}`"
            cure = "let it see the whole text, and train it on `logits[:, :-1]` against `text[:, 1:]`"
            raise NndslError(NoTextModel(model.span, model.name, reason, cure))
        found = reading.going
        if isinstance(found, Going) and not trial.agrees(found):
            found = "its layers look at places that come later, or keep less than they need"
        going = found if isinstance(found, Going) else None
        return Writer(session, ports, scores[ports.output], going, found if isinstance(found, str) else "")

    def check_length(self, length: int) -> None:
        """Raise NndslError (NN633) where a prompt is shorter than what the model reads at once."""
        if length < self.ports.least:
            raise NndslError(PromptTooShort(None, length, self.ports.least))

    def reader(self, remember: bool = True) -> Reader:
        """A reader at the beginning of a text."""
        again = Again(self.session, partial(self._ready, "again"), self.ports)
        if self.going is None or not remember:
            return again
        return Remembering(self.session, self._ready("going"), self.going, again)

    def _ready(self, name: str) -> Executable:
        if name not in self.programs:
            graph = programs.reading(self.node)
            if name == "going":
                assert self.going is not None
                graph = programs.going(self.going, self.ports.output)
            self.programs[name] = self.session.build(graph)
        return self.programs[name]

    def tokens(self, prompt: Array, length: int, choice: Choice, seed: int, remember: bool = True) -> Iterator[Array]:
        """The tokens that follow on a prompt, int32[batch, time], one int32[batch] after the other."""
        numbers = np.random.default_rng(seed)
        reader, new = self.reader(remember), prompt
        for _ in range(length):
            scores = reader.read(new)[:, : self.ports.count]
            chosen = choice(scores, numbers)
            yield chosen
            new = chosen[:, None]


def vocabulary_for(model: Model, given: object, count: int) -> Vocabulary | Bytes | None:
    """What the numbers of a model mean: what is given, else its const `vocabulary`, else ASCII or UTF-8 by their count.

    Raises NndslError (NN634).
    """
    if given is not None:
        return vocabulary_of(given, count)
    const = model.consts.get("vocabulary")
    if isinstance(const, str | list | tuple):
        return vocabulary_of(const, count)
    return default_vocabulary(count)


def needed(model: Model, found: Vocabulary | Bytes | None, count: int) -> Vocabulary | Bytes:
    """The vocabulary, for a prompt that is a text. Raises NndslError (NN631)."""
    if found is None:
        raise NndslError(NoVocabulary(model.span, model.name, str(count)))
    return found


def written(tokens: Iterator[Array], vocabulary: Vocabulary | Bytes, stop: str | None) -> Iterator[str]:
    """The text of tokens as it comes; it ends before `stop`. What may be the beginning of `stop` is held back."""
    reader = vocabulary.reader()
    held = ""
    for token in tokens:
        held += reader.read(int(token[0]))
        if not stop:
            yield held
            held = ""
            continue
        if stop in held:
            yield held[: held.index(stop)]
            return
        keep = max((k for k in range(1, len(stop)) if held.endswith(stop[:k])), default=0)
        yield held[: len(held) - keep]
        held = held[len(held) - keep :]
    yield held
