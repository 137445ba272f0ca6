"""The choice of the next token from its scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Array = Any


@dataclass(frozen=True)
class Choice:
    """How the next token is chosen.

    `temperature` divides the scores, so that above 1 rare tokens come more often; at 0 the greatest score wins.
    `top_k` leaves the k greatest scores; `top_p` the greatest that together have this probability (Holtzman et al.,
    "The curious case of neural text degeneration", 2020), at least one.
    """

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None

    def __call__(self, scores: Array, numbers: np.random.Generator) -> Array:
        """One token for each row of scores [batch, n], as int32[batch]."""
        wide = np.asarray(scores, np.float64)
        if self.temperature == 0 or self.top_k == 1:
            return np.argmax(wide, axis=-1).astype(np.int32)
        share = self.probabilities(wide)
        sums = np.cumsum(share, axis=-1)
        # A draw below the last sum falls on a token of probability above 0.
        draws = np.minimum(numbers.random((len(wide), 1)) * sums[:, -1:], np.nextafter(sums[:, -1:], 0))
        return (sums <= draws).sum(axis=-1).astype(np.int32)

    def probabilities(self, scores: Array) -> Array:
        """What each token is drawn with, [batch, n]."""
        scaled = np.asarray(scores, np.float64) / self.temperature
        if self.top_k is not None and self.top_k < scaled.shape[-1]:
            least = np.partition(scaled, -self.top_k, axis=-1)[:, -self.top_k, None]
            scaled = np.where(scaled >= least, scaled, -np.inf)
        share = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
        share /= share.sum(axis=-1, keepdims=True)
        if self.top_p is not None and self.top_p < 1:
            order = np.argsort(-share, axis=-1, kind="stable")
            sorted_share = np.take_along_axis(share, order, axis=-1)
            before = np.cumsum(sorted_share, axis=-1) - sorted_share
            kept = np.where(before < self.top_p, sorted_share, 0.0)
            np.put_along_axis(share, order, kept, axis=-1)
        return share
