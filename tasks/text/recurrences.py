"""What recurs in a document, all of its occurrences counted: pieces (lines, paragraphs) and word n-grams.

``tasks.text.repeats`` counts what was seen before, that is all but the first occurrence. Two other readings of the same
rules count every occurrence: by the words that they cover, each once, or by the length of all of them.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from tasks.text.batch import Lines, Units, Words
from tasks.text.borrow import Array, Int, borrow
from tasks.text.classes import tables
from tasks.text.hashing import hash_bytes, slots
from tasks.text.lines import characters_between, strip
from tasks.text.repeats import (
    LONGEST,
    LONGEST_TOP,
    SHORTEST,
    SHORTEST_TOP,
    clear_table,
    count_key,
    keep_repeated,
    lengthen,
    most_of,
    pair_words,
    scratch,
    slot_of,
    times,
)


class Recurrences(NamedTuple):
    """Characters of the n-grams of each document, without what separates their words: int64, a row per document.

    For n = 2, 3, 4: ``first`` and ``longest``, the length of the most frequent n-gram (of several the first, or the
    longest) times its count, which is ``most``. For n = 5 to 10, of the n-grams that occur twice or more: ``covered``,
    the length of the words inside any; ``summed``, the length of all occurrences; and ``every``, that of all n-grams.
    """

    first: np.ndarray
    longest: np.ndarray
    most: np.ndarray
    covered: np.ndarray
    summed: np.ndarray
    every: np.ndarray
    characters: np.ndarray


def recurring(hashes: np.ndarray, characters: np.ndarray, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Count the pieces that occur twice or more in their document: (count, characters), int64 (n,) each."""
    largest = int(most_of(offsets))
    table, found = np.empty(slots(largest), np.uint64), np.empty(largest, np.int64)
    return _recurring(hashes, characters, offsets, table, found)


@njit(nogil=True, cache=True)
def _recurring(hashes: Array, characters: Array, offsets: Array, table: Array, found: Array) -> Any:
    hashes, table, found = borrow(hashes), borrow(table), borrow(found)
    counts, lengths = np.zeros(len(offsets) - 1, np.int64), np.zeros(len(offsets) - 1, np.int64)
    for document in range(len(counts)):
        first, last = offsets[document], offsets[document + 1]
        mask = slots(last - first) - 1
        clear_table(table, mask)
        for piece in range(first, last):
            found[piece - first] = slot_of(table, mask, hashes[piece])
            count_key(table, found[piece - first], hashes[piece])
        for piece in range(first, last):
            if times(table, found[piece - first]) > 1:
                counts[document] += 1
                lengths[document] += characters[piece]
    return counts, lengths


def stripped(pieces: Lines, data: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (hashes, characters, offsets) of the pieces without white space at their ends; blank ones are left out."""
    given = (pieces.starts, pieces.stops, pieces.hashes, pieces.characters, pieces.offsets)
    return _stripped(data, *given, tables().classes)


@njit(nogil=True, cache=True)
def _stripped(
    data: Array, starts: Array, stops: Array, known: Array, lengths: Array, offsets: Array, classes: Array
) -> Any:
    data, classes = borrow(data), borrow(classes)
    hashes, characters = np.empty(len(starts), np.uint64), np.empty(len(starts), np.int64)
    found = np.zeros_like(offsets)
    count = 0
    for document in range(len(offsets) - 1):
        for piece in range(offsets[document], offsets[document + 1]):
            start, stop = strip(data, starts[piece], stops[piece], classes)
            if start == stop:
                continue
            if stop - start == stops[piece] - starts[piece]:
                hashes[count], characters[count] = known[piece], lengths[piece]
            else:
                hashes[count], characters[count] = hash_bytes(data, start, stop), characters_between(data, start, stop)
            count += 1
        found[document + 1] = count
    return hashes[:count], characters[:count], found


def ngram_recurrences(words: Words | Units) -> Recurrences:
    """Measure the recurring n-grams of words (as written) of every document."""
    return Recurrences(*_measure(words.exact, words.characters, words.offsets, *scratch(words.offsets)))


@njit(nogil=True, cache=True)
def _measure(
    hashes: Array,
    characters: Array,
    offsets: Array,
    table: Array,
    marks: Array,
    grams: Array,
    places: Array,
    found: Array,
    lengths: Array,
) -> Any:
    documents = len(offsets) - 1
    tops, sums = (documents, LONGEST_TOP - SHORTEST_TOP + 1), (documents, LONGEST - SHORTEST + 1)
    best, longest, most = np.zeros(tops, np.int64), np.zeros(tops, np.int64), np.zeros(tops, np.int64)
    covered, summed, every = np.zeros(sums, np.int64), np.zeros(sums, np.int64), np.zeros(sums, np.int64)
    total = np.zeros(documents, np.int64)
    hashes, characters, table, marks = borrow(hashes), borrow(characters), borrow(table), borrow(marks)
    grams, places, found, lengths = borrow(grams), borrow(places), borrow(found), borrow(lengths)
    for document in range(documents):
        first, words = offsets[document], offsets[document + 1] - offsets[document]
        lengths[0] = 0
        for i in range(words):
            lengths[i + 1] = lengths[i] + characters[first + i]
        total[document] = whole = lengths[words]
        left = pair_words(hashes, first, words, grams, places, marks)
        for n in range(SHORTEST_TOP, LONGEST + 1):
            whole = _one_longer(whole, lengths, words, n)
            if n > SHORTEST_TOP:
                left = lengthen(hashes, first, grams, places, left, n)
            top, place, left = keep_repeated(grams, places, left, table, found)
            if n <= LONGEST_TOP and words >= n:
                column = n - SHORTEST_TOP
                # Nothing recurs: the first of all n-grams, not of those that are left, is the most frequent.
                place = place if top > 1 else 0
                most[document, column] = max(top, 1)
                best[document, column] = most[document, column] * (lengths[place + n] - lengths[place])
                longest[document, column] = top * _longest(places, found, left, n, top, lengths, table)
            if n >= SHORTEST:
                column = n - SHORTEST
                every[document, column] = whole
                covered[document, column], summed[document, column] = _occurrences(places, left, n, lengths)
    return best, longest, most, covered, summed, every, total


@njit(nogil=True, cache=True)
def _one_longer(whole: Int, lengths: Array, words: Int, n: Int) -> Int:
    """Return the characters of all n-grams, given those of all (n - 1)-grams.

    They are the sum of the last ``lengths``, from n on, less that of as many first ones.
    """
    return whole - lengths[n - 1] + lengths[words - n + 1] if n <= words else np.int64(0)


@njit(nogil=True, cache=True)
def _longest(places: Array, found: Array, left: Int, n: Int, top: Int, lengths: Array, table: Array) -> Int:
    """Return the length of the longest of the n-grams that occur ``top`` times."""
    longest = np.int64(0)
    for i in range(left):
        if times(table, found[i]) == top:
            longest = max(longest, lengths[places[i] + n] - lengths[places[i]])
    return longest


@njit(nogil=True, cache=True)
def _occurrences(places: Array, left: Int, n: Int, lengths: Array) -> tuple[Int, Int]:
    """Return the characters of the words inside the n-grams at ``places`` (ascending), each once and every time."""
    covered, summed, free = np.int64(0), np.int64(0), np.int64(0)
    for i in range(left):
        stop = places[i] + n
        covered += lengths[stop] - lengths[max(places[i], free)]
        summed += lengths[stop] - lengths[places[i]]
        free = stop
    return covered, summed
