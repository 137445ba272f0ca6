"""Problems NN630 to NN634: going on with a text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from nndsl.diagnostics import Problem


@dataclass(frozen=True)
class NoTextModel(Problem):
    """A model cannot go on with a text: it needs one input of indices and an output that scores the next one.

        input  text: index<128>[batch, time]
        h = text |> Embedding(128, 8) |> GRU(8, return_sequences=true)
        output total = mean(h)
        >>> model.generate("ab", 3)

    The output is `prob[batch, time, 128]`, or `prob[batch, 128]` for the last place. Targets do not count. Each place
    may only see itself and what stands before it, and the output of the last place must see that place itself: a model
    that is fed one character more than it looks at (`text[:, :-1]`) predicts one that is there already.

        input  text: index<128>[batch, time]
        logits = text |> Embedding(128, 8) |> GRU(8, return_sequences=true) |> Dense(128)
        output next_one = softmax(logits)
        >>> model.generate("ab", 3)
    """

    code: ClassVar[str] = "NN630"
    title: ClassVar[str] = "this model does not go on with a text"

    model: str
    reason: str
    cure: str

    @property
    def headline(self) -> str:
        return f"`{self.model}` cannot go on with a text: {self.reason}"

    @property
    def help(self) -> str:
        return self.cure


@dataclass(frozen=True)
class NoVocabulary(Problem):
    """A prompt is a text, and nothing says which number stands for which part of it.

        input  text: index<27>[batch, time]
        logits = text |> Embedding(27, 8) |> GRU(8, return_sequences=true) |> Dense(27)
        output next_one = softmax(logits)
        >>> model.generate("anna", 3)

    A model of `index<128>` reads characters of ASCII and one of `index<256>` bytes of UTF-8, if nothing else is said.
    For others the vocabulary is, in this order: the argument `vocabulary`, `model.vocabulary`, which is saved with the
    weights, or a const of the model (`vocabulary: str = "…"`). It is a string, of which each character counts, or a
    list of words. Without one a prompt is made of numbers.

        input  text: index<27>[batch, time]
        logits = text |> Embedding(27, 8) |> GRU(8, return_sequences=true) |> Dense(27)
        output next_one = softmax(logits)
        >>> model.vocabulary = " abcdefghijklmnopqrstuvwxyz"
        >>> model.generate("anna", 3)
    """

    code: ClassVar[str] = "NN631"
    title: ClassVar[str] = "nothing says what the numbers of this model mean"

    model: str
    count: str

    @property
    def headline(self) -> str:
        return f"`{self.model}` reads index<{self.count}>, and nothing says what these numbers mean"

    @property
    def help(self) -> str:
        return "give a vocabulary, or a prompt of numbers"


@dataclass(frozen=True)
class NotInVocabulary(Problem):
    """A prompt has characters or words that the model has no number for.

        input  text: index<128>[batch, time]
        logits = text |> Embedding(128, 8) |> GRU(8, return_sequences=true) |> Dense(128)
        output next_one = softmax(logits)
        >>> model.generate("naïve", 3)              # a model of index<128>: ASCII

    Write it with what the model knows.

        input  text: index<128>[batch, time]
        logits = text |> Embedding(128, 8) |> GRU(8, return_sequences=true) |> Dense(128)
        output next_one = softmax(logits)
        >>> model.generate("naive", 3)
    """

    code: ClassVar[str] = "NN632"
    title: ClassVar[str] = "the prompt has what the model has no number for"

    unknown: tuple[str, ...]
    known: str

    @property
    def headline(self) -> str:
        shown = ", ".join(repr(part) for part in self.unknown[:5])
        more = f" and {len(self.unknown) - 5} more" if len(self.unknown) > 5 else ""
        return f"the model has no number for {shown}{more}"

    @property
    def help(self) -> str:
        return f"it knows {self.known}"


@dataclass(frozen=True)
class PromptTooShort(Problem):
    """A prompt is empty, or shorter than what the model reads at once.

        input  text: index<128>[batch, time]
        logits = text |> Embedding(128, 8) |> GRU(8, return_sequences=true) |> Dense(128)
        output next_one = softmax(logits)
        >>> model.generate("", 3)

    Give a longer prompt. A model whose length is a number (`index<128>[batch, 40]`) reads that many at once; one whose
    length is a name (`[batch, time]`) reads prompts of every length.

        input  text: index<128>[batch, time]
        logits = text |> Embedding(128, 8) |> GRU(8, return_sequences=true) |> Dense(128)
        output next_one = softmax(logits)
        >>> model.generate("a", 3)
    """

    code: ClassVar[str] = "NN633"
    title: ClassVar[str] = "the prompt is too short"

    length: int
    least: int

    @property
    def headline(self) -> str:
        return f"the prompt has {self.length} tokens, the model reads at least {self.least}"


@dataclass(frozen=True)
class WrongVocabulary(Problem):
    """A vocabulary is no list of different texts, or has more of them than the model has numbers for.

        input  text: index<3>[batch, time]
        logits = text |> Embedding(3, 8) |> GRU(8, return_sequences=true) |> Dense(3)
        output next_one = softmax(logits)
        >>> model.vocabulary = "abca"

    Write a text, of which each character counts once, or a list of words.

        input  text: index<3>[batch, time]
        logits = text |> Embedding(3, 8) |> GRU(8, return_sequences=true) |> Dense(3)
        output next_one = softmax(logits)
        >>> model.vocabulary = "abc"
        >>> model.vocabulary = ["a", "cat", "dog"]
    """

    code: ClassVar[str] = "NN634"
    title: ClassVar[str] = "this is no vocabulary for the model"

    reason: str

    @property
    def headline(self) -> str:
        return f"the vocabulary does not fit: {self.reason}"


FAMILY: tuple[type[Problem], ...] = (NoTextModel, NoVocabulary, NotInVocabulary, PromptTooShort, WrongVocabulary)
