"""Counts over words between white space and over line ends that differ from tool to tool."""

from typing import Any

import numpy as np
from numba import njit

from tasks.text.borrow import Array, Int, borrow
from tasks.text.classes import ALPHA, MARK, SYMBOL
from tasks.text.hashing import decode, decode_before
from tasks.text.lines import strip
from tasks.text.segment import ALPHABETIC
from tasks.text.specials import find, gate_of, passes

_LONG = 255  # characters from which words share a bin of the histogram
_BULLET, _DISC, _ELLIPSIS = 0x2022, 0x25CF, 0x2026
WORD_COUNTS = ("words", "begun", "characters", "alphabetic", "marked", "written", "folded", "spread")


@njit(nogil=True, cache=True)
def count_spaced(
    data: Array,
    starts: Array,
    stops: Array,
    hashes: Array,
    exact: Array,
    characters: Array,
    flags: Array,
    offsets: Array,
    classes: Array,
    wanted: Array,
    marks: Array,
) -> Any:
    """Count over the words between white space of every document: int64 (n, 8), in the order of ``WORD_COUNTS``.

    ``wanted``: an open-addressing table of the hashes of words in lower case. The counts: words, those that begin with
    a letter or a number, characters, words with a letter, words with a number sign or an ellipsis, words that are
    wanted as written and in lower case, and twice the median length. ``marks``: documents with 0 have neither number
    sign nor ellipsis.
    """
    counts = np.zeros((len(offsets) - 1, 8), np.int64)
    bins = np.zeros(_LONG + 1, np.int64)
    data, starts, stops, hashes, exact = borrow(data), borrow(starts), borrow(stops), borrow(hashes), borrow(exact)
    lengths, flags, kinds, mask = borrow(characters), borrow(flags), borrow(classes), np.int64(len(wanted) - 1)
    gate, table = gate_of(wanted), borrow(wanted)
    for document in range(len(counts)):
        first, last = offsets[document], offsets[document + 1]
        bins[:] = 0
        begun, total, alphabetic, marked, written, folded = 0, 0, 0, 0, 0, 0
        for word in range(first, last):
            kind = np.int64(kinds[decode(data, starts[word], stops[word])[0]])
            begun += kind & ALPHA != 0 or not kind & (SYMBOL | MARK)
            total += lengths[word]
            alphabetic += flags[word] & ALPHABETIC != 0
            marked += marks[document] > 0 and _is_marked(data, starts[word], stops[word])
            if passes(gate, hashes[word]) and find(table, mask, hashes[word]) >= 0:
                folded += 1
                written += hashes[word] == exact[word]
            bins[min(lengths[word], _LONG)] += 1
        middle = _twice_the_median(bins, characters[first:last])
        counts[document] = (last - first, begun, total, alphabetic, marked, written, folded, middle)
    return counts


@njit(nogil=True, cache=True)
def _is_marked(data: Array, start: Int, stop: Int) -> bool:
    for place in range(start, stop):
        if data[place] == 35:
            return True
        if data[place] == 0xA6 and place - start >= 2 and data[place - 1] == 0x80 and data[place - 2] == 0xE2:
            return True
    return False


@njit(nogil=True, cache=True)
def _twice_the_median(bins: Array, characters: Array) -> Any:
    count = len(characters)
    if count == 0:
        return np.int64(0)
    seen, below, low = 0, -1, (count - 1) // 2
    for length in range(_LONG):
        seen += bins[length]
        if below < 0 and seen > low:
            below = length
        if seen > count // 2:
            return below + length
    ordered = np.sort(characters)
    return np.int64(ordered[low]) + np.int64(ordered[count // 2])


@njit(nogil=True, cache=True)
def count_dotted(data: Array, offsets: Array) -> Any:
    """Return how often ``. . .`` occurs in every document, without overlaps: int64 (n,)."""
    counts = np.zeros(len(offsets) - 1, np.int64)
    data = borrow(data)
    for document in range(len(counts)):
        place, stop = offsets[document], offsets[document + 1]
        while place + 5 <= stop:
            if data[place] == 46 and _are_dots(data, place):
                counts[document] += 1
                place += 4
            place += 1
    return counts


@njit(nogil=True, cache=True)
def _are_dots(data: Array, place: Int) -> bool:
    if data[place + 1] != 32 or data[place + 3] != 32:
        return False
    return data[place] == 46 and data[place + 2] == 46 and data[place + 4] == 46


@njit(nogil=True, cache=True)
def count_line_marks(data: Array, starts: Array, stops: Array, offsets: Array, classes: Array) -> Any:
    """Count over the lines of every document: int64 (n, 5).

    Lines that begin with ``*`` or ``-``, lines that end in ``…``; and, without the white space at their ends, lines
    that are left, those that begin with one of ``● • * -``, those that end in ``...``, ``. . .`` or ``…``.
    """
    counts = np.zeros((len(offsets) - 1, 5), np.int64)
    data, classes = borrow(data), borrow(classes)
    for document in range(len(counts)):
        for line in range(offsets[document], offsets[document + 1]):
            start, stop = starts[line], stops[line]
            if start == stop:
                continue
            counts[document, 0] += data[start] == 42 or data[start] == 45
            counts[document, 1] += decode_before(data, stop, start)[0] == _ELLIPSIS
            start, stop = strip(data, start, stop, classes)
            if start == stop:
                continue
            counts[document, 2] += 1
            point = decode(data, start, stop)[0]
            counts[document, 3] += point == 42 or point == 45 or point in (_BULLET, _DISC)
            counts[document, 4] += _trails_off(data, start, stop)
    return counts


@njit(nogil=True, cache=True)
def _trails_off(data: Array, start: Int, stop: Int) -> bool:
    if decode_before(data, stop, start)[0] == _ELLIPSIS:
        return True
    if stop - start >= 3 and data[stop - 1] == 46 and data[stop - 2] == 46 and data[stop - 3] == 46:
        return True
    return stop - start >= 5 and _are_dots(data, stop - 5)
