"""An n-gram language model over token hashes: modified Kneser-Ney smoothing, interpolated, as KenLM estimates it.

Source: Chen and Goodman 1999, section 3; Heafield et al. 2013. An n-gram may be left out of the model: its mass then
goes to the shorter context, so the probabilities still sum to 1. Probability and back-off weight of an n-gram stand in
one table under a hash of its tokens, the last token first: a longer context is one more step of the hash.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit

from tasks.text.borrow import Array, Int, borrow
from tasks.text.frequencies import groups
from tasks.text.hashing import START, absorb, finish
from tasks.text.lookup import find, lookup

BEGIN = np.uint64(0x9FB21C651E98DF25)  # stands before the first token of a sequence
FALLBACK = np.array([0.0, 0.5, 1.0, 1.5])  # discounts where the counts of counts give none


@dataclass(frozen=True)
class Sequences:
    """Tokens in sequences: sequence ``i`` is ``tokens[offsets[i]:offsets[i + 1]]``.

    ``tokens``: uint64. ``offsets``: int64 (n + 1). ``halves``: uint8, which half of a corpus each is in (see
    ``tasks.text.frequencies.halves``).
    """

    tokens: np.ndarray
    offsets: np.ndarray
    halves: np.ndarray

    def only(self, chosen: np.ndarray) -> "Sequences":
        """Return the sequences where ``chosen`` (bool) is true."""
        sizes = np.diff(self.offsets)
        offsets = np.concatenate([[0], np.cumsum(sizes[chosen])])
        return Sequences(self.tokens[np.repeat(chosen, sizes)], offsets, self.halves[chosen])


@dataclass
class _Level:
    """The distinct n-grams of one order, by ascending key: what the estimate needs of each.

    ``place``: of one occurrence. ``count``: adjusted. ``kept``: whether the model has it. ``context`` and ``suffix``:
    its first and last n - 1 tokens, as places in the level below (its length stands for the start of a sequence).
    """

    keys: np.ndarray
    place: np.ndarray
    count: np.ndarray
    kept: np.ndarray
    context: np.ndarray
    suffix: np.ndarray


def crossed(sequences: Sequences, order: int) -> dict[str, np.ndarray]:
    """Fit two models, each to one half of a corpus, to score the documents of the other half with.

    So no document is in the model that scores it, whether it was drawn or not. One half without any sequence is scored
    by a model of all.
    """
    parts = [sequences.only(sequences.halves != half) for half in (0, 1)]
    return _merged([estimated(part if len(part.tokens) else sequences, order, k) for k, part in enumerate(parts)])


def single(sequences: Sequences, order: int, *, repeated: bool = True) -> dict[str, np.ndarray]:
    """Fit one model, to score every document with; ``repeated`` leaves out what occurs once, but single tokens."""
    return _merged([estimated(sequences, order, 0, repeated=repeated)])


Estimate = tuple[np.ndarray, np.ndarray, float, int]


def _merged(models: list[Estimate]) -> dict[str, np.ndarray]:
    keys, logs = (np.concatenate([model[i] for model in models]) for i in (0, 1))
    placed, by_slot = lookup(keys, logs)
    unseen, order = [model[2] for model in models], [model[3] for model in models]
    return {"ngrams": placed, "logs": by_slot, "unseen": np.array(unseen), "order": np.array(order)}


def estimated(sequences: Sequences, order: int, number: int, *, repeated: bool = True) -> Estimate:
    """Return (keys, logarithms float32 (n, 2) of probability and back-off weight, logarithm of an unseen token, order).

    They do not depend on the order of the sequences. ``number`` tells models that share a table apart.
    """
    tokens, offsets = sequences.tokens, sequences.offsets
    levels = _levels(tokens, offsets, order, number, repeated)
    unseen = np.full(1, 1.0 / (len(levels[0].keys) + 1))
    begin = _keys(np.array([BEGIN]), np.array([0, 1]), 1, number)
    chance, rows = unseen, [(begin, np.ones(1), np.ones(1))]
    for n, level in enumerate(levels):
        own, weight = _own(level, len(levels[n - 1].keys) + 1 if n else 1)
        if n:
            rows[-1][2][:] = weight[:-1][levels[n - 1].kept]
        else:
            unseen = unseen * weight
        if n == 1:
            rows[0][2][:] = weight[-1]
        chance = own + weight[level.context] * chance[level.suffix]
        rows.append((level.keys[level.kept], chance[level.kept], np.ones(int(level.kept.sum()))))
    keys, chances, weights = (np.concatenate(column) for column in zip(*rows, strict=True))
    return keys, np.log(np.stack([chances, weights], 1)).astype(np.float32), float(np.log(unseen[0])), order


def _levels(tokens: np.ndarray, offsets: np.ndarray, order: int, number: int, repeated: bool) -> list[_Level]:
    """Find the n-grams from the longest down: the adjusted count of one is how many longer ones end in it."""
    within = np.arange(len(tokens)) - np.repeat(offsets[:-1], np.diff(offsets))
    levels: list[_Level] = []
    for n in range(order, 0, -1):
        keys = _keys(tokens, offsets, n, number)
        places = np.flatnonzero(keys)
        by_key, starts = groups(keys[places])
        first, count = places[by_key[starts]], np.diff(np.append(starts, len(places)))
        kept = (count > 1) | (n == 1) | (not repeated)
        none = np.zeros(len(first), np.int64)
        level = _Level(keys[first], first, count, kept, none, none)
        if levels:
            above = levels[0]
            above.suffix = np.searchsorted(level.keys, keys[above.place])
            inside = within[above.place] > 0
            above.context = np.full(len(above.place), len(level.keys))
            above.context[inside] = np.searchsorted(level.keys, keys[above.place[inside] - 1])
            ending = np.bincount(above.suffix, minlength=len(level.keys))
            level.count = np.where(within[first] == n - 2, count, ending)
        levels.insert(0, level)
    return levels


def _own(level: _Level, contexts: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (discounted share of each n-gram in its context, mass that each context leaves to the shorter one)."""
    discounted = np.where(level.kept, level.count - _discounts(level.count)[np.minimum(level.count, 3)], 0.0)
    totals = np.bincount(level.context, weights=level.count, minlength=contexts)
    own = discounted / np.maximum(totals, 1)[level.context]
    left = totals - np.bincount(level.context, weights=discounted, minlength=contexts)
    return own, np.where(totals > 0, left / np.maximum(totals, 1), 1.0)


def _discounts(counts: np.ndarray) -> np.ndarray:
    """Return what is taken off counts of 0, 1, 2 and 3 or more."""
    n = np.bincount(np.minimum(counts, 5), minlength=6).astype(float)
    if not n[1:5].all():
        return FALLBACK
    y, k = n[1] / (n[1] + 2 * n[2]), np.arange(1, 4)
    found = k - (k + 1) * y * n[2:5] / n[1:4]
    return np.array([0.0, *found]) if (found > 0).all() else FALLBACK


@njit(nogil=True, cache=True)
def _keys(tokens: Array, offsets: Array, n: Int, number: Int) -> Array:
    """Return the key of the n-gram that ends at each token; 0 where it would begin before its sequence does."""
    keys = np.zeros(len(tokens), np.uint64)
    for sequence in range(len(offsets) - 1):
        first = offsets[sequence]
        for place in range(max(first, first + n - 2), offsets[sequence + 1]):
            state = absorb(START, np.uint64(number))
            for k in range(n):
                state = absorb(state, tokens[place - k] if place - k >= first else BEGIN)
            keys[place] = max(finish(state), np.uint64(1))
    return keys


def log_probabilities(sequences: Sequences, model: dict[str, np.ndarray]) -> np.ndarray:
    """Return the natural logarithm of the probability of each token, given those before it in its sequence: float64."""
    halves = sequences.halves if len(model["unseen"]) > 1 else np.zeros_like(sequences.halves)
    rest = model["ngrams"], model["logs"], model["unseen"], int(model["order"][0])
    return _log_probabilities(sequences.tokens, sequences.offsets, halves, *rest)


@njit(nogil=True, cache=True)
def _log_probabilities(
    tokens: Array, offsets: Array, halves: Array, ngrams: Array, logs: Array, unseen: Array, order: Int
) -> Array:
    found = np.empty(len(tokens))
    weights, next_weights = np.zeros(order + 1), np.zeros(order + 1)
    mask, table = np.int64(len(ngrams) - 1), borrow(ngrams)
    for sequence in range(len(offsets) - 1):
        first, start = offsets[sequence], absorb(START, np.uint64(halves[sequence]))
        known = min(1, order - 1)  # tokens of context that the model has
        weights[1] = logs[find(table, mask, finish(absorb(start, BEGIN))), 1]
        for place in range(first, offsets[sequence + 1]):
            state, value, matched = start, unseen[halves[sequence]], 0
            while matched <= known:
                before = place - matched
                state = absorb(state, tokens[before] if before >= first else BEGIN)
                slot = find(table, mask, finish(state))
                if slot < 0:
                    break
                matched += 1
                value = np.float64(logs[slot, 0])
                next_weights[matched] = logs[slot, 1]
            for k in range(max(matched, 1), known + 1):
                value += weights[k]
            found[place] = value
            known = min(matched, order - 1)
            weights, next_weights = next_weights, weights
    return found
