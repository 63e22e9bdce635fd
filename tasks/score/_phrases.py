"""Where any of a few phrases stand in a batch: one pass over the bytes.

Three tables tell for a byte which phrases have it first, second or third, a bit for each; what three bytes on end have
in common is all that is compared.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from tasks.text.borrow import Array, Int, borrow

_ONE, _MOST = np.uint64(1), 64


@dataclass(frozen=True)
class Phrases:
    """Phrases for the kernel. ``letters``: uint8 (phrases, longest). ``lengths``: int64. ``folded``: in any case.

    ``heads``: uint64 (3, 256), the phrases whose first, second or third byte this may be, as bits.
    """

    letters: np.ndarray
    lengths: np.ndarray
    heads: np.ndarray
    folded: bool


def phrases(given: Sequence[bytes], *, folded: bool) -> Phrases:
    """Prepare up to 64 phrases of two bytes or more; ``folded`` ones are lower-case and match A to Z as a to z."""
    if len(given) > _MOST or any(len(phrase) < 2 for phrase in given):
        raise ValueError(f"phrases: expected at most {_MOST} of two bytes or more, got {list(given)}")
    letters = np.zeros((len(given), max(map(len, given))), np.uint8)
    heads = np.zeros((3, 256), np.uint64)
    for i, phrase in enumerate(given):
        letters[i, : len(phrase)] = np.frombuffer(phrase, np.uint8)
        for place, table in enumerate(heads):
            fitting = [*phrase[place : place + 1]] or [*range(256)]
            if folded:
                fitting += [*bytes(fitting).upper()]
            table[fitting] |= np.uint64(1 << i)
    return Phrases(letters, np.array([len(phrase) for phrase in given], np.int64), heads, folded)


def occurrences(data: np.ndarray, offsets: np.ndarray, found: Phrases) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (documents, places, phrases) of every occurrence, in order of place: int64 each."""
    rows = _find(data, offsets, found.letters, found.lengths, found.heads, found.folded)
    return rows[:, 0], rows[:, 1], rows[:, 2]


@njit(nogil=True, cache=True)
def _find(data: Array, offsets: Array, letters: Array, lengths: Array, heads: Array, folded: bool) -> Any:
    """Return int64 (n, 3): document, place and phrase of every occurrence."""
    text, firsts, seconds, thirds = borrow(data), borrow(heads[0]), borrow(heads[1]), borrow(heads[2])
    known, width = borrow(letters), letters.shape[1]
    rows, count = np.empty((64, 3), np.int64), 0
    for document in range(len(offsets) - 1):
        place, stop = offsets[document], offsets[document + 1]
        while place + 1 < stop:
            place, fitting = _next(text, place, stop, firsts, seconds, thirds)
            phrase = len(lengths)
            while fitting and phrase > 0:
                phrase -= 1
                if not (fitting >> np.uint64(phrase)) & _ONE:
                    continue
                if _stands(text, place, stop, known, phrase * width, lengths[phrase], folded):
                    if count == len(rows):
                        rows = _grown(rows)
                    rows[count, 0], rows[count, 1], rows[count, 2] = document, place, phrase
                    count += 1
            place += 1
    return rows[:count]


@njit(nogil=True, cache=True)
def _next(text: Array, place: Int, stop: Int, firsts: Array, seconds: Array, thirds: Array) -> Any:
    """Return (the next place where a phrase may begin, which do), two bytes at least before ``stop``; (stop, 0)."""
    while place + 2 < stop:
        fitting = firsts[text[place]] & seconds[text[place + 1]] & thirds[text[place + 2]]
        if fitting:
            return place, fitting
        place += 1
    return (place, firsts[text[place]] & seconds[text[place + 1]]) if place + 2 == stop else (stop, np.uint64(0))


@njit(nogil=True, cache=True)
def _grown(rows: Array) -> Any:
    grown = np.empty((2 * len(rows), rows.shape[1]), np.int64)
    grown[: len(rows)] = rows
    return grown


@njit(nogil=True, cache=True)
def _folded(byte: Int, folded: bool) -> Int:
    byte = np.int64(byte)
    return byte | 32 if folded and byte >= 65 and byte <= 90 else byte


@njit(nogil=True, cache=True)
def _stands(data: Array, place: Int, stop: Int, letters: Array, first: Int, length: Int, folded: bool) -> bool:
    """Say whether the ``letters`` from ``first`` on stand at ``place``."""
    if stop - place < length:
        return False
    for k in range(length):  # noqa: SIM110
        if _folded(data[place + k], folded) != letters[first + k]:
            return False
    return True


def bits(value: bytes) -> float:
    """Return the entropy of the bytes of ``value``, in bits for each.

    >>> bits(b"abab"), bits(b"")
    (1.0, 0.0)
    """
    size = len(value)
    return -sum(n / size * math.log2(n / size) for n in Counter(value).values()) if size else 0.0
