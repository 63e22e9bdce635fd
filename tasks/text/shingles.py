"""Word n-grams of documents as sets of 64-bit hashes, and their exact Jaccard similarity.

An n-gram is over content words (those that are not symbols alone), case-folded. A document with fewer content words
than n has one shingle made of all its words; one without any word has one made of its bytes, so that only equal ones
are alike.
"""

from typing import Any

import numpy as np
from numba import njit

from tasks.text.batch import TextBatch
from tasks.text.borrow import Array, Int, borrow
from tasks.text.hashing import START, absorb, finish, hash_bytes
from tasks.text.segment import SYMBOLS


def shingles(batch: TextBatch, ngram: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Return (values, offsets): each document's distinct n-gram hashes ascending, uint64, and int64 (n + 1)."""
    values, offsets = base_hashes(batch, ngram)
    return _distinct(values, offsets)


def base_hashes(batch: TextBatch, ngram: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (values, offsets): the n-gram hashes of each document in order of the text, at least one each."""
    if ngram < 1:
        raise ValueError(f"ngram: expected a number from 1, got {ngram}")
    words = batch.words
    scratch = np.empty(int(np.diff(words.offsets).max(initial=0)), np.uint64)
    return _base(batch.data, batch.offsets, words.hashes, words.flags, words.offsets, ngram, scratch)


@njit(nogil=True, cache=True)
def _base(
    data: Array, text_offsets: Array, hashes: Array, flags: Array, offsets: Array, ngram: Int, scratch: Array
) -> Any:
    values = np.empty(len(flags) + len(offsets), np.uint64)
    data, hashes, flags, content = borrow(data), borrow(hashes), borrow(flags), borrow(scratch)
    found = np.zeros(len(offsets), np.int64)
    count = 0
    for document in range(len(offsets) - 1):
        words = 0
        for word in range(offsets[document], offsets[document + 1]):
            if not flags[word] & SYMBOLS:
                content[words] = hashes[word]
                words += 1
        for first in range(words - ngram + 1):
            state = START
            for k in range(ngram):
                state = absorb(state, content[first + k])
            values[count] = finish(state)
            count += 1
        if words < ngram:
            values[count] = _whole(data, text_offsets, hashes, offsets, document)
            count += 1
        found[document + 1] = count
    return values[:count].copy(), found


@njit(nogil=True, cache=True)
def _whole(data: Array, text_offsets: Array, hashes: Array, offsets: Array, document: Int) -> np.uint64:
    """Return one hash for a short document."""
    if offsets[document] == offsets[document + 1]:
        return hash_bytes(data, text_offsets[document], text_offsets[document + 1])
    state = START
    for word in range(offsets[document], offsets[document + 1]):
        state = absorb(state, hashes[word])
    return finish(state)


@njit(nogil=True, cache=True)
def _distinct(values: Array, offsets: Array) -> Any:
    kept = np.empty_like(values)
    found = np.zeros_like(offsets)
    count = 0
    for document in range(len(offsets) - 1):
        ordered = np.sort(values[offsets[document] : offsets[document + 1]])
        for i in range(len(ordered)):
            if i == 0 or ordered[i] != ordered[i - 1]:
                kept[count] = ordered[i]
                count += 1
        found[document + 1] = count
    return kept[:count].copy(), found


@njit(nogil=True, cache=True)
def jaccard(left: Array, right: Array) -> float:
    """Return the Jaccard similarity of two ascending arrays without repeats, in [0, 1]; 1 for two empty ones."""
    i, j, common = 0, 0, 0
    while i < len(left) and j < len(right):
        if left[i] == right[j]:
            common += 1
            i += 1
            j += 1
        elif left[i] < right[j]:
            i += 1
        else:
            j += 1
    union = len(left) + len(right) - common
    return common / union if union else 1.0
