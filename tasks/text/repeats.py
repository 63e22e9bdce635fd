"""What a document repeats: pieces (lines, paragraphs) and word n-grams.

Source of the measures: Rae et al. 2021, arXiv:2112.11446, table A1. Lengths are in characters, of n-grams without what
separates their words for the duplicates and with one space between words for the most frequent.
"""

from typing import Any

import numpy as np
from numba import njit

from tasks.text.batch import Lines, Words
from tasks.text.borrow import Array, Int, borrow
from tasks.text.hashing import START, absorb, slots
from tasks.text.segment import OVERLAPPING

SHORTEST_TOP, LONGEST_TOP = 2, 4
SHORTEST, LONGEST = 5, 10

_HALF, _COUNT = np.uint64(32), np.uint64(0xFFFFFFFF)


@njit(nogil=True, cache=True)
def most_of(offsets: Array) -> Int:
    """Return the size of the largest document: of what the offsets (n + 1) are over."""
    largest = np.int64(0)
    for i in range(len(offsets) - 1):
        largest = max(largest, offsets[i + 1] - offsets[i])
    return largest


@njit(nogil=True, cache=True)
def clear_table(table: Array, mask: Int) -> None:
    """Empty the first ``mask + 1`` slots of a table."""
    for slot in range(mask + 1):
        table[slot] = 0


@njit(nogil=True, cache=True)
def slot_of(table: Array, mask: Int, key: np.uint64) -> Int:
    """Return the slot of ``key``, or the free slot where it goes.

    A slot holds the key's upper half and its count. With the place in the table that tells keys apart as well as 45
    bits for a document of 10,000 words, in half the memory.
    """
    slot = np.int64(key) & mask
    while table[slot] != 0 and ((table[slot] ^ key) >> _HALF) != 0:
        slot = (slot + 1) & mask
    return slot


@njit(nogil=True, cache=True)
def count_key(table: Array, slot: Int, key: np.uint64) -> Int:
    """Count the key once more; return how often it was seen before."""
    before = np.int64(table[slot] & _COUNT)
    table[slot] = ((key >> _HALF) << _HALF) | np.uint64(before + 1)
    return before


def repeated(pieces: Lines) -> tuple[np.ndarray, np.ndarray]:
    """Count the pieces that occur earlier in their document. Returns (count, characters), int64 (n,) each."""
    size = slots(most_of(pieces.offsets))
    return _repeated(pieces.hashes, pieces.characters, pieces.offsets, np.empty(size, np.uint64))


def repeated_among(pieces: Lines, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Count as ``repeated`` does, among the pieces where ``chosen`` (bool) is true."""
    places = np.flatnonzero(chosen)
    offsets = np.searchsorted(places, pieces.offsets)
    size = slots(most_of(offsets))
    hashes, characters = pieces.hashes[places], pieces.characters[places]
    return _repeated(hashes, characters, offsets, np.empty(size, np.uint64))


@njit(nogil=True, cache=True)
def _repeated(hashes: Array, characters: Array, offsets: Array, table: Array) -> Any:
    hashes, table = borrow(hashes), borrow(table)
    counts, lengths = np.zeros(len(offsets) - 1, np.int64), np.zeros(len(offsets) - 1, np.int64)
    for document in range(len(counts)):
        first, last = offsets[document], offsets[document + 1]
        mask = slots(last - first) - 1
        clear_table(table, mask)
        for piece in range(first, last):
            if count_key(table, slot_of(table, mask, hashes[piece]), hashes[piece]):
                counts[document] += 1
                lengths[document] += characters[piece]
    return counts, lengths


def ngram_repeats(words: Words) -> tuple[np.ndarray, np.ndarray]:
    """Measure the repeated word n-grams of every document.

    Returns (top, duplicate): int64 (n, 3) and (n, 6). ``top``: for n = 2, 3, 4 the length of the most frequent n-gram
    times its count (ties: the first seen), 0 when no n-gram occurs twice. ``duplicate``: for n = 5 to 10, the
    characters of the n-grams seen before, scanning from the left: a repeated n-gram is counted and jumped over,
    another is remembered.

    An n-gram can only repeat where the (n - 1)-gram at the same place does: each n looks at what the one before left
    over.
    """
    most = int(most_of(words.offsets))
    table = np.empty(slots(most), np.uint64)
    scratch = (
        np.empty(most, np.uint64),
        np.empty(most, np.int64),
        np.empty(most + 1, np.int64),
        np.empty(most, np.int64),
    )
    return _ngram_repeats(words.exact, words.characters, words.flags, words.offsets, table, *scratch)


@njit(nogil=True, cache=True)
def _ngram_repeats(
    hashes: Array,
    characters: Array,
    flags: Array,
    offsets: Array,
    table: Array,
    grams: Array,
    places: Array,
    lengths: Array,
    found: Array,
) -> Any:
    documents = len(offsets) - 1
    top = np.zeros((documents, LONGEST_TOP - SHORTEST_TOP + 1), np.int64)
    duplicate = np.zeros((documents, LONGEST - SHORTEST + 1), np.int64)
    hashes, table = borrow(hashes), borrow(table)
    grams, places, lengths, found = borrow(grams), borrow(places), borrow(lengths), borrow(found)
    characters, flags = borrow(characters), borrow(flags)
    for document in range(documents):
        first, last = offsets[document], offsets[document + 1]
        words = last - first
        lengths[0] = 0
        for i in range(words):
            overlap = 1 if flags[first + i] & OVERLAPPING else 0
            lengths[i + 1] = lengths[i] + characters[first + i] - overlap
            if i:
                places[i - 1], grams[i - 1] = i - 1, absorb(absorb(START, hashes[first + i - 1]), hashes[first + i])
        left = max(words - 1, 0)
        for n in range(2, LONGEST + 1):
            if n > 2:
                left = lengthen(hashes, first, words, grams, places, left, n)
            if n >= SHORTEST:
                duplicate[document, n - SHORTEST] = _greedy(grams, places, left, n, lengths, table)
            if left == 0:
                break
            best, place, left = keep_repeated(grams, places, left, table, found)
            if n <= LONGEST_TOP and best > 1:
                top[document, n - SHORTEST_TOP] = best * (lengths[place + n] - lengths[place] + n - 1)
    return top, duplicate


@njit(nogil=True, cache=True)
def lengthen(hashes: Array, first: Int, words: Int, grams: Array, places: Array, left: Int, n: Int) -> Int:
    """Add the next word to every (n - 1)-gram that has one; return how many are left."""
    kept = 0
    for i in range(left):
        if places[i] + n <= words:
            places[kept] = places[i]
            grams[kept] = absorb(grams[i], hashes[first + places[i] + n - 1])
            kept += 1
    return kept


@njit(nogil=True, cache=True)
def keep_repeated(grams: Array, places: Array, left: Int, table: Array, found: Array) -> Any:
    """Drop the n-grams that occur once. Returns (largest count, its first place, how many are left)."""
    mask = slots(left) - 1
    clear_table(table, mask)
    for i in range(left):
        found[i] = slot_of(table, mask, grams[i])
        count_key(table, found[i], grams[i])
    best, place = np.int64(0), np.int64(0)
    kept = 0
    for i in range(left):
        count = np.int64(table[found[i]] & _COUNT)
        if count > best:
            best, place = count, places[i]
        if count > 1:
            places[kept], grams[kept] = places[i], grams[i]
            kept += 1
    return best, place, kept


@njit(nogil=True, cache=True)
def _greedy(grams: Array, places: Array, left: Int, n: Int, lengths: Array, table: Array) -> Int:
    """Return the characters of the n-grams seen before, jumping over each."""
    mask = slots(left) - 1
    clear_table(table, mask)
    total = np.int64(0)
    free = np.int64(0)
    for i in range(left):
        place = places[i]
        if place < free:
            continue
        if count_key(table, slot_of(table, mask, grams[i]), grams[i]):
            total += lengths[place + n] - lengths[place]
            free = place + n
    return total
