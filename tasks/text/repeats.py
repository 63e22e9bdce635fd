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
    before = times(table, slot)
    table[slot] = ((key >> _HALF) << _HALF) | np.uint64(before + 1)
    return before


@njit(nogil=True, cache=True)
def times(table: Array, slot: Int) -> Int:
    """Return how often the key in a slot was seen."""
    return np.int64(table[slot] & _COUNT)


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

    An n-gram can only repeat where the (n - 1)-grams at the same place and at the next do: each n looks at what the one
    before left over.
    """
    return _ngram_repeats(words.exact, words.characters, words.flags, words.offsets, *scratch(words.offsets))


def scratch(offsets: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return what the kernels write to for such documents: (table, its bytes, grams, places, slots, lengths)."""
    most = int(most_of(offsets))
    table = np.empty(slots(most), np.uint64)
    places, found, lengths = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most + 1, np.int64)
    return table, table.view(np.uint8), np.empty(most, np.uint64), places, found, lengths


@njit(nogil=True, cache=True)
def _ngram_repeats(
    hashes: Array,
    characters: Array,
    flags: Array,
    offsets: Array,
    table: Array,
    marks: Array,
    grams: Array,
    places: Array,
    found: Array,
    lengths: Array,
) -> Any:
    documents = len(offsets) - 1
    top = np.zeros((documents, LONGEST_TOP - SHORTEST_TOP + 1), np.int64)
    duplicate = np.zeros((documents, LONGEST - SHORTEST + 1), np.int64)
    hashes, table, marks = borrow(hashes), borrow(table), borrow(marks)
    grams, places, found, lengths = borrow(grams), borrow(places), borrow(found), borrow(lengths)
    characters, flags = borrow(characters), borrow(flags)
    for document in range(documents):
        first, last = offsets[document], offsets[document + 1]
        words = last - first
        lengths[0] = 0
        for i in range(words):
            overlap = 1 if flags[first + i] & OVERLAPPING else 0
            lengths[i + 1] = lengths[i] + characters[first + i] - overlap
        left = pair_words(hashes, first, words, grams, places, marks)
        for n in range(2, LONGEST + 1):
            if n > 2:
                left = lengthen(hashes, first, grams, places, left, n)
            if n >= SHORTEST:
                duplicate[document, n - SHORTEST] = _greedy(grams, places, left, n, lengths, table)
            if left == 0:
                break
            best, place, left = keep_repeated(grams, places, left, table, found)
            if n <= LONGEST_TOP and best > 1:
                top[document, n - SHORTEST_TOP] = best * (lengths[place + n] - lengths[place] + n - 1)
    return top, duplicate


@njit(nogil=True, cache=True)
def pair_words(hashes: Array, first: Int, words: Int, grams: Array, places: Array, marks: Array) -> Int:
    """Write the pairs of neighboring words that may occur twice; return how many.

    ``marks`` is a table of bytes to write to: a pair whose byte no other has hit occurs once. That takes no branch, and
    leaves few of the pairs that occur once to the tables.
    """
    count = max(words - 1, 0)
    mask = slots(2 * count) - 1
    for mark in range(mask + 1):
        marks[mark] = 0
    for i in range(count):
        grams[i] = absorb(absorb(START, hashes[first + i]), hashes[first + i + 1])
        mark = np.int64(grams[i]) & mask
        marks[mark] = (marks[mark] << 1) | 1
    kept = 0
    for i in range(count):
        gram = grams[i]
        places[kept], grams[kept] = i, gram
        kept += marks[np.int64(gram) & mask] > 1
    return kept


@njit(nogil=True, cache=True)
def lengthen(hashes: Array, first: Int, grams: Array, places: Array, left: Int, n: Int) -> Int:
    """Add the next word to every (n - 1)-gram with one at the next place, too; return how many are left.

    Where the next place has none, the n-gram occurs once, or the text ends.
    """
    kept = 0
    for i in range(left - 1):
        place, gram = places[i], grams[i]
        if places[i + 1] == place + 1:
            places[kept], grams[kept] = place, absorb(gram, hashes[first + place + n - 1])
            kept += 1
    return kept


@njit(nogil=True, cache=True)
def keep_repeated(grams: Array, places: Array, left: Int, table: Array, found: Array) -> Any:
    """Drop the n-grams that occur once. Returns (largest count, its first place, how many are left).

    ``found``: int64, where the slots of those that are left go.
    """
    mask = slots(left) - 1
    clear_table(table, mask)
    for i in range(left):
        found[i] = slot_of(table, mask, grams[i])
        count_key(table, found[i], grams[i])
    best, place = np.int64(0), np.int64(0)
    kept = 0
    for i in range(left):
        count = times(table, found[i])
        if count > best:
            best, place = count, places[i]
        places[kept], grams[kept], found[kept] = places[i], grams[i], found[i]
        kept += count > 1
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
