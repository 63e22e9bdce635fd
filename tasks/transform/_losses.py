"""How much the documents of an instance tell of each other: a loss for each on its own, and after those before it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from tasks.transform._pieces import Integers

Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Instances:
    """Instance ``i`` reads the documents ``members[offsets[i]:offsets[i + 1]]``, in this order."""

    offsets: Integers
    members: Integers


@dataclass(frozen=True)
class Words:
    """The most frequent words of documents, as hash buckets with counts: those of document ``i`` are at
    ``offsets[i]`` to ``offsets[i + 1]``."""

    offsets: Integers
    buckets: Integers
    counts: Integers


Losses = Callable[[Instances], tuple[Floats, Floats]]
"""Mean loss of each instance's tokens with each document on its own, and with those before it in sight."""


def informative(instances: Instances, losses: Losses, margin: float) -> Integers:
    """Return which instances are worth more than their documents alone: loss falls by more than ``margin`` nats."""
    alone, together = losses(instances)
    return np.asarray(alone - together > margin)


def word_cache(words: Words) -> Losses:
    """Return a loss per word: a unigram model of all documents, mixed half and half with counts of what came before.

    It knows which words come again, and nothing of their order or meaning: no language model, and no stand-in for one.
    """
    _, known = np.unique(words.buckets, return_inverse=True)
    totals = np.bincount(known, weights=words.counts)
    usual = totals / max(totals.sum(), 1)

    def losses(instances: Instances) -> tuple[Floats, Floats]:
        given = (instances.offsets, instances.members, words.offsets, known, words.counts)
        alone, together = _losses(*given, usual)
        return alone, together

    return losses


@njit(nogil=True, cache=True)
def _losses(
    offsets: Any, members: Any, word_offsets: Any, buckets: Any, counts: Any, usual: Any
) -> tuple[Floats, Floats]:
    alone, together = np.zeros(len(offsets) - 1), np.zeros(len(offsets) - 1)
    seen = np.zeros(len(usual))
    for i in range(len(offsets) - 1):
        total, words = 0.0, 0.0
        for j in range(offsets[i], offsets[i + 1]):
            begin, end = word_offsets[members[j]], word_offsets[members[j] + 1]
            for k in range(begin, end):
                chance = usual[buckets[k]]
                alone[i] -= counts[k] * np.log(chance)
                if total > 0:
                    chance = 0.5 * chance + 0.5 * seen[buckets[k]] / total
                together[i] -= counts[k] * np.log(chance)
                words += counts[k]
            for k in range(begin, end):
                seen[buckets[k]] += counts[k]
                total += counts[k]
        for j in range(offsets[i], offsets[i + 1]):
            for k in range(word_offsets[members[j]], word_offsets[members[j] + 1]):
                seen[buckets[k]] = 0.0
        alone[i] /= max(words, 1.0)
        together[i] /= max(words, 1.0)
    return alone, together
