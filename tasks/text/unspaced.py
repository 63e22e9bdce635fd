"""Words of scripts written without spaces: overlapping pairs of characters (rule 6 of ``tasks.text.segment``)."""

from typing import Any

import numpy as np
from numba import njit

from tasks.text.borrow import Array, Int, borrow
from tasks.text.classes import DENSE, MARK
from tasks.text.hashing import decode

_MOST_MARKS = 8  # of one character: a longer run is cut


@njit(nogil=True, cache=True)
def pair(data: Array, starts: Array, stops: Array, word_offsets: Array, chosen: Array, classes: Array) -> Any:
    """Cut words of unspaced scripts into overlapping pairs of characters, in the documents ``chosen`` (bool).

    Returns new (starts, stops, word offsets), and for each word whether it shares its first character with the one
    before.
    """
    data, classes, starts, stops = borrow(data), borrow(classes), borrow(starts), borrow(stops)
    capacity = np.int64(0)
    for document in range(len(chosen)):
        capacity += word_offsets[document + 1] - word_offsets[document]
        for word in range(word_offsets[document], word_offsets[document + 1] if chosen[document] else 0):
            capacity += stops[word] - starts[word] if _has_high(data, starts[word], stops[word]) else 0
    firsts, lasts = np.empty(capacity, np.int64), np.empty(capacity, np.int64)
    overlaps = np.zeros(capacity, np.uint8)
    new_starts, new_stops, shared = borrow(firsts), borrow(lasts), borrow(overlaps)
    offsets = np.zeros_like(word_offsets)
    count = 0
    for document in range(len(word_offsets) - 1):
        for word in range(word_offsets[document], word_offsets[document + 1]):
            place, stop = starts[word], stops[word]
            if not chosen[document] or not _has_high(data, place, stop):
                new_starts[count], new_stops[count] = place, stop
                count += 1
                continue
            while place < stop:
                first = place
                dense = _is(data, place, stop, classes, DENSE)
                while place < stop and _is(data, place, stop, classes, DENSE) == dense:
                    place += decode(data, place, stop)[1]
                if dense:
                    count = _pairs(data, first, place, classes, new_starts, new_stops, shared, count)
                else:
                    firsts[count], lasts[count] = first, place
                    count += 1
        offsets[document + 1] = count
    return firsts[:count], lasts[:count], offsets, overlaps[:count]


@njit(nogil=True, cache=True)
def _has_high(data: Array, start: Int, stop: Int) -> bool:
    for place in range(start, stop):  # noqa: SIM110
        if data[place] >= 0x80:
            return True
    return False


@njit(nogil=True, cache=True)
def _is(data: Array, place: Int, stop: Int, classes: Array, flag: Int) -> bool:
    return np.int64(classes[decode(data, place, stop)[0]]) & flag != 0


@njit(nogil=True, cache=True)
def _pairs(
    data: Array, start: Int, stop: Int, classes: Array, firsts: Array, lasts: Array, overlaps: Array, count: Int
) -> Int:
    first = start
    second = _after(data, first, stop, classes)
    if second == stop:
        firsts[count], lasts[count] = start, stop
        return count + 1
    while second < stop:
        end = _after(data, second, stop, classes)
        firsts[count], lasts[count], overlaps[count] = first, end, np.uint8(first > start)
        count += 1
        first, second = second, end
    return count


@njit(nogil=True, cache=True)
def _after(data: Array, place: Int, stop: Int, classes: Array) -> Int:
    """Return where the character at ``place`` ends, with its combining marks."""
    place += decode(data, place, stop)[1]
    marks = 0
    while place < stop and marks < _MOST_MARKS and _is(data, place, stop, classes, MARK):
        place += decode(data, place, stop)[1]
        marks += 1
    return place
