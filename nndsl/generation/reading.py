"""The two ways in which a model goes on with a text: reading it all again for each token, or remembering it.

Both give the same scores. Remembering costs one step for a token, whatever came before; it is used where the program
that goes on (see `check.memories`) was found to agree with the whole one, and as long as the text is no longer than
the model reads at once. Then the oldest token is left out for each new one, which moves all others, and everything is
read again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from nndsl.generation.ports import TextPorts
from nndsl.ir.graph import Going, Graph, Node
from nndsl.passes import programs
from nndsl.runtime.executable import Executable, Interpreted
from nndsl.runtime.interpreter import evaluate_sized
from nndsl.runtime.session import Session

Array = Any
TRIAL = 9
"""Tokens on which the two ways are compared."""
TOLERANCE = 1e-3
MANY = 50_000_000
"""Above so many numbers a trial takes the model's own params instead of made-up ones."""


class Reader(Protocol):
    """Takes tokens, gives the scores of the one that comes next."""

    def read(self, tokens: Array) -> Array:
        """Scores [batch, n] after these tokens too, int32[batch, time]."""
        ...


@dataclass(eq=False)
class Again:
    """Reads the last tokens of the text anew each time. `program` makes what it runs, when that is first needed."""

    session: Session
    program: Callable[[], Executable]
    ports: TextPorts
    text: Array = None

    def read(self, tokens: Array) -> Array:
        self.text = tokens if self.text is None else np.concatenate([self.text, tokens], axis=1)
        seen = np.ascontiguousarray(self.text[:, -self.ports.most :])
        sizes = self.ports.sizes(*seen.shape)
        store = {**self.session.params, **self.session.states}
        return self.program().run({self.ports.name: seen}, store, self.session.scalars(), sizes)["scores"]


@dataclass(eq=False)
class Remembering:
    """Reads each token once, as long as the text is not too long."""

    session: Session
    program: Executable
    going: Going
    again: Again
    kept: dict[str, Array] = field(default_factory=dict)
    past: int = 0

    def read(self, tokens: Array) -> Array:
        ports = self.again.ports
        if self.past + tokens.shape[1] > ports.most:
            return self.again.read(tokens)
        text = self.again.text
        self.again.text = tokens if text is None else np.concatenate([text, tokens], axis=1)
        scores, self.kept = step(self.program, self.session, ports, self.going, tokens, self.past, self.kept)
        self.past += tokens.shape[1]
        return scores


def step(
    program: Executable,
    session: Session,
    ports: TextPorts,
    going: Going,
    tokens: Array,
    past: int,
    kept: Mapping[str, Array],
    params: Mapping[str, Array] | None = None,
) -> tuple[Array, dict[str, Array]]:
    """One run of the program that goes on: the scores, and what is kept for the next run."""
    sizes = {**ports.sizes(*tokens.shape), going.past: past}
    given = kept or {m.name: evaluate_sized(m.initial, sizes) for m in going.memories}
    store = {**(params if params is not None else session.params), **session.states}
    inputs = {ports.name: np.ascontiguousarray(tokens), **given}
    outputs = program.run(inputs, store, session.scalars(), sizes)
    return outputs["scores"], {m.name: outputs[m.name] for m in going.memories}


# --- what must hold -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Trial:
    """The whole program on a made-up text, by the NumPy engine and with made-up params."""

    session: Session
    ports: TextPorts
    node: Node

    @property
    def length(self) -> int:
        """Tokens of the text."""
        return min(self.ports.most, max(self.ports.least, TRIAL))

    def tokens(self) -> Array:
        """int32[2, length]."""
        numbers = np.random.default_rng(0)
        return numbers.integers(0, self.ports.count, (2, self.length)).astype(np.int32)

    def params(self) -> Mapping[str, Array]:
        """Numbers of about the size that sums of them bear, so that nothing in the model is switched off."""
        own = self.session.params
        if sum(array.size for array in own.values()) > MANY:
            return own
        numbers = np.random.default_rng(1)
        out = {}
        for name, array in own.items():
            spread = 0.3 if array.ndim < 2 else 1 / np.sqrt(np.prod(array.shape[:-1]))
            base = array if array.ndim < 2 else 0
            out[name] = (base + spread * numbers.standard_normal(array.shape)).astype(array.dtype)
        return out

    def whole(self, tokens: Array, params: Mapping[str, Array]) -> Array:
        """Scores of all places, or of the last where the model gives no others."""
        store = {**params, **self.session.states}
        program = Interpreted(Graph("whole", (("scores", self.node),)))
        inputs, sizes = {self.ports.name: tokens}, self.ports.sizes(*tokens.shape)
        return program.run(inputs, store, self.session.scalars(), sizes)["scores"]

    def sees_last(self) -> bool:
        """Whether the scores of the last place depend on the last token."""
        params, tokens = self.params(), self.tokens()
        other = tokens.copy()
        other[:, -1] = (other[:, -1] + 1) % self.ports.count
        first, second = (self.whole(t, params) for t in (tokens, other))
        if first.ndim == 3:
            first, second = first[:, -1], second[:, -1]
        return self.ports.count == 1 or not np.array_equal(first, second)

    def agrees(self, going: Going) -> bool:
        """Whether going on gives what the whole program gives, for one token at a time and for several."""
        if self.ports.least > 1:
            return False
        params, tokens = self.params(), self.tokens()
        program = Interpreted(programs.going(going, self.ports.output, whole=True))
        kept: dict[str, Array] = {}
        past = 0
        for count in (3, 1, 2, *(1,) * self.length):
            part = tokens[:, past : past + count]
            if not part.shape[1]:
                return True
            sizes = {**self.ports.sizes(2, part.shape[1]), going.past: past}
            if not all(c.holds(sizes) for c in going.constraints):
                return False
            found, kept = step(program, self.session, self.ports, going, part, past, kept, params)
            past += part.shape[1]
            expected = self.whole(tokens[:, :past], params)
            if expected.ndim == 3:
                expected = expected[:, past - part.shape[1] :]
            if found.shape != expected.shape:
                return False
            error, size = float(np.max(np.abs(found - expected))), float(np.max(np.abs(expected)))
            if not error <= TOLERANCE * max(size, 1e-6):
                return False
        return True
