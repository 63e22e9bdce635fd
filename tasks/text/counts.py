"""Counts over the words and bytes of every document."""

from typing import Any

import numpy as np
from numba import njit

from tasks.text.borrow import Array, borrow
from tasks.text.segment import ALPHABETIC, SYMBOLS
from tasks.text.specials import gate_of, passes

_ONE = np.uint64(1)


@njit(nogil=True, cache=True)
def count_words(exact: Array, characters: Array, flags: Array, offsets: Array, wanted: Array) -> Any:
    """Return (content words, their characters, words with a letter, distinct words of ``wanted``), int64 (n,) each.

    ``wanted``: uint64 hashes of at most 64 words as written.
    """
    documents = len(offsets) - 1
    content, lengths = np.zeros(documents, np.int64), np.zeros(documents, np.int64)
    alphabetic, present = np.zeros(documents, np.int64), np.zeros(documents, np.int64)
    exact, flags, characters = borrow(exact), borrow(flags), borrow(characters)
    gate = gate_of(wanted)
    for document in range(documents):
        seen = np.uint64(0)
        words, letters, length = 0, 0, 0
        for word in range(offsets[document], offsets[document + 1]):
            letters += (flags[word] & ALPHABETIC) != 0
            if not flags[word] & SYMBOLS:
                words += 1
                length += characters[word]
                if passes(gate, exact[word]):
                    seen |= _which(exact[word], wanted)
        content[document], lengths[document], alphabetic[document] = words, length, letters
        while seen:
            seen &= seen - _ONE
            present[document] += 1
    return content, lengths, alphabetic, present


@njit(nogil=True, cache=True)
def _which(key: np.uint64, wanted: Array) -> np.uint64:
    for k in range(len(wanted)):
        if wanted[k] == key:
            return _ONE << np.uint64(k)
    return np.uint64(0)


@njit(nogil=True, cache=True)
def count_marks(data: Array, offsets: Array) -> Any:
    """Return (``#``, ellipses, line feeds) of every document; an ellipsis is ``...`` or ``…``, without overlaps."""
    documents = len(offsets) - 1
    hashes, ellipses = np.zeros(documents, np.int64), np.zeros(documents, np.int64)
    feeds = np.zeros(documents, np.int64)
    data = borrow(data)
    for document in range(documents):
        first, last = offsets[document], offsets[document + 1]
        signs, lines, found, dots = 0, 0, 0, np.int64(0)
        for place in range(first, last):
            signs += data[place] == 35
            lines += data[place] == 10
        for place in range(first + 2, last):
            if data[place] == 46 and data[place - 1] == 46 and data[place - 2] == 46 and place >= dots:
                found += 1
                dots = np.int64(place + 3)
            elif data[place] == 0xA6 and data[place - 1] == 0x80 and data[place - 2] == 0xE2:
                found += 1
        hashes[document], ellipses[document], feeds[document] = signs, found, lines
    return hashes, ellipses, feeds
