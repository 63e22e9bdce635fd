"""How often a corpus uses its words: counted by hash over batches, and looked up per word."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numba import njit

from tasks.text.batch import TextBatch
from tasks.text.borrow import Array, borrow
from tasks.text.hashing import hash_bytes
from tasks.text.lookup import find, lookup
from tasks.text.segment import SYMBOLS

OTHER = np.uint64(0xA0761D6478BD642F)  # tells the second half's words from the first's in one table


def halves(batch: TextBatch) -> np.ndarray:
    """Return which half of a corpus each document is in, 0 or 1, by a hash of its text: uint8 (n,).

    What learns from one half and scores the other has seen no document that it scores, nor a copy of it.
    """
    return _halves(batch.data, batch.offsets)


@njit(nogil=True, cache=True)
def _halves(data: Array, offsets: Array) -> Array:
    found = np.empty(len(offsets) - 1, np.uint8)
    for document in range(len(found)):
        found[document] = hash_bytes(data, offsets[document], offsets[document + 1]) & np.uint64(1)
    return found


def groups(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (order, starts): a stable sort of ``keys``, and where in it each distinct key begins."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    return order, np.flatnonzero(np.concatenate([ordered[:1] == ordered[:1], ordered[1:] != ordered[:-1]]))


def count_corpus(batches: Iterable[TextBatch], *, symbols: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Count the content words (with ``symbols``: all words) of each half of a corpus.

    Returns (hashes uint64 ascending, counts int64 (n, 2)). The order of the documents does not matter.
    """
    keys, counts = [np.zeros(0, np.uint64)], [np.zeros((0, 2), np.int64)]
    for batch in batches:
        words = batch.words
        half = np.repeat(halves(batch), np.diff(words.offsets))
        chosen = np.full(len(words), True) if symbols else (words.flags & SYMBOLS) == 0
        found = _merge(words.hashes[chosen], np.stack([half == 0, half == 1], 1)[chosen].astype(np.int64))
        keys.append(found[0])
        counts.append(found[1])
    return _merge(np.concatenate(keys), np.concatenate(counts))


def _merge(keys: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if not len(keys):
        return keys, counts
    order, starts = groups(keys)
    return keys[order[starts]], np.add.reduceat(counts[order], starts)


def crossed_logs(hashes: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the table for ``sum_values`` that gives a word of one half its log probability in the other half.

    A half without any word is scored by all.
    """
    parts = []
    for half, salt in ((0, np.uint64(0)), (1, OTHER)):
        other = counts[:, 1 - half] if counts[:, 1 - half].any() else counts.sum(1)
        known = other > 0
        parts.append((hashes[known] ^ salt, np.log(other[known] / max(other.sum(), 1))))
    return lookup(np.concatenate([parts[0][0], parts[1][0]]), np.concatenate([parts[0][1], parts[1][1]]))


@njit(nogil=True, cache=True)
def sum_values(
    hashes: Array, flags: Array, offsets: Array, sides: Array, keys: Array, values: Array, absent: float, symbols: bool
) -> Any:
    """Add up what a table (see ``tasks.text.lookup``) says of every content word (with ``symbols``: every word).

    ``sides``: uint8, which half of the table is asked for each document (0 where it has no halves). ``values`` is
    float64; a word that the table does not have counts ``absent``. Returns (sums float64, words int64),
    one per document.
    """
    documents = len(offsets) - 1
    sums, counts = np.zeros(documents), np.zeros(documents, np.int64)
    mask = np.int64(len(keys) - 1)
    hashes, flags, table = borrow(hashes), borrow(flags), borrow(keys)
    for document in range(documents):
        total, count = 0.0, 0
        salt = OTHER if sides[document] else np.uint64(0)
        for word in range(offsets[document], offsets[document + 1]):
            if symbols or not flags[word] & SYMBOLS:
                slot = find(table, mask, hashes[word] ^ salt)
                total += values[slot] if slot >= 0 else absent
                count += 1
        sums[document], counts[document] = total, count
    return sums, counts


@njit(nogil=True, cache=True)
def sum_between(values: Array, offsets: Array) -> Array:
    """Return the sum of ``values[offsets[i]:offsets[i + 1]]``, in order, for every document: float64 (n,)."""
    sums = np.zeros(len(offsets) - 1)
    for document in range(len(sums)):
        for i in range(offsets[document], offsets[document + 1]):
            sums[document] += values[i]
    return sums
