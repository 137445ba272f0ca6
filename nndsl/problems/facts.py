"""Problems NN62x: expectations of `test` sections that fail. `nndsl test` says them; `nndsl check` does not."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from nndsl.diagnostics import Label, Problem

VANISHED = 100  # an error this large, relative to the gradient, is that of a gradient which is 0


@dataclass(frozen=True)
class Expected(Problem):
    """Base: `found` and `expected` are among the facts for programs to read."""

    found: str
    expected: str

    @property
    def facts(self) -> dict[str, object]:
        return super().facts | {"found": self.found, "expected": self.expected}


@dataclass(frozen=True)
class DoesNotHold(Expected):
    """An `expect` line of a test compares things that are known when the network is built, and they are not alike.

    Example:

        model Small(units: int = 16) {
          input  x: f32[batch, 8]
          target label: index<3>[batch]
          h = x |> Dense(units, activation=relu)
          logits = h |> Dense(3)
          output p = softmax(logits)
          loss   sparse_categorical_crossentropy(label, logits)
        }

        test "the hidden layer" { expect shape(h) == [batch, 64] }
        $ nndsl test m.nn

    Cure: the message shows what stands on the left side. Mend the model, or the expectation where the model is right.

        model Small(units: int = 16) {
          input  x: f32[batch, 8]
          target label: index<3>[batch]
          h = x |> Dense(units, activation=relu)
          logits = h |> Dense(3)
          output p = softmax(logits)
          loss   sparse_categorical_crossentropy(label, logits)
        }

        test "the hidden layer" { expect shape(h) == [batch, 16] }
        $ nndsl test m.nn
    """

    code: ClassVar[str] = "NN620"
    title: ClassVar[str] = "this expectation does not hold"

    op: str

    @property
    def label(self) -> str:
        if not self.op:
            return "this is false"
        wanted = {"==": "", "!=": "something else than "}.get(self.op, f"{self.op} ")
        return f"the left side is {self.found}, expected was {wanted}{self.expected}"


@dataclass(frozen=True)
class NotClose(Expected):
    """The numbers that `expect close(value, expected)` computed are further apart than the tolerance allows.

    Two numbers are close where they differ by at most tolerance + tolerance * |expected|. The tolerance is 0.00001
    unless the line gives another: `close(value, expected, tolerance=0.001)`.

    Example:

        test "relu" { expect close(relu([-1.0, 2.0]), [-1.0, 2.0]) }
        $ nndsl test m.nn

    Cure: the message shows what was computed and where it is off most.

        test "relu" { expect close(relu([-1.0, 2.0]), [0.0, 2.0]) }
        $ nndsl test m.nn
    """

    code: ClassVar[str] = "NN621"
    title: ClassVar[str] = "these numbers are not close"

    place: str
    difference: str

    @property
    def label(self) -> str:
        return f"this gives {self.found}, expected was {self.expected}"

    @property
    def help(self) -> str:
        where = f" at {self.place}" if self.place else ""
        if self.difference == "nan":
            return f"there is no number{where}: a logarithm, a root or a division has no value there"
        return f"the largest difference is {self.difference}{where}"


@dataclass(frozen=True)
class WrongGradient(Problem):
    """`expect gradients` found a param whose gradient is not what finite differences give.

    The comparison is made in double precision on made-up data. A gradient that is off most often means a function
    with a jump (`floor`, `round`, a comparison), or `stop_gradient` in the way.

    Example:

        model Small(units: int = 16) {
          input  x: f32[batch, 8]
          target label: index<3>[batch]
          h = x |> Dense(units, activation=relu)
          logits = stop_gradient(h) |> Dense(3)
          # nndsl: allow NN403
          output p = softmax(logits)
          loss   sparse_categorical_crossentropy(label, logits)
        }

        test "gradients" { expect gradients }
        $ nndsl test m.nn

    Cure: look at what the named params flow through, `nndsl gradcheck FILE` lists them all. Where a jump is meant,
    leave the expectation out.

        model Small(units: int = 16) {
          input  x: f32[batch, 8]
          target label: index<3>[batch]
          h = x |> Dense(units, activation=relu)
          logits = h |> Dense(3)
          output p = softmax(logits)
          loss   sparse_categorical_crossentropy(label, logits)
        }

        test "gradients" { expect gradients }
        $ nndsl test m.nn
    """

    code: ClassVar[str] = "NN622"
    title: ClassVar[str] = "a gradient is wrong"

    wrong: tuple[tuple[str, float], ...]
    tolerance: float

    @property
    def label(self) -> str:
        none = [name for name, error in self.wrong if error >= VANISHED]
        off = [f"that of `{name}` is off by {error:.1e} of its largest entry" for name, error in self.wrong]
        if none:
            more = f" and {len(none) - 3} more" if len(none) > 3 else ""
            return f"that of {', '.join(f'`{name}`' for name in none[:3])}{more} is 0, though the loss depends on it"
        return ", ".join([*off[:3], *([f"{len(off) - 3} more"] if len(off) > 3 else [])])

    @property
    def help(self) -> str:
        at_most = f"at most {self.tolerance:g} was expected"
        return f"{at_most}; jumps (`floor`, `round`) and `stop_gradient` give no slope"


@dataclass(frozen=True)
class NotLearnt(Problem):
    """`expect overfits(n)` trained on n made-up rows, and the loss did not fall below 1% of what it began with.

    A network that is put together well learns a handful of rows by heart. Where it does not, the output often does
    not depend on the input, an activation shuts everything off, or the learning rate does not suit. Measured is the
    loss as it is in use (without dropout), penalties aside.

    Example:

        model Small(units: int = 16) {
          input  x: f32[batch, 8]
          target label: index<3>[batch]
          h = x |> Dense(units, activation=relu)
          logits = h |> Dense(3)
          output p = softmax(logits)
          loss   sparse_categorical_crossentropy(label, logits)
        }

        test "it learns" { expect overfits(8, steps=5) }
        $ nndsl test m.nn

    Cure: check what the loss reads; try another learning rate in the train section; a loss that cannot come near 0
    (targets that are probabilities, very few units) has no place in this expectation. More steps give it more time.

        model Small(units: int = 16) {
          input  x: f32[batch, 8]
          target label: index<3>[batch]
          h = x |> Dense(units, activation=relu)
          logits = h |> Dense(3)
          output p = softmax(logits)
          loss   sparse_categorical_crossentropy(label, logits)
        }

        test "it learns" { expect overfits(8) }
        $ nndsl test m.nn
    """

    code: ClassVar[str] = "NN623"
    title: ClassVar[str] = "it does not learn a few rows by heart"

    rows: int
    steps: int
    first: float
    last: float
    optimizer: str

    @property
    def label(self) -> str:
        limit = f"{self.first / 100:.3g}"
        if self.first <= 0:
            return f"the loss began at {self.first:.3g}: there is nothing to learn"
        if not math.isfinite(self.first):
            return f"the loss of made-up rows is {self.first} before the first step"
        steps = f"{self.steps} {'step' if self.steps == 1 else 'steps'}"
        return f"the loss went from {self.first:.3g} to {self.last:.3g} in {steps}, expected was below {limit}"

    @property
    def help(self) -> str:
        if self.first <= 0:
            return "the loss has to depend on a target and on params"
        if not math.isfinite(self.first):
            return "floats are made up as normal numbers: guard a log or a root, as in `log1p(maximum(x, 0))`"
        rate = f"another learning rate for {self.optimizer}"
        return f"try {rate}, or look for what keeps the loss from depending on the input"


@dataclass(frozen=True)
class NotRefused(Problem):
    """The block of `expect error CODE { … }` does not give this error, or gives others beside it.

    Example:

        test "a wrong width" {
          expect error NN201 { y = ones([2, 3]) + ones([2, 3]) }
        }
        $ nndsl test m.nn

    Cure: the message shows what the block does give.

        test "a wrong width" {
          expect error NN201 { y = ones([2, 3]) + ones([2, 4]) }
        }
        $ nndsl test m.nn
    """

    code: ClassVar[str] = "NN624"
    title: ClassVar[str] = "the block does not give the expected error"

    wanted: str
    found: tuple[Problem, ...]

    @property
    def headline(self) -> str:
        others = " alone" if any(p.code == self.wanted for p in self.found) else ""
        return f"the block does not give {self.wanted}{others}"

    @property
    def label(self) -> str:
        return "" if self.found else "nothing is wrong with this block"

    @property
    def help(self) -> str:
        others = ", ".join(dict.fromkeys(p.code for p in self.found if p.code != self.wanted))
        if others:
            return f"mend what is wrong besides, or expect that: `expect error {others.split(', ')[0]}`"
        return f"write the mistake into it that should give {self.wanted}, or leave the block out"

    @property
    def labels(self) -> tuple[Label, ...]:
        return tuple(Label(p.span, f"{p.code}: {p.headline}") for p in self.found if p.span is not None)

    @property
    def facts(self) -> dict[str, object]:
        return super().facts | {"expected": self.wanted, "found": [p.code for p in self.found]}


FAMILY: tuple[type[Problem], ...] = (DoesNotHold, NotClose, WrongGradient, NotLearnt, NotRefused)
