"""Answers near a question: short ones word for word, longer ones by their weighted 3-grams."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit

from tasks.decontaminate._index import gram_hashes
from tasks.decontaminate._words import Found, words_of
from tasks.text.batch import TextBatch
from tasks.text.borrow import Array, Int

SHORT, GRAM = 3, 3


def answer_arrays(items: pa.Table) -> dict[str, np.ndarray]:
    """Return what ``answered`` needs to know of the items' answers; answers without words count as none.

    ``answer_owners``: int64 (items + 1), the answers of each item. ``answer_words``, ``answer_offsets``: their words.
    ``answer_grams``, ``answer_weights``, ``answer_gram_offsets``: the distinct 3-grams of each, ascending, weighed.
    """
    given = items["answers"].combine_chunks()
    words = words_of(TextBatch(given.flatten().cast(pa.large_string())), "plain")
    owners = pc.list_parent_indices(given).to_numpy().astype(np.int64)
    with_words = np.diff(words.offsets) > 0
    owners = owners[with_words]
    lengths = np.diff(words.offsets)[with_words]
    offsets = np.cumsum(np.append(0, lengths))
    grams, gram_offsets = gram_hashes(words.hashes, offsets, GRAM)
    holders = np.repeat(np.arange(len(owners), dtype=np.uint64), np.diff(gram_offsets))
    pairs = np.unique(np.stack([holders, grams]), axis=1)
    distinct, frequency = np.unique(pairs[1], return_counts=True)
    return {
        "answer_owners": np.searchsorted(owners, np.arange(len(items) + 1)).astype(np.int64),
        "answer_words": words.hashes,
        "answer_offsets": offsets.astype(np.int64),
        "answer_grams": pairs[1].copy(),
        "answer_weights": np.log((len(owners) + 1) / frequency[np.searchsorted(distinct, pairs[1])]),
        "answer_gram_offsets": np.searchsorted(pairs[0].astype(np.int64), np.arange(len(owners) + 1)).astype(np.int64),
    }


def answered(
    words: Found,
    document: np.ndarray,
    item: np.ndarray,
    start: np.ndarray,
    stop: np.ndarray,
    fitted: dict[str, np.ndarray],
    limit: float,
    near: int,
    window: int,
) -> np.ndarray:
    """Say of each question found at words ``start`` to ``stop`` of a document whether an answer is near it: bool.

    True if the item has no answers.
    """
    arrays = (fitted[f"answer_{name}"] for name in ("owners", "words", "offsets", "grams", "weights", "gram_offsets"))
    owners, answers, offsets, grams, weights, gram_offsets = arrays
    found: np.ndarray = _answered(
        words.hashes, words.offsets, document, item, start, stop,
        owners, answers, offsets, grams, weights, gram_offsets, limit, near, window,
    )  # fmt: skip
    return found


@njit(nogil=True, cache=True)
def _answered(
    hashes: Array,
    word_offsets: Array,
    document: Array,
    item: Array,
    start: Array,
    stop: Array,
    owners: Array,
    answers: Array,
    offsets: Array,
    grams: Array,
    weights: Array,
    gram_offsets: Array,
    limit: float,
    near: Int,
    window: Int,
) -> Any:
    found = np.zeros(len(document), np.bool_)
    for match in range(len(document)):
        first, last = word_offsets[document[match]], word_offsets[document[match] + 1]
        answer, end = owners[item[match]], owners[item[match] + 1]
        found[match] = answer == end
        while answer < end and not found[match]:
            sought = answers[offsets[answer] : offsets[answer + 1]]
            room = near if len(sought) <= SHORT else max(window, 2 * len(sought))
            around = hashes[max(first, start[match] - room) : min(last, stop[match] + room)]
            if len(sought) <= SHORT:
                found[match] = _occurs(sought, around)
            else:
                low, high = gram_offsets[answer], gram_offsets[answer + 1]
                found[match] = _share(grams[low:high], weights[low:high], around) >= limit
            answer += 1
    return found


@njit(nogil=True, cache=True)
def _occurs(sought: Array, around: Array) -> bool:
    for place in range(len(around) - len(sought) + 1):
        k = 0
        while k < len(sought) and around[place + k] == sought[k]:
            k += 1
        if k == len(sought):
            return True
    return False


@njit(nogil=True, cache=True)
def _share(grams: Array, weights: Array, around: Array) -> float:
    """Return the weight of the ``grams`` (ascending) that occur in a row of words, in the weight of all."""
    keys, _ = gram_hashes(around, np.array([0, len(around)]), GRAM)
    seen = np.zeros(len(grams), np.bool_)
    for key in keys:
        place = np.searchsorted(grams, key)
        if place < len(grams) and grams[place] == key:
            seen[place] = True
    part, whole = 0.0, 0.0
    for k in range(len(grams)):
        whole += weights[k]
        part += weights[k] if seen[k] else 0.0
    return part / whole
