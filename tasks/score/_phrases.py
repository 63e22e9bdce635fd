"""Where any of a few phrases stand in a batch: one pass over the bytes, with a table of the pairs that begin one."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from tasks.text.borrow import Array, Int, borrow


@dataclass(frozen=True)
class Phrases:
    """Phrases for the kernel. ``letters``: uint8 (phrases, longest). ``lengths``: int64. ``folded``: in any case.

    ``pairs``: int16 (65,536), the first phrase that begins with two bytes, or -1; ``following``: int16, the next one.
    """

    letters: np.ndarray
    lengths: np.ndarray
    pairs: np.ndarray
    following: np.ndarray
    folded: bool


def phrases(given: Sequence[bytes], *, folded: bool) -> Phrases:
    """Prepare phrases of two bytes or more; ``folded`` ones are lower-case and match A to Z as a to z."""
    letters = np.zeros((len(given), max(map(len, given))), np.uint8)
    pairs, following = np.full(1 << 16, -1, np.int16), np.full(len(given), -1, np.int16)
    for i, phrase in enumerate(given):
        letters[i, : len(phrase)] = np.frombuffer(phrase, np.uint8)
        pair = phrase[0] << 8 | phrase[1]
        following[i], pairs[pair] = pairs[pair], i
    return Phrases(letters, np.array([len(phrase) for phrase in given], np.int64), pairs, following, folded)


def occurrences(data: np.ndarray, offsets: np.ndarray, found: Phrases) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (documents, places, phrases) of every occurrence, in order of place: int64 each."""
    table = (found.letters, found.lengths, found.pairs, found.following, found.folded)
    count = _find(data, offsets, *table, np.empty((0, 3), np.int64))
    rows = np.empty((count, 3), np.int64)
    _find(data, offsets, *table, rows)
    return rows[:, 0], rows[:, 1], rows[:, 2]


@njit(nogil=True, cache=True)
def _find(
    data: Array,
    offsets: Array,
    letters: Array,
    lengths: Array,
    pairs: Array,
    following: Array,
    folded: bool,
    rows: Array,
) -> Any:
    """Count the occurrences, and write them to ``rows`` as far as there are rows."""
    data, pairs = borrow(data), borrow(pairs)
    count = 0
    for document in range(len(offsets) - 1):
        start, stop = offsets[document], offsets[document + 1]
        before = np.int64(0)
        for place in range(start, stop):
            byte = _folded(data[place], folded)
            phrase = np.int64(pairs[before << 8 | byte]) if place > start else np.int64(-1)
            before = byte
            while phrase >= 0:
                if _stands(data, place - 1, stop, letters[phrase], lengths[phrase], folded):
                    if count < len(rows):
                        rows[count, 0], rows[count, 1], rows[count, 2] = document, place - 1, phrase
                    count += 1
                phrase = np.int64(following[phrase])
    return count


@njit(nogil=True, cache=True)
def _folded(byte: Int, folded: bool) -> Int:
    byte = np.int64(byte)
    return byte | 32 if folded and byte >= 65 and byte <= 90 else byte


@njit(nogil=True, cache=True)
def _stands(data: Array, place: Int, stop: Int, letters: Array, length: Int, folded: bool) -> bool:
    if stop - place < length:
        return False
    for k in range(length):  # noqa: SIM110
        if _folded(data[place + k], folded) != letters[k]:
            return False
    return True


def bits(value: bytes) -> float:
    """Return the entropy of the bytes of ``value``, in bits for each.

    >>> bits(b"abab"), bits(b"")
    (1.0, 0.0)
    """
    size = len(value)
    return -sum(n / size * math.log2(n / size) for n in Counter(value).values()) if size else 0.0
